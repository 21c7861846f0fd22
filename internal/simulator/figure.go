package simulator

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// The words for how an SLO is doing.
const (
	stateOK       = "ok"
	stateWarning  = "warning"
	stateBreached = "breached"
	stateNoData   = "no_data"
)

// problem is why there is no figure.
type problem struct {
	Message string `json:"error_message"`
	Type    string `json:"error_type"`
}

func zeroDenominator() *problem {
	return &problem{"The denominator is zero valued", "ZERO_VALUED_DENOMINATOR"}
}

func noResults() *problem {
	return &problem{"No results found for this monitor", "NO_RESULTS"}
}

// asked is what a figure is wanted for.
type asked struct {
	window span
	// now is when it is computed: nothing later is known.
	now int64
	// uncorrected leaves status corrections out.
	uncorrected bool
}

// figure is Datadog's own account of an SLO over a window.
type figure struct {
	// sli is the percentage; nil without one, and problem says why.
	sli     *float64
	problem *problem
	// exact is the percentage before it was made a float32, for the budget.
	exact float64
	// good and total are what it was computed from, in requests or seconds.
	good, total float64
	unit        string
	// spanPrecision is how many decimals are worth showing.
	spanPrecision int
	// applied are the corrections in it.
	applied []occurrence
	// counts is set for the type metric, uptime for the others.
	counts *counts
	uptime *uptime
}

// uptime is the time-based part of a figure.
type uptime struct {
	// seconds is the length of the window.
	seconds     int64
	preview     bool
	transitions [][2]int64
	// monitor is set where there is only one.
	monitor *monitor
	// monitors and groups have their own figures.
	monitors, groups []partFigure
}

type partFigure struct {
	part
	figure
}

// reckoning is what a figure is computed from once its deviations are known.
type reckoning struct {
	// window is the time that counts, known the instant up to which there is
	// metric data.
	window span
	known  int64
	// occurrences are the corrections that reach into the window.
	occurrences []occurrence
}

// figure computes an SLO as Datadog is said to, and with the deviations that
// the world gives its own figure.
func (s *Server) figure(o *slo, a asked) (figure, error) {
	if o.queryError != nil {
		return figure{}, o.queryError
	}
	a.window.to = min(a.window.to, a.now)
	r := reckoning{window: a.window, known: a.now}
	if behind := inSeconds(o.Own.Behind); behind > 0 {
		r.window = span{r.window.from - behind, r.window.to - behind}
		r.known -= behind
	}
	if late := inSeconds(o.Own.Late); late > 0 {
		r.known = min(r.known, r.window.to-late)
	}
	if o.Own.SinceModified {
		r.window.from = max(r.window.from, o.modified())
	}
	if !a.uncorrected && !o.Own.IgnoreCorrections {
		r.occurrences = s.occurrences(o, r.window)
	}
	var f figure
	var err error
	switch o.Type {
	case scenario.TypeMonitor:
		f = s.ofMonitors(o, a, r)
	case scenario.TypeTimeSlice:
		f, err = s.ofSlices(o, a, r)
	default:
		f, err = s.ofEvents(o, r)
	}
	if err != nil {
		return figure{}, err
	}
	f.applied = r.occurrences
	f.deviate(o.Own)
	return f, nil
}

func inSeconds(d time.Duration) int64 { return int64(d / time.Second) }

// deviate changes the percentage by what nothing else explains, and cuts it.
func (f *figure) deviate(own scenario.OwnFigure) {
	if f.sli == nil || own.Off == 0 && own.Decimals == nil {
		return
	}
	sli := f.exact + own.Off
	switch {
	case own.Decimals != nil:
		sli = cut(sli, *own.Decimals)
		f.spanPrecision = min(f.spanPrecision, *own.Decimals)
	case f.uptime != nil:
		sli = float64(float32(sli))
	}
	f.sli, f.exact = &sli, sli
	f.good = sli / 100 * f.total
}

// cut leaves so many decimals of a number, without rounding.
func cut(v float64, decimals int) float64 {
	whole, fraction, ok := strings.Cut(strconv.FormatFloat(v, 'f', -1, 64), ".")
	if !ok || len(fraction) <= decimals {
		return v
	}
	short, err := strconv.ParseFloat(whole+"."+fraction[:decimals], 64)
	if err != nil {
		return v
	}
	return short
}

