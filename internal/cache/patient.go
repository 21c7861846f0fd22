package cache

import (
	"errors"
	"sync/atomic"
	"time"
)

// readPatience is how long reading one object may take: Ctrl-C and --timeout are
// not looked at meanwhile.
const readPatience = time.Second

// errHangs says that a disk, or whatever the store is, does not answer.
var errHangs = errors.New("it does not answer")

// patient is a [Store] that gives up reading after a while: a folder on a
// network may hang for minutes, and what it holds can be asked of Datadog. Once
// it has hung it is not read any more.
type patient struct {
	Store
	limit time.Duration
	hung  atomic.Bool
}

func (p *patient) List(prefix string) ([]Entry, error) {
	return within(p, func() ([]Entry, error) { return p.Store.List(prefix) })
}

func (p *patient) Read(name string) ([]byte, error) {
	return within(p, func() ([]byte, error) { return p.Store.Read(name) })
}

// within is what the function returns, unless that takes too long.
func within[T any](p *patient, do func() (T, error)) (T, error) {
	var none T
	if p.hung.Load() {
		return none, errHangs
	}
	type answer struct {
		value T
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		value, err := do()
		answers <- answer{value, err}
	}()
	timer := time.NewTimer(p.limit)
	defer timer.Stop()
	select {
	case a := <-answers:
		return a.value, a.err
	case <-timer.C:
		p.hung.Store(true)
		return none, errHangs
	}
}
