package timeseries

// MetricInfo is what is known of a metric beside its values.
type MetricInfo struct {
	// Type is count, rate, gauge or distribution; empty where it is not known.
	Type string
	// Unit is the unit of the values, such as second or nanosecond; empty where it is not known.
	Unit string
}
