package datadog

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/slo-cli/slo/internal/metricquery"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// checkReferences finds a formula that names a query that does not exist, or
// none at all. A formula that metricquery cannot read is for Datadog to judge.
func checkReferences(formula string, queries map[string]string) *slo.Defect {
	expr, err := metricquery.Parse(formula)
	if err != nil {
		return nil
	}
	names := references(expr)
	for _, name := range names {
		if _, ok := queries[name]; !ok {
			return invalid("the formula %s refers to %q, which is not a query of the SLO", clean(formula, 120), clean(name, 60))
		}
	}
	if len(names) == 0 {
		return invalid("the formula %s names no query of the SLO", clean(formula, 120))
	}
	return nil
}

// references are the names of queries in a formula. Behind the first argument
// of a function a bare word may be a setting, as in top(a, 10, mean, desc).
func references(e metricquery.Expr) []string {
	switch e := e.(type) {
	case metricquery.Ref:
		return []string{string(e)}
	case *metricquery.Binary:
		return append(references(e.L), references(e.R)...)
	case *metricquery.Call:
		var names []string
		for i, arg := range e.Args {
			if _, word := arg.(metricquery.Ref); word && i > 0 {
				continue
			}
			names = append(names, references(arg)...)
		}
		return names
	}
	return nil
}

// renamed is the expression with other names for its queries.
func renamed(e metricquery.Expr, names map[string]string) metricquery.Expr {
	switch e := e.(type) {
	case metricquery.Ref:
		if name, ok := names[string(e)]; ok {
			return metricquery.Ref(name)
		}
	case *metricquery.Binary:
		return &metricquery.Binary{Op: e.Op, L: renamed(e.L, names), R: renamed(e.R, names)}
	case *metricquery.Call:
		c := &metricquery.Call{Name: e.Name}
		for _, arg := range e.Args {
			c.Args = append(c.Args, renamed(arg, names))
		}
		return c
	}
	return e
}

// words are all words of a formula, be they names of queries, functions or settings.
func words(formula string) []string {
	return strings.FieldsFunc(formula, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

// described is a formula with its queries, for messages.
func described(f timeseries.Formula) string {
	if len(f.Inputs) == 1 && strings.TrimSpace(f.Text) == f.Inputs[0].Name {
		return f.Inputs[0].Query
	}
	var where []string
	for _, in := range f.Inputs {
		where = append(where, in.Name+" = "+in.Query)
	}
	return clean(f.Text, 100) + " where " + strings.Join(where, ", ")
}

// checkFormula finds a formula that cannot be asked for.
func checkFormula(f timeseries.Formula, step int64) error {
	if len(f.Inputs) == 0 {
		return defect(slo.Invalid, fmt.Sprintf("querying %s: the formula has no queries", clean(f.Text, 200)))
	}
	for i, in := range f.Inputs {
		if in.Name == "" || slices.Contains(inputNames(f.Inputs[:i]), in.Name) {
			return defect(slo.Invalid, fmt.Sprintf("querying %s: each query of the formula needs a name of its own, not %q", clean(f.Text, 200), clean(in.Name, 60)))
		}
		if err := checkRollup(described(f), in.Query, step); err != nil {
			return err
		}
	}
	return nil
}

// checkRollup finds a query that says itself that its buckets are not as wide
// as the step. Datadog would answer it in its own width, and with it everything
// else in the request.
func checkRollup(asked, query string, step int64) error {
	expr, err := metricquery.Parse(query)
	if err != nil {
		return nil
	}
	for _, q := range metricquery.Queries(expr) {
		for _, m := range q.Modifiers {
			if m.Name != "rollup" {
				continue
			}
			for _, arg := range m.Args {
				width, fixed := rollupWidth(arg)
				if !fixed || width == step {
					continue
				}
				wide := fmt.Sprintf("%d s", width)
				if width == 0 {
					wide = clean(arg, 40)
				}
				return defect(slo.Invalid,
					fmt.Sprintf("querying %s: asked for a point every %d s, but %s fixes them at %s", clean(asked, 200), step, clean(q.String(), 160), wide),
					fmt.Sprintf("leave the width out of .rollup(), or make it %d", step))
			}
		}
	}
	return nil
}

// rollupWidth reads an argument of .rollup() as the width of its buckets; 0
// for one that is not a number of seconds, such as a month.
func rollupWidth(arg string) (seconds int64, fixed bool) {
	arg = strings.Trim(strings.ToLower(strings.TrimSpace(arg)), `"'`)
	if n, err := strconv.ParseInt(arg, 10, 64); err == nil {
		return n, true
	}
	return 0, arg == "daily" || arg == "weekly" || arg == "monthly"
}

func inputNames(inputs []timeseries.Input) []string {
	names := make([]string, len(inputs))
	for i, in := range inputs {
		names[i] = in.Name
	}
	return names
}

// formulaKeys are the tag keys that a formula's queries group by, all of them
// in order, and how many of them each group of its answer must have at least.
// Only arithmetic between queries that group alike is known to keep them all.
func formulaKeys(f timeseries.Formula) (keys []string, fewest int) {
	alike := true
	var first []string
	for i, in := range f.Inputs {
		by := groupKeys(in.Query)
		if i == 0 {
			first = slices.Sorted(slices.Values(by))
		}
		alike = alike && slices.Equal(first, slices.Sorted(slices.Values(by)))
		for _, key := range by {
			if !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	if expr, err := metricquery.Parse(f.Text); err == nil && alike && isArithmetic(expr) {
		return keys, len(keys)
	}
	return keys, 0
}

func isArithmetic(e metricquery.Expr) bool {
	switch e := e.(type) {
	case *metricquery.Binary:
		return isArithmetic(e.L) && isArithmetic(e.R)
	case metricquery.Ref, metricquery.Number:
		return true
	}
	return false
}

// countsAlone reports whether the points of a query are counts of events, which
// a narrower bucket can only have fewer of. Averages, percentiles and ratios are not.
func countsAlone(text string) bool {
	expr, err := metricquery.Parse(text)
	if err != nil {
		return false
	}
	q, ok := expr.(*metricquery.Query)
	return ok && q.Has("as_count")
}
