package timeseries

// EventKind is what happened.
type EventKind string

// The kinds, as the JSON documents name them.
const (
	// Deployment is a release: one that was reported, or a version that was seen first.
	Deployment EventKind = "deployment"
	// MonitorAlert is a monitor that changed its state.
	MonitorAlert EventKind = "monitor"
	// StatusCorrection is the begin of a status correction of an SLO.
	StatusCorrection EventKind = "correction"
	// OtherEvent is any other event.
	OtherEvent EventKind = "event"
)

// Event is one thing that happened.
type Event struct {
	// At is when it happened or began, in Unix seconds.
	At    int64
	Kind  EventKind
	Title string
	// Service, Env and Version are what it is about; empty where it does not say.
	Service, Env, Version string
	// Tags are "key:value", as they were reported.
	Tags []string
}
