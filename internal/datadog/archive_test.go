package datadog_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/internal/datadog"
	"github.com/slo-cli/slo/internal/datadog/transport"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// drawer is an archive in memory.
type drawer struct {
	mu       sync.Mutex
	contents map[string][]byte
	filed    map[string]time.Time
	now      time.Time
	recalled int
}

func newDrawer() *drawer {
	return &drawer{contents: map[string][]byte{}, filed: map[string]time.Time{}, now: testNow()}
}

func (d *drawer) File(name string, content []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.contents[name], d.filed[name] = content, d.now
}

func (d *drawer) Recall(name string) ([]byte, time.Time, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.recalled++
	content, ok := d.contents[name]
	return content, d.filed[name], ok
}

func (d *drawer) names() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.contents))
}

// online is a client that files what the handler answers.
func online(t *testing.T, d *drawer, handler http.HandlerFunc) *datadog.Client {
	t.Helper()
	return clientOf(t, datadog.Config{
		BaseURL: "https://api.example.test", APIKey: testAPIKey, AppKey: testAppKey, Archive: d,
		Transport: transport.New(transport.Config{Base: inProcess{handler}, Random: func() float64 { return 0 }}),
	})
}

// offline is a client without keys, for which every request is an error of the test.
func offline(t *testing.T, archive datadog.Archive) *datadog.Client {
	t.Helper()
	return clientOf(t, datadog.Config{
		BaseURL: "https://api.example.test", Archive: archive, Offline: true,
		Transport: inProcess{http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("sent %s %s", r.Method, r.URL) })},
	})
}

// wantNothingSent checks the counts of a client.
func wantNothingSent(t *testing.T, c *datadog.Client) {
	t.Helper()
	for kind, n := range c.Counts() {
		if n != 0 {
			t.Errorf("%d calls of %s are counted", n, kind)
		}
	}
}

// unreadable is what is said of an answer that is there but makes no sense any more.
const unreadable = "that this version of slo can read"

// wantNotCached checks that an error says that the archive lacks something.
func wantNotCached(t *testing.T, err error, words ...string) {
	t.Helper()
	wantDefect(t, err, slo.Unavailable, append(words, "--offline: ", "run once without --offline")...)
	if strings.Contains(err.Error(), unreadable) != slices.ContainsFunc(words, func(w string) bool { return strings.Contains(w, unreadable) }) {
		t.Errorf("%v: whether there is something that cannot be read is not as it should be", err)
	}
	var e interface{ NotCached() bool }
	if !errors.Is(err, datadog.ErrOffline) || !errors.As(err, &e) || !e.NotCached() {
		t.Errorf("%v does not say that it is for want of a cached answer", err)
	}
}

const someSLO = "11111111111111111111111111111111"

// archived is one question of each kind that an archive answers.
type archived struct {
	question string
	lack     string
	ask      func(context.Context, *datadog.Client) (any, []slo.Note, error)
}

