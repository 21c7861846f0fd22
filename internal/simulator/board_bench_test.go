package simulator_test

import (
	"testing"

	"github.com/slo-cli/slo/internal/simulator"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// What a first board asks for, cold: 104 days of every SLO at an hour, and the
// last two weeks at five minutes; ten queries a request.
func BenchmarkBoardCold(b *testing.B) {
	for _, name := range []string{"default", "big"} {
		b.Run("world="+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w := world(b, name)
				s := serve(b, simulator.Config{World: w})
				now := w.Now.Unix()
				for _, queries := range boardQueries(w) {
					for at := now - 104*86400; at < now; at += 1500 * 3600 {
						queryV2(b, s, at, min(at+1500*3600, now), 3600, queries)
					}
					for at := now - 14*86400; at < now; at += 1500 * 300 {
						queryV2(b, s, at, min(at+1500*300, now), 300, queries)
					}
				}
			}
		})
	}
}

// boardQueries are the SLOs' queries in lists of ten.
func boardQueries(w *scenario.World) [][]string {
	var lists [][]string
	var all []string
	for _, o := range w.SLOs {
		all = append(all, o.Good, o.Total+o.Bad)
	}
	for at := 0; at < len(all); at += 10 {
		lists = append(lists, all[at:min(at+10, len(all))])
	}
	return lists
}
