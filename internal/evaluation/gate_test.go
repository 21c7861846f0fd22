package evaluation_test

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/slo-cli/slo/internal/cache"
	"github.com/slo-cli/slo/internal/datadog"
	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/internal/simulator"
	"github.com/slo-cli/slo/internal/simulator/scenario"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// A release check over the wire, with the real client and the real cache: how
// many requests the server sees, cold and the next time, and that the figures
// are those of the usual plan.
func TestGateOverTheWire(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		frame slo.Timeframe
		// off and whole are the requests off the hour and on it. The next time
		// there is one for the tail, one for a sample of what is kept, and, of the
		// window that begins before there was any traffic, one for the silence.
		off, whole, next int
	}{
		{slo.SevenDays, 2, 2, 2}, {slo.ThirtyDays, 3, 2, 2}, {slo.NinetyDays, 3, 3, 2}, {455 * slo.Day, 3, 3, 3},
	} {
		world, err := scenario.Load("steady")
		if err != nil {
			t.Fatal(err)
		}
		simulated, err := simulator.New(simulator.Config{World: world})
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(simulated)
		t.Cleanup(server.Close)
		client, err := datadog.New(datadog.Config{BaseURL: server.URL, APIKey: "a", AppKey: "b", Transport: http.DefaultTransport})
		if err != nil {
			t.Fatal(err)
		}
		own := job("own", "sum:trace.http.request.errors{service:shop}.as_count()", "sum:trace.http.request.hits{service:shop}.as_count()", c.frame)
		own.Definition.Source, own.Definition.Objectives = slo.FromFile, own.Objectives
		for _, minute := range []int{25, 0} {
			at := world.Now.Truncate(time.Hour).Add(time.Duration(minute) * time.Minute)
			query := evaluation.Query{
				Selector: evaluation.Selector{Names: []string{"own"}}, Own: []slo.Definition{own.Definition},
				Question: gate(at.Unix()), Lean: true, Uncompared: true,
			}
			folder := cache.Dir(t.TempDir())
			run := func(q evaluation.Query) (row evaluation.Row, series int) {
				t.Helper()
				seen := len(simulated.Requests())
				kept := cache.Open(cache.Config{Store: folder, Owner: cache.OwnerOf("s", server.URL, "a"), Now: func() time.Time { return world.Now }})
				service := evaluation.Service{
					Catalog: client, Records: client, Pick: func(int) int { return 0 },
					Runner: evaluation.Runner{Metrics: client, Concurrency: 4, Shelf: kept},
				}
				board, err := service.Evaluate(t.Context(), q)
				if err != nil || len(board.Rows) != 1 || board.Rows[0].Defect != nil {
					t.Fatalf("%s: %v, %+v", c.frame, err, board)
				}
				if notes := kept.Close(t.Context()); len(notes) > 0 {
					t.Fatalf("%s: the cache says %v", c.frame, notes)
				}
				for _, r := range simulated.Requests()[seen:] {
					switch r.Path {
					case "/api/v2/query/timeseries":
						series++
					case "/api/v1/slo/search":
						t.Errorf("%s: Datadog's own figures are asked for", c.frame)
					}
				}
				return board.Rows[0], series
			}
			want := c.off
			if minute == 0 {
				want = c.whole
			}
			cold, series := run(query)
			if series != want {
				t.Errorf("%s at :%02d: %d requests, want %d", c.frame, minute, series, want)
			}
			warm, series := run(query)
			if series != c.next {
				t.Errorf("%s at :%02d: %d requests the next time, want %d", c.frame, minute, series, c.next)
			}
			if diff := differing([]evaluation.Row{cold}, []evaluation.Row{warm}); diff != "" {
				t.Errorf("%s at :%02d, without the cache and with it:\n%s", c.frame, minute, diff)
			}
			query.Lean, folder = false, cache.Dir(t.TempDir())
			usual, _ := run(query)
			a, b := usual.Windows[0], warm.Windows[0]
			if a.Good != b.Good || a.Valid != b.Valid || a.Attainment != b.Attainment || a.BurnRates != b.BurnRates || a.Newest != b.Newest {
				t.Errorf("%s at :%02d: usually %+v, and lean %+v", c.frame, minute, a, b)
			}
			fine, _ := a.Coverage.Value()
			wide, _ := b.Coverage.Value() // a wide bucket speaks for all of its hours
			if wide < fine || (wide-fine)*float64(c.frame) > 8*3600 {
				t.Errorf("%s at :%02d: coverage %v, usually %v", c.frame, minute, wide, fine)
			}
			if v, known := b.Valid.Value(); !known || math.Mod(v, 10) != 0 || v < 6e6 {
				t.Errorf("%s at :%02d: %v valid events of ten a second", c.frame, minute, b.Valid)
			}
		}
	}
}

