package main_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slo-cli/slo/internal/badnet"
)

// testInterrupt: a gate that is stopped says so with its code, prints no
// verdict, and leaves no report behind that a later step could take for a pass.
func (r *gateRig) testInterrupt(t *testing.T) {
	t.Helper()
	network, err := badnet.Listen(r.worlds["release"].upstream)
	if err != nil {
		t.Fatal(err)
	}
	defer network.Close()
	arrived := make(chan struct{}, 64)
	network.Obey(badnet.Always(badnet.Series, func(x *badnet.Exchange) {
		arrived <- struct{}{}
		badnet.Hang(x)
	}))
	folder := t.TempDir()
	report := filepath.Join(folder, "gate.xml")
	if err := os.WriteFile(report, []byte("<testsuites/>"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), r.binary, "gate", "healthy", "--at", "2026-11-09T09:30:00Z", "--no-cache", "--junit", report)
	cmd.Dir = folder
	cmd.Env = []string{"HOME=" + folder, "DD_HOST=" + network.URL, "DD_API_KEY=" + gateAPIKey, "DD_APP_KEY=" + gateAppKey, "NO_COLOR=1"}
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
	left, err := os.ReadFile(report)
	if err != nil || !strings.Contains(string(left), "<error") {
		t.Errorf("the report that is left says nothing of an error: %s, %v", left, err)
	}
}
