package cache_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/slo-cli/slo/internal/cache"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// traffic is counts as a service has them: a daily wave and noise.
func traffic(seed uint64, span timeseries.Span, step int64) timeseries.Series {
	random := rand.New(rand.NewPCG(seed, 1))
	s := timeseries.Blank(span, step)
	for i := range s.Values {
		hour := float64((s.Start+int64(i)*step)%86_400) / 3600
		level := 500 + 40*hour
		s.Values[i] = float64(int64(level + random.NormFloat64()*20))
	}
	return s
}

func BenchmarkHeld(b *testing.B) {
	const step = 300
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	end := timeseries.Floor(now.Unix(), 86_400) - 86_400
	span := timeseries.Span{Start: end - 90*86_400, End: end}
	for _, keys := range []int{100, 1000} {
		b.Run(fmt.Sprintf("keys=%d", keys), func(b *testing.B) {
			store := cache.Dir(b.TempDir())
			open := func() *cache.Cache {
				return cache.Open(cache.Config{Store: store, Now: func() time.Time { return now }})
			}
			c := open()
			names := make([]string, keys)
			for i := range names {
				names[i] = fmt.Sprintf("sum:http.requests{service:s%d,env:prod} by {endpoint}.as_count()", i)
				c.Keep(timeseries.Request{Queries: names[i : i+1], Span: span, Step: step},
					[]timeseries.Answer{{Groups: []timeseries.Group{{Series: traffic(uint64(i), span, step)}}}})
			}
			started := time.Now()
			if notes := c.Close(b.Context()); len(notes) > 0 {
				b.Fatal(notes)
			}
			b.Logf("close after keeping: %v", time.Since(started))
			all, err := cache.Survey(store)
			if err != nil {
				b.Fatal(err)
			}
			planning, loops := time.Duration(0), 0
			for b.Loop() {
				c, begun := open(), time.Now()
				for _, name := range names {
					c.Held(name, step)
				}
				planning, loops = planning+time.Since(begun), loops+1
				for _, name := range names {
					for _, s := range c.Held(name, step) {
						if _, ok := c.Series(name, step, s); !ok {
							b.Fatal("gone")
						}
					}
				}
			}
			b.ReportMetric(float64(planning.Milliseconds())/float64(loops), "ms-held/op")
			b.ReportMetric(float64(all.Bytes)/float64(keys), "B/key")
			b.ReportMetric(float64(all.Files)/float64(keys), "files/key")
		})
	}
}

// A cold board asks in pieces, each for all queries; days grow with every piece.
func BenchmarkKeep(b *testing.B) {
	const step, keys, pieces = 300, 100, 18
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	end := timeseries.Floor(now.Unix(), 86_400) - 86_400
	var requests []timeseries.Request
	var answers [][]timeseries.Answer
	for piece := range int64(pieces) {
		r := timeseries.Request{Span: timeseries.Span{Start: end - (pieces-piece)*5*86_400, End: end - (pieces-piece-1)*5*86_400}, Step: step}
		var a []timeseries.Answer
		for key := range keys {
			r.Queries = append(r.Queries, fmt.Sprintf("sum:http.requests{service:s%d}.as_count()", key))
			a = append(a, timeseries.Answer{Groups: []timeseries.Group{{Series: traffic(uint64(key), r.Span, step)}}})
		}
		requests, answers = append(requests, r), append(answers, a)
	}
	for b.Loop() {
		c := cache.Open(cache.Config{Store: cache.Dir(b.TempDir()), Now: func() time.Time { return now }})
		for i, r := range requests {
			c.Keep(r, answers[i])
		}
		if notes := c.Close(b.Context()); len(notes) > 0 {
			b.Fatal(notes)
		}
	}
}
