// Package slo is the arithmetic of service level objectives: how much was
// good, what that leaves of the error budget, how fast the budget burns, and
// when it ends. It is pure: values and instants in, values and notes out.
//
// # The formulas
//
// Over a window [from, to) let good and valid be sums of events (for
// time-based objectives: seconds), bad = valid − good, and let the target be a percentage:
//
//	attainment (SLI)   = 100 · good ÷ valid                      percent, not clamped
//	allowed            = valid · (100 − target) ÷ 100             the error budget
//	consumed           = bad
//	remaining          = allowed − bad                            negative when overspent
//	remaining percent  = 100 · remaining ÷ allowed                = 100 · (SLI − target) ÷ (100 − target)
//	burn rate over w   = (bad in w ÷ valid in w) ÷ (1 − target ÷ 100)
//	expense of w       = 100 · bad in w ÷ allowed                  in percent of today's budget, wherever w lies
//
// The words and the burn rate are those of Google's SRE workbook, chapter 5
// "Alerting on SLOs"; the budget formula is Datadog's ("Service Level
// Objectives": error budget). An objective is breached when the attainment lies below its
// target, which is the same as remaining < 0; both are decided without rounding.
//
// Where valid is zero there is no attainment: the state is [NoData], every
// figure that would need a division is unknown, and unknown is not zero. A
// target of 100 allows nothing, so it has a state but neither a budget nor burn rates.
//
// # The way down and the way up
//
// A level L of the budget, in percent, is lost where the bad events of the window, added
// up from its start, first reach allowed · (100 − L) ÷ 100: exactly the level is not more
// than it. An attainment A is lost where they first exceed valid · (100 − A) ÷ 100. The level 0 is
// where the budget ends, so [Crossing].Fell is the bucket of [Assessment].ExhaustedAt.
//
// The way ahead is the same for all: x seconds after the end of a window of W seconds
//
//	bad(x) = what of today's bad lies x seconds or more after the window's start
//	       + x · (bad ÷ valid of the last day, or three) · (valid ÷ W)
//
// against today's allowance; the second line is 0 where nothing fails any more ("quiet"). Events of
// one hour of the clock leave evenly over the hour, bad seconds one by one. ExhaustedAt is the first x
// at which nothing is left, Recovers and RecoversQuiet the first at which the level holds again.
//
// # Time-based objectives
//
// A [Timeline] says for every second whether it was up, whether it counts, and
// whether there was data. Good is the time that was up, valid the time that
// counts; groups and monitors together are up where all of them are ([AllUp]).
// Datadog's figures are the same percentage, cast once to float32.
//
//	slice      a multiple of 60 or 300 s; up where its value compares well, and where it has none
//	monitor    down while it alerts; time without data counts by its settings ([SilencePolicy])
//
// # Status corrections
//
// What begins inside [start, end) is corrected: a bucket of events is dropped
// from both sides, a slice counts as up, a monitor's second is removed
// (Datadog, "SLO status corrections"). [EdgeRules] are the ways in which Datadog
// may treat what a correction touches only in part.
//
// # Windows
//
// Windows are half-open and roll: thirty days are 30 · 86,400 seconds. All
// instants are multiples of [BucketSeconds]. [Cuts] lists the instants at
// which sums are needed; whoever brings the evidence must see to it that no bucket straddles one.
package slo
