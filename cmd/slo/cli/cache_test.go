package cli_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/internal/cache"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// keep fills the cache of an owner with ten settled days of one query.
func keep(t *testing.T, folder, site string) {
	t.Helper()
	const day, step = 86_400, 3600
	end := timeseries.Floor(time.Now().Unix(), day) - 5*day
	span := timeseries.Span{Start: end - 10*day, End: end}
	series := timeseries.Blank(span, step)
	for i := range series.Values {
		series.Values[i] = float64(i)
	}
	c := cache.Open(cache.Config{Store: cache.Dir(folder), Owner: cache.OwnerOf(site, "https://api."+site, "a1b2c3d4")})
	c.Keep(timeseries.Request{Queries: []string{"sum:hits{*}.as_count()"}, Span: span, Step: step}, []timeseries.Answer{{Groups: []timeseries.Group{{Series: series}}}})
	if notes := c.Close(t.Context()); len(notes) > 0 {
		t.Fatalf("keeping: %v", notes)
	}
}

type cacheDocument struct {
	Schema        string
	Folder        *string
	MaxBytes      int64 `json:"max_bytes"`
	Files         int
	Bytes         int64
	Removed       *struct{ Files, Bytes int64 }
	Organisations []struct {
		ID, Site, API string
		Queries       int
		From, To      time.Time
		Files         int
		Bytes         int64
	}
}

// cached runs a command about the cache in this folder.
func cached(t *testing.T, folder string, args ...string) cacheDocument {
	t.Helper()
	got := runSLO(t.Context(), "http://127.0.0.1:1", map[string]string{"DD_API_KEY": "", "DD_APP_KEY": ""},
		append([]string{"cache", "--cache-dir", folder, "-o", "json"}, args...)...)
	if got.code != 0 || got.stderr != "" {
		t.Fatalf("cache %v: code %d, %s", args, got.code, got.stderr)
	}
	var doc cacheDocument
	if err := json.Unmarshal([]byte(got.stdout), &doc); err != nil || doc.Schema != "slo.cache/v1" {
		t.Fatalf("cache %v: %v\n%s", args, err, got.stdout)
	}
	return doc
}

