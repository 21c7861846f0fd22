package policy

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/slo-cli/slo/pkg/slo"
)

// Defaults are the settings where nobody sets anything. Every key is set.
func Defaults() Settings {
	return Settings{
		BudgetBlock:     &Bound{Value: 0},
		BudgetWarn:      &Bound{Off: true},
		AttainmentBlock: &Bound{Off: true},
		AttainmentWarn:  &Bound{Off: true},
		Burn:            [len(Lookbacks)]Burn{{Level: Block}, {Level: Block}, {Level: Warn}},
		MinEvents:       new(100.0),
		MinCoverage:     new(0.9),
		MaxAge:          new(time.Hour),
		LowTraffic:      &LowTraffic{Events: 0, Level: Warn}, // nothing is fewer than none
		FixesMayPass:    new(false),
	}
}

// blocksNothing reports whether no rule about the budget blocks. Every key is set.
func (s Settings) blocksNothing() bool {
	return s.BudgetBlock.Off && s.AttainmentBlock.Off &&
		!slices.ContainsFunc(s.Burn[:], func(b Burn) bool { return b.Level == Block })
}

// Threshold is the burn rate above which the rule of Lookbacks[i] fires where
// the policy sets none. Datadog's table for 7, 30 and 90 days ("Burn rate
// alerts"); for other timeframes the rate that spends the share of the budget
// in the long window, at least 1: burning slower leaves some over.
func Threshold(t slo.Timeframe, i int) float64 {
	switch t {
	case slo.SevenDays:
		return [len(Lookbacks)]float64{16.8, 5.6, 2.8}[i]
	case slo.ThirtyDays:
		return [len(Lookbacks)]float64{14.4, 6, 3}[i]
	case slo.NinetyDays:
		return [len(Lookbacks)]float64{21.6, 10.8, 4.5}[i]
	}
	return max(1, Lookbacks[i].Share*float64(t)/float64(Lookbacks[i].Long))
}

// Resolved are the settings in force for an objective.
type Resolved struct {
	// Settings has every key set. A burn threshold of nil is that of [Threshold].
	Settings Settings
	// From says by key who set it: "default", `section "NAME" (PLACE)`, or "the
	// command line". The keys are those of [Keys].
	From map[string]string
}

// Keys are the keys of [Settings] as a policy file and [Resolved] call them.
var Keys = []string{
	"budget.block", "budget.warn", "attainment.block", "attainment.warn", "burn.1h", "burn.6h", "burn.24h",
	"min_events", "min_coverage", "max_age", "low_traffic", "fixes_may_pass",
}

// Who set something.
const (
	byDefault     = "default"
	byCommandLine = "the command line"
)

func (s Section) who() string {
	if s.Place == "" {
		return fmt.Sprintf("section %q", s.Name)
	}
	return fmt.Sprintf("section %q (%s)", s.Name, s.Place)
}

// For are the settings in force for an objective, one of those listed.
func (p Policy) For(d slo.Definition, listed []slo.Definition) Resolved {
	return p.resolve(d, p.matchers(including(listed, d)))
}

func (p Policy) resolve(d slo.Definition, matchers []matcher) Resolved {
	r := Resolved{Settings: Defaults(), From: make(map[string]string, len(Keys))}
	for _, k := range Keys {
		r.From[k] = byDefault
	}
	for i, s := range p.Sections {
		if matchers[i].picks(d) {
			r.take(s.Settings, s.who())
		}
	}
	r.take(p.Flags, byCommandLine)
	return r
}

// take lets what is set win over what was set before, key by key.
func (r *Resolved) take(s Settings, who string) {
	into := &r.Settings
	set(r, "budget.block", &into.BudgetBlock, s.BudgetBlock, who)
	set(r, "budget.warn", &into.BudgetWarn, s.BudgetWarn, who)
	set(r, "attainment.block", &into.AttainmentBlock, s.AttainmentBlock, who)
	set(r, "attainment.warn", &into.AttainmentWarn, s.AttainmentWarn, who)
	set(r, "min_events", &into.MinEvents, s.MinEvents, who)
	set(r, "min_coverage", &into.MinCoverage, s.MinCoverage, who)
	set(r, "max_age", &into.MaxAge, s.MaxAge, who)
	set(r, "low_traffic", &into.LowTraffic, s.LowTraffic, who)
	set(r, "fixes_may_pass", &into.FixesMayPass, s.FixesMayPass, who)
	for i, b := range s.Burn {
		switch {
		case b.Level != "":
			into.Burn[i] = b // a level without a threshold means that of the table
		case b.Threshold != nil:
			into.Burn[i].Threshold = b.Threshold
		default:
			continue
		}
		r.From[burnKey(i)] = who
	}
}

// set sets one key, unless there is nothing to set.
func set[T any](r *Resolved, key string, into **T, value *T, who string) {
	if value != nil {
		*into, r.From[key] = value, who
	}
}

// burnKey is the key of the rule of Lookbacks[i].
func burnKey(i int) string { return Keys[4+i] }

// Levels are the budgets left and the attainments, in percent, that any part
// of the policy holds figures against, each once and in order: what
// [slo.Question] has to ask for so that Judge can say since when and until when.
func (p Policy) Levels() (levels, attainments []float64) {
	collect := func(into *[]float64, bounds ...*Bound) {
		for _, b := range bounds {
			if b != nil && !b.Off && finite(b.Value) {
				*into = append(*into, b.Value)
			}
		}
	}
	add := func(s Settings) {
		collect(&levels, s.BudgetBlock, s.BudgetWarn)
		collect(&attainments, s.AttainmentBlock, s.AttainmentWarn)
	}
	add(Defaults())
	for _, s := range p.Sections {
		add(s.Settings)
	}
	add(p.Flags)
	slices.Sort(levels)
	slices.Sort(attainments)
	return slices.Compact(levels), slices.Compact(attainments)
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
