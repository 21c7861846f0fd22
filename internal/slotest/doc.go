// Package slotest is the test room of the arithmetic in pkg/slo. It holds
// generators of objectives, questions and evidence for property tests, and the
// vector language, in which cases worked out by hand are written down so that
// somebody who does not program can read and extend them.
//
// # The vector language
//
// A file (testdata/vectors/*.slotest) is a list of cases. What follows a # is a comment.
//
//	case a bad half hour
//	load 5m from 2026-01-01T00:00Z
//	  valid  100*12
//	  good   100*5 0 100*6
//	slo metric target 99.9% warning 99.95% window 1h
//	assess at 2026-01-01T01:00Z
//	  attainment        ~91.6667%
//	  budget.remaining  -98.8 events
//	  burn 1h           ~83.3333
//	  state             breached
//
// "case" begins afresh: nothing is loaded and nothing is defined.
//
// "load STEP from TIME" opens a run of buckets. Its values are separated by
// spaces, and a side may be continued on further lines:
//
//	100       one bucket
//	100*12    twelve buckets of 100
//	_         a bucket without a point; _*12 for twelve
//	5+2x4     a ramp of four: 5 7 9 11; 5-2x4 goes down
//
// The sides are "valid" and either "good" or "bad" (good = valid − bad). A side
// that is left out has no points. Several runs may follow one another.
//
// # Time slices
//
//	case one slow slice in an hour, and one in which nothing was measured
//	load 5m from 2026-01-01T00:00Z
//	  value  0.2*10 0.9 _
//	slo time_slice < 0.5 target 99% window 1h
//	assess at 2026-01-01T01:00Z
//	  good      3300 seconds
//	  coverage  ~0.916667
//
// Slices are loaded 1m or 5m long, and have a "value". One that was not loaded
// has none. ? is a slice without a value whose queries have points all the same
// (0 ÷ 0): it is covered.
//
// # Monitors
//
//	monitor from 2026-01-01T00:00:08Z
//	  up 3h  down 5m  silent 10m
//	  up 20m down 5m  times 3
//	  up
//
// Each state is followed by how long it lasts; only the very last may go without
// and lasts to the end. "times 3" says all of the line three times. "silent" is
// Datadog's state without data. Nothing counts before the first state.
//
// "silence up", "down", "carried" or "removed" says how time without data counts
// (removed: not at all; the test was paused). Slices without a value are up
// unless it says down or removed; silent monitors without a silence line are an error.
//
// "track NAME" begins a group, or a monitor: the load, monitor and silence lines
// below belong to it. Of several tracks all must be up.
//
// # Corrections
//
//	correct from 2026-01-01T02:00Z to 2026-01-01T03:00Z
//
// What that does follows from the kind of objective: events are dropped, slices
// are up, time of monitors does not count. "edge by_start", "any_overlap" or
// "wholly_inside" says what becomes of buckets (of 5m) and slices that a
// correction touches only in part; by_start without such a line.
//
// # Questions
//
// "slo metric", "slo monitor" and "slo time_slice < 0.5" (also <=, > and >=: what
// makes a slice good) are followed by target, warning and window; besides 7d and
// 36h a window may be 14466s.
//
// "known from TIME to TIME" says for which stretch the data was asked; without
// it, for everything that the question reaches over. "since TIME" names the previous meeting.
//
// "assess at TIME" asks, and the lines under it say what the answer must be;
// "assess at TIME of NAME" asks it of one track alone:
//
//	state               ok, warning, breached or no_data
//	attainment          in percent
//	attainment.float32  the same in single precision, as Datadog's answers have it, to the last digit
//	good, total         sums over the window
//	unit                requests or seconds
//	coverage            0 to 1
//	budget.total        budget.consumed, budget.remaining, budget.remaining_percent
//	budget              none
//	burn 1h             also 6h, 1d and 3d
//	previous.attainment previous.remaining_percent, previous.spent, previous.aged_out, all in percent
//	previous            none
//	trend               remaining percent at the end of each of the last days, oldest first
//	exhausted_at        an instant, or never
//	newest              from TIME to TIME: where the newest point lies; or never
//	fell 20%            from TIME to TIME: the bucket with which no more than 20 percent of the budget was left; or never
//	recovers 20%        the instant from which more is left again at the present pace, or never
//	recovers.quiet 20%  the same if nothing fails any more
//	burn from TIME to TIME   the burn rate over that part of the last 7 days; also good and total
//	notes               codes, or none
//	error               coarse (a bucket straddles a cut), or transitions (they make no history)
//
// "fell attainment 99.5%" and "recovers attainment 99.5%" are about an attainment:
// where it was first below that, and when it will be at least that again. Of
// what there is no budget for, fell and recovers are unknown.
//
// A number must be met to twelve digits; with ~ in front it must be met when
// rounded to the decimals that are written; "unknown" means that there must be no
// number. Percent signs and the words events, requests and seconds may follow a number and change nothing.
package slotest
