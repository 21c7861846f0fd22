package scenario

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

var days = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(\d+)d`) })

// duration reads 90s, 5m, 36h, 12d or 1d12h; whole seconds, not negative.
func duration(text string) (time.Duration, error) {
	wrong := fmt.Errorf("%q is not a duration such as 90s, 5m, 36h or 12d", text)
	rest, total := text, time.Duration(0)
	if m := days().FindStringSubmatch(text); m != nil {
		n, err := strconv.Atoi(m[1])
		if err != nil || n > 4000 {
			return 0, wrong
		}
		total, rest = time.Duration(n)*24*time.Hour, text[len(m[0]):]
	}
	if rest != "" || text == "" {
		d, err := time.ParseDuration(rest)
		if err != nil || d < 0 || d > 4000*24*time.Hour {
			return 0, wrong
		}
		total += d
	}
	if total%time.Second != 0 {
		return 0, fmt.Errorf("%q is not a whole number of seconds", text)
	}
	return total, nil
}

// instant reads RFC 3339, or a distance from now such as -3d4h or +1h.
func instant(text string, now time.Time) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		if t.Nanosecond() != 0 {
			return time.Time{}, fmt.Errorf("%q is not a whole second", text)
		}
		return t.UTC(), nil
	}
	sign := time.Duration(1)
	switch {
	case strings.HasPrefix(text, "-"):
		sign = -1
	case !strings.HasPrefix(text, "+"):
		return time.Time{}, fmt.Errorf("%q is neither RFC 3339 (2026-11-23T09:30:00Z) nor a distance from now (-3d4h, +1h)", text)
	}
	d, err := duration(text[1:])
	if err != nil {
		return time.Time{}, err
	}
	return now.Add(sign * d), nil
}

// share reads a percentage from 0% to 100% as a fraction.
func share(text string) (float64, error) {
	number, isPercent := strings.CutSuffix(text, "%")
	v, err := strconv.ParseFloat(number, 64)
	if !isPercent || err != nil || !(v >= 0 && v <= 100) {
		return 0, fmt.Errorf("%q is not a percentage from 0%% to 100%%, such as 2.5%%", text)
	}
	return v / 100, nil
}

// numbers reads one number, or a list of the least and the greatest.
func numbers(v any) (*Range, error) {
	if v == nil {
		return nil, nil
	}
	if list, ok := v.([]any); ok {
		if len(list) == 2 {
			lo, loOK := number(list[0])
			hi, hiOK := number(list[1])
			if loOK && hiOK && lo <= hi {
				return &Range{Min: lo, Max: hi}, nil
			}
		}
	} else if n, ok := number(v); ok {
		return &Range{Min: n, Max: n}, nil
	}
	return nil, fmt.Errorf("%v is neither a number nor a list of the least and the greatest, such as [99.1, 99.2]", v)
}

func number(v any) (float64, bool) {
	switch n := v.(type) {
	case float64:
		return n, !math.IsNaN(n) && !math.IsInf(n, 0)
	case int64:
		return float64(n), true
	case uint64:
		return float64(n), true
	}
	return 0, false
}
