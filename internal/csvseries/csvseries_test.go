package csvseries_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/slo-cli/slo/internal/csvseries"
	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

func read(t *testing.T, text string) csvseries.File {
	t.Helper()
	f, err := csvseries.Read(strings.NewReader(text), "x.csv")
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return f
}

func codes(notes []slo.Note) []string {
	var all []string
	for _, n := range notes {
		all = append(all, n.Code)
	}
	return all
}

// noon is 2026-11-09T13:00:00Z, an hour after noon.
const noon = 1_794_229_200

// Every form says the same: three values at 13:00, 13:01 and 13:02.
func TestForms(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text  string
		codes []string
	}{
		"plain":                     {"2026-11-09T13:00:00Z,10\n2026-11-09T13:01:00Z,20.5\n2026-11-09T13:02:00Z,30\n", nil},
		"header, no last line end":  {"time,value\n2026-11-09T13:00:00Z,10\n2026-11-09T13:01:00Z,20.5\n2026-11-09T13:02:00Z,30", nil},
		"mark, CRLF":                {"\xef\xbb\xbftime,value\r\n2026-11-09T13:00:00Z,10\r\n2026-11-09T13:01:00Z,20.5\r\n2026-11-09T13:02:00Z,30\r\n", nil},
		"CR alone":                  {"time,value\r2026-11-09T13:00:00Z,10\r2026-11-09T13:01:00Z,20.5\r2026-11-09T13:02:00Z,30\r", nil},
		"decimal commas":            {"Zeit;Wert\n2026-11-09T13:00:00Z;10\n2026-11-09T13:01:00Z;20,5\n2026-11-09T13:02:00Z;30,0\n", nil},
		"tabs, exponents":           {"2026-11-09T13:00:00Z\t1e1\n2026-11-09T13:01:00Z\t+2.05E+1\n2026-11-09T13:02:00Z\t3.0e1\n", nil},
		"pipes":                     {"| no\n2026-11-09T13:00:00Z | 10\n2026-11-09T13:01:00Z | 20.5\n2026-11-09T13:02:00Z | 30\n", nil},
		"quotes":                    {"\"time\",\"value\"\n\"2026-11-09T13:00:00Z\",\"10\"\n \"2026-11-09T13:01:00Z\" , \"20.5\"\n\"2026-11-09T13:02:00Z\",30\n", nil},
		"a hint":                    {"sep=;\ntime;value\n2026-11-09T13:00:00Z;10\n2026-11-09T13:01:00Z;20,5\n2026-11-09T13:02:00Z;30\n", nil},
		"comments, empty lines":     {"# made by hand\n\ntime,value\n2026-11-09T13:00:00Z,10\n#\n \n2026-11-09T13:01:00Z,20.5\n\n2026-11-09T13:02:00Z,30\n", nil},
		"other zones":               {"2026-11-09T14:00:00+01:00,10\n2026-11-09T18:31:00+0530,20.5\n2026-11-09T05:02:00-08,30\n", nil},
		"zones in words":            {"2026-11-09 13:00:00 UTC,10\n2026-11-09 13:01:00 +0000 UTC,20.5\n2026-11-09 13:02:00gmt,30\n", nil},
		"fractions of a second":     {"2026-11-09T13:00:00.000Z,10\n2026-11-09T13:01:00.999999999Z,20.5\n2026-11-09T13:02:00.5Z,30\n", nil},
		"no zone":                   {"2026-11-09 13:00:00,10\n2026-11-09  13:01:00,20.5\n2026-11-09T13:02:00,30\n", []string{"times_without_zone"}},
		"slashes":                   {"2026/11/09 13:00,10\n2026/11/9 13:01,20.5\n2026/11/09 13:02,30\n", []string{"times_without_zone"}},
		"day first, dots":           {"09.11.2026 13:00;10\n9.11.2026 13:01;20,5\n09.11.2026 13:02;30\n", []string{"times_without_zone"}},
		"seconds":                   {"1794229200,10\n1794229260,20.5\n1794229320,30\n", nil},
		"seconds with fractions":    {"1794229200.0,10\n1794229260.25,20.5\n1.79422932e9,30\n", nil},
		"milliseconds":              {"ts,v\n1794229200000,10\n1794229260999,20.5\n1794229320000,30\n", nil},
		"microseconds":              {"1794229200000000,10\n1794229260000000,20.5\n1794229320000000,30\n", nil},
		"nanoseconds":               {"1794229200000000000,10\n1794229260000000000,20.5\n1794229320000000000,30\n", nil},
		"all digits":                {"20261109130000,10\n20261109130100,20.5\n20261109130200,30\n", []string{"times_without_zone"}},
		"more columns":              {"host,time,unit,value,note\na,2026-11-09T13:00:00Z,ms,10,\"x,y\"\na,2026-11-09T13:01:00Z,ms,20.5,\na,2026-11-09T13:02:00Z,ms,30,\n", []string{"columns_chosen"}},
		"values first":              {"value,time\n10,1794229200\n20.5,1794229260\n30,1794229320\n", []string{"columns_chosen"}},
		"large values first":        {"bytes,epoch\n1e9,1794229200\n10,1794229200\n20.5,1794229260\n30,1794229320\n", []string{"columns_chosen", "rows_share_step"}},
		"line breaks within quotes": {"text,time,value\n\"a\nb\n\",2026-11-09T13:00:00Z,10\n\"c \"\"d\"\"\n\",2026-11-09T13:01:00Z,20.5\ne,2026-11-09T13:02:00Z,30\n", []string{"columns_chosen"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := read(t, tt.text)
			if diff := cmp.Diff(tt.codes, codes(f.Notes)); diff != "" {
				t.Errorf("notes (-want +got)\n%s%v", diff, f.Notes)
			}
			if name == "large values first" {
				f.Series.Values[0] = f.Rows[1].Value
				f.Rows = f.Rows[1:]
			}
			want := timeseries.Series{Start: noon, Step: 60, Values: []float64{10, 20.5, 30}}
			if diff := cmp.Diff(want, f.Series); diff != "" {
				t.Errorf("series (-want +got)\n%s", diff)
			}
			if f.Measure != anomaly.Levels || len(f.Rows) != 3 {
				t.Fatalf("%+v", f)
			}
			for i, row := range f.Rows {
				if want := (csvseries.Row{Line: row.Line, Time: noon + int64(60*i), Value: want.Values[i], OK: true, Slot: i}); row != want {
					t.Errorf("row %d is %+v, want %+v", i, row, want)
				}
			}
		})
	}
}

