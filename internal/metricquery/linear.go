package metricquery

import (
	"fmt"
	"math"
)

// LinearError says why an expression is not a weighted sum of queries.
type LinearError struct {
	// Part is the offending piece in canonical form.
	Part string
	// Reason says what is wrong with it.
	Reason string
}

// Error names the piece and the reason.
func (e *LinearError) Error() string { return fmt.Sprintf("%s: %s", e.Part, e.Reason) }

// Linear flattens an expression into a weighted sum of its queries and
// references, in order of first appearance. Only such an expression can be
// summed over time query by query, whatever the width of the buckets. It
// understands sums, differences, brackets, multiplication and division by
// constants, and default_zero, which adds nothing to a sum. Equal leaves are
// merged; those whose weights cancel are dropped, so the sum may be empty.
// The error is a *[LinearError].
func Linear(e Expr) ([]Term, error) {
	s, err := flatten(e)
	if err != nil {
		return nil, err
	}
	if s.constant != 0 {
		return nil, &LinearError{e.String(), "adds a constant to each point, so its sum depends on the number of points; only queries can be added up"}
	}
	var merged []Term
	place := map[string]int{}
	for _, t := range s.terms {
		key := t.Of.String()
		if i, seen := place[key]; seen {
			merged[i].Weight += t.Weight
			continue
		}
		place[key] = len(merged)
		merged = append(merged, t)
	}
	kept := merged[:0]
	for _, t := range merged {
		if math.IsInf(t.Weight, 0) || math.IsNaN(t.Weight) {
			return nil, &LinearError{e.String(), "the weight of " + t.Of.String() + " is too large for a number"}
		}
		if t.Weight != 0 {
			kept = append(kept, t)
		}
	}
	return kept, nil
}

// sum is constant + Σ terms.
type sum struct {
	terms    []Term
	constant float64
}

func (s sum) scaled(by float64) sum {
	for i := range s.terms {
		s.terms[i].Weight *= by
	}
	s.constant *= by
	return s
}

func flatten(e Expr) (sum, error) {
	switch e := e.(type) {
	case Number:
		return sum{constant: float64(e)}, nil
	case *Query, Ref:
		return sum{terms: []Term{{Weight: 1, Of: e}}}, nil
	case *Call:
		if e.Name != "default_zero" || len(e.Args) != 1 {
			return sum{}, &LinearError{e.String(), "the function " + e.Name + " cannot be summed over time; only default_zero(query) can"}
		}
		return flatten(e.Args[0])
	case *Binary:
		return flattenBinary(e)
	}
	return sum{}, &LinearError{e.String(), "unknown kind of expression"}
}

func flattenBinary(e *Binary) (sum, error) {
	l, err := flatten(e.L)
	if err != nil {
		return sum{}, err
	}
	r, err := flatten(e.R)
	if err != nil {
		return sum{}, err
	}
	switch e.Op {
	case '-':
		r = r.scaled(-1)
		fallthrough
	case '+':
		return sum{append(l.terms, r.terms...), l.constant + r.constant}, nil
	case '*':
		switch {
		case len(l.terms) == 0:
			return r.scaled(l.constant), nil
		case len(r.terms) == 0:
			return l.scaled(r.constant), nil
		}
		return sum{}, &LinearError{e.String(), "a product of queries is not a sum over time"}
	case '/':
		switch {
		case len(r.terms) > 0:
			return sum{}, &LinearError{e.String(), "a quotient by a query is not a sum over time"}
		case r.constant == 0:
			return sum{}, &LinearError{e.String(), "division by zero"}
		}
		for i := range l.terms {
			l.terms[i].Weight /= r.constant
		}
		l.constant /= r.constant
		return l, nil
	}
	return sum{}, &LinearError{e.String(), fmt.Sprintf("unknown operator %q", e.Op)}
}
