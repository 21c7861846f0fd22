package config_test

import (
	"testing"
	"time"

	"github.com/slo-cli/slo/internal/config"
)

// What the config file says about the cache, in every unit.
func TestCacheSettings(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]struct {
		settled  time.Duration
		maxBytes int64
	}{
		"cache_settled: 1h\ncache_max_size: 1MiB\n":        {time.Hour, 1 << 20},
		"cache_settled: 36h30m\ncache_max_size: 2 GB\n":    {36*time.Hour + 30*time.Minute, 2_000_000_000},
		"cache_settled: 2d\ncache_max_size: 1.5GiB\n":      {48 * time.Hour, 3 << 29},
		"cache_settled: 30d\ncache_max_size: 1048577B\n":   {30 * 24 * time.Hour, 1<<20 + 1},
		"cache_settled: 720h\ncache_max_size: 500mb\n":     {30 * 24 * time.Hour, 500_000_000},
		"cache_settled: 1440m\ncache_max_size: 4096 KiB\n": {24 * time.Hour, 4 << 20},
		"cache_settled: ''\ncache_max_size: 3000kB\n":      {24 * time.Hour, 3_000_000},
		"cache_max_size:\n":                                {24 * time.Hour, 1 << 30},
	} {
		src := sources(t)
		write(t, src.UserConfigDir, "slo/config.yaml", content)
		if s := mustLoad(t, src); s.CacheSettled != want.settled || s.CacheMaxBytes != want.maxBytes {
			t.Errorf("%q: %v and %d bytes, want %v and %d", content, s.CacheSettled, s.CacheMaxBytes, want.settled, want.maxBytes)
		}
	}
}

// What does not make sense is named with its line and what would be right.
func TestWrongCacheSettings(t *testing.T) {
	t.Parallel()
	f := func(content string, says ...string) {
		t.Helper()
		src := sources(t)
		path := write(t, src.UserConfigDir, "slo/config.yaml", content)
		_, err := config.Load(src)
		wantError(t, err, append(says, path)...)
	}
	for _, bad := range []string{"59m", "-24h", "0", "24", "soon", "30d1s", "31d", "721h", "-1d", "99999999999999999999d", "12345678d", "1.5d", "d"} {
		f("cache_settled: "+bad+"\n", `:1:16: cache_settled "`+bad+`": want a length of time from 1h to 30d, such as 24h`)
	}
	for _, bad := range []string{"100", "GiB", "1TiB", "-5MiB", "1e9GiB", "0x10MiB", "1.2.3MiB", "infGiB", "nanMB", ".MiB", "1 000 MiB", "1Mi", "big"} {
		f("cache_max_size: "+bad+"\n", `:1:17: cache_max_size "`+bad+`": want a size with its unit (B, KiB, MiB, GiB, KB, MB or GB)`)
	}
	for _, small := range []string{"0B", "1000KB", "1048575B", "0.9MiB"} {
		f("site: x\ncache_max_size: "+small+"\n", `:2:17: cache_max_size "`+small+`": want at least 1MiB`)
	}
	f("cache_max_size: 99999999999GiB\n", `cache_max_size "99999999999GiB": is more than any disk holds`)
	f("cache_settle: 1d\n", `unknown key "cache_settle"`, "did you mean cache_settled?")
	f("cache_settled: [1h]\n", "cache_settled: want one value, found a list")
}
