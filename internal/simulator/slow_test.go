package simulator

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// pipe is a listener with one connection that has no network under it, so
// that the time of a test bubble can pass.
type pipe struct {
	conn   chan net.Conn
	closed chan struct{}
}

func (p pipe) Accept() (net.Conn, error) {
	select {
	case c := <-p.conn:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipe) Close() error {
	select {
	case <-p.closed:
	default:
		close(p.closed)
	}
	return nil
}

func (p pipe) Addr() net.Addr { return &net.TCPAddr{} }

// An answer may take longer than a request may take to arrive, even if
// the end of its body is read after the delay.
func TestSlowerThanTheTimeouts(t *testing.T) {
	t.Parallel()
	world, err := scenario.Load("steady")
	if err != nil {
		t.Fatal(err)
	}
	const delay = 10 * readTimeout
	const headers = " HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer token\r\nContent-Length: "
	body := fmt.Sprintf(`{"data":{"type":"timeseries_request","attributes":{"from":%d,"to":%d,"interval":300000,`+
		`"queries":[{"data_source":"metrics","name":"a","query":"sum:trace.http.request.hits{*}.as_count()"}],"formulas":[{"formula":"a"}]}}}`,
		world.Now.Add(-time.Hour).UnixMilli(), world.Now.UnixMilli())
	// Longer than the server's buffer: it cannot be there before it is asked for.
	body = strings.Repeat(" ", 8000) + body
	for name, request := range map[string]string{
		"without a body": "GET /api/v1/slo" + headers + "0\r\n\r\n",
		"with a body":    "POST /api/v2/query/timeseries" + headers + strconv.Itoa(len(body)) + "\r\n\r\n" + body,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				faults, err := ParseFaults([]string{"slow:" + delay.String(), "slow:" + delay.String()})
				if err != nil {
					t.Fatal(err)
				}
				s, err := New(Config{World: world, Faults: faults})
				if err != nil {
					t.Fatal(err)
				}
				client, server := net.Pipe()
				p := pipe{make(chan net.Conn, 1), make(chan struct{})}
				p.conn <- server
				s.listener = p
				served := make(chan error, 1)
				go func() { served <- s.Serve() }()
				start := time.Now()
				go func() { _, _ = io.WriteString(client, request) }()
				resp, err := http.ReadResponse(bufio.NewReader(client), nil)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
					t.Errorf("status %d, %v", resp.StatusCode, err)
				}
				if took := time.Since(start); took != 2*delay {
					t.Errorf("the answer took %s, want %s", took, 2*delay)
				}
				if err := s.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
				if err := <-served; err != nil {
					t.Error(err)
				}
			})
		})
	}
}
