package csvseries_test

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/csvseries"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// export is one way to write a series, which shares nothing with the reader.
type export struct {
	separator, end     string
	mark, header       bool
	decimalComma       bool
	timesQuoted        bool
	valuesQuoted       bool
	comments, backward bool
	extra              int
	time               func(int64) string
}

var layouts = []string{
	time.RFC3339, "2006-01-02 15:04:05", "2006-01-02T15:04:05.000Z07:00", "2006/01/02 15:04:05", "2006-01-02 15:04:05 -0700", "20060102150405", "02.01.2006 15:04:05",
}

func genExport() *rapid.Generator[export] {
	return rapid.Custom(func(t *rapid.T) export {
		yes := func(label string) bool { return rapid.Bool().Draw(t, label) }
		e := export{
			separator: rapid.SampledFrom([]string{",", ";", "\t", "|"}).Draw(t, "separator"),
			end:       rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "end"),
			mark:      yes("mark"), header: yes("header"), timesQuoted: yes("times quoted"), valuesQuoted: yes("values quoted"),
			comments: yes("comments"), backward: yes("backward"),
			extra: rapid.IntRange(0, 2).Draw(t, "extra"),
		}
		e.decimalComma = e.separator != "," && yes("decimal comma")
		zone := time.FixedZone("", 900*rapid.IntRange(-40, 40).Draw(t, "zone"))
		switch way := rapid.IntRange(0, len(layouts)+3).Draw(t, "time"); {
		case way < len(layouts):
			layout := layouts[way]
			if !strings.Contains(layout, "07") {
				zone = time.UTC
			}
			e.time = func(at int64) string { return time.Unix(at, 0).In(zone).Format(layout) }
		default:
			unit := []int64{1, 1e3, 1e6, 1e9}[way-len(layouts)]
			e.time = func(at int64) string { return strconv.FormatInt(at*unit, 10) }
		}
		return e
	})
}

func (e export) write(s timeseries.Series) string {
	var lines []string
	quote := func(text string, quoted bool) string {
		if quoted {
			return `"` + text + `"`
		}
		return text
	}
	for i, v := range s.Values {
		text := strconv.FormatFloat(v, 'g', -1, 64)
		if math.IsNaN(v) {
			text = []string{"", "NaN", "null", "-"}[i%4]
		}
		if e.decimalComma {
			text = strings.Replace(text, ".", ",", 1)
		}
		line := quote(e.time(s.Start+int64(i)*s.Step), e.timesQuoted) + e.separator + quote(text, e.valuesQuoted)
		lines = append(lines, line+strings.Repeat(e.separator+`"an, ""odd""; text"`, e.extra))
	}
	if e.backward {
		slices.Reverse(lines)
	}
	if e.header {
		lines = slices.Insert(lines, 0, "when"+e.separator+"what"+strings.Repeat(e.separator+"more", e.extra))
	}
	if e.comments {
		lines = slices.Insert(lines, len(lines)/2, "# a comment", "")
	}
	text := strings.Join(lines, e.end) + e.end
	if e.mark {
		text = "\ufeff" + text
	}
	return text
}

func genSeries() *rapid.Generator[timeseries.Series] {
	return rapid.Custom(func(t *rapid.T) timeseries.Series {
		step := rapid.SampledFrom([]int64{1, 10, 20, 60, 300, 1800, 3600, 86_400}).Draw(t, "step")
		start := timeseries.Floor(rapid.Int64Range(1_000_000_000, 2_000_000_000).Draw(t, "start"), step)
		value := rapid.OneOf(
			rapid.Custom(func(t *rapid.T) float64 { return float64(rapid.Int64Range(-5, 1e6).Draw(t, "whole")) }),
			rapid.Float64Range(-1e6, 1e6),
			rapid.Float64Range(-1e290, 1e290),
			rapid.Just(math.NaN()),
		)
		values := rapid.SliceOfN(value, 3, 40).Draw(t, "values")
		values[0] = 12.5 // something that shows which column has values
		values[len(values)-1] = 7
		return timeseries.Series{Start: start, Step: step, Values: values}
	})
}

func TestWhatWasWrittenIsRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, e := genSeries().Draw(t, "series"), genExport().Draw(t, "export")
		text := e.write(s)
		f, err := csvseries.Read(strings.NewReader(text), "x")
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if f.Series.Start != s.Start || f.Series.Step != s.Step || len(f.Series.Values) != len(s.Values) {
			t.Fatalf("%d values every %d s from %d, want %d every %d s from %d\n%s", len(f.Series.Values), f.Series.Step, f.Series.Start, len(s.Values), s.Step, s.Start, text)
		}
		for i, v := range s.Values {
			if got := f.Series.Values[i]; got != v && !(math.IsNaN(got) && math.IsNaN(v)) {
				t.Fatalf("value %d is %v, want %v\n%s", i, got, v, text)
			}
		}
		for i, row := range f.Rows {
			want := i
			if e.backward {
				want = len(s.Values) - 1 - i
			}
			if row.Slot != want || !row.OK {
				t.Fatalf("row %d is %+v\n%s", i, row, text)
			}
		}
	})
}

// check is what must hold of every file that is read.
func check(t interface{ Fatalf(string, ...any) }, f csvseries.File) {
	s := f.Series
	if s.Step < 1 || 86_400%s.Step != 0 || s.Start%s.Step != 0 || len(s.Values) == 0 {
		t.Fatalf("%d values every %d s from %d", len(s.Values), s.Step, s.Start)
	}
	readable, line := 0, 0
	sums, counts := map[int]float64{}, map[int]float64{}
	for _, row := range f.Rows {
		if row.Line <= line {
			t.Fatalf("line %d follows line %d", row.Line, line)
		}
		line = row.Line
		if !row.OK {
			if row.Slot != -1 || !math.IsNaN(row.Value) {
				t.Fatalf("%+v", row)
			}
			continue
		}
		readable++
		if row.Slot < 0 || row.Slot >= len(s.Values) || math.IsInf(row.Value, 0) {
			t.Fatalf("%+v of %d", row, len(s.Values))
		}
		begin := s.Start + int64(row.Slot)*s.Step
		if row.Time < begin-s.Step || row.Time >= begin+s.Step {
			t.Fatalf("the row at %d has the cell from %d", row.Time, begin)
		}
		if !math.IsNaN(row.Value) {
			sums[row.Slot] += row.Value
			counts[row.Slot]++
		}
	}
	for i, v := range s.Values {
		if counts[i] == 0 != math.IsNaN(v) {
			t.Fatalf("cell %d is %v for %v rows", i, v, counts[i])
		}
		if mean := sums[i] / counts[i]; counts[i] > 0 && math.Abs(v-mean) > 1e-9*(1+math.Abs(mean)+math.Abs(sums[i])) {
			t.Fatalf("cell %d is %v, want %v", i, v, mean)
		}
	}
	if readable == 0 {
		t.Fatalf("nothing was read, and no error")
	}
}

func FuzzRead(f *testing.F) {
	for _, text := range []string{
		"", "time,value\n2026-11-09T13:00:00Z,1\n", "\ufeffsep=;\r\n9.11.2026;1,5\r\n", "1794229200\t1\n1794229260\t\n", "\"a\nb\",1794229200|2\n#\n",
		"20261109,1\n20261110,2\n", "11/13/2026 1:00 PM,1\n", "1794229200,1\n1794229200000,2\n0,3\n-1,4\n", "a,b,1,2\nc,d,2,3\n", "\"", "1794229200,1e300\n1794229200,-1e300\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := csvseries.Read(strings.NewReader(text), "x")
		if err != nil {
			if !strings.HasPrefix(err.Error(), "x: ") || got.Rows != nil {
				t.Fatalf("%d rows and %v", len(got.Rows), err)
			}
			return
		}
		if len(got.Rows) > len(text) || len(got.Series.Values) > 12_000_001 {
			t.Fatalf("%d rows, %d cells of %d bytes", len(got.Rows), len(got.Series.Values), len(text))
		}
		check(t, got)
	})
}

func BenchmarkRead(b *testing.B) {
	for name, row := range map[string]func(int64) string{
		"iso":   func(at int64) string { return fmt.Sprintf("%s,%d.25\n", timeseries.Format(at), at%1000) },
		"epoch": func(at int64) string { return fmt.Sprintf("%d,%d\n", at, at%1000) },
		"quoted": func(at int64) string {
			return fmt.Sprintf("\"%s\";\"%d,5\";\"x\"\n", time.Unix(at, 0).UTC().Format("2006/01/02 15:04:05"), at%1000)
		},
	} {
		b.Run(name, func(b *testing.B) {
			var text strings.Builder
			const rows = 200_000
			for i := range int64(rows) {
				text.WriteString(row(noon + 60*i))
			}
			b.SetBytes(int64(text.Len()))
			for b.Loop() {
				if _, err := csvseries.Read(strings.NewReader(text.String()), "x"); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
