package timeseries

// ScalarQuery asks for one number a group over a whole span: Aggregator is how
// the points of the query become one, in Datadog's words (sum, avg, percentile, …).
// What cannot be put together from points, such as a percentile, is computed by
// Datadog from everything in the span.
type ScalarQuery struct{ Query, Aggregator string }

// ScalarRequest asks a metrics source for one number a group for several queries
// over one span.
type ScalarRequest struct {
	Queries []ScalarQuery
	Span    Span
}

// Scalar is the number of one tag combination. Tags are as in [Group].
type Scalar struct {
	Tags  []string
	Value float64
}

// ScalarAnswer is what came back for one query: its groups (none when there was
// no point at all), or the error that belongs to it alone.
type ScalarAnswer struct {
	Groups []Scalar
	Err    error
}
