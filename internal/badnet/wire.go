package badnet

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Hang never answers.
func Hang(x *Exchange) { x.wait(0) }

// wait is over after some time, or false when the client or the network has
// gone; 0 waits for nothing else.
func (x *Exchange) wait(d time.Duration) bool {
	var over <-chan time.Time
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-over:
		return true
	case <-x.R.Context().Done():
	case <-x.released:
	}
	return false
}

// Slow answers as usual, after a while.
func Slow(d time.Duration) Fault {
	return func(x *Exchange) {
		if x.wait(d) {
			Nothing(x)
		}
	}
}

// Drip sends the headers at once and of the body a byte at a time.
func Drip(every time.Duration) Fault {
	return func(x *Exchange) {
		a := x.Answer()
		x.head(a, len(a.Body))
		for i := range a.Body {
			if _, err := x.W.Write(a.Body[i : i+1]); err != nil || !x.flush() || !x.wait(every) {
				return
			}
		}
	}
}

// head begins an answer; a negative length announces none.
func (x *Exchange) head(a Answer, length int) {
	h := x.W.Header()
	for name, values := range a.Header {
		h[name] = values
	}
	if length >= 0 {
		h.Set("Content-Length", strconv.Itoa(length))
	}
	x.W.WriteHeader(a.Status)
}

func (x *Exchange) flush() bool { return http.NewResponseController(x.W).Flush() == nil }

// Refuse closes the port with all of its connections: whoever comes next is
// refused. See [Network.Reopen].
func Refuse(x *Exchange) { x.network.shut() }

// Reset drops the connection before an answer.
func Reset(x *Exchange) { x.drop() }

// Hangup closes the connection in an orderly way before an answer.
func Hangup(x *Exchange) {
	if c, _, err := http.NewResponseController(x.W).Hijack(); err == nil {
		_ = c.Close()
	}
}

// drop closes the connection such that the other side sees a reset.
func (x *Exchange) drop() {
	c, _, err := http.NewResponseController(x.W).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}

// ResetInside drops the connection in the middle of the body.
func ResetInside(x *Exchange) {
	a := x.Answer()
	x.head(a, len(a.Body))
	_, _ = x.W.Write(a.Body[:len(a.Body)/2])
	x.flush()
	x.drop()
}

// Truncate announces more than it sends.
func Truncate(x *Exchange) {
	a := x.Answer()
	x.head(a, len(a.Body)+100)
	_, _ = x.W.Write(a.Body)
}

// Cut ends the body of a chunked answer in the middle.
func Cut(x *Exchange) {
	a := x.Answer()
	x.head(a, -1)
	_, _ = x.W.Write(a.Body[:len(a.Body)/2])
	x.flush()
	panic(http.ErrAbortHandler) // the documented way to break off an answer
}

// Halve sends half of the body as if it were all of it.
func Halve(x *Exchange) {
	a := x.Answer()
	a.Body = a.Body[:len(a.Body)/2]
	x.Write(a)
}

// compressed is a body in gzip.
func compressed(body []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(body) // writing to memory does not fail
	_ = z.Close()
	return b.Bytes()
}

// Gzip compresses the answer and lets the fault damage what is sent; nil damages nothing.
func Gzip(damage func([]byte) []byte) Fault {
	return func(x *Exchange) {
		a := x.Answer()
		a.Body = compressed(a.Body)
		if damage != nil {
			a.Body = damage(a.Body)
		}
		a.Header.Set("Content-Encoding", "gzip")
		x.Write(a)
	}
}

// The ways in which a compressed body can be damaged; see [Gzip].
var (
	// FlipMiddle changes a byte in the middle.
	FlipMiddle = func(b []byte) []byte { b[len(b)/2] ^= 0x55; return b }
	// FlipSum changes the checksum at the end.
	FlipSum = func(b []byte) []byte { b[len(b)-6] ^= 0x01; return b }
	// DropEnd leaves out the second half.
	DropEnd = func(b []byte) []byte { return b[:len(b)/2] }
	// NoHeader is nothing that gzip knows.
	NoHeader = func([]byte) []byte { return []byte("this was never compressed") }
)

// Endless sends a body without an end: the beginning of the list that the
// answer would be, and then one element again and again.
func Endless(x *Exchange) {
	a := x.Answer()
	beginning, element := endless(x.Kind)
	x.head(a, -1)
	_, _ = x.W.Write([]byte(beginning))
	block := bytes.Repeat([]byte(element), 1<<18/len(element))
	for x.R.Context().Err() == nil {
		if _, err := x.W.Write(block); err != nil {
			return
		}
	}
}

// Bomb is a small body that becomes gigabytes: spaces, which JSON allows between its parts.
func Bomb(x *Exchange) {
	a := x.Answer()
	a.Header.Set("Content-Encoding", "gzip")
	x.head(a, -1)
	z, err := gzip.NewWriterLevel(x.W, gzip.BestSpeed)
	if err != nil {
		return
	}
	beginning, _ := endless(x.Kind)
	_, _ = z.Write([]byte(beginning))
	block := bytes.Repeat([]byte(" "), 1<<20)
	for range 4 << 10 {
		if _, err := z.Write(block); err != nil || x.R.Context().Err() != nil {
			return
		}
	}
	_ = z.Close()
}

// endless is the beginning of an answer and what may follow without end.
func endless(k Kind) (beginning, element string) {
	switch k {
	case Series:
		return `{"data":{"attributes":{"series":[],"values":[],"times":[0`, `,300000`
	case History:
		return `{"data":{"overall":{"history":[[0,0]`, `,[300,1]`
	case Search:
		return `{"data":{"attributes":{"slos":[{}`, `,{"data":{"type":"slo"}}`
	case Monitor, MetricType:
		return `{"name":"`, `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa`
	default:
		return `{"data":[{}`, fmt.Sprintf(`,{"id":%q}`, "an object without much in it")
	}
}