func TestSlashedDates(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"11/9/2026 1:00 PM,1\n11/13/2026 1:00 PM,2\n": noon,
		"9/11/2026 13:00,1\n13/11/2026 13:00,2\n":     noon,
		"9-11-2026 13:00,1\n13-11-2026 13:00,2\n":     noon,
		"11/09/2026 12:00 am,1\n11/29/2026,2\n":       noon - 13*3600,
		"11.9.2026 13:00;1\n11.13.2026 13:00;2\n":     noon,
	} {
		if got := read(t, text).Rows[0].Time; got != want {
			t.Errorf("%q: %s, want %s", text, timeseries.Format(got), timeseries.Format(want))
		}
	}
	for text, words := range map[string][]string{
		"11/9/2026 13:00,1\n12/9/2026 13:00,2\n":               {"9/11/2026 may be of November or of September", "2026-11-09T13:00:00Z"},
		"11/13/2026,1\n1/2/2026,1\n13/11/2026,1\n1/2/2026,1\n": {"the day comes first in line 3 and the month in line 1"},
	} {
		wantError(t, text, words...)
	}
}

func wantError(t *testing.T, text string, words ...string) {
	t.Helper()
	f, err := csvseries.Read(strings.NewReader(text), "dir/x.csv")
	if err == nil {
		t.Errorf("%.100q is read as %+v", text, f)
		return
	}
	for _, w := range append(words, "dir/x.csv: ") {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q does not contain %q", err, w)
		}
	}
	if strings.ContainsAny(err.Error(), "\n\r\x1b\x00") {
		t.Errorf("%q is not one line of text", err)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	const want = `expected two columns, a time and a number, such as "2026-11-09T13:00:00Z,1030"`
	for text, words := range map[string][]string{
		"":                                   {"there is no row in it", want},
		"\n# only this\n":                    {"there is no row in it", want},
		"time,value\n":                       {`line 1 is "time,value"`, want},
		"\n\nhello\x1b[31m":                  {`line 3 is "hello\x1b[31m"`, want},
		"1,a\n2,b\n":                         {`line 1 is "1,a"`, want},
		"value,label\n3.5,0\n2.5,0\n2.0,1\n": {want},
		"3.5,2\n2.5,1\n":                     {want}, // neither is a time
		`{"values":[[1,2]]}`:                 {want},
		"\xff\xfet\x00":                      {"UTF-16"},
		"\x1f\x8b\x08\x00":                   {"compressed"},
		"1794229200,1\n1794229260,1\n1794229320,1\n2,2\n": {"between line 4 (1970-01-01T00:00:02Z) and line 1 (2026-11-09T13:00:00Z)", "is one of the two times wrong?"},
		"1960-01-01,1\n":          {want},
		strings.Repeat("x", 1e5):  {"line 1", want},
		strings.Repeat("\"", 1e5): {"line 1", want},
	} {
		wantError(t, text, words...)
	}
	// A regular table may be too long as well, without any gap in it.
	var long strings.Builder
	for i := range 1300 {
		for k := range int64(2) {
			fmt.Fprintf(&long, "%d,1\n", noon+int64(i)*9973+k)
		}
	}
	wantError(t, long.String(), "are 12954929 steps of 1 s")
	// A table that cannot be read to its end is none.
	if _, err := csvseries.Read(iotest.ErrReader(errors.New("is a directory")), "x"); err == nil || strings.Contains(err.Error(), "line 0") {
		t.Errorf("nothing can be read: %v", err)
	}
	_, err := csvseries.Read(io.MultiReader(strings.NewReader("1794229200,1\n"), iotest.ErrReader(errors.New("the disk is gone"))), "x")
	if err == nil || !strings.Contains(err.Error(), "the disk is gone") {
		t.Error(err)
	}
}

func TestRowsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	f := read(t, "time,value\n2026-11-09T13:00:00Z,1\n2026-11-09T13:01:00Z,inf\nyesterday,2\n2026-11-09T13:03:00Z\n2026-11-09T13:04:00Z,many\n"+
		"2026-02-30T13:00:00Z,1\n2026-11-09T13:06:00Z,0x10\n2026-11-09T13:07:00Z,1e999\n1794229200,5\n2026-11-09T13:08:00Z,7\n"+
		strings.Repeat("y", 70_000)+",1\n2026-11-09T13:09:00Z,8\n")
	var unread []int
	for _, row := range f.Rows {
		if row.OK != (row.Slot >= 0) || !row.OK && !math.IsNaN(row.Value) {
			t.Errorf("%+v", row)
		}
		if !row.OK {
			unread = append(unread, row.Line)
		}
	}
	if diff := cmp.Diff([]int{3, 4, 5, 6, 7, 8, 9, 10, 12}, unread); diff != "" {
		t.Error(diff)
	}
	if n := len(f.Rows); n != 12 || f.Rows[n-1].Line != 13 || f.Rows[n-1].Slot != 9 {
		t.Errorf("%d rows, the last %+v", n, f.Rows[n-1])
	}
	want := []slo.Note{
		{Code: "rows_unreadable", Text: `9 rows could not be read, in line 3, 4, 5, 6, 7, … ("inf" is not a number)`},
	}
	if diff := cmp.Diff(want, f.Notes[:1]); diff != "" {
		t.Error(diff)
	}
}

func TestMissingValues(t *testing.T) {
	t.Parallel()
	f := read(t, "2026-11-09T13:00:00Z,5\n2026-11-09T13:01:00Z,\n2026-11-09T13:02:00Z,NaN\n2026-11-09T13:03:00Z,null\n"+
		"2026-11-09T13:04:00Z,-\n2026-11-09T13:05:00Z,N/A\n2026-11-09T13:07:00Z,0\n")
	m := timeseries.Missing
	if diff := cmp.Diff([]float64{5, m, m, m, m, m, m, 0}, f.Series.Values, cmpopts.EquateNaNs()); diff != "" {
		t.Error(diff)
	}
	for i, row := range f.Rows {
		if !row.OK || row.Slot < 0 || math.IsNaN(row.Value) != (i > 0 && i < 6) {
			t.Errorf("%+v", row)
		}
	}
	if f.Measure != anomaly.Counts || !slices.Equal(codes(f.Notes), []string{"rows_without_value"}) {
		t.Errorf("%v %v", f.Measure, f.Notes)
	}
	f = read(t, "time,value\n"+strings.Repeat("2026-11-09T13:00:00Z,\n", 500)+"2026-11-09T13:01:00Z,7\n")
	if f.Measure != anomaly.Counts || len(f.Rows) != 501 || f.Series.Values[1] != 7 {
		t.Errorf("values that begin late: %v of %d rows", f.Series, len(f.Rows))
	}
	if f = read(t, "2026-11-09T13:00:00Z,\n2026-11-09T13:01:00Z,\n"); f.Measure != anomaly.Levels || len(f.Rows) != 2 {
		t.Error("values that are not known are no counts")
	}
}

