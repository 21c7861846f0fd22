package simulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/slo-cli/slo/internal/simulator"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// world loads an embedded world.
func world(t testing.TB, name string) *scenario.World {
	t.Helper()
	w, err := scenario.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// parsed reads a world written in the test.
func parsed(t testing.TB, text string) *scenario.World {
	t.Helper()
	w, err := scenario.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func serve(t testing.TB, c simulator.Config) *simulator.Server {
	t.Helper()
	s, err := simulator.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ask sends one request with keys and returns the answer.
func ask(t testing.TB, h http.Handler, method, target, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("DD-API-KEY", "key")
	r.Header.Set("DD-APPLICATION-KEY", "app")
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec
}

// get asks for a path, expects status 200 and decodes the answer.
func get[T any](t testing.TB, h http.Handler, target string) T {
	t.Helper()
	return decode[T](t, ask(t, h, "GET", target, ""), target)
}

func post[T any](t testing.TB, h http.Handler, target, body string) T {
	t.Helper()
	return decode[T](t, ask(t, h, "POST", target, body), target+" "+body)
}

func decode[T any](t testing.TB, rec *httptest.ResponseRecorder, what string) T {
	t.Helper()
	var v T
	if rec.Code != http.StatusOK {
		t.Fatalf("%s: status %d: %s", what, rec.Code, rec.Body)
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &v); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	return v
}

type historyAnswer struct {
	Data struct {
		Series struct {
			Interval               int64
			Times                  []int64
			Numerator, Denominator struct {
				Values []float64
				Sum    float64
				Count  int
			}
		}
		Overall struct {
			SLIValue  *float64           `json:"sli_value"`
			State     string             `json:"state"`
			Remaining map[string]float64 `json:"error_budget_remaining"`
		}
	}
}

func history(t testing.TB, h http.Handler, id string, from, to int64, more string) historyAnswer {
	t.Helper()
	return get[historyAnswer](t, h, fmt.Sprintf("/api/v1/slo/%s/history?from_ts=%d&to_ts=%d%s", id, from, to, more))
}

func windowSeconds(t testing.TB, timeframe string) int64 {
	t.Helper()
	seconds, ok := map[string]int64{"7d": 7 * 86400, "30d": 30 * 86400, "90d": 90 * 86400}[timeframe]
	if !ok {
		t.Fatalf("timeframe %q", timeframe)
	}
	return seconds
}

// What a world's author worked out by hand is what Datadog's own history says,
// also when the world is moved.
func TestTruth(t *testing.T) {
	t.Parallel()
	for _, name := range scenario.Names() {
		// Whole weeks and a little: rules for weekdays mean the same days.
		for _, shift := range []time.Duration{0, 6*7*24*time.Hour + 5*time.Minute} {
			t.Run(fmt.Sprintf("%s moved by %s", name, shift), func(t *testing.T) {
				t.Parallel()
				w := world(t, name)
				s := serve(t, simulator.Config{World: w, Shift: shift})
				for _, truth := range w.Truth {
					checkTruth(t, s, w, truth, shift)
				}
			})
		}
	}
}

func checkTruth(t *testing.T, s *simulator.Server, w *scenario.World, truth scenario.Truth, shift time.Duration) {
	t.Helper()
	for _, o := range w.SLOs {
		// The truth is the documented reckoning; some figures deviate from it on purpose.
		if o.Name != truth.SLO || !o.Own.Documented() {
			continue
		}
		for _, threshold := range o.Thresholds {
			if threshold.Timeframe != truth.Timeframe {
				continue
			}
			to := truth.At.Add(shift).Unix()
			from := to - windowSeconds(t, truth.Timeframe)
			got := history(t, s, o.ID, from, to, "").Data
			good, total, err := s.Counted(o.ID, from, to)
			if err != nil {
				t.Fatal(err)
			}
			if n, d := got.Series.Numerator.Sum, got.Series.Denominator.Sum; o.Type == scenario.TypeMetric && (n != good || d != total) {
				t.Errorf("%s %s: the history says %v of %v, counted were %v of %v", truth.SLO, truth.Timeframe, n, d, good, total)
			}
			check := func(what string, want *scenario.Range, got float64) {
				t.Helper()
				if want != nil && !want.Contains(got) {
					t.Errorf("%s %s at %s: %s is %v, want %v to %v", truth.SLO, truth.Timeframe, truth.At, what, got, want.Min, want.Max)
				}
			}
			check("good", truth.Good, good)
			check("total", truth.Total, total)
			state := "no_data"
			if sli := got.Overall.SLIValue; sli != nil {
				check("attainment", truth.Attainment, 100*good/total)
				if want := 100 * good / total; *sli != want && (o.Type == scenario.TypeMetric || float32(*sli) != float32(want)) {
					t.Errorf("%s %s: sli_value is %v, want %v", truth.SLO, truth.Timeframe, *sli, want)
				}
				state = "ok"
				if *sli < threshold.Target {
					state = "breached"
				} else if threshold.Warning != nil && *sli < *threshold.Warning {
					state = "warning"
				}
			}
			if truth.Remaining != nil {
				asked := history(t, s, o.ID, from, to, fmt.Sprintf("&target=%v", threshold.Target)).Data.Overall.Remaining["custom"]
				check("remaining", truth.Remaining, asked)
			}
			if truth.State != "" && state != truth.State {
				t.Errorf("%s %s: state %s, want %s", truth.SLO, truth.Timeframe, state, truth.State)
			}
		}
	}
}
