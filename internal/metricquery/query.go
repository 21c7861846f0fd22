// Package metricquery reads, inspects and writes Datadog metric queries: the
// part of the language that SLOs and APM pages use. It is pure: text in, tree
// out, and back.
//
//	sum:trace.http.request.hits{service:auth,!env:dev} by {resource_name}.as_count()
//	count(v: v<=3):trace.http.request{env:prod AND (service:auth OR service:sso)}.as_count()
//	(a - b) * 100, with a and b naming other queries
package metricquery

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
	// Filter selects by tags; nil stands for {*}.
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
// that are bare words or strings appear as Ref.
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

// Filter selects series by their tags: one of All, *Match, *Not, *And and *Or.
type Filter interface {
	// Match reports whether a series with these tags ("key:value") is selected.
	Match(tags []string) bool
	// String writes the canonical form that stands between the braces.
	String() string
}
