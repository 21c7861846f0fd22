package simulator_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/slo-cli/slo/internal/simulator"
)

// A client that never sends its request, or never the rest of it, does not
// keep the server from ending.
func TestShutdownDoesNotWaitForClients(t *testing.T) {
	t.Parallel()
	for name, sent := range map[string]string{
		"nothing":       "",
		"half a header": "GET /api/v1/slo HTTP/1.1\r\nHo",
		"half a body":   "POST /api/v2/query/timeseries HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer token\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n",
		"a slow answer": "GET /api/v1/slo HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer token\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, simulator.Config{World: world(t, "steady"), Faults: faults(t, "/api/v1/slo=slow:1h")})
			base, err := s.Listen("127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			served := make(chan error, 1)
			go func() { served <- s.Serve() }()
			conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := io.WriteString(conn, sent); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(sent, "100-continue") {
				// The server asks for the body: the handler has begun to read it.
				reply := make([]byte, len("HTTP/1.1 100"))
				if _, err := io.ReadFull(conn, reply); err != nil || string(reply) != "HTTP/1.1 100" {
					t.Fatalf("%q, %v", reply, err)
				}
				if _, err := io.WriteString(conn, `{"data":`); err != nil {
					t.Fatal(err)
				}
			}
			const bound = 3 * time.Second
			ctx, cancel := context.WithTimeout(t.Context(), 10*bound)
			defer cancel()
			start := time.Now()
			if err := s.Shutdown(ctx); err != nil {
				t.Error(err)
			}
			if took := time.Since(start); took > bound {
				t.Errorf("Shutdown took %s", took)
			}
			if err := <-served; err != nil {
				t.Error(err)
			}
			if err := conn.SetReadDeadline(time.Now().Add(bound)); err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, conn); isTimeout(err) {
				t.Error("the connection is still open")
			}
		})
	}
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// Where the caller has no time at all, the connections are closed at once.
func TestShutdownWithoutTime(t *testing.T) {
	t.Parallel()
	s := serve(t, simulator.Config{World: world(t, "empty")})
	if _, err := s.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if err := s.Serve(); err != nil {
		t.Error(err)
	}
}
