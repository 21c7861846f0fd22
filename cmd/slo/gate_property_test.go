package main_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slo-cli/slo/internal/badnet"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// testAccidents: no input whatsoever yields exit 0 unless every
// selected SLO was evaluated on sufficient, fresh data and no blocking rule
// failed. Whatever passes is held against the world itself.
//
// SLO_GATE_RUNS is the number of runs, SLO_GATE_SEED another seed.
func (r *gateRig) testAccidents(t *testing.T) {
	t.Helper()
	runs := number(t, "SLO_GATE_RUNS", 400)
	if testing.Short() {
		runs = min(runs, 50)
	}
	seed := uint64(number(t, "SLO_GATE_SEED", 1))
	names := scenario.Names()
	var passed, held atomic.Int64
	var running sync.WaitGroup
	for i := range runs {
		running.Go(func() {
			d := &dice{rand.New(rand.NewPCG(seed, uint64(i)))}
			name := "release"
			if d.often(0.5) {
				name = names[d.IntN(len(names))]
			}
			q := d.question(r.worlds[name])
			got, err := r.ask(q.w, q.situation)
			if err != nil {
				t.Errorf("run %d of seed %d, world %s: %v", i, seed, name, err)
				return
			}
			if got.code != 0 {
				return
			}
			passed.Add(1)
			n, wrong := q.accidents(got)
			held.Add(int64(n))
			if len(wrong) > 0 {
				t.Errorf("run %d of seed %d passes by accident:\n  world %s, slo gate %q\n  policy %q\n  %s", i, seed, name, q.args, q.policy, strings.Join(wrong, "\n  "))
			}
		})
	}
	running.Wait()
	t.Logf("%d of %d runs passed; %d windows of theirs were held against the world", passed.Load(), runs, held.Load())
	if runs >= 100 && passed.Load() < int64(runs/10) {
		t.Errorf("%d of %d runs passed, which shows little", passed.Load(), runs)
	}
}

func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		t.Fatalf("%s=%q: want a number", name, text)
	}
	return n
}

// question is one run, and what is known of it.
type question struct {
	situation
	w           *gateWorld
	names, tags []string
	timeframe   string
	at          int64
	asked       asked
	terms       func(scenario.SLO) terms
	expect      int
	// hopeless: whatever comes of it must not be 0.
	hopeless string
}

// dice is where everything random comes from.
type dice struct{ *rand.Rand }

func (d *dice) often(p float64) bool { return d.Float64() < p }

func (d *dice) one(list ...string) string { return list[d.IntN(len(list))] }

// question makes up a run. Most of it is sane: what is wrong everywhere never passes.
func (d *dice) question(w *gateWorld) *question {
	q := &question{w: w, at: w.world.Now.Unix(), terms: func(scenario.SLO) terms { return defaultTerms() }}
	d.pick(q)
	if d.often(0.15) {
		q.at -= d.Int64N(20 * daySeconds)
	}
	q.args = append(q.args, "--at", time.Unix(q.at, 0).UTC().Format(time.RFC3339))
	d.flags(q)
	d.faults(q)
	if d.often(0.05) {
		q.args = append(q.args, d.one("--nope", "-o", "--min-budget", "--tag", "\x1b[0m", "--expect=1x", "--timeframe=1d", "--change=none"))
		q.hopeless = "garbage"
	}
	return q
}

// pick picks objectives.
func (d *dice) pick(q *question) {
	some := func() scenario.SLO {
		for {
			if o := q.w.world.SLOs[d.IntN(len(q.w.world.SLOs))]; o.Raw == "" && o.Name != "" && !strings.HasPrefix(o.Name, "-") {
				return o
			}
		}
	}
	if len(q.w.world.SLOs) == 0 || d.often(0.03) {
		q.names = []string{d.one("no such SLO", "", "?*", "\xff\xfe")}
	} else if q.w.world.Name == "release" && d.often(0.3) { // one that does not pass, and for one reason alone
		q.names = []string{d.one(
			"few", "slices-half", "monitor-mostly-silent", "silent-2h", "monitor-silent-3h", "exactly-spent", "burning-fast", "burning-slowly",
			"burning-then-silent", "old-incident", "no-data", "corrected-for-the-worse", "nothing-may-fail, and something did", "twice",
		)}
	} else if d.often(0.8) {
		for range 1 + d.IntN(3) {
			o := some()
			if q.w.world.Name == "release" && d.often(0.6) { // among many that never pass, some that may
				o.Name = d.one("healthy", "healthy for 90 days", "monitor", "slices", "corrected", "creeping", "at-the-threshold", "just-enough", "storefront works (prod)")
				o.ID = o.Name
			}
			switch d.IntN(4) {
			case 0:
				q.names = append(q.names, o.ID)
			case 1:
				if first := []rune(o.Name); len(first) > 4 && !strings.Contains(o.Name, "*") && len(q.w.world.SLOs) < 100 {
					q.names = append(q.names, string(first[:len(first)-2])+"*")
					continue
				}
				fallthrough
			default:
				q.names = append(q.names, o.Name)
			}
		}
	}
	if len(q.names) == 0 || d.often(0.1) {
		if len(q.w.world.SLOs) > 0 {
			if tags := some().Tags; len(tags) > 0 {
				q.tags = append(q.tags, tags[d.IntN(len(tags))])
			}
		}
	}
	if len(q.w.world.SLOs) > 100 && len(q.names) == 0 {
		q.names = []string{some().Name} // the whole of a large world takes long
	}
	q.tags = slices.DeleteFunc(q.tags, func(tag string) bool { return !strings.Contains(strings.Trim(tag, ":"), ":") })
	for _, tag := range q.tags {
		q.args = append(q.args, "--tag", tag)
	}
	q.args = append(q.args, q.names...)
}

