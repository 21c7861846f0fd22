package datadog_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/datadog"
	"github.com/slo-cli/slo/internal/datadog/transport"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// inPieces yields what is read in pieces of random sizes, sometimes of nothing,
// and the end sometimes together with the last of them.
type inPieces struct {
	rest   []byte
	random *rand.Rand
	most   int
	err    error
}

func (r *inPieces) Read(p []byte) (int, error) {
	n := copy(p[:min(len(p), r.random.IntN(r.most+1))], r.rest)
	r.rest = r.rest[n:]
	if len(r.rest) == 0 && r.random.IntN(2) == 0 {
		return n, r.err
	}
	return n, nil
}

// member is one member of an object; encoding/json itself would merge those of the same name.
type member struct {
	name string
	raw  json.RawMessage
}

func membersOf(raw json.RawMessage) (all []member, ok bool) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return nil, false
	}
	for decoder.More() {
		name, err := decoder.Token()
		var m member
		if err != nil || decoder.Decode(&m.raw) != nil {
			return nil, false
		}
		m.name = name.(string)
		all = append(all, m)
	}
	return all, true
}

// reference is what the answer says by a reading of its whole with encoding/json.
type reference struct {
	times []int64
	rows  []datadog.RowForTest
	kind  string
}

// refer reads an answer that does not complain.
func refer(body []byte) reference {
	body = bytes.Trim(body, " \t\r\n")
	if len(body) == 0 || body[0] != '{' || !json.Valid(body) {
		return reference{kind: "broken"}
	}
	// The numbers of what is passed over are read too, and out of range as anywhere.
	decoder := json.NewDecoder(bytes.NewReader(body))
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			break
		}
		if _, bad := token.(float64); err != nil || bad && math.IsInf(token.(float64), 0) {
			return reference{kind: "strange"}
		}
	}
	var r reference
	found := false
	top, _ := membersOf(body)
	for _, m := range top {
		if m.name != "data" {
			continue
		}
		data, ok := membersOf(m.raw)
		if !ok {
			return reference{kind: "strange"}
		}
		for _, m := range data {
			if m.name == "attributes" {
				if found = true; !r.attributes(m.raw) {
					return reference{kind: "strange"}
				}
			}
		}
	}
	if !found || slices.ContainsFunc(r.rows, func(row datadog.RowForTest) bool { return len(row.Values) != len(r.times) }) {
		return reference{kind: "strange"}
	}
	return r
}

func (r *reference) attributes(raw json.RawMessage) bool {
	attributes, ok := membersOf(raw)
	last := map[string][]json.RawMessage{}
	for _, m := range attributes {
		var list []json.RawMessage
		if slices.Contains([]string{"series", "times", "values"}, m.name) {
			if json.Unmarshal(m.raw, &list) != nil || list == nil {
				return false
			}
			last[m.name] = list
			if !r.list(m.name, list) { // an odd one counts, even if another follows
				return false
			}
		}
	}
	if !ok || len(last) != 3 || len(last["series"]) != len(last["values"]) {
		return false
	}
	*r = reference{}
	return r.list("times", last["times"]) && r.list("series", last["series"]) && r.list("values", last["values"])
}

func (r *reference) list(name string, list []json.RawMessage) bool {
	for i, raw := range list {
		switch name {
		case "times":
			t, err := strconv.ParseFloat(string(raw), 64)
			if err != nil || t < 0 || t > 1e15 || t != math.Trunc(t) {
				return false
			}
			r.times = append(r.times, int64(t))
		case "series":
			row := datadog.RowForTest{Query: -1}
			fields, ok := membersOf(raw)
			for _, f := range fields {
				switch f.name {
				case "group_tags":
					var tags []*string
					if json.Unmarshal(f.raw, &tags) != nil || slices.Contains(tags, nil) {
						return false
					}
					row.Tags = nil
					for _, tag := range tags {
						row.Tags = append(row.Tags, *tag)
					}
				case "query_index":
					q, err := strconv.ParseFloat(string(f.raw), 64)
					if err != nil || q < 0 || q > 1e6 || q != math.Trunc(q) {
						return false
					}
					row.Query = int(q)
				}
			}
			if !ok || row.Query < 0 {
				return false
			}
			r.rows = append(r.rows, row)
		case "values":
			var cells []json.RawMessage
			if json.Unmarshal(raw, &cells) != nil || cells == nil {
				return false
			}
			values := make([]float64, len(cells))
			for n, cell := range cells {
				v, err := strconv.ParseFloat(string(cell), 64)
				if string(cell) == "null" {
					v, err = timeseries.Missing, nil
				}
				if err != nil {
					return false
				}
				values[n] = v
			}
			if i < len(r.rows) {
				r.rows[i].Values = values
			}
		}
	}
	return true
}

