package scenario

import "time"

// Monitor is a monitor, with the whole history of its states.
type Monitor struct {
	ID   int64
	Name string
	// Type is as on the wire: "query alert", "service check", "synthetics alert" and so on.
	Type, Query string
	// Options are served as they are. They decide how time without data counts.
	Options map[string]any
	// Test is the public id of the synthetic test behind it, or empty.
	Test              string
	Tags              []string
	Created, Modified time.Time
	// Phase is how many seconds after the full minute it is evaluated; its
	// transitions are on that second.
	Phase int64
	// Own is the state of the monitor as a whole when it has no groups, and of
	// a grouped synthetic test, which is better than that of its groups together.
	Own    Track
	Groups []MonitorGroup
	// NoResults: created seconds ago, no history yet.
	NoResults bool
	// Deleted: an SLO still names it, but it cannot be read any more.
	Deleted bool
}

// MonitorGroup is one group of a monitor.
type MonitorGroup struct {
	// Name is its tags joined by commas, such as "env:prod,host:a".
	Name string
	Track
}

// Track is how a monitor or a group stood over time: up where it was neither
// down nor silent. Intervals are in order and disjoint.
type Track struct {
	// Down is time in alert, Silent time without data (or paused).
	Down, Silent []Interval
	// From is when it came to be, a Unix second; 0: it always existed.
	From int64
}

// Interval is the stretch [From, To) in Unix seconds of the world's own time.
type Interval struct{ From, To int64 }

// Correction is a status correction, or any JSON value served as it is.
type Correction struct {
	ID string
	// SLO is the name of the SLO that it is for and SLOID its id; both are
	// empty when Query says which SLOs it is for.
	SLO, SLOID, Query string
	// Start and End are Unix seconds. End is 0 where none was written; so is
	// Duration, the seconds of one occurrence.
	Start, End, Duration int64
	// Rule is the recurrence rule, or empty.
	Rule                            string
	Timezone, Category, Description string
	// Raw replaces everything else when it is not empty.
	Raw string
}
