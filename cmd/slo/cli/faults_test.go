package cli_test

import (
	"flag"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slo-cli/slo/internal/badnet"
)

// verdict is what must come of a cell of the matrix.
type verdict int

const (
	// same: every figure as without the fault, code 0.
	same verdict = iota
	// fails: what rests on the requests has no figure, and everything else is the same.
	fails
	// either: the one or the other, also for some of what rests on the requests;
	// a fault that happens once and is not repeated, because it does not look like passing.
	either
	// denied: as fails, where the whole run fails with code 4.
	denied
	// unlisted: as same, but rows may be absent with a note.
	unlisted
	// silent: there is no data, which is something else than zero.
	silent
)

func (v verdict) String() string {
	return [...]string{"same", "fails", "either", "denied", "unlisted", "silent"}[v]
}

// networkFault is a row of the matrix.
type networkFault struct {
	name   string
	damage badnet.Fault
	// kinds are those to which it can happen; none stands for all.
	kinds []badnet.Kind
	// once and always are what must come of it when it happens to the first
	// request of a kind, and to each of them.
	once, always verdict
	// except are other verdicts for some kinds, of "always".
	except map[badnet.Kind]verdict
	// exceptOnce are other verdicts for some kinds, of "once".
	exceptOnce map[badnet.Kind]verdict
	// hangs marks what only the end of the time ends; large what takes much
	// memory; lasting what is the same once and always.
	hangs, large, lasting bool
	// says is a part of every message about it, when it stays.
	says string
}

var listings = []badnet.Kind{badnet.Listing, badnet.Search, badnet.Corrections, badnet.CorrectionsOf}

