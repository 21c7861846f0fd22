package badnet

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
)

// Network is a server on the loopback that damages exchanges.
type Network struct {
	// URL is its address.
	URL      string
	upstream *Upstream
	tls      *tls.Config

	mu       sync.Mutex
	plan     Plan
	seen     map[Kind]int
	struck   int
	server   *http.Server
	open     map[net.Conn]bool
	released chan struct{}
	running  sync.WaitGroup
}

// Exchange is one request that a fault has got hold of.
type Exchange struct {
	W    http.ResponseWriter
	R    *http.Request
	Kind Kind
	// N says which request of its kind it is, from 0.
	N int
	// Sent is the body of the request.
	Sent     []byte
	upstream *Upstream
	network  *Network
	// released is closed when the network goes away, so that nothing hangs on after it.
	released <-chan struct{}
}

// Fault gives a damaged answer, or none.
type Fault func(*Exchange)

// Plan says what is to happen to the nth request of a kind; nil is nothing.
// It may be called concurrently.
type Plan func(k Kind, n int) Fault

// Listen opens a network in front of the API, without faults.
func Listen(upstream *Upstream) (*Network, error) { return listen(upstream, nil) }

func listen(upstream *Upstream, secured *tls.Config) (*Network, error) {
	n := &Network{upstream: upstream, tls: secured, seen: map[Kind]int{}}
	if secured == nil && n.serve(ownAddress()) == nil {
		return n, nil
	}
	if err := n.serve("127.0.0.1:0"); err != nil {
		return nil, err
	}
	return n, nil
}

// opened counts networks.
var opened atomic.Uint32

// ownAddress is a loopback address that nobody else listens at: a port that is
// closed to refuse connections must not be given to somebody else. Not every
// system has more than one.
func ownAddress() string {
	k := opened.Add(1)
	return fmt.Sprintf("127.%d.%d.%d:0", 16+k>>16&0x7f, k>>8&0xff, k&0xff)
}

func (n *Network) serve(address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("badnet: %w", err)
	}
	n.released, n.open = make(chan struct{}), map[net.Conn]bool{}
	n.server = &http.Server{Handler: http.HandlerFunc(n.exchange), ErrorLog: log.New(io.Discard, "", 0), ConnState: n.remember}
	n.URL = "http://" + l.Addr().String()
	if n.tls != nil {
		n.URL = "https://" + l.Addr().String()
		l = tls.NewListener(l, n.tls)
	}
	server := n.server
	n.running.Go(func() { _ = server.Serve(l) })
	return nil
}

// remember keeps count of connections: those that a fault has taken over are not the server's to close.
func (n *Network) remember(c net.Conn, s http.ConnState) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if s == http.StateClosed {
		delete(n.open, c)
		return
	}
	n.open[c] = true
}

// Obey changes the plan, and begins to count anew. Nil is no fault.
func (n *Network) Obey(p Plan) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.plan, n.seen, n.struck = p, map[Kind]int{}, 0
}

// Struck is how many exchanges were damaged since the plan last changed.
func (n *Network) Struck() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.struck
}

// Seen is how many requests of a kind came since the plan last changed.
func (n *Network) Seen(k Kind) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.seen[k]
}

// Close ends everything that hangs and every connection.
func (n *Network) Close() {
	n.shut()
	n.running.Wait()
}

// CloseConnections closes those that are open, as clients that have ended would.
func (n *Network) CloseConnections() {
	n.mu.Lock()
	var open []net.Conn
	for c := range n.open {
		open = append(open, c)
	}
	n.mu.Unlock()
	for _, c := range open {
		_ = c.Close()
	}
}

// shut closes the port and all connections; from then on they are refused.
func (n *Network) shut() {
	n.mu.Lock()
	server := n.server
	n.server = nil
	var open []net.Conn
	if server != nil {
		close(n.released)
		for c := range n.open {
			open = append(open, c)
		}
	}
	n.mu.Unlock()
	if server != nil {
		_ = server.Close()
	}
	for _, c := range open {
		_ = c.Close()
	}
}

// Reopen serves the same address again after a fault has closed it.
func (n *Network) Reopen() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.server != nil {
		return nil
	}
	address := n.URL[len("http://"):]
	if n.tls != nil {
		address = n.URL[len("https://"):]
	}
	return n.serve(address)
}

func (n *Network) exchange(w http.ResponseWriter, r *http.Request) {
	// Read whole, so that the server notices when the client goes away.
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return
	}
	x := &Exchange{W: w, R: r, Kind: KindOf(r), Sent: body, upstream: n.upstream, network: n}
	n.mu.Lock()
	x.N, x.released = n.seen[x.Kind], n.released
	n.seen[x.Kind]++
	var fault Fault
	if n.plan != nil {
		fault = n.plan(x.Kind, x.N)
	}
	if fault != nil {
		n.struck++
	}
	n.mu.Unlock()
	if fault == nil {
		fault = Nothing
	}
	fault(x)
}

// Nothing is the answer as the API gives it.
func Nothing(x *Exchange) { x.Write(x.Answer()) }

// Answer is what the API says.
func (x *Exchange) Answer() Answer { return x.upstream.Answer(x.R, x.Sent) }

// Write sends an answer whole.
func (x *Exchange) Write(a Answer) {
	h := x.W.Header()
	for name, values := range a.Header {
		h[name] = values
	}
	x.W.WriteHeader(a.Status)
	_, _ = x.W.Write(a.Body) // a client that has gone away is no failure
}
