package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"testing"
	"time"
)

const (
	// naiveSample is how many SLOs the naive way is run for; the rest is scaled.
	naiveSample = 10
	// naiveChunk is how long a stretch one request asks for: 1,440 buckets of
	// five minutes, as Datadog makes the buckets longer past 1,500.
	naiveChunk  = 5 * 24 * time.Hour
	naiveBucket = 5 * time.Minute
)

// naive does what a first script does: list the SLOs, and for each of them, each
// window, each chunk of time and each of its two queries send one request, one after the other.
type naive struct {
	b   *testing.B
	url string
}

// counts are the good and the valid events of a window.
type counts struct{ good, total float64 }

// naiveRequests is how many requests that takes for all SLOs.
func naiveRequests(slos int, windows ...time.Duration) int {
	n := 1
	for _, w := range windows {
		n += slos * 2 * int((w+naiveChunk-1)/naiveChunk)
	}
	return n
}

// naiveSLO is what a script reads of an SLO.
type naiveSLO struct {
	Name  string
	Query struct{ Numerator, Denominator string }
}

// board does it for the first SLOs of the listing, and says what it found by name.
func (n naive) board(sample int, to time.Time, windows ...time.Duration) map[string][]counts {
	var listing struct{ Data []naiveSLO }
	n.get(http.MethodGet, "/api/v1/slo?limit=1000", nil, &listing)
	found := map[string][]counts{}
	for _, o := range listing.Data[:sample] {
		for _, w := range windows {
			var c counts
			for from := to.Add(-w); from.Before(to); from = from.Add(naiveChunk) {
				end := from.Add(naiveChunk)
				if end.After(to) {
					end = to
				}
				c.good += n.sum(o.Query.Numerator, from, end)
				c.total += n.sum(o.Query.Denominator, from, end)
			}
			found[o.Name] = append(found[o.Name], c)
		}
	}
	return found
}

// sum is what a query counts in a stretch of time.
func (n naive) sum(query string, from, to time.Time) float64 {
	question := fmt.Sprintf(`{"data":{"type":"timeseries_request","attributes":{"from":%d,"to":%d,"interval":%d,`+
		`"queries":[{"data_source":"metrics","name":"a","query":%q}],"formulas":[{"formula":"a"}]}}}`,
		from.UnixMilli(), to.UnixMilli(), naiveBucket.Milliseconds(), query)
	var answer struct {
		Data struct {
			Attributes struct{ Values [][]float64 }
		}
	}
	n.get(http.MethodPost, "/api/v2/query/timeseries", []byte(question), &answer)
	sum := 0.0
	for _, values := range answer.Data.Attributes.Values {
		for _, v := range values {
			sum += v
		}
	}
	return sum
}

func (n naive) get(method, path string, body []byte, answer any) {
	n.b.Helper()
	request, err := http.NewRequest(method, n.url+path, bytes.NewReader(body))
	if err != nil {
		n.b.Fatal(err)
	}
	request.Header.Set("DD-API-KEY", "a1b2c3")
	request.Header.Set("DD-APPLICATION-KEY", "d4e5f6")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		n.b.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		n.b.Fatalf("%s %s: %s %s (%v)", method, path, response.Status, text, err)
	}
	if err := json.Unmarshal(text, answer); err != nil {
		n.b.Fatal(err)
	}
}

// naive runs the naive way for a sample and scales it to all SLOs. What it
// counts must be what the board shows: only then do both do the same work.
func (r *rig) naive(b *testing.B, board []byte, windows ...time.Duration) sum {
	b.Helper()
	r.front.now.Store(r.world.Now.Unix())
	r.front.take()
	start := time.Now()
	found := naive{b, r.url}.board(naiveSample, r.world.Now, windows...)
	wall, t := time.Since(start), r.front.take()
	if want := naiveRequests(naiveSample, windows...); t.requests != want || t.deep != want {
		b.Fatalf("the naive way sent %d requests, %d deep; want %d, one after the other", t.requests, t.deep, want)
	}
	agree(b, board, found)
	scale := float64(r.slos) / naiveSample
	all := naiveRequests(r.slos, windows...)
	return sum{
		runs: 1, requests: all, deep: all,
		wire: int64(scale * float64(t.wire)), wall: time.Duration(scale * float64(wall)),
	}
}

// agree holds what the naive way found against a board.
func agree(b *testing.B, board []byte, found map[string][]counts) {
	b.Helper()
	var shown struct {
		SLOs []struct {
			Name    string
			Windows []struct{ Good, Total float64 }
		}
	}
	if err := json.Unmarshal(board, &shown); err != nil {
		b.Fatal(err)
	}
	near := func(x, y float64) bool { return math.Abs(x-y) <= 1e-9*math.Abs(x) }
	seen := 0
	for _, o := range shown.SLOs {
		windows, sampled := found[o.Name]
		if !sampled {
			continue
		}
		seen++
		for i, w := range windows {
			if i >= len(o.Windows) || !near(w.good, o.Windows[i].Good) || !near(w.total, o.Windows[i].Total) || w.total == 0 {
				b.Fatalf("%s: the naive way counts %v, slo shows %v", o.Name, windows, o.Windows)
			}
		}
	}
	if seen != len(found) {
		b.Fatalf("the naive way knows %d SLOs, slo shows %d of them", len(found), seen)
	}
}