// networkFaults are the faults of the issue, sentence by sentence.
func (w *faultWorld) networkFaults() []networkFault {
	status := func(code int, once verdict) networkFault {
		return networkFault{name: fmt.Sprintf("status %d", code), damage: badnet.Status(code), once: once, always: fails, says: fmt.Sprintf("HTTP %d", code)}
	}
	limited := func(name, reset string, once verdict) networkFault {
		return networkFault{name: "429 " + name, damage: badnet.RateLimited(reset), once: once, always: fails, says: "rate limit"}
	}
	points := func(name string, f networkFault) networkFault {
		f.name, f.kinds = name, []badnet.Kind{badnet.Series}
		return f
	}
	pages := func(name string, p badnet.Paging, once, always verdict) networkFault {
		return networkFault{name: "pages " + name, damage: badnet.Pages(p), kinds: listings, once: once, always: always}
	}
	return []networkFault{
		// 429 with short, long, absurd and missing reset
		limited("with a short reset", "1", same),
		limited("with a long reset", "3600", fails),
		limited("with a negative reset", "-1", same),
		limited("with an astronomic reset", "1e18", same),
		limited("with a reset in words", "abc", same),
		limited("without a reset", "", same),
		// what a limit says that is not drawn yet
		{name: "limit used up", damage: badnet.Limit("Name", "x", "Limit", "100", "Period", "3600", "Remaining", "0", "Reset", "3000"), once: either, always: either},
		{name: "limit of nonsense", damage: badnet.Limit("Name", "a b;\"c", "Limit", "-5", "Period", "1e300", "Remaining", "9999999999999999999999", "Reset", "NaN")},
		{name: "limit of zero", damage: badnet.Limit("Name", "x", "Limit", "0", "Period", "0", "Remaining", "0", "Reset", "0"), once: same, always: same},
		// statuses
		status(500, same), status(502, same), status(503, same), status(504, same),
		status(400, either), status(422, either), status(413, either),
		{name: "status 407", damage: badnet.Status(407), once: either, always: fails, says: "(407)"},
		{name: "status 401", damage: badnet.Status(401), once: denied, always: denied, says: "HTTP 401"},
		{name: "status 403", damage: badnet.Status(403), once: denied, always: denied, says: "HTTP 403"},
		// the connection
		{name: "refused", damage: badnet.Refuse, lasting: true, once: fails, always: fails, says: "cannot connect"},
		{name: "reset before the answer", damage: badnet.Reset, once: same, always: fails, says: "broke off"},
		{name: "closed before the answer", damage: badnet.Hangup, once: same, always: fails, says: "broke off"},
		{name: "reset inside the body", damage: badnet.ResetInside, once: same, always: fails, says: "broke off"},
		{name: "truncated", damage: badnet.Truncate, once: same, always: fails, says: "incomplete"},
		{name: "cut in the middle", damage: badnet.Cut, once: same, always: fails, says: "incomplete"},
		{name: "half of the body", damage: badnet.Halve, once: either, always: fails},
		// gzip
		{name: "gzip", damage: badnet.Gzip(nil)},
		{name: "gzip broken", damage: badnet.Gzip(badnet.FlipMiddle), once: same, always: fails},
		{name: "gzip with a wrong sum", damage: badnet.Gzip(badnet.FlipSum), once: same, always: fails},
		{name: "gzip cut", damage: badnet.Gzip(badnet.DropEnd), once: same, always: fails},
		{name: "gzip that is none", damage: badnet.Gzip(badnet.NoHeader), once: same, always: fails},
		// time
		{name: "headers never", damage: badnet.Hang, hangs: true, once: fails, always: fails},
		{name: "headers slow", damage: badnet.Slow(150 * time.Millisecond)},
		{name: "a byte a second", damage: badnet.Drip(time.Second), hangs: true, once: fails, always: fails},
		// answers that are none
		{name: "empty 200", damage: badnet.Constant("application/json", ""), once: either, always: fails},
		{name: "null", damage: badnet.Constant("application/json", "null"), once: either, always: fails},
		{name: "empty object", damage: badnet.Constant("application/json", "{}"), once: either, always: fails},
		{name: "empty list", damage: badnet.Constant("application/json", "[]"), once: either, always: fails},
		{name: "a text", damage: badnet.Constant("application/json", `"OK"`), once: either, always: fails},
		{name: "HTML", damage: badnet.Constant("text/html", "<!DOCTYPE html><title>Sign in</title>"), once: either, always: fails, says: "not JSON"},
		{name: "errors in a 200", damage: badnet.Constant("application/json", `{"errors":["the moon is full"]}`), once: either, always: fails, says: "the moon is full"},
		{name: "error in a 200", damage: badnet.Constant("application/json", `{"status":"error","error":"the moon is full"}`), once: either, always: fails, says: "the moon is full"},
		{name: "errors beside the data", damage: badnet.Rewrite(badnet.WithError("errors", []any{"the moon is full"})), once: either, always: fails, says: "the moon is full"},
		{name: "more behind the answer", damage: badnet.Appended(`{"data":[]}`), once: either, always: fails},
		{name: "another media type", damage: badnet.Typed("text/plain; charset=iso-8859-1")},
		// values
		{
			name: "text for numbers", damage: badnet.Rewrite(badnet.TextForNumbers), once: either, always: fails,
			except: map[badnet.Kind]verdict{badnet.CorrectionsOf: same, badnet.MetricType: same, badnet.Search: either}, // nothing is read there but texts; the row says that its figure has no time
		},
		{
			name: "numbers for text", damage: badnet.Rewrite(badnet.NumbersForText), once: either, always: fails,
			except: map[badnet.Kind]verdict{badnet.History: same, badnet.Series: either},
		},
		{
			name: "objects for lists", damage: badnet.Rewrite(badnet.ObjectsForLists), once: either, always: fails,
			except: map[badnet.Kind]verdict{badnet.Monitor: same, badnet.MetricType: same},
		},
		{
			name: "lists for objects", damage: badnet.Rewrite(badnet.ListsForObjects), once: either, always: fails,
			except: map[badnet.Kind]verdict{badnet.MetricType: same},
		},
		{
			name: "nulls everywhere", damage: badnet.Rewrite(badnet.NullsInside), once: either, always: fails,
		},
		{
			name: "unknown words", damage: badnet.Rewrite(badnet.UnknownWords), once: either, always: fails,
			except: map[badnet.Kind]verdict{
				badnet.Search: either, badnet.Corrections: same, badnet.CorrectionsOf: same, badnet.History: same, badnet.Series: same,
			},
		},
		{name: "unknown states", damage: badnet.Rewrite(badnet.UnknownStates), kinds: []badnet.Kind{badnet.History}, once: either, always: fails},
		{name: "extra fields", damage: badnet.Rewrite(badnet.MoreFields)},
		// points; of an answer without points in between nobody can tell whether there were any
		points("nulls beside the points", networkFault{damage: badnet.Points(badnet.NullsBeside)}),
		points("nulls only", networkFault{damage: badnet.Points(badnet.NullsOnly), lasting: true, always: silent}),
		points("no series", networkFault{damage: badnet.Points(badnet.NoSeries), lasting: true, always: silent}),
		points("backwards", networkFault{damage: badnet.Points(badnet.Backwards)}),
		points("unsorted", networkFault{damage: badnet.Points(badnet.Interleaved)}),
		points("duplicate points", networkFault{damage: badnet.Points(badnet.Twice)}),
		points("duplicate points that contradict", networkFault{damage: badnet.Points(badnet.Contradicting), once: either, always: fails}),
		points("duplicate series", networkFault{damage: badnet.Points(badnet.SeriesTwice), once: either, always: fails}),
		points("a row too few", networkFault{damage: badnet.Points(badnet.MissingRow), once: either, always: fails}),
		points("a time too few", networkFault{damage: badnet.Points(badnet.ShortRow), once: either, always: fails}),
		points("times off the grid", networkFault{damage: badnet.Points(badnet.Shifted), once: either, always: fails}),
		points("times in seconds", networkFault{damage: badnet.Points(badnet.InSeconds), once: either, always: fails}),
		points("series of no query", networkFault{damage: badnet.Points(badnet.ForeignIndex), once: either, always: fails}),
		points("coarsened", networkFault{damage: badnet.FromAnother(w.coarse), once: either, always: fails}),
		// pages
		pages("of two", badnet.Paging{Size: 2}, same, same),
		pages("that grow", badnet.Paging{Size: 2, Grow: true}, same, either),
		{
			name: "pages that repeat", damage: badnet.Pages(badnet.Paging{Size: 1, Repeat: true}), kinds: listings, once: either, always: fails,
			except: map[badnet.Kind]verdict{badnet.CorrectionsOf: either}, // most SLOs have one
		},
		{
			name: "pages that never end", damage: badnet.Pages(badnet.Paging{Size: 100, Endless: true}), kinds: listings, once: either, always: fails,
		},
		{
			name: "pages that shrink", damage: badnet.Pages(badnet.Paging{Size: 1, Shrink: 1}), kinds: listings, once: same, always: fails,
			except: map[badnet.Kind]verdict{badnet.Listing: unlisted, badnet.CorrectionsOf: either}, // one SLO has more than one
		},
		// size
		{name: "gigabytes", damage: badnet.Endless, large: true, lasting: true, once: either, always: fails},
		{name: "gigabytes in gzip", damage: badnet.Bomb, large: true, lasting: true, once: either, always: fails},
		// redirects
		{name: "redirect to another host", damage: badnet.Redirect(302, "http://elsewhere.invalid/"), once: either, always: fails, says: "redirects to elsewhere.invalid"},
		{name: "redirect to itself", damage: badnet.Redirect(307, "SELF"), once: either, always: fails, says: "redirects to"},
		{name: "redirect to https", damage: badnet.Redirect(301, "https://127.0.0.1:1/"), once: either, always: fails, says: "redirects to"},
		{name: "redirect to nowhere", damage: badnet.Redirect(308, ""), once: either, always: fails, says: "redirects to"},
		// the clock
		{name: "clock an hour ahead", damage: badnet.Clock(time.Hour)},
		{name: "clock an hour behind", damage: badnet.Clock(-time.Hour)},
		// keys that come back
		{name: "keys in a 400", damage: badnet.Echo(400), once: either, always: fails},
		{name: "keys in a 403", damage: badnet.Echo(403), once: denied, always: denied},
		{name: "keys in a 429", damage: badnet.Echo(429), once: fails, always: fails},
		{name: "keys in a 500", damage: badnet.Echo(500), once: either, always: fails},
		{name: "keys in a 302", damage: badnet.Echo(302), once: either, always: fails},
		{name: "keys in a 200", damage: badnet.Echo(200), once: either, always: fails},
		{name: "keys in the name of a limit", damage: badnet.KeysAsLimit, once: fails, always: fails},
		{name: "keys as text", damage: badnet.EchoText(200), once: either, always: fails},
		{name: "keys as text in a 502", damage: badnet.EchoText(502), once: same, always: fails},
	}
}

