package badnet

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Status answers with an error status, in the way that statuses come: Datadog's
// envelope for its own, a page for those of a gateway.
func Status(code int) Fault {
	return func(x *Exchange) {
		if code >= 502 && code <= 504 {
			page(x, code, fmt.Sprintf("<html><body><h1>%d %s</h1></body></html>\n", code, http.StatusText(code)))
			return
		}
		envelope(x, code, fmt.Sprintf(`{"errors":[%q]}`, http.StatusText(code)))
	}
}

func envelope(x *Exchange, code int, body string) {
	x.Write(Answer{code, http.Header{"Content-Type": {"application/json"}}, []byte(body)})
}

func page(x *Exchange, code int, body string) {
	x.Write(Answer{code, http.Header{"Content-Type": {"text/html; charset=utf-8"}}, []byte(body)})
}

// RateLimited answers 429 with this X-RateLimit-Reset; "" leaves all of the limit's headers out.
func RateLimited(reset string) Fault {
	return func(x *Exchange) {
		if reset != "" {
			h := x.W.Header()
			if h.Get("X-RateLimit-Name") == "" {
				h.Set("X-RateLimit-Name", "badnet")
			}
			h.Set("X-RateLimit-Limit", "100")
			h.Set("X-RateLimit-Period", "10")
			h.Set("X-RateLimit-Remaining", "0")
			h.Set("X-RateLimit-Reset", reset)
		}
		envelope(x, http.StatusTooManyRequests, `{"errors":["Rate limit of 100 requests in 10 seconds reached. Please try again later."]}`)
	}
}

// Redirect sends the client elsewhere; SELF in the location stands for the request's own address.
func Redirect(code int, location string) Fault {
	return func(x *Exchange) {
		x.W.Header().Set("Location", strings.ReplaceAll(location, "SELF", "http://"+x.R.Host+x.R.URL.RequestURI()))
		page(x, code, "<html>moved</html>")
	}
}

// Clock answers as usual, with a Date that is off.
func Clock(off time.Duration) Fault {
	return func(x *Exchange) {
		a := x.Answer()
		a.Header.Set("Date", time.Now().Add(off).UTC().Format(http.TimeFormat))
		x.Write(a)
	}
}

// Constant answers 200 with a body of the given type.
func Constant(mediaType, body string) Fault {
	return func(x *Exchange) {
		x.Write(Answer{http.StatusOK, http.Header{"Content-Type": {mediaType}}, []byte(body)})
	}
}

// Limit answers as usual, with rate-limit headers: pairs of a name and a value.
func Limit(pairs ...string) Fault {
	return func(x *Exchange) {
		a := x.Answer()
		for i := 0; i+1 < len(pairs); i += 2 {
			a.Header.Set("X-RateLimit-"+pairs[i], pairs[i+1])
		}
		x.Write(a)
	}
}

// echoed is everything that the client sent in its headers.
func echoed(r *http.Request) string {
	var all []string
	for name, values := range r.Header {
		all = append(all, name+": "+strings.Join(values, ", "))
	}
	slices.Sort(all)
	return strings.Join(all, "; ")
}

// keys are the credentials of a request, one after the other.
func keys(r *http.Request) string {
	return r.Header.Get("DD-API-KEY") + r.Header.Get("DD-APPLICATION-KEY") + strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
}

// KeysAsLimit answers 429 with the client's keys as the name of the limit, such
// that whoever cuts names short cuts through a key.
func KeysAsLimit(x *Exchange) {
	x.W.Header().Set("X-RateLimit-Name", "limit.of-"+keys(x.R)+keys(x.R))
	RateLimited("3600")(x)
}

// Echo gives the client's headers back as the text of an error: with the status
// that is given, in the body, in the name of a rate limit and as a place to go to.
func Echo(code int) Fault {
	return func(x *Exchange) {
		said := echoed(x.R)
		h := x.W.Header()
		h.Set("X-RateLimit-Name", x.R.Header.Get("DD-API-KEY"))
		h.Set("X-RateLimit-Limit", "1")
		h.Set("X-RateLimit-Period", "3600")
		h.Set("X-RateLimit-Remaining", "0")
		h.Set("X-RateLimit-Reset", "3600")
		h.Set("Location", "http://"+keys(x.R)+".invalid/"+keys(x.R))
		envelope(x, code, fmt.Sprintf(`{"errors":[%q]}`, said))
	}
}

// EchoText gives the client's headers back as plain text.
func EchoText(code int) Fault {
	return func(x *Exchange) {
		x.Write(Answer{code, http.Header{"Content-Type": {"text/plain"}}, []byte(echoed(x.R))})
	}
}
