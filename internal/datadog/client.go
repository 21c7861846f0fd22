// Package datadog is the one room that knows Datadog's HTTP API. It turns wire
// answers into the types of pkg/slo and pkg/timeseries, and failures into
// errors that say whose turn it is.
//
// Every error that leaves the package wraps a [slo.Defect] (errors.As), except
// for the caller's own cancellation, which is found with errors.Is. A number
// that the API did not send is never invented: what is absent stays missing,
// what is malformed is an error.
//
// Addresses and headers go through the core of the official client; answers
// are read by decoders of our own, because the generated models lose whole
// pages to one odd element and read a null in a series as zero.
package datadog

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	api "github.com/DataDog/datadog-api-client-go/v2/api/datadog"

	"github.com/slo-cli/slo/pkg/slo"
)

// DefaultSite is Datadog's US1.
const DefaultSite = "datadoghq.com"

// Config says which Datadog to talk to, and as whom.
type Config struct {
	// BaseURL is the address of the API; a path prefix is kept. Empty means
	// https://api.<Site>.
	BaseURL string
	// Site is Datadog's name of the region; empty means [DefaultSite].
	Site string
	// APIKey and AppKey authenticate together. With an AccessToken they are not sent.
	APIKey, AppKey string
	// AccessToken is a personal or service access token.
	AccessToken string
	UserAgent   string
	// Transport carries the requests, normally a transport.Stack.
	Transport http.RoundTripper
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Archive, when set, keeps the last complete answer to every question about
	// objects: SLOs, corrections, Datadog's own figures, monitors, metrics and
	// their types. Events, deployments and scalars are kept with the span they are about.
	Archive Archive
	// Offline answers those from the archive alone. Nothing is sent: whatever
	// would have to be is an error that wraps [ErrOffline].
	Offline bool
}

// Format keeps keys out of every message, whatever the verb.
func (c Config) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, "datadog.Config{[redacted]}")
}

// Client talks to one Datadog organisation. It is safe for concurrent use.
type Client struct {
	api  *api.APIClient
	base string
	// origin is the scheme and host of base, which is all that a message may show.
	origin      string
	transport   http.RoundTripper
	credentials credentials
	now         func() time.Time
	archive     Archive
	offline     bool

	// extra counts the questions beyond what the caller asked for.
	extra atomic.Int64

	mu               sync.Mutex
	counts, recalled map[string]int
	// judged are the doubts about the width of answers that a second look has settled.
	judged map[doubt]verdict
	// oldest is when the oldest of the archived answers was filed that were
	// shown, if any was.
	oldest time.Time
	shown  bool
}

// maxExtra bounds the questions beyond what the caller asked for: checks of
// coarse answers, halves, and hunts for a query at fault. Requests are scarce
// (1,600 an hour was the only limit that Datadog ever published for metric
// queries), and a server that answers everything oddly must not use them up.
const maxExtra = 150

// mayAsk takes one question from that allowance.
func (c *Client) mayAsk() bool { return c.extra.Add(1) <= maxExtra }

// Format keeps keys out of every message, whatever the verb.
func (c *Client) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, "datadog.Client{"+c.origin+"}")
}

// New checks the configuration. It sends nothing, and missing credentials are
// not an error before the first call.
func New(c Config) (*Client, error) {
	address, err := parseBase(c.BaseURL, c.Site)
	if err != nil {
		return nil, err
	}
	creds, err := newCredentials(c)
	if err != nil {
		return nil, err
	}
	if c.Transport == nil {
		return nil, defect(slo.Invalid, "datadog client without a transport")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	cfg := api.NewConfiguration()
	cfg.Servers = api.ServerConfigurations{{URL: address.String()}}
	cfg.HTTPClient = &http.Client{
		Transport: c.Transport,
		// A redirect would carry the keys to whatever host it names.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if c.UserAgent != "" {
		cfg.UserAgent = c.UserAgent
	}
	return &Client{
		api:         api.NewAPIClient(cfg),
		base:        address.String(),
		origin:      address.Scheme + "://" + address.Host,
		transport:   c.Transport,
		credentials: creds,
		now:         c.Now,
		archive:     c.Archive,
		offline:     c.Offline,
		counts:      map[string]int{},
		recalled:    map[string]int{},
		judged:      map[doubt]verdict{},
	}, nil
}

// BaseURL is the address of the API, without a trailing slash.
func (c *Client) BaseURL() string { return c.base }

// The kinds of calls that [Client.Counts] tells apart.
const (
	CallSLOs          = "slo listing"
	CallCorrections   = "corrections"
	CallMetricType    = "metric type"
	CallActiveMetrics = "metric listing"
	CallSeries        = "series"
	CallScalars       = "scalars"
	CallHistory       = "slo history"
	CallReported      = "slo search"
	CallMonitor       = "monitor"
	CallEvents        = "events"
	CallDeployments   = "deployments"
	CallProbe         = "probe"
	// Retries is not a kind of call: it counts attempts that were repeated.
	Retries = "retries"
)

// Counts is how many calls were sent, by kind. Each page counts, a repeated
// attempt does not; those are counted under [Retries].
func (c *Client) Counts() map[string]int {
	c.mu.Lock()
	counts := maps.Clone(c.counts)
	c.mu.Unlock()
	counts[Retries] = 0
	if r, ok := c.transport.(interface{ Retries() int }); ok {
		counts[Retries] = r.Retries()
	}
	return counts
}

func (c *Client) count(kind string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[kind]++
}

// parseBase checks no more than that the address can be sent keys to: package
// config has read it from what a person typed, and explained what was wrong
// with it. The message repeats nothing, because what is wrong may be a secret.
func parseBase(explicit, site string) (*url.URL, error) {
	u, err := url.Parse(cmp.Or(strings.TrimRight(explicit, "/"), "https://api."+cmp.Or(site, DefaultSite)))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" ||
		u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, defect(slo.Invalid, "the API address is not of the form https://api.datadoghq.eu", "check --api-url, DD_HOST, --site and DD_SITE")
	}
	return u, nil
}
