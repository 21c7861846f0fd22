package report_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/internal/render"
	"github.com/slo-cli/slo/internal/report"
)

func day(d int) time.Time { return time.Date(2026, 10, d, 0, 0, 0, 0, time.UTC) }

// cached are two organisations, one of which nothing settled is known of.
func cached() report.CacheView {
	return report.CacheView{
		Folder: "/home/ada/.cache/slo", MaxBytes: 1 << 30, Files: 40, Bytes: 3<<20 + 1,
		Owners: []report.CacheOwner{
			{ID: "00aa", Files: 2, Bytes: 700},
			{
				ID: "9f86d081884c7d65", Site: "datadoghq.eu", API: "proxy.internal:8443", Queries: 30, Files: 38, Bytes: 3<<20 - 699,
				From: day(1), To: day(25), Written: day(26).Add(9*time.Hour + 30*time.Minute),
			},
		},
	}
}

// What is there: for people, for spreadsheets and for programs.
func TestCache(t *testing.T) {
	t.Parallel()
	doc := report.Cache(cached())
	want := `3.1 MiB in 40 files

The cache is in /home/ada/.cache/slo; its bound is 1 GiB.

OWNER     SITE          API                  QUERIES  SETTLED FROM      SETTLED TO        LAST WRITTEN      FILES   SIZE
9f86d081  datadoghq.eu  proxy.internal:8443       30  2026-10-01 00:00  2026-10-25 00:00  2026-10-26 09:30     38  3 MiB
00aa      –             –                          0  –                 –                 –                     2  700 B
`
	if diff := cmp.Diff(want, written(t, render.FormatTable, doc)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	wantCSV := `id,site,api,queries,from,to,written_at,files,bytes
9f86d081884c7d65,datadoghq.eu,proxy.internal:8443,30,2026-10-01T00:00:00Z,2026-10-25T00:00:00Z,2026-10-26T09:30:00Z,38,3145029
00aa,,,0,,,,2,700
`
	if diff := cmp.Diff(wantCSV, written(t, render.FormatCSV, doc)); diff != "" {
		t.Errorf("CSV (-want +got):\n%s", diff)
	}
	wantJSON := map[string]any{
		"schema": "slo.cache/v1", "folder": "/home/ada/.cache/slo", "max_bytes": 1073741824.0, "files": 40.0, "bytes": 3145729.0, "removed": nil,
		"organisations": []any{
			map[string]any{
				"id": "9f86d081884c7d65", "site": "datadoghq.eu", "api": "proxy.internal:8443", "queries": 30.0,
				"from": "2026-10-01T00:00:00Z", "to": "2026-10-25T00:00:00Z", "written_at": "2026-10-26T09:30:00Z", "files": 38.0, "bytes": 3145029.0,
			},
			map[string]any{"id": "00aa", "site": nil, "api": nil, "queries": 0.0, "from": nil, "to": nil, "written_at": nil, "files": 2.0, "bytes": 700.0},
		},
	}
	if diff := cmp.Diff(wantJSON, payload(t, doc)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}

// The title says what is gone, rounded down, and what is left, rounded up.
func TestCacheTitle(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		bytes   int64
		files   int
		removed *report.CacheRemoval
		want    string
	}{
		{0, 0, nil, "nothing is cached"},
		{1, 1, nil, "1 B in 1 file"},
		{1023, 2, nil, "1023 B in 2 files"},
		{1024, 2, nil, "1 KiB in 2 files"},
		{1025, 2, nil, "1.1 KiB in 2 files"},
		{1<<20 - 1, 2, nil, "1 MiB in 2 files"},
		{5 << 40, 2, nil, "5 TiB in 2 files"},
		{1<<63 - 1, 2, nil, "8 EiB in 2 files"},
		{0, 0, &report.CacheRemoval{}, "nothing to remove: nothing is cached"},
		{1536, 3, &report.CacheRemoval{}, "nothing to remove; left: 1.5 KiB in 3 files"},
		{1537, 3, &report.CacheRemoval{Files: 1, Bytes: 1<<20 - 1}, "removed 1023.9 KiB in 1 file; left: 1.6 KiB in 3 files"},
		{0, 0, &report.CacheRemoval{Files: 2, Bytes: 1 << 30}, "removed 1 GiB in 2 files; nothing is cached"},
	} {
		got := report.Cache(report.CacheView{Folder: "/c", MaxBytes: 1 << 62, Files: c.files, Bytes: c.bytes, Removed: c.removed}).Title
		if got != c.want {
			t.Errorf("%d bytes, %d files, removed %+v: %q, want %q", c.bytes, c.files, c.removed, got, c.want)
		}
	}
}

// A machine without a cache folder has nothing cached, and no folder; one that
// is too large says what to do.
func TestCacheFolder(t *testing.T) {
	t.Parallel()
	none := report.Cache(report.CacheView{MaxBytes: 1 << 30, Removed: &report.CacheRemoval{}})
	want := "nothing to remove: nothing is cached\n\nNo cache folder is known on this machine; --cache-dir or SLO_CACHE_DIR names one.\n"
	if diff := cmp.Diff(want, written(t, render.FormatTable, none)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	p := payload(t, none)
	if v, there := p["folder"]; v != nil || !there {
		t.Errorf("folder is %v, want null", v)
	}
	if list, ok := p["organisations"].([]any); !ok || len(list) > 0 {
		t.Errorf("organisations are %v, want an empty list", p["organisations"])
	}
	if diff := cmp.Diff(map[string]any{"files": 0.0, "bytes": 0.0}, p["removed"]); diff != "" {
		t.Errorf("removed (-want +got):\n%s", diff)
	}
	large := cached()
	large.MaxBytes = 2 << 20
	lead := []string{"The cache is in /home/ada/.cache/slo; its bound is 2 MiB.", "It is larger than that: slo cache prune removes what was written first."}
	if diff := cmp.Diff(lead, report.Cache(large).Lead); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What the doctor says of the cache.
func TestCacheSummary(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]report.CacheView{
		"3.1 MiB in 40 files, of at most 1 GiB, in /home/ada/.cache/slo": cached(),
		"nothing is cached, of at most 953.6 MiB, in /c":                 {Folder: "/c", MaxBytes: 1_000_000_000},
	} {
		if got := v.Summary(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
