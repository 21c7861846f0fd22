package cli_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slo-cli/slo/internal/badnet"
)

// waiting are the states in which a run can be for long.
func waiting() map[string]badnet.Fault {
	return map[string]badnet.Fault{
		"headers never":               badnet.Hang,
		"a byte a second":             badnet.Drip(time.Second),
		"waiting for a rate limit":    badnet.RateLimited("20"),
		"limit that is used up":       badnet.Limit("Name", "x", "Limit", "1", "Period", "60", "Remaining", "0", "Reset", "20"),
		"trying again":                badnet.Status(503),
		"a body without an end":       badnet.Endless,
		"pages without an end":        badnet.Pages(badnet.Paging{Size: 1, Endless: true}),
		"headers after a long minute": badnet.Slow(time.Minute),
	}
}

// stopCell is a kind of request in a state that lasts.
type stopCell struct {
	kind   badnet.Kind
	state  string
	damage badnet.Fault
}

func stopCells() (cells []stopCell) {
	for _, kind := range badnet.BoardKinds() {
		for state, damage := range waiting() {
			if strings.HasPrefix(state, "pages") && !slices.Contains(listings, kind) {
				continue
			}
			cells = append(cells, stopCell{kind, state, damage})
		}
	}
	return cells
}

func (c stopCell) name() string {
	return strings.ReplaceAll(fmt.Sprintf("%s/%s", c.kind, c.state), " ", "_")
}

// sideBySide runs the cells next to each other and reports those that fail
// twice: a run that is late may owe that to its neighbours.
func sideBySide(t *testing.T, cells []stopCell, try func(stopCell) []string) {
	t.Helper()
	wrong := make([][]string, len(cells))
	var all sync.WaitGroup
	places := make(chan struct{}, 16)
	for i, c := range cells {
		all.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			wrong[i] = try(c)
		})
	}
	all.Wait()
	for i, c := range cells {
		t.Run(c.name(), func(t *testing.T) {
			if wrong[i] == nil {
				return
			}
			for _, w := range try(c) {
				t.Errorf("%s (and before: %s)", w, wrong[i])
			}
		})
	}
}

// Whatever state a run is in, --timeout ends it within a second, and it says
// what happened and what to do.
func TestTimeoutInEveryState(t *testing.T) {
	t.Parallel()
	w := newFaultWorld(t)
	const timeout = time.Second
	sideBySide(t, stopCells(), func(c stopCell) (wrong []string) {
		object := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
		network, err := badnet.Listen(w.upstream)
		if err != nil {
			return []string{err.Error()}
		}
		defer network.Close()
		network.Obey(badnet.Always(c.kind, c.damage))
		cache := cacheFolder(t)
		label := "timeout " + c.name()
		got, took := w.run(t.Context(), network, faultRun{cache: cache, timeout: timeout.String(), label: label})
		if took > timeout+grace {
			object("took %s", took)
		}
		switch got.code {
		case 0, 6:
			board, err := readFaultBoard(got.stdout)
			if err != nil {
				return []string{err.Error()}
			}
			lost, err := w.lost(board, license{uncompared: true})
			if err != nil {
				object("WRONG NUMBER: %v", err)
			}
			if (got.code == 6) != (len(lost) > 0) {
				object("code %d with %d rows without figures", got.code, len(lost))
			}
			for _, name := range lost {
				if board.rows[name].Error.Message == "" {
					object("%q does not say what happened", name)
				}
			}
		case 5:
			_, message, hints, err := complaintOf(got)
			if err != nil || message == "" || len(hints) == 0 || got.stdout != "" {
				object("says neither what happened nor what to do: stdout %q, stderr %s (%v)", got.stdout, got.stderr, err)
			}
		default:
			object("code %d: %s", got.code, got.stderr)
		}
		if where := shownSecret(got, cache); where != "" {
			object("a credential stands in %s", where)
		}
		network.Close()
		if left := w.census.leftBehind(label); left != "" {
			object("goroutines are left:\n%s", left)
		}
		return wrong
	})
}

// Whatever state a run is in, an interrupt ends it within a second, with code
// 130 and nothing on stdout; and what it left in the cache does no harm.
func TestInterruptInEveryState(t *testing.T) {
	t.Parallel()
	w := newFaultWorld(t)
	sideBySide(t, stopCells(), func(c stopCell) (wrong []string) {
		object := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
		network, err := badnet.Listen(w.upstream)
		if err != nil {
			return []string{err.Error()}
		}
		defer network.Close()
		network.Obey(badnet.Always(c.kind, c.damage))
		cache := cacheFolder(t)
		label := "interrupt " + c.name()
		ctx, interrupt := context.WithCancel(t.Context())
		defer interrupt()
		var interrupted time.Time
		struck := make(chan struct{})
		go func() {
			defer close(struck)
			for network.Struck() == 0 && ctx.Err() == nil {
				time.Sleep(10 * time.Millisecond) // until it is in the state
			}
			interrupted = time.Now()
			interrupt()
		}()
		got, _ := w.run(ctx, network, faultRun{cache: cache, timeout: "1m", label: label})
		ended := time.Now()
		if ctx.Err() == nil {
			interrupt()
			return []string{fmt.Sprintf("ended before it was interrupted: code %d, %s", got.code, got.stderr)}
		}
		<-struck
		if late := ended.Sub(interrupted); late > grace {
			object("ended %s after the interrupt", late)
		}
		if got.code != 130 || got.stdout != "" || !strings.Contains(got.stderr, "interrupted") {
			object("code %d, stdout %.100q, stderr %s", got.code, got.stdout, got.stderr)
		}
		if where := shownSecret(got, cache); where != "" {
			object("a credential stands in %s", where)
		}
		network.Obey(nil)
		after, _ := w.run(t.Context(), network, faultRun{cache: cache, timeout: "1m", label: label})
		if after.code != 0 {
			object("the next run: code %d, %s", after.code, after.stderr)
		} else if board, err := readFaultBoard(after.stdout); err != nil {
			object("the next run: %v", err)
		} else if lost, err := w.lost(board, license{}); err != nil || len(lost) > 0 {
			object("the next run: lost %q, WRONG NUMBER: %v", lost, err)
		}
		network.Close()
		if left := w.census.leftBehind(label); left != "" {
			object("goroutines are left:\n%s", left)
		}
		return wrong
	})
}