// ofMonitors computes the type monitor.
func (s *Server) ofMonitors(o *slo, a asked, r reckoning) figure {
	var monitors, counted []part // as the documentation has it, and as this figure has it
	var groups, countedGroups []part
	var only *monitor
	for _, id := range o.MonitorIDs {
		m := s.monitor(id)
		p := part{id: id, name: strconv.FormatInt(id, 10), monitor: m}
		q := p
		if m != nil {
			st, own := m.stood(o.Groups, a.now, false), m.stood(o.Groups, a.now, o.Own.MissingDown)
			p.name, q.name = m.Name, m.Name
			p.track, q.track = st.whole, own.whole
			if len(o.MonitorIDs) == 1 {
				only, groups, countedGroups = m, st.groups, own.groups
			}
		}
		monitors, counted = append(monitors, p), append(counted, q)
	}
	whole := together(tracks(monitors))
	u := &uptime{seconds: a.window.seconds(), preview: o.Own.Preview, transitions: whole.transitions(a.window), monitor: only}
	corrected := effective(r.occurrences, monitorStep(o.Own.Edge), o.Own.Edge)
	if o.Own.Preview {
		r.window.to = min(r.window.to, whole.lastChange(r.window))
	}
	own := together(tracks(counted))
	if len(o.Own.OnlyGroups) > 0 {
		own = together(tracks(named(append(slices.Clone(countedGroups), counted...), o.Own.OnlyGroups)))
	}
	f := ofTrack(own, r.window, u.seconds, corrected, false)
	for i, p := range monitors {
		if len(monitors) > 1 {
			u.monitors = append(u.monitors, partial(p, counted[i], a.window, r.window, corrected, false))
		}
	}
	for i, p := range groups {
		u.groups = append(u.groups, partial(p, countedGroups[i], a.window, r.window, corrected, false))
	}
	f.uptime = u
	return f
}

// monitorStep is the grid of corrections on monitors: the exact second, except
// where another rule speaks of minutes touched in part.
func monitorStep(edge string) int64 {
	if edge == "" {
		return 1
	}
	return 60
}

// ofSlices computes the type time_slice.
func (s *Server) ofSlices(o *slo, a asked, r reckoning) (figure, error) {
	groups, err := s.slices(o, a.window, a.now, false)
	if err != nil {
		return figure{}, err
	}
	counted := groups
	if r.window != a.window || r.known != a.now || o.Own.MissingDown {
		if counted, err = s.slices(o, r.window, r.known, o.Own.MissingDown); err != nil {
			return figure{}, err
		}
	}
	corrected := effective(r.occurrences, o.slice.step, o.Own.Edge)
	own := counted
	if len(o.Own.OnlyGroups) > 0 {
		own = named(counted, o.Own.OnlyGroups)
	}
	u := &uptime{seconds: a.window.seconds(), transitions: together(tracks(groups)).excuse(corrected).transitions(a.window)}
	f := ofTrack(together(tracks(own)), r.window, u.seconds, corrected, true)
	for _, p := range groups {
		if p.name == "" {
			continue
		}
		// A group that is not among them has no value in any slice.
		q := part{track: o.slice.track(nil, r.window.to, r.window, o.Own.MissingDown)}
		if i := slices.IndexFunc(counted, func(q part) bool { return q.name == p.name }); i >= 0 {
			q = counted[i]
		}
		p.track = p.track.excuse(corrected)
		u.groups = append(u.groups, partial(p, q, a.window, r.window, corrected, true))
	}
	f.uptime = u
	return f, nil
}

// named are the parts with one of the names.
func named(parts []part, names []string) []part {
	return slices.DeleteFunc(slices.Clone(parts), func(p part) bool { return !slices.Contains(names, p.name) })
}

// partial is the figure of a group or monitor: its transitions, and the
// seconds that count by another track.
func partial(shown, counted part, asked, window span, corrected []span, excused bool) partFigure {
	f := ofTrack(counted.track, window, asked.seconds(), corrected, excused)
	f.uptime = &uptime{seconds: asked.seconds(), transitions: shown.track.transitions(asked), monitor: shown.monitor}
	return partFigure{shown, f}
}

// ofTrack is the share of the time that counts that was up, with the precision
// of a float32, as Datadog keeps it.
func ofTrack(t track, window span, length int64, corrected []span, excused bool) figure {
	up, counted := t.tally(window, corrected, excused)
	f := figure{good: float64(up), total: float64(counted), unit: "seconds", spanPrecision: timePrecision(length)}
	if counted == 0 {
		f.problem = noResults()
		return f
	}
	f.exact = 100 * float64(up) / float64(counted)
	sli := float64(float32(f.exact))
	f.sli = &sli
	return f
}

// timePrecision is how many decimals a window of so many seconds is worth.
func timePrecision(seconds int64) int {
	return int(math.Max(0, math.Floor(math.Log10(float64(seconds)/6000))))
}

// state compares with a target. Exactly on it is good.
func (f figure) state(target float64, warning *float64) string {
	switch {
	case f.sli == nil:
		return stateNoData
	case *f.sli < target:
		return stateBreached
	case warning != nil && *f.sli < *warning:
		return stateWarning
	}
	return stateOK
}

// remaining is the error budget that is left, in percent with three decimals;
// nil without data or with a target of 100.
func (f figure) remaining(target float64) *float64 {
	if f.sli == nil || target >= 100 {
		return nil
	}
	v := math.Round(1e5*(f.exact-target)/(100-target)) / 1000
	// No minus before a zero.
	v += 0
	return &v
}

// rawBudget is the same in requests or seconds.
type rawBudget struct {
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

func (f figure) remainingRaw(target float64) *rawBudget {
	if f.sli == nil || target >= 100 {
		return nil
	}
	return &rawBudget{(100-target)/100*f.total - (f.total - f.good), f.unit}
}

// precisionFor is how many decimals a timeframe is worth.
func (f figure) precisionFor(timeframe string) int {
	if f.counts != nil {
		return f.counts.precision
	}
	return timePrecision(timeframeSeconds(timeframe))
}