// sameAsWhole reads the body in pieces and compares: with the reading of the
// whole, bit for bit and word for word, and with encoding/json.
func sameAsWhole(t interface{ Fatalf(string, ...any) }, body []byte, most int, seed uint64) {
	wantTimes, wantRows, wantKind, wantErr := datadog.ReadSeriesForTest(bytes.NewReader(body))
	pieces := &inPieces{rest: body, random: rand.New(rand.NewPCG(seed, 0)), most: most, err: io.EOF}
	times, rows, kind, err := datadog.ReadSeriesForTest(pieces)
	if kind != wantKind || fmt.Sprint(err) != fmt.Sprint(wantErr) {
		t.Fatalf("in pieces: %s, %v; whole: %s, %v\n%q", kind, err, wantKind, wantErr, body)
	}
	bits := cmp.Comparer(func(a, b float64) bool {
		return math.Float64bits(a) == math.Float64bits(b) || timeseries.IsMissing(a) && timeseries.IsMissing(b)
	})
	if diff := cmp.Diff(wantTimes, times) + cmp.Diff(wantRows, rows, bits); diff != "" {
		t.Fatalf("in pieces (-whole +pieces)\n%s\n%q", diff, body)
	}
	if kind == "complaint" {
		return
	}
	want := refer(body)
	if kind != want.kind {
		t.Fatalf("%q, %v; encoding/json says %q\n%q", kind, err, want.kind, body)
	}
	if diff := cmp.Diff(want.times, times, cmpopts.EquateEmpty()) + cmp.Diff(want.rows, rows, bits, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("(-encoding/json +ours)\n%s\n%q", diff, body)
	}
}

// drawnAnswer is an answer of any order, with odd things in odd places.
type drawnAnswer struct{ *rapid.T }

func (d drawnAnswer) rarely(label string) bool { return rapid.IntRange(0, 30).Draw(d.T, label) == 30 }

func (d drawnAnswer) space() string {
	return rapid.SampledFrom([]string{"", "", "", " ", "\n\t", "\r\n  "}).Draw(d.T, "space")
}

func (d drawnAnswer) text() string {
	if d.rarely("raw text") {
		return rapid.SampledFrom([]string{`"\u00e9\ud83d\ude00"`, `"\ud800"`, "\"\xff\"", `"\x"`, "\"\t\"", `"\u12"`, `"a\\\"b"`, `"` + strings.Repeat("long ", 3000) + `"`}).Draw(d.T, "odd text")
	}
	b, _ := json.Marshal(rapid.StringN(0, 12, -1).Draw(d.T, "text"))
	return string(b)
}

func (d drawnAnswer) number() string {
	f := rapid.Float64().Draw(d.T, "float")
	switch rapid.IntRange(0, 8).Draw(d.T, "notation") {
	case 0:
		return strconv.FormatFloat(f, 'e', -1, 64)
	case 1:
		return strconv.FormatFloat(math.Mod(f, 1e9), 'f', rapid.IntRange(0, 25).Draw(d.T, "decimals"), 64)
	case 2:
		return strconv.FormatFloat(f, 'f', -1, 64) // up to three hundred digits
	case 3:
		return "null"
	default:
		return strconv.Itoa(rapid.IntRange(-1000, 1_000_000).Draw(d.T, "integer"))
	}
}

// any is a value that does not belong where it stands.
func (d drawnAnswer) any(depth int) string {
	switch n := rapid.IntRange(0, 8).Draw(d.T, "kind"); {
	case n < 2 && depth < 3:
		return d.list(rapid.IntRange(0, 3).Draw(d.T, "length"), func(int) string { return d.any(depth + 1) })
	case n < 4 && depth < 3:
		return d.object(d.text(), d.any(depth+1), `"x"`, d.any(depth+1))
	case n == 4:
		return rapid.SampledFrom([]string{"true", "false", "null", "1e400", "-1e-400", "01", "nul", "tru", ".5", "NaN"}).Draw(d.T, "word")
	case n == 5:
		return d.number()
	default:
		return d.text()
	}
}

