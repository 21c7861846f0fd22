package iostreams_test

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slo-cli/slo/internal/iostreams"
)

// screen is a writer that tests can look at while others write.
type screen struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all.String()
}

const erased = "\r\x1b[K"

func progress(s *screen, width int, env string) *iostreams.Progress {
	terminal := iostreams.Terminal{Err: true, ErrWidth: width}
	return iostreams.New(nil, nil, s, terminal, environment("TERM=xterm "+env)).Progress("fetching")
}

func TestProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s screen
		p := progress(&s, 80, "")
		after := func(d time.Duration, want string) {
			t.Helper()
			time.Sleep(d)
			synctest.Wait()
			if got := s.String(); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		p.Update("fetching %d of %d", 1, 80)
		after(999*time.Millisecond, "")
		want := erased + "fetching 1 of 80"
		after(2*time.Millisecond, want)
		// The same text is not drawn again, and of several only the last.
		after(5*time.Second, want)
		p.Update("fetching 2 of 80")
		p.Update("fetching 3 of 80")
		want += erased + "fetching 3 of 80"
		after(100*time.Millisecond, want)
		p.Stop()
		want += erased
		after(0, want)
		p.Update("too late")
		p.Stop()
		after(time.Minute, want)
	})
}

func TestShortRunsShowNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s screen
		p := progress(&s, 80, "")
		time.Sleep(900 * time.Millisecond)
		p.Stop()
		time.Sleep(time.Minute)
		if got := s.String(); got != "" {
			t.Errorf("got %q", got)
		}
	})
}

func TestNoProgressWithoutATerminal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pipe, _, _, stderr := iostreams.Test()
		p := pipe.Progress("fetching")
		var s screen
		dumb := progress(&s, 80, "TERM=dumb")
		time.Sleep(time.Minute)
		p.Update("still")
		p.Stop()
		dumb.Stop()
		if stderr.Len() > 0 || s.String() != "" {
			t.Errorf("got %q and %q", stderr.String(), s.String())
		}
	})
}

func TestProgressFitsAndIsHarmless(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s screen
		p := progress(&s, 20, "")
		defer p.Stop()
		p.Update("\x1b[31mname\n%s", strings.Repeat("値", 30))
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got, want := s.String(), erased+" [31mname 値値値値"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestProgressFromManyGoroutines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s screen
		p := progress(&s, 80, "")
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				for range 100 {
					p.Update("%d", i)
					time.Sleep(17 * time.Millisecond)
				}
				p.Stop()
			})
		}
		all.Wait()
		if got := s.String(); !strings.HasSuffix(got, erased) {
			t.Errorf("the line is still there: %q", got)
		}
	})
}

type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, errors.New("closed") }

func TestProgressOnAClosedStream(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := iostreams.New(nil, nil, closed{}, iostreams.Terminal{Err: true}, environment("TERM=xterm")).Progress("fetching")
		time.Sleep(2 * time.Second)
		p.Stop()
	})
}
