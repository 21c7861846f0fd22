package iostreams

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode"
)

const (
	// patience is how long nothing is said: most runs are over by then.
	patience = time.Second
	// every is how often the line may change.
	every = 100 * time.Millisecond
)

// Progress is one line on the terminal of Err that says what a longer run is
// doing. It appears after a second and is gone when the run is over. Without a
// terminal there is none. Its methods may be called from several goroutines.
type Progress struct {
	out   io.Writer
	width int
	stop  chan struct{}
	ended chan struct{}
	once  sync.Once

	mu   sync.Mutex
	text string
}

// Progress starts a progress line with the given text. Whoever starts one must
// Stop it before writing anything else.
func (s *Streams) Progress(text string) *Progress {
	p := &Progress{out: s.Err, width: s.errWidth, text: text}
	if !s.ErrIsTerminal || !s.redraw {
		return p
	}
	p.stop, p.ended = make(chan struct{}), make(chan struct{})
	go p.run()
	return p
}

// Update replaces the text.
func (p *Progress) Update(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text = fmt.Sprintf(format, args...)
}

// Stop removes the line. When it returns nothing more is written. It may be
// called again.
func (p *Progress) Stop() {
	if p.stop == nil {
		return
	}
	p.once.Do(func() { close(p.stop) })
	<-p.ended
}

func (p *Progress) run() {
	defer close(p.ended)
	wait := time.NewTimer(patience)
	defer wait.Stop()
	select {
	case <-p.stop:
		return
	case <-wait.C:
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	defer p.write("")
	shown := ""
	for {
		if text := p.line(); text != shown {
			p.write(text)
			shown = text
		}
		select {
		case <-p.stop:
			return
		case <-tick.C:
		}
	}
}

// write replaces the line. An error is nobody's: the line is only for the eyes.
func (p *Progress) write(text string) {
	_, _ = io.WriteString(p.out, "\r\x1b[K"+text)
}

// line is the text as it fits on the terminal, which would wrap a longer one and
// then could not remove it. It leaves the last column free, and counts anything
// beyond ASCII as wide, which is at most too careful.
func (p *Progress) line() string {
	p.mu.Lock()
	text := p.text
	p.mu.Unlock()
	var b strings.Builder
	used := 0
	for _, r := range text {
		w := 1
		if r > unicode.MaxASCII {
			w = 2
		}
		if used += w; used >= p.width {
			break
		}
		if !unicode.IsGraphic(r) {
			r = ' '
		}
		b.WriteRune(r)
	}
	return b.String()
}
