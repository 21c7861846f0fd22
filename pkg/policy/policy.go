package policy

import (
	"time"

	"github.com/slo-cli/slo/pkg/slo"
)

// Level is what it means that a rule does not hold.
type Level string

// The levels.
const (
	// Off: the rule is not looked at.
	Off Level = "off"
	// Warn: the verdict is a warning at worst.
	Warn Level = "warn"
	// Block: no release.
	Block Level = "block"
)

// Policy is an error budget policy. The zero Policy has the defaults of
// [Defaults] and nothing else.
type Policy struct {
	// Source is "default", or the path of the file.
	Source string
	// SHA256 is the hex digest of the file, or of the default policy's text.
	SHA256 string
	// Sections are in order: what a later one sets wins over what an earlier one
	// sets, key by key.
	Sections []Section
	// Flags are what the command line sets. It wins over every section.
	Flags Settings
	// Calendars are those that the sections name.
	Calendars []Calendar
	// CalendarSource and CalendarSHA256 are the path and the hex digest of the
	// file that the calendars are from, where that is not the Source.
	CalendarSource, CalendarSHA256 string
}

// Section is a part of the policy: what applies to the objectives that Match picks.
type Section struct {
	Name string
	// Place is where it stands: path:line:column; empty when nowhere.
	Place string
	// Places are those of its keys, such as budget and budget.warn, as far as they are known.
	Places   map[string]string
	Match    Match
	Settings Settings
	// Require are names or ids of objectives, of which each has to be among the selected ones.
	Require []Name
	// Expect is how many of the selected objectives Match has to pick at least; 0 for any number.
	Expect int
	// Freezes are the calendars to heed when Match picks any selected objective.
	Freezes []Freeze
	// Overrides let something pass for the objectives that Match picks.
	Overrides []Override
}

// Match picks objectives. Every list that is not empty must match; the zero Match picks all.
type Match struct {
	// Names are exact ids, else names in any case, else globs with "*": any of them.
	Names []Name
	// Services, Envs and Teams are values of those tags: any of them, in any case.
	Services, Envs, Teams []string
	// Tags, "key:value", must all be there.
	Tags []string
}

// Name is the name of an objective in a file.
type Name struct {
	Text  string
	Place string
}

// Settings are the thresholds for an objective. A nil field is not set.
type Settings struct {
	// BudgetBlock and BudgetWarn are budgets left in percent: the rule holds
	// while more than that is left.
	BudgetBlock, BudgetWarn *Bound
	// AttainmentBlock and AttainmentWarn are attainments in percent: the rule holds
	// while at least as much is attained.
	AttainmentBlock, AttainmentWarn *Bound
	// Burn belongs to Lookbacks.
	Burn [len(Lookbacks)]Burn
	// MinEvents is how many events a metric objective's window must have.
	MinEvents *float64
	// MinCoverage is the share, 0 to 1, of a time-based objective's window in which there must be data.
	MinCoverage *float64
	// MaxAge is how old the newest point may be.
	MaxAge *time.Duration
	// LowTraffic softens burn rules where the long window has few events.
	LowTraffic *LowTraffic
	// FixesMayPass lets a change of the kind [Fix] pass where the budget is gone
	// (budget, attainment) while every burn rate is known and below 1.
	FixesMayPass *bool
}

// Bound is a threshold, or that there is none.
type Bound struct {
	Value float64
	Off   bool
}

// Burn is what is set of a burn rule.
type Burn struct {
	// Level is empty when not set.
	Level Level
	// Threshold is nil for that of the table ([Threshold]).
	Threshold *float64
}

// LowTraffic is the guard for burn rates over few events: where the long
// window of a metric objective has fewer than Events, a burn rule leads to Level at most.
type LowTraffic struct {
	Events float64
	// Level is Warn or Off.
	Level Level
}

// Lookback is the pair of windows of a burn rule, in seconds.
type Lookback struct {
	Rule        string
	Long, Short int64
	// Share is the part of the budget that burning at the threshold for the long window spends.
	Share float64
}

// Lookbacks are the windows of the burn rules.
var Lookbacks = [3]Lookback{
	{Rule: "burn_1h", Long: 3600, Short: 300, Share: 0.02},
	{Rule: "burn_6h", Long: 6 * 3600, Short: 1800, Share: 0.05},
	{Rule: "burn_24h", Long: 24 * 3600, Short: 7200, Share: 0.10},
}

// Recent is how many seconds of [slo.Question.Recent] the burn rules want: the
// longest window, and a day to see since when a rule has been firing.
const Recent = 48 * 3600

// Freeze names a calendar.
type Freeze struct {
	Calendar string
	// Level is Warn or Block.
	Level Level
	Place string
}

// Calendar is when no releases go out, in the time of one place.
type Calendar struct {
	Name  string
	Place string
	Zone  *time.Location
	// Dated and Weekly do not overlap among themselves.
	Dated  []Dated
	Weekly []Weekly
}

// Dated is a freeze that occurs once.
type Dated struct {
	// From and To are the instants [From, To).
	From, To time.Time
	Reason   string
	Place    string
}

// Weekly is a freeze that occurs every week on the clock of its calendar's zone.
type Weekly struct {
	Days []time.Weekday
	// From and To are minutes of the day, [From, To), 0 to 1440.
	From, To int
	Reason   string
	Place    string
}

// Override lets rules pass, as a warning, that would block. It covers budget,
// attainment, burn and freeze rules only: what is not known cannot be overridden.
type Override struct {
	Rules   []string
	Reason  string
	Author  string
	Expires time.Time
	Place   string
}

// Overridable are the rules that an [Override] may name.
var Overridable = []string{"budget", "attainment", "burn_1h", "burn_6h", "burn_24h", "freeze"}

// Fix is the kind of change that mends something.
const Fix = "fix"

// Subject is one selected objective and how it stands.
type Subject struct {
	Definition slo.Definition
	// Windows is empty where Defect says why, and where there is no target for
	// the timeframe that was asked for.
	Windows []slo.Assessment
	Defect  *slo.Defect
	Notes   []slo.Note
}