func everyQuestion() []archived {
	type answer = func(context.Context, *datadog.Client) (any, []slo.Note, error)
	monitor := func(id int64) answer {
		return func(ctx context.Context, c *datadog.Client) (any, []slo.Note, error) {
			v, err := c.Monitor(ctx, id)
			return v, nil, err
		}
	}
	metric := func(name string) answer {
		return func(ctx context.Context, c *datadog.Client) (any, []slo.Note, error) {
			v, err := c.MetricType(ctx, name)
			return v, nil, err
		}
	}
	var instant atomic.Int64
	return []archived{
		{"slos", "the cache has no listing of SLOs", func(ctx context.Context, c *datadog.Client) (any, []slo.Note, error) {
			v, notes, err := c.SLOs(ctx)
			return v, notes, err
		}},
		{"corrections", "the cache has no status corrections", func(ctx context.Context, c *datadog.Client) (any, []slo.Note, error) {
			v, err := c.Corrections(ctx)
			return v, nil, err
		}},
		{"corrections of " + someSLO, "the cache has no status corrections of the SLO " + someSLO, func(ctx context.Context, c *datadog.Client) (any, []slo.Note, error) {
			v, err := c.CorrectionsOf(ctx, someSLO)
			return v, nil, err
		}},
		{"reported", "the cache has none of Datadog's own figures", func(ctx context.Context, c *datadog.Client) (any, []slo.Note, error) {
			v, notes, err := c.Reported(ctx)
			return v, notes, err
		}},
		{"monitor 112445445", "the cache has nothing of monitor 112445445", monitor(112445445)},
		{"monitor 404", "the cache has nothing of monitor 404", monitor(404)},
		{"monitor 7", "the cache has nothing of monitor 7", monitor(7)},
		{"metric type checkout.orders/odd name?", "the type of the metric checkout.orders/odd name?", metric("checkout.orders/odd name?")},
		{"metric type gone", "the type of the metric gone", metric("gone")},
		{"metric type trace.http.request", "the type of the metric trace.http.request", func(ctx context.Context, c *datadog.Client) (any, []slo.Note, error) {
			v, err := c.MetricInfo(ctx, "trace.http.request")
			return v, nil, err
		}},
		{"active metrics service:auth", "the cache has no listing of the active metrics with service:auth", func(ctx context.Context, c *datadog.Client) (any, []slo.Note, error) {
			// A later run asks for what was active since another instant.
			v, err := c.ActiveMetrics(ctx, instant.Add(1), "service:auth")
			return v, nil, err
		}},
		{"active metrics", "the cache has no listing of the active metrics", func(ctx context.Context, c *datadog.Client) (any, []slo.Note, error) {
			v, err := c.ActiveMetrics(ctx, 7, "")
			return v, nil, err
		}},
		{"events [2024-04-01T13:00:00Z, 2024-04-01T14:00:00Z) 3 service:auth", "the cache has no events for [2024-04-01T13:00:00Z", func(ctx context.Context, c *datadog.Client) (any, []slo.Note, error) {
			v, complete, err := c.Events(ctx, request().Span, "service:auth", 3)
			return []any{v, complete}, nil, err
		}},
		{"deployments [2024-04-01T13:00:00Z, 2024-04-01T14:00:00Z) 3 auth", "the cache has no deployments for [2024-04-01T13:00:00Z", func(ctx context.Context, c *datadog.Client) (any, []slo.Note, error) {
			v, complete, err := c.Deployments(ctx, request().Span, "auth", 3)
			return []any{v, complete}, nil, err
		}},
	}
}

// organisation answers everyQuestion.
func organisation(t *testing.T) http.HandlerFunc {
	t.Helper()
	fixtures := map[string]string{}
	for _, name := range []string{"slo_list_1", "slo_list_2", "correction_list", "slo_corrections", "monitor", "metric_metadata"} {
		fixtures[name] = fixture(t, "v1/"+name+".json")
	}
	return func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		switch r.URL.Path {
		case "/api/v1/slo":
			page := "slo_list_2"
			if query.Get("offset") == "0" {
				page = "slo_list_1"
			}
			io.WriteString(w, fixtures[page])
		case "/api/v1/slo/correction":
			io.WriteString(w, fixtures["correction_list"])
		case "/api/v1/slo/" + someSLO + "/corrections":
			io.WriteString(w, fixtures["slo_corrections"])
		case "/api/v1/slo/search":
			number, _ := strconv.Atoi(query.Get("page[number]"))
			size, _ := strconv.Atoi(query.Get("page[size]"))
			io.WriteString(w, foundIDs(752, window(750, number*size, size)...)) // with a note
		case "/api/v1/monitor/112445445":
			io.WriteString(w, fixtures["monitor"])
		case "/api/v1/monitor/7":
			io.WriteString(w, `{"id":7,"deleted":"2026-01-01T00:00:00Z"}`)
		case "/api/v1/metrics/checkout.orders/odd name?":
			io.WriteString(w, fixtures["metric_metadata"])
		case "/api/v1/metrics/trace.http.request":
			io.WriteString(w, `{"type":"distribution","unit":"second"}`)
		case "/api/v1/metrics":
			io.WriteString(w, `{"metrics":["trace.b.hits","trace.a.hits"],"from":"7"}`)
		case "/api/v2/events/search":
			body, _ := io.ReadAll(r.Body)
			io.WriteString(w, happened(string(body)))
		case "/api/v2/dora/deployments":
			io.WriteString(w, `{"data":[{"attributes":{"service":"auth","version":"v2","started_at":"2024-04-01T13:20:00Z"}}]}`)
		default:
			w.WriteHeader(http.StatusNotFound)
			io.WriteString(w, `{"errors":["Not found"]}`)
		}
	}
}

