package datadog_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/internal/datadog"
	"github.com/slo-cli/slo/pkg/slo"
)

func TestReported(t *testing.T) {
	t.Parallel()
	client, server := connect(t, always(200, fixture(t, "v1/slo_search.json")))
	got, notes, err := client.Reported(t.Context())
	if err != nil || len(notes) != 0 {
		t.Fatal(notes, err)
	}
	const auth, empty = "11111111111111111111111111111111", "22222222222222222222222222222222"
	want := []slo.Reported{
		{SLOID: auth, Timeframe: slo.SevenDays, Attainment: slo.Known(99.90405942762656), RemainingPercent: slo.Known(80.812), IndexedAt: 1772366400, Decimals: 2},
		{SLOID: auth, Timeframe: slo.ThirtyDays, Attainment: slo.Known(98.5), RemainingPercent: slo.Known(-50), IndexedAt: 1772366400, Decimals: 2},
		{SLOID: empty, Timeframe: slo.SevenDays, IndexedAt: 1772365980, Decimals: -1, Problem: "The denominator is zero valued"},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(slo.Figure{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	r := server.requests[0]
	if r.URL.Path != "/api/v1/slo/search" || r.URL.Query().Get("page[size]") != "100" || r.URL.Query().Get("page[number]") != "0" {
		t.Errorf("asked for %s", r.URL)
	}
	if n := client.Counts()[datadog.CallReported]; n != 1 || server.calls() != 1 {
		t.Errorf("%d of %d calls counted", n, server.calls())
	}
}

// found is one element of the search, about the SLO with the given number.
func found(id int) string {
	return fmt.Sprintf(`{"data":{"id":"%d","attributes":{"overall_status":[{"timeframe":"7d","target":99,"status":99.5}]}}}`, id)
}

// foundIDs is a page of the search; a total below 0 is left out.
func foundIDs(total int, ids ...int) string {
	var all []string
	for _, id := range ids {
		all = append(all, found(id))
	}
	body := `{"data":{"attributes":{"slos":[` + strings.Join(all, ",") + `]}}`
	if total >= 0 {
		body += fmt.Sprintf(`,"meta":{"pagination":{"size":100,"total":%d}}`, total)
	}
	return body + "}"
}

// window is what a server shows of n elements from an offset on.
func window(n, offset, size int) []int { return span(min(n, offset), min(n, offset+size)) }

func TestPagesOfTheSearch(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		page func(number, size int) string
		want int // windows
		most int // requests
		note string
		fail string
	}{
		{"several pages", func(number, size int) string { return foundIDs(750, window(750, number*size, size)...) }, 750, 8, "", ""},
		{"nothing", func(int, int) string { return foundIDs(0) }, 0, 1, "", ""},
		{"exactly one page", func(number, size int) string { return foundIDs(100, window(100, number*size, size)...) }, 100, 1, "", ""},
		{"without a total", func(number, size int) string { return foundIDs(-1, window(250, number*size, size)...) }, 250, 4, "", ""},
		{"without a total, exactly full", func(number, size int) string { return foundIDs(-1, window(200, number*size, size)...) }, 200, 3, "", ""},
		{"fewer per page than asked, the page counted in what was asked", func(number, size int) string {
			return foundIDs(95, window(95, number*size, min(size, 10))...)
		}, 95, 10, "", ""},
		{"fewer per page than asked, the page counted in the server's size", func(number, size int) string {
			return foundIDs(95, window(95, number*min(size, 30), min(size, 30))...)
		}, 95, 4, "", ""},
		{"fewer per page than asked, without a total", func(number, size int) string {
			return foundIDs(-1, window(25, number*size, min(size, 10))...)
		}, 25, 4, "", ""},
		{"one per page", func(number, size int) string { return foundIDs(7, window(7, number*size, 1)...) }, 7, 7, "", ""},
		{"the page number is ignored", func(_, size int) string { return foundIDs(250, window(250, 0, size)...) }, 100, 3, "datadog_figures_incomplete", ""},
		{"the page number is ignored, without a total", func(_, size int) string { return foundIDs(-1, window(250, 0, size)...) }, 100, 2, "", ""},
		{"a total that is too large", func(number, size int) string { return foundIDs(5000, window(150, number*size, size)...) }, 150, 6, "datadog_figures_incomplete", ""},
		{"a total beyond all reason", func(number, size int) string {
			return strings.Replace(foundIDs(0, window(150, number*size, size)...), `"total":0`, `"total":1e15`, 1)
		}, 150, 6, "datadog_figures_incomplete", ""},
		{"a total that is no number", func(number, size int) string {
			return strings.Replace(foundIDs(0, window(150, number*size, size)...), `"total":0`, `"total":"many"`, 1)
		}, 150, 3, "", ""},
		{"pages that overlap", func(number, size int) string { return foundIDs(190, window(190, number*size-number*10, size)...) }, 190, 2, "", ""},
		{"no end", func(number, _ int) string { return foundIDs(-1, number) }, 0, 1000, "", "no end"},
		{"a total that grows for ever", func(number, _ int) string { return foundIDs(number+9, number) }, 0, 1004, "", "no end"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var now, most atomic.Int64
			client, server := connect(t, func(w http.ResponseWriter, r *http.Request) {
				for n := now.Add(1); ; {
					if old := most.Load(); n <= old || most.CompareAndSwap(old, n) {
						break
					}
				}
				defer now.Add(-1)
				number, err1 := strconv.Atoi(r.URL.Query().Get("page[number]"))
				size, err2 := strconv.Atoi(r.URL.Query().Get("page[size]"))
				if err1 != nil || err2 != nil || size < 1 || size > 100 {
					t.Errorf("asked for %s", r.URL)
				}
				io.WriteString(w, tt.page(number, size))
			})
			got, notes, err := client.Reported(t.Context())
			if server.calls() > tt.most {
				t.Errorf("%d requests, want at most %d", server.calls(), tt.most)
			}
			if n := most.Load(); n > 4 {
				t.Errorf("%d requests at once", n)
			}
			if tt.fail != "" {
				wantDefect(t, err, slo.Invalid, tt.fail)
				return
			}
			if err != nil || len(got) != tt.want {
				t.Fatalf("%d windows, want %d; %v", len(got), tt.want, err)
			}
			for i, r := range got {
				if r.SLOID != strconv.Itoa(i) {
					t.Fatalf("number %d is the SLO %s", i, r.SLOID)
				}
			}
			var codes string
			for _, n := range notes {
				codes += n.Code
			}
			if codes != tt.note {
				t.Errorf("notes %v, want %q", notes, tt.note)
			}
		})
	}
}

func TestFiguresThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, status string
		want         slo.Reported
	}{
		{"text for a figure", `"status":"99.9","error_budget_remaining":"n/a","target":"99"`, slo.Reported{
			Decimals: -1,
			Problem:  `status is "99.9", which is not a number; error_budget_remaining is "n/a", which is not a number`,
		}},
		{"wrong kinds everywhere", `"status":{},"target":[],"indexed_at":"soon","span_precision":-3,"state":7,"error":7`, slo.Reported{
			Decimals: -1, Problem: "7; status is {}, which is not a number",
		}},
		{"a figure beyond the range", `"status":1e999`, slo.Reported{Decimals: -1, Problem: "status is 1e999, which is not a number"}},
		{"zero is a figure", `"status":0,"error_budget_remaining":0,"span_precision":0,"indexed_at":1772366400000`, slo.Reported{
			Attainment: slo.Known(0), RemainingPercent: slo.Known(0), IndexedAt: 1772366400,
		}},
		{"no figure and only a state", `"status":null,"state":"no_data"`, slo.Reported{Decimals: -1, Problem: "the state is no_data"}},
		{"a target that is none", `"status":99,"target":250`, slo.Reported{Attainment: slo.Known(99), Decimals: -1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client, _ := connect(t, always(200, `{"data":{"attributes":{"slos":[{"data":{"id":"1","attributes":{"overall_status":[{"timeframe":"30d",`+tt.status+`}]}}}]}}}`))
			got, notes, err := client.Reported(t.Context())
			if err != nil || len(notes) != 0 {
				t.Fatal(notes, err)
			}
			tt.want.SLOID, tt.want.Timeframe = "1", slo.ThirtyDays
			if diff := cmp.Diff([]slo.Reported{tt.want}, got, cmp.AllowUnexported(slo.Figure{})); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestElementsOfTheSearchThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for bad, word := range map[string]string{
		`null`: "number 2", `7`: "number 2", `"x"`: "number 2", `{}`: "number 2", `{"data":null}`: "number 2", `{"data":[1]}`: "number 2",
		`{"data":{"id":7,"attributes":{}}}`:                       "number 2",
		`{"data":{"id":"b","attributes":7}}`:                      `"b"`,
		`{"data":{"id":"b","attributes":{"overall_status":7}}}`:   `"b"`,
		`{"data":{"id":"b","attributes":{"overall_status":[7]}}}`: `"b"`,
	} {
		client, _ := connect(t, always(200, `{"data":{"attributes":{"slos":[`+found(1)+`,`+bad+`,`+found(3)+`]}},"meta":{"pagination":{"total":3}}}`))
		got, notes, err := client.Reported(t.Context())
		if err != nil || len(got) != 2 || len(notes) != 1 || !strings.Contains(notes[0].Text, word) {
			t.Errorf("%s: %v, %v, %v", bad, got, notes, err)
		}
	}
	// Windows of unknown length and SLOs without windows are nothing to talk about.
	for _, fine := range []string{`{"timeframe":"custom","status":99}`, `{"timeframe":null}`, `{"timeframe":7}`} {
		client, _ := connect(t, always(200, `{"data":{"attributes":{"slos":[{"data":{"id":"1","attributes":{"overall_status":[`+fine+`]}}}]}}}`))
		if got, notes, err := client.Reported(t.Context()); err != nil || len(got) != 0 || len(notes) != 0 {
			t.Errorf("%s: %v, %v, %v", fine, got, notes, err)
		}
	}
}

func TestAnswersOfTheSearchThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for body, kind := range map[string]slo.DefectKind{
		`<html>`: slo.Unavailable, ``: slo.Unavailable, `null`: slo.Unavailable, `[]`: slo.Unavailable,
		`{}`: slo.Invalid, `{"data":null}`: slo.Invalid, `{"data":[]}`: slo.Invalid, `{"data":{"attributes":{"slos":null}}}`: slo.Invalid,
		`{"data":{"attributes":{"slos":{}}}}`: slo.Invalid, `{"errors":["no"]}`: slo.Invalid,
	} {
		client, _ := connect(t, always(200, body))
		_, _, err := client.Reported(t.Context())
		wantDefect(t, err, kind, "searching for Datadog's own figures")
	}
	// A page in the middle that fails is the failure of all.
	client, _ := connect(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("page[number]") == "2" {
			w.WriteHeader(403)
			return
		}
		number, _ := strconv.Atoi(r.URL.Query().Get("page[number]"))
		io.WriteString(w, foundIDs(400, window(400, number*100, 100)...))
	})
	_, _, err := client.Reported(t.Context())
	wantDefect(t, err, slo.Auth, "slos_read")
}

func FuzzReported(f *testing.F) {
	f.Add(fixture(f, "v1/slo_search.json"))
	f.Add(foundIDs(2, 1))
	f.Fuzz(func(t *testing.T, body string) {
		client, _ := connect(t, always(200, body))
		got, _, err := client.Reported(t.Context())
		if err != nil {
			return
		}
		if !json.Valid([]byte(body)) {
			t.Fatal("accepted what is not JSON")
		}
		for _, r := range got {
			if r.SLOID == "" || r.Timeframe <= 0 || r.Decimals < -1 || r.IndexedAt < 0 {
				t.Errorf("accepted %+v", r)
			}
		}
	})
}
