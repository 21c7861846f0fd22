package recurrence

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

const (
	maxRuleLength = 1000
	// maxInterval is more than three years of seconds, and far from overflowing anything.
	maxInterval = 100_000_000
	maxCount    = 1<<31 - 1
	// maxTimesOfDay bounds what one day of a rule may hold.
	maxTimesOfDay = 1440
)

// rule is a recurrence rule that was read and checked.
type rule struct {
	// option has everything but DTSTART and UNTIL.
	option rrule.ROption
	// until is the last second at which an occurrence may start, if hasUntil.
	until    int64
	hasUntil bool
	// wholeDay says that UNTIL gave a day and no time. Until is then the end of
	// that day, so that what starts between midnight and until can be told of.
	wholeDay bool
	midnight int64
	// period is INTERVAL in seconds, 0 for months and years, which differ in length.
	period int64
	// selective says that a period may have no occurrence, or several.
	selective bool
}

// parseRule reads a rule. Case, spaces around its parts, empty parts and the
// name RRULE: in front do not matter.
func parseRule(text string) (rule, error) {
	if len(text) > maxRuleLength {
		return rule{}, fmt.Errorf("longer than %d bytes", maxRuleLength)
	}
	text = strings.TrimSpace(strings.ToUpper(text))
	if strings.Contains(text, "DTSTART") {
		return rule{}, errors.New("DTSTART is not supported: a correction has a start of its own")
	}
	text = strings.TrimPrefix(text, "RRULE:")
	parts := map[string]string{}
	for part := range strings.SplitSeq(text, ";") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		key, value, ok := strings.Cut(part, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if !ok || key == "" || value == "" {
			return rule{}, fmt.Errorf("%s is not of the form KEY=VALUE", quote(part))
		}
		if _, repeated := parts[key]; repeated {
			return rule{}, fmt.Errorf("%s stands there twice", quote(key))
		}
		parts[key] = value
	}
	r := reader{parts: parts}
	return r.rule()
}

// reader takes the parts of a rule apart.
type reader struct {
	parts map[string]string
	out   rule
}

func (r *reader) rule() (rule, error) {
	if err := r.frequency(); err != nil {
		return rule{}, err
	}
	// In the order of their names, so that the same rule gives the same error.
	for _, key := range sortedKeys(r.parts) {
		if err := r.part(key, r.parts[key]); err != nil {
			return rule{}, err
		}
	}
	if r.out.option.Count > 0 && r.out.hasUntil {
		return rule{}, errors.New("COUNT and UNTIL exclude each other")
	}
	if err := r.combination(); err != nil {
		return rule{}, err
	}
	o := r.out.option
	r.out.period *= int64(max(1, o.Interval))
	r.out.selective = len(o.Byweekday)+len(o.Bymonth)+len(o.Bymonthday)+len(o.Byhour)+len(o.Byminute)+len(o.Bysecond) > 0
	return r.out, nil
}

func (r *reader) frequency() error {
	value, ok := r.parts["FREQ"]
	if !ok {
		return errors.New("FREQ is missing, as in FREQ=WEEKLY")
	}
	f, err := rrule.StrToFreq(value)
	if err != nil {
		return fmt.Errorf("FREQ=%s: expected one of YEARLY MONTHLY WEEKLY DAILY HOURLY MINUTELY SECONDLY", clip(value))
	}
	r.out.option.Freq = f
	r.out.period = map[rrule.Frequency]int64{
		rrule.WEEKLY: 7 * 86400, rrule.DAILY: 86400, rrule.HOURLY: 3600, rrule.MINUTELY: 60, rrule.SECONDLY: 1,
	}[f]
	return nil
}

func (r *reader) part(key, value string) (err error) {
	o := &r.out.option
	switch key {
	case "FREQ":
	case "INTERVAL":
		o.Interval, err = whole(key, value, maxInterval)
	case "COUNT":
		o.Count, err = whole(key, value, maxCount)
	case "UNTIL":
		err = r.until(value)
	case "WKST":
		var n int
		if o.Wkst, n, err = weekday(value); err == nil && n != 0 {
			err = fmt.Errorf("WKST=%s: expected a day of the week such as MO", clip(value))
		}
	case "BYDAY":
		err = r.byDay(value)
	case "BYMONTH":
		o.Bymonth, err = list(key, value, 1, 12, false)
	case "BYMONTHDAY":
		o.Bymonthday, err = list(key, value, 1, 31, true)
	case "BYSETPOS":
		o.Bysetpos, err = list(key, value, 1, 366, true)
	case "BYHOUR":
		o.Byhour, err = list(key, value, 0, 23, false)
	case "BYMINUTE":
		o.Byminute, err = list(key, value, 0, 59, false)
	case "BYSECOND":
		o.Bysecond, err = list(key, value, 0, 59, false)
	default:
		err = fmt.Errorf("%s is not supported: Datadog documents FREQ, INTERVAL, COUNT, UNTIL and BYDAY", quote(key))
	}
	return err
}