func (d drawnAnswer) list(n int, element func(int) string) string {
	elements := make([]string, n)
	for i := range elements {
		if elements[i] = d.space() + element(i) + d.space(); d.rarely("odd element") {
			elements[i] = d.any(1)
		}
	}
	return "[" + strings.Join(elements, ",") + "]"
}

// object is of the pairs in any order, perhaps with some twice and others between.
func (d drawnAnswer) object(pairs ...string) string {
	var members []string
	for i := 0; i+1 < len(pairs); i += 2 {
		members = append(members, d.space()+pairs[i]+d.space()+":"+d.space()+pairs[i+1]+d.space())
	}
	if d.rarely("extra") {
		members = append(members, d.text()+":"+d.any(0))
	}
	if d.rarely("twice") {
		members = append(members, rapid.SampledFrom(members).Draw(d.T, "member"))
	}
	if d.rarely("lost") {
		members = members[1:]
	}
	return "{" + strings.Join(rapid.Permutation(members).Draw(d.T, "order"), ",") + "}"
}

func (d drawnAnswer) body() []byte {
	rows, columns := rapid.IntRange(0, 4).Draw(d.T, "rows"), rapid.IntRange(0, 6).Draw(d.T, "columns")
	attributes := func() string {
		return d.object(
			`"series"`, d.list(rows, func(int) string {
				return d.object(`"query_index"`, strconv.Itoa(rapid.IntRange(0, 3).Draw(d.T, "query")), `"group_tags"`, d.list(rapid.IntRange(0, 2).Draw(d.T, "tags"), func(int) string { return d.text() }))
			}),
			`"times"`, d.list(columns, func(i int) string { return strconv.Itoa(i * 60_000) }),
			`"values"`, d.list(rows, func(int) string { return d.list(columns, func(int) string { return d.number() }) }))
	}
	top := []string{`"data"`, d.object(`"attributes"`, attributes(), `"type"`, `"timeseries_response"`)}
	if rapid.IntRange(0, 9).Draw(d.T, "errors") == 0 {
		top = append(top, rapid.SampledFrom([]string{`"errors"`, `"error"`, `"Errors"`, `"status"`, `"message"`}).Draw(d.T, "complaint"), d.any(1))
	}
	body := []byte(d.space() + d.object(top...) + d.space())
	switch rapid.IntRange(0, 20).Draw(d.T, "damage") {
	case 0:
		return body[:rapid.IntRange(0, len(body)).Draw(d.T, "cut")]
	case 1:
		body[rapid.IntRange(0, len(body)-1).Draw(d.T, "where")] = rapid.Byte().Draw(d.T, "byte")
	case 2:
		return append(body, rapid.SampledFrom([]string{"x", "{}", "\x00", "\x00{}", "null", ",", "}", "]"}).Draw(d.T, "trailing")...)
	case 3:
		return append([]byte(rapid.SampledFrom([]string{"\ufeff", "[", "null", "<html>", "0"}).Draw(d.T, "leading")), body...)
	}
	return body
}

func TestAnswerInPiecesIsReadLikeTheWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		body := drawnAnswer{t}.body()
		most := rapid.SampledFrom([]int{1, 2, 7, 64, 1000, 1 << 20}).Draw(t, "most")
		sameAsWhole(t, body, most, rapid.Uint64().Draw(t, "seed"))
	})
}

func FuzzSeriesInPieces(f *testing.F) {
	f.Add([]byte(fixture(f, "v2/timeseries.json")), uint64(1))
	f.Add([]byte(attributes(`[{"query_index":0,"group_tags":["a\u0000"]}]`, `[300000,300000]`, `[[1,1e400]]`)+"\x00"), uint64(2))
	f.Fuzz(func(t *testing.T, body []byte, seed uint64) {
		if len(body) < 1<<16 {
			sameAsWhole(t, body, 1+int(seed%100), seed)
		}
	})
}

