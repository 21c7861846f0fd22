package simulator_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slo-cli/slo/internal/simulator"
)

func faults(t testing.TB, specs ...string) simulator.Faults {
	t.Helper()
	f, err := simulator.ParseFaults(specs)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFaultStatuses(t *testing.T) {
	t.Parallel()
	codes := func(n int, path string, specs ...string) []int {
		s := serve(t, simulator.Config{World: world(t, "steady"), Faults: faults(t, specs...)})
		var got []int
		for range n {
			got = append(got, ask(t, s, "GET", path, "").Code)
		}
		return got
	}
	for _, c := range []struct {
		path  string
		specs []string
		want  []int
	}{
		{"/api/v1/slo", nil, []int{200, 200}},
		{"/api/v1/slo", []string{"503"}, []int{503, 503, 503}},
		{"/api/v1/slo", []string{"503:2"}, []int{503, 503, 200, 200}},
		{"/api/v1/slo", []string{"429:1", "500:2"}, []int{429, 500, 500, 200}},
		{"/api/v1/slo", []string{"/api/v1/query=502", "/api/v1/slo=504:1"}, []int{504, 200}},
		{"/api/v1/validate", []string{"/api/v1/slo=503"}, []int{200}},
		{"/nowhere", []string{"500:1"}, []int{500, 404}},
	} {
		if diff := cmp.Diff(c.want, codes(len(c.want), c.path, c.specs...)); diff != "" {
			t.Errorf("%v on %s (-want +got):\n%s", c.specs, c.path, diff)
		}
	}
	// A share holds closely over any run, and is the same in every run.
	once, again := codes(200, "/api/v1/validate", "503:10%"), codes(200, "/api/v1/validate", "503:10%")
	if diff := cmp.Diff(once, again); diff != "" {
		t.Errorf("two runs differ:\n%s", diff)
	}
	failed := 0
	for _, code := range once {
		if code == 503 {
			failed++
		}
	}
	if failed < 18 || failed > 22 {
		t.Errorf("%d of 200 requests failed, want about 20", failed)
	}
}

func TestFaultAnswers(t *testing.T) {
	t.Parallel()
	answer := func(spec string) *httptest.ResponseRecorder {
		s := serve(t, simulator.Config{World: world(t, "steady"), Faults: faults(t, spec)})
		return ask(t, s, "GET", "/api/v1/slo", "")
	}
	if h := answer("429").Header(); h.Get("X-RateLimit-Reset") != "1" || h.Get("X-RateLimit-Remaining") != "0" || h.Get("X-RateLimit-Name") != "slo_get_all" {
		t.Errorf("429 has the headers %v", h)
	}
	if h := answer("429-noreset").Header(); h.Get("X-RateLimit-Reset") != "" {
		t.Errorf("429-noreset has the headers %v", h)
	}
	if rec := answer("html"); rec.Code != 200 || !strings.Contains(rec.Body.String(), "<h1>") || !strings.HasPrefix(rec.Header().Get("Content-Type"), "text/html") {
		t.Errorf("html: %d %s", rec.Code, rec.Body)
	}
	if rec := answer("empty"); rec.Code != 200 || rec.Body.Len() != 0 {
		t.Errorf("empty: %d %s", rec.Code, rec.Body)
	}
	if rec := answer("503"); strings.Contains(rec.Body.String(), "errors") || rec.Code != 503 {
		t.Errorf("503: %d %s", rec.Code, rec.Body)
	}
}

func TestBrokenConnections(t *testing.T) {
	t.Parallel()
	for spec, whole := range map[string]bool{"reset:1": false, "truncate:1": false, "slow:1ms": true} {
		s := serve(t, simulator.Config{World: world(t, "steady"), Faults: faults(t, spec)})
		server := httptest.NewServer(s)
		defer server.Close()
		fetch := func() (int, error) {
			r, err := http.NewRequestWithContext(t.Context(), "POST", server.URL+"/api/v2/query/timeseries", strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer token")
			resp, err := server.Client().Do(r)
			if err != nil {
				return 0, err
			}
			defer resp.Body.Close()
			_, err = io.Copy(io.Discard, resp.Body)
			return resp.StatusCode, err
		}
		if code, err := fetch(); (err == nil) != whole {
			t.Errorf("%s: %d, %v", spec, code, err)
		} else if spec == "truncate:1" && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v, want an unexpected end", spec, err)
		}
		if code, err := fetch(); code != 400 || err != nil {
			t.Errorf("after %s: %d, %v", spec, code, err)
		}
	}
}

func TestSlowAndCoarse(t *testing.T) {
	t.Parallel()
	w := world(t, "steady")
	now := w.Now.Unix()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, simulator.Config{World: w, Faults: faults(t, "slow:250ms:1")})
		start := time.Now()
		ask(t, s, "GET", "/api/v1/slo", "")
		if took := time.Since(start); took != 250*time.Millisecond {
			t.Errorf("the slow answer took %s", took)
		}
	})
	s := serve(t, simulator.Config{World: w, Faults: faults(t, "coarsen")})
	times := queryV2(t, s, now-3600, now, 300, []string{"sum:trace.http.request.hits{*}.as_count()"}).Data.Attributes.Times
	if step := (times[1] - times[0]) / 1000; step != 600 {
		t.Errorf("the coarsened interval is %d, want 600", step)
	}
}

