package badnet_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/slo-cli/slo/internal/badnet"
)

// get asks once and says what came of it: the status and the body, or that there was an error.
func get(t *testing.T, address string) string {
	t.Helper()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return "error"
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return resp.Status + " and an error"
	}
	return resp.Status + " " + string(body)
}

// What a fault is called is what a client gets to see, and only the chosen request is damaged.
func TestFaultsAreWhatTheySay(t *testing.T) {
	t.Parallel()
	const fine = `200 OK {"data":[{"id":"a"},{"id":"b"},{"id":"c"}]}`
	asked := 0
	upstream := badnet.NewUpstream(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		asked++
		_, _ = io.WriteString(out, fine[len("200 OK "):])
	}))
	for name, c := range map[string]struct {
		fault badnet.Fault
		want  string
	}{
		"nothing":     {badnet.Nothing, fine},
		"status":      {badnet.Status(503), "503 Service Unavailable <html><body><h1>503 Service Unavailable</h1></body></html>\n"},
		"reset":       {badnet.Reset, "error"},
		"inside":      {badnet.ResetInside, "200 OK and an error"},
		"truncated":   {badnet.Truncate, "200 OK and an error"},
		"cut":         {badnet.Cut, "200 OK and an error"},
		"gzip":        {badnet.Gzip(nil), fine},
		"gzip sum":    {badnet.Gzip(badnet.FlipSum), "200 OK and an error"},
		"gzip middle": {badnet.Gzip(badnet.FlipMiddle), "200 OK and an error"},
		"gzip cut":    {badnet.Gzip(badnet.DropEnd), "200 OK and an error"},
		"appended":    {badnet.Appended("!"), fine + "!"},
		"empty":       {badnet.Constant("application/json", ""), "200 OK "},
		"pages":       {badnet.Pages(badnet.Paging{Size: 2, Uncounted: true}), `200 OK {"data":[{"id":"a"},{"id":"b"}]}`},
		"refused":     {badnet.Refuse, "error"},
	} {
		network, err := badnet.Listen(upstream)
		if err != nil {
			t.Fatal(err)
		}
		network.Obey(badnet.Nth(badnet.Listing, 1, c.fault))
		address := network.URL + "/api/v1/slo"
		if got := get(t, address); got != fine {
			t.Errorf("%s: the first request got %q", name, got)
		}
		if got := get(t, address); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
		if err := network.Reopen(); err != nil {
			t.Fatal(err)
		}
		if got := get(t, address); got != fine || network.Struck() != 1 {
			t.Errorf("%s: the third request got %q; %d were damaged", name, got, network.Struck())
		}
		network.Close()
		if got := get(t, address); got != "error" {
			t.Errorf("%s: after the end: %q", name, got)
		}
	}
	if asked != 1 {
		t.Errorf("the same was asked %d times", asked)
	}
}