func TestNumbersInTwoNotations(t *testing.T) {
	t.Parallel()
	// After 20,5 the point of 1.030 may mark thousands.
	f := read(t, "2026-11-09T13:00:00Z;20,5\n2026-11-09T13:01:00Z;1.030\n2026-11-09T13:02:00Z;1.030,5\n2026-11-09T13:03:00Z;7\n")
	var ok []bool
	for _, row := range f.Rows {
		ok = append(ok, row.OK)
	}
	if diff := cmp.Diff([]bool{true, false, false, true}, ok); diff != "" {
		t.Error(diff)
	}
	// Where commas separate columns, one in quotes may be either.
	if f = read(t, "2026-11-09T13:00:00Z,\"1,030\"\n2026-11-09T13:01:00Z,\"7\"\n"); f.Rows[0].OK || !f.Rows[1].OK {
		t.Errorf("%+v", f.Rows)
	}
}

func TestMeasure(t *testing.T) {
	t.Parallel()
	for values, want := range map[string]anomaly.Measure{
		"0 10 3":   anomaly.Counts,
		"0 1e3 -0": anomaly.Counts,
		"0 10 3.5": anomaly.Levels,
		"0 -1 3":   anomaly.Levels,
	} {
		var text strings.Builder
		for i, v := range strings.Fields(values) {
			fmt.Fprintf(&text, "%d,%s\n", noon+60*i, v)
		}
		if got := read(t, text.String()).Measure; got != want {
			t.Errorf("%s: %v", values, got)
		}
	}
}

// table writes rows with a value of 1 at the times.
func table(times ...int64) string {
	var text strings.Builder
	for i, at := range times {
		fmt.Fprintf(&text, "%s,%d\n", timeseries.Format(at), i)
	}
	return text.String()
}

func every(step int64, n int) []int64 {
	times := make([]int64, n)
	for i := range times {
		times[i] = noon + step*int64(i)
	}
	return times
}

func TestGrid(t *testing.T) {
	t.Parallel()
	jitter := []int64{-2, 1, -1, 2, 0, -3, 3, 1, -2, 2, -1, 3}
	shaken := every(300, 12)
	for i := range shaken {
		shaken[i] += jitter[i]
	}
	for name, tt := range map[string]struct {
		times  []int64
		step   int64
		cells  int
		shared bool
		codes  []string
	}{
		"one row":            {every(60, 1), 60, 1, false, nil},
		"hours":              {every(3600, 5), 3600, 5, false, nil},
		"off the grid":       {[]int64{noon + 7, noon + 67, noon + 127}, 60, 3, false, nil},
		"days":               {every(86_400, 5), 86_400, 5, false, nil},
		"weeks":              {every(604_800, 3), 86_400, 15, false, []string{"rows_far_apart"}},
		"seven minutes":      {every(420, 20), 400, 20, false, []string{"step_adjusted"}},
		"gaps":               {append(every(60, 5), noon+600, noon+660), 60, 12, false, nil},
		"seldom":             {[]int64{noon, noon + 120, noon + 180, noon + 480, noon + 900, noon + 1800}, 60, 31, false, nil},
		"shaken":             {shaken, 300, 12, false, []string{"rows_irregular"}},
		"out of order":       {[]int64{noon + 120, noon, noon + 60}, 60, 3, false, []string{"rows_out_of_order"}},
		"twice":              {[]int64{noon, noon, noon + 60, noon + 120, noon + 120}, 60, 3, true, []string{"rows_share_step"}},
		"irregular":          {[]int64{noon, noon + 10, noon + 71, noon + 128, noon + 200, noon + 270}, 60, 5, true, []string{"rows_share_step", "rows_irregular"}},
		"one instant, twice": {[]int64{noon, noon}, 60, 1, true, []string{"rows_share_step"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := read(t, table(tt.times...))
			s := f.Series
			if s.Step != tt.step || 86_400%s.Step != 0 || s.Start%s.Step != 0 || len(s.Values) < tt.cells || len(s.Values) > tt.cells+1 {
				t.Errorf("%d cells of %d s from %d, want %d of %d s", len(s.Values), s.Step, s.Start, tt.cells, tt.step)
			}
			if diff := cmp.Diff(tt.codes, codes(f.Notes)); diff != "" {
				t.Errorf("(-want +got)\n%s%v", diff, f.Notes)
			}
			slots := map[int]bool{}
			for i, row := range f.Rows {
				if row.Value != float64(i) || row.Time != tt.times[i] {
					t.Errorf("row %d is %+v", i, row)
				}
				// Half a step at most lies between a row and its cell.
				if begin := s.Start + int64(row.Slot)*s.Step; row.Time < begin-s.Step/2 || row.Time >= begin+s.Step {
					t.Errorf("row at %d in the cell from %d", row.Time, begin)
				}
				slots[row.Slot] = true
			}
			if shared := len(slots) < len(f.Rows); shared != tt.shared {
				t.Errorf("%d cells for %d rows", len(slots), len(f.Rows))
			}
		})
	}
}

