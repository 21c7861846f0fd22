package main

import (
	"bytes"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"
)

const day = 24 * time.Hour

// BenchmarkLook runs "slo status" over 90 days with 50 ms latency a request:
// with an empty cache, again with what that run kept, and again an hour and a
// day later; and beside it the naive way, of which the ratios are taken. A board
// from the cache must be the very board of a run without one.
func BenchmarkLook(b *testing.B) {
	binary := build(b, b.TempDir(), ".")
	for _, c := range []struct {
		slos      int
		timeframe string
		windows   []time.Duration
	}{
		{50, "90d", []time.Duration{90 * day}},
		{50, "all", []time.Duration{7 * day, 30 * day, 90 * day}},
		{500, "90d", []time.Duration{90 * day}},
	} {
		b.Run(fmt.Sprintf("slos=%d/timeframe=%s", c.slos, c.timeframe), func(b *testing.B) {
			r := newRig(b, binary, c.slos)
			kept := emptyCache(b)
			// The first run of all is not measured: it lets the simulator compute.
			first := r.look(b, 0, c.timeframe, kept)
			naive := sync.OnceValue(func() sum { return r.naive(b, first.stdout, c.windows...) })
			b.Run("way=naive", func(b *testing.B) {
				for b.Loop() {
					naive()
				}
				n := naive()
				b.ReportMetric(float64(n.wall), "ns/op")
				b.ReportMetric(float64(n.requests), "requests/op")
				b.ReportMetric(float64(n.wire), "wire-bytes/op")
				b.ReportMetric(float64(n.deep), "rtt-depth")
				b.Logf("scaled from %d SLOs to %d", naiveSample, c.slos)
			})
			b.Run("way=cold", func(b *testing.B) {
				var s sum
				for b.Loop() {
					s.add(r.look(b, 0, c.timeframe, emptyCache(b)))
				}
				s.report(b)
				s.against(b, naive())
				r.reportCache(b, kept)
			})
			for _, later := range []struct {
				name  string
				after time.Duration
			}{{"warm", 0}, {"warm+1h", time.Hour}, {"warm+1d", day}} {
				b.Run("way="+later.name, func(b *testing.B) {
					want := first.stdout
					if later.after > 0 {
						want = r.look(b, later.after, c.timeframe, emptyCache(b)).stdout
					}
					var s sum
					for b.Loop() {
						b.StopTimer()
						// A look adds to its cache, and the next one is to find what this one found.
						cache := emptyCache(b)
						if err := os.CopyFS(cache, os.DirFS(kept)); err != nil {
							b.Fatal(err)
						}
						b.StartTimer()
						l := r.look(b, later.after, c.timeframe, cache)
						if !bytes.Equal(l.stdout, want) {
							b.Fatalf("the board from the cache is another than the board without:\n%s\n%s", l.stdout, want)
						}
						s.add(l)
					}
					s.report(b)
					s.against(b, naive())
				})
			}
		})
	}
}

// BenchmarkGrowth shows what a board costs, cold and warm, as SLOs and windows grow.
func BenchmarkGrowth(b *testing.B) {
	binary := build(b, b.TempDir(), ".")
	for _, slos := range []int{50, 100, 200, 500} {
		b.Run(fmt.Sprintf("slos=%d", slos), func(b *testing.B) {
			r := newRig(b, binary, slos)
			for _, timeframe := range []string{"7d", "30d", "90d"} {
				kept := emptyCache(b)
				r.look(b, 0, timeframe, kept)
				b.Run("window="+timeframe+"/way=cold", func(b *testing.B) {
					var s sum
					for b.Loop() {
						s.add(r.look(b, 0, timeframe, emptyCache(b)))
					}
					s.report(b)
					r.reportCache(b, kept)
				})
				b.Run("window="+timeframe+"/way=warm", func(b *testing.B) {
					var s sum
					for b.Loop() {
						s.add(r.look(b, 0, timeframe, kept))
					}
					s.report(b)
				})
			}
		})
	}
}
