package cli_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slo-cli/slo/cmd/slo/cli"
	"github.com/slo-cli/slo/internal/badnet"
	"github.com/slo-cli/slo/internal/iostreams"
)

// TestFaultsOfTheHost are those that hit the first request, whatever it is: the
// address, the connection, the certificate.
func TestFaultsOfTheHost(t *testing.T) {
	t.Parallel()
	w := newFaultWorld(t)
	const closed = "http://127.0.0.1:1" // nothing listens there
	plain := w.listen(t)
	secured := func(host string, until time.Time) *badnet.Network {
		n, err := badnet.ListenTLS(w.upstream, host, until)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(n.Close)
		return n
	}
	for _, c := range []struct {
		name, url string
		says      []string // one of them
	}{
		{"refused", closed, []string{"cannot connect to " + closed}},
		{"no such host", "http://datadog.invalid", []string{"datadog.invalid"}},
		{"https to a plain port", strings.Replace(plain.URL, "http://", "https://", 1), []string{"does not speak TLS"}},
		{"certificate that nobody trusts", secured("127.0.0.1", time.Now().Add(time.Hour)).URL, []string{"certificate is not trusted"}},
		{"certificate of yesterday", secured("127.0.0.1", time.Now().Add(-24*time.Hour)).URL, []string{"expired"}},
		{"certificate of another host", secured("elsewhere.invalid", time.Now().Add(time.Hour)).URL, []string{"certificate is not trusted"}},
		{"http to a secured port", strings.Replace(secured("127.0.0.1", time.Now().Add(time.Hour)).URL, "https://", "http://", 1), []string{"HTTP 400"}},
	} {
		for _, command := range [][]string{{"status"}, {"doctor"}} {
			t.Run(c.name+"/"+command[0], func(t *testing.T) {
				t.Parallel()
				cache := t.TempDir()
				const timeout = 5 * time.Second
				env := map[string]string{"DD_API_KEY": secretAPIKey, "DD_APP_KEY": secretAppKey}
				start := time.Now()
				got := runSLO(t.Context(), c.url, env, append(command, "-o", "json", "--debug", "--cache-dir", cache, "--timeout", timeout.String())...)
				if took := time.Since(start); took > timeout+grace {
					t.Errorf("took %s", took)
				}
				code, message, hints, err := complaintOf(got)
				if err != nil || got.code != 5 || code != 5 || got.stdout != "" || len(hints) == 0 {
					t.Fatalf("code %d, stdout %q, stderr %s (%v)", got.code, got.stdout, got.stderr, err)
				}
				if !strings.Contains(message, c.says[0]) {
					t.Errorf("%q does not say %q", message, c.says)
				}
				if where := shownSecret(got, cache); where != "" {
					t.Errorf("a credential stands in %s", where)
				}
			})
		}
	}
}

// A redirect is not followed: the keys would go where it leads.
func TestKeysDoNotFollowRedirects(t *testing.T) {
	t.Parallel()
	w := newFaultWorld(t)
	var visits atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visits.Add(1) }))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		network := w.listen(t)
		network.Obey(badnet.Everything(badnet.Redirect(status, elsewhere.URL+"/")))
		got, _ := w.run(t.Context(), network, faultRun{cache: t.TempDir(), timeout: "30s"})
		if got.code != 5 || got.stdout != "" || !strings.Contains(got.stderr, "redirects to") {
			t.Errorf("%d: code %d, %s", status, got.code, got.stderr)
		}
	}
	if n := visits.Load(); n > 0 {
		t.Errorf("redirects were followed %d times", n)
	}
}

// The environment of a child that is to be slo; see TestChildIsSLO.
const childArgs = "SLO_TEST_CHILD_ARGS"

// TestChildIsSLO is slo itself when a test starts this program again: net/http
// reads the proxy settings of a process once, from its true environment.
func TestChildIsSLO(t *testing.T) {
	args, ours := os.LookupEnv(childArgs)
	if !ours {
		t.Skip("for other tests to start")
	}
	os.Exit(cli.Main(t.Context(), strings.Split(args, "\x1f"), os.LookupEnv, iostreams.System(os.Getenv)))
}

