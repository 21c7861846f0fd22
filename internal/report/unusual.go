package report

import "time"

// Unusual is what the board says of signals that are unusual: how many there are
// to tell of, since when was looked, and what to type to see them.
type Unusual struct {
	Signals int
	Since   time.Time
	Command string
}

// line is the last line of the board; empty where there is nothing to tell.
func (u *Unusual) line() string {
	if u == nil || u.Signals == 0 {
		return ""
	}
	return UnusualLine(u.Signals, u.Since, u.Command)
}

func (u *Unusual) payload() *unusualJSON {
	if u == nil {
		return nil
	}
	return &unusualJSON{Signals: u.Signals, Since: u.Since.UTC(), Command: u.Command}
}
