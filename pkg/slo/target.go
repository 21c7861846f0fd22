package slo

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Target is a percentage in fixed point, so that 99.9 is exactly 99.9 and the
// budget that it leaves is exactly 0.1. The zero Target means "none".
type Target int64

// targetUnit is one percent of a Target: nine decimals, three more than Datadog accepts.
const targetUnit = 1_000_000_000

// Hundred is the target that allows nothing to fail.
const Hundred Target = 100 * targetUnit

// ParseTarget reads a percentage above 0 and not above 100, with at most nine
// decimals and an optional percent sign: "99.9", "99.95%", "95.".
func ParseTarget(s string) (Target, error) {
	digits := strings.TrimSuffix(strings.TrimSpace(s), "%")
	whole, frac, _ := strings.Cut(strings.TrimSpace(digits), ".")
	if len(frac) > 9 || len(whole) > 3 || whole == "" || strings.ContainsAny(whole+frac, "+-_ ") {
		return 0, badTarget(s)
	}
	n, err := strconv.ParseUint(whole+frac+strings.Repeat("0", 9-len(frac)), 10, 63)
	if err != nil || n == 0 || n > uint64(Hundred) {
		return 0, badTarget(s)
	}
	return Target(n), nil
}

func badTarget(s string) error {
	return fmt.Errorf("target %q: want a percentage above 0 and up to 100 with at most nine decimals, such as 99.9", s)
}

// TargetFromFloat takes the percentage that a JSON number stands for: the
// shortest decimal that reads back as p.
func TargetFromFloat(p float64) (Target, error) {
	if math.IsNaN(p) || math.IsInf(p, 0) {
		return 0, badTarget(strconv.FormatFloat(p, 'g', -1, 64))
	}
	return ParseTarget(strconv.FormatFloat(p, 'f', -1, 64))
}

// Percent is the target as a float, the nearest to its decimal.
func (t Target) Percent() float64 { return float64(t) / targetUnit }

// Allowed is the share that may fail, in percent, exactly 100 − t.
func (t Target) Allowed() Target { return Hundred - t }

// Decimals is how many decimals the target is written with: 1 for 99.9, 0 for 95.
func (t Target) Decimals() int {
	_, frac, _ := strings.Cut(t.String(), ".")
	return len(frac)
}

// String writes the shortest decimal, without a percent sign: "99.9".
func (t Target) String() string {
	s := fmt.Sprintf("%d.%09d", int64(t)/targetUnit, int64(t)%targetUnit)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}
