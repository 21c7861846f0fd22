package cache_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/slo-cli/slo/internal/cache"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// victimFolder tells a child of the test binary where to write until it is killed.
const victimFolder = "SLO_TEST_CACHE_VICTIM"

func TestMain(m *testing.M) {
	if folder := os.Getenv(victimFolder); folder != "" {
		victim(folder)
	}
	os.Exit(m.Run())
}

var victimNow = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func victimCache(store cache.Store) *cache.Cache {
	return cache.Open(cache.Config{Store: store, Now: func() time.Time { return victimNow }})
}

func victimKey(i int) string { return fmt.Sprintf("sum:victim%d{*}", i%7) }

// victimValue is the settled value of every key at an instant.
func victimValue(at int64) float64 { return float64(at / 60 % 100_003) }

// victim writes more and more days, round after round.
func victim(folder string) {
	for round := 0; ; round++ {
		c := victimCache(cache.Dir(folder))
		for i := range 14 {
			back := int64((round*5+i*3)%80) + 2
			start := timeseries.Floor(victimNow.Unix(), day) - back*day
			span := timeseries.Span{Start: start, End: start + int64(1+(round+i)%9)*day}
			s := timeseries.Blank(span, 300)
			for k := range s.Values {
				s.Values[k] = victimValue(span.Start + int64(k)*300)
			}
			c.Keep(timeseries.Request{Queries: []string{victimKey(i)}, Span: span, Step: 300},
				[]timeseries.Answer{{Groups: []timeseries.Group{{Series: s}}}})
			c.File("listing", []byte(fmt.Sprintf("round %d", round)))
		}
		c.Flush()
		fmt.Println("round", round)
	}
}
