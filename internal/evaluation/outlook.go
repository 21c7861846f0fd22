package evaluation

import "github.com/slo-cli/slo/pkg/slo"

// Outlook is what a run would ask of Datadog.
type Outlook struct {
	// SLOs is how many objectives were selected and can be evaluated.
	SLOs int
	// Lines are in the order in which they would be asked.
	Lines []OutlookLine
	Notes []slo.Note
}

// OutlookLine is one kind of request.
type OutlookLine struct {
	Kind string
	// Asked is how many requests there would be; unknown where that depends on
	// answers that are not there.
	Asked slo.Figure
	// Cached is how many requests the cache saves.
	Cached slo.Figure
	Detail string
}
