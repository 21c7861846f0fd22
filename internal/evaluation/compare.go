package evaluation

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// comparableFor is how far in seconds the instant of Datadog's figure may be from ours.
const comparableFor = 3600

// endsOf is the stretch in which Datadog's figures were computed, as far as
// they can be compared, and an hour in front of it: a figure may be older than
// it says. Empty when there is nothing to compare.
func endsOf(reported []slo.Reported, to int64) timeseries.Span {
	var ends timeseries.Span
	for _, r := range reported {
		if !near(r.IndexedAt, to) {
			continue
		}
		if ends.Empty() {
			ends = timeseries.Span{Start: to - comparableFor, End: to}
		}
		ends.Start = min(ends.Start, timeseries.Floor(r.IndexedAt, slo.BucketSeconds)-comparableFor)
		ends.End = max(ends.End, r.IndexedAt)
	}
	return ends
}

func near(indexed, to int64) bool { return indexed >= to-comparableFor && indexed <= to+comparableFor }

// compareReported holds Datadog's figure of one window against what the record
// gives for the very window that it stands for.
func (j Job) compareReported(rec record, o slo.Objective, r slo.Reported, to int64) *Comparison {
	c := &Comparison{
		Objective: o, IndexedAt: r.IndexedAt, Attainment: r.Attainment, RemainingPercent: r.RemainingPercent,
	}
	if r.IndexedAt != 0 {
		c.Window = o.Timeframe.Window(r.IndexedAt)
	}
	clock := func(t int64) string { return onClock(time.Unix(t, 0)) }
	switch modified := j.Definition.Modified; {
	case r.IndexedAt == 0:
		c.Detail = "Datadog does not say when it computed its figure"
		return c
	case !near(r.IndexedAt, to):
		c.Detail = fmt.Sprintf("Datadog's figure is of %s, more than an hour from %s", clock(r.IndexedAt), clock(to))
		return c
	case !modified.IsZero() && modified.Unix() > r.IndexedAt:
		c.Detail = fmt.Sprintf("Datadog's figure is of %s, before the SLO was edited", clock(r.IndexedAt))
		return c
	}
	j.judge(c, rec, claim{figure: r.Attainment, decimals: r.Decimals, problem: r.Problem, window: c.Window, track: rec.track})
	return c
}

// claim is a figure of Datadog's, which is to be explained.
type claim struct {
	figure   slo.Figure
	decimals int
	problem  string
	window   timeseries.Span
	// track is what Datadog's history says of the objective; nil where it was not asked.
	track *slo.Track
}

// judge compares, and looks for the reason of a difference: the first
// hypothesis under which computing again gives Datadog's figure.
func (j Job) judge(c *Comparison, rec record, theirs claim) {
	v, given := theirs.figure.Value()
	ours := rec.overall.estimates(theirs.window, j.Occurrences, slo.ByStart)
	whole := theirs.window
	if rec.overall.timeline == nil {
		whole.End = timeseries.Floor(whole.End, slo.BucketSeconds) // up to where it is known exactly
	}
	if exact := rec.overall.estimates(whole, j.Occurrences, slo.ByStart); len(exact) > 0 && exact[0].Known {
		c.Ours = slo.Known(exact[0].High)
	}
	switch {
	case !rec.overall.known().Covers(theirs.window):
		c.Detail = "our evidence does not reach over the window of Datadog's figure"
		return
	case !given && !c.Ours.IsKnown():
		c.Verdict, c.Detail = Agrees, "neither side has a figure"
		return
	case !given:
		c.Detail = "Datadog gives no figure"
		if theirs.problem != "" {
			c.Detail += ": " + theirs.problem
		}
		return
	}
	timed := rec.overall.timeline != nil
	if reproduces(ours, v, timed) {
		c.Verdict = Agrees
		return
	}
	if decimals, rounded := roundedTo(ours, v, theirs.decimals); rounded {
		c.Verdict, c.Reason = Agrees, Precision
		c.Detail = fmt.Sprintf("Datadog's figure is rounded; decimals: %d", decimals)
		return
	}
	c.Verdict = Differs
	for _, h := range j.hypotheses(rec, theirs) {
		if reproduces(h.estimates(), v, timed) {
			c.Reason, c.Detail = h.reason, h.detail
			return
		}
	}
	c.Reason, c.Detail = Unexplained, "nothing that slo knows to try gives Datadog's figure"
}

// reproduces reports whether a figure is one of the estimates. Figures of
// counted events are float64, those of time float32 (recorded: the percentage cast once).
func reproduces(estimates []slo.Estimate, theirs float64, timed bool) bool {
	for _, e := range estimates {
		switch {
		case !e.Known:
		case timed && (float32(e.High) == float32(theirs) || math.Abs(e.High-theirs) <= 1e-5):
			return true
		case !timed && theirs >= e.Low-1e-9*math.Abs(e.Low) && theirs <= e.High+1e-9*math.Abs(e.High):
			return true
		}
	}
	return false
}

// roundedTo reports whether a figure is an estimate with fewer decimals,
// rounded or cut: as many as Datadog says it shows, or as the figure itself has, if that are two or more.
func roundedTo(estimates []slo.Estimate, theirs float64, decimals int) (int, bool) {
	_, fraction, _ := strings.Cut(strconv.FormatFloat(theirs, 'f', -1, 64), ".")
	for _, d := range []int{decimals, len(fraction)} {
		if d < 0 || d > 6 || d < 2 && d != decimals {
			continue
		}
		scale := math.Pow10(d)
		want := math.Round(theirs * scale)
		if math.Abs(want/scale-theirs) > 1e-5/scale {
			continue
		}
		for _, e := range estimates {
			if e.Known && math.Floor(e.Low*scale+1e-9) <= want && want <= math.Round(e.High*scale) {
				return d, true
			}
		}
	}
	return 0, false
}

// estimates are what the attainment of a window can be. For time it depends on
// what is not documented: whether windows are floored to five minutes, as
// those of events are, or to slices.
func (o observed) estimates(window timeseries.Span, occurrences []slo.Occurrence, rule slo.EdgeRule) []slo.Estimate {
	if o.timeline == nil {
		window.Start = timeseries.Floor(window.Start, slo.BucketSeconds)
		return []slo.Estimate{o.events(occurrences, rule, nil).Between(window)}
	}
	t := o.apply(*o.timeline, o.corrected(occurrences, rule))
	if _, _, seen := t.Seconds(window); seen == 0 {
		return nil
	}
	return o.shares(t, window)
}

// shares are the estimates of a timeline that corrections were applied to,
// whether or not there was any data.
func (o observed) shares(t slo.Timeline, window timeseries.Span) []slo.Estimate {
	floor := func(step int64, t int64) int64 { return timeseries.Floor(t, step) }
	windows := []timeseries.Span{window, {Start: floor(slo.BucketSeconds, window.Start), End: window.End}}
	if o.step > 0 {
		windows = append(windows,
			timeseries.Span{Start: floor(o.step, window.Start), End: window.End},
			timeseries.Span{Start: floor(o.step, window.Start), End: floor(o.step, window.End)})
	}
	var all []slo.Estimate
	for _, w := range windows {
		all = append(all, share(t, w))
	}
	return all
}

// share is the share of the counted time of a window that was up.
func share(t slo.Timeline, window timeseries.Span) slo.Estimate {
	up, counted, _ := t.Seconds(window)
	if counted == 0 || !t.Known.Covers(window) {
		return slo.Estimate{}
	}
	return slo.Exactly(slo.Known(100 * float64(up) / float64(counted)))
}
