package investigation_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/internal/investigation"
	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

func TestThousandsOfEndpoints(t *testing.T) {
	t.Parallel()
	w := &world{flows: auth()}
	at := now - 3*day
	w.flows[0].rate = during(w.flows[0].rate, at, at+40*minute, 10)
	for i := range 5_000 { // such as a path with an identifier in it: a few requests a week each
		w.flows = append(w.flows, &flow{service: "auth", endpoint: fmt.Sprintf("get_/orders/%d", i), every: day/2 + int64(i)*5*minute, version: w.flows[0].version})
	}
	q := askLately("auth")
	q.Signals = []investigation.Signal{investigation.Requests}
	r := investigate(t, w.service(), q)
	if r.Endpoints != 200 || r.Known < 4_900 || notes(r)["endpoints_chosen"] != 1 {
		t.Errorf("%d of %d endpoints, notes %v", r.Endpoints, r.Known, r.Notes)
	}
	f := only(t, r)
	if f.Resource != "POST /login" || !near(f.Contributors[0].Share, 1) {
		t.Errorf("%s, carried by %v", f.Resource, f.Contributors)
	}
	if n := len(w.requests); n > 40 {
		t.Errorf("%d requests", n)
	}
	for _, r := range w.requests {
		for _, query := range r.Queries {
			if r.Step < day && r.Span.Seconds() > day && strings.Contains(query, "by {resource_name}") && !strings.Contains(query, " IN (") {
				t.Errorf("every endpoint is asked for by the minute: %s over %s", query, r.Span)
			}
		}
	}
}

func TestSeveralServices(t *testing.T) {
	t.Parallel()
	services := func(n, endpoints int) *world {
		w := &world{}
		for s := range n {
			for e := range endpoints {
				f := *auth()[2]
				f.service, f.endpoint = fmt.Sprintf("shop-%02d", s), fmt.Sprintf("get_/%d", e)
				if e > 0 {
					f.every = day
				}
				w.flows = append(w.flows, &f)
			}
		}
		at := now - 2*day
		w.flows[0].rate = during(w.flows[0].rate, at, at+hour, 8)
		return w
	}
	q := askLately()
	q.Signals = []investigation.Signal{investigation.Requests}
	few := services(4, 2)
	r := investigate(t, few.service(), q)
	if f := only(t, r); f.Place.Service != "shop-00" || f.Resource != "GET /0" || r.Endpoints != 8 || len(r.Places) != 4 {
		t.Errorf("%s %s among %d endpoints of %d places", f.Place.Service, f.Resource, r.Endpoints, len(r.Places))
	}
	// All services are asked about together.
	if n := len(few.requests); n > 30 {
		t.Errorf("%d requests", n)
	}
	many := services(16, 20)
	r = investigate(t, many.service(), q)
	if f := only(t, r); f.Resource != "GET /0" || r.Endpoints != 20 || r.Known != 320 || notes(r)["endpoints_skipped"] != 1 {
		t.Errorf("%s among %d of %d endpoints, notes %v", f.Resource, r.Endpoints, r.Known, r.Notes)
	}
}

// What could not be loaded is not known: it is no silence, and is said.
func TestWhatIsUnansweredIsNotSilence(t *testing.T) {
	t.Parallel()
	hole := timeseries.Span{Start: now - 3*day, End: now - 2*day}
	broken := &slo.Defect{Kind: slo.Unavailable, Message: "Datadog answered 500"}
	for name, refuse := range map[string]func(r timeseries.Request) error{
		"some days of everything": func(r timeseries.Request) error {
			if r.Span.Overlaps(hole) && r.Step == 300 {
				return broken
			}
			return nil
		},
		"some days of the endpoints": func(r timeseries.Request) error {
			if r.Span.Overlaps(hole) && r.Step == 300 && strings.Contains(strings.Join(r.Queries, " "), "resource_name") {
				return broken
			}
			return nil
		},
		"all endpoints": func(r timeseries.Request) error {
			if r.Step == 300 && strings.Contains(strings.Join(r.Queries, " "), "resource_name") {
				return broken
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{flows: auth(), refuse: refuse}
			at := now - 9*day
			w.flows[0].rate = during(w.flows[0].rate, at, at+hour, 10)
			r, err := w.service().Investigate(t.Context(), ask("auth"))
			if err != nil {
				t.Fatal(err)
			}
			if n := notes(r); n["partly_unanswered"]+n["endpoints_unanswered"] == 0 {
				t.Errorf("notes: %v", r.Notes)
			}
			for _, f := range r.Findings {
				if f.Kind == anomaly.Silence || f.Kind == anomaly.Gone || f.Kind == anomaly.New || f.Signal == investigation.Requests && f.Ratio < 0.5 {
					t.Errorf("%s %s %s over %s", f.Resource, f.Signal, f.Kind, f.Span)
				}
			}
			if len(shown(r)) == 0 {
				t.Error("what was answered shows nothing")
			}
		})
	}
}

