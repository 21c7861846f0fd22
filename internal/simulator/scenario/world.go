package scenario

import "time"

// World is a parsed scenario. It is never changed after Parse returned it.
type World struct {
	// Name is the embedded world's name, or the file's.
	Name  string
	Title string
	// Now is the instant the world was written for; a multiple of [Cell].
	Now time.Time
	// History is how long before Now the traffic begins.
	History time.Duration
	// IndexLag is the age of the figures that the SLO search shows.
	IndexLag time.Duration
	// Keys are the credentials that exist. With none, every non-empty
	// credential is good for everything.
	Keys []Key
	// Limits replace or add rate limits, by the name of the limit.
	Limits []Limit
	SLOs   []SLO
	// Monitors are those that SLOs of the type monitor are about.
	Monitors    []Monitor
	Corrections []Correction
	// GroupLimit is how many groups an answer to a metric query holds, the
	// largest ones; 0: all of them.
	GroupLimit int
	// Events are those that do not follow from anything else.
	Events []Event
	// Truth is what tests expect of the world, worked out by hand.
	Truth []Truth

	seed  uint64
	noise float64
	// dispersion is negative where counts are not left to chance.
	dispersion float64
	rhythm     *rhythm
	services   []service
	counters   []counter
	gauges     []gauge
	releases   []release
	incidents  []incident
}

// Key is one credential: an API key with an application key, or a token.
type Key struct {
	API, App, Token string
	// Scopes are what it may do; nil stands for everything.
	Scopes []string
}

// Limit is a rate limit: so many requests in each calendar-aligned period.
type Limit struct {
	Name   string
	Limit  int
	Period time.Duration
}

// Shape says in which of its historical forms an SLO is served.
type Shape string

// The forms of a metric SLO on the wire.
const (
	// ShapeBoth is today's: the specification beside the query generated from it.
	ShapeBoth Shape = "both"
	// ShapeQuery is the oldest: numerator and denominator only.
	ShapeQuery Shape = "query"
	// ShapeNested was seen around 2024: a query object for good and for total.
	ShapeNested Shape = "nested"
	// ShapeUnknown carries a specification nobody knows, and the query.
	ShapeUnknown Shape = "unknown"
)

// Type is the type of an SLO, as on the wire.
type Type string

// The types.
const (
	TypeMetric    Type = "metric"
	TypeTimeSlice Type = "time_slice"
	TypeMonitor   Type = "monitor"
)

// SLO is an SLO of one of the types, or any JSON value served as it is.
type SLO struct {
	ID, Name, Description string
	Type                  Type
	Tags                  []string
	Thresholds            []Threshold
	// Good is a metric query; so is one of Total and Bad, the other is empty.
	// They and Shape are those of the type metric.
	Good, Bad, Total string
	Shape            Shape
	// Slice is what the type time_slice measures.
	Slice *Slice
	// MonitorIDs are the monitors of the type monitor, and Groups the groups
	// selected of a single one; none selected: all of them.
	MonitorIDs        []int64
	Groups            []string
	Created, Modified time.Time
	// IndexLag, when set, replaces the world's.
	IndexLag *time.Duration
	// Own is how Datadog's own figure of it deviates.
	Own OwnFigure
	// Raw replaces everything else when it is not empty.
	Raw string
}

// Slice is what an SLO of time slices measures: a slice is good when
// Formula Comparator Threshold holds for its value.
type Slice struct {
	Formula string
	Queries []NamedQuery
	// Comparator is one of ">", ">=", "<", "<=".
	Comparator string
	Threshold  float64
	// Seconds is the length of a slice; 0: left out on the wire, where 300 is
	// then the default.
	Seconds int64
	// NoDataStrategy is served as it is, unless empty.
	NoDataStrategy string
}

// NamedQuery is a metric query by the name that formulas use.
type NamedQuery struct{ Name, Query string }

// Threshold is the objective for one timeframe.
type Threshold struct {
	// Timeframe is 7d, 30d or 90d.
	Timeframe string
	// Target and Warning are percentages; Warning is nil without one.
	Target  float64
	Warning *float64
}

// Truth is what an SLO's figures must be. What is nil or empty is not stated.
type Truth struct {
	SLO, Timeframe string
	// At is the end of the window.
	At time.Time
	// Good and Total are requests, or seconds for the time-based types.
	Good, Total, Attainment, Remaining *Range
	// State is ok, warning, breached or no_data.
	State string
}

// Range holds the numbers from Min to Max, both included.
type Range struct{ Min, Max float64 }

// Contains reports whether v lies in the range.
func (r Range) Contains(v float64) bool { return v >= r.Min && v <= r.Max }

type service struct {
	name, operation, version string
	flat, http               bool
	// grpc: statuses are codes of gRPC. legacy: durations instead of a distribution.
	grpc, legacy bool
	envs         []environment
	endpoints    []endpoint
}

type environment struct {
	name   string
	factor float64
}

type endpoint struct {
	resource string
	rate     float64
	// statuses are the shares of the traffic by status; they add up to 1.
	statuses []statusShare
	latency  lognormal
	life     life
	// flat: without rhythm and noise. rhythm, when there is one, replaces the world's.
	flat   bool
	rhythm *rhythm
	// scattered: one of many that shall not all be hit in the same second.
	scattered bool
}

type statusShare struct {
	status int
	share  float64
}

// life is when something exists, in Unix seconds; the traffic's own bounds
// where the file says nothing.
type life struct{ from, to int64 }

type counter struct {
	metric string
	tags   []string
	rate   float64
	life   life
}

type gauge struct {
	metric string
	tags   []string
	value  float64
	life   life
}

type release struct {
	service string
	at      int64
	version string
	// silent: there is no event of it. unreported: it is unknown to DORA.
	silent, unreported bool
}

type incident struct {
	service, env, resource string
	metric                 string
	tags                   []string
	from, to               int64
	ramp                   int64
	requests               float64
	errors                 float64
	status                 int
	latency                float64
}
