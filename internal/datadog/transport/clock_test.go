package transport_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slo-cli/slo/internal/datadog/transport"
)

func TestDate(t *testing.T) {
	t.Parallel()
	server := time.Date(2026, 8, 3, 10, 0, 0, 0, time.UTC)
	at := func(d time.Duration) string { return server.Add(d).Format(http.TimeFormat) }
	for _, tt := range []struct {
		name    string
		headers []string // of answers that come a minute after each other
		want    time.Duration
		none    bool
	}{
		{name: "no answer", none: true},
		{name: "absent", headers: []string{""}, none: true},
		{name: "not a date", headers: []string{"yesterday"}, none: true},
		{name: "before 2015", headers: []string{"Thu, 01 Jan 1970 00:00:00 GMT"}, none: true},
		{name: "after 2100", headers: []string{"Sat, 01 Jan 2101 00:00:00 GMT"}, none: true},
		{name: "one", headers: []string{at(0)}, want: time.Minute},
		{name: "one, then an odd one", headers: []string{at(0), "soon"}, want: 2 * time.Minute},
		{name: "the second came faster", headers: []string{at(0), at(61 * time.Second)}, want: 121 * time.Second},
		{name: "the second came slower", headers: []string{at(0), at(59 * time.Second)}, want: 2 * time.Minute},
		{name: "the second is out of a cache", headers: []string{at(0), at(0)}, want: 2 * time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				i := -1
				stack := transport.New(transport.Config{Base: base(func(*http.Request) (*http.Response, error) {
					i++
					return answer(200, "", "Date", tt.headers[i]), nil
				})})
				for range tt.headers {
					if _, _, err := get(t.Context(), t, stack); err != nil {
						t.Fatal(err)
					}
					time.Sleep(time.Minute)
				}
				got, ok := stack.Date()
				if ok == tt.none || !tt.none && !got.Equal(server.Add(tt.want)) {
					t.Errorf("got %s, %v; want %s, %v", got, ok, server.Add(tt.want), !tt.none)
				}
			})
		})
	}
}
