package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slo-cli/slo/internal/simulator"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// build compiles a program the way it is released.
func build(b *testing.B, dir, pkg string) string {
	b.Helper()
	binary := filepath.Join(dir, "program")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("go build %s: %v\n%s", pkg, err, out)
	}
	return binary
}

// BenchmarkStartup compares "slo version" with an empty cobra program.
func BenchmarkStartup(b *testing.B) {
	dir := b.TempDir()
	for name, pkg := range map[string]string{"slo": ".", "emptycobra": "./testdata/emptycobra"} {
		binary := build(b, filepath.Join(dir, name), pkg)
		b.Run("program="+name, func(b *testing.B) {
			for b.Loop() {
				if err := exec.Command(binary, "version").Run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkBoard runs "slo status" with an empty cache against the simulator, with
// latency on every answer, and reports requests, and the peak memory of the process.
func BenchmarkBoard(b *testing.B) { whole(b, "status", 0) }

// BenchmarkGate does the same with "slo gate". In both worlds there is something to say no to.
func BenchmarkGate(b *testing.B) { whole(b, "gate", 3) }

func whole(b *testing.B, command string, code int) {
	binary := build(b, b.TempDir(), ".")
	for _, world := range []string{"default", "big"} {
		for _, latency := range []time.Duration{0, 50 * time.Millisecond} {
			b.Run(fmt.Sprintf("world=%s/latency=%s", world, latency), func(b *testing.B) {
				w, err := scenario.Load(world)
				if err != nil {
					b.Fatal(err)
				}
				server, err := simulator.New(simulator.Config{World: w})
				if err != nil {
					b.Fatal(err)
				}
				slow := httptest.NewServer(delayed(latency, server))
				defer slow.Close()
				run := func() int64 {
					cmd := exec.Command(binary, command, "-o", "json", "--at", w.Now.UTC().Format(time.RFC3339))
					cmd.Env = []string{"HOME=" + emptyCache(b), "DD_HOST=" + slow.URL, "DD_API_KEY=a1b2c3", "DD_APP_KEY=d4e5f6"}
					var stderr strings.Builder
					cmd.Stderr = &stderr
					if err := cmd.Start(); err != nil {
						b.Fatal(err)
					}
					peak := watch(cmd.Process.Pid)
					_ = cmd.Wait() // which way it ended is in its state
					if got := cmd.ProcessState.ExitCode(); got != code {
						b.Fatalf("exit code %d\n%s", got, stderr.String())
					}
					return <-peak
				}
				run() // the simulator computes its traffic once; that is not what is measured
				before := len(server.Requests())
				var peak int64
				for b.Loop() {
					peak = max(peak, run())
				}
				b.ReportMetric(float64(len(server.Requests())-before)/float64(b.N), "requests/op")
				b.ReportMetric(float64(peak)/(1<<20), "peak-MiB")
			})
		}
	}
}

// watch reads the high-water mark of a process, as Linux tells it in bytes,
// until the process ends; 0 elsewhere. (The rusage of a child begins with the
// memory of its parent, which is the larger one here.)
func watch(pid int) <-chan int64 {
	peak := make(chan int64, 1)
	go func() {
		var high int64
		for {
			status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
			if err != nil {
				break
			}
			_, rest, found := strings.Cut(string(status), "VmHWM:")
			if !found {
				break // it has ended, and waits to be collected
			}
			fields := strings.Fields(rest)
			if kib, err := strconv.ParseInt(fields[0], 10, 64); err == nil {
				high = max(high, kib<<10)
			}
			time.Sleep(time.Millisecond)
		}
		peak <- high
	}()
	return peak
}

func delayed(latency time.Duration, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if latency > 0 {
			select {
			case <-time.After(latency):
			case <-r.Context().Done():
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}
