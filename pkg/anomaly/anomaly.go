package anomaly

import "github.com/slo-cli/slo/pkg/timeseries"

// Measure is what the values of a series are.
type Measure int

// The measures.
const (
	// Counts are events in each bucket: requests, errors. A bucket without a
	// point is unknown, not zero; whoever knows that nothing came writes 0.
	Counts Measure = iota
	// Levels are anything else that is measured: a mean latency, a share.
	Levels
)

// Alarm is the score from which on a bucket is unusual.
const Alarm = 7

// View is what a [Detector] sees in a series: one entry a bucket. Its slices
// belong to the detector and hold until it looks at another series.
type View struct {
	// Scores say how many times the usual wobble a bucket lies off what was
	// expected; 0 where nothing can be said. Alarm is where it is unusual.
	Scores []float32
	// Expected is what was expected of the bucket, NaN where nothing was.
	Expected []float32
	// Wobble is the usual deviation from that, NaN where it is not known.
	Wobble []float32
	// Warm is the first bucket of which something can be said, len(Scores) where there is none.
	Warm int
	// Days is how many days of history there are before the last bucket.
	Days float64
}

// Kind is the shape of a finding.
type Kind string

// The kinds of findings.
const (
	Spike   Kind = "spike"   // up, and back within hours
	Drop    Kind = "drop"    // down, and back within hours
	Shift   Kind = "shift"   // to another level, and there it stayed
	Drift   Kind = "drift"   // slowly to another level
	Silence Kind = "silence" // nothing where something was expected
	Burst   Kind = "burst"   // errors beyond what the requests explain
	New     Kind = "new"     // never seen before
	Gone    Kind = "gone"    // never seen since
)

// Finding is one unusual stretch of a series.
type Finding struct {
	Kind Kind
	// Span is from the first to the last unusual bucket.
	Span timeseries.Span
	// Open says that nothing can be told of its end yet: it goes on in the newest hour.
	Open bool
	// Lasting says that a Shift, Drift, New or Gone had not returned by the end of
	// the series: Span reaches to it.
	Lasting bool
	// Largest says that no hour outside of Span has a score as large.
	Largest bool
	// Observed, Expected and Wobble are means a bucket over Span; of a Drift that
	// is Lasting over its newest day, which says where it has come to. Of what is
	// Lasting, buckets count as long as the level before is remembered: 35 days.
	// Wobble is that of two weeks before where the stretch itself is most of it.
	Observed, Expected, Wobble float64
	// Peak is the bucket value that is farthest off.
	Peak float64
	// Ratio is Observed ÷ Expected: +Inf where nothing was expected.
	Ratio float64
	// Score is the largest score of the stretch, in wobbles.
	Score float64
	// Record says how the score compares with the series' own history: Score ÷ the
	// third largest hourly maximum of the rest of the series; large is rare.
	Record float64
	// Small says that the effect lies between 0.67 and 1.5 times what was expected.
	Small bool
	// Short says that there was too little history for a season.
	Short bool
}
