package recurrence_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// plainRule is a recurrence rule as data, for the second implementation.
type plainRule struct {
	freq                    string
	interval, count         int
	until                   int64
	weekStart               time.Weekday
	weekStartGiven          bool
	days                    []numberedDay
	months, monthDays       []int
	hours, minutes, seconds []int
	positions               []int
}

type numberedDay struct {
	number int
	day    time.Weekday
}

func dayName(d time.Weekday) string { return strings.ToUpper(d.String()[:2]) }

func (r plainRule) String() string {
	parts := []string{"FREQ=" + r.freq}
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	numbers := func(key string, list []int) {
		if len(list) > 0 {
			add("%s=%s", key, strings.ReplaceAll(strings.Trim(fmt.Sprint(list), "[]"), " ", ","))
		}
	}
	if r.interval > 1 {
		add("INTERVAL=%d", r.interval)
	}
	if r.count > 0 {
		add("COUNT=%d", r.count)
	}
	if r.until > 0 {
		add("UNTIL=%s", time.Unix(r.until, 0).UTC().Format("20060102T150405Z"))
	}
	if r.weekStartGiven {
		add("WKST=%s", dayName(r.weekStart))
	}
	var days []string
	for _, d := range r.days {
		name := dayName(d.day)
		if d.number != 0 {
			name = fmt.Sprint(d.number) + name
		}
		days = append(days, name)
	}
	if len(days) > 0 {
		add("BYDAY=%s", strings.Join(days, ","))
	}
	numbers("BYMONTH", r.months)
	numbers("BYMONTHDAY", r.monthDays)
	numbers("BYHOUR", r.hours)
	numbers("BYMINUTE", r.minutes)
	numbers("BYSECOND", r.seconds)
	numbers("BYSETPOS", r.positions)
	return strings.Join(parts, ";")
}

// starts lists when the rule's occurrences start, before the instant end. It
// walks through every day of the calendar, or every step of a finer rule, and
// asks of each whether the rule selects it.
func (r plainRule) starts(dtstart, end int64) []int64 {
	var all []int64
	for _, period := range r.periods(time.Unix(dtstart, 0).UTC(), end) {
		slices.Sort(period)
		if len(r.positions) > 0 {
			period = r.pick(period)
		}
		for _, at := range period {
			if at < dtstart || r.until > 0 && at > r.until || r.count > 0 && len(all) == r.count {
				continue
			}
			all = append(all, at)
		}
	}
	return slices.DeleteFunc(all, func(at int64) bool { return at >= end })
}

func (r plainRule) pick(period []int64) []int64 {
	var picked []int64
	for _, p := range r.positions {
		i := p - 1
		if p < 0 {
			i = len(period) + p
		}
		if i >= 0 && i < len(period) && !slices.Contains(picked, period[i]) {
			picked = append(picked, period[i])
		}
	}
	slices.Sort(picked)
	return picked
}

// periods are the candidates of each day, week, month or year that the
// interval selects, also those before the start.
func (r plainRule) periods(start time.Time, end int64) [][]int64 {
	if unit := map[string]int64{"HOURLY": 3600, "MINUTELY": 60, "SECONDLY": 1}[r.freq]; unit > 0 {
		var periods [][]int64
		for at := start.Unix(); at < end; at += unit * int64(r.interval) {
			if r.selects(time.Unix(at, 0).UTC(), start) {
				periods = append(periods, []int64{at})
			}
		}
		return periods
	}
	first := time.Date(start.Year(), 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, -7)
	byPeriod := map[int][]int64{}
	var order []int
	for day := first; day.Unix() < end+366*86400; day = day.AddDate(0, 0, 1) {
		n := r.index(day) - r.index(start)
		if n < 0 || n%r.interval != 0 || !r.selects(day, start) {
			continue
		}
		if _, known := byPeriod[n]; !known {
			order = append(order, n)
		}
		for _, h := range or(r.hours, start.Hour()) {
			for _, m := range or(r.minutes, start.Minute()) {
				for _, s := range or(r.seconds, start.Second()) {
					byPeriod[n] = append(byPeriod[n], day.Unix()+int64(h*3600+m*60+s))
				}
			}
		}
	}
	var periods [][]int64
	for _, n := range order {
		periods = append(periods, byPeriod[n])
	}
	return periods
}

func or(list []int, otherwise int) []int {
	if len(list) == 0 {
		return []int{otherwise}
	}
	return list
}

