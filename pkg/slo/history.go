package slo

import (
	"time"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// History is what Datadog itself says of one objective over one window.
type History struct {
	Window timeseries.Span
	Type   Type
	// Overall is the objective as a whole.
	Overall Track
	// Monitors are the monitors of an objective that has several; Groups are the
	// groups of one monitor or of a time slice objective.
	Monitors, Groups []Track
	// Good and Valid are the sums of a metric objective; unknown for the others.
	Good, Valid Figure
}

// Track is one line of a [History].
type Track struct {
	// Name is that of a group (its tags) or of a monitor.
	Name string
	// MonitorID is 0 unless the track is that of a monitor.
	MonitorID int64
	// Transitions are in order of time. The first may lie before the window: it
	// is the state that was carried in. The last state lasts to the end of the window.
	Transitions []Transition
	// Attainment is Datadog's figure in percent; Remaining is the error budget
	// that is left, in percent of the target that was asked with.
	Attainment, Remaining Figure
	// Decimals is how many decimals of the figure Datadog shows; -1 when it does not say.
	Decimals int
	// Preview says that Datadog is still computing: nothing of the track is final.
	Preview bool
	// Problem is why there is no figure, in Datadog's words; empty when there is none.
	Problem string
	// Erred says that Datadog reports an error of the track, whatever else it says.
	Erred bool
}

// Transition is a change of state at a Unix second.
type Transition struct {
	At    int64
	State Condition
}

// Condition is how a monitor or a slice stands.
type Condition int

// The conditions, with Datadog's numbers.
const (
	Up     Condition = 0
	Down   Condition = 1
	Silent Condition = 2 // no data; whether it counts is for the policy to say
)

// MonitorSettings is what of a Datadog monitor decides how its state counts.
type MonitorSettings struct {
	ID   int64
	Name string
	// Synthetic marks the monitor of a synthetic test.
	Synthetic bool
	// Silence says how time without data counts.
	Silence SilencePolicy
	// Why names the setting behind Silence, for people: `on_missing_data: show_and_notify_no_data`.
	Why string
	// Modified is zero when unknown.
	Modified time.Time
}

// SilencePolicy says how time without data counts. Source: Datadog, "Monitor-based SLOs", missing data.
type SilencePolicy int

// The policies.
const (
	// SilenceUnknown: the monitor's settings do not tell; time without data is then an error.
	SilenceUnknown SilencePolicy = iota
	// SilenceUp: show no data, or show OK.
	SilenceUp
	// SilenceDown: show no data and notify.
	SilenceDown
	// SilenceCarried: show the last known status.
	SilenceCarried
	// SilenceRemoved: a paused synthetic test; the time does not count at all.
	SilenceRemoved
)

// Reported is Datadog's own figure for one window of one objective, as its
// search shows it: computed at some instant in the past.
type Reported struct {
	SLOID                        string
	Timeframe                    Timeframe
	Attainment, RemainingPercent Figure
	// IndexedAt is the Unix second at which it was computed; 0 when unknown.
	IndexedAt int64
	// Decimals is how many decimals of the figure Datadog shows; -1 when it does not say.
	Decimals int
	// Problem is why there is no figure, in Datadog's words; empty when there is none.
	Problem string
}

// HistoryRequest asks for the [History] of one objective over one window.
type HistoryRequest struct {
	ID     string
	Window timeseries.Span
	// Uncorrected leaves status corrections out.
	Uncorrected bool
	// Target, when set, asks for the error budget that is left of it.
	Target Target
}
