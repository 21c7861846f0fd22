package slo_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/slotest"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// estimated is what buckets of an hour tell of a window, and what the buckets
// of five minutes that they are made of tell.
func estimated(t *rapid.T) (o slo.Objective, window timeseries.Span, coarse, fine slo.Events) {
	o = slo.Objective{Timeframe: slo.Timeframe(rapid.Int64Range(1, 600).Draw(t, "buckets") * 300), Target: slotest.Target().Draw(t, "target")}
	q := slo.Question{To: slotest.Epoch + 300*rapid.Int64Range(0, 200).Draw(t, "to")}
	window = o.Timeframe.Window(q.To)
	hours := timeseries.Span{Start: timeseries.Floor(window.Start, 3600), End: timeseries.Ceil(window.End, 3600)}
	whole := slo.Question{To: hours.End}
	fine = slotest.Events(slo.Timeframe(hours.Seconds()), whole, slotest.Shape{}).Draw(t, "events")
	extent := slo.Extent(slo.Timeframe(hours.Seconds()), whole)
	fine = refined(fine, extent)
	r := fine.Runs[0]
	coarse = slo.Events{Known: fine.Known, Runs: []slo.Run{{Start: r.Start, Step: 3600}}}
	for i := 0; i < len(r.Valid); i += 12 {
		var good, valid timeseries.Sum
		good.AddPoints(r.Good[i : i+12])
		valid.AddPoints(r.Valid[i : i+12])
		coarse.Runs[0].Good = append(coarse.Runs[0].Good, good.Value())
		coarse.Runs[0].Valid = append(coarse.Runs[0].Valid, valid.Value())
	}
	return o, window, coarse, fine
}

// The truth lies within the estimate, and where the window begins and ends
// between buckets, it is the estimate.
func TestLawEstimatesHoldTheTruth(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o, window, coarse, fine := estimated(t)
		excluded := slo.Effective(slotest.Occurrences(coarse.Known).Draw(t, "corrections"), 3600, slo.ByStart)
		coarse.Excluded, fine.Excluded = excluded, excluded
		fine.Known.Start -= 4 * int64(slo.Day) // the rates of the last three days are nobody's question here
		truth, known := assess(t, o, fine, slo.Question{To: window.End}).Attainment.Value()

		exact := fine.Between(window)
		if exact.Known != known || known && (!close12(exact.Low, truth) || exact.Low != exact.High) {
			t.Fatalf("estimate %+v, truth %v %v", exact, truth, known)
		}
		e := coarse.Between(window)
		if e.Known && known && (truth < e.Low-1e-9 || truth > e.High+1e-9 || e.Low < 0 || e.High > 100+1e-9) {
			t.Fatalf("estimate %+v, truth %v", e, truth)
		}
		if window.Start%3600 == 0 && window.End%3600 == 0 && e != exact {
			t.Fatalf("estimate %+v, want %+v", e, exact)
		}
		if outside := coarse.Between(timeseries.Span{Start: coarse.Known.Start - 1, End: window.End}); outside.Known {
			t.Fatalf("estimate %+v of what was not asked for", outside)
		}
	})
}

// Tallies of the parts of a window are that of the window.
func TestLawTalliesAdd(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		_, window, _, fine := estimated(t)
		at := window.Start + 300*rapid.Int64Range(0, window.Seconds()/300).Draw(t, "cut")
		var parts slo.Tally
		fine.Tally(timeseries.Span{Start: window.Start, End: at}, &parts)
		fine.Tally(timeseries.Span{Start: at, End: window.End}, &parts)
		same(t, "the parts", fine.Between(window), parts.Estimate())
	})
}

// A part that was not asked for leaves the whole unknown.
func TestTallyOfTheUnknown(t *testing.T) {
	t.Parallel()
	_, e, q := hour(1, 2)
	known := timeseries.Span{Start: q.To - 3600, End: q.To}
	var in slo.Tally
	e.Tally(known, &in)
	if got := in.Estimate(); got != (slo.Estimate{Low: 50, High: 50, Known: true}) {
		t.Errorf("%+v of the hour", got)
	}
	e.Tally(known.Shift(3600), &in)
	if got := in.Estimate(); got.Known {
		t.Errorf("%+v of the hour and the next", got)
	}
}

func TestExactly(t *testing.T) {
	t.Parallel()
	if e := slo.Exactly(slo.Known(99.5)); e != (slo.Estimate{Low: 99.5, High: 99.5, Known: true}) {
		t.Errorf("%+v", e)
	}
	if e := slo.Exactly(slo.Figure{}); e.Known {
		t.Errorf("%+v", e)
	}
}