// The edge of the window falls on every byte of an answer in turn.
func TestEveryByteOnTheEdgeOfTheWindow(t *testing.T) {
	t.Parallel()
	answer := attributes(`[{"query_index":0,"group_tags":["a:\u00e9\\","b"],"unit":[null,true,"\u00e9\n"]}]`, `[60000,1.2e5]`, `[[-1.25e-3,null]]`)
	answer = strings.TrimSuffix(answer, "}") + `,"meta":{"x":[false,0.30000000000000004]}}`
	for i := range len(answer) + 2 {
		sameAsWhole(t, []byte(strings.Repeat(" ", 64<<10-i)+answer), 1<<20, 1)
	}
}

func TestLongTokens(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"number":  attributes(`[{"query_index":0}]`, `[0]`, `[[0.`+strings.Repeat("1234567890", 30_000)+`]]`),
		"zeros":   attributes(`[{"query_index":0}]`, `[0]`, `[[`+strings.Repeat("0", 300_000)+`]]`),
		"tag":     attributes(`[{"query_index":0,"group_tags":["`+strings.Repeat(`\u00e9x`, 50_000)+`"]}]`, `[0]`, `[[1]]`),
		"skipped": `{"meta":"` + strings.Repeat(`\u00e9x`, 50_000) + `",` + attributes(`[{"query_index":0}]`, `[0]`, `[[1]]`)[1:],
		"space":   strings.Repeat(" ", 300_000) + attributes(`[{"query_index":0}]`, `[0]`, `[[1]]`) + strings.Repeat("\n", 300_000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, most := range []int{1, 5000, 1 << 20} {
				sameAsWhole(t, []byte(body), most, 3)
			}
		})
	}
}

func TestWhatIsPassedOverMustBeJSON(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		`"\u12x4"`, `"\u+123"`, `"\u00e9"`, `"\uD800"`, `"\q"`, `"\`, "\"\x1f\"", "\"\x7f\xff\"", `'x'`, `01`, `1.`, `1e400`, `-`, `nul`, `nulll`, `True`, `[1,]`, `[,1]`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{a:1}`, `{1:2}`, ``,
	} {
		sameAsWhole(t, []byte(`{"meta":`+value+`,`+attributes(`[]`, `[]`, `[]`)[1:]), 3, 1)
	}
}

func TestNestingIsBoundedAsInEncodingJSON(t *testing.T) {
	t.Parallel()
	for _, deep := range []int{9_999, 10_000, 10_001} {
		for _, brackets := range []string{"[]", "{}"} {
			open, closing := strings.Repeat("[", deep-1), strings.Repeat("]", deep-1)
			if brackets == "{}" {
				open, closing = strings.Repeat(`{"x":`, deep-1)+"1", strings.Repeat("}", deep-1)
			}
			body := `{"meta":` + open + closing + `,` + attributes(`[]`, `[]`, `[]`)[1:]
			sameAsWhole(t, []byte(body), 1000, 1)
		}
	}
}

