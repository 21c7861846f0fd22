package simulator

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Faults are failures that a server produces on purpose; see ParseFaults. The
// zero value is none.
type Faults struct{ rules []faultRule }

type faultRule struct {
	prefix string
	kind   string
	// first is how many requests fail, share which part of them; both 0: all.
	first int64
	share float64
	delay time.Duration
}

// FaultGrammar is the grammar in one line, for messages.
const FaultGrammar = "[PATH-PREFIX=]KIND[:N|:P%], with KIND one of 429, 429-noreset, 500, 502, 503, 504, reset, truncate, html, empty, text, coarsen, slow:DURATION"

// ParseFaults reads fault specifications:
//
//	spec = [path "="] kind [":" amount]
//	path = "/api/…", the beginning of the paths concerned; absent: all
//	kind = "429" with rate-limit headers | "429-noreset" without
//	     | "500" | "502" | "503" | "504"
//	     | "reset"     drop the connection
//	     | "truncate"  break off the answer in the middle
//	     | "html"      a page instead of JSON, with status 200
//	     | "empty"     status 200 and no body
//	     | "text"      the percentages of SLOs are text, not numbers
//	     | "coarsen"   metric queries answer at twice the interval
//	     | "slow:" duration, such as slow:250ms; then the answer as usual
//	amount = N    the first N matching requests
//	       | P%   this share of them, the same ones in every run
//	       absent: all of them
//
// Examples: 429:3, 503:10%, slow:250ms:5, /api/v2/query=503:2.
func ParseFaults(specs []string) (Faults, error) {
	var f Faults
	for _, spec := range specs {
		rule, err := parseFault(spec)
		if err != nil {
			return Faults{}, fmt.Errorf("fault %q: %w; expected %s", spec, err, FaultGrammar)
		}
		f.rules = append(f.rules, rule)
	}
	return f, nil
}

func parseFault(spec string) (faultRule, error) {
	var r faultRule
	rest := spec
	if strings.HasPrefix(spec, "/") {
		prefix, after, ok := strings.Cut(spec, "=")
		if !ok {
			return r, fmt.Errorf("no = behind the path")
		}
		r.prefix, rest = prefix, after
	}
	parts := strings.Split(rest, ":")
	r.kind, parts = parts[0], parts[1:]
	kinds := []string{"429", "429-noreset", "500", "502", "503", "504", "reset", "truncate", "html", "empty", "text", "coarsen", "slow"}
	if !slices.Contains(kinds, r.kind) {
		return r, fmt.Errorf("unknown kind %q", r.kind)
	}
	if r.kind == "slow" {
		if len(parts) == 0 {
			return r, fmt.Errorf("slow needs a duration, such as slow:250ms")
		}
		d, err := time.ParseDuration(parts[0])
		if err != nil || d <= 0 {
			return r, fmt.Errorf("%q is not a positive duration such as 250ms", parts[0])
		}
		r.delay, parts = d, parts[1:]
	}
	switch len(parts) {
	case 0:
		return r, nil
	case 1:
		return r, r.amount(parts[0])
	}
	return r, fmt.Errorf("too many parts")
}

func (r *faultRule) amount(text string) error {
	if number, isShare := strings.CutSuffix(text, "%"); isShare {
		v, err := strconv.ParseFloat(number, 64)
		if err != nil || !(v > 0 && v <= 100) {
			return fmt.Errorf("%q is not a share above 0%% and up to 100%%", text)
		}
		r.share = v / 100
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return fmt.Errorf("%q is neither a number of requests from 1 nor a share such as 10%%", text)
	}
	r.first = n
	return nil
}

// damage is what is to happen to an answer later.
type damage struct{ truncate, coarsen, text bool }

// injector applies faults. Each rule counts the requests that it matches.
type injector struct {
	rules []faultRule
	seen  []atomic.Int64
}

func newInjector(f Faults) *injector {
	return &injector{rules: f.rules, seen: make([]atomic.Int64, len(f.rules))}
}

// strikes reports whether the rule concerns its n-th matching request,
// counted from 0.
func (r faultRule) strikes(n int64) bool {
	switch {
	case r.first > 0:
		return n < r.first
	case r.share > 0:
		// Multiples of the golden section modulo 1 are spread evenly, so that
		// any run of requests has close to the share asked for.
		x := float64(n) * 0.6180339887498949
		return x-float64(int64(x)) < r.share
	}
	return true
}

// apply produces the faults that concern the request. done means that it has
// been answered.
func (i *injector) apply(o *output, r *http.Request, limitName string) (d damage, done bool) {
	for n, rule := range i.rules {
		if !strings.HasPrefix(r.URL.Path, rule.prefix) || !rule.strikes(i.seen[n].Add(1)-1) {
			continue
		}
		switch rule.kind {
		case "slow":
			if !wait(o, r, rule.delay) {
				return d, true
			}
		case "truncate":
			d.truncate = true
		case "text":
			d.text = true
		case "coarsen":
			d.coarsen = true
		case "reset":
			dropConnection(o)
			return d, true
		case "html":
			o.write(r, http.StatusOK, "text/html; charset=utf-8", []byte("<!DOCTYPE html><title>Sign in</title><h1>Please sign in to continue</h1>\n"))
			return d, true
		case "empty":
			o.write(r, http.StatusOK, "application/json", nil)
			return d, true
		case "429":
			quota{name: limitName, requests: 1, period: 1, reset: 1}.write(o.Header())
			o.fail(r, tooMany())
			return d, true
		case "429-noreset":
			o.fail(r, tooMany())
			return d, true
		default:
			o.gatewayError(r, rule.kind)
			return d, true
		}
	}
	return d, false
}

// wait delays the answer; false means that the client has gone meanwhile.
func wait(o *output, r *http.Request, delay time.Duration) bool {
	// The rest of the request may arrive after the delay. Where there is no
	// connection, there is no deadline either.
	_ = http.NewResponseController(o.ResponseWriter).SetReadDeadline(time.Now().Add(delay + readTimeout))
	select {
	case <-time.After(delay):
		return true
	case <-r.Context().Done():
		return false
	}
}

// gatewayError answers a 5xx: the API's own for 500, else a proxy's page.
func (o *output) gatewayError(r *http.Request, kind string) {
	status, err := strconv.Atoi(kind)
	if err != nil || status == http.StatusInternalServerError {
		o.fail(r, failure(http.StatusInternalServerError, "Internal server error"))
		return
	}
	text := http.StatusText(status)
	o.write(r, status, "text/html", fmt.Appendf(nil, "<html><body><h1>%d %s</h1></body></html>\n", status, text))
}

// dropConnection resets the connection without an answer.
func dropConnection(o *output) {
	conn, _, err := http.NewResponseController(o.ResponseWriter).Hijack()
	if err != nil {
		// No connection to reset: the documented way to give no answer.
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