// everything makes cmp compare what is unexported as well.
func everything() cmp.Option { return cmp.Exporter(func(reflect.Type) bool { return true }) }

func TestArchiveAnswersOffline(t *testing.T) {
	t.Parallel()
	for _, q := range everyQuestion() {
		t.Run(q.question, func(t *testing.T) {
			t.Parallel()
			d := newDrawer()
			asking := online(t, d, organisation(t))
			want, wantNotes, wantErr := q.ask(t.Context(), asking)
			if d.recalled != 0 {
				t.Error("an online run looks into the archive")
			}
			if _, ok := asking.Archived(); ok {
				t.Error("an online run says that it shows something archived")
			}
			if diff := cmp.Diff([]string{q.question}, d.names()); diff != "" {
				t.Errorf("filed (-want +got)\n%s", diff)
			}
			client := offline(t, d)
			if at, ok := client.Archived(); ok {
				t.Errorf("nothing was shown, and yet it was filed at %s", at)
			}
			got, notes, err := q.ask(t.Context(), client)
			if diff := cmp.Diff(want, got, everything()); diff != "" {
				t.Errorf("(-online +offline)\n%s", diff)
			}
			if diff := cmp.Diff(wantNotes, notes); diff != "" {
				t.Errorf("notes (-online +offline)\n%s", diff)
			}
			if fmt.Sprint(err) != fmt.Sprint(wantErr) {
				t.Errorf("offline error %v, online %v", err, wantErr)
			}
			if wantErr != nil {
				wantNotFound(t, wantErr)
				wantNotFound(t, err)
			}
			if at, ok := client.Archived(); !ok || !at.Equal(testNow()) {
				t.Errorf("archived %s, %v", at, ok)
			}
			wantNothingSent(t, client)
		})
	}
}

func TestArchiveOfAnotherQuestionIsNoAnswer(t *testing.T) {
	t.Parallel()
	d := newDrawer()
	client := online(t, d, organisation(t))
	for _, q := range everyQuestion() {
		_, _, _ = q.ask(t.Context(), client)
	}
	if n := len(everyQuestion()); len(d.contents) != n {
		t.Fatalf("%d answers are filed, want %d", len(d.contents), n)
	}
	for _, q := range everyQuestion() {
		for other, content := range d.contents {
			if other == q.question {
				continue
			}
			wrong := newDrawer()
			wrong.File(q.question, content)
			_, _, err := q.ask(t.Context(), offline(t, wrong))
			wantNotCached(t, err, q.lack)
		}
	}
}

func TestOfflineWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	window := timeseries.Span{Start: 1711976400, End: 1711980000}
	questions := append(everyQuestion(),
		archived{"", "the cache has no history of the SLO x for [", func(ctx context.Context, c *datadog.Client) (any, []slo.Note, error) {
			v, err := c.History(ctx, slo.HistoryRequest{ID: "x", Window: window})
			if v.Type != "" {
				return v, nil, err
			}
			return nil, nil, err
		}},
	)
	for lack, queries := range map[string][]string{
		"the cache has nothing of sum:a{*} for [2024-04-01T13:00:00Z, 2024-04-01T14:00:00Z)":    {"sum:a{*}"},
		"the cache has nothing of sum:a{*} and 1 more query for [2024-04-01T13:00":              {"sum:a{*}", "sum:b{x:<3}"},
		"the cache has nothing of sum:a{*} and 4 more queries for [":                            {"sum:a{*}", "sum:b{*}", "sum:c{*}", "sum:d{*}", "sum:e{*}"},
		"the cache has nothing of not a query for [2024-04-01T13:00:00Z, 2024-04-01T14:00:00Z)": {"not a query"},
	} {
		questions = append(questions, archived{"", lack, func(ctx context.Context, c *datadog.Client) (any, []slo.Note, error) {
			v, err := c.Series(ctx, request(queries...))
			if v != nil {
				return v, nil, err
			}
			return nil, nil, err
		}})
	}
	for name, archive := range map[string]datadog.Archive{"an empty archive": newDrawer(), "no archive": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := offline(t, archive)
			for _, q := range questions {
				_, _, err := q.ask(t.Context(), client)
				wantNotCached(t, err, q.lack)
			}
			for _, p := range client.Probes() {
				_, err := p.Run(t.Context())
				wantNotCached(t, err, "would mean asking Datadog")
			}
			if at, ok := client.Archived(); ok {
				t.Errorf("nothing was shown, and yet it was filed at %s", at)
			}
			wantNothingSent(t, client)
		})
	}
}

