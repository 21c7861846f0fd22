package scenario_test

import (
	"math"
	"slices"
	"testing"

	"github.com/slo-cli/slo/internal/simulator/scenario"
	"pgregory.net/rapid"
)

// What is counted in one go, and the time that requests took, is what counting
// each stretch on its own gives: for dense and sparse traffic, flat or not.
func TestCountsOfStretchesOneByOne(t *testing.T) {
	t.Parallel()
	w, err := scenario.Parse("w.yaml", []byte(`
now: 2026-11-23T09:30:00Z
history: 3d
seed: 5
noise: 30%
services:
  - name: shop
    version: '1'
    endpoints:
      - {resource: dense, rate: 3, statuses: {500: 1%}, latency: {median: 50ms, spread: 0.9}}
      - {resource: flat, flat: true, rate: 0.7, statuses: {500: 0.3%}, latency: {median: 50ms, spread: 0.9}}
      - {resource: 'rare {n}', repeat: 3, flat: true, rate: 0.0011, latency: {median: 50ms, spread: 2}}
      - {resource: short, flat: true, rate: 0.01, from: -20h, to: -10h1s}
      - {resource: nightly, rate: 0.5, rhythm: {hours: [0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]}}
releases: [{service: shop, at: -17h13m, version: '2'}]
incidents:
  - {service: shop, from: -15h, for: 61m7s, requests: 0}
  - {service: shop, from: -12h, for: 20m, requests: 7, latency: 3, errors: 20%}
`))
	if err != nil {
		t.Fatal(err)
	}
	traffic, now := w.Traffic(), w.Now.Unix()
	rapid.Check(t, func(t *rapid.T) {
		all := traffic.Metric(rapid.SampledFrom([]string{"trace.http.request", "trace.http.request.errors"}).Draw(t, "metric")).Series
		s := all[rapid.IntRange(0, len(all)-1).Draw(t, "series")]
		bounds := rapid.SliceOfNDistinct(rapid.Int64Range(now-80*3600, now+3600), 1, 12, rapid.ID[int64]).Draw(t, "bounds")
		if rapid.Bool().Draw(t, "fine") {
			for at := now - 18*3600; at < now-9*3600; at += rapid.Int64Range(1, 400).Draw(t, "step") {
				bounds = append(bounds, at)
			}
		}
		slices.Sort(bounds)
		bounds = slices.Compact(bounds)
		got, want := make([]int64, len(bounds)-1), make([]int64, len(bounds)-1)
		s.AddCounts(got, bounds)
		h := scenario.NewHistogram()
		for i := range want {
			want[i] = s.Count(bounds[i], bounds[i+1])
			h.Reset()
			s.AddTo(h, bounds[i], bounds[i+1])
			spent, some := s.Time(bounds[i], bounds[i+1])
			if h.Count != want[i] || some != (want[i] > 0) || math.Abs(spent-h.Sum()) > 1e-9 {
				t.Fatalf("%d to %d: %d requests of %v s, and %d of %v s by their latencies", bounds[i], bounds[i+1], want[i], spent, h.Count, h.Sum())
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("counts at once and one by one:\n%v\n%v", got, want)
		}
	})
}

func TestServiceRefusals(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"services: [{name: a, grpc: true, http: true, endpoints: [{resource: r, rate: 1}]}]":                                        `w.yaml:2:40: a service speaks http or grpc, not both (another entry may have the same name and another operation)`,
		"services: [{name: a, grpc: true, endpoints: [{resource: r, rate: 1, statuses: {200: 1%}}]}]":                               `w.yaml:2:79: "200" is not a status code of gRPC from 0 to 16`,
		"services: [{name: a, endpoints: [{resource: r, rate: 1, repeat: 3}]}]":                                                     `w.yaml:2:65: repeat 3 is not between 1 and 50000, or the resource has no {n}`,
		"services: [{name: a, endpoints: [{resource: 'r{n}', rate: 1, repeat: 50001}]}]":                                            `w.yaml:2:70: repeat 50001 is not between 1 and 50000, or the resource has no {n}`,
		"services: [{name: a, endpoints: [{resource: r, rate: 1, rhythm: {hours: [1]}}]}]":                                          `w.yaml:2:73: hours are not 24 numbers of at least 0, one for each hour of the day in UTC`,
		"services: [{name: a, endpoints: [{resource: r, rate: 1}]}, {name: a, endpoints: [{resource: r, rate: 1}]}]":                `w.yaml:2:67: service "a" is described twice`,
		"services: [{name: a, grpc: true, endpoints: [{resource: r, rate: 1}]}]\nincidents: [{service: a, from: -1h, status: 503}]": `w.yaml:3:45: 503 is not a status code of gRPC from 0 to 16`,
		"group_limit: -1":                            `w.yaml:2:14: group_limit -1 is not a number of groups`,
		"events: [{at: -1h}]":                        `w.yaml:2:10: title is missing`,
		"events: [{at: -1h, title: t, tags: [a]}]":   `w.yaml:2:36: "a" is not a tag such as service:checkout`,
		"events: [{at: -1h, title: t, status: ill}]": `w.yaml:2:38: status "ill" is not one of info, error, warning, success`,
	} {
		if _, err := scenario.Parse("w.yaml", []byte("now: 2026-11-23T09:30:00Z\n"+text+"\n")); err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", text, err, want)
		}
	}
}
