package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/slo-cli/slo/internal/simulator"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// latency is what each request of these benchmarks waits before it is answered.
const latency = 50 * time.Millisecond

// rig is a world of some number of SLOs, served behind a front, and the binary that looks at it.
type rig struct {
	binary string
	slos   int
	world  *scenario.World
	front  *front
	url    string
}

func newRig(b *testing.B, binary string, slos int) *rig {
	b.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "bench", "board.yaml"))
	if err != nil {
		b.Fatal(err)
	}
	world, err := scenario.Parse("board", bytes.ReplaceAll(text, []byte("repeat: 50"), fmt.Appendf(nil, "repeat: %d", slos)))
	if err != nil {
		b.Fatal(err)
	}
	r := &rig{binary: binary, slos: slos, world: world, front: &front{latency: latency}}
	r.front.now.Store(world.Now.Unix())
	r.front.next, err = simulator.New(simulator.Config{World: world, Clock: func() time.Time { return time.Unix(r.front.now.Load(), 0) }})
	if err != nil {
		b.Fatal(err)
	}
	s := httptest.NewServer(r.front)
	b.Cleanup(s.Close)
	r.url = s.URL
	return r
}

// memory is a folder that is no disk, on most Linux machines.
const memory = "/dev/shm"

// emptyCache is a folder for a cache. It is in memory where that can be had:
// ext4 takes a millisecond to create a file for minutes after many have been
// removed anywhere, as tests and benchmarks do, and that would be measured.
func emptyCache(b *testing.B) string {
	b.Helper()
	folder, err := os.MkdirTemp(memory, "slo-bench-*")
	if err != nil {
		return b.TempDir()
	}
	b.Cleanup(func() {
		if err := os.RemoveAll(folder); err != nil {
			b.Error(err)
		}
	})
	return folder
}

// look is one run of slo status.
type look struct {
	tally
	stdout []byte
	wall   time.Duration
	// cpu is what the process itself computed, the kernel's work for it included.
	cpu time.Duration
	// peak is the high-water mark of its memory in bytes.
	peak int64
}

// look runs slo status so long after the world's now, with the cache in a folder.
func (r *rig) look(b *testing.B, after time.Duration, timeframe, cache string) look {
	b.Helper()
	at := r.world.Now.Add(after)
	r.front.now.Store(at.Unix())
	r.front.take()
	cmd := exec.Command(r.binary, "status", "-o", "json", "--timeframe", timeframe, "--at", at.UTC().Format(time.RFC3339), "--cache-dir", cache)
	cmd.Env = []string{"HOME=" + cache, "DD_HOST=" + r.url, "DD_API_KEY=a1b2c3", "DD_APP_KEY=d4e5f6"}
	var stdout, stderr bytes.Buffer
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
		wall: time.Since(start), tally: r.front.take(), stdout: stdout.Bytes(), peak: <-peak,
		cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(),
	}
}

// sum is what several looks, or one naive board, have come to.
type sum struct {
	runs, requests int
	wire           int64
	wall, cpu      time.Duration
	deep           int
	peak           int64
}

func (s *sum) add(l look) {
	s.runs++
	s.requests += l.requests
	s.wire += l.wire
	s.wall += l.wall
	s.cpu += l.cpu
	s.deep = max(s.deep, l.deep)
	s.peak = max(s.peak, l.peak)
}

// each is a total by run.
func (s sum) each(total float64) float64 { return total / float64(s.runs) }

func (s sum) report(b *testing.B) {
	wall := s.wall / time.Duration(s.runs)
	b.ReportMetric(s.each(float64(s.requests)), "requests/op")
	b.ReportMetric(s.each(float64(s.wire)), "wire-bytes/op")
	b.ReportMetric(float64(s.deep), "rtt-depth")
	b.ReportMetric(milliseconds(wall-time.Duration(s.deep)*latency), "ms-besides-latency")
	b.ReportMetric(milliseconds(s.cpu)/float64(s.runs), "cpu-ms/op")
	b.ReportMetric(float64(s.peak)/(1<<20), "peak-MiB")
}

// against reports how many times less this is than another.
func (s sum) against(b *testing.B, other sum) {
	b.ReportMetric(other.each(float64(other.requests))/s.each(float64(s.requests)), "x-fewer-requests")
	b.ReportMetric(other.each(float64(other.wire))/s.each(float64(s.wire)), "x-fewer-bytes")
	b.ReportMetric(other.each(float64(other.wall))/s.each(float64(s.wall)), "x-faster")
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// reportCache reports what an SLO takes of a folder.
func (r *rig) reportCache(b *testing.B, folder string) {
	b.Helper()
	var files, size int64
	err := filepath.WalkDir(folder, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			files++
			size += info.Size()
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(files)/float64(r.slos), "cache-files/SLO")
	b.ReportMetric(float64(size)/float64(r.slos), "cache-bytes/SLO")
}
