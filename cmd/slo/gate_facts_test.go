package main_test

import (
	"math"
	"slices"
	"strings"
	"time"
)

// stand is how one window of an objective stands.
type stand struct {
	target float64
	// noData: there is not one valid event in the window.
	noData bool
	// left is the rest of the budget in percent; for a target of 100 it is 0
	// and breached says how it stands.
	left     float64
	breached bool
	// events are the requests of the window; seconds says that it counts time instead.
	events  float64
	seconds bool
	// coverage is the share of the window with data, of time-based objectives.
	coverage float64
	// age is that of the newest point.
	age time.Duration
	// burn are the rates over the long and short windows of the three rules; NaN without traffic.
	burn [3][2]float64
	// lately are the requests of the long windows.
	lately [3]float64
}

// attained is the attainment in percent.
func (s stand) attained() float64 { return 100 - (100-s.left)/100*(100-s.target) }

// objective is an SLO of the world release.
type objective struct {
	name string
	tags []string
	// windows are by timeframe; primary is what is judged when nobody says.
	windows map[string]stand
	primary string
	// kind is why it cannot be evaluated: its definition is unsupported, or what it rests on invalid.
	kind string
}

var unknown = math.NaN()

// requests stand at 10 a second and nothing fails, with a target of 99.9 % over 30 days.
func requests(change ...func(*stand)) stand {
	s := stand{target: 99.9, left: 100, events: 25_920_000, age: 5 * time.Minute, lately: [3]float64{36_000, 216_000, 864_000}}
	for _, c := range change {
		c(&s)
	}
	return s
}

// seconds stand with a target of 99.5 % over 30 days, always known, always up.
func seconds(change ...func(*stand)) stand {
	s := stand{target: 99.5, left: 100, events: 2_592_000, seconds: true, coverage: 1}
	for _, c := range change {
		c(&s)
	}
	return s
}

func left(percent float64) func(*stand)   { return func(s *stand) { s.left = percent } }
func events(n float64) func(*stand)       { return func(s *stand) { s.events = n } }
func old(age time.Duration) func(*stand)  { return func(s *stand) { s.age = age } }
func covered(share float64) func(*stand)  { return func(s *stand) { s.coverage = share } }
func target(percent float64) func(*stand) { return func(s *stand) { s.target = percent } }
func lately(a, b, c float64) func(*stand) { return func(s *stand) { s.lately = [3]float64{a, b, c} } }
func burning(rates ...float64) func(*stand) {
	return func(s *stand) {
		for i := range s.burn {
			s.burn[i] = [2]float64{rates[2*i], rates[2*i+1]}
		}
	}
}
func silence(s *stand)  { *s = stand{target: s.target, seconds: s.seconds, noData: true} }
func breached(s *stand) { s.left, s.breached = 0, true }

