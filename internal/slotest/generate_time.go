package slotest

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// Occurrences generates what status corrections take out around an extent:
// none or several, on and beside the grid, in reverse, repeated, overlapping,
// meeting, empty, over an end of the extent, outside of it, and all of it.
func Occurrences(extent timeseries.Span) *rapid.Generator[[]slo.Occurrence] {
	return rapid.Custom(func(t *rapid.T) []slo.Occurrence {
		var list []slo.Occurrence
		for i := range rapid.SampledFrom([]int{1, 2, 3, 1, 0, 6}).Draw(t, "corrections") {
			s := timeseries.Span{Start: rapid.Int64Range(extent.Start, extent.End).Draw(t, "start")}
			switch rapid.SampledFrom([]string{
				"short", "short", "hours", "hours", "aligned", "again", "meets", "empty", "outside", "over the start", "over the end", "all of it",
			}).Draw(t, "kind") {
			case "short":
				s.End = s.Start + rapid.Int64Range(1, 900).Draw(t, "seconds")
			case "hours":
				s.End = s.Start + rapid.Int64Range(1, 24*3600).Draw(t, "seconds")
			case "aligned":
				s.Start = timeseries.Floor(s.Start, slo.BucketSeconds)
				s.End = s.Start + slo.BucketSeconds*rapid.Int64Range(1, 100).Draw(t, "buckets")
			case "again":
				if i > 0 {
					s = list[rapid.IntRange(0, i-1).Draw(t, "which")].Span
				}
			case "meets":
				if i > 0 {
					s.Start = list[i-1].Span.End
				}
				s.End = s.Start + rapid.Int64Range(1, 2000).Draw(t, "seconds")
			case "empty":
				s.End = s.Start - rapid.Int64Range(0, 5000).Draw(t, "seconds")
			case "outside":
				s = timeseries.Span{Start: extent.End, End: extent.End + 7777}
				if rapid.Bool().Draw(t, "before") {
					s = timeseries.Span{Start: extent.Start - 7777, End: extent.Start}
				}
			case "over the start":
				s = timeseries.Span{Start: extent.Start - 12_345, End: s.Start}
			case "over the end":
				s.End = extent.End + 12_345
			case "all of it":
				if rapid.SampledFrom([]bool{false, false, false, true}).Draw(t, "really") {
					s = timeseries.Span{Start: extent.Start - 1, End: extent.End + 1}
				}
			}
			list = append(list, slo.Occurrence{ID: fmt.Sprintf("c%d", i), Span: s})
		}
		return list
	})
}

// Clock generates questions for time-based objectives: at any second, with a
// previous meeting and a trend that do not reach far, so that every second of
// their extent can be looked at.
func Clock() *rapid.Generator[slo.Question] {
	return rapid.Custom(func(t *rapid.T) slo.Question {
		q := slo.Question{To: Epoch + rapid.Int64Range(0, 86_400).Draw(t, "to")}
		if rapid.Bool().Draw(t, "on the grid") {
			q.To = timeseries.Floor(q.To, slo.BucketSeconds)
		}
		if rapid.Bool().Draw(t, "has previous") {
			q.Since = q.To - rapid.Int64Range(1, 3*86_400).Draw(t, "since")
		}
		q.TrendDays = rapid.IntRange(0, 3).Draw(t, "trend days")
		return q
	})
}

// Hours generates objectives over up to two days, most with targets that
// outages of hours come near to.
func Hours() *rapid.Generator[slo.Objective] {
	return rapid.Custom(func(t *rapid.T) slo.Objective {
		unit := slo.Hundred / 100
		o := slo.Objective{
			Timeframe: slo.Timeframe(49-rapid.Int64Range(1, 48).Draw(t, "hours less")) * 3600,
			Target:    rapid.OneOf(rapid.SampledFrom([]slo.Target{50 * unit, 80 * unit, 90 * unit, 95 * unit, 99 * unit, 20 * unit}), Target()).Draw(t, "target"),
		}
		if rapid.SampledFrom([]bool{false, true}).Draw(t, "odd window") {
			o.Timeframe += slo.Timeframe(rapid.Int64Range(-3000, 3000).Draw(t, "seconds"))
		}
		if o.Target < slo.Hundred && rapid.Bool().Draw(t, "has warning") {
			o.Warning = o.Target + o.Target.Allowed()/8*slo.Target(rapid.SampledFrom([]int{7, 8, 4, 1}).Draw(t, "eighths"))
		}
		return o
	})
}

// Silence generates the policies that tell how time without data counts.
func Silence() *rapid.Generator[slo.SilencePolicy] {
	return rapid.SampledFrom([]slo.SilencePolicy{slo.SilenceUp, slo.SilenceDown, slo.SilenceCarried, slo.SilenceRemoved})
}

// SliceSilence generates the policies that there are for time slices.
func SliceSilence() *rapid.Generator[slo.SilencePolicy] {
	return rapid.SampledFrom([]slo.SilencePolicy{slo.SilenceUp, slo.SilenceDown, slo.SilenceRemoved})
}

