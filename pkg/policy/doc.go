// Package policy decides whether a release may go out: it holds assessments
// of service level objectives against an error budget policy and says which
// rule holds, which does not, and why. It is pure: values and instants in, a
// [Decision] out. It fails closed: what is not known to be good is not passed.
//
// # The rules
//
// For every window of every objective, in this order:
//
//	evaluated   the objective could be evaluated at all
//	target      the objective has a target for the timeframe that was asked for
//	data        there is data in the window, of all that the objective measures, and not more good than total
//	events      metric objectives: at least that many events in the window
//	coverage    time-based objectives: share of the window in which there was data
//	freshness   the newest point is at most so old
//	budget      more than so many percent of the error budget are left
//	attainment  at least so many percent were good
//	burn_1h     the budget does not burn too fast, over the last hour and the last 5 minutes
//	burn_6h     the same over 6 hours and 30 minutes
//	burn_24h    the same over 24 hours and 2 hours
//
// and for the whole gate:
//
//	expect      at least so many objectives were selected
//	require     certain objectives are among them
//	freeze      no freeze calendar is closed
//
// Where a bucket has more good than total events, totals are late or lost. Each
// such event is taken to cancel one failure and to hide another; a rule that
// would then be violated, and blocks, is undecided.
//
// A burn rule fires while the burn rates over its long and its short window
// are both above the threshold (SRE workbook, chapter 5, "Multiwindow,
// Multi-Burn-Rate Alerts"; short is a twelfth of long). Datadog recommends
// thresholds for 7, 30 and 90 days ("Burn rate alerts"); for other timeframes
// of W hours they are W × 2 % ÷ 1, W × 5 % ÷ 6 and W × 10 % ÷ 24, at least 1.
package policy
