package slotest

import (
	"math"
	"slices"

	"pgregory.net/rapid"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// Epoch is an instant around which generated questions lie, a full hour.
const Epoch int64 = 1_767_225_600 // 2026-01-01T00:00:00Z

// Target generates targets above 0 and up to 100, with the usual ones often.
func Target() *rapid.Generator[slo.Target] {
	unit := slo.Hundred / 100
	return rapid.OneOf(
		rapid.SampledFrom([]slo.Target{slo.Hundred, 99*unit + unit/10*9, 99*unit + unit/100*95, 95 * unit, 99 * unit, 50 * unit}),
		rapid.Custom(func(t *rapid.T) slo.Target {
			return slo.Target(rapid.Int64Range(1, 100_000).Draw(t, "thousandths")) * (unit / 1000)
		}),
		rapid.Custom(func(t *rapid.T) slo.Target {
			return slo.Target(rapid.Int64Range(1, int64(slo.Hundred)).Draw(t, "target"))
		}),
	)
}

// LooseTarget generates targets below 100.
func LooseTarget() *rapid.Generator[slo.Target] {
	return Target().Filter(func(t slo.Target) bool { return t < slo.Hundred })
}

// Timeframe generates window lengths from one hour to a week.
func Timeframe() *rapid.Generator[slo.Timeframe] {
	return rapid.Custom(func(t *rapid.T) slo.Timeframe {
		if rapid.Bool().Draw(t, "days") {
			return slo.Timeframe(rapid.Int64Range(1, 7).Draw(t, "length")) * slo.Day
		}
		return slo.Timeframe(rapid.Int64Range(1, 60).Draw(t, "length")) * 3600
	})
}

// Objective generates a target over a window, sometimes with a warning between it and 100.
func Objective() *rapid.Generator[slo.Objective] {
	return rapid.Custom(func(t *rapid.T) slo.Objective {
		o := slo.Objective{Timeframe: Timeframe().Draw(t, "timeframe"), Target: Target().Draw(t, "target")}
		if o.Target < slo.Hundred && rapid.Bool().Draw(t, "has warning") {
			o.Warning = slo.Target(rapid.Int64Range(int64(o.Target), int64(slo.Hundred)).Draw(t, "warning"))
		}
		return o
	})
}

// Definition generates whole metric objectives.
func Definition() *rapid.Generator[slo.Definition] {
	return rapid.Custom(func(t *rapid.T) slo.Definition {
		d := slo.Definition{
			ID:     rapid.StringMatching(`[0-9a-f]{32}`).Draw(t, "id"),
			Name:   rapid.StringN(1, 40, -1).Draw(t, "name"),
			Source: slo.FromDatadog,
			Tags:   rapid.SliceOfN(rapid.StringMatching(`[a-z]{1,8}:[a-z0-9]{1,8}`), 0, 4).Draw(t, "tags"),
			SLI: slo.EventSLI{
				Good:  []slo.Term{{Weight: 1, Query: "sum:good{*}.as_count()"}},
				Valid: []slo.Term{{Weight: 1, Query: "sum:valid{*}.as_count()"}},
			},
			Objectives: rapid.SliceOfNDistinct(Objective(), 1, 3,
				func(o slo.Objective) slo.Timeframe { return o.Timeframe }).Draw(t, "objectives"),
		}
		slices.SortFunc(d.Objectives, func(a, b slo.Objective) int { return int(a.Timeframe - b.Timeframe) })
		d.Primary = d.Objectives[0].Timeframe
		return d
	})
}

// Question generates questions near [Epoch], at multiples of 300 s, often with
// a previous meeting and a trend.
func Question() *rapid.Generator[slo.Question] {
	return rapid.Custom(func(t *rapid.T) slo.Question {
		q := slo.Question{To: Epoch + slo.BucketSeconds*rapid.Int64Range(0, 2*24*12).Draw(t, "to")}
		if rapid.Bool().Draw(t, "has previous") {
			q.Since = q.To - slo.BucketSeconds*rapid.Int64Range(1, 10*24*12).Draw(t, "since")
		}
		q.TrendDays = rapid.IntRange(0, 4).Draw(t, "trend days")
		return q
	})
}

// Shape says what kind of evidence to generate.
type Shape struct {
	// Fractional counts as well as whole ones.
	Fractional bool
	// Excess lets good be above valid in places.
	Excess bool
	// Coarse mixes in buckets of an hour where no cut is in the way.
	Coarse bool
	// Short lets what is known begin later than the question reaches.
	Short bool
	// Edges are instants besides the question's cuts that no bucket may straddle.
	Edges []int64
}

// Everything is the shape with all that occurs.
func Everything() Shape { return Shape{Fractional: true, Excess: true, Coarse: true, Short: true} }

// Events generates evidence over what the question reaches over: stretches
// with traffic, without it, with zeros, with one side missing, with outages.
func Events(tf slo.Timeframe, q slo.Question, shape Shape) *rapid.Generator[slo.Events] {
	return rapid.Custom(func(t *rapid.T) slo.Events {
		extent, cuts := slo.Extent(tf, q), slices.Concat(slo.Cuts(tf, q), shape.Edges)
		e := slo.Events{Known: extent}
		unit := 1.0
		if shape.Fractional {
			unit = rapid.SampledFrom([]float64{1, 0.5, 0.1, 1.0 / 3, 1e-3, 1e6}).Draw(t, "unit")
		}
		parts := rapid.SliceOfN(stretchOf(shape), 1, 12).Draw(t, "stretches")
		total := int64(0)
		for _, p := range parts {
			total += p.weight
		}
		at, done := extent.Start, int64(0)
		for i, p := range parts {
			done += p.weight
			end := extent.Start + timeseries.Floor(extent.Seconds()*done/total, slo.BucketSeconds)
			if i == len(parts)-1 {
				end = extent.End
			}
			if p.kind == "hole" {
				at = max(at, end)
			}
			for at < end {
				step, until := int64(slo.BucketSeconds), end
				if p.hourly {
					step, until = hourly(at, end, cuts)
				}
				e.Runs = append(e.Runs, p.run(at, step, int((until-at)/step), unit))
				at = until
			}
		}
		e.Runs = slices.DeleteFunc(e.Runs, func(r slo.Run) bool { return len(r.Valid) == 0 })
		if shape.Short && len(e.Runs) > 0 && rapid.IntRange(0, 3).Draw(t, "short") == 0 {
			e.Runs = e.Runs[rapid.IntRange(0, len(e.Runs)-1).Draw(t, "first run"):]
			e.Known.Start = e.Runs[0].Start
		}
		return e
	})
}

// hourly is the step from at on, and how far it can be kept: whole hours of
// the clock as long as no cut lies inside one, else up to the next full hour at 300 s.
func hourly(at, end int64, cuts []int64) (step, until int64) {
	fits := func(t int64) bool {
		return t%3600 == 0 && t+3600 <= end &&
			!slices.ContainsFunc(cuts, func(c int64) bool { return c > t && c < t+3600 })
	}
	for until = at; fits(until); until += 3600 {
	}
	if until > at {
		return 3600, until
	}
	return slo.BucketSeconds, min(end, timeseries.Floor(at, 3600)+3600)
}

// stretch is a piece of evidence of one character.
type stretch struct {
	weight  int64
	kind    string
	hourly  bool
	valid   int64
	bad     int64
	scatter int64
}

func stretchOf(shape Shape) *rapid.Generator[stretch] {
	kinds := []string{"steady", "steady", "perfect", "outage", "rare", "gap", "hole", "zero", "only valid", "only good"}
	if shape.Excess {
		kinds = append(kinds, "excess")
	}
	return rapid.Custom(func(t *rapid.T) stretch {
		s := stretch{
			weight:  rapid.Int64Range(1, 20).Draw(t, "weight"),
			kind:    rapid.SampledFrom(kinds).Draw(t, "kind"),
			valid:   rapid.Int64Range(1, 5000).Draw(t, "valid"),
			scatter: rapid.Int64Range(1, 97).Draw(t, "scatter"),
		}
		// Most of the time about what the usual targets allow, so that budgets do end, now and later.
		s.bad = rapid.Int64Range(0, 1+s.valid/rapid.SampledFrom([]int64{10, 100, 1000}).Draw(t, "one in")).Draw(t, "bad")
		s.hourly = shape.Coarse && rapid.Bool().Draw(t, "hourly")
		if s.kind == "only good" && !shape.Excess {
			s.kind = "gap"
		}
		return s
	})
}

func (s stretch) run(start, step int64, n int, unit float64) slo.Run {
	r := slo.Run{Start: start, Step: step, Good: make([]float64, n), Valid: make([]float64, n)}
	for i := range n {
		valid := s.valid + int64(i)*s.scatter%13
		bad := min(valid, s.bad*(int64(i)*s.scatter%5)/2)
		switch s.kind {
		case "perfect":
			bad = 0
		case "outage":
			bad = valid
		case "zero":
			valid, bad = 0, 0
		case "excess":
			bad = -bad
		}
		r.Good[i], r.Valid[i] = float64(valid-bad)*unit, float64(valid)*unit
		switch {
		case s.kind == "gap", s.kind == "rare" && i%17 != 3:
			r.Good[i], r.Valid[i] = math.NaN(), math.NaN()
		case s.kind == "only valid":
			r.Good[i] = math.NaN()
		case s.kind == "only good":
			r.Valid[i] = math.NaN()
		}
	}
	return r
}