func TestCancelledOffline(t *testing.T) {
	t.Parallel()
	d := newDrawer()
	if _, _, err := online(t, d, organisation(t)).SLOs(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := offline(t, d).SLOs(ctx); !errors.Is(err, context.Canceled) || errors.Is(err, datadog.ErrOffline) {
		t.Errorf("error %v", err)
	}
}

// A question without a sense is refused offline as it is online.
func TestSenselessQuestionsOffline(t *testing.T) {
	t.Parallel()
	client := offline(t, newDrawer())
	_, err := client.CorrectionsOf(t.Context(), " ")
	wantDefect(t, err, slo.Invalid, "without an id")
	_, err = client.MetricType(t.Context(), "")
	wantDefect(t, err, slo.Invalid, "without a name")
}

// listed is a server of n SLOs, a hundred per page, whose ids begin at first;
// the same numbers are what its search finds.
func listed(first, n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		ids := func(offset, size int) []int {
			all := window(n, offset, size)
			for i := range all {
				all[i] += first
			}
			return all
		}
		if r.URL.Path == "/api/v1/slo/search" {
			number, _ := strconv.Atoi(query.Get("page[number]"))
			io.WriteString(w, foundIDs(n, ids(number*100, 100)...))
			return
		}
		offset, _ := strconv.Atoi(query.Get("offset"))
		io.WriteString(w, elements(n, ids(offset, 100)...))
	}
}

// runs are the first numbers of the servers from which an answer was put together.
func runs(t *testing.T, ids []string) (first, n int) {
	t.Helper()
	for i, id := range ids {
		number, err := strconv.Atoi(id)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = number
		}
		if number != first+i {
			t.Fatalf("element %d is %d, and the first is %d: pages are mixed or missing", i, number, first)
		}
	}
	return first, len(ids)
}

// asks are the two ways in which listings are read.
func asks(t *testing.T) map[string]func(context.Context, *datadog.Client) ([]string, error) {
	t.Helper()
	return map[string]func(context.Context, *datadog.Client) ([]string, error){
		"page by page": func(ctx context.Context, c *datadog.Client) (ids []string, _ error) {
			all, notes, err := c.SLOs(ctx)
			for _, d := range all {
				ids = append(ids, d.ID)
			}
			if len(notes) > 0 {
				t.Errorf("notes %v", notes)
			}
			return ids, err
		},
		"several pages at once": func(ctx context.Context, c *datadog.Client) (ids []string, _ error) {
			all, notes, err := c.Reported(ctx)
			for _, r := range all {
				ids = append(ids, r.SLOID)
			}
			if len(notes) > 0 {
				t.Errorf("notes %v", notes)
			}
			return ids, err
		},
	}
}

func TestArchiveKeepsTheLastWholeListing(t *testing.T) {
	t.Parallel()
	for name, ask := range asks(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDrawer()
			read := func(handler http.HandlerFunc) error {
				_, err := ask(t.Context(), online(t, d, handler))
				return err
			}
			want := func(wantFirst, wantN int) {
				t.Helper()
				ids, err := ask(t.Context(), offline(t, d))
				if err != nil {
					t.Fatal(err)
				}
				if first, n := runs(t, ids); first != wantFirst || n != wantN {
					t.Errorf("offline has %d from %d on, want %d from %d on", n, first, wantN, wantFirst)
				}
			}
			if err := read(listed(0, 750)); err != nil {
				t.Fatal(err)
			}
			want(0, 750)
			whole := listed(5000, 650)
			for what, fault := range map[string]http.HandlerFunc{
				"forbidden":      always(403, `{"errors":["Forbidden"]}`),
				"not found":      always(404, `{"errors":["not found"]}`),
				"a login page":   always(200, `<html>`),
				"empty":          always(200, ``),
				"null":           always(200, `null`),
				"cut short":      always(200, `{"data":[{"id":"1"},`),
				"wrong types":    always(200, `{"data":{}}`),
				"error in a 200": always(200, `{"data":[],"errors":["partial outage"]}`),
			} {
				// The last pages fail, when most of the others are there.
				err := read(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Query().Get("offset") == "600" || r.URL.Query().Get("page[number]") == "6" {
						fault(w, r)
						return
					}
					whole(w, r)
				})
				if err == nil {
					t.Errorf("%s: a listing without its last page is taken for whole", what)
				}
				want(0, 750)
			}
			// Shorter than before: the pages beyond its end are gone as well.
			if err := read(listed(5000, 150)); err != nil {
				t.Fatal(err)
			}
			want(5000, 150)
		})
	}
}