// faultCell is one cell of the matrix.
type faultCell struct {
	kind  badnet.Kind
	fault networkFault
	once  bool
	// number tells cells apart; those with odd numbers use an access token.
	number int
}

func (c faultCell) mode() string {
	if c.once {
		return "once"
	}
	return "always"
}

func (c faultCell) name() string {
	return strings.ReplaceAll(fmt.Sprintf("%s/%s/%s", c.kind, c.fault.name, c.mode()), " ", "_")
}

func (c faultCell) want() verdict {
	v, except := c.fault.always, c.fault.except
	if c.once {
		v, except = c.fault.once, c.fault.exceptOnce
	}
	if other, there := except[c.kind]; there {
		return other
	}
	return v
}

func (c faultCell) plan() badnet.Plan {
	if c.once {
		return badnet.Once(c.kind, c.fault.damage)
	}
	return badnet.Always(c.kind, c.fault.damage)
}

// timeout is long enough for what is expected, and for a busy machine. What
// fails for good need not wait for the end of all attempts.
func (c faultCell) timeout() time.Duration {
	switch {
	case c.fault.hangs && c.kind != badnet.Search:
		return time.Second
	case c.fault.hangs:
		return 3 * time.Second
	case !c.once && (c.kind == badnet.Series || c.kind == badnet.CorrectionsOf || strings.HasPrefix(c.fault.name, "429")):
		return 5 * time.Second
	}
	return 30 * time.Second
}

