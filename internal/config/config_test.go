package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/internal/config"
)

// sources is an empty machine with this environment ("NAME=value").
func sources(t *testing.T, env ...string) config.Sources {
	t.Helper()
	dir := t.TempDir()
	return config.Sources{
		LookupEnv: func(name string) (string, bool) {
			for _, e := range env {
				if value, ok := strings.CutPrefix(e, name+"="); ok {
					return value, true
				}
			}
			return "", false
		},
		UserConfigDir: filepath.Join(dir, "config"),
		UserCacheDir:  filepath.Join(dir, "cache"),
		WorkDir:       dir,
	}
}

// write makes a file under dir and returns its path.
func write(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func mustLoad(t *testing.T, src config.Sources) config.Settings {
	t.Helper()
	s, err := config.Load(src)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// wantError wants a *config.Error whose message and hints contain all of says.
func wantError(t *testing.T, err error, says ...string) {
	t.Helper()
	var wrong *config.Error
	if !errors.As(err, &wrong) {
		t.Errorf("got %v, want a *config.Error that says %q", err, says)
		return
	}
	text := wrong.Message + "\n" + strings.Join(wrong.Hints, "\n")
	for _, s := range says {
		if !strings.Contains(text, s) {
			t.Errorf("got %q, want it to say %q", text, s)
		}
	}
	if strings.HasSuffix(wrong.Message, ".") || strings.Contains(wrong.Message, "\n") {
		t.Errorf("%q: want one line without a full stop", wrong.Message)
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	src := sources(t)
	s := mustLoad(t, src)
	for _, row := range [][2]any{
		{s.Site, config.Setting{Value: "datadoghq.com", Origin: "default"}},
		{s.BaseURL, config.Setting{Value: "https://api.datadoghq.com", Origin: "default"}},
		{s.AppURL, "https://app.datadoghq.com"},
		{s.TimeZone, time.UTC},
		{s.Timeout, 5 * time.Minute},
		{s.Settle, 5 * time.Minute},
		{s.CacheDir, filepath.Join(src.UserCacheDir, "slo")},
		{s.CacheSettled, 24 * time.Hour},
		{s.CacheMaxBytes, int64(1) << 30},
		{s.Color, config.ColorAuto},
		{s.File, ""},
	} {
		if row[0] != row[1] {
			t.Errorf("got %v, want %v", row[0], row[1])
		}
	}
	if err := s.Credentials.Check(); err == nil || !strings.Contains(err.Error(), "no Datadog credentials") {
		t.Errorf("Check() = %v", err)
	}
}

func TestPrecedence(t *testing.T) {
	t.Parallel()
	src := sources(t)
	path := write(t, src.UserConfigDir, "slo/config.yaml", `
site: us3.datadoghq.com
tz: Asia/Tokyo
timeout: 90s
settle: 10m
color: never
cache_dir: below
`)
	s := mustLoad(t, src)
	if got, want := s.Site, (config.Setting{Value: "us3.datadoghq.com", Origin: path + ":2:7: site"}); got != want {
		t.Errorf("site %v, want %v", got, want)
	}
	if s.BaseURL.Value != "https://api.us3.datadoghq.com" || s.AppURL != "https://us3.datadoghq.com" {
		t.Errorf("addresses %v, %v", s.BaseURL, s.AppURL)
	}
	if s.TimeZone.String() != "Asia/Tokyo" || s.Timeout != 90*time.Second || s.Settle != 10*time.Minute || s.Color != config.ColorNever {
		t.Errorf("settings %+v", s)
	}
	if want := filepath.Join(src.UserConfigDir, "slo", "below"); s.CacheDir != want {
		t.Errorf("cache %q, want %q", s.CacheDir, want)
	}
	if s.File != path {
		t.Errorf("file %q, want %q", s.File, path)
	}

	env := sources(t, "DD_SITE=datadoghq.eu", "DD_HOST=http://127.0.0.1:4000/dd/", "SLO_CACHE_DIR=/env/cache", "NO_COLOR=1")
	env.UserConfigDir = src.UserConfigDir
	s = mustLoad(t, env)
	if s.Site.Value != "datadoghq.eu" || s.BaseURL != (config.Setting{Value: "http://127.0.0.1:4000/dd", Origin: "DD_HOST"}) || s.CacheDir != "/env/cache" {
		t.Errorf("environment over file: %+v", s)
	}

	zero, minute := time.Duration(0), time.Minute
	env.Flags = config.Flags{
		Site: "ap1.datadoghq.com", APIURL: "proxy.internal/datadog", TimeZone: "Europe/Berlin", CacheDir: "/flag", Color: "always",
		Timeout: &minute, Settle: &zero,
	}
	s = mustLoad(t, env)
	if s.Site != (config.Setting{Value: "ap1.datadoghq.com", Origin: "--site"}) || s.BaseURL.Value != "https://proxy.internal/datadog" ||
		s.TimeZone.String() != "Europe/Berlin" || s.CacheDir != "/flag" || s.Color != config.ColorAlways || s.Timeout != time.Minute || s.Settle != 0 {
		t.Errorf("flags over environment: %+v", s)
	}
}

func TestEmptyIsUnset(t *testing.T) {
	t.Parallel()
	src := sources(t, "DD_SITE=", "DD_HOST= ", "NO_COLOR=", "SLO_CONFIG=", "DD_API_KEY=", "DATADOG_API_KEY=k1", "DD_APP_KEY=\n", "DATADOG_APP_KEY=k2")
	write(t, src.UserConfigDir, "slo/config.yaml", "site: \"\"\ncolor:\n")
	s := mustLoad(t, src)
	if s.Site.Value != "datadoghq.com" || s.BaseURL.Value != "https://api.datadoghq.com" || s.Color != config.ColorAuto {
		t.Errorf("got %+v", s)
	}
	if c := s.Credentials; c.Check() != nil || c.APIKey.Reveal() != "k1" || c.AppKey.Origin() != "DATADOG_APP_KEY" {
		t.Errorf("credentials from %q and %q: %v", c.APIKey.Origin(), c.AppKey.Origin(), c.Check())
	}
	empty := sources(t)
	write(t, empty.UserConfigDir, "slo/config.yaml", "# nothing yet\n")
	mustLoad(t, empty)
}

func TestSite(t *testing.T) {
	t.Parallel()
	f := func(in, want string) {
		t.Helper()
		src := sources(t)
		src.Flags.Site = in
		if got := mustLoad(t, src).Site.Value; got != want {
			t.Errorf("site %q is read as %q, want %q", in, got, want)
		}
	}
	f("datadoghq.eu", "datadoghq.eu")
	f(" DatadogHQ.eu ", "datadoghq.eu")
	f("https://app.datadoghq.eu/", "datadoghq.eu")
	f("api.us5.datadoghq.com", "us5.datadoghq.com")
	f("http://us3.datadoghq.com", "us3.datadoghq.com")
	f("datad0g.com", "datad0g.com")
	for bad, says := range map[string]string{
		"https://":                      "--site: want",
		"app.datadoghq.com/dashboard":   `--site "app.datadoghq.com…": want`,
		"https://datadoghq.com/x?y=z":   `--site "https://datadoghq.com…": want`,
		"data dog":                      "--site: want",
		"user@datadoghq.com":            "--site: want",
		"datadoghq..com":                `--site "datadoghq..com": want`,
		"datadoghq.com?x":               `--site "datadoghq.com…": want`,
		"$DD_SITE":                      "--site: want",
		"datadoghq.com:x":               "--site: want",
		strings.Repeat("a.", 30) + "aa": "--site: want",
	} {
		src := sources(t)
		src.Flags.Site = bad
		_, err := config.Load(src)
		wantError(t, err, says+" a Datadog site, such as")
	}
}

func TestSecretsInAddressesAreNotShown(t *testing.T) {
	t.Parallel()
	const hexKey, appKey = "0123456789abcdef0123456789abcdef", "0123456789ABCDEF0123456789abcdef01234567"
	for _, tt := range []struct{ value, secret, shown string }{
		{"http://user:s3cretpw@h", "s3cretpw", "without a user name and password"},
		{"user:s3cretpw@h", "s3cretpw", "without a user name and password"},
		{"http://user:12/s3cretpw@h", "s3cretpw", "without a user name and password"},
		{"http://user:s3cret/pw@h", "s3cret", "without a user name and password"},
		{"https://api.datadoghq.com/?api_key=SECRET", "SECRET", `"https://api.datadoghq.com…"`},
		{"https://api.datadoghq.com/path-SECRET?x", "SECRET", `"https://api.datadoghq.com…"`},
		{"https://api.datadoghq.com#SECRET", "SECRET", `"https://api.datadoghq.com…"`},
		{"ftp://host.example/SECRET", "SECRET", `"ftp://host.example…"`},
		{"http://h:SECRET", "SECRET", "want an address"},
		{hexKey, hexKey, "looks like a key"},
		{"https://" + appKey + "/", "0123", "looks like a key"},
		{"https://api.datadoghq.com/%zz?api_key=SECRET", "SECRET", `"https://api.datadoghq.com…"`},
	} {
		_, err := config.Load(sources(t, "DD_HOST="+tt.value))
		wantError(t, err, "DD_HOST", "want an address", tt.shown)
		if strings.Contains(strings.ToLower(err.Error()), strings.ToLower(tt.secret)) {
			t.Errorf("the message repeats the secret of %s: %v", tt.value, err)
		}
	}
	for _, key := range []string{hexKey, appKey, "api." + hexKey, "https://" + hexKey, "ddpat_" + hexKey, strings.Repeat("z9", 20)} {
		_, err := config.Load(sources(t, "DD_SITE="+key))
		wantError(t, err, "DD_SITE: looks like a key, want a Datadog site")
		if strings.Contains(strings.ToLower(err.Error()), "0123") || strings.Contains(err.Error(), "z9") {
			t.Errorf("the message repeats the key: %v", err)
		}
	}
	src := sources(t)
	write(t, src.UserConfigDir, "slo/config.yaml", "api_url: https://user:s3cretpw@h\n")
	if _, err := config.Load(src); err == nil || strings.Contains(err.Error(), "s3cretpw") || !strings.Contains(err.Error(), ":1:10: api_url: want") {
		t.Errorf("got %v", err)
	}
}

func TestBaseURL(t *testing.T) {
	t.Parallel()
	f := func(in, want string) {
		t.Helper()
		if got := mustLoad(t, sources(t, "DD_HOST="+in)).BaseURL.Value; got != want {
			t.Errorf("DD_HOST=%q is read as %q, want %q", in, got, want)
		}
	}
	f("http://127.0.0.1:8080", "http://127.0.0.1:8080")
	f("http://127.0.0.1:8080/prefix//", "http://127.0.0.1:8080/prefix")
	f("https://api.datadoghq.eu/", "https://api.datadoghq.eu")
	f("api.datadoghq.eu", "https://api.datadoghq.eu")
	f("localhost:8080", "https://localhost:8080")
	f("http://[::1]:8080", "http://[::1]:8080")
	for _, bad := range []string{"ftp://x", "http://", "http://a b", "https://user:pass@x", "https://x?a=b", "https://x#y", "http://x:port", "://"} {
		_, err := config.Load(sources(t, "DD_HOST="+bad))
		wantError(t, err, "DD_HOST", "want an address")
	}
}

func TestAppURL(t *testing.T) {
	t.Parallel()
	got := map[string]string{}
	for _, site := range []string{"datadoghq.com", "datadoghq.eu", "ddog-gov.com", "us3.datadoghq.com", "us5.datadoghq.com", "ap1.datadoghq.com", "uk1.datadoghq.com", "us2.ddog-gov.com", "datad0g.com"} {
		got[site] = config.AppURL(site)
	}
	want := map[string]string{
		"datadoghq.com":     "https://app.datadoghq.com",
		"datadoghq.eu":      "https://app.datadoghq.eu",
		"ddog-gov.com":      "https://app.ddog-gov.com",
		"us3.datadoghq.com": "https://us3.datadoghq.com",
		"us5.datadoghq.com": "https://us5.datadoghq.com",
		"ap1.datadoghq.com": "https://ap1.datadoghq.com",
		"uk1.datadoghq.com": "https://uk1.datadoghq.com",
		"us2.ddog-gov.com":  "https://us2.ddog-gov.com",
		"datad0g.com":       "https://app.datad0g.com",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWrongFlags(t *testing.T) {
	t.Parallel()
	f := func(flags config.Flags, says ...string) {
		t.Helper()
		src := sources(t)
		src.Flags = flags
		_, err := config.Load(src)
		wantError(t, err, says...)
	}
	zero, negative := time.Duration(0), -time.Second
	f(config.Flags{TimeZone: "Mars/Olympus"}, `--tz "Mars/Olympus"`, "Europe/Berlin")
	f(config.Flags{TimeZone: "../../etc/passwd"}, "unknown time zone")
	f(config.Flags{Color: "yes"}, `--color "yes": want auto, always or never`)
	f(config.Flags{Timeout: &zero}, `--timeout "0s"`)
	f(config.Flags{Settle: &negative}, `--settle "-1s"`)
	f(config.Flags{ConfigFile: "/nowhere/config.yaml"}, "--config /nowhere/config.yaml: no such file")
}

func TestNamedConfigFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := write(t, dir, "mine.yaml", "site: datadoghq.eu\n")
	if s := mustLoad(t, sources(t, "SLO_CONFIG="+path)); s.Site.Value != "datadoghq.eu" {
		t.Errorf("site %v", s.Site)
	}
	_, err := config.Load(sources(t, "SLO_CONFIG="+path+".missing"))
	wantError(t, err, "SLO_CONFIG", "no such file")
	_, err = config.Load(sources(t, "SLO_CONFIG="+dir))
	wantError(t, err, "is a directory")
	src := sources(t, "SLO_CONFIG="+path+".missing")
	src.Flags.ConfigFile = path
	if s := mustLoad(t, src); s.Site.Value != "datadoghq.eu" {
		t.Errorf("--config does not win over SLO_CONFIG: %v", s.Site)
	}
}

func TestCacheDirInHome(t *testing.T) {
	t.Parallel()
	src := sources(t, "HOME=/home/ada")
	write(t, src.UserConfigDir, "slo/config.yaml", "cache_dir: ~/slo-cache\n")
	if got, want := mustLoad(t, src).CacheDir, filepath.Join("/home/ada", "slo-cache"); got != want {
		t.Errorf("cache %q, want %q", got, want)
	}
}

func TestWrongConfigFile(t *testing.T) {
	t.Parallel()
	f := func(content string, says ...string) {
		t.Helper()
		src := sources(t)
		path := write(t, src.UserConfigDir, "slo/config.yaml", content)
		_, err := config.Load(src)
		wantError(t, err, append(says, path)...)
	}
	f("site: x\nsitte: y\n", ":2:1: unknown key \"sitte\"", "site, api_url, tz, timeout, settle, color, cache_dir, cache_settled or cache_max_size", "did you mean site?")
	f("site: x\nsite: y\n", ":2:1: ", "site")
	f("api_key: 0123456789abcdef\n", ":1:1: api_key: keys and tokens do not belong in a file", "set DD_API_KEY")
	f("access-token: abc\n", "do not belong in a file")
	f("timeout: soon\n", `:1:10: timeout "soon": want a length of time`)
	f("timeout: 5\n", `timeout "5": want a length of time`)
	f("timeout: -5s\n", `timeout "-5s": want a length of time above zero`)
	f("settle: -5s\n", `settle "-5s": want zero or`)
	f("tz: Nowhere\n", `tz "Nowhere": unknown time zone`)
	f("color: maybe\n", `color "maybe": want auto`)
	f("site: [a]\n", "site: want one value, found a list")
	f("- site\n", ":1:1: the config file: want a mapping of keys to values, found a list")
	f("site: a\n---\nsite: b\n", ":3:1: a second YAML document")
	f("site: 'a\n", ":1:7: ")
	f("\tsite: a\n", ":1:")
	f("site: !!str a\n", "tags such as !!str are not supported")
	f("? [a]\n: b\n", ":2:1: ")
	f("? a\n: b\n", "want a plain word as the key")
	f("\xff\xfe", "not UTF-8 text")
	f("site: "+strings.Repeat("x", 70_000), "larger than 64 KiB")
}

func TestSecretsOfWrongFilesAreNotShown(t *testing.T) {
	t.Parallel()
	src := sources(t)
	write(t, src.UserConfigDir, "slo/config.yaml", "app_key: 0123456789abcdef\n")
	if _, err := config.Load(src); err == nil || strings.Contains(err.Error(), "0123") {
		t.Errorf("got %v", err)
	}
}