func TestRowsOfOneStepHaveTheirMean(t *testing.T) {
	t.Parallel()
	f := read(t, "1794229260,8\n1794229200,1\n1794229260,\n1794229200,2\n1794229320,7\n1794229200,6\n")
	if diff := cmp.Diff([]float64{3, 8, 7}, f.Series.Values); diff != "" {
		t.Error(diff)
	}
	slots := []int{}
	for _, row := range f.Rows {
		slots = append(slots, row.Slot)
	}
	if diff := cmp.Diff([]int{1, 0, 1, 0, 2, 0}, slots); diff != "" {
		t.Error(diff)
	}
}

func TestRowNumbersInPlaceOfTimes(t *testing.T) {
	t.Parallel()
	f := read(t, "timestamp,value\n1,20\n2,23\n3,19\n")
	if !slices.Equal(codes(f.Notes), []string{"times_are_numbers"}) || f.Series.Start != 1 || f.Series.Step != 1 || len(f.Rows) != 3 {
		t.Errorf("%+v", f)
	}
}

// However the bytes arrive, and on whichever side of a window a row lies, it is the same row.
func TestPieces(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	for i := range 60_000 {
		fmt.Fprintf(&text, "%s,\"%d\"\n", timeseries.Format(noon+60*int64(i)), i)
	}
	want := read(t, text.String())
	got, err := csvseries.Read(iotest.HalfReader(bytes.NewReader(text.Bytes())), "x")
	if err != nil || len(got.Rows) != 60_000 {
		t.Fatal(len(got.Rows), err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for i, row := range want.Rows {
		if row.Line != i+1 || row.Value != float64(i) || row.Slot != i {
			t.Fatalf("row %d is %+v", i, row)
		}
	}
}

// endless is a text without end.
type endless struct{ line string }

func (e endless) Read(p []byte) (n int, err error) {
	for n+len(e.line) <= len(p) {
		n += copy(p[n:], e.line)
	}
	if n == 0 {
		n = copy(p, strings.Repeat("x", len(p)))
	}
	return n, nil
}

func TestQuotesThatNeverClose(t *testing.T) {
	t.Parallel()
	line := "2026-11-09T13:00:00Z,1," + strings.Repeat("y", 1000) + "\n"
	f := read(t, line+strings.Repeat("\"x"+line+strings.Repeat(line, 80), 150))
	if n := len(f.Rows); n != 1+150*81 || !f.Rows[n-1].OK || f.Rows[1].OK || f.Rows[n-1].Line != n || !slices.Contains(codes(f.Notes), "rows_unreadable") {
		t.Errorf("%d rows, %v", n, f.Notes)
	}
}

func TestTooLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("reads half a gigabyte")
	}
	t.Parallel()
	wantTooLarge := func(line, words string) {
		_, err := csvseries.Read(endless{line}, "x")
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%.40q: %v", line, err)
		}
	}
	wantTooLarge("2026-11-09T13:00:00Z,1,"+strings.Repeat("y", 2000)+"\n", "larger than 512 MB")
}