// The listing is told once, all of it, before any evidence is asked for, and
// what the listener says of it ends the run.
func TestListed(t *testing.T) {
	t.Parallel()
	asked := 0
	service := evaluation.Service{
		Catalog: listing(job("a", "g", "v", slo.SevenDays), job("b", "h", "w", slo.SevenDays)),
		Runner: evaluation.Runner{Metrics: metrics(func(ctx context.Context, r timeseries.Request) ([]timeseries.Answer, error) {
			asked++
			return world{}.Series(ctx, r)
		}), Concurrency: 1},
	}
	var heard [][]string
	refusal := error(nil)
	q := evaluation.Query{
		Selector: evaluation.Selector{Names: []string{"b"}}, Own: []slo.Definition{job("c", "i", "x").Definition},
		Question: gate(noon), Lean: true,
		Listed: func(defs []slo.Definition) error {
			var ids []string
			for _, d := range defs {
				ids = append(ids, d.ID)
			}
			if heard = append(heard, ids); asked > 0 {
				t.Errorf("%d requests were sent before the listing was told", asked)
			}
			return refusal
		},
	}
	board, err := service.Evaluate(t.Context(), q)
	if err != nil || len(board.Rows) != 1 || board.Rows[0].Defect != nil || asked == 0 {
		t.Fatalf("%v, %+v, %d requests", err, board, asked)
	}
	if len(heard) != 1 || !slices.Equal(heard[0], []string{"a", "b", "c"}) {
		t.Errorf("the listener was told %v, want all three once", heard)
	}
	asked, refusal = 0, errors.New("that is no policy")
	if _, err := service.Evaluate(t.Context(), q); !errors.Is(err, refusal) || asked != 0 {
		t.Errorf("error %v after %d requests, want the listener's after none", err, asked)
	}
}

// Uncompared asks for no figure of Datadog's and still evaluates what rests on
// its records.
func TestUncompared(t *testing.T) {
	t.Parallel()
	reported := 0
	service := evaluation.Service{
		Catalog: listing(job("a", "g", "v", slo.SevenDays), monitorJob("m", []int64{1}, slo.SevenDays)),
		Records: records{
			reported: func() ([]slo.Reported, []slo.Note, error) {
				reported++
				return []slo.Reported{{SLOID: "a", Timeframe: slo.SevenDays, IndexedAt: noon - 700, Attainment: slo.Known(50)}}, nil, nil
			},
			history: func(q slo.HistoryRequest) (slo.History, error) {
				return slo.History{Window: q.Window, Overall: slo.Track{Transitions: []slo.Transition{{At: q.Window.Start, State: slo.Up}, {At: noon - 3*3600, State: slo.Down}}}}, nil
			},
			monitors: map[int64]slo.MonitorSettings{1: {ID: 1, Silence: slo.SilenceUp}},
		},
		Runner: evaluation.Runner{Metrics: world{}, Concurrency: 1},
	}
	compared, err := service.Evaluate(t.Context(), evaluation.Query{Question: gate(noon)})
	if err != nil || reported != 1 || compared.Rows[0].Datadog[0] == nil {
		t.Fatalf("compared: %v, %d times asked, %+v", err, reported, compared.Rows)
	}
	got, err := service.Evaluate(t.Context(), evaluation.Query{Question: gate(noon), Uncompared: true})
	if err != nil || reported != 1 || len(got.Notes) > 0 {
		t.Fatalf("%v, %d times asked, notes %v", err, reported, got.Notes)
	}
	for _, row := range got.Rows {
		if row.Defect != nil || len(row.Windows) != 1 || row.Datadog[0] != nil {
			t.Errorf("%s: %+v", row.Definition.ID, row)
		}
		if w := row.Windows[0]; w.Recent.Span().Seconds() != 48*3600 || len(w.Crossings) != 3 || w.Newest.Empty() {
			t.Errorf("%s: recent over %v, %d crossings, newest %v", row.Definition.ID, w.Recent.Span(), len(w.Crossings), w.Newest)
		}
	}
}

// What Datadog keeps no longer is no window without traffic, however wide the buckets.
func TestLeanWindowBeyondRetention(t *testing.T) {
	t.Parallel()
	const keeps = noon - 400*day
	// Datadog refuses what ends before its retention, and answers the rest as if
	// there had been nothing earlier.
	source := metrics(func(ctx context.Context, r timeseries.Request) ([]timeseries.Answer, error) {
		if r.Span.End <= keeps {
			return nil, &tooOld{}
		}
		return shop{world: world{seed: 1}, rare: 1, since: keeps}.Series(ctx, r)
	})
	for _, to := range []int64{noon, noon + 1500, noon - noon%day} {
		service := evaluation.Service{
			Catalog: listing(job("a", "good 1", "valid 1", 455*slo.Day)), Runner: evaluation.Runner{Metrics: source, Concurrency: 1},
		}
		board, err := service.Evaluate(t.Context(), evaluation.Query{Question: gate(to), Lean: true})
		if err != nil {
			t.Fatal(err)
		}
		if d := board.Rows[0].Defect; d == nil || d.Kind != slo.Invalid {
			t.Errorf("to %s: %+v, want a defect", timeseries.Format(to), board.Rows[0])
		}
	}
}
