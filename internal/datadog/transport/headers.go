package transport

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// longestReset is the longest wait that a header is believed about: a day.
// Anything above is an epoch, a unit mistake or nonsense.
const longestReset = 24 * time.Hour

// lastSecond is what a reset in whole seconds leaves out where it is rounded
// down. Datadog rounds up, as recorded, so that it is never 0.
const lastSecond = time.Second

// Limit is one of Datadog's rate limits, as the headers of an answer describe it.
type Limit struct {
	// Name is Datadog's name of the limit; empty where the answer gives none.
	Name string
	// Requests is how many are allowed within Period; 0 when unknown.
	Requests int
	Period   time.Duration
	// Remaining is how many are left; negative when unknown.
	Remaining int
	// Reset is the time until the count starts again; negative when unknown.
	Reset time.Duration
}

// String describes the limit: `"slo_history" (150 requests per 10 s)`. It is
// empty when nothing is known.
func (l Limit) String() string {
	var parts []string
	if l.Name != "" {
		parts = append(parts, strconv.Quote(l.Name))
	}
	if l.Requests > 0 && l.Period > 0 {
		parts = append(parts, fmt.Sprintf("(%d requests per %s s)", l.Requests, strconv.FormatFloat(l.Period.Seconds(), 'f', -1, 64)))
	}
	return strings.Join(parts, " ")
}

// ReadLimit reads the X-RateLimit headers; ok is false when they say nothing
// that could be obeyed.
func ReadLimit(h http.Header) (l Limit, ok bool) {
	l = Limit{
		Name:      plainName(h.Get("X-RateLimit-Name")),
		Requests:  max(0, wholeNumber(h.Get("X-RateLimit-Limit"))),
		Remaining: wholeNumber(h.Get("X-RateLimit-Remaining")),
		Reset:     seconds(h.Get("X-RateLimit-Reset")),
	}
	l.Period = max(0, seconds(h.Get("X-RateLimit-Period")))
	return l, l.Remaining >= 0 && l.Reset >= 0
}

// seconds reads a duration in seconds, whole or fractional. It is -1 for what
// is missing, negative, not a number, or too long to be true.
func seconds(s string) time.Duration {
	f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || math.IsNaN(f) || f < 0 || f > longestReset.Seconds() {
		return -1
	}
	return time.Duration(f * float64(time.Second))
}

func wholeNumber(s string) int {
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 31)
	if err != nil {
		return -1
	}
	return int(n)
}

// plainName keeps what a limit's name consists of, so that a header can
// neither break a line of the trace nor a message.
func plainName(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == '.' || r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return r
		}
		return -1
	}, s)
	if len(s) > 64 {
		return "" // no name of a limit: whatever it is, half of it might be a secret
	}
	return s
}

// RateLimitError says that a rate limit is used up and will not be free again in time.
type RateLimitError struct {
	Limit Limit
	// Wait is how long the wait would be; negative when the answer does not say.
	Wait time.Duration
	// Attempts is how many attempts were refused.
	Attempts int
}

// Error names the limit and its reset.
func (e *RateLimitError) Error() string {
	text := "Datadog's rate limit"
	if limit := e.Limit.String(); limit != "" {
		text += " " + limit
	}
	text += " is used up"
	if e.Wait >= 0 {
		return fmt.Sprintf("%s; it resets in %s, which is longer than this run can wait", text, e.Wait.Round(time.Second))
	}
	return fmt.Sprintf("%s, still after %d attempts", text, e.Attempts)
}
