package document

// Check is one thing that was looked at; the formats of CI systems list them.
type Check struct {
	// Group is whose it is: an SLO, or the whole of the command.
	Group string
	// Name is what was looked at, once in each group.
	Name    string
	Outcome Outcome
	// Message is one line: what was found.
	Message string
	// Detail are further lines.
	Detail []string
}

// Outcome is how a [Check] came out.
type Outcome int

// The outcomes. What was not decided is not good.
const (
	CheckUndecided Outcome = iota
	CheckPassed
	CheckWarned
	CheckFailed
)
