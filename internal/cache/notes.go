package cache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/slo-cli/slo/pkg/slo"
)

// faults counts what went wrong, for the notes at the end.
type faults struct {
	mu sync.Mutex
	damaged, foreign, dropped,
	refused, unfinished int
	unreadable, unwritable error
	// seen are the names that were counted, since a folder is listed more than once.
	seen map[string]bool
}

func (f *faults) once(name string, counter *int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.seen == nil {
		f.seen = map[string]bool{}
	}
	if !f.seen[name] {
		f.seen[name] = true
		*counter++
	}
}

func (f *faults) damage(name string)   { f.once(name, &f.damaged) }
func (f *faults) stranger(name string) { f.once(name, &f.foreign) }
func (f *faults) drop(name string)     { f.once(name, &f.dropped) }

func (f *faults) refuse() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refused++
}

func (f *faults) unfinish(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.unfinished += n
}

func (f *faults) cannotRead(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.unreadable == nil {
		f.unreadable = err
	}
}

// cannotWrite remembers the first failure.
func (f *faults) cannotWrite(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.unwritable == nil {
		f.unwritable = err
	}
}

// broken reports whether writing failed before. Nothing is written after that:
// a full disk fails every time, and slowly.
func (f *faults) broken() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.unwritable != nil
}

// notes is one note for each kind of fault. Where names the cache; a run that is
// offline has nobody to ask instead.
func (f *faults) notes(where string, offline bool) []slo.Note {
	f.mu.Lock()
	defer f.mu.Unlock()
	instead := "is asked of Datadog"
	if offline {
		instead = "is missing in this run"
	}
	var notes []slo.Note
	add := func(code, text string, args ...any) {
		notes = append(notes, slo.Note{Code: code, Text: fmt.Sprintf(text, args...)})
	}
	if f.damaged > 0 {
		add("cache_damaged", "%s in the cache %s, not used: what %s held %s",
			count(f.damaged, "damaged file", "damaged files"), where, pronoun(f.damaged), instead)
	}
	if f.foreign > 0 {
		add("cache_foreign", "%s in the cache %s that this version of slo did not write, left alone",
			count(f.foreign, "file", "files"), where)
	}
	if f.dropped > 0 {
		add("cache_dropped", "%s of the cache %s went away while slo ran: what %s held %s",
			count(f.dropped, "file", "files"), where, pronoun(f.dropped), instead)
	}
	if f.unreadable != nil {
		add("cache_unreadable", "the cache %s cannot be read, or not all of it (%v): what it held %s", where, reason(f.unreadable), instead)
	}
	if f.unwritable != nil {
		add("cache_unwritable", "the cache %s cannot be written to (%v): the next run asks again", where, reason(f.unwritable))
	}
	if f.refused > 0 {
		add("cache_refused", "%s not kept in the cache %s because a key or token stands in it",
			was(f.refused, "answer"), where)
	}
	if f.unfinished > 0 {
		add("cache_unfinished", "%s not kept in the cache %s for lack of time: the next run asks again",
			was(f.unfinished, "answer"), where)
	}
	return notes
}

// reason is an error without the path, which the note names.
func reason(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	if l, ok := errors.AsType[*os.LinkError](err); ok {
		return l.Err
	}
	return err
}

func count(n int, one, many string) string {
	if n == 1 {
		return "one " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func was(n int, what string) string {
	if n == 1 {
		return "one " + what + " was"
	}
	return fmt.Sprintf("%d %ss were", n, what)
}

func pronoun(n int) string {
	if n == 1 {
		return "it"
	}
	return "they"
}
