package simulator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/slo-cli/slo/internal/simulator/scenario"
)

const (
	// maxBody bounds a request's body, in bytes.
	maxBody = 1 << 20
	// maxRecorded bounds how many requests are remembered.
	maxRecorded = 100_000

	// readTimeout bounds how long a request may take to arrive.
	readTimeout = 30 * time.Second
	// grace is how long Shutdown waits for running requests.
	grace = 100 * time.Millisecond
)

// Config says what a Server serves.
type Config struct {
	World *scenario.World
	// Clock is the instant "now" for data: nothing after it exists yet. Nil
	// stands for the world's own now, moved by Shift.
	Clock func() time.Time
	// Shift moves everything in the world by this much; a multiple of five
	// minutes. See Place.
	Shift time.Duration
	// Faults are failures to produce; the zero value produces none.
	Faults Faults
}

// Place is the shift that puts the world's now at the given instant, to the
// five minutes before it.
func Place(w *scenario.World, now time.Time) time.Duration {
	at := now.Unix() - now.Unix()%scenario.Cell
	return time.Duration(at-w.Now.Unix()) * time.Second
}

// Server is the simulated API, an [http.Handler]. It is safe for concurrent use.
type Server struct {
	world   *scenario.World
	traffic *scenario.Traffic
	clock   func() time.Time
	shift   int64
	slos    []*slo
	// monitors are in the order of their ids, without the deleted ones.
	monitors    []*monitor
	corrections []*correction
	// events are in order of time.
	events []*event
	routes []route
	limits *limiter
	faults *injector

	http     *http.Server
	listener net.Listener

	mu       sync.Mutex
	requests []Request
	unknown  []string
}

// Request is one request that arrived.
type Request struct {
	Method, Path, Query string
	// Status is the answer's, 0 when the connection was dropped instead.
	Status int
}

// New checks the configuration and prepares the world's SLOs.
func New(c Config) (*Server, error) {
	if c.World == nil {
		return nil, errors.New("simulator: no world to serve")
	}
	if c.Shift%(scenario.Cell*time.Second) != 0 {
		return nil, fmt.Errorf("simulator: shift %s is not a multiple of five minutes", c.Shift)
	}
	s := &Server{
		world: c.World, traffic: c.World.Traffic(), clock: c.Clock, shift: int64(c.Shift / time.Second),
		limits: newLimiter(c.World.Limits), faults: newInjector(c.Faults),
	}
	if s.clock == nil {
		now := c.World.Now.Add(c.Shift)
		s.clock = func() time.Time { return now }
	}
	s.monitors = newMonitors(c.World.Monitors, s.shift)
	for _, d := range c.World.SLOs {
		o, err := s.newSLO(d)
		if err != nil {
			return nil, err
		}
		s.slos = append(s.slos, o)
	}
	for _, d := range c.World.Corrections {
		o, err := newCorrection(d, s.shift, c.World.Now.Unix()+s.shift)
		if err != nil {
			return nil, err
		}
		s.corrections = append(s.corrections, o)
	}
	s.events = s.allEvents()
	s.routes = s.table()
	// There is no WriteTimeout: an answer may be as slow as a fault wants it.
	s.http = &http.Server{
		Handler: s, ErrorLog: log.New(io.Discard, "", 0),
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: readTimeout, IdleTimeout: 2 * time.Minute,
	}
	return s, nil
}

// now is the Unix second at which nothing later exists.
func (s *Server) now() int64 { return s.clock().Unix() }

// Listen opens the address, such as 127.0.0.1:0, and returns the base URL.
// Requests wait until Serve is called.
func (s *Server) Listen(addr string) (string, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return "", fmt.Errorf("simulator: %w", err)
	}
	s.listener = l
	return "http://" + l.Addr().String(), nil
}

// Serve answers requests until Shutdown. Listen must have succeeded.
func (s *Server) Serve() error {
	if s.listener == nil {
		return errors.New("simulator: Serve before Listen")
	}
	if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("simulator: %w", err)
	}
	return nil
}

// Shutdown stops listening, gives running requests a tenth of a second and no
// longer than ctx to end, and closes the connections that are left. That it
// had to close some is not an error.
func (s *Server) Shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if ctx.Err() != nil {
		// A client that never sends its request, or never all of it, would
		// keep a graceful end waiting for as long as it likes.
		err = s.http.Close()
	}
	if s.listener != nil {
		// Serve closes it; where Serve was never called, nobody else does.
		_ = s.listener.Close()
	}
	if err != nil {
		return fmt.Errorf("simulator: %w", err)
	}
	return nil
}

// Requests are the requests so far in order of completion; the latest hundred
// thousand, when there were more.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// UnknownRoutes are the methods and paths that were asked for and do not
// exist here, each once, sorted. A test that sees one has found a gap.
func (s *Server) UnknownRoutes() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Compact(slices.Sorted(slices.Values(s.unknown)))
}

// ServeHTTP answers one request: faults first, as they stand for what happens
// before the API, then route, credentials, limits and the endpoint itself.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out := &output{ResponseWriter: w}
	defer func() { s.record(r, out.status) }()
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)

	name := ""
	rt, args, found := s.find(r)
	if found {
		name = rt.limit
	}
	damage, done := s.faults.apply(out, r, name)
	if done {
		return
	}
	out.damage = damage
	if !found {
		s.mu.Lock()
		s.unknown = append(s.unknown, r.Method+" "+r.URL.Path)
		s.mu.Unlock()
		out.fail(r, failure(http.StatusNotFound, "Not found"))
		return
	}
	if err := s.authorise(r, rt); err != nil {
		out.fail(r, err)
		return
	}
	if err := s.limits.take(out.Header(), name, time.Now()); err != nil {
		out.fail(r, err)
		return
	}
	body, err := rt.handle(call{Request: r, args: args, now: s.now(), coarsen: damage.coarsen})
	if err != nil {
		out.fail(r, err)
		return
	}
	out.send(r, http.StatusOK, cmp.Or(rt.mediaType, "application/json"), body)
}

func (s *Server) record(r *http.Request, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.requests) >= maxRecorded {
		s.requests = slices.Delete(s.requests, 0, maxRecorded/2)
	}
	s.requests = append(s.requests, Request{Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Status: status})
	if len(s.unknown) > maxRecorded {
		s.unknown = slices.Compact(slices.Sorted(slices.Values(s.unknown)))
	}
}
