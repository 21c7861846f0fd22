package evaluation_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// metrics is a source made of one function.
type metrics func(context.Context, timeseries.Request) ([]timeseries.Answer, error)

func (m metrics) Series(ctx context.Context, r timeseries.Request) ([]timeseries.Answer, error) {
	return m(ctx, r)
}

// catalog is a catalog made of functions.
type catalog struct {
	slos        func(context.Context) ([]slo.Definition, []slo.Note, error)
	corrections func(context.Context) ([]slo.Correction, error)
}

func (c catalog) SLOs(ctx context.Context) ([]slo.Definition, []slo.Note, error) { return c.slos(ctx) }
func (c catalog) Corrections(ctx context.Context) ([]slo.Correction, error) {
	if c.corrections == nil {
		return nil, nil
	}
	return c.corrections(ctx)
}
func (catalog) CorrectionsOf(context.Context, string) ([]slo.Correction, error) { return nil, nil }
func (catalog) Settle(context.Context, []slo.Definition) error                  { return nil }

var (
	_ evaluation.Metrics = metrics(nil)
	_ evaluation.Catalog = catalog{}
)

func listing(jobs ...evaluation.Job) catalog {
	return catalog{slos: func(context.Context) ([]slo.Definition, []slo.Note, error) {
		var defs []slo.Definition
		for _, j := range jobs {
			j.Definition.Objectives = j.Objectives
			defs = append(defs, j.Definition)
		}
		return defs, nil, nil
	}}
}

func constant(perBucket float64, tags ...string) func(timeseries.Request) timeseries.Answer {
	return func(r timeseries.Request) timeseries.Answer {
		s := timeseries.Blank(r.Span, r.Step)
		for i := range s.Values {
			s.Values[i] = perBucket * float64(r.Step/slo.BucketSeconds)
		}
		return timeseries.Answer{Groups: []timeseries.Group{{Tags: tags, Series: s}}}
	}
}

func TestOneFailingQueryIsOneRowWithItsError(t *testing.T) {
	t.Parallel()
	bad := &slo.Defect{Kind: slo.Invalid, Message: `query "broken": no such function`}
	source := metrics(func(_ context.Context, r timeseries.Request) ([]timeseries.Answer, error) {
		answers := make([]timeseries.Answer, len(r.Queries))
		for i, q := range r.Queries {
			answers[i] = constant(10)(r)
			if q == "broken" {
				answers[i] = timeseries.Answer{Err: fmt.Errorf("chunk 1: %w", bad)}
			}
		}
		return answers, nil
	})
	service := evaluation.Service{
		Catalog: listing(job("a", "broken", "v", slo.SevenDays), job("b", "g", "v", slo.SevenDays)),
		Runner:  evaluation.Runner{Metrics: source, Concurrency: 2},
	}
	got, err := service.Evaluate(context.Background(), evaluation.Query{Question: board(noon)})
	if err != nil {
		t.Fatal(err)
	}
	if got.Rows[0].Defect != bad || len(got.Rows[0].Windows) != 0 {
		t.Errorf("row a: defect %v and %d windows, want its own defect and no windows", got.Rows[0].Defect, len(got.Rows[0].Windows))
	}
	if got.Rows[1].Defect != nil || got.Rows[1].Windows[0].State != slo.OK {
		t.Errorf("row b: %+v, want an untouched row", got.Rows[1])
	}
}

func TestRefusedKeysStopTheRun(t *testing.T) {
	t.Parallel()
	refused := &slo.Defect{Kind: slo.Auth, Message: "403 Forbidden"}
	calls := 0
	source := metrics(func(_ context.Context, _ timeseries.Request) ([]timeseries.Answer, error) {
		calls++
		return nil, refused
	})
	service := evaluation.Service{
		Catalog: listing(job("a", "g", "v", slo.NinetyDays)), Runner: evaluation.Runner{Metrics: source, Concurrency: 1},
	}
	// The first answer decides; the requests behind it end with the same defect.
	sourceStopped := metrics(func(ctx context.Context, r timeseries.Request) ([]timeseries.Answer, error) {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return source(ctx, r)
	})
	service.Runner.Metrics = sourceStopped
	got, err := service.Evaluate(context.Background(), evaluation.Query{Question: board(noon + 300)})
	if err != nil {
		t.Fatal(err)
	}
	if calls != 1 || got.Rows[0].Defect != refused {
		t.Errorf("%d requests and defect %v, want one request and %v", calls, got.Rows[0].Defect, refused)
	}
}

