package slo_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/slotest"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// By how much more was good than there was, bucket by bucket, against the plainest loop.
func TestExcess(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o, q := slotest.Objective().Draw(t, "objective"), slotest.Question().Draw(t, "question")
		q.Recent = 6 * 3600
		e := slotest.Events(o.Timeframe, q, slotest.Everything()).Draw(t, "events")
		a, err := slo.Assess(o, e, q)
		if err != nil {
			t.Fatal(err)
		}
		if a.Recent == nil {
			return
		}
		or0 := func(v float64) float64 {
			if timeseries.IsMissing(v) {
				return 0
			}
			return v
		}
		naive := func(span timeseries.Span) (sum float64) {
			for _, r := range e.Runs {
				for i := range r.Good {
					if at := r.Start + int64(i)*r.Step; span.Contains(at) {
						sum += max(0, or0(r.Good[i])-or0(r.Valid[i]))
					}
				}
			}
			return sum
		}
		for _, c := range []struct{ want, got float64 }{
			{naive(a.Window), a.Excess},
			{naive(a.Recent.Span()), a.Recent.Excess(a.Recent.Span())},
		} {
			if apart := c.want - c.got; apart > 1e-6*(1+c.want) || -apart > 1e-6*(1+c.want) {
				t.Fatalf("%v, plainly %v", c.got, c.want)
			}
		}
		if got := a.Recent.Excess(a.Recent.Span().Shift(-slo.BucketSeconds)); got != 0 {
			t.Fatalf("%v outside of what is known", got)
		}
	})
}

func TestExcessLeavesOutWhatIsCorrected(t *testing.T) {
	t.Parallel()
	to := slotest.Epoch
	o := slo.Objective{Timeframe: slo.Day, Target: 99 * slo.Hundred / 100}
	e := slo.Events{Known: timeseries.Span{Start: to - 4*int64(slo.Day), End: to}, Runs: []slo.Run{{
		Start: to - 900, Step: 300, Good: []float64{10, 7, 4}, Valid: []float64{timeseries.Missing, 5, 9},
	}}}
	for _, c := range []struct {
		excluded []timeseries.Span
		want     float64
	}{{nil, 12}, {[]timeseries.Span{{Start: to - 900, End: to - 600}}, 2}} {
		e.Excluded = c.excluded
		a, err := slo.Assess(o, e, slo.Question{To: to, Recent: 3600})
		if err != nil || a.Excess != c.want || a.Recent.Excess(a.Recent.Span()) != c.want {
			t.Errorf("%v: %v and %v, %v", c.excluded, a.Excess, a.Recent.Excess(a.Recent.Span()), err)
		}
	}
}