// grace is what a run may take beyond its time.
const grace = time.Second

// TestFaultMatrix puts every kind of request together with every fault, once
// and always, with an empty cache, then without the fault, then with what that
// has left in the cache. Each time the figures are those of an undamaged run,
// or what rests on the damaged requests has none.
//
// The cells spend their time waiting, so they run side by side and the subtests
// only look at what has come of them.
func TestFaultMatrix(t *testing.T) {
	t.Parallel()
	w := newFaultWorld(t)
	var cells []faultCell
	for _, kind := range badnet.BoardKinds() {
		for _, f := range w.networkFaults() {
			if f.kinds != nil && !slices.Contains(f.kinds, kind) {
				continue
			}
			for _, once := range []bool{true, false} {
				if once && f.lasting {
					continue
				}
				cells = append(cells, faultCell{kind: kind, fault: f, once: once, number: len(cells)})
			}
		}
	}
	chosen := chosenSubtests(t.Name())
	cells = slices.DeleteFunc(cells, func(c faultCell) bool {
		// Short is for the race detector, to which all cells look much alike.
		return !chosen(c.name()) || testing.Short() && (c.number%8 != 0 || c.fault.large)
	})
	results := make([]cellResult, len(cells))
	var all sync.WaitGroup
	places, largePlaces := make(chan struct{}, 40), make(chan struct{}, 1)
	for i, c := range cells {
		all.Go(func() {
			if c.fault.large {
				largePlaces <- struct{}{}
				defer func() { <-largePlaces }()
			}
			places <- struct{}{}
			defer func() { <-places }()
			results[i] = w.try(t, c, c.timeout())
		})
	}
	all.Wait()
	// What was late may owe that to its neighbours: it gets another chance, alone.
	for i, c := range cells {
		for again := 1; results[i].late != nil && results[i].wrong == nil && again <= 2; again++ {
			results[i] = w.try(t, c, c.timeout()<<again)
		}
	}
	for i, c := range cells {
		t.Run(c.name(), func(t *testing.T) {
			for _, o := range slices.Concat(results[i].wrong, results[i].late) {
				t.Error(o)
			}
		})
	}
}