func TestEveryRunSaysTheSame(t *testing.T) {
	t.Parallel()
	var first investigation.Report
	for i, workers := range []int{1, 5} {
		w := &world{flows: auth()}
		at := now - 3*day
		w.flows[0].rate = during(w.flows[0].rate, at, at+hour, 10)
		w.flows[1].fail = during(w.flows[1].fail, at+day, at+day+hour, 40)
		s := w.service()
		s.Workers = workers
		r := investigate(t, s, askLately("auth"))
		if i == 0 {
			first = r
		} else if diff := cmp.Diff(first, r, cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("by one worker and by five (-one +five):\n%s", diff)
		}
	}
	if len(shown(first)) != 2 {
		t.Errorf("%d findings are shown", len(shown(first)))
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	for _, after := range []int{0, 3, 8} {
		ctx, cancel := context.WithCancel(t.Context())
		w := &world{flows: auth()}
		w.refuse = func(timeseries.Request) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			if len(w.requests) > after {
				cancel()
				return fmt.Errorf("querying: %w", ctx.Err())
			}
			return nil
		}
		if r, err := w.service().Investigate(ctx, askLately("auth")); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled after %d requests: %v and %d findings", after, err, len(r.Findings))
		}
		cancel()
	}
}

func TestWhatCannotBeLookedAt(t *testing.T) {
	t.Parallel()
	w := &world{flows: auth()}
	q := ask("auth")
	q.Span.Start = now - 1800
	var d *slo.Defect
	if _, err := w.service().Investigate(t.Context(), q); !errors.As(err, &d) || d.Kind != slo.Unsupported || len(d.Hints) == 0 {
		t.Errorf("half an hour: %v", err)
	}
	var unknown *apm.UnknownError
	if _, err := w.service().Investigate(t.Context(), ask("autth")); !errors.As(err, &unknown) || len(unknown.Nearest) != 1 {
		t.Errorf("a service that there is not: %v", err)
	}
	// A service that is younger than the history.
	young := &world{flows: auth()}
	for _, f := range young.flows {
		f.rate = during(f.rate, 0, now-16*day, 0)
	}
	if r := investigate(t, young.service(), ask("auth")); notes(r)["short_history"] != 1 {
		t.Errorf("notes: %v", r.Notes)
	}
	// More than five weeks are looked at by the hour.
	long := &world{flows: auth()[:1]}
	q = ask("auth")
	q.Span.Start = now - 40*day
	if r := investigate(t, long.service(), q); r.Step != 3600 || notes(r)["coarse_step"] != 1 {
		t.Errorf("every %d s, notes %v", r.Step, r.Notes)
	}
}

// A service in which much happens: the most important five are shown.
func TestFewAreShown(t *testing.T) {
	t.Parallel()
	w := &world{flows: auth()}
	for i := range 7 {
		f := w.flows[i%3]
		at := now - int64(13-i)*day + int64(i)*hour
		if i < 2 {
			f.fail = during(f.fail, at, at+hour, 50)
		} else {
			f.rate = during(f.rate, at, at+hour, 4+float64(i))
		}
	}
	r := investigate(t, w.service(), ask("auth"))
	less := 0
	for _, f := range r.Findings {
		if f.Hidden == "less important" {
			less++
		}
	}
	if all := shown(r); len(all) != 5 || less != 2 || all[0].Signal != investigation.ErrorRate || all[1].Signal != investigation.ErrorRate {
		t.Errorf("%d shown and %d less important, first %v", len(all), less, all[0].Signal)
	}
}

func TestSignals(t *testing.T) {
	t.Parallel()
	w := &world{flows: auth()}
	at := now - 3*day
	w.flows[0].rate = during(w.flows[0].rate, at, at+hour, 10)
	w.flows[1].fail = during(w.flows[1].fail, at+day, at+day+hour, 40)
	w.flows[2].slow = during(w.flows[2].slow, at+2*day, at+2*day+hour, 5)
	for _, signal := range []investigation.Signal{investigation.Requests, investigation.Errors, investigation.Latency} {
		w.requests = nil
		q := askLately("auth")
		q.Signals = []investigation.Signal{signal}
		f := only(t, investigate(t, w.service(), q))
		if f.Signal != signal && (signal != investigation.Errors || f.Signal != investigation.ErrorRate) {
			t.Errorf("asked for %s, and got %s", signal, f.Signal)
		}
		for _, r := range w.requests {
			for _, query := range r.Queries {
				if signal != investigation.Errors && strings.Contains(query, ".errors") || signal != investigation.Latency && strings.HasPrefix(query, "avg:") {
					t.Errorf("%s asks %s", signal, query)
				}
			}
		}
	}
}

func TestExported(t *testing.T) {
	t.Parallel()
	at := now - 3*day
	f := auth()[0]
	f.rate = during(f.rate, at, at+40*minute, 10)
	f.ready()
	series := timeseries.Blank(timeseries.Span{Start: began, End: now}, 300)
	for i := range series.Values {
		series.Values[i] = float64(f.fives[0][i])
	}
	r := investigation.Exported(series, anomaly.Counts)
	one := only(t, r)
	if one.Place != (apm.Place{}) || one.Signal != investigation.Requests || one.Kind != anomaly.Spike || one.Start > at || one.End < at+30*minute || !near(one.Ratio, 10) {
		t.Errorf("%+v", one)
	}
	if len(one.Chart.Series.Values) == 0 || r.Step != 300 || r.Span != series.Span() || r.History != began {
		t.Errorf("a chart of %d buckets, %s every %d s", len(one.Chart.Series.Values), r.Span, r.Step)
	}
	if r := investigation.Exported(timeseries.Series{}, anomaly.Levels); len(r.Findings) != 0 {
		t.Errorf("nothing shows %v", r.Findings)
	}
}