// Transitions generates the history of a monitor: with a state carried in or
// beginning later, flapping and steady, silent in between, now and then to the
// state that it is in already, ending before or after the stretch, or without any.
func Transitions(known timeseries.Span) *rapid.Generator[[]slo.Transition] {
	return rapid.Custom(func(t *rapid.T) []slo.Transition {
		var list []slo.Transition
		at := known.Start - rapid.Int64Range(0, 5000).Draw(t, "carried in")
		if rapid.SampledFrom([]bool{false, false, false, true}).Draw(t, "younger") {
			at = known.Start + rapid.Int64Range(0, known.Seconds()).Draw(t, "begins")
		}
		states := rapid.SampledFrom([][]slo.Condition{
			{slo.Up, slo.Down}, {slo.Up, slo.Down}, {slo.Up, slo.Up, slo.Down, slo.Silent}, {slo.Up, slo.Silent}, {slo.Silent},
		}).Draw(t, "character")
		most := rapid.SampledFrom([]int{40, 40, 40, 8, 8, 1, 0}).Draw(t, "at most")
		for range most {
			state := rapid.SampledFrom(states).Draw(t, "state")
			list = append(list, slo.Transition{At: at, State: state})
			// Most happens late, where the windows of every length lie.
			left := known.End - at
			scale := rapid.SampledFrom([]int64{left / 3, left / 3, left / 2, 3600, 60, 1}).Draw(t, "scale")
			if state == slo.Down {
				scale = min(scale, 3600)
			}
			at += 1 + max(0, scale)*rapid.SampledFrom([]int64{30, 64, 7, 1}).Draw(t, "64ths")/64
			if at > known.End+5000 {
				break
			}
		}
		return list
	})
}

// Comparison generates what makes a slice good; the values of [Slices] lie on
// both sides of its threshold and on it.
func Comparison() *rapid.Generator[slo.Comparison] {
	return rapid.Custom(func(t *rapid.T) slo.Comparison {
		return slo.Comparison{
			Comparator: rapid.SampledFrom([]string{"<", "<=", ">", ">="}).Draw(t, "comparator"),
			Threshold:  rapid.SampledFrom([]float64{0, 0.99, -3, 250}).Draw(t, "threshold"),
		}
	})
}

// SliceSeconds generates the length of a slice.
func SliceSeconds() *rapid.Generator[int64] { return rapid.SampledFrom([]int64{60, 300}) }

// Slices generates the values of a time slice objective over a stretch, out to
// full slices: mostly good, with bad stretches, gaps, and formulas without a value.
func Slices(known timeseries.Span, step int64, c slo.Comparison) *rapid.Generator[slo.Slices] {
	return rapid.Custom(func(t *rapid.T) slo.Slices {
		s := slo.Slices{Start: timeseries.Floor(known.Start, step), Step: step}
		n := int((timeseries.Ceil(known.End, step) - s.Start) / step)
		away := 1.0
		if c.Comparator[0] == '<' {
			away = -1
		}
		kinds := []string{"good", "good", "good", "bad", "on the threshold", "missing", "no value", "every fifth bad"}
		for len(s.Value) < n {
			kind := rapid.SampledFrom(kinds).Draw(t, "kind")
			length := rapid.SampledFrom([]int{1, 2, 12, n/20 + 1, (n-len(s.Value))/2 + 1}).Draw(t, "slices")
			if kind == "missing" && rapid.SampledFrom([]bool{false, false, false, true}).Draw(t, "to the end") {
				length = n
			}
			for i := range min(length, n-len(s.Value)) {
				v, observed := c.Threshold+away, true
				switch {
				case kind == "bad", kind == "every fifth bad" && i%5 == 4:
					v = c.Threshold - away
				case kind == "on the threshold":
					v = c.Threshold
				case kind == "missing":
					v, observed = timeseries.Missing, false
				case kind == "no value":
					v = timeseries.Missing
				}
				s.Value, s.Observed = append(s.Value, v), append(s.Observed, observed)
			}
		}
		return s
	})
}

// Timeline generates the history of a monitor or of slices.
func Timeline(known timeseries.Span) *rapid.Generator[slo.Timeline] {
	return rapid.Custom(func(t *rapid.T) slo.Timeline {
		if rapid.Bool().Draw(t, "slices") {
			c := Comparison().Draw(t, "comparison")
			s := Slices(known, SliceSeconds().Draw(t, "step"), c).Draw(t, "values")
			return slo.FromSlices(s, c, SliceSilence().Draw(t, "silence")).Within(known)
		}
		timeline, err := slo.FromTransitions(Transitions(known).Draw(t, "transitions"), Silence().Draw(t, "silence"), known)
		if err != nil {
			t.Fatal(err)
		}
		return timeline
	})
}

// Instants generates instants in order around an extent, each once.
func Instants(extent timeseries.Span) *rapid.Generator[[]int64] {
	return rapid.Custom(func(t *rapid.T) []int64 {
		list := rapid.SliceOfN(rapid.Int64Range(extent.Start-100, extent.End+100), 0, 12).Draw(t, "instants")
		slices.Sort(list)
		return slices.Compact(list)
	})
}