// chosenSubtests is the part of -run that is about subtests, so that one cell can be tried alone.
func chosenSubtests(name string) func(string) bool {
	pattern := flag.Lookup("test.run").Value.String()
	_, below, found := strings.Cut(pattern, "/")
	if !found {
		return func(string) bool { return true }
	}
	var levels []*regexp.Regexp
	for _, p := range strings.Split(below, "/") {
		level, err := regexp.Compile(strings.ReplaceAll(p, " ", "_"))
		if err != nil {
			return func(string) bool { return true }
		}
		levels = append(levels, level)
	}
	return func(cell string) bool {
		for i, part := range strings.Split(cell, "/") {
			if i < len(levels) && !levels[i].MatchString(part) {
				return false
			}
		}
		return true
	}
}

// cellResult is what is wrong with a cell: late is what a busy machine may be to blame for.
type cellResult struct{ wrong, late []string }

// try runs one cell.
func (w *faultWorld) try(t *testing.T, c faultCell, timeout time.Duration) (result cellResult) {
	object := func(format string, args ...any) { result.wrong = append(result.wrong, fmt.Sprintf(format, args...)) }
	belated := func(format string, args ...any) { result.late = append(result.late, fmt.Sprintf(format, args...)) }
	network, err := badnet.Listen(w.upstream)
	if err != nil {
		object("%v", err)
		return result
	}
	cache := cacheFolder(t)
	r := faultRun{cache: cache, token: c.number%2 == 1, label: c.name()}
	if strings.HasPrefix(c.fault.name, "keys") {
		r.args = []string{"--debug"}
	}
	stages := []string{"with an empty cache", "without the fault, afterwards", "with a warm cache"}
	switch {
	case !w.caches:
		stages = stages[:1] // nothing is kept, so nothing can be damaged
	case c.fault.large, c.want() == silent:
		stages = stages[:2] // beside what is held, silence cannot be told from the truth
	}
	for i, stage := range stages {
		faulty := i != 1
		network.Obey(nil)
		if faulty {
			network.Obey(c.plan())
		}
		if err := network.Reopen(); err != nil {
			object("%s: %v", stage, err)
			break
		}
		r.timeout = "1m"
		if faulty {
			r.timeout = timeout.String()
		}
		got, took := w.run(t.Context(), network, r)
		struck := network.Struck()
		switch {
		case !faulty:
			for _, o := range w.judge(same, c, got) {
				object("%s: %s", stage, o)
			}
		case struck == 0 && i == 0:
			belated("the fault never happened")
		case struck > 0: // a warm cache may spare the request
			want := c.want()
			if c.once && i > 0 && want != same {
				want = either // what it was about may be held already
			}
			for _, o := range w.judge(want, c, got) {
				// On a busy machine a run may have no time for the waits that a limit asks for.
				if want == same && (late(o) || strings.Contains(o, "longer than this run can wait")) {
					belated("%s: %s", stage, o)
					continue
				}
				object("%s: %s", stage, o)
			}
		}
		if limit := timeout + grace; faulty && took > limit {
			belated("%s: took %s, more than %s", stage, took, limit)
		}
		if where := shownSecret(got, cache); where != "" {
			object("%s: a credential stands in %s", stage, where)
		}
	}
	network.Close()
	if left := w.census.leftBehind(c.name()); left != "" {
		belated("goroutines are left:\n%s", left)
	}
	return result
}