// flags change what is asked of the objectives.
func (d *dice) flags(q *question) {
	var set []func(*terms)
	add := func(change func(*terms), args ...string) {
		q.args, set = append(q.args, args...), append(set, change)
	}
	if d.often(0.25) {
		v := []float64{-1000, -50, 0, 15, 50, 90, 99}[d.IntN(7)]
		add(func(t *terms) { t.budgetBlock = &v }, "--min-budget", fmt.Sprint(v))
	}
	if d.often(0.2) {
		v := []int{0, 1, 90, 100, 101, 1_000_000}[d.IntN(6)]
		add(func(t *terms) { t.minEvents = float64(v) }, "--min-events", fmt.Sprint(v))
	}
	if d.often(0.2) {
		v := []time.Duration{time.Second, 5 * time.Minute, 3 * time.Hour, 900 * time.Hour}[d.IntN(4)]
		add(func(t *terms) { t.maxAge = v }, "--max-age", v.String())
	}
	if d.often(0.2) {
		v := []float64{0, 0.1, 0.5, 0.9, 1}[d.IntN(5)]
		add(func(t *terms) { t.minCoverage = v }, "--min-coverage", fmt.Sprint(v))
	}
	if d.often(0.2) {
		q.timeframe = d.one("7d", "30d", "90d", "all")
		q.args = append(q.args, "--timeframe", q.timeframe)
	}
	if d.often(0.15) {
		q.expect = d.IntN(4)
		q.args = append(q.args, "--expect", fmt.Sprint(q.expect))
	}
	if d.often(0.15) {
		q.asked.fix = true
		q.args = append(q.args, "--change", "fix")
	}
	if d.often(0.08) {
		q.asked.undecided = d.one("pass", "fail")
		q.args = append(q.args, "--on-undecided", q.asked.undecided)
	}
	if d.often(0.08) {
		q.asked.unavailable = d.one("pass", "fail")
		q.args = append(q.args, "--on-unavailable", q.asked.unavailable)
	}
	sections := d.policy(q)
	q.terms = func(o scenario.SLO) terms {
		t := defaultTerms()
		for _, change := range sections {
			change(o, &t)
		}
		for _, change := range set {
			change(&t)
		}
		return t
	}
}