func TestCancellationIsReportedAsSuch(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	source := metrics(func(ctx context.Context, _ timeseries.Request) ([]timeseries.Answer, error) {
		cancel()
		return nil, ctx.Err()
	})
	service := evaluation.Service{Catalog: listing(job("a", "g", "v", slo.SevenDays)), Runner: evaluation.Runner{Metrics: source}}
	if _, err := service.Evaluate(ctx, evaluation.Query{Question: board(noon)}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

func TestDeadlineIsTheDefectOfWhatWasNotAnswered(t *testing.T) {
	t.Parallel()
	source := metrics(func(_ context.Context, r timeseries.Request) ([]timeseries.Answer, error) {
		if r.Queries[0] == "g" {
			return nil, context.DeadlineExceeded
		}
		return []timeseries.Answer{constant(1)(r)}, nil
	})
	service := evaluation.Service{
		Catalog: listing(job("a", "g", "g", slo.SevenDays), job("b", "h", "h", slo.ThirtyDays)),
		Runner:  evaluation.Runner{Metrics: source, Concurrency: 1},
	}
	got, err := service.Evaluate(context.Background(), evaluation.Query{Question: slo.Question{To: noon}})
	if err != nil {
		t.Fatal(err)
	}
	if d := got.Rows[0].Defect; d == nil || d.Kind != slo.Unavailable {
		t.Errorf("row a: %v, want unavailable", d)
	}
	if got.Rows[1].Defect != nil {
		t.Errorf("row b: %v, want none", got.Rows[1].Defect)
	}
}

// Groups are pooled by their events, and a group that one side lacks counts zero there.
func TestGroupsArePooledAndKeptApart(t *testing.T) {
	t.Parallel()
	source := metrics(func(_ context.Context, r timeseries.Request) ([]timeseries.Answer, error) {
		answers := make([]timeseries.Answer, len(r.Queries))
		for i, q := range r.Queries {
			x, y := constant(10, "env:a", "region:x")(r), constant(90, "env:b", "region:x")(r)
			if q == "good" { // env:a has not one good event
				answers[i] = y
				continue
			}
			answers[i].Groups = append(x.Groups, y.Groups...)
		}
		return answers, nil
	})
	j := job("a", "good", "valid", slo.SevenDays)
	sli := j.Definition.SLI.(slo.EventSLI)
	sli.GroupBy = []string{"env", "region"}
	j.Definition.SLI = sli
	service := evaluation.Service{Catalog: listing(j), Runner: evaluation.Runner{Metrics: source, Concurrency: 1}}
	got, err := service.Evaluate(context.Background(), evaluation.Query{Question: slo.Question{To: noon}})
	if err != nil {
		t.Fatal(err)
	}
	attainment := map[string]float64{}
	row := got.Rows[0]
	attainment["overall"], _ = row.Windows[0].Attainment.Value()
	for _, g := range row.Groups {
		attainment[g.Name], _ = g.Windows[0].Attainment.Value()
	}
	want := map[string]float64{"overall": 90, "env:a,region:x": 0, "env:b,region:x": 100}
	if diff := cmp.Diff(want, attainment); diff != "" {
		t.Errorf("attainments (-want +got):\n%s", diff)
	}
}

// A bad count made of two queries is a weighted sum bucket by bucket; a gap in one of them is no event.
func TestWeightedSums(t *testing.T) {
	t.Parallel()
	source := metrics(func(_ context.Context, r timeseries.Request) ([]timeseries.Answer, error) {
		answers := make([]timeseries.Answer, len(r.Queries))
		for i, q := range r.Queries {
			switch q {
			case "hits":
				answers[i] = constant(100)(r)
			case "errors": // only in the first bucket
				s := timeseries.Blank(r.Span, r.Step)
				s.Values[0] = 7
				answers[i].Groups = []timeseries.Group{{Series: s}}
			}
		}
		return answers, nil
	})
	j := job("a", "hits", "hits", 3600)
	j.Definition.SLI = slo.EventSLI{
		Good:  []slo.Term{{Weight: 1, Query: "hits"}, {Weight: -1, Query: "errors"}},
		Valid: []slo.Term{{Weight: 1, Query: "hits"}},
	}
	service := evaluation.Service{Catalog: listing(j), Runner: evaluation.Runner{Metrics: source, Concurrency: 1}}
	q := slo.Question{To: noon + 300}
	got, err := service.Evaluate(context.Background(), evaluation.Query{Question: q})
	if err != nil {
		t.Fatal(err)
	}
	w := got.Rows[0].Windows[0]
	good, _ := w.Good.Value()
	valid, _ := w.Valid.Value()
	if good != 1200 || valid != 1200 { // the errors lie in the oldest bucket of the three-day look-back, outside the hour
		t.Errorf("good %v of %v, want 1200 of 1200", good, valid)
	}
}

func TestTimeframeChoice(t *testing.T) {
	t.Parallel()
	target, _ := slo.ParseTarget("99")
	d := job("a", "g", "v", slo.SevenDays, slo.ThirtyDays).Definition
	d.Objectives = []slo.Objective{{Timeframe: slo.SevenDays, Target: target}, {Timeframe: slo.ThirtyDays, Target: target}}
	source := metrics(func(_ context.Context, r timeseries.Request) ([]timeseries.Answer, error) {
		return make([]timeseries.Answer, len(r.Queries)), nil
	})
	for _, c := range []struct {
		name    string
		primary slo.Timeframe
		choice  evaluation.TimeframeChoice
		want    []string
	}{
		{"primary", slo.ThirtyDays, evaluation.TimeframeChoice{}, []string{"30d"}},
		{"no primary: the shortest", 0, evaluation.TimeframeChoice{}, []string{"7d"}},
		{"primary without a target: the shortest", slo.NinetyDays, evaluation.TimeframeChoice{}, []string{"7d"}},
		{"all", 0, evaluation.TimeframeChoice{All: true}, []string{"7d", "30d"}},
		{"one", 0, evaluation.TimeframeChoice{Only: slo.ThirtyDays}, []string{"30d"}},
		{"one without a target", 0, evaluation.TimeframeChoice{Only: slo.NinetyDays}, nil},
	} {
		d.Primary = c.primary
		service := evaluation.Service{
			Catalog: catalog{slos: func(context.Context) ([]slo.Definition, []slo.Note, error) {
				return []slo.Definition{d}, nil, nil
			}},
			Runner: evaluation.Runner{Metrics: source},
		}
		got, err := service.Evaluate(context.Background(), evaluation.Query{Timeframe: c.choice, Question: slo.Question{To: noon}})
		if err != nil {
			t.Fatal(err)
		}
		var frames []string
		for _, w := range got.Rows[0].Windows {
			frames = append(frames, w.Objective.Timeframe.String())
		}
		if diff := cmp.Diff(c.want, frames); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		if noted := len(got.Rows[0].Notes) == 1 && got.Rows[0].Notes[0].Code == "no_target_for_timeframe"; noted != (c.want == nil) {
			t.Errorf("%s: notes %v", c.name, got.Rows[0].Notes)
		}
	}
}

func TestSelect(t *testing.T) {
	t.Parallel()
	defs := []slo.Definition{
		{ID: "1", Name: "Login errors", Tags: []string{"env:prod", "team:iam"}},
		{ID: "2", Name: "login latency", Tags: []string{"env:dev"}},
		{ID: "3", Name: "Checkout", Tags: []string{"ENV:prod"}},
		{ID: "4", Name: "checkout"},
		{ID: "5", Name: "3"},
	}
	for _, c := range []struct {
		name     string
		selector evaluation.Selector
		want     []string
		unknown  string
	}{
		{"everything", evaluation.Selector{}, []string{"1", "2", "3", "4", "5"}, ""},
		{"an id wins over a name", evaluation.Selector{Names: []string{"3"}}, []string{"3"}, ""},
		{"a name in any case, duplicates all", evaluation.Selector{Names: []string{"CHECKOUT"}}, []string{"3", "4"}, ""},
		{"a glob", evaluation.Selector{Names: []string{"login*"}}, []string{"1", "2"}, ""},
		{"a glob in the middle", evaluation.Selector{Names: []string{"*o*t*"}}, []string{"2", "3", "4"}, ""},
		{"tags all match, in any case", evaluation.Selector{Tags: []string{"env:prod"}}, []string{"1", "3"}, ""},
		{"two tags", evaluation.Selector{Tags: []string{"env:prod", "team:iam"}}, []string{"1"}, ""},
		{"filters that match nothing are no mistake", evaluation.Selector{Tags: []string{"env:nowhere"}}, nil, ""},
		{"an argument that names nothing is one", evaluation.Selector{Names: []string{"chekout"}}, nil, "Checkout"},
		{"an empty argument names nothing", evaluation.Selector{Names: []string{""}}, nil, "-"},
	} {
		got, err := c.selector.Select(defs)
		var unknown *evaluation.UnknownNameError
		if errors.As(err, &unknown) != (c.unknown != "") {
			t.Errorf("%s: error %v", c.name, err)
			continue
		}
		if unknown != nil {
			if c.unknown != "-" && (len(unknown.Nearest) == 0 || unknown.Nearest[0] != c.unknown) {
				t.Errorf("%s: nearest %q, want %q first", c.name, unknown.Nearest, c.unknown)
			}
			continue
		}
		var ids []string
		for _, d := range got {
			ids = append(ids, d.ID)
		}
		if diff := cmp.Diff(c.want, ids); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

type tooOld struct{ slo.Defect }

func (*tooOld) Error() string          { return "outside the retention date" }
func (*tooOld) OutsideRetention() bool { return true }

// An earlier meeting beyond Datadog's retention makes that figure unknown, not today's.
func TestOutsideRetentionIsUnknown(t *testing.T) {
	t.Parallel()
	const keeps = noon - 200*int64(slo.Day)
	source := metrics(func(_ context.Context, r timeseries.Request) ([]timeseries.Answer, error) {
		answers := make([]timeseries.Answer, len(r.Queries))
		for i := range answers {
			if r.Span.Start < keeps {
				answers[i].Err = &tooOld{}
				continue
			}
			answers[i] = constant(10)(r)
		}
		return answers, nil
	})
	service := evaluation.Service{
		Catalog: listing(job("a", "g", "v", slo.SevenDays)), Runner: evaluation.Runner{Metrics: source, Concurrency: 1},
	}
	q := slo.Question{To: noon, Since: noon - 300*int64(slo.Day), TrendDays: 14}
	got, err := service.Evaluate(context.Background(), evaluation.Query{Question: q})
	if err != nil {
		t.Fatal(err)
	}
	row := got.Rows[0]
	if row.Defect != nil || row.Windows[0].State != slo.OK || !row.Windows[0].Trend[0].IsKnown() {
		t.Fatalf("today: %+v, want an untouched row", row)
	}
	if p := row.Windows[0].Previous; p.Attainment.IsKnown() || p.Spent.IsKnown() {
		t.Errorf("the earlier meeting: %+v, want nothing known", p)
	}
	if len(row.Notes) != 1 || row.Notes[0].Code != "beyond_retention" {
		t.Errorf("notes %v, want beyond_retention", row.Notes)
	}
	// A window that is itself too old has no figure at all.
	q = slo.Question{To: keeps + 3600}
	got, err = service.Evaluate(context.Background(), evaluation.Query{Question: q})
	if err != nil {
		t.Fatal(err)
	}
	if d := got.Rows[0].Defect; d == nil || d.Kind != slo.Invalid || len(got.Rows[0].Windows) != 0 {
		t.Errorf("a window beyond retention: %+v, want a defect", got.Rows[0])
	}
}