// outOfTime is what is said when the time for the run is over. What fails again
// and again, or waits, may take as long.
const outOfTime = "within the time for the whole run"

// late reports whether a message says so, of one request or of the whole run.
func late(message string) bool {
	return strings.Contains(message, outOfTime) || strings.Contains(message, "did not answer before the timeout")
}

// said reports whether a message names the fault.
func (c faultCell) said(message string) bool {
	return strings.Contains(message, c.fault.says) || late(message)
}

// judge holds what a run has left against what must come of the cell.
func (w *faultWorld) judge(v verdict, c faultCell, got outcome) (wrong []string) {
	object := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	fatal := c.kind == badnet.Listing || c.kind == badnet.Corrections
	mine := rowsOf(c.kind)
	switch got.code {
	case 0, 6:
		board, err := readFaultBoard(got.stdout)
		if err != nil {
			return []string{err.Error()}
		}
		lost, err := w.lost(board, license{
			uncompared: c.kind == badnet.Search && v != same || strings.Contains(board.notes["datadog_figures_unread"], "no answer within"),
			silent:     v == silent,
			unlisted:   c.kind == badnet.Listing && v != same, strange: c.kind == badnet.Listing && v != same,
		})
		if err != nil {
			return []string{"WRONG NUMBER: " + err.Error()}
		}
		if (got.code == 6) != (len(lost)+board.strange > 0) && v != silent {
			object("code %d with %d rows that have no figures", got.code, len(lost))
		}
		for _, name := range lost {
			if r := board.rows[name]; !slices.Contains(mine, name) && (r.Error == nil || !late(r.Error.Message)) {
				object("%q has no figures, and does not rest on these requests: %+v", name, board.rows[name].Error)
			}
		}
		switch {
		case v == same && len(lost) > 0:
			object("%q have no figures: %+v", lost, board.rows[lost[0]].Error)
		case v != fails && v != denied:
		case c.kind == badnet.Search:
			if !board.says("datadog_figures_") {
				object("Datadog's figures could not be read, and no note says so: %v", board.notes)
			}
		case c.once:
			if len(lost) == 0 {
				object("the fault came to nothing")
			}
		default:
			overdue := slices.ContainsFunc(lost, func(name string) bool { return late(board.rows[name].Error.Message) })
			if board.strange == 0 && !overdue && !slices.Equal(lost, slices.Sorted(slices.Values(mine))) {
				object("%q have no figures, want %q", lost, mine)
			}
		}
		if c.fault.says != "" && !c.once && len(lost) > 0 && (v == fails || v == denied) {
			if !slices.ContainsFunc(lost, func(name string) bool { return c.said(board.rows[name].Error.Message) }) {
				object("the error of %q does not say %q: %s", lost[0], c.fault.says, board.rows[lost[0]].Error.Message)
			}
		}
	case 4, 5:
		code, message, hints, err := complaintOf(got)
		switch {
		case err != nil:
			object("%v", err)
		case code != got.code || message == "" || len(hints) == 0:
			object("code %d with the error object %d, %q, hints %q", got.code, code, message, hints)
		case c.fault.says != "" && !c.once && !c.said(message):
			object("does not say %q: %s", c.fault.says, message)
		}
		if got.stdout != "" {
			object("code %d, and yet on stdout: %.200s", got.code, got.stdout)
		}
		whole := fatal || c.kind == badnet.CorrectionsOf || c.fault.hangs || c.fault.name == "refused" || late(message)
		switch {
		case v == same, v == silent, v == unlisted, !whole:
			object("code %d: %s", got.code, message)
		case got.code == 4 && c.want() != denied:
			object("code 4: %s", message)
		case got.code == 5 && v == denied:
			object("code 5, want 4: %s", message)
		}
	default:
		object("code %d: %s", got.code, got.stderr)
	}
	return wrong
}