// Pages are recorded by several goroutines, and runs share the archive.
func TestArchiveOfConcurrentRuns(t *testing.T) {
	t.Parallel()
	for name, ask := range asks(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDrawer()
			sizes := map[int]int{0: 750, 1000: 430, 2000: 99, 3000: 610}
			if _, err := ask(t.Context(), online(t, d, listed(0, 750))); err != nil {
				t.Fatal(err)
			}
			var all sync.WaitGroup
			for first, n := range sizes {
				client, reader := online(t, d, listed(first, n)), offline(t, d)
				for range 5 {
					all.Go(func() {
						if _, err := ask(t.Context(), client); err != nil {
							t.Error(err)
						}
					})
					all.Go(func() {
						ids, err := ask(t.Context(), reader)
						if err != nil || len(ids) == 0 {
							t.Errorf("%d elements, %v", len(ids), err)
							return
						}
						from, _ := strconv.Atoi(ids[0])
						if len(ids) != sizes[from] || ids[len(ids)-1] != strconv.Itoa(from+len(ids)-1) {
							t.Errorf("%d elements from %d on, want %d", len(ids), from, sizes[from])
						}
					})
				}
			}
			all.Wait()
		})
	}
}

func TestArchivedIsTheOldestThatIsShown(t *testing.T) {
	t.Parallel()
	d := newDrawer()
	early, late := testNow().Add(-48*time.Hour), testNow().Add(-time.Hour)
	client := online(t, d, organisation(t))
	for at, ask := range map[time.Time]func() error{
		early: func() error { _, _, err := client.SLOs(t.Context()); return err },
		late:  func() error { _, err := client.Corrections(t.Context()); return err },
	} {
		d.now = at
		if err := ask(); err != nil {
			t.Fatal(err)
		}
	}
	d.now = early.Add(-time.Hour)
	d.File("reported", []byte("damaged"))

	reader := offline(t, d)
	want := func(want time.Time) {
		t.Helper()
		if at, ok := reader.Archived(); !ok || !at.Equal(want) {
			t.Errorf("archived %s, %v; want %s", at, ok, want)
		}
	}
	if _, err := reader.Corrections(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(late)
	if _, _, err := reader.Reported(t.Context()); err == nil {
		t.Error("a damaged answer is shown")
	}
	want(late)
	if _, _, err := reader.SLOs(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(early)
	if _, err := reader.Corrections(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(early)
}

func TestArchiveHoldsNoCredentials(t *testing.T) {
	t.Parallel()
	echo := func(next http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			for name, values := range r.Header {
				w.Header()["X-Echo-"+name] = values
			}
			next(w, r)
		}
	}
	for name, c := range map[string]datadog.Config{
		"keys":  {APIKey: testAPIKey, AppKey: testAppKey},
		"token": {AccessToken: testToken},
	} {
		d := newDrawer()
		c.BaseURL, c.Archive = "https://api.example.test", d
		c.Transport = inProcess{echo(organisation(t))}
		client := clientOf(t, c)
		for _, q := range everyQuestion() {
			_, _, _ = q.ask(t.Context(), client)
		}
		if n := len(everyQuestion()); len(d.contents) != n {
			t.Errorf("%s: %d answers are filed, want %d", name, len(d.contents), n)
		}
		for question, content := range d.contents {
			for _, word := range []string{testAPIKey, testAppKey, testToken, "DD-API-KEY", "DD-APPLICATION-KEY", "Authorization", "X-Echo"} {
				if bytes.Contains(bytes.ToLower(content), []byte(strings.ToLower(word))) {
					t.Errorf("%s: the answer to %q holds %s", name, question, word)
				}
			}
		}
	}
}

// Whoever keeps the answer looks for secrets in its bytes, so what a server
// echoes in its body must stand there as it came.
func TestArchiveHoldsBodiesAsTheyCame(t *testing.T) {
	t.Parallel()
	d := newDrawer()
	const body = `{"data": [],  "error":null, "echo":"` + testAppKey + `", "odd":"<&>\u00e9 ` + "\xff" + `"}`
	if _, _, err := online(t, d, always(200, body)).SLOs(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(d.contents["slos"], []byte(body)) {
		t.Errorf("filed %q", d.contents["slos"])
	}
}

func TestDamagedTranscripts(t *testing.T) {
	t.Parallel()
	d := newDrawer()
	want, _, err := online(t, d, organisation(t)).SLOs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sound := d.contents["slos"]
	offlineOf := func(content []byte) ([]slo.Definition, error) {
		damaged := newDrawer()
		damaged.File("slos", content)
		client := offline(t, damaged)
		got, _, err := client.SLOs(t.Context())
		if _, ok := client.Archived(); ok != (err == nil) {
			t.Errorf("error %v, archived %v", err, ok)
		}
		return got, err
	}
	if got, err := offlineOf(sound); err != nil || len(got) != len(want) {
		t.Fatal(got, err)
	}
	head := bytes.IndexByte(sound, '\n')
	for n := range sound {
		if n > head+2 && n%29 != 0 && n < len(sound)-2 {
			continue
		}
		_, err := offlineOf(sound[:n])
		if err == nil {
			t.Fatalf("%d bytes of %d are taken for the whole", n, len(sound))
		}
		wantNotCached(t, err, "the cache has no listing of SLOs")
	}
	edit := func(old, new string) []byte {
		if !bytes.Contains(sound, []byte(old)) {
			t.Fatalf("%q is not in %q", old, sound)
		}
		return bytes.Replace(sound, []byte(old), []byte(new), 1)
	}
	const page2 = `offset=2","status":200`
	for what, content := range map[string][]byte{
		"more than it says": append(bytes.Clone(sound), ' '),
		"a later version":   edit(`"version":1`, `"version":2`),
		"no version":        edit(`"version":1,`, ``),
		"another question":  edit(`"question":"slos"`, `"question":"reported"`),
		"a failure":         edit(page2, `offset=2","status":500`),
		"a page is gone":    edit(page2, `offset=3","status":200`),
		"a page twice":      edit(page2, `offset=0","status":200`),
		"a negative length": edit(`"bytes":`, `"bytes":-`),
		"a huge length":     edit(`"bytes":`, `"bytes":9`),
		"no head":           []byte("\n"),
		"null":              []byte("null\n"),
		"a list":            []byte("[]\n"),
		"nothing in it":     []byte(`{"version":1,"question":"slos","replies":null}` + "\n"),
	} {
		_, err := offlineOf(content)
		if err == nil {
			t.Errorf("%s: no error", what)
			continue
		}
		wantNotCached(t, err, "the cache has no listing of SLOs")
	}
	// Its form is right, but the decoder refuses what is in it.
	for _, content := range [][]byte{edit(`{"data"`, `["data"`), edit(page2, `offset=2","status":404`)} {
		_, err := offlineOf(content)
		wantNotCached(t, err, "no listing of SLOs "+unreadable)
	}
}

func FuzzTranscript(f *testing.F) {
	d := newDrawer()
	client, err := datadog.New(datadog.Config{
		APIKey: testAPIKey, AppKey: testAppKey, Archive: d,
		Transport: inProcess{always(200, elements(2, 1, 2))},
	})
	if err != nil {
		f.Fatal(err)
	}
	if _, _, err := client.SLOs(f.Context()); err != nil {
		f.Fatal(err)
	}
	f.Add(d.contents["slos"])
	f.Fuzz(func(t *testing.T, content []byte) {
		d := newDrawer()
		d.File("slos", content)
		got, _, err := offline(t, d).SLOs(t.Context())
		if err != nil && (!errors.Is(err, datadog.ErrOffline) || got != nil) {
			t.Errorf("%d SLOs and the error %v", len(got), err)
		}
	})
}
