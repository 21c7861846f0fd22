// Package metricquery reads, inspects and writes Datadog metric queries: the
// part of the language that SLOs and APM pages use. It is pure: text in, tree
// out, and back.
//
//	sum:trace.http.request.hits{service:auth,!env:dev} by {resource_name}.as_count()
//	count(v: v<=3):trace.http.request{env:prod AND (service:auth OR service:sso)}.as_count()
//	(a - b) * 100, with a and b naming other queries
//
// A filter may be written with commas and exclamation marks or with AND, OR,
// NOT and IN; both mean the same, and the canonical form never mixes them,
// because Datadog refuses the mixture.
package metricquery

import "slices"

// Expr is a node of a parsed query or formula: one of *Query, Number, Ref,
// *Binary and *Call. String writes it in canonical form, which parses back to the same tree.
type Expr interface {
	String() string
	expr()
}

// Query is one metric query.
type Query struct {
	// Aggregator is the space aggregation: "sum", "avg", "min", "max", "count", "p95" …; empty when none is written.
	Aggregator string
	// Threshold is the condition of count(v: v<=3); nil without one.
	Threshold *Threshold
	Metric    string
	// Filter selects by tags; nil stands for {*}. Parse never leaves it nil.
	Filter Filter
	// By are the tag keys of "by {…}", in order.
	By []string
	// Modifiers are the calls behind the query, in order: as_count(), rollup(sum, 60), fill(zero).
	Modifiers []Modifier
}

// Threshold is the condition on a distribution's values in count(v: v<=3).
type Threshold struct {
	// Comparator is one of "<", "<=", ">", ">=".
	Comparator string
	Value      float64
}

// Modifier is one call behind a query, with its arguments as written.
type Modifier struct {
	Name string
	Args []string
}

// WithModifier returns a copy that carries the modifier. One of the same name
// is replaced in its place. Of new ones, as_count and as_rate go first, where
// Datadog's editor puts them, and all others last.
func (q *Query) WithModifier(name string, args ...string) *Query {
	c := *q
	c.By = slices.Clone(q.By)
	if q.Threshold != nil {
		t := *q.Threshold
		c.Threshold = &t
	}
	added := Modifier{Name: name, Args: slices.Clone(args)}
	c.Modifiers = make([]Modifier, 0, len(q.Modifiers)+1)
	for _, m := range q.Modifiers {
		c.Modifiers = append(c.Modifiers, Modifier{Name: m.Name, Args: slices.Clone(m.Args)})
	}
	switch at := slices.IndexFunc(c.Modifiers, func(m Modifier) bool { return m.Name == name }); {
	case at >= 0:
		c.Modifiers[at] = added
	case name == "as_count" || name == "as_rate":
		c.Modifiers = slices.Insert(c.Modifiers, 0, added)
	default:
		c.Modifiers = append(c.Modifiers, added)
	}
	return &c
}

// Has reports whether the query carries a modifier of this name.
func (q *Query) Has(name string) bool {
	for _, m := range q.Modifiers {
		if m.Name == name {
			return true
		}
	}
	return false
}

// Number is a constant.
type Number float64

// Ref names another query of the same request, in a formula.
type Ref string

// Binary is arithmetic between two expressions; Op is one of '+', '-', '*', '/'.
type Binary struct {
	Op   byte
	L, R Expr
}

// Call is a function around expressions: default_zero(x), abs(x). Arguments
// that are bare words or strings appear as Ref, a string with its quotes.
type Call struct {
	Name string
	Args []Expr
}

func (*Query) expr()  {}
func (Number) expr()  {}
func (Ref) expr()     {}
func (*Binary) expr() {}
func (*Call) expr()   {}

// Term is a query or reference with its weight in a weighted sum.
type Term struct {
	Weight float64
	// Of is a *Query or a Ref.
	Of Expr
}

// Queries lists the metric queries of an expression in the order of its text,
// each as often as it occurs.
func Queries(e Expr) []*Query {
	switch e := e.(type) {
	case *Query:
		return []*Query{e}
	case *Binary:
		return append(Queries(e.L), Queries(e.R)...)
	case *Call:
		var all []*Query
		for _, arg := range e.Args {
			all = append(all, Queries(arg)...)
		}
		return all
	}
	return nil
}
