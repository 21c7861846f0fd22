package transport

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// newBase is an http.Transport of our own, for its timeouts and its look at
// the proxy's answer. The wait for an answer is bounded by exchange.
func newBase(concurrency int) *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           2 * concurrency,
		MaxIdleConnsPerHost:    concurrency,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    10 * time.Second,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 1 << 20,
		OnProxyConnectResponse: func(_ context.Context, proxy *url.URL, _ *http.Request, answer *http.Response) error {
			if answer.StatusCode == http.StatusOK {
				return nil
			}
			return &ProxyError{Proxy: proxy.Host, Status: answer.StatusCode}
		},
	}
}

// ProxyError says that the proxy between us and Datadog refused to connect.
type ProxyError struct {
	// Proxy is host:port, without credentials; empty when it is not known.
	Proxy  string
	Status int
}

// Error names the proxy and its answer.
func (e *ProxyError) Error() string {
	name := "the proxy"
	if e.Proxy != "" {
		name += " " + e.Proxy
	}
	if e.Status == http.StatusProxyAuthRequired {
		return name + " asks for credentials (407): put them into HTTPS_PROXY or HTTP_PROXY"
	}
	return fmt.Sprintf("%s answered %d %s", name, e.Status, http.StatusText(e.Status))
}