// onDisk is what the folder holds besides one file that is not slo's.
func onDisk(t *testing.T, folder string) (files int, bytes int64) {
	t.Helper()
	err := filepath.WalkDir(folder, func(_ string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == "foreign.txt" {
			return err
		}
		info, err := e.Info()
		if err == nil {
			files, bytes = files+1, bytes+info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files, bytes
}

// What is said of the cache is what is on the disk, before and after anything is removed.
func TestCacheCommands(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	foreign := filepath.Join(folder, "foreign.txt")
	if err := os.WriteFile(foreign, []byte("not a pack\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	keep(t, folder, "datadoghq.com")
	keep(t, folder, "datadoghq.eu")

	info := cached(t, folder, "info")
	files, bytes := onDisk(t, folder)
	if info.Folder == nil || *info.Folder != folder || info.MaxBytes != 1<<30 || info.Removed != nil || info.Files != files || info.Bytes != bytes {
		t.Errorf("%d files of %d bytes on the disk, info says %+v", files, bytes, info)
	}
	owners := map[string]string{}
	for _, o := range info.Organisations {
		owners[o.Site] = o.API
		if o.Queries != 1 || o.To.Sub(o.From) != 10*24*time.Hour || len(o.ID) < 8 || o.Bytes <= 0 || o.Files < 1 {
			t.Errorf("owner %+v", o)
		}
	}
	if diff := cmp.Diff(map[string]string{"datadoghq.com": "api.datadoghq.com", "datadoghq.eu": "api.datadoghq.eu"}, owners); diff != "" {
		t.Errorf("owners (-want +got):\n%s", diff)
	}

	for _, args := range [][]string{{"prune"}, {"prune", "--older-than", "1d"}, {"prune", "--max-size", "1GiB"}} {
		if doc := cached(t, folder, args...); doc.Removed == nil || doc.Removed.Files != 0 || doc.Bytes != bytes {
			t.Errorf("%v: removed %+v, %d of %d bytes are left", args, doc.Removed, doc.Bytes, bytes)
		}
	}
	pruned := cached(t, folder, "prune", "--max-size", "1B")
	left, leftBytes := onDisk(t, folder)
	if pruned.Removed == nil || pruned.Removed.Files < 2 || pruned.Files != left || pruned.Bytes != leftBytes || pruned.Removed.Bytes != bytes-leftBytes {
		t.Errorf("%d files of %d bytes are left of %d bytes, prune says %+v, removed %+v", left, leftBytes, bytes, pruned, pruned.Removed)
	}

	keep(t, folder, "datadoghq.com")
	before, beforeBytes := onDisk(t, folder)
	cleared := cached(t, folder, "clear")
	if left, _ := onDisk(t, folder); left != 0 {
		t.Errorf("%d files are left after clear", left)
	}
	if r := cleared.Removed; r == nil || int(r.Files) != before || r.Bytes != beforeBytes || cleared.Files != 0 || len(cleared.Organisations) > 0 {
		t.Errorf("%d files of %d bytes were there, clear says %+v, removed %+v", before, beforeBytes, cleared, cleared.Removed)
	}
	if content, err := os.ReadFile(foreign); err != nil || string(content) != "not a pack\n" {
		t.Errorf("the foreign file: %q, %v", content, err)
	}
}

// Age is reckoned from the last write by the clock of the disk, not by --at.
func TestCachePruneByAge(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	keep(t, folder, "datadoghq.com")
	old := time.Now().Add(-40 * 24 * time.Hour)
	err := filepath.WalkDir(folder, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		return os.Chtimes(path, old, old)
	})
	if err != nil {
		t.Fatal(err)
	}
	if doc := cached(t, folder, "prune", "--older-than", "41d"); doc.Removed == nil || doc.Removed.Files != 0 || doc.Files == 0 {
		t.Errorf("--older-than 41d: %+v, removed %+v", doc, doc.Removed)
	}
	if doc := cached(t, folder, "prune", "--older-than", "39d", "--at", "-14d"); doc.Removed == nil || doc.Removed.Files == 0 || doc.Removed.Bytes == 0 {
		t.Errorf("--older-than 39d: %+v, removed %+v", doc, doc.Removed)
	}
}

// Who interrupts finds everything as it was.
func TestCacheInterrupted(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	keep(t, folder, "datadoghq.com")
	files, _ := onDisk(t, folder)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got := runSLO(ctx, "", nil, "cache", "clear", "--cache-dir", folder)
	if left, _ := onDisk(t, folder); got.code != 130 || got.stdout != "" || left != files {
		t.Errorf("code %d, stdout %q, %d of %d files are left", got.code, got.stdout, left, files)
	}
}

// Every command about the cache has help with a usage line and two examples, and the examples run.
func TestCacheHelp(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"cache", "cache info", "cache prune", "cache clear"} {
		help := runSLO(t.Context(), "", nil, append(strings.Fields(name), "--help")...)
		if help.code != 0 || help.stderr != "" || !strings.Contains(help.stdout, "Usage:\n  slo "+name) {
			t.Errorf("%s --help: code %d, stderr %q\n%s", name, help.code, help.stderr, help.stdout)
		}
		_, examples, _ := strings.Cut(help.stdout, "Examples:\n")
		examples, _, _ = strings.Cut(examples, "\n\n")
		lines := strings.Split(strings.TrimSpace(examples), "\n")
		if len(lines) < 2 {
			t.Errorf("%s --help has the examples %q, want two", name, lines)
		}
		for _, line := range lines {
			line, named := strings.CutSuffix(strings.TrimSpace(line), " --cache-dir /var/cache/slo")
			got := runSLO(t.Context(), "", map[string]string{"SLO_CACHE_DIR": t.TempDir()}, words(strings.TrimPrefix(line, "slo "))...)
			if got.code != 0 || got.stderr != "" {
				t.Errorf("%s (named %t): code %d, %s", line, named, got.code, got.stderr)
			}
		}
	}
}

// The help says of the flags what the help topic says.
func TestCacheTopic(t *testing.T) {
	t.Parallel()
	topic := runSLO(t.Context(), "", nil, "help", "cache").stdout
	for _, word := range []string{"--cache-dir", "SLO_CACHE_DIR", "--no-cache", "--refresh", "--offline", "--plan", "cache_settled", "cache_max_size", "24 hours", "1 GiB"} {
		if !strings.Contains(topic, word) {
			t.Errorf("slo help cache does not mention %s", word)
		}
	}
	if environment := runSLO(t.Context(), "", nil, "help", "environment").stdout; !strings.Contains(environment, "cache_settled") || !strings.Contains(environment, "cache_max_size") {
		t.Error("slo help environment does not list the keys of the config file")
	}
}

// The doctor tries the folder and leaves nothing in it; a cache that cannot be
// used is something to look at, and no failure.
func TestDoctorLooksAtTheCache(t *testing.T) {
	t.Parallel()
	steady, _ := world(t, "steady")
	server := serve(t, steady)
	folder := filepath.Join(t.TempDir(), "new")
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args    []string
		verdict string
		says    string
	}{
		{[]string{"--cache-dir", folder}, "ok", "nothing is cached, of at most 1 GiB, in " + folder},
		{[]string{"--no-cache"}, "ok", "not used, because of --no-cache"},
		{[]string{"--cache-dir", file}, "warning", "the cache cannot be written: "},
	} {
		got := runSLO(t.Context(), server.URL, nil, append([]string{"doctor", "-o", "json"}, c.args...)...)
		var doc struct {
			Checks []struct{ Name, Verdict, Detail, Remedy string }
		}
		if err := json.Unmarshal([]byte(got.stdout), &doc); err != nil || got.code != 0 {
			t.Fatalf("%v: code %d, %v, %s", c.args, got.code, err, got.stderr)
		}
		found := false
		for _, check := range doc.Checks {
			if check.Name != "cache" {
				continue
			}
			found = true
			if check.Verdict != c.verdict || !strings.HasPrefix(check.Detail, c.says) || (check.Remedy != "") != (c.verdict != "ok") {
				t.Errorf("%v: %+v", c.args, check)
			}
		}
		if !found {
			t.Errorf("%v: no check of the cache", c.args)
		}
	}
	if files, _ := onDisk(t, folder); files != 0 {
		t.Errorf("the doctor left %d files", files)
	}
}
