package datadog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/slo-cli/slo/pkg/slo"
)

// The wire is read field by field, each as raw JSON first, so that one odd
// field costs that field and not the object around it. An absent field and a
// null are the same.

func isNull(raw json.RawMessage) bool {
	return len(raw) == 0 || string(raw) == "null"
}

// textOf is a JSON string, or "" for anything else.
func textOf(raw json.RawMessage) string {
	var s string
	if isNull(raw) || json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// listOf is the elements of a JSON array; a lone value counts as an array of one.
func listOf(raw json.RawMessage) []json.RawMessage {
	if isNull(raw) {
		return nil
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return []json.RawMessage{raw}
	}
	return list
}

// numberOf reads a JSON number in any notation (300, 300.0, 3e2), and one in quotes.
func numberOf(raw json.RawMessage) (float64, error) {
	text := strings.TrimSpace(strings.Trim(string(raw), `"`))
	if n, err := strconv.ParseFloat(text, 64); err == nil && !math.IsInf(n, 0) && !math.IsNaN(n) && !strings.ContainsAny(text, "xXpP_") {
		return n, nil
	}
	return 0, fmt.Errorf("%s is not a number", clean(string(raw[:min(len(raw), 60)]), 40))
}

// integerOf reads a whole number in any notation, exactly.
func integerOf(raw json.RawMessage) (int64, error) {
	if n, err := strconv.ParseInt(string(bytes.Trim(raw, `"`)), 10, 64); err == nil {
		return n, nil
	}
	n, err := numberOf(raw)
	if err != nil {
		return 0, err
	}
	if n != math.Trunc(n) || math.Abs(n) > 1<<53 {
		return 0, fmt.Errorf("%s is not a whole number", clean(string(raw[:min(len(raw), 60)]), 40))
	}
	return int64(n), nil
}

// secondsOf reads an epoch in seconds. Some of Datadog's objects hold
// milliseconds where seconds are documented; no second of this millennium has
// so many digits.
func secondsOf(raw json.RawMessage) (int64, error) {
	n, err := numberOf(raw)
	if err != nil {
		return 0, err
	}
	if math.Abs(n) > 1e11 {
		n /= 1000
	}
	if math.Abs(n) > 1e11 {
		return 0, fmt.Errorf("%s is not a time", clean(string(raw), 40))
	}
	return int64(math.Floor(n)), nil
}

// instantOf is an epoch as a time; zero for what is absent or unreadable.
func instantOf(raw json.RawMessage) time.Time {
	if isNull(raw) {
		return time.Time{}
	}
	s, err := secondsOf(raw)
	if err != nil || s <= 0 {
		return time.Time{}
	}
	return time.Unix(s, 0).UTC()
}

// figureOf reads a number that Datadog computed: unknown where it is absent.
// Anything but a number, text that looks like one included, is unknown too,
// and odd says so: a figure is not the place to guess what a server meant.
func figureOf(name string, raw json.RawMessage) (f slo.Figure, odd string) {
	if isNull(raw) {
		return slo.Figure{}, ""
	}
	n, err := numberOf(raw)
	if err != nil || raw[0] == '"' {
		return slo.Figure{}, fmt.Sprintf("%s is %s, which is not a number", name, clean(string(raw[:min(len(raw), 60)]), 40))
	}
	return slo.Known(n), ""
}

// decimalsOf is a number of decimals; -1 for what is absent or cannot be one.
func decimalsOf(raw json.RawMessage) int {
	if n, err := integerOf(raw); err == nil && n >= 0 && n <= 15 {
		return int(n)
	}
	return -1
}

// joined puts two texts side by side, of which either may be empty.
func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}
