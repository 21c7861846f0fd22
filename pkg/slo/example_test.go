package slo_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/slo-cli/slo/pkg/slo"
)

// A day of 1000 requests an hour, of which 20 failed in the last hour. The
// target of 99.9 % allows 24 to fail.
func ExampleAssess() {
	target, err := slo.ParseTarget("99.9%")
	if err != nil {
		fmt.Println(err)
		return
	}
	objective := slo.Objective{Timeframe: slo.Day, Target: target}
	question := slo.Question{To: time.Date(2026, 1, 4, 0, 0, 0, 0, time.UTC).Unix()}
	known := slo.Extent(objective.Timeframe, question)
	hours := int(known.Seconds() / 3600)
	good, valid := slices.Repeat([]float64{1000}, hours), slices.Repeat([]float64{1000}, hours)
	good[hours-1] = 980
	events := slo.Events{Known: known, Runs: []slo.Run{{Start: known.Start, Step: 3600, Good: good, Valid: valid}}}

	a, err := slo.Assess(objective, events, question)
	if err != nil {
		fmt.Println(err)
		return
	}
	attainment, _ := a.Attainment.Value()
	lastHour, _ := a.BurnRates[0].Value()
	fmt.Printf("%s: %.3f %% of requests were good\n", a.State, attainment)
	fmt.Printf("%.0f of %.0f that may fail are left: %.1f %%\n", a.Budget.Remaining, a.Budget.Allowed, a.Budget.RemainingPercent)
	fmt.Printf("in the last hour the budget burned at %.0f times the sustainable rate\n", lastHour)
	fmt.Printf("at the pace of the last day it ends %s\n", time.Unix(a.ExhaustedAt, 0).UTC().Format(time.RFC3339))
	// Output:
	// ok: 99.917 % of requests were good
	// 4 of 24 that may fail are left: 16.7 %
	// in the last hour the budget burned at 20 times the sustainable rate
	// at the pace of the last day it ends 2026-01-04T04:48:00Z
}

func ExampleTarget_Allowed() {
	target, _ := slo.ParseTarget("99.95")
	fmt.Println(target, "leaves", target.Allowed())
	// Output: 99.95 leaves 0.05
}
