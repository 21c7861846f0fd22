package cache

import (
	"context"
	"slices"
	"sync"
	"time"
)

const (
	// writers is how many packs are encoded and written at a time.
	writers = 2
	// backlog is how many bytes of answers may wait to be written.
	backlog = 16 << 20
	// patience is how long whoever keeps an answer waits for room. A disk that
	// hangs must not hold up the run.
	patience = 2 * time.Second
	// forgettingGrace is how long what is to be forgotten may still take once there
	// is no time for anything else.
	forgettingGrace = 300 * time.Millisecond
)

// job is something to be done to the store.
type job struct {
	// size is how much memory it holds on to.
	size int64
	do   func()
}

// writer does jobs one after the other, in the background.
type writer struct {
	mu      sync.Mutex
	changed *sync.Cond
	jobs    []job
	// held is the size of the jobs, with the one that is being done.
	held    int64
	running bool
	busy    bool
	closed  bool
	// forgetting says that the job that is being done holds nothing; late, that
	// there is no time for such jobs either.
	forgetting, late bool
	patience         time.Duration
	// stuck is set when somebody lost patience, until a job ends.
	stuck bool
}

func newWriter() *writer {
	w := &writer{patience: patience}
	w.changed = sync.NewCond(&w.mu)
	return w
}

// add hands over a job and reports whether it will be done. It may wait a while
// for room. A job without a size is taken at once.
func (w *writer) add(j job) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	full := func() bool { return j.size > 0 && w.held > 0 && w.held+j.size > backlog }
	if full() && !w.stuck && !w.closed {
		timer := time.AfterFunc(w.patience, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.stuck = true
			w.changed.Broadcast()
		})
		for full() && !w.stuck && !w.closed {
			w.changed.Wait()
		}
		timer.Stop()
	}
	if w.closed || full() {
		return false
	}
	w.jobs = append(w.jobs, j)
	w.held += j.size
	if !w.running {
		w.running = true
		go w.run()
	}
	w.changed.Broadcast()
	return true
}

func (w *writer) run() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		for len(w.jobs) == 0 && !w.closed {
			w.changed.Wait()
		}
		if len(w.jobs) == 0 {
			w.running = false
			w.changed.Broadcast()
			return
		}
		j := w.jobs[0]
		w.jobs[0] = job{}
		w.jobs = w.jobs[1:]
		w.busy, w.forgetting = true, j.size == 0
		w.mu.Unlock()
		j.do()
		w.mu.Lock()
		w.busy = false
		w.held -= j.size
		w.stuck = false
		w.changed.Broadcast()
	}
}

// close waits until all jobs are done, or ctx is, and returns how many were
// left undone. Nothing is taken any more.
func (w *writer) close(ctx context.Context) (left int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	w.changed.Broadcast()
	stop := context.AfterFunc(ctx, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.changed.Broadcast()
	})
	defer stop()
	for w.running && ctx.Err() == nil {
		w.changed.Wait()
	}
	// What is to be forgotten is forgotten nevertheless: it was said to be.
	w.jobs = slices.DeleteFunc(w.jobs, func(j job) bool {
		if j.size > 0 {
			left++
		}
		return j.size > 0
	})
	grace := time.AfterFunc(forgettingGrace, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.late = true
		w.changed.Broadcast()
	})
	defer grace.Stop()
	for w.running && !w.late && (len(w.jobs) > 0 || w.busy && w.forgetting) {
		w.changed.Wait()
	}
	left += len(w.jobs)
	if w.busy {
		left++
	}
	w.jobs = nil
	return left
}
