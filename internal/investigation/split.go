package investigation

import (
	"maps"
	"math"
	"slices"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// takeStatuses splits a change by status class, against the same hours of a
// usual week.
func (k *look) takeStatuses(c *candidate, l *apm.Loaded, d detail) {
	after, known := d.sums(l, d.statuses, d.now)
	before, alsoKnown := d.sums(l, d.statuses, d.usual)
	if !known || !alsoKnown || c.Signal == Latency {
		return
	}
	c.Statuses = shareOfChange(before, after, c.up)
}

// shareOfChange are the shares of a change of a sum, by tag.
func shareOfChange(before, after map[string]float64, up bool) []Share {
	tags := slices.Sorted(maps.Keys(merged(before, after)))
	b, a := make([]float64, len(tags)), make([]float64, len(tags))
	for i, tag := range tags {
		b[i], a[i] = before[tag], after[tag]
	}
	shares := directed(anomaly.Shares(b, a), b, a, up)
	if shares == nil {
		return nil
	}
	all := make([]Share, len(tags))
	for i, tag := range tags {
		all[i] = Share{Name: apm.Name(tag), Share: shares[i]}
	}
	return brief(all)
}

func merged(a, b map[string]float64) map[string]float64 {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// takeVersions splits a change by version. Versions come and go, so they are not
// held against earlier weeks: requests against the parts that they had right
// before, errors and latency against what the requests of each let expect.
func (k *look) takeVersions(c *candidate, l *apm.Loaded, d detail) {
	hits, known := d.sums(l, d.hits, d.now)
	if !known || len(hits) == 0 || len(hits) == 1 && hits["version:N/A"] > 0 {
		return
	}
	total := 0.0
	for _, tag := range slices.Sorted(maps.Keys(hits)) {
		total += hits[tag]
	}
	before := map[string]float64{}
	var after map[string]float64
	switch {
	case c.Signal == Requests:
		earlier, known := d.sums(l, d.hits, d.run)
		if !known {
			return
		}
		ran := 0.0
		for _, tag := range slices.Sorted(maps.Keys(earlier)) {
			ran += earlier[tag]
		}
		for tag, n := range earlier {
			before[tag] = c.Expected * float64(c.hi-c.lo) * n / ran
		}
		after = hits
	case c.family() == Errors:
		errors, known := d.sums(l, d.errors, d.now)
		rate := c.Expected // of the requests
		if c.Signal == Errors {
			rate = c.Expected * float64(c.hi-c.lo) / total
		}
		if !known || math.IsNaN(rate) {
			return
		}
		after = errors
		for tag, n := range hits {
			before[tag] = rate * n
		}
	default:
		seconds, known := c.seconds(l, d, hits)
		if !known {
			return
		}
		after = seconds
		for tag, n := range hits {
			before[tag] = c.Expected * n
		}
	}
	c.Versions = shareOfChange(before, after, c.up)
}

// seconds is the time spent in the requests of each version.
func (c *candidate) seconds(l *apm.Loaded, d detail, hits map[string]float64) (map[string]float64, bool) {
	if d.means == "" {
		return nil, false
	}
	means, counts := d.of(l.Answer(d.means, d.now, d.step)), d.of(l.Answer(d.hits, d.now, d.step))
	if means.Err != nil || counts.Err != nil {
		return nil, false
	}
	scale := c.Place.Operation.Scale
	all := map[string]float64{}
	for _, g := range means.Groups {
		if len(g.Tags) != 1 {
			continue
		}
		for _, n := range counts.Groups {
			if slices.Equal(g.Tags, n.Tags) {
				all[g.Tags[0]] = scale * timeOf(g.Series, n.Series, c.Place.Operation.Latency == "")
			}
		}
	}
	// A version without a latency took as long as expected, for all that is known.
	for tag, n := range hits {
		if _, there := all[tag]; !there {
			all[tag] = c.Expected * n
		}
	}
	return all, true
}

func timeOf(values, counts timeseries.Series, total bool) float64 {
	var s timeseries.Sum
	for i, v := range values.Values {
		switch {
		case math.IsNaN(v):
		case total:
			s.Add(v)
		default:
			s.Add(v * zero(counts.Values[i]))
		}
	}
	return s.Value()
}