// combination refuses what the standard does not define, and what the library
// is known to evaluate otherwise, for ever, or not at all.
func (r *reader) combination() error {
	o := r.out.option
	frequency := o.Freq.String()
	plain, numbered := 0, 0
	for _, d := range o.Byweekday {
		if d.N() == 0 {
			plain++
		} else {
			numbered++
		}
		monthly := o.Freq == rrule.MONTHLY || o.Freq == rrule.YEARLY && len(o.Bymonth) > 0
		if monthly && (d.N() > 5 || d.N() < -5) {
			return fmt.Errorf("BYDAY: no month has a weekday number %d", d.N())
		}
	}
	switch {
	case numbered > 0 && o.Freq > rrule.MONTHLY:
		return fmt.Errorf("BYDAY: a numbered weekday such as 1MO needs FREQ=MONTHLY or YEARLY, not %s", frequency)
	case numbered > 0 && plain > 0:
		return errors.New("BYDAY: a mixture of numbered and plain weekdays is not supported")
	case len(o.Bymonthday) > 0 && o.Freq == rrule.WEEKLY:
		return errors.New("BYMONTHDAY is not defined with FREQ=WEEKLY")
	case len(o.Byhour)+len(o.Byminute)+len(o.Bysecond) > 0 && o.Freq > rrule.DAILY:
		return fmt.Errorf("BYHOUR, BYMINUTE and BYSECOND are not supported with FREQ=%s", frequency)
	case max(1, len(o.Byhour))*max(1, len(o.Byminute))*max(1, len(o.Bysecond)) > maxTimesOfDay:
		return fmt.Errorf("more than %d occurrences a day", maxTimesOfDay)
	case len(o.Bysetpos) > 0 && o.Freq > rrule.MONTHLY:
		return fmt.Errorf("BYSETPOS is not supported with FREQ=%s", frequency)
	case len(o.Bysetpos) > 0 && len(o.Byweekday)+len(o.Bymonthday)+len(o.Bymonth)+len(o.Byhour)+len(o.Byminute)+len(o.Bysecond) == 0:
		return errors.New("BYSETPOS needs another BY part to choose from")
	case len(o.Bymonth) > 0 && len(o.Bymonthday) > 0 && !someDate(o.Bymonth, o.Bymonthday):
		return errors.New("no date has one of these months and one of these days of the month")
	}
	return nil
}

// someDate reports whether a leap year has such a date.
func someDate(months, days []int) bool {
	for _, m := range months {
		length := time.Date(2000, time.Month(m)+1, 0, 0, 0, 0, 0, time.UTC).Day()
		if slices.ContainsFunc(days, func(d int) bool { return max(d, -d) <= length }) {
			return true
		}
	}
	return false
}

// until reads the three ways in which UNTIL is written. Without a Z it stands
// for UTC as well, like everything else of a correction.
func (r *reader) until(value string) error {
	for _, layout := range []string{"20060102T150405Z", "20060102T150405", "20060102"} {
		t, err := time.ParseInLocation(layout, value, time.UTC)
		if err != nil || len(value) != len(layout) {
			continue
		}
		r.out.hasUntil, r.out.until = true, t.Unix()
		if layout == "20060102" {
			r.out.wholeDay, r.out.midnight, r.out.until = true, t.Unix(), t.Unix()+86399
		}
		return nil
	}
	return fmt.Errorf("UNTIL=%s: expected an instant such as 20261109T093000Z", clip(value))
}

func (r *reader) byDay(value string) error {
	for day := range strings.SplitSeq(value, ",") {
		w, n, err := weekday(strings.TrimSpace(day))
		if err != nil {
			return fmt.Errorf("BYDAY: %w", err)
		}
		if d := w.Nth(n); !slices.Contains(r.out.option.Byweekday, d) {
			r.out.option.Byweekday = append(r.out.option.Byweekday, d)
		}
	}
	return nil
}

// weekday reads MO, or with its number 2MO, +2MO, -1MO; the number is 0 where there is none.
func weekday(text string) (day rrule.Weekday, n int, err error) {
	wrong := fmt.Errorf("%s is not a weekday such as MO, 1MO or -1FR", quote(text))
	if len(text) < 2 {
		return day, 0, wrong
	}
	number, name := text[:len(text)-2], text[len(text)-2:]
	days := map[string]rrule.Weekday{
		"MO": rrule.MO, "TU": rrule.TU, "WE": rrule.WE, "TH": rrule.TH, "FR": rrule.FR, "SA": rrule.SA, "SU": rrule.SU,
	}
	day, ok := days[name]
	if !ok {
		return day, 0, wrong
	}
	if number == "" {
		return day, 0, nil
	}
	n, err = strconv.Atoi(number)
	if err != nil || n == 0 || n > 53 || n < -53 {
		return day, 0, wrong
	}
	return day, n, nil
}

// whole reads a whole number from 1.
func whole(key, value string, limit int) (int, error) {
	n, err := strconv.ParseUint(value, 10, 64)
	if err != nil || n == 0 || n > uint64(limit) {
		return 0, fmt.Errorf("%s=%s: expected a whole number from 1 to %d", key, clip(value), limit)
	}
	return int(n), nil
}

// list reads whole numbers from low to high, or with both signs where signed,
// each once and in order.
func list(key, value string, low, high int, signed bool) ([]int, error) {
	var numbers []int
	for word := range strings.SplitSeq(value, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(word))
		size := n
		if signed {
			size = max(n, -n)
		}
		if err != nil || size < low || size > high {
			sign := ""
			if signed {
				sign = ", or the same with a minus"
			}
			return nil, fmt.Errorf("%s: %s is not a whole number from %d to %d%s", key, quote(word), low, high, sign)
		}
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	return slices.Compact(numbers), nil
}

func sortedKeys(parts map[string]string) []string {
	var keys []string
	for key := range parts {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// quote and clip keep what others wrote readable in a message.
func quote(text string) string { return strconv.Quote(cut(text)) }

func clip(text string) string {
	q := quote(text)
	return q[1 : len(q)-1]
}

func cut(text string) string {
	const most = 100
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
