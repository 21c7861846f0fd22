package cli_test

import (
	"bytes"
	"fmt"
	"runtime/pprof"
	"strings"
	"sync"
	"time"
)

// census counts the goroutines of runs. Goroutines inherit the label of whoever
// starts them, so those of runs side by side are told apart. Many ask at the
// same time, so one look serves all who came before it.
type census struct {
	mu     sync.Mutex
	taken  time.Time
	stacks []string
}

// patient is how long a goroutine may take to end behind its run, and rest how
// long nobody looks again.
const (
	patient = 10 * time.Second
	rest    = 200 * time.Millisecond
)

// leftBehind waits for the goroutines that bear the label to end, and returns
// those that do not. The network must be closed before: idle connections live
// as long as it.
func (c *census) leftBehind(label string) string {
	asked := time.Now()
	for {
		taken, stacks := c.since(asked)
		var left []string
		for _, stack := range stacks {
			if strings.Contains(stack, fmt.Sprintf("%q:%q", "cell", label)) {
				left = append(left, stack)
			}
		}
		if len(left) == 0 || taken.Sub(asked) > patient {
			return strings.Join(left, "\n\n")
		}
		time.Sleep(rest) // nothing tells when a goroutine that nobody owns has ended
	}
}

// since are all stacks at some instant after the given one.
func (c *census) since(asked time.Time) (time.Time, []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if age := time.Since(c.taken); c.taken.After(asked) && age < 2*rest {
		return c.taken, c.stacks
	}
	if age := time.Since(c.taken); age < rest {
		time.Sleep(rest - age)
	}
	var all bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&all, 1); err != nil {
		panic(err) // writing to memory does not fail
	}
	c.taken, c.stacks = time.Now(), strings.Split(all.String(), "\n\n")
	return c.taken, c.stacks
}