// A proxy that wants credentials is named, with what to do, for plain addresses and for tunnels.
func TestProxyThatWantsCredentials(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	proxy := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		out.Header().Set("Proxy-Authenticate", `Basic realm="corp"`)
		out.WriteHeader(http.StatusProxyAuthRequired)
		fmt.Fprint(out, r.Header) // whatever it has seen, it gives back
	}))
	defer proxy.Close()
	for _, address := range []string{"http://datadog.invalid", "https://datadog.invalid"} {
		for _, command := range []string{"status", "doctor"} {
			folder := t.TempDir()
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			child := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestChildIsSLO$")
			child.Dir = folder
			child.Env = []string{
				"HTTP_PROXY=" + strings.Replace(proxy.URL, "http://", "http://user:"+secretAppKey+"@", 1), "HTTPS_PROXY=" + proxy.URL,
				"DD_HOST=" + address, "DD_API_KEY=" + secretAPIKey, "DD_APP_KEY=" + secretAppKey, "HOME=" + folder, "TMPDIR=" + folder,
				childArgs + "=" + strings.Join([]string{command, "-o", "json", "--debug", "--timeout", "10s"}, "\x1f"),
			}
			var stdout, stderr bytes.Buffer
			child.Stdout, child.Stderr = &stdout, &stderr
			var ended *exec.ExitError
			if err := child.Run(); !errors.As(err, &ended) {
				t.Fatalf("%v; %s%s", err, stdout.String(), stderr.String())
			}
			cancel()
			got := outcome{ended.ExitCode(), stdout.String(), stderr.String()}
			_, message, hints, err := complaintOf(got)
			if err != nil || got.code != 5 || got.stdout != "" || !strings.Contains(message, "407") || !strings.Contains(strings.Join(hints, " "), "HTTPS_PROXY") {
				t.Errorf("%s %s: code %d, stdout %q, stderr %s (%v)", command, address, got.code, got.stdout, got.stderr, err)
			}
			if where := shownSecret(got, folder); where != "" {
				t.Errorf("%s %s: a credential stands in %s", command, address, where)
			}
		}
	}
	if asked.Load() == 0 {
		t.Error("the proxy was never asked")
	}
}

// slo doctor names what is wrong for every kind of request that it tries.
func TestDoctorUnderFaults(t *testing.T) {
	t.Parallel()
	w := newFaultWorld(t)
	var all sync.WaitGroup // they wait more than they compute, so all at once
	for _, kind := range []badnet.Kind{badnet.Probe, badnet.Listing, badnet.Corrections, badnet.Series} {
		for name, c := range map[string]struct {
			damage badnet.Fault
			code   int
			says   string
		}{
			"status 403":     {badnet.Status(403), 4, "HTTP 403"},
			"status 503":     {badnet.Status(503), 5, "HTTP 503"},
			"limited":        {badnet.RateLimited("3600"), 5, "rate limit"},
			"reset":          {badnet.Reset, 5, "broke off"},
			"truncated":      {badnet.Truncate, 5, "incomplete"},
			"gzip broken":    {badnet.Gzip(badnet.FlipSum), 5, "gzip"},
			"headers never":  {badnet.Hang, 5, outOfTime},
			"a byte at once": {badnet.Drip(time.Second), 5, outOfTime},
			"empty":          {badnet.Constant("application/json", ""), 5, "is empty"},
			"null":           {badnet.Constant("application/json", "null"), 5, "is null"},
			"HTML":           {badnet.Constant("text/html", "<html>"), 5, "not JSON"},
			"an error":       {badnet.Constant("application/json", `{"errors":["the moon is full"]}`), 5, "the moon is full"},
			"redirect":       {badnet.Redirect(302, "http://elsewhere.invalid/"), 5, "redirects to elsewhere.invalid"},
			"keys":           {badnet.Echo(400), 5, "[redacted]"},
		} {
			all.Go(func() {
				network, err := badnet.Listen(w.upstream)
				if err != nil {
					t.Error(err)
					return
				}
				defer network.Close()
				network.Obey(badnet.Always(kind, c.damage))
				timeout := 30 * time.Second
				if c.says == outOfTime {
					timeout = 2 * time.Second
				}
				env := map[string]string{"DD_API_KEY": secretAPIKey, "DD_APP_KEY": secretAppKey}
				start := time.Now()
				got := runSLO(t.Context(), network.URL, env, "doctor", "-o", "json", "--debug", "--timeout", timeout.String())
				if took := time.Since(start); took > timeout+grace {
					t.Errorf("%s, %s: took %s", kind, name, took)
				}
				code, message, hints, err := complaintOf(got)
				if err != nil || got.code != c.code || code != c.code || got.stdout != "" || len(hints) == 0 {
					t.Errorf("%s, %s: code %d, stdout %q, stderr %s (%v)", kind, name, got.code, got.stdout, got.stderr, err)
				}
				if !strings.Contains(message, c.says) && !strings.Contains(message, "before the timeout") {
					t.Errorf("%s, %s: %q does not say %q", kind, name, message, c.says)
				}
				if where := shownSecret(got); where != "" {
					t.Errorf("%s, %s: a credential stands in %s", kind, name, where)
				}
			})
		}
	}
	all.Wait()
}
