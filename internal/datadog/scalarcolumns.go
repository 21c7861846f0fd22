package datadog

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// table is the answer of the scalar endpoint as it stands on the wire: columns
// of equal length, of which row i is one group.
type table struct {
	groups  []groupColumn
	numbers []numberColumn
	rows    int
}

type groupColumn struct {
	name string
	// cells are the values of the tag, several in one text where a group has several.
	cells []string
}

type numberColumn struct {
	name string
	// values are Missing where the answer has a null.
	values []float64
}

// readColumns reads all columns, of which each must make sense: a cell that was
// guessed would be the figure of some endpoint.
func readColumns(raw json.RawMessage) (table, error) {
	var elements []json.RawMessage
	if isNull(raw) || json.Unmarshal(raw, &elements) != nil {
		return table{}, fmt.Errorf(`"data.attributes.columns" is not a list`)
	}
	var t table
	for i, e := range elements {
		var w struct{ Name, Type, Values json.RawMessage }
		var cells []json.RawMessage
		if isNull(e) || json.Unmarshal(e, &w) != nil || isNull(w.Values) || json.Unmarshal(w.Values, &cells) != nil {
			return table{}, fmt.Errorf("column %d is not an object with a list of values", i)
		}
		name := textOf(w.Name)
		if slices.ContainsFunc(t.groups, func(g groupColumn) bool { return g.name == name }) {
			return table{}, fmt.Errorf("the column %s comes twice", clean(name, 60))
		}
		switch kind := textOf(w.Type); kind {
		case "group":
			column := groupColumn{name: name, cells: make([]string, len(cells))}
			for row, cell := range cells {
				value, ok := groupValue(cell)
				if !ok {
					return table{}, fmt.Errorf("row %d of the column %s is %s, not a list of tag values", row, clean(name, 60), clean(string(cell[:min(len(cell), 60)]), 40))
				}
				column.cells[row] = value
			}
			t.groups = append(t.groups, column)
		case "number":
			column := numberColumn{name: name, values: make([]float64, len(cells))}
			for row, cell := range cells {
				value, err := scalarValue(cell)
				if err != nil {
					return table{}, fmt.Errorf("row %d of the column %s: %w", row, clean(name, 60), err)
				}
				column.values[row] = value
			}
			t.numbers = append(t.numbers, column)
		default:
			return table{}, fmt.Errorf("column %s is of the type %q, neither group nor number", clean(name, 60), clean(kind, 40))
		}
		if i > 0 && len(cells) != t.rows {
			return table{}, fmt.Errorf("column %s has %d rows and those before it %d", clean(name, 60), len(cells), t.rows)
		}
		t.rows = len(cells)
	}
	return t, nil
}

// scalarValue reads a number, or a null as [timeseries.Missing].
func scalarValue(cell json.RawMessage) (float64, error) {
	if isNull(cell) {
		return timeseries.Missing, nil
	}
	if cell[0] == '"' {
		return 0, fmt.Errorf("%s is text, not a number", clean(string(cell[:min(len(cell), 60)]), 40))
	}
	return numberOf(cell)
}

// groupValue reads the values of one tag key in one group, as one text: most
// groups have one value, and several stand in order with commas between them.
func groupValue(cell json.RawMessage) (string, bool) {
	var values []string
	for _, e := range listOf(cell) {
		var value string
		if isNull(e) || json.Unmarshal(e, &value) != nil {
			return "", false
		}
		values = append(values, value)
	}
	slices.Sort(values)
	return strings.Join(slices.Compact(values), ","), true
}

// answers gives each query its column, without the groups that have no value of it.
func (t table) answers(queries []scalarQuery) ([]timeseries.ScalarAnswer, error) {
	answers := make([]timeseries.ScalarAnswer, len(queries))
	if len(t.numbers) == 0 && t.rows == 0 {
		return answers, nil // nothing was reported at all
	}
	columns, err := t.match(queries)
	if err != nil {
		return nil, err
	}
	for i, q := range queries {
		tags, err := t.tagger(q.by)
		if err != nil {
			return nil, err
		}
		seen := make(map[string]bool, t.rows)
		for row, value := range columns[i].values {
			group := tags(row)
			name := strings.Join(group, "\x00")
			if seen[name] {
				return nil, fmt.Errorf("the group %q appears twice", clean(strings.Join(group, ","), 120))
			}
			seen[name] = true
			if !timeseries.IsMissing(value) {
				answers[i].Groups = append(answers[i].Groups, timeseries.Scalar{Tags: group, Value: value})
			}
		}
	}
	return answers, nil
}

// match finds the column of each query: by the name of its formula, by its
// text, or by their order where the names of the columns are neither.
func (t table) match(queries []scalarQuery) ([]numberColumn, error) {
	if len(t.numbers) != len(queries) {
		return nil, fmt.Errorf("it has %d columns of numbers for %d queries", len(t.numbers), len(queries))
	}
	for _, nameOf := range []func(int) string{scalarName, func(i int) string { return queries[i].Query }} {
		columns, found := make([]numberColumn, len(queries)), 0
		for i := range queries {
			for _, column := range t.numbers {
				if column.name == nameOf(i) {
					columns[i] = column
					found++
				}
			}
		}
		switch {
		case found == 0:
			continue
		case found != len(queries) || slices.ContainsFunc(columns, func(c numberColumn) bool { return c.values == nil }):
			return nil, fmt.Errorf("it does not have one column for each query")
		}
		return columns, nil
	}
	return t.numbers, nil
}

// tagger tells the tags of a row in the order of the keys; tags under other
// keys follow.
func (t table) tagger(by []string) (func(row int) []string, error) {
	ordered := make([]groupColumn, 0, len(t.groups))
	for _, key := range by {
		i := slices.IndexFunc(t.groups, func(g groupColumn) bool { return g.name == key })
		if i < 0 {
			return nil, fmt.Errorf("it has no column for the tag %s", clean(key, 60))
		}
		ordered = append(ordered, t.groups[i])
	}
	for _, g := range t.groups {
		if !slices.Contains(by, g.name) {
			ordered = append(ordered, g)
		}
	}
	return func(row int) []string {
		var tags []string
		for _, g := range ordered {
			tags = append(tags, g.name+":"+g.cells[row])
		}
		return tags
	}, nil
}
