package metricquery

import (
	"math"
	"strconv"
	"strings"
)

// String writes the query in canonical form.
func (q *Query) String() string { return write(q) }

// String writes the shortest decimal that reads back as the same number.
func (n Number) String() string { return formatNumber(float64(n)) }

// String is the name.
func (r Ref) String() string { return string(r) }

// String writes both sides with brackets only where the tree needs them.
func (b *Binary) String() string { return write(b) }

// String writes the call with its arguments.
func (c *Call) String() string { return write(c) }

func write(e Expr) string {
	var b strings.Builder
	writeExpr(&b, e)
	return b.String()
}

func writeExpr(b *strings.Builder, e Expr) {
	switch e := e.(type) {
	case *Query:
		writeQuery(b, e)
	case *Binary:
		writeOperand(b, e.L, precedence(e))
		b.WriteByte(' ')
		b.WriteByte(e.Op)
		b.WriteByte(' ')
		// The operators group to the left: on the right, equals need brackets too.
		writeOperand(b, e.R, precedence(e)+1)
	case *Call:
		b.WriteString(e.Name)
		b.WriteByte('(')
		for i, arg := range e.Args {
			if i > 0 {
				b.WriteString(", ")
			}
			writeExpr(b, arg)
		}
		b.WriteByte(')')
	default:
		b.WriteString(e.String())
	}
}

func writeOperand(b *strings.Builder, e Expr, atLeast int) {
	if precedence(e) >= atLeast {
		writeExpr(b, e)
		return
	}
	b.WriteByte('(')
	writeExpr(b, e)
	b.WriteByte(')')
}

func precedence(e Expr) int {
	b, ok := e.(*Binary)
	switch {
	case !ok:
		return 3
	case b.Op == '*' || b.Op == '/':
		return 2
	}
	return 1
}

func writeQuery(b *strings.Builder, q *Query) {
	if q.Aggregator != "" {
		b.WriteString(q.Aggregator)
		if q.Threshold != nil {
			b.WriteString("(v: v" + q.Threshold.Comparator + formatNumber(q.Threshold.Value) + ")")
		}
		b.WriteByte(':')
	}
	b.WriteString(q.Metric)
	b.WriteByte('{')
	if q.Filter == nil {
		b.WriteByte('*')
	} else {
		b.WriteString(q.Filter.String())
	}
	b.WriteByte('}')
	if len(q.By) > 0 {
		b.WriteString(" by {" + strings.Join(q.By, ",") + "}")
	}
	for _, m := range q.Modifiers {
		b.WriteString("." + m.Name + "(" + strings.Join(m.Args, ", ") + ")")
	}
}

// formatNumber avoids exponents for all numbers that people write.
func formatNumber(x float64) string {
	if a := math.Abs(x); a != 0 && (a < 1e-9 || a >= 1e21) {
		return strconv.FormatFloat(x, 'g', -1, 64)
	}
	return strconv.FormatFloat(x, 'f', -1, 64)
}

// String is the star.
func (All) String() string { return "*" }

// String writes key:value, or the bare tag, in quotes where it would not read
// back without them.
func (m *Match) String() string {
	prefix := ""
	if m.Key != "" {
		prefix = m.Key + ":"
	}
	bare := prefix + m.Value
	p := parser{text: bare + "}"}
	if f, err := p.filterTerm(); err == nil && p.pos == len(bare) {
		if back, ok := f.(*Match); ok && *back == *m {
			return bare
		}
	}
	return prefix + quote(m.Value)
}

// String writes key IN (a,b).
func (in *In) String() string { return in.write(" IN (") }

func (in *In) write(operator string) string {
	values := make([]string, len(in.Values))
	for i, v := range in.Values {
		p := parser{text: v + ")"}
		if back, err := p.tagValue(in.Key); err == nil && back == v && p.pos == len(v) {
			values[i] = v
		} else {
			values[i] = quote(v)
		}
	}
	return in.Key + operator + strings.Join(values, ",") + ")"
}

// String writes !tag, key NOT IN (…), or NOT before anything larger.
func (n *Not) String() string {
	switch of := n.Of.(type) {
	case *Match:
		return "!" + of.String()
	case All:
		return "!*"
	}
	return writeWords(n)
}

// String writes tags joined by commas where all parts are tags or negated
// tags, and by AND otherwise.
func (a *And) String() string {
	parts := make([]string, len(a.Of))
	for i, f := range a.Of {
		if !isTag(f) {
			return writeWords(a)
		}
		parts[i] = f.String()
	}
	return strings.Join(parts, ",")
}

// String joins the parts by OR.
func (o *Or) String() string { return writeWords(o) }

// isTag reports whether f can stand between commas.
func isTag(f Filter) bool {
	if n, ok := f.(*Not); ok {
		f = n.Of
	}
	switch f.(type) {
	case All, *Match:
		return true
	}
	return false
}

// writeWords writes f with AND, OR, NOT and IN throughout.
func writeWords(f Filter) string {
	switch f := f.(type) {
	case *Not:
		switch of := f.Of.(type) {
		case *In:
			return of.write(" NOT IN (")
		case *And, *Or:
			return "NOT (" + writeWords(of) + ")"
		default:
			return "NOT " + writeWords(of)
		}
	case *And:
		return joinWords(f.Of, " AND ")
	case *Or:
		return joinWords(f.Of, " OR ")
	}
	return f.String()
}

// joinWords puts every inner AND and OR in brackets, also where precedence
// would do: readers should not have to know it.
func joinWords(parts []Filter, operator string) string {
	texts := make([]string, len(parts))
	for i, f := range parts {
		texts[i] = writeWords(f)
		switch f.(type) {
		case *And, *Or:
			texts[i] = "(" + texts[i] + ")"
		}
	}
	return strings.Join(texts, operator)
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
