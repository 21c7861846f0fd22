package datadog

import "bytes"

// DecodeSeriesForTest is the bare decoder: fuzzing and benchmarks must not go
// through a server, and the answer type is nobody else's business.
func DecodeSeriesForTest(body []byte) (times []int64, values [][]float64, err error) {
	p, err := readSeries(bytes.NewReader(body))
	return p.times, p.values, err
}