// releaseWorld is what the comments of worlds/release.yaml say, in numbers.
func releaseWorld() []objective {
	healthy := requests(left(90), burning(0.1, 0.1, 0.1, 0.1, 0.1, 0.1))
	spent := requests(left(-38.889))
	monthly := func(name string, tags string, s stand) objective {
		return objective{name: name, tags: strings.Fields(tags), windows: map[string]stand{"30d": s}, primary: "30d"}
	}
	all := []objective{
		monthly("storefront availability (prod)", "service:storefront env:prod team:shop", healthy),
		monthly("storefront is fast (prod)", "service:storefront env:prod team:shop", seconds(target(99), left(86.111))),
		monthly("storefront works (prod)", "service:storefront env:prod team:shop", seconds(left(72.222))),
		monthly("storefront availability (staging)", "service:storefront env:staging team:shop", healthy),
		monthly("storefront works (staging)", "service:storefront env:staging team:shop", seconds(left(90.741), burning(66.667, 200, 11.111, 133.333, 2.778, 33.333))),
		monthly("storefront availability (dev)", "service:storefront env:dev team:shop", requests(silence)),
		monthly("storefront works (dev)", "service:storefront env:dev team:shop", seconds(silence)),

		monthly("exactly-spent", "service:exactly-spent kind:requests", requests(left(0), burning(1, 1, 1, 1, 1, 1))),
		monthly("smouldering", "service:smouldering kind:requests", requests(left(-100), burning(2, 2, 2, 2, 2, 2))),
		monthly("exactly-fifteen", "service:exactly-fifteen kind:requests", requests(left(15))),
		monthly("spent-and-burning", "service:spent-and-burning kind:requests", requests(left(-66.667), burning(600, 600, 200, 600, 50, 600))),
		monthly("burning-fast", "service:burning-fast kind:requests", requests(left(96.759), burning(20, 20, 3.889, 20, 0.972, 11.667))),
		monthly("burned-an-hour-ago", "service:burned-an-hour-ago kind:requests", requests(left(97.685), burning(16.667, 0, 2.778, 16.667, 0.694, 8.333))),
		monthly("burning-slowly", "service:burning-slowly kind:requests", requests(left(93.333), burning(8, 8, 8, 8, 2, 8))),
		monthly("creeping", "service:creeping kind:requests", requests(left(86.667), burning(4, 4, 4, 4, 4, 4))),
		monthly("at-the-threshold", "service:at-the-threshold kind:requests", requests(left(98), events(32_400_000), lately(45_000, 270_000, 1_080_000), burning(14.4, 14.4, 2.4, 14.4, 0.6, 7.2))),
		monthly("few", "service:few kind:requests", requests(events(90), lately(90, 90, 90))),
		monthly("just-enough", "service:just-enough kind:requests", requests(events(100), lately(100, 100, 100))),
		monthly("low-traffic", "service:low-traffic kind:requests", requests(left(65.278), events(51_840), lately(72, 432, 1_728), burning(250, 500, 41.667, 500, 10.417, 125))),
		monthly("silent-2h", "service:silent-2h kind:requests", requests(old(125*time.Minute), events(25_848_000), lately(0, 144_000, 792_000), burning(unknown, unknown, 0, unknown, 0, unknown))),
		monthly("silent-50m", "service:silent-50m kind:requests", requests(old(55*time.Minute), events(25_890_000), lately(6_000, 186_000, 834_000), burning(0, unknown, 0, unknown, 0, 0))),
		monthly("burning-then-silent", "service:burning-then-silent kind:requests", requests(old(55*time.Minute), left(88.413), events(25_890_000), lately(6_000, 186_000, 834_000), burning(500, unknown, 16.129, unknown, 3.597, 71.429))),
		monthly("asleep", "service:asleep kind:requests", requests(silence)),
		monthly("healthy", "service:healthy kind:requests", healthy),
		monthly("old-incident", "service:old-incident kind:requests", spent),
		monthly("corrected", "service:old-incident kind:requests", requests(events(25_848_000))),
		monthly("corrected-for-the-worse", "service:exactly-fifteen kind:requests", requests(left(-6.25), events(20_736_000))),
		monthly("no-data", "service:nowhere kind:requests", requests(silence)),
		monthly("nothing-may-fail, and nothing did", "service:perfect kind:requests", requests(target(100))),
		monthly("nothing-may-fail, and something did", "service:one-bad-minute kind:requests", requests(target(100), breached)),
		monthly("two-environments", "service:two-environments kind:requests", requests(left(93.386), events(27_216_000), lately(37_800, 226_800, 907_200))),
		{name: "unsupported", tags: []string{"service:healthy", "kind:requests"}, primary: "30d", kind: "unsupported", windows: map[string]stand{"30d": {}}},
		{name: "healthy for 90 days", tags: []string{"service:healthy", "kind:requests"}, primary: "90d", windows: map[string]stand{
			"90d": requests(left(90), events(77_760_000), burning(0.1, 0.1, 0.1, 0.1, 0.1, 0.1)),
		}},
		{name: "zero-points", tags: []string{"service:asleep", "kind:requests"}, primary: "90d", windows: map[string]stand{"90d": requests(silence)}},
		{name: "bad month but a good week", tags: []string{"service:old-incident", "kind:requests"}, primary: "7d", windows: map[string]stand{
			"7d": requests(events(6_048_000)), "30d": spent, "90d": requests(target(99.5), left(90.741), events(77_760_000)),
		}},

		monthly("monitor", "kind:monitor", seconds(left(72.222))),
		monthly("monitor-nearly-spent", "kind:monitor", seconds(left(16.667))),
		monthly("monitor-mostly-silent", "kind:monitor", seconds(covered(0.2))),
		monthly("monitor-silent-3h", "kind:monitor", seconds(old(3*time.Hour), covered(717.0/720), burning(unknown, unknown, 0, unknown, 0, unknown))),
		monthly("monitor-down", "kind:monitor", seconds(left(90.741), burning(66.667, 200, 11.111, 133.333, 2.778, 33.333))),
		monthly("monitor-new", "kind:monitor", seconds(silence)),
		{name: "monitor-deleted", tags: []string{"kind:monitor"}, primary: "30d", kind: "invalid", windows: map[string]stand{"30d": {}}},
		monthly("monitor-no-data", "kind:monitor", seconds(silence)),
		monthly("slices", "service:slices kind:slices", seconds(target(99), left(86.111))),
		monthly("slices-breached", "service:slices-breached kind:slices", seconds(target(99), left(-38.889))),
		monthly("slices-burning", "service:slices-burning kind:slices", seconds(target(99), left(86.111), burning(100, 100, 16.667, 100, 4.167, 50))),
		monthly("slices-half", "service:young kind:slices", seconds(target(99), covered(0.5))),
		monthly("slices-silent-2h", "service:silent-2h kind:slices", seconds(target(99), old(2*time.Hour), covered(718.0/720), burning(unknown, unknown, 0, unknown, 0, unknown))),
		monthly("slices-no-data", "service:nowhere kind:slices", seconds(target(99), silence)),
	}
	for _, pair := range [][2]string{
		{"twice", "twice"}, {"決済の可用性", "決済の遅延"},
		{`<b>"well"</b> & 'fine' ]]>`, "<script>alert(\"spent\")</script> & ]]> | `x`"},
		{"::notice::well", "::error file=a,line=1::spent%0A\n::set-output name=x::y"},
		{"\x1b[32mwell\x1b[0m", "\x1b[31mspent\x1b[0m \u009b31m\r\x1b]8;;http://example.com\x1b\\"},
	} {
		all = append(all, monthly(pair[0], "kind:names", healthy), monthly(pair[1], "kind:names", spent))
	}
	return all
}

// with are the objectives that have all of the tags.
func with(all []objective, tags ...string) []objective {
	return slices.DeleteFunc(slices.Clone(all), func(o objective) bool {
		return slices.ContainsFunc(tags, func(tag string) bool { return !slices.Contains(o.tags, tag) })
	})
}

// named are the objectives of these names.
func named(all []objective, names ...string) []objective {
	return slices.DeleteFunc(slices.Clone(all), func(o objective) bool { return !slices.Contains(names, o.name) })
}
