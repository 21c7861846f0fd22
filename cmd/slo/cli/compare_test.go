package cli_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/internal/simulator"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// world is an embedded world, and the instant it is looked at.
func world(t *testing.T, name string) (*scenario.World, string) {
	t.Helper()
	w, err := scenario.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return w, w.Now.UTC().Format(time.RFC3339)
}

type shownDocument struct {
	Schema     string
	SLO        struct{ Error *struct{ Kind string } }
	Comparison []struct {
		Timeframe, Unit string
		Agrees          *bool
		Reason          *string
		Ours, Datadog   struct {
			Corrected, Uncorrected struct{ Attainment, Good, Total *float64 }
		}
		Corrections []struct{ ID string }
	}
}

// slo show --compare: ours and Datadog's of every window, or of one; without it no figures.
func TestShowCompare(t *testing.T) {
	t.Parallel()
	steady, at := world(t, "steady")
	server := serve(t, steady)
	show := func(args ...string) shownDocument {
		t.Helper()
		got := runSLO(t.Context(), server.URL, nil, append([]string{"show", "-o", "json", "--at", at}, args...)...)
		if got.code != 0 || got.stderr != "" {
			t.Fatalf("show %v: code %d, %s", args, got.code, got.stderr)
		}
		var doc shownDocument
		if err := json.Unmarshal([]byte(got.stdout), &doc); err != nil {
			t.Fatal(err)
		}
		return doc
	}
	all := show("shop availability", "--compare")
	var windows []string
	for _, c := range all.Comparison {
		windows = append(windows, c.Timeframe)
		if c.Agrees == nil || !*c.Agrees || c.Unit != "requests" || c.Datadog.Corrected.Good == nil || *c.Datadog.Corrected.Good != *c.Ours.Corrected.Good {
			t.Errorf("%s: %+v", c.Timeframe, c)
		}
	}
	if got := strings.Join(windows, " "); got != "7d 30d 90d" {
		t.Errorf("windows %s, want all three", got)
	}
	if one := show("shop availability", "--compare", "--timeframe", "30d"); len(one.Comparison) != 1 || one.Comparison[0].Timeframe != "30d" {
		t.Errorf("--timeframe 30d: %+v", one.Comparison)
	}
	if none := show("shop availability"); none.Comparison != nil {
		t.Errorf("without --compare: %+v", none.Comparison)
	}
	listed := 0
	for _, r := range server.Config.Handler.(*simulator.Server).Requests() {
		if r.Path == "/api/v1/slo" {
			listed++
		}
	}
	if listed != 3 {
		t.Errorf("three runs listed the SLOs %d times", listed)
	}
}

// An SLO that cannot be evaluated is printed, and the run is partial.
func TestShowCompareOfADefect(t *testing.T) {
	t.Parallel()
	odd, at := world(t, "odd")
	got := runSLO(t.Context(), serve(t, odd).URL, nil, "show", "type of the future", "--compare", "-o", "json", "--at", at)
	var doc shownDocument
	if err := json.Unmarshal([]byte(got.stdout), &doc); err != nil || got.code != 6 || !strings.Contains(got.stderr, "could not be evaluated: ") {
		t.Fatalf("code %d, %v, %s", got.code, err, got.stderr)
	}
	if doc.SLO.Error == nil || doc.SLO.Error.Kind != "unsupported" || doc.Comparison == nil || len(doc.Comparison) > 0 {
		t.Errorf("%+v", doc)
	}
}

// Credentials that may not read histories end the run with code 4 and nothing
// on stdout: for an SLO whose evidence they are, and for one that only compares.
func TestShowCompareWithoutPermission(t *testing.T) {
	t.Parallel()
	w, at := world(t, "default")
	inner := serve(t, w)
	guarded := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/history") {
			out.Header().Set("Content-Type", "application/json")
			out.WriteHeader(http.StatusForbidden)
			_, _ = out.Write([]byte(`{"status":"error","code":403,"errors":["Forbidden"]}`))
			return
		}
		inner.Config.Handler.ServeHTTP(out, r)
	}))
	t.Cleanup(guarded.Close)
	for _, name := range []string{"orders database accepts writes", "checkout availability"} {
		got := runSLO(t.Context(), guarded.URL, nil, "show", name, "--compare", "--at", at)
		if got.code != 4 || got.stdout != "" || !strings.Contains(got.stderr, "slo: error: ") {
			t.Errorf("%s: code %d, stdout %q, stderr %q", name, got.code, got.stdout, got.stderr)
		}
	}
}

