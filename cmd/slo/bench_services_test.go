package main

import (
	"fmt"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/slo-cli/slo/internal/simulator"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// BenchmarkEndpoints runs "slo endpoints" over 14 days with an empty cache and
// again with what that has kept, and reports requests, and the peak memory of the process.
func BenchmarkEndpoints(b *testing.B) {
	services(b, "endpoints", map[string]string{"default": "checkout", "hunch": "auth"})
}

// BenchmarkInvestigate does the same with "slo investigate", which looks at all services.
func BenchmarkInvestigate(b *testing.B) { services(b, "investigate", nil) }

func services(b *testing.B, command string, service map[string]string) {
	binary := build(b, b.TempDir(), ".")
	for _, world := range []string{"default", "hunch"} {
		w, err := scenario.Load(world)
		if err != nil {
			b.Fatal(err)
		}
		args := []string{command, "-o", "json", "--at", w.Now.UTC().Format(time.RFC3339)}
		if name := service[world]; name != "" {
			args = append(args, "--service", name)
		}
		for _, latency := range []time.Duration{0, 50 * time.Millisecond} {
			b.Run(fmt.Sprintf("world=%s/latency=%s", world, latency), func(b *testing.B) {
				server, err := simulator.New(simulator.Config{World: w})
				if err != nil {
					b.Fatal(err)
				}
				// It keeps its answers, so that what the simulator computes is not measured.
				network := &front{latency: latency, next: server}
				slow := httptest.NewServer(network)
				defer slow.Close()
				run := func(cache string) look {
					network.take()
					cmd := exec.Command(binary, append(args, "--cache-dir", cache)...)
					cmd.Env = []string{"HOME=" + cache, "DD_HOST=" + slow.URL, "DD_API_KEY=a1b2c3", "DD_APP_KEY=d4e5f6"}
					var stdout, stderr strings.Builder
					cmd.Stdout, cmd.Stderr = &stdout, &stderr
					start := time.Now()
					if err := cmd.Start(); err != nil {
						b.Fatal(err)
					}
					peak := watch(cmd.Process.Pid)
					if err := cmd.Wait(); err != nil {
						b.Fatalf("%v\n%s", err, stderr.String())
					}
					return look{
						wall: time.Since(start), tally: network.take(), stdout: []byte(stdout.String()), peak: <-peak,
						cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(),
					}
				}
				kept := emptyCache(b)
				first := run(kept) // not measured: it lets the simulator compute
				for _, way := range []struct {
					name  string
					cache func() string
				}{{"cold", func() string { return emptyCache(b) }}, {"warm", func() string { return kept }}} {
					b.Run("way="+way.name, func(b *testing.B) {
						var s sum
						for b.Loop() {
							l := run(way.cache())
							if string(l.stdout) != string(first.stdout) {
								b.Fatalf("this run says something else than the first:\n%s\n%s", l.stdout, first.stdout)
							}
							s.add(l)
						}
						b.ReportMetric(s.each(float64(s.requests)), "requests/op")
						b.ReportMetric(s.each(float64(s.wire)), "wire-bytes/op")
						b.ReportMetric(float64(s.deep), "rtt-depth")
						b.ReportMetric(milliseconds(s.cpu)/float64(s.runs), "cpu-ms/op")
						b.ReportMetric(float64(s.peak)/(1<<20), "peak-MiB")
					})
				}
			})
		}
	}
}
