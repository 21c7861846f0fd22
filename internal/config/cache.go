package config

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// The defaults of the cache.
const (
	// DefaultCacheSettled is how old data must be to be kept: late points and
	// backfills arrive before that.
	DefaultCacheSettled = 24 * time.Hour
	// DefaultCacheMaxBytes bounds what the cache takes on disk.
	DefaultCacheMaxBytes = 1 << 30
)

// The limits of the cache's settings.
const (
	minCacheSettled  = time.Hour
	maxCacheSettled  = 30 * 24 * time.Hour
	minCacheMaxBytes = 1 << 20
)

// sizeUnits are the units of a size, longer names before their endings.
var sizeUnits = []struct {
	name  string
	bytes float64
}{
	{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"b", 1},
}

// ParseSize reads a number of bytes with its unit: 512MiB, 1.5 GiB, 2GB, 100B.
func ParseSize(s string) (int64, error) {
	text := strings.ToLower(strings.TrimSpace(s))
	for _, u := range sizeUnits {
		digits, found := strings.CutSuffix(text, u.name)
		if !found {
			continue
		}
		digits = strings.TrimSpace(digits)
		n, err := strconv.ParseFloat(digits, 64)
		if err != nil || strings.Trim(digits, "0123456789.") != "" {
			break
		}
		if n*u.bytes >= 1<<60 {
			return 0, errors.New("is more than any disk holds")
		}
		return int64(n * u.bytes), nil
	}
	return 0, errors.New("want a size with its unit (B, KiB, MiB, GiB, KB, MB or GB), such as 512MiB or 2GB")
}

// parseCacheSettled reads a length of time that may also be in days.
func parseCacheSettled(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if digits, found := strings.CutSuffix(s, "d"); err != nil && found {
		var days int
		if days, err = strconv.Atoi(digits); err == nil && days <= int(maxCacheSettled/(24*time.Hour)) {
			d = time.Duration(days) * 24 * time.Hour
		}
	}
	if err != nil || d < minCacheSettled || d > maxCacheSettled {
		return 0, errors.New("want a length of time from 1h to 30d, such as 24h")
	}
	return d, nil
}

func parseCacheMaxSize(s string) (int64, error) {
	n, err := ParseSize(s)
	if err == nil && n < minCacheMaxBytes {
		err = errors.New("want at least 1MiB, such as 512MiB or 2GB")
	}
	return n, err
}