func TestStreamThatFailsIsNoAnswer(t *testing.T) {
	t.Parallel()
	body := []byte(attributes(`[{"query_index":0}]`, `[60000]`, `[[12]]`) + " ")
	broken := errors.New("the network is gone")
	for cut := range len(body) + 1 {
		pieces := &inPieces{rest: body[:cut], random: rand.New(rand.NewPCG(1, uint64(cut))), most: 7, err: broken}
		if times, rows, kind, err := datadog.ReadSeriesForTest(pieces); times != nil || rows != nil || kind != "unread" || !errors.Is(err, broken) {
			t.Errorf("cut at %d: %v, %v, %s, %v", cut, times, rows, kind, err)
		}
	}
	if _, _, _, err := datadog.ReadSeriesForTest(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	silent := &inPieces{random: rand.New(rand.NewPCG(1, 1)), most: 7}
	if _, _, kind, err := datadog.ReadSeriesForTest(silent); err == nil || kind == "" {
		t.Errorf("a stream that says nothing forever: %v", err)
	}
}

// What an answer says of itself is at the end of a body that was let go of long ago.
func TestWhatALargeAnswerSaysAtItsEnd(t *testing.T) {
	t.Parallel()
	long := "[" + strings.Repeat("1,", 200_000) + "1]"
	good := strings.TrimSuffix(attributes(`[]`, `[]`, `[]`), "}") + `,"meta":` + long
	odd := strings.TrimSuffix(attributes(`[]`, `[]`, `["odd"]`), "}") + `,"meta":` + long
	for _, tt := range []struct {
		name, body string
		kind       slo.DefectKind
		word       string
	}{
		{"errors beside data", good + `,"errors":["first","second"]}`, slo.Invalid, "Datadog reports an error: first; second"},
		{"status alone", good + `,"status":"error"}`, slo.Invalid, "status error"},
		{"errors without end", good + `,"errors":["` + strings.Repeat("many words ", 100_000) + `"]}`, slo.Invalid, "many words many words"},
		{"errors after odd data", odd + `,"errors":["said"]}`, slo.Invalid, "said"},
		{"odd data", odd + `}`, slo.Invalid, `found '"'`},
		{"odd data in what is no JSON", odd + `]`, slo.Unavailable, "not JSON"},
		{"errors in what is no JSON", good + `,"errors":["said"]`, slo.Unavailable, "not JSON"},
		{"trailing garbage", good + `}` + long, slo.Unavailable, "not JSON"},
		{"a large page", "<html>" + long, slo.Unavailable, "not JSON (a proxy or login page?)"},
		{"nothing but space", strings.Repeat(" \n", 200_000), slo.Unavailable, "is empty"},
		{"null after space", strings.Repeat(" \n", 200_000) + "null", slo.Unavailable, "is null"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client, _ := connect(t, always(200, tt.body))
			got, err := client.Series(t.Context(), request("a"))
			if err == nil && len(got) == 1 {
				err = got[0].Err
			}
			wantDefect(t, err, tt.kind, tt.word)
			if len(err.Error()) > 500 {
				t.Errorf("a message of %d bytes", len(err.Error()))
			}
		})
	}
}

// A body that breaks off has shown numbers already; those of the next attempt count.
func TestSeriesThatBreakOffAreAskedForAgain(t *testing.T) {
	t.Parallel()
	body := func(value string) string {
		return attributes(`[{"query_index":0}]`, `[1711976400000]`, `[[`+value+`]]`)
	}
	packed := func(s string) []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		io.WriteString(z, s)
		z.Close()
		return b.Bytes()
	}
	for name, breakOff := range map[string]func(w http.ResponseWriter){
		"before the end": func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "1000")
			io.WriteString(w, body("666"))
		},
		"amid a number": func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "1000")
			whole := body("666")
			io.WriteString(w, whole[:strings.Index(whole, "666")+1])
		},
		"behind the checksum": func(w http.ResponseWriter) {
			w.Header().Set("Content-Encoding", "gzip")
			z := packed(body("666"))
			z[len(z)-5] ^= 1
			w.Write(z)
		},
		"without a checksum": func(w http.ResponseWriter) {
			w.Header().Set("Content-Encoding", "gzip")
			z := packed(body("666"))
			w.Write(z[:len(z)-8])
		},
		"on a page that is no answer": func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "1000")
			io.WriteString(w, "<html>")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int64
			client := onLoopback(t, transport.Config{Random: func() float64 { return 0 }}, func(w http.ResponseWriter, r *http.Request) {
				if calls.Add(1) < 3 {
					breakOff(w)
					return
				}
				w.Header().Set("Content-Encoding", "gzip")
				w.Write(packed(body("7")))
			})
			got, err := client.Series(t.Context(), request("a"))
			if err != nil || got[0].Err != nil || len(got[0].Groups) != 1 || got[0].Groups[0].Series.Values[0] != 7 {
				t.Errorf("%+v, %v", got, err)
			}
			if calls.Load() != 3 || client.Counts()[datadog.Retries] != 2 {
				t.Errorf("%d calls, %d retries", calls.Load(), client.Counts()[datadog.Retries])
			}
		})
	}
}

// endless is an answer of one row without end that is always there at once.
type endless struct {
	started bool
	then    func()
}

func (e *endless) Read(p []byte) (int, error) {
	if !e.started {
		e.started = true
		return copy(p, `{"data":{"attributes":{"series":[{"query_index":0}],"times":[],"values":[[1`), nil
	}
	if e.then != nil {
		e.then()
	}
	for i := range p {
		p[i] = '1'
		if i%2 == 0 {
			p[i] = ','
		}
	}
	return len(p) &^ 1, nil
}