// Datadog's rules: one more than the target has, four at most; of events no
// more than their number carries; of time two, and three over 90 days.
func TestDecimals(t *testing.T) {
	t.Parallel()
	f := func(target string, timeframe slo.Timeframe, unit slo.Unit, total float64, want int) {
		t.Helper()
		parsed, err := slo.ParseTarget(target)
		if err != nil {
			t.Fatal(err)
		}
		a := slo.Assessment{Objective: slo.Objective{Timeframe: timeframe, Target: parsed}, Unit: unit, Valid: slo.Known(total)}
		if got := a.Decimals(); got != want {
			t.Errorf("%s over %s of %v %s: %d decimals, want %d", target, timeframe, total, unit, got, want)
		}
	}
	f("99", slo.SevenDays, slo.Requests, 1e9, 1)
	f("99.9", slo.SevenDays, slo.Requests, 1e9, 2)
	f("99.999", slo.SevenDays, slo.Requests, 1e9, 4)
	f("99.99999", slo.SevenDays, slo.Requests, 1e9, 4)
	f("99.9", slo.SevenDays, slo.Requests, 126.5, 2)
	f("99.9", slo.SevenDays, slo.Requests, 100, 2)
	f("99.9", slo.SevenDays, slo.Requests, 99, 1)
	f("99.9", slo.SevenDays, slo.Requests, 10, 1)
	f("99.9", slo.SevenDays, slo.Requests, 9, 0)
	f("99.99", slo.SevenDays, slo.Requests, 1000, 3)
	f("99.99", slo.SevenDays, slo.Requests, 999, 2)
	f("99", slo.SevenDays, slo.Seconds, 604_800, 2)
	f("99", slo.ThirtyDays, slo.Seconds, 2_592_000, 2)
	f("99", slo.NinetyDays, slo.Seconds, 7_776_000, 3)
	f("99.99", slo.ThirtyDays, slo.Seconds, 2_592_000, 3)
	f("99.999", slo.NinetyDays, slo.Seconds, 7_776_000, 4)
}

// Two assessments read alike where nothing that is shown differs.
func TestReadsLike(t *testing.T) {
	t.Parallel()
	target, err := slo.ParseTarget("99.9")
	if err != nil {
		t.Fatal(err)
	}
	of := func(state slo.State, attainment slo.Figure, remaining float64) slo.Assessment {
		return slo.Assessment{
			Objective: slo.Objective{Timeframe: slo.SevenDays, Target: target}, Unit: slo.Seconds, Valid: slo.Known(604_800),
			State: state, Attainment: attainment, Budget: &slo.Budget{RemainingPercent: remaining},
		}
	}
	none := slo.Assessment{Objective: of(slo.OK, slo.Known(1), 1).Objective, Unit: slo.Seconds, State: slo.NoData}
	tests := map[string]struct {
		x, y slo.Assessment
		want bool
	}{
		"the same":              {of(slo.OK, slo.Known(99.954), 54), of(slo.OK, slo.Known(99.954), 54), true},
		"beyond the decimals":   {of(slo.OK, slo.Known(99.9541), 54.01), of(slo.OK, slo.Known(99.9549), 54.09), true},
		"another decimal":       {of(slo.OK, slo.Known(99.9599), 54), of(slo.OK, slo.Known(99.9601), 54), false},
		"another budget":        {of(slo.OK, slo.Known(99.954), 54.09), of(slo.OK, slo.Known(99.954), 54.11), false},
		"another state":         {of(slo.OK, slo.Known(99.954), 54), of(slo.Warning, slo.Known(99.954), 54), false},
		"unknown beside known":  {none, of(slo.NoData, slo.Known(0), 0), false},
		"both unknown":          {none, none, true},
		"a hair below a digit":  {of(slo.OK, slo.Known(99.95), 54), of(slo.OK, slo.Known(99.95-1e-13), 54), true},
		"no budget beside some": {of(slo.OK, slo.Known(99.954), 0), slo.Assessment{Objective: none.Objective, Unit: slo.Seconds, State: slo.OK, Attainment: slo.Known(99.954)}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := test.x.ReadsLike(test.y); got != test.want || test.y.ReadsLike(test.x) != got {
				t.Errorf("reads like: %v, want %v", got, test.want)
			}
		})
	}
}

func ExampleEvents_Between() {
	// Two hours, half of the second one is asked about: 10 of its 100 were bad, at any time.
	e := slo.Events{
		Known: timeseries.Span{Start: 0, End: 7200},
		Runs:  []slo.Run{{Start: 0, Step: 3600, Good: []float64{100, 90}, Valid: []float64{100, 100}}},
	}
	between := e.Between(timeseries.Span{Start: 0, End: 5400})
	fmt.Printf("%.2f %% to %.2f %%\n", between.Low, between.High)
	// Output: 90.91 % to 100.00 %
}

// Where good exceeds valid the two sides count different things, and any part
// of each may lie inside of the window.
func TestEstimateOfExcess(t *testing.T) {
	t.Parallel()
	e := slo.Events{
		Known: timeseries.Span{Start: 0, End: 900},
		Runs:  []slo.Run{{Start: 0, Step: 300, Good: []float64{100, 300, -20}, Valid: []float64{100, 200, 50}}},
	}
	for _, c := range []struct {
		end  int64
		want slo.Estimate
	}{
		{300, slo.Estimate{Low: 100, High: 100, Known: true}},
		{400, slo.Estimate{Low: 100 * 100. / 300, High: 100 * 400. / 100, Known: true}},
		{600, slo.Estimate{Low: 100 * 400. / 300, High: 100 * 400. / 300, Known: true}},
		{700, slo.Estimate{Low: 100 * 380. / 350, High: 100 * 400. / 300, Known: true}},
	} {
		if got := e.Between(timeseries.Span{Start: 0, End: c.end}); got != c.want {
			t.Errorf("up to %d: %+v, want %+v", c.end, got, c.want)
		}
	}
}