// Wrong usage is named before anything is sent.
func TestFlagsAboutFigures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"status", "--max-requests", "0"}, "--max-requests 0: want a number of requests from 1 on"},
		{[]string{"status", "--max-requests", "-3"}, "--max-requests -3: want"},
		{[]string{"status", "--max-requests", "many"}, `"many" for "--max-requests"`},
		{[]string{"show", "x", "--compare", "--max-requests", "0"}, "--max-requests 0: want"},
		{[]string{"show", "x", "--compare", "--timeframe", "31d"}, `--timeframe "31d": want 7d, 30d, 90d or all`},
		{[]string{"show", "x", "--timeframe", "30d"}, "--timeframe is about figures, which slo show computes only with --compare"},
		{[]string{"show", "x", "--max-requests", "5"}, "--max-requests is about figures"},
		{[]string{"show", "x", "--compare", "--at", "tomorrow"}, `--at "tomorrow"`},
	} {
		got := runSLO(t.Context(), "http://127.0.0.1:1", nil, c.args...)
		if got.code != 2 || got.stdout != "" || !strings.Contains(got.stderr, c.want) {
			t.Errorf("%v: code %d, stdout %q, stderr %q, want %q", c.args, got.code, got.stdout, got.stderr, c.want)
		}
	}
}

// Past --max-requests time slice SLOs are on the board all the same, and a note says from what.
func TestMaxRequests(t *testing.T) {
	t.Parallel()
	w, at := world(t, "default")
	server := serve(t, w)
	noted := func(args ...string) string {
		t.Helper()
		got := runSLO(t.Context(), server.URL, nil, append([]string{"status", "--at", at}, args...)...)
		if got.code != 0 {
			t.Fatalf("%v: code %d, %s", args, got.code, got.stderr)
		}
		return got.stdout
	}
	if out := noted(); strings.Contains(out, "--max-requests") {
		t.Errorf("the default is not enough for the default world:\n%s", out)
	}
	if out := noted("--max-requests", "1"); !strings.Contains(out, "--max-requests is 1") {
		t.Errorf("--max-requests 1 is not said to have been passed:\n%s", out)
	}
}

// The glossary has every code that a document may give as a reason.
func TestGlossaryHasEveryReason(t *testing.T) {
	t.Parallel()
	glossary := runSLO(t.Context(), "", nil, "help", "glossary").stdout
	for _, reason := range []evaluation.Reason{
		evaluation.IndexAge, evaluation.LateData, evaluation.CorrectionsOff, evaluation.CorrectionEdge, evaluation.DefinitionChanged,
		evaluation.MissingData, evaluation.GroupSet, evaluation.Precision, evaluation.Preview, evaluation.Unexplained,
	} {
		if !strings.Contains(glossary, "\n  "+string(reason)+" ") && !strings.Contains(glossary, "\n  "+string(reason)+"\n") {
			t.Errorf("%s is not explained", reason)
		}
	}
}

// The shell completes what the new flags take.
func TestFlagsComplete(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, want string }{
		{"show x --timeframe ", "30d"}, {"status --timeframe ", "90d"}, {"show x --comp", "--compare"},
	} {
		parts := strings.Split(c.args, " ")
		if got := runSLO(t.Context(), "", nil, append([]string{"__complete"}, parts...)...); !strings.Contains(got.stdout, c.want) {
			t.Errorf("%s completes to %q", c.args, got.stdout)
		}
	}
	if got := runSLO(t.Context(), "", nil, "__complete", "status", "--max-requests", ""); !strings.HasPrefix(got.stdout, ":4\n") {
		t.Errorf("--max-requests completes to %q, want nothing, and no file names", got.stdout)
	}
}
