package badnet

import (
	"encoding/json"
	"slices"
)

// Points changes the answer to a metric query: the list of times and, for each
// series, the list of values.
func Points(change func(series, times []any, values [][]any) (_, _ []any, _ [][]any)) Fault {
	return Rewrite(func(v any) any {
		attributes := inside(v, "data", "attributes")
		if attributes == nil {
			return v
		}
		series, _ := attributes["series"].([]any)
		times, _ := attributes["times"].([]any)
		var values [][]any
		rows, _ := attributes["values"].([]any)
		for _, row := range rows {
			list, _ := row.([]any)
			values = append(values, list)
		}
		series, times, values = change(series, times, values)
		attributes["series"], attributes["times"] = or(series), or(times)
		all := make([]any, len(values))
		for i, row := range values {
			all[i] = or(row)
		}
		attributes["values"] = all
		return v
	})
}

// or is the list, which must not become a null where it is empty.
func or(list []any) []any {
	if list == nil {
		return []any{}
	}
	return list
}

func inside(v any, path ...string) map[string]any {
	for _, p := range path {
		o, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = o[p]
	}
	o, _ := v.(map[string]any)
	return o
}

// Backwards sends the latest point first.
func Backwards(series, times []any, values [][]any) (_, _ []any, _ [][]any) {
	slices.Reverse(times)
	for _, row := range values {
		slices.Reverse(row)
	}
	return series, times, values
}

// Interleaved sends every other point first and then the others.
func Interleaved(series, times []any, values [][]any) (_, _ []any, _ [][]any) {
	mix := func(list []any) []any {
		var even, odd []any
		for i, v := range list {
			if i%2 == 0 {
				even = append(even, v)
			} else {
				odd = append(odd, v)
			}
		}
		return append(odd, even...)
	}
	for i := range values {
		values[i] = mix(values[i])
	}
	return series, mix(times), values
}

// Twice sends every point twice.
func Twice(series, times []any, values [][]any) (_, _ []any, _ [][]any) {
	double := func(list []any) []any {
		var out []any
		for _, v := range list {
			out = append(out, v, v)
		}
		return out
	}
	for i := range values {
		values[i] = double(values[i])
	}
	return series, double(times), values
}

// Contradicting sends the first point of each series again, with another value.
func Contradicting(series, times []any, values [][]any) (_, _ []any, _ [][]any) {
	if len(times) == 0 {
		return series, times, values
	}
	for i, row := range values {
		v := any(json.Number("12345.5"))
		if len(row) > 0 && row[0] == nil {
			values[i][0] = json.Number("1")
		}
		values[i] = append(row, v)
	}
	return series, append(times, times[0]), values
}

// SeriesTwice sends every series twice.
func SeriesTwice(series, times []any, values [][]any) (_, _ []any, _ [][]any) {
	return append(series, series...), times, append(values, values...)
}

// NullsBeside adds what says nothing: each point once more as null, and points
// after the end of what was asked for.
func NullsBeside(series, times []any, values [][]any) (_, _ []any, _ [][]any) {
	for i, row := range values {
		values[i] = append(slices.Clip(row), make([]any, len(times))...)
	}
	return series, append(slices.Clip(times), times...), values
}

// NullsOnly sends the points with a null for each value.
func NullsOnly(series, times []any, values [][]any) (_, _ []any, _ [][]any) {
	for i, row := range values {
		values[i] = make([]any, len(row))
	}
	return series, times, values
}

// NoSeries sends an answer without any series, which is what a metric without data looks like.
func NoSeries([]any, []any, [][]any) (_, _ []any, _ [][]any) { return nil, nil, nil }

// SomeNull makes every seventh value null; SomeLeftOut leaves those points out.
func SomeNull(series, times []any, values [][]any) (_, _ []any, _ [][]any) {
	for _, row := range values {
		for i := range row {
			if i%7 == 3 {
				row[i] = nil
			}
		}
	}
	return series, times, values
}

// SomeLeftOut leaves every seventh point out; see [SomeNull].
func SomeLeftOut(series, times []any, values [][]any) (_, _ []any, _ [][]any) {
	keep := func(list []any) []any {
		var out []any
		for i, v := range list {
			if i%7 != 3 {
				out = append(out, v)
			}
		}
		return out
	}
	for i := range values {
		values[i] = keep(values[i])
	}
	return series, keep(times), values
}

// MissingRow leaves the values of the last series out.
func MissingRow(series, times []any, values [][]any) (_, _ []any, _ [][]any) {
	if len(values) == 0 {
		return series, times[:0:0], [][]any{{}} // a row too many, where there is no series
	}
	return series, times, values[:len(values)-1]
}

// ShortRow leaves out the last time, so that rows are longer than it.
func ShortRow(series, times []any, values [][]any) (_, _ []any, _ [][]any) {
	if len(times) == 0 {
		return series, []any{json.Number("0")}, [][]any{{}}
	}
	return series, times[:len(times)-1], values
}

// Shifted moves every time by half a minute, off any grid.
func Shifted(series, times []any, values [][]any) (_, _ []any, _ [][]any) {
	return series, moved(times, 30_000), values
}

// InSeconds sends seconds where milliseconds are due.
func InSeconds(series, times []any, values [][]any) (_, _ []any, _ [][]any) {
	for i, t := range times {
		n, err := t.(json.Number).Int64()
		if err == nil {
			times[i] = n / 1000
		}
	}
	return series, times, values
}

func moved(times []any, by int64) []any {
	for i, t := range times {
		if n, err := t.(json.Number).Int64(); err == nil {
			times[i] = n + by
		}
	}
	return times
}

// ForeignIndex says that the series belong to a query that was not asked.
func ForeignIndex(series, times []any, values [][]any) (_, _ []any, _ [][]any) {
	for _, s := range series {
		if o, ok := s.(map[string]any); ok {
			o["query_index"] = json.Number("999")
		}
	}
	if len(series) == 0 {
		return []any{map[string]any{"query_index": json.Number("999")}}, times, [][]any{make([]any, len(times))}
	}
	return series, times, values
}

// FromAnother gives the answer of another API to the same question, such as one
// that answers metric queries at wider intervals.
func FromAnother(other *Upstream) Fault {
	return func(x *Exchange) { x.Write(other.Answer(x.R, x.Sent)) }
}
