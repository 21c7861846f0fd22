package csvseries

import (
	"fmt"
	"strings"

	"github.com/slo-cli/slo/pkg/slo"
)

// notes say what was taken for granted, and what was left out.
func (t *reading) notes(g grid) []slo.Note {
	var notes []slo.Note
	add := func(code, format string, args ...any) {
		notes = append(notes, slo.Note{Code: code, Text: fmt.Sprintf(format, args...)})
	}
	if t.form.columns > 2 || t.form.value < t.form.time {
		add("columns_chosen", "of %d columns the times are number %d and the values number %d", max(t.form.columns, 2), t.form.time+1, t.form.value+1)
	}
	if t.clock.unzoned > 0 {
		add("times_without_zone", "times without a zone are taken for UTC")
	}
	if t.clock.rowNumbers {
		add("times_are_numbers", "the times are small numbers, taken for seconds since 1970; hours and days mean nothing to them")
	}
	if u := t.unread; u.count > 0 {
		where := make([]string, len(u.lines))
		for i, line := range u.lines {
			where[i] = fmt.Sprint(line)
		}
		more := ""
		if u.count > len(u.lines) {
			more = ", …"
		}
		add("rows_unreadable", "%s could not be read, in line %s%s (%s)", rows(u.count), strings.Join(where, ", "), more, u.why)
	}
	if t.without > 0 {
		add("rows_without_value", "%s without a value", rows(t.without))
	}
	if g.late > 0 {
		add("rows_out_of_order", "%s behind a later one; the series is in order of time", rows(g.late))
	}
	if g.shared > 0 {
		add("rows_share_step", "%s in the same step of %d s as another; the step has their mean", rows(g.shared), g.series.Step)
	}
	switch step := g.series.Step; {
	case len(t.rows) < 2 || g.typical == 0:
	case g.apart > day || g.apart == 0 && g.typical > day:
		add("rows_far_apart", "most rows are more than a day apart, so that hours and days of the week cannot be told apart")
	case g.apart == 0:
		add("rows_irregular", "the rows are at irregular distances, about %d s; each has a step of %d s", g.typical, step)
	case g.apart != step:
		add("step_adjusted", "most rows are %d s apart, which does not divide a day; the series has steps of %d s", g.apart, step)
	}
	return notes
}

func rows(n int) string {
	if n == 1 {
		return "1 row"
	}
	return fmt.Sprintf("%d rows", n)
}
