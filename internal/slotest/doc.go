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
// "known from TIME to TIME" says for which stretch the data was asked; without
// it, for everything that the question reaches over. "since TIME" names the previous meeting.
//
// "assess at TIME" asks, and the lines under it say what the answer must be:
//
//	state               ok, warning, breached or no_data
//	attainment          in percent
//	good, total         sums over the window
//	coverage            0 to 1
//	budget.total        budget.consumed, budget.remaining, budget.remaining_percent
//	budget              none
//	burn 1h             also 6h, 1d and 3d
//	previous.attainment previous.remaining_percent, previous.spent, previous.aged_out, all in percent
//	previous            none
//	trend               remaining percent at the end of each of the last days, oldest first
//	exhausted_at        an instant, or never
//	notes               codes, or none
//	error               coarse
//
// A number must be met to twelve digits; with ~ in front it must be met when
// rounded to the decimals that are written; "unknown" means that there must be no
// number. Percent signs and the words events, requests and seconds may follow a number and change nothing.
package slotest
