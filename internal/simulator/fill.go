package simulator

import (
	"strconv"

	"github.com/slo-cli/slo/internal/metricquery"
)

// fill replaces missing values as .fill() says: zero, null, or the last or the
// interpolated value for at most limit seconds, by default 300.
func fill(q *metricquery.Query, values []float64, step int64) error {
	for _, m := range q.Modifiers {
		if m.Name != "fill" {
			continue
		}
		limit := int64(300)
		method := "linear"
		if len(m.Args) > 0 {
			method = m.Args[0]
		}
		if len(m.Args) > 1 {
			n, err := strconv.ParseInt(m.Args[1], 10, 64)
			if err != nil || n < 1 {
				return badRequest("Error parsing query: invalid fill limit %q in %s", m.Args[1], q)
			}
			limit = n
		}
		switch method {
		case "null":
		case "zero":
			for i, v := range values {
				if isMissing(v) {
					values[i] = 0
				}
			}
		case "last", "linear":
			carry(values, int(limit/step), method == "linear")
		default:
			return badRequest("Error parsing query: unknown fill method %q in %s", method, q)
		}
	}
	return nil
}

// carry fills gaps of at most limit buckets from the value before them, or on
// a straight line to the value behind them.
func carry(values []float64, limit int, linear bool) {
	last := -1
	for i := range values {
		if isMissing(values[i]) {
			continue
		}
		gap := i - last - 1
		if last >= 0 && gap > 0 && gap <= limit {
			for j := last + 1; j < i; j++ {
				values[j] = values[last]
				if linear {
					values[j] += (values[i] - values[last]) * float64(j-last) / float64(i-last)
				}
			}
		}
		last = i
	}
	if !linear && last >= 0 {
		for j := last + 1; j < min(len(values), last+1+limit); j++ {
			values[j] = values[last]
		}
	}
}