// index numbers the period that a day lies in.
func (r plainRule) index(day time.Time) int {
	days := int(day.Unix() / 86400)
	switch r.freq {
	case "DAILY":
		return days
	case "WEEKLY":
		// 1 January 1970 was a Thursday.
		return (days + 7 + int(time.Thursday) - int(r.weekStart)) / 7
	case "MONTHLY":
		return day.Year()*12 + int(day.Month())
	}
	return day.Year()
}

func (r plainRule) selects(day, start time.Time) bool {
	if len(r.months) > 0 && !slices.Contains(r.months, int(day.Month())) {
		return false
	}
	last := day.AddDate(0, 1, -day.Day()).Day()
	if len(r.monthDays) > 0 && !slices.Contains(r.monthDays, day.Day()) && !slices.Contains(r.monthDays, day.Day()-last-1) {
		return false
	}
	if len(r.days) > 0 {
		return slices.ContainsFunc(r.days, func(d numberedDay) bool { return r.isDay(d, day) })
	}
	if len(r.monthDays) > 0 {
		return true
	}
	// What the rule leaves open comes from the start.
	switch r.freq {
	case "WEEKLY":
		return day.Weekday() == start.Weekday()
	case "MONTHLY":
		return day.Day() == start.Day()
	case "YEARLY":
		return day.Day() == start.Day() && (len(r.months) > 0 || day.Month() == start.Month())
	}
	return true
}

func (r plainRule) isDay(d numberedDay, day time.Time) bool {
	if day.Weekday() != d.day {
		return false
	}
	if d.number == 0 {
		return true
	}
	at, length := day.Day(), day.AddDate(0, 1, -day.Day()).Day()
	if r.freq == "YEARLY" && len(r.months) == 0 {
		at, length = day.YearDay(), time.Date(day.Year(), 12, 31, 0, 0, 0, 0, time.UTC).YearDay()
	}
	return (at-1)/7+1 == d.number || -((length-at)/7+1) == d.number
}

// genRule draws rules that Expand must be able to read.
func genRule(frequencies ...string) *rapid.Generator[plainRule] {
	return rapid.Custom(func(t *rapid.T) plainRule {
		r := plainRule{
			freq:      rapid.SampledFrom(frequencies).Draw(t, "freq"),
			interval:  rapid.SampledFrom([]int{1, 1, 2, 3, 5, 7, 13}).Draw(t, "interval"),
			weekStart: time.Monday,
		}
		calendar := slices.Contains([]string{"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}, r.freq)
		months := r.freq == "MONTHLY" || r.freq == "YEARLY"
		sometimes := func(name string) bool { return rapid.IntRange(0, 2).Draw(t, name) == 0 }
		some := func(name string, low, high int) []int {
			return rapid.SliceOfNDistinct(rapid.IntRange(low, high), 1, 3, rapid.ID[int]).Draw(t, name)
		}
		if sometimes("with week start") {
			r.weekStartGiven, r.weekStart = true, time.Weekday(rapid.IntRange(0, 6).Draw(t, "week start"))
		}
		if sometimes("by month") {
			r.months = some("months", 1, 12)
		}
		if r.freq != "WEEKLY" && sometimes("by month day") {
			r.monthDays = rapid.SliceOfNDistinct(rapid.SampledFrom([]int{1, 2, 13, 15, 28, -1, -2, -28}), 1, 3, rapid.ID[int]).Draw(t, "month days")
		}
		if rapid.Bool().Draw(t, "by day") {
			numbered := months && rapid.Bool().Draw(t, "numbered")
			for _, d := range some("days", 0, 6) {
				day := numberedDay{day: time.Weekday(d)}
				if numbered {
					day.number = rapid.SampledFrom([]int{1, 2, 3, 4, 5, -1, -2, -5}).Draw(t, "number")
				}
				r.days = append(r.days, day)
			}
		}
		if calendar && sometimes("by hour") {
			r.hours = some("hours", 0, 23)
		}
		if calendar && sometimes("by minute") {
			r.minutes = some("minutes", 0, 59)
		}
		if calendar && sometimes("by second") {
			r.seconds = some("seconds", 0, 59)
		}
		if months && len(r.days)+len(r.monthDays) > 0 && sometimes("by position") {
			r.positions = rapid.SliceOfNDistinct(rapid.SampledFrom([]int{1, 2, 3, -1, -2, 40}), 1, 2, rapid.ID[int]).Draw(t, "positions")
		}
		return r
	})
}
