// Package config finds out where the data comes from and who asks: it merges
// flags, environment, the user's config file and defaults, in this order of
// precedence, and reads the project file. It looks at nothing but its
// arguments and the files that they name.
package config

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"
	_ "time/tzdata" // --tz works on machines without a time zone database
)

// The defaults.
const (
	DefaultSite    = "datadoghq.com"
	DefaultTimeout = 5 * time.Minute
	// DefaultSettle is how long Datadog's newest points are still arriving.
	DefaultSettle = 5 * time.Minute
)

// Sources is everything that settings are made from.
type Sources struct {
	Flags Flags
	// LookupEnv is [os.LookupEnv], or a stand-in for it.
	LookupEnv func(name string) (string, bool)
	// UserConfigDir and UserCacheDir are what [os.UserConfigDir] and
	// [os.UserCacheDir] say; empty where there is none.
	UserConfigDir, UserCacheDir string
	// WorkDir is where the search for a project file begins.
	WorkDir string
}

// Flags are the persistent flags. An empty string or nil means "not given".
type Flags struct {
	Site, APIURL, ConfigFile, TimeZone, CacheDir, Color string

	Timeout, Settle *time.Duration
	// Definitions is the file of -f, whose slos replace those of the project file.
	Definitions string
}

// Settings is the outcome.
type Settings struct {
	Site Setting
	// BaseURL is where the API is, without a slash at the end.
	BaseURL Setting
	// AppURL is the web application that belongs to the site, without a slash at the end.
	AppURL      string
	Credentials Credentials
	TimeZone    *time.Location
	// Timeout bounds the whole run.
	Timeout time.Duration
	// Settle is how long before now windows end without --at.
	Settle time.Duration
	// CacheDir is empty on machines where no user cache directory is known.
	CacheDir string
	// CacheSettled is how old data must be for the cache to keep it,
	// CacheMaxBytes how large the cache may get.
	CacheSettled  time.Duration
	CacheMaxBytes int64
	Color         Color
	// File is the user config file that was read; empty when there is none.
	File string
}

// Setting is a value and where it comes from: "--site", "DD_SITE", a file with its line, or "default".
type Setting struct {
	Value, Origin string
}

// Color says when output is coloured.
type Color string

// The ways of colouring.
const (
	ColorAuto   Color = "auto"
	ColorAlways Color = "always"
	ColorNever  Color = "never"
)

// Error is wrong usage: a flag, an environment variable or a file that does
// not make sense.
type Error struct {
	// Message names the thing and what would be right.
	Message string
	// Hints say what to type or read next.
	Hints []string
}

// Error is the message.
func (e *Error) Error() string { return e.Message }

// Load merges the sources. The error is an *[Error]. Missing or malformed
// credentials are no error here, because not every command needs them: see
// [Credentials.Check].
func Load(src Sources) (Settings, error) {
	file, err := readUserFile(src)
	if err != nil {
		return Settings{}, err
	}
	s := Settings{File: file.path, Credentials: findCredentials(src.env)}

	site := first(Setting{src.Flags.Site, "--site"}, Setting{src.env("DD_SITE"), "DD_SITE"}, file.site, Setting{DefaultSite, "default"})
	if s.Site, err = parseAddress(site, parseSite); err != nil {
		return Settings{}, err
	}
	base := first(Setting{src.Flags.APIURL, "--api-url"}, Setting{src.env("DD_HOST"), "DD_HOST"}, file.apiURL, Setting{"https://api." + s.Site.Value, "default"})
	if s.BaseURL, err = parseAddress(base, parseBaseURL); err != nil {
		return Settings{}, err
	}
	s.AppURL = AppURL(s.Site.Value)

	zone := first(Setting{src.Flags.TimeZone, "--tz"}, file.timeZone, Setting{"UTC", "default"})
	if s.TimeZone, err = parse(zone, parseTimeZone); err != nil {
		return Settings{}, err
	}
	noColor := Setting{Origin: "NO_COLOR"}
	if src.env("NO_COLOR") != "" {
		noColor.Value = string(ColorNever)
	}
	if s.Color, err = parse(first(Setting{src.Flags.Color, "--color"}, noColor, file.color, Setting{string(ColorAuto), "default"}), parseColor); err != nil {
		return Settings{}, err
	}

	s.Timeout, s.Settle = DefaultTimeout, DefaultSettle
	if file.timeout.Value != "" {
		if s.Timeout, err = parse(file.timeout, time.ParseDuration); err != nil {
			return Settings{}, durationError(file.timeout)
		}
	}
	if file.settle.Value != "" {
		if s.Settle, err = parse(file.settle, time.ParseDuration); err != nil {
			return Settings{}, durationError(file.settle)
		}
	}
	if src.Flags.Timeout != nil {
		s.Timeout, file.timeout = *src.Flags.Timeout, Setting{src.Flags.Timeout.String(), "--timeout"}
	}
	if src.Flags.Settle != nil {
		s.Settle, file.settle = *src.Flags.Settle, Setting{src.Flags.Settle.String(), "--settle"}
	}
	if s.Timeout <= 0 {
		return Settings{}, &Error{Message: fmt.Sprintf("%s %q: want a length of time above zero, such as 2m", file.timeout.Origin, file.timeout.Value)}
	}
	if s.Settle < 0 {
		return Settings{}, &Error{Message: fmt.Sprintf("%s %q: want zero or a length of time, such as 5m", file.settle.Origin, file.settle.Value)}
	}
	s.CacheDir = first(Setting{src.Flags.CacheDir, ""}, Setting{src.env("SLO_CACHE_DIR"), ""}, file.cacheDir, Setting{under(src.UserCacheDir, "slo"), ""}).Value
	if s.CacheSettled, err = parse(first(file.cacheSettled, Setting{DefaultCacheSettled.String(), "default"}), parseCacheSettled); err != nil {
		return Settings{}, err
	}
	s.CacheMaxBytes = DefaultCacheMaxBytes
	if file.cacheMaxSize.Value != "" {
		if s.CacheMaxBytes, err = parse(file.cacheMaxSize, parseCacheMaxSize); err != nil {
			return Settings{}, err
		}
	}
	return s, nil
}

// env is an environment variable without surrounding space; empty is unset.
func (src Sources) env(name string) string {
	value, _ := src.LookupEnv(name)
	return strings.TrimSpace(value)
}

// first is the first setting that has a value.
func first(candidates ...Setting) Setting {
	for _, c := range candidates {
		if c.Value = strings.TrimSpace(c.Value); c.Value != "" {
			return c
		}
	}
	return Setting{}
}

// parse puts the origin before what the parser complains about.
func parse[T any](s Setting, parser func(string) (T, error)) (T, error) {
	v, err := parser(s.Value)
	if err != nil {
		return v, &Error{Message: fmt.Sprintf("%s %q: %v", s.Origin, s.Value, err)}
	}
	return v, nil
}

func durationError(s Setting) error {
	return &Error{Message: fmt.Sprintf("%s %q: want a length of time, such as 90s, 5m or 1h", s.Origin, s.Value)}
}

func parseTimeZone(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("unknown time zone: want a name of the IANA database, such as Europe/Berlin or Asia/Tokyo, or UTC or Local")
	}
	return zone, nil
}

func parseColor(s string) (Color, error) {
	switch c := Color(s); c {
	case ColorAuto, ColorAlways, ColorNever:
		return c, nil
	}
	return "", fmt.Errorf("want auto, always or never")
}

// under is dir/name, or nothing where there is no such directory.
func under(dir, name string) string {
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, name)
}
