package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/slo-cli/slo/internal/simulator"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"slo": main})
}

// TestScripts runs the binary over real HTTP against the simulator. A script
// is a page: world, commands, expected output.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("..", "..", "testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("SLO_UPDATE") != "",
		Setup: func(e *testscript.Env) error {
			for _, pair := range []string{
				"TZ=UTC", "NO_COLOR=1", "XDG_CONFIG_HOME=" + e.WorkDir + "/.config", "XDG_CACHE_HOME=" + e.WorkDir + "/.cache",
				"DD_API_KEY=0123456789abcdef0123456789abcdef", "DD_APP_KEY=0123456789abcdef0123456789abcdef01234567",
				// Nothing listens here until a script starts its simulator.
				"DD_HOST=http://127.0.0.1:1",
			} {
				name, value, _ := strings.Cut(pair, "=")
				e.Setenv(name, value)
			}
			e.Values[simKey{}] = &sim{}
			e.Defer(func() { e.Values[simKey{}].(*sim).close() })
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
			"sim":   simulate,
		},
	})
}

// exits runs a program that must end with the given code: exits 2 slo status --at tomorrow.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE program args...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

type simKey struct{}

// sim is the simulator of one script.
type sim struct {
	server *simulator.Server
	http   *httptest.Server
}

func (s *sim) close() {
	if s.http != nil {
		s.http.CloseClientConnections()
		s.http.Close()
	}
}

// simulate is the script command "sim":
//
//	sim start WORLD|FILE [fault...]  serves a world at its own now and points DD_HOST at it
//	sim saw METHOD PATH [COUNT]      how often a route was asked
//	sim knows-every-route            no request was for a route the API does not have
//	sim stop                         stops serving; nobody answers at DD_HOST any more
//	sim html                         answers every request with a login page, as a proxy does
func simulate(ts *testscript.TestScript, neg bool, args []string) {
	s := ts.Value(simKey{}).(*sim)
	if neg || len(args) == 0 {
		ts.Fatalf("usage: sim start|stop|saw|knows-every-route|html ...")
	}
	switch args[0] {
	case "start":
		name := args[1]
		if strings.HasSuffix(name, ".yaml") {
			name = ts.MkAbs(name)
		}
		world, err := scenario.Load(name)
		ts.Check(err)
		faults, err := simulator.ParseFaults(args[2:])
		ts.Check(err)
		s.close()
		s.server, err = simulator.New(simulator.Config{World: world, Faults: faults})
		ts.Check(err)
		s.http = httptest.NewServer(s.server)
		ts.Setenv("DD_HOST", s.http.URL)
		ts.Setenv("NOW", world.Now.UTC().Format(time.RFC3339))
	case "stop":
		s.close()
		s.http = nil
	case "html":
		s.close()
		s.http = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<!DOCTYPE html><html><title>Sign in</title></html>")
		}))
		ts.Setenv("DD_HOST", s.http.URL)
	case "saw":
		var times int
		for _, r := range s.server.Requests() {
			if r.Method == args[1] && r.Path == args[2] {
				times++
			}
		}
		want := 1
		if len(args) > 3 {
			var err error
			want, err = strconv.Atoi(args[3])
			ts.Check(err)
		}
		if times != want {
			ts.Fatalf("%s %s was asked %d times, want %d", args[1], args[2], times, want)
		}
	case "knows-every-route":
		if unknown := s.server.UnknownRoutes(); len(unknown) > 0 {
			ts.Fatalf("unknown routes: %q", slices.Compact(unknown))
		}
	default:
		ts.Fatalf("sim %s: no such command", args[0])
	}
}

// TestInterrupt stops a run that waits for a slow answer: code 130, at once, nothing on stdout.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{}, 16)
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-r.Context().Done()
	}))
	defer slow.Close()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(self, filepath.Join(dir, "slo")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(dir, "slo"), "status")
	cmd.Env = []string{"HOME=" + dir, "DD_HOST=" + slow.URL, "DD_API_KEY=a1b2c3", "DD_APP_KEY=d4e5f6", "NO_COLOR=1"}
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-arrived
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 130 {
		t.Errorf("ended with %v, want exit status 130; stderr %s", err, stderr.String())
	}
	if stdout.Len() != 0 || !strings.Contains(stderr.String(), "interrupted") {
		t.Errorf("stdout %q, stderr %q; want an empty stdout and the word interrupted", stdout.String(), stderr.String())
	}
}
