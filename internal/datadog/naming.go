package datadog

import (
	"slices"
	"strconv"

	"github.com/slo-cli/slo/internal/metricquery"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// A formula knows its queries by names that its owner chose, and most owners
// chose query1. So that the formulas of many SLOs can travel in one request,
// names that stand for two different queries are replaced in all formulas but
// the first.

// naming gives the queries of one request their names.
type naming struct {
	// queries maps the names in use to their queries.
	queries map[string]string
	// words are those of the formulas, which no query of another formula may be called by.
	words map[string]bool
	// last numbers the names that were made up.
	last int
}

// formula takes a formula into the request, with its own names if they are free,
// else with others; ok is false where neither is possible.
func (n *naming) formula(f timeseries.Formula) (q seriesQuery, ok bool) {
	q = seriesQuery{text: described(f), expression: f.Text, inputs: f.Inputs, isFormula: true}
	q.by, q.fewest = formulaKeys(f)
	if n.admits(q.expression, q.inputs) {
		n.admit(q.expression, q.inputs)
		return q, true
	}
	expr, err := metricquery.Parse(f.Text)
	if err != nil {
		return q, false
	}
	names := map[string]string{}
	var inputs []timeseries.Input
	own := append(words(f.Text), inputNames(f.Inputs)...)
	for _, in := range f.Inputs {
		name := n.fresh(own)
		names[in.Name] = name
		own = append(own, name)
		inputs = append(inputs, timeseries.Input{Name: name, Query: in.Query})
	}
	expression := renamed(expr, names).String()
	if !n.admits(expression, inputs) {
		return q, false
	}
	n.admit(expression, inputs)
	q.expression, q.inputs = expression, inputs
	return q, true
}

// admits reports whether a formula means in this request what it means alone.
func (n *naming) admits(expression string, inputs []timeseries.Input) bool {
	own := inputNames(inputs)
	for _, in := range inputs {
		query, taken := n.queries[in.Name]
		if taken && query != in.Query || !taken && n.words[in.Name] {
			return false
		}
	}
	return !slices.ContainsFunc(words(expression), func(w string) bool {
		_, taken := n.queries[w]
		return taken && !slices.Contains(own, w)
	})
}

func (n *naming) admit(expression string, inputs []timeseries.Input) {
	for _, in := range inputs {
		n.queries[in.Name] = in.Query
	}
	for _, w := range words(expression) {
		n.words[w] = true
	}
}

// fresh makes up a name that nothing else has.
func (n *naming) fresh(besides []string) string {
	for {
		name := "a" + strconv.Itoa(n.last)
		n.last++
		if _, taken := n.queries[name]; !taken && !n.words[name] && !slices.Contains(besides, name) {
			return name
		}
	}
}

// query takes a query into the request, under a name that it has already if a formula uses it.
func (n *naming) query(text string) seriesQuery {
	q := seriesQuery{text: text, by: groupKeys(text)}
	q.fewest = len(q.by)
	name := ""
	for known, query := range n.queries {
		if query == text && (name == "" || known < name) {
			name = known
		}
	}
	if name == "" {
		name = n.fresh(nil)
		n.queries[name] = text
	}
	q.expression, q.inputs = name, []timeseries.Input{{Name: name, Query: text}}
	q.counts = countsAlone(text)
	return q
}

// question is something to ask for, and the answers of the request that it stands for.
type question struct {
	seriesQuery
	places []int
}

// arranged is what a request asks for: what can be asked together, and the
// formulas that must travel alone. What cannot be asked has its answer already.
type arranged struct {
	together, alone []question
	answers         []timeseries.Answer
}

// join adds a query to what is asked together. A formula that is nothing but
// the name of a query asks for what the query asks for.
func (a *arranged) join(q seriesQuery, place int) {
	for i, other := range a.together {
		if other.expression == q.expression && other.counts == q.counts {
			a.together[i].places = append(other.places, place)
			return
		}
	}
	a.together = append(a.together, question{q, []int{place}})
}

// queries are what is asked together.
func (a *arranged) queries() []seriesQuery {
	queries := make([]seriesQuery, len(a.together))
	for i, q := range a.together {
		queries[i] = q.seriesQuery
	}
	return queries
}

func (a *arranged) answer(q question, answer timeseries.Answer) {
	for _, place := range q.places {
		a.answers[place] = answer
	}
}

// arrange names the queries of a request.
func arrange(req timeseries.Request) *arranged {
	a := &arranged{answers: make([]timeseries.Answer, len(req.Queries)+len(req.Formulas))}
	n := &naming{queries: map[string]string{}, words: map[string]bool{}}
	formulas := make([]seriesQuery, len(req.Formulas))
	fits := make([]bool, len(req.Formulas))
	for i, f := range req.Formulas {
		// The queries come first in the answers, but formulas first get their names.
		if err := checkFormula(f, req.Step); err != nil {
			a.answers[len(req.Queries)+i].Err = err
			continue
		}
		formulas[i], fits[i] = n.formula(f)
	}
	for i, text := range req.Queries {
		if err := checkRollup(text, text, req.Step); err != nil {
			a.answers[i].Err = err
			continue
		}
		a.join(n.query(text), i)
	}
	for i, f := range formulas {
		place := len(req.Queries) + i
		switch {
		case a.answers[place].Err != nil:
		case fits[i]:
			a.join(f, place)
		default:
			a.alone = append(a.alone, question{f, []int{place}})
		}
	}
	return a
}