func TestParseFaultsRefusals(t *testing.T) {
	t.Parallel()
	for spec, part := range map[string]string{
		"": `unknown kind ""`, "418": `unknown kind "418"`, "slow": "needs a duration", "slow:fast": "not a positive duration", "503:0": "from 1",
		"503:x": "neither a number", "503:0%": "above 0%", "503:101%": "up to 100%", "503:1:2": "too many parts", "/api/v1/slo": "no =", "/api=": "unknown kind",
		"503:-3": "from 1", "slow:1s:2:3": "too many parts",
	} {
		_, err := simulator.ParseFaults([]string{"429:3", spec})
		if err == nil || !strings.Contains(err.Error(), part) || !strings.Contains(err.Error(), "slow:DURATION") || !strings.HasPrefix(err.Error(), "fault ") {
			t.Errorf("%q: %v, want an error with %q and the grammar", spec, err, part)
		}
	}
}

// Text stands where a number is expected, in the percentages of SLOs and
// nowhere else.
func TestFaultText(t *testing.T) {
	t.Parallel()
	w := world(t, "steady")
	s := serve(t, simulator.Config{World: w, Faults: faults(t, "text")})
	plain := serve(t, simulator.Config{World: w})
	id := w.SLOs[0].ID
	window := fmt.Sprintf("from_ts=%d&to_ts=%d", w.Now.Unix()-86400, w.Now.Unix())
	for target, want := range map[string][]string{
		"/api/v1/slo/" + id + "/history?" + window: {".data.overall.sli_value", ".data.overall.uptime"},
		"/api/v2/slo/" + id + "/status?" + window:  {".data.attributes.error_budget_remaining", ".data.attributes.sli"},
		"/api/v1/slo/search?query=legacy": {
			".data.attributes.slos[0].data.attributes.overall_status[0].error_budget_remaining", ".data.attributes.slos[0].data.attributes.overall_status[0].status",
			".data.attributes.slos[0].data.attributes.status.error_budget_remaining", ".data.attributes.slos[0].data.attributes.status.sli",
		},
		"/api/v1/slo/" + id: nil,
		"/api/v1/validate":  nil,
	} {
		before, after := numbersOf(t, plain, target), numbersOf(t, s, target)
		var texts []string
		for _, path := range before {
			if !slices.Contains(after, path) {
				texts = append(texts, path)
			}
		}
		if diff := cmp.Diff(want, texts); diff != "" {
			t.Errorf("%s (-want +got):\n%s", target, diff)
		}
	}
}

// numbersOf are the paths of the numbers in an answer, sorted.
func numbersOf(t *testing.T, s *simulator.Server, target string) []string {
	t.Helper()
	var v any
	decodeInto(t, ask(t, s, "GET", target, "").Body.Bytes(), &v)
	var paths []string
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case float64:
			paths = append(paths, path)
		case map[string]any:
			for k, x := range v {
				walk(path+"."+k, x)
			}
		case []any:
			for i, x := range v {
				walk(fmt.Sprintf("%s[%d]", path, i), x)
			}
		}
	}
	walk("", v)
	slices.Sort(paths)
	return paths
}
