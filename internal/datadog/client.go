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
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	api "github.com/DataDog/datadog-api-client-go/v2/api/datadog"

	"github.com/slo-cli/slo/pkg/slo"
)

// DefaultSite is Datadog's US1.
const DefaultSite = "datadoghq.com"

// Config says which Datadog to talk to, and as whom.
type Config struct {
	// BaseURL is the address of the API. Without a scheme it is https, a path
	// prefix is kept. Empty means https://api.<Site>.
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
}

// Format keeps keys out of every message, whatever the verb.
func (c Config) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, "datadog.Config{[redacted]}")
}

// Client talks to one Datadog organisation. It is safe for concurrent use.
type Client struct {
	api         *api.APIClient
	base        string
	transport   http.RoundTripper
	credentials credentials
	now         func() time.Time

	mu     sync.Mutex
	counts map[string]int
}

// Format keeps keys out of every message, whatever the verb.
func (c *Client) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, "datadog.Client{"+c.base+"}")
}

// New checks the configuration. It sends nothing, and missing credentials are
// not an error before the first call.
func New(c Config) (*Client, error) {
	base, err := baseURL(c.BaseURL, c.Site)
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
	cfg.Servers = api.ServerConfigurations{{URL: base}}
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
		base:        base,
		transport:   c.Transport,
		credentials: creds,
		now:         c.Now,
		counts:      map[string]int{},
	}, nil
}

// BaseURL is the address of the API, without a trailing slash.
func (c *Client) BaseURL() string { return c.base }

// The kinds of calls that [Client.Counts] tells apart.
const (
	CallSLOs        = "slo listing"
	CallCorrections = "corrections"
	CallMetricType  = "metric type"
	CallSeries      = "series"
	CallProbe       = "probe"
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

// baseURL is the address of the API, from an explicit one or from a site.
func baseURL(explicit, site string) (string, error) {
	address := strings.TrimSpace(explicit)
	if address == "" {
		return siteURL(site)
	}
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	u, err := url.Parse(address)
	var what string
	switch {
	case err != nil:
		what = "is not an address"
	case u.Scheme != "https" && u.Scheme != "http":
		what = "begins with neither https:// nor http://"
	case u.Hostname() == "":
		what = "names no host"
	case u.User != nil:
		what = "contains credentials; they belong into DD_API_KEY and DD_APP_KEY"
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		what = "contains a query or a fragment"
	default:
		return strings.TrimRight(u.String(), "/"), nil
	}
	shown := ""
	if err == nil && u.Host != "" {
		shown = fmt.Sprintf(" %q", u.Scheme+"://"+u.Host+u.Path)
	}
	return "", defect(slo.Invalid, fmt.Sprintf("the API URL%s %s; want an address such as https://api.datadoghq.eu", shown, what),
		"check --api-url and DD_HOST")
}

func siteURL(site string) (string, error) {
	s := strings.TrimSpace(site)
	if s == "" {
		s = DefaultSite
	}
	s = strings.TrimPrefix(strings.TrimPrefix(s, "https://"), "http://")
	s = strings.TrimPrefix(strings.TrimRight(s, "/"), "api.")
	if u, err := url.Parse("https://api." + s); err != nil || u.Host != "api."+s || strings.ContainsAny(s, " @") {
		return "", defect(slo.Invalid, fmt.Sprintf("the site %q is not a name such as %s or datadoghq.eu", clean(site, 80), DefaultSite),
			"check --site and DD_SITE; a whole address goes into --api-url")
	}
	return "https://api." + s, nil
}
