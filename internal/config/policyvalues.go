package config

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/slo-cli/slo/pkg/policy"
)

// The limits of a policy's numbers.
const (
	maxCount     = 1e12
	maxExpect    = 1e6
	maxThreshold = 1e6
	// maxLength is longer than any window.
	maxLength = 455 * 24 * time.Hour
)

var (
	percentPattern = regexp.MustCompile(`^(100(\.0{1,9})?|0?[0-9]{1,2}(\.[0-9]{1,9})?) ?%$`)
	lengthPattern  = regexp.MustCompile(`^(([0-9]{1,9}(\.[0-9]{1,9})?[hms]){1,3}|[0-9]{1,4}[dw])$`)
	clockPattern   = regexp.MustCompile(`^[0-9]{1,2}:[0-9]{2}$`)
)

// number is the value of a number; a negative zero is none.
func (n *node) number() (float64, bool) {
	v, err := strconv.ParseFloat(n.text, 64)
	return v + 0, n.kind == numberKind && err == nil
}

// percent reads 10 or "10%".
func (n *node) percent() (float64, bool) {
	if n.kind == stringKind && percentPattern.MatchString(n.text) {
		v, err := strconv.ParseFloat(strings.TrimRight(n.text, " %"), 64)
		return v, err == nil
	}
	return n.number()
}

// readBudgetBound reads a budget left. All of it is never more than all of it.
func readBudgetBound(n *node, key string) (policy.Bound, error) {
	if n.isOff() {
		return policy.Bound{Off: true}, nil
	}
	v, ok := n.percent()
	if !ok || !(v >= 0 && v < 100) {
		return policy.Bound{}, n.wrong(key, "off, or a percentage from 0 to less than 100, such as 10 or 10%", n.withoutQuotes()...)
	}
	return policy.Bound{Value: v}, nil
}

func readAttainmentBound(n *node, key string) (policy.Bound, error) {
	if n.isOff() {
		return policy.Bound{Off: true}, nil
	}
	v, ok := n.percent()
	if !ok || !(v > 0 && v <= 100) {
		return policy.Bound{}, n.wrong(key, "off, or a percentage above 0 and up to 100, such as 99.5", n.withoutQuotes()...)
	}
	return policy.Bound{Value: v}, nil
}

func (n *node) isOff() bool { return n.kind == stringKind && n.text == string(policy.Off) }

// withoutQuotes is a hint where text would be right as something else.
func (n *node) withoutQuotes() []string {
	if n.kind == boolKind && n.text == "false" {
		return []string{"did you mean off?"}
	}
	if n.kind != stringKind {
		return nil
	}
	if v, err := strconv.ParseFloat(n.text, 64); err == nil && v >= 0 && v <= maxCount {
		return []string{"did you mean " + strconv.FormatFloat(v, 'f', -1, 64) + ", without quotes?"}
	}
	return n.meant([]string{string(policy.Off)})
}

// readCoverage reads a share: 0.9 or 90%.
func readCoverage(n *node, key string) (float64, error) {
	const want = "a share from 0 to 1 or a percentage, such as 0.9 or 90%"
	if n.kind == stringKind {
		if v, ok := n.percent(); ok {
			return v / 100, nil
		}
		return 0, n.wrong(key, want, n.withoutQuotes()...)
	}
	v, ok := n.number()
	switch {
	case ok && v > 1 && v <= 100:
		return 0, n.wrong(key, want, "did you mean "+n.text+"%?")
	case !ok || !(v >= 0 && v <= 1):
		return 0, n.wrong(key, want)
	}
	return v, nil
}

// readCount reads a whole number from 0 on.
func readCount(n *node, key string) (float64, error) {
	v, ok := n.number()
	if !ok || !(v >= 0 && v <= maxCount && v == float64(int64(v))) {
		return 0, n.wrong(key, "a whole number from 0 to 1000000000000, such as 100", n.withoutQuotes()...)
	}
	return v, nil
}

func readExpect(n *node, key string) (int, error) {
	v, ok := n.number()
	if !ok || !(v >= 1 && v <= maxExpect && v == float64(int(v))) {
		return 0, n.wrong(key, "a whole number from 1 to 1000000, such as 6", n.withoutQuotes()...)
	}
	return int(v), nil
}

func readBurnThreshold(n *node, key string) (float64, error) {
	v, ok := n.number()
	if !ok || !(v > 0 && v <= maxThreshold) {
		return 0, n.wrong(key, "a burn rate above 0 and up to 1000000, such as 14.4", n.withoutQuotes()...)
	}
	return v, nil
}

// readLength reads 90s, 5m, 1h30m, 2d or 1w.
func readLength(n *node, key string) (time.Duration, error) {
	const want = "a length of time up to 455d, such as 90s, 5m, 1h30m, 36h or 2d"
	if n.kind != stringKind || !lengthPattern.MatchString(n.text) {
		var hints []string
		switch {
		case n.kind == numberKind:
			hints = []string{"write the unit, such as " + n.text + "s or " + n.text + "m"}
		case clockPattern.MatchString(n.text):
			h, m, _ := strings.Cut(n.text, ":")
			hints = []string{"did you mean " + h + "h" + m + "m?"}
		}
		return 0, n.wrong(key, want, hints...)
	}
	d, err := time.ParseDuration(n.text)
	if digits := n.text[:len(n.text)-1]; strings.HasSuffix(n.text, "d") || strings.HasSuffix(n.text, "w") {
		var days int
		days, err = strconv.Atoi(digits) // at most four digits
		if strings.HasSuffix(n.text, "w") {
			days *= 7
		}
		d = time.Duration(days) * 24 * time.Hour
	}
	if err != nil || d <= 0 || d > maxLength {
		return 0, n.wrong(key, want)
	}
	return d, nil
}