func (*endless) Close() error { return nil }

// answering is a server whose answer is a body of this process.
type answering func(*http.Request) io.ReadCloser

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{}, ContentLength: -1, Request: r, Body: a(r)}, nil
}

func TestCancellationWhileSeriesAreDecoded(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	reads := 0
	client := clientOf(t, datadog.Config{APIKey: testAPIKey, AppKey: testAppKey, Transport: transport.New(transport.Config{
		Base: answering(func(*http.Request) io.ReadCloser {
			return &endless{then: func() {
				if reads++; reads == 3 {
					cancel()
				}
			}}
		}),
	})})
	if got, err := client.Series(ctx, request("a")); got != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v", got, err)
	}
	if reads != 3 {
		t.Errorf("%d reads, want none after the cancellation in the third", reads)
	}
}

func TestSeriesWithoutEndAreCutAtTheLimit(t *testing.T) {
	t.Parallel()
	client := clientOf(t, datadog.Config{APIKey: testAPIKey, AppKey: testAppKey, Transport: transport.New(transport.Config{
		Base:    answering(func(*http.Request) io.ReadCloser { return &endless{} }),
		MaxBody: 1 << 20,
	})})
	got, err := client.Series(t.Context(), request("a"))
	if err != nil {
		t.Fatal(err)
	}
	wantDefect(t, got[0].Err, slo.Unavailable, "1 MiB", "fewer tags")
	if n := client.Counts(); n[datadog.CallSeries] != 1 || n[datadog.Retries] != 0 {
		t.Errorf("it was asked for again: %v", n)
	}
}

func TestAnswersThatAreNoneByteByByte(t *testing.T) {
	t.Parallel()
	for body, word := range map[string]string{"": "is empty", " ": "is empty", " null\n": "is null", "nul": "not JSON", "nullify": "not JSON", "\ufeff{}": "not JSON"} {
		client := clientOf(t, datadog.Config{APIKey: testAPIKey, AppKey: testAppKey, Transport: transport.New(transport.Config{
			Base: answering(func(*http.Request) io.ReadCloser { return io.NopCloser(iotest.OneByteReader(strings.NewReader(body))) }),
		})})
		_, err := client.Series(t.Context(), request("a"))
		wantDefect(t, err, slo.Unavailable, word)
	}
}

// A transport that knows nothing of streams hands over the body as ever.
func TestSeriesOverAnotherTransport(t *testing.T) {
	t.Parallel()
	client := clientOf(t, datadog.Config{APIKey: testAPIKey, AppKey: testAppKey, Transport: answering(func(*http.Request) io.ReadCloser {
		return io.NopCloser(strings.NewReader(attributes(`[{"query_index":0}]`, `[1711976400000]`, `[[7]]`)))
	})})
	got, err := client.Series(t.Context(), request("a"))
	if err != nil || got[0].Err != nil || got[0].Groups[0].Series.Values[0] != 7 {
		t.Errorf("%+v, %v", got, err)
	}
}

// What an answer costs is its points: its text is never held as a whole.
func TestMemoryDoesNotGrowWithTheText(t *testing.T) {
	// Not parallel: what other tests allocate must not count.
	const size = 8 << 20
	pad := strings.Repeat(" \n", size/2)
	body := strings.TrimSuffix(attributes(`[{"query_index":0}]`, `[1711976400000]`+pad, `[[7]]`), "}") + `,"meta":["` + strings.Repeat("x", size) + `"]}`
	client := clientOf(t, datadog.Config{APIKey: testAPIKey, AppKey: testAppKey, Transport: transport.New(transport.Config{Base: fromMemory(body)})})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got, err := client.Series(t.Context(), request("a"))
	runtime.ReadMemStats(&after)
	if err != nil || got[0].Err != nil || got[0].Groups[0].Series.Values[0] != 7 {
		t.Fatalf("%+v, %v", got, err)
	}
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 1<<20 {
		t.Errorf("%d KiB allocated for one point in %d MiB of text", allocated>>10, len(body)>>20)
	}
}
