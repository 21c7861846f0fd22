package report

import (
	"math"
	"strconv"
	"strings"

	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/internal/investigation"
	"github.com/slo-cli/slo/pkg/anomaly"
)

// dimension is what the values of a finding are.
type dimension int

const (
	perMinute dimension = iota // events a minute
	share                      // 0 to 1
	seconds
	own // the values of a file
)

// measured are the values of a finding in the units of the JSON document.
// NaN is unknown.
type measured struct {
	dimension                        dimension
	noun                             string
	observed, expected, spread, peak float64
	// when is of what time the observed value is, where that is not the whole stretch.
	when string
}

func (v investigationView) measured(f investigation.Finding) measured {
	m := measured{noun: signalWord(f.Signal), observed: f.Observed, expected: f.Expected, spread: f.Wobble, peak: f.Peak}
	switch {
	case v.Exported:
		m.dimension, m.noun = own, "values"
	case f.Signal == investigation.ErrorRate || f.Kind == anomaly.Burst:
		m.dimension, m.noun = share, signalWord(investigation.ErrorRate)
	case f.Signal == investigation.Latency:
		m.dimension = seconds
	default:
		step := f.Step
		if step <= 0 {
			step = v.Report.Step
		}
		m = m.each(float64(step))
	}
	return m
}

// each is m, of buckets of so many seconds, a minute; not known where nobody knows how long they are.
func (m measured) each(step float64) measured {
	for _, v := range []*float64{&m.observed, &m.expected, &m.spread, &m.peak} {
		if *v = *v * 60 / step; step <= 0 {
			*v = math.NaN()
		}
	}
	return m
}

func signalWord(s investigation.Signal) string {
	switch s {
	case investigation.Requests:
		return "requests"
	case investigation.Errors:
		return "errors"
	case investigation.ErrorRate:
		return "error rate"
	case investigation.Latency:
		return "mean latency"
	}
	return oneLine(string(s))
}

func (m measured) machineUnit() string {
	switch m.dimension {
	case perMinute:
		return "per_minute"
	case share:
		return "ratio"
	case seconds:
		return "seconds"
	}
	return "value"
}

// ratio is NaN where it is no number: nothing was expected, or a value is negative.
func (m measured) ratio() float64 {
	if !(m.expected > 0) || !(m.observed >= 0) {
		return math.NaN()
	}
	return m.observed / m.expected
}

// none reports whether nothing is usual.
func (m measured) none() bool { return m.expected == 0 }

// measure is how values are told to people: the factor, and what stands behind them.
type measure struct {
	factor float64
	unit   string // directly behind each number: "%", " ms"
	per    string // once behind the phrase: " a minute"
}

// measure is chosen for both values together, so that they can be compared.
func (m measured) measure() measure {
	return measureOf(m.dimension, greatest(m.observed, m.expected))
}

func measureOf(d dimension, largest float64) measure {
	switch d {
	case share:
		return measure{100, "%", ""}
	case seconds:
		switch {
		case largest >= 1:
			return measure{1, " s", ""}
		case largest >= 0.001:
			return measure{1e3, " ms", ""}
		}
		return measure{1e6, " µs", ""}
	case own:
		return measure{1, "", ""}
	case perMinute:
	}
	switch {
	case largest >= 1 || largest == 0:
		return measure{1, "", " a minute"}
	case largest >= 1.0/60:
		return measure{60, "", " an hour"}
	}
	return measure{24 * 60, "", " a day"}
}

// greatest is the largest of the magnitudes that are known, 0 where none is.
func greatest(values ...float64) float64 {
	largest := 0.0
	for _, v := range values {
		if a := math.Abs(v); a > largest && !math.IsInf(a, 0) {
			largest = a
		}
	}
	return largest
}

// The digits of the numbers in a sentence: as few as let a reader reckon the
// ratio that stands beside them.
const (
	fewestDigits = 3
	mostDigits   = 8
	spreadDigits = 2
	// longestTail ends the decimals of numbers next to nothing.
	longestTail = 12
)

// told are two values as a sentence has them, and how they relate.
type told struct{ observed, expected, spread, relation string }

// tell writes the values with so many digits that whoever divides them gets the
// relation that is told.
func (m measured) tell() told {
	by := m.measure()
	var t told
	// Of what is rare, the deviation of a bucket is beyond the value, which says nothing to people.
	if m.spread > 0 && !math.IsInf(m.spread, 0) && (m.dimension == own || m.spread <= m.expected) {
		t.spread = significant(m.spread*by.factor, spreadDigits) + by.unit
	}
	t.relation = relation(m.ratio())
	for digits := fewestDigits; digits <= mostDigits; digits++ {
		o, e := significant(m.observed*by.factor, digits), significant(m.expected*by.factor, digits)
		t.observed, t.expected = o+by.unit, e+by.unit
		if math.IsNaN(m.ratio()) || relation(numeral(o)/numeral(e)) == t.relation {
			break
		}
	}
	return t
}

// usual is the expected value with its spread.
func (t told) usual() string {
	if t.spread == "" {
		return t.expected
	}
	if unit := strings.TrimLeft(t.spread, "0123456789.,"); unit != "" && unit != "%" {
		return strings.TrimSuffix(t.expected, unit) + " ± " + t.spread // 150 ± 12 ms
	}
	return t.expected + " ± " + t.spread
}

// Ratios that are told as a multiple, as a share, or in words.
const (
	timesFrom  = 1.25
	shareBelow = 0.95
	manyTimes  = 1000 // beyond it, what was usual is next to nothing
)

// relation says a ratio in words that "the usual" follows: "10.3 times", "21% of", "4% above".
func relation(ratio float64) string {
	switch {
	case math.IsNaN(ratio):
		return ""
	case ratio > manyTimes:
		return "more than 1,000 times"
	case ratio >= 100:
		return separated(decimal(ratio, 0, document.Nearest)) + " times"
	case ratio >= timesFrom:
		return decimal(ratio, 1, document.Nearest) + " times"
	case percentage(ratio) < 10:
		if text := decimal(percentage(ratio), 1, document.Nearest); text != "0.0" {
			return text + "% of"
		}
		return "less than 0.1% of"
	case ratio < shareBelow:
		return decimal(percentage(ratio), 0, document.Nearest) + "% of"
	}
	percent, side := decimal(math.Abs(percentage(ratio)-100), 0, document.Nearest), "% above"
	switch {
	case percent == "0":
		return "close to"
	case ratio < 1:
		side = "% below"
	}
	return percent + side
}

// significant writes v with so many digits that mean something; whole digits are never dropped.
func significant(v float64, digits int) string {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		if v == 0 {
			return "0"
		}
		return "unknown"
	}
	magnitude := int(math.Floor(math.Log10(math.Abs(v))))
	text := decimal(v, min(max(digits-1-magnitude, 0), longestTail), document.Nearest)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	if text == "" || text == "-" || text == "-0" {
		text = "0"
	}
	return separated(text)
}

// separated has commas between the thousands.
func separated(s string) string {
	s, negative := strings.CutPrefix(s, "-")
	whole, fraction, point := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if point {
		whole += "." + fraction
	}
	if negative {
		whole = "-" + whole
	}
	return whole
}

// numeral reads back what significant wrote.
func numeral(s string) float64 {
	v, err := strconv.ParseFloat(strings.ReplaceAll(s, ",", ""), 64)
	if err != nil {
		return math.NaN()
	}
	return v
}