// policy writes a file, sound or broken, and says what it comes to.
func (d *dice) policy(q *question) (sections []func(scenario.SLO, *terms)) {
	if d.often(0.55) {
		return nil
	}
	text := "version: 1\npolicies:\n"
	for i := range 1 + d.IntN(3) {
		text += fmt.Sprintf("  - name: section %d\n", i)
		applies := func(scenario.SLO) bool { return true }
		if key := d.one("", "env", "team", "service"); key != "" {
			value := d.one("prod", "shop", "storefront", "healthy", "staging")
			text += fmt.Sprintf("    match: {%s: %s}\n", key, value)
			applies = func(o scenario.SLO) bool { return slices.Contains(o.Tags, key+":"+value) }
		}
		var changes []func(*terms)
		number := func(v float64) *float64 { return &v }
		for _, key := range d.Perm(9)[:1+d.IntN(4)] {
			switch key {
			case 0:
				v := float64(d.IntN(150) - 60)
				text, changes = text+fmt.Sprintf("    budget: {block: %v}\n", min(v, 99)), append(changes, func(t *terms) { t.budgetBlock = number(min(v, 99)) })
			case 1:
				v := []float64{50, 99, 99.9, 99.99}[d.IntN(4)]
				text, changes = text+fmt.Sprintf("    attainment: {block: %v}\n", v), append(changes, func(t *terms) { t.attainBlock = number(v) })
			case 2:
				w, level := d.IntN(3), d.one("off", "warn", "block")
				text, changes = text+fmt.Sprintf("    burn: {%s: %s}\n", []string{"1h", "6h", "24h"}[w], level), append(changes, func(t *terms) { t.burn[w] = level })
			case 3:
				n := d.IntN(300)
				text, changes = text+fmt.Sprintf("    min_events: %d\n", n), append(changes, func(t *terms) { t.minEvents = float64(n) })
			case 4:
				n := 1 + d.IntN(100)
				text, changes = text+fmt.Sprintf("    min_coverage: %d%%\n", n), append(changes, func(t *terms) { t.minCoverage = float64(n) / 100 })
			case 5:
				n := 1 + d.IntN(48)
				text, changes = text+fmt.Sprintf("    max_age: %dh\n", n), append(changes, func(t *terms) { t.maxAge = time.Duration(n) * time.Hour })
			case 6:
				n := 1 + d.IntN(3000)
				text, changes = text+fmt.Sprintf("    low_traffic: {events: %d, level: warn}\n", n), append(changes, func(t *terms) { t.lowEvents, t.lowLevel = float64(n), "warn" })
			case 7:
				text, changes = text+"    fixes_may_pass: true\n", append(changes, func(t *terms) { t.fixes = true })
			case 8:
				rule := d.one("budget", "burn_1h", "burn_6h", "attainment")
				text += fmt.Sprintf("    overrides: [{rules: [%s], reason: agreed, author: x@example.com, expires: 2027-01-01}]\n", rule)
				changes = append(changes, func(t *terms) { t.overridden = append(slices.Clone(t.overridden), rule) })
			}
		}
		sections = append(sections, func(o scenario.SLO, t *terms) {
			if applies(o) {
				for _, change := range changes {
					change(t)
				}
			}
		})
	}
	if d.often(0.15) {
		q.hopeless = "a broken policy"
		text = d.one(text[:len(text)-1]+"}}\n", text+"  - nam: x\n", strings.Replace(text, "version: 1", "version: 7", 1), text+"\x00", "", text+"policies: []\n")
		if text == "" {
			text = "#\n"
		}
	}
	q.policy = text
	return sections
}

// faults damage answers in ways that can be noticed: an answer that is whole,
// sound and wrong nobody can tell from the truth.
func (d *dice) faults(q *question) {
	if d.often(0.6) {
		return
	}
	q.waits = true
	q.args = append(q.args, "--timeout", d.one("1s", "2s", "3s"))
	damages := []badnet.Fault{
		badnet.Status(500), badnet.Status(503), badnet.Status(400), badnet.Status(401), badnet.Status(403), badnet.Status(404), badnet.RateLimited("1"), badnet.RateLimited(""),
		badnet.Constant("application/json", ""), badnet.Constant("application/json", "{}"), badnet.Constant("application/json", "null"), badnet.Constant("application/json", "[]"),
		badnet.Constant("application/json", `{"data":[]}`), badnet.Constant("application/json", `{"errors":["no"]}`), badnet.Constant("text/html", "<html>"),
		badnet.Cut, badnet.Halve, badnet.Truncate, badnet.Reset, badnet.Hangup, badnet.ResetInside, badnet.Hang, badnet.Slow(20 * time.Millisecond), badnet.NotUTF8,
		badnet.Rewrite(badnet.TextForNumbers), badnet.Rewrite(badnet.ObjectsForLists), badnet.Rewrite(badnet.ListsForObjects), badnet.Appended("}"),
		badnet.Points(badnet.Backwards), badnet.Points(badnet.Twice), badnet.Points(badnet.Contradicting), badnet.Points(badnet.ShortRow), badnet.Points(badnet.InSeconds), badnet.Points(badnet.MissingRow),
	}
	// Pages that are short and say how many elements there are.
	pages := badnet.Pages(badnet.Paging{Size: 2 + d.IntN(5), Repeat: d.often(0.4)})
	if d.often(0.3) {
		pages = lacking(d.IntN(30))
	}
	share := badnet.Share([]float64{0.02, 0.1, 0.3, 1}[d.IntN(4)], d.Uint64(), damages...)
	switch d.IntN(4) {
	case 0:
		q.plan = badnet.Always(badnet.Listing, pages)
	case 1:
		kind := badnet.BoardKinds()[d.IntN(len(badnet.BoardKinds()))]
		damage := damages[d.IntN(len(damages))]
		q.plan = badnet.Always(kind, damage)
		if d.often(0.5) {
			q.plan = badnet.Nth(kind, d.IntN(3), damage)
		}
	case 2:
		q.plan = func(k badnet.Kind, n int) badnet.Fault {
			if k == badnet.Listing {
				return pages
			}
			return share(k, n)
		}
	case 3:
		q.plan = share
	}
}
