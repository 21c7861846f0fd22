package datadog_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/slo-cli/slo/internal/datadog"
	"github.com/slo-cli/slo/internal/datadog/transport"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// The second half of the known pitfalls: answers that arrive and mislead.

func TestUnsolicitedZstdIsNotJSON(t *testing.T) {
	t.Parallel()
	client := onLoopback(t, transport.Config{}, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Accept-Encoding"); got != "gzip" {
			t.Errorf("Accept-Encoding: %q", got)
		}
		w.Header().Set("Content-Encoding", "zstd")
		w.Write([]byte{0x28, 0xb5, 0x2f, 0xfd, 0, 1, 2})
	})
	_, _, err := client.SLOs(t.Context())
	wantDefect(t, err, slo.Unavailable, "not JSON")
}

func TestSuccessWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	for body, word := range map[string]string{
		"":                           "is empty",
		" \n":                        "is empty",
		"null":                       "is null",
		"<html>Log in</html>":        "not JSON (a proxy or login page?)",
		"\ufeff" + oneSLO:            "not JSON",
		oneSLO + "trailing":          "not JSON",
		oneSLO[:40]:                  "not JSON",
		"[" + oneSLO + "]":           "not JSON",
		strings.Repeat("[", 100_000): "not JSON",
		`{"a":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + "}": "not JSON",
	} {
		client, server := connect(t, always(200, body))
		_, _, err := client.SLOs(t.Context())
		wantDefect(t, err, slo.Unavailable, "listing the SLOs", word)
		_, err = client.Corrections(t.Context())
		wantDefect(t, err, slo.Unavailable, word)
		_, err = client.MetricType(t.Context(), "m")
		wantDefect(t, err, slo.Unavailable, word)
		_, err = client.Series(t.Context(), request("a", "b"))
		wantDefect(t, err, slo.Unavailable, word)
		if server.calls() != 6 { // the two halves of the series request, before it is called an outage
			t.Errorf("%.20q: %d calls", body, server.calls())
		}
	}
}

func TestErrorInsideASuccess(t *testing.T) {
	t.Parallel()
	for body, word := range map[string]string{
		`{"status":"error","error":"the query is broken"}`: "the query is broken",
		`{"status":"error"}`:                    "status error",
		`{"errors":["first","second"]}`:         "first; second",
		`{"data":null,"errors":"just a text"}`:  "just a text",
		`{"errors":[{"title":"T","detail":7}]}`: "T",
	} {
		client, _ := connect(t, always(200, body))
		_, _, err := client.SLOs(t.Context())
		wantDefect(t, err, slo.Invalid, word)
		_, err = client.MetricType(t.Context(), "m")
		wantDefect(t, err, slo.Invalid, word)
		got, err := client.Series(t.Context(), request("a"))
		if err != nil {
			t.Fatal(err)
		}
		wantDefect(t, got[0].Err, slo.Invalid, word)
	}
}

func TestErrorTextsOfFailures(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status int
		body   string
		kind   slo.DefectKind
		words  []string
	}{
		{400, fixture(t, "v1/error_400.json"), slo.Invalid, []string{"HTTP 400 Bad Request", "invalid from 123 or to 12"}},
		{403, fixture(t, "v1/error_403.json"), slo.Auth, []string{"Forbidden", "slos_read", "slo doctor"}},
		{401, `{"errors":["Unauthorized"]}`, slo.Auth, []string{"HTTP 401", "DD_API_KEY", "--site"}},
		{404, fixture(t, "v1/error_404.json"), slo.Invalid, []string{"id not found"}},
		{422, fixture(t, "v2/error_422.json"), slo.Invalid, []string{"Invalid Argument: the query cannot be parsed"}},
		{403, `<html>blocked</html>`, slo.Auth, []string{"HTTP 403 Forbidden"}},
		{400, `plain text`, slo.Invalid, []string{"plain text"}},
		{400, `{"message":"of a gateway"}`, slo.Invalid, []string{"of a gateway"}},
		{400, ``, slo.Invalid, []string{"HTTP 400"}},
		{418, `null`, slo.Invalid, []string{"HTTP 418"}},
		{400, `{"errors":[null,{},[],"the real one"]}`, slo.Invalid, []string{"the real one"}},
		{400, strings.Repeat("k", 185) + testAPIKey, slo.Invalid, []string{"kkk[redacted]"}},
		{400, `{"errors":["your key is ` + testAPIKey + `"]}`, slo.Invalid, []string{"[redacted]"}},
	} {
		client, _ := connect(t, always(tt.status, tt.body))
		_, _, err := client.SLOs(t.Context())
		wantDefect(t, err, tt.kind, tt.words...)
		if strings.Contains(err.Error(), testAPIKey[:10]) {
			t.Errorf("a part of the key in %q", err)
		}
		if strings.Contains(err.Error(), "<") {
			t.Errorf("markup in %q", err)
		}
	}
	client, _ := connect(t, always(400, `{"errors":["\u001b[2Jclear\u0007\r\n\u202egnp.exe `+strings.Repeat("long ", 500)+`"]}`))
	_, _, err := client.SLOs(t.Context())
	if strings.ContainsAny(err.Error(), "\x1b\x07\r\n\u202e") || len(err.Error()) > 500 {
		t.Errorf("%d bytes: %q", len(err.Error()), err)
	}
}

func TestHugeBody(t *testing.T) {
	t.Parallel()
	client := onLoopback(t, transport.Config{MaxBody: 1 << 20}, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"data":[`)
		for {
			if _, err := io.WriteString(w, strings.Repeat(" ", 1<<16)); err != nil {
				return
			}
		}
	})
	_, _, err := client.SLOs(t.Context())
	wantDefect(t, err, slo.Unavailable, "1 MiB")
	if client.Counts()[datadog.Retries] != 0 {
		t.Error("it was asked for again")
	}
}

func TestOneBadElementInAList(t *testing.T) {
	t.Parallel()
	element := strings.TrimSuffix(strings.TrimPrefix(oneSLO, `{"data":[`), `],"error":null}`)
	for _, bad := range []string{`null`, `7`, `"text"`, `[]`, `{}`, strings.Replace(element, `"name":"n",`, ``, 1), strings.Replace(element, `"n"`, `null`, 1)} {
		client, _ := connect(t, always(200, `{"data":[`+bad+`,`+strings.Replace(element, `"1"`, `"2"`, 1)+`]}`))
		got, _, err := client.SLOs(t.Context())
		if err != nil || len(got) != 2 || got[1].Defect != nil || got[1].ID != "2" {
			t.Errorf("%s: %+v, %v", bad, got, err)
			continue
		}
		if got[0].Name == "" || got[0].Defect == nil && len(got[0].Notes) == 0 {
			t.Errorf("%s: neither a defect nor a note: %+v", bad, got[0])
		}
	}
}

func TestUnknownEnums(t *testing.T) {
	t.Parallel()
	client, _ := connect(t, always(200, strings.NewReplacer(`"metric"`, `"quantum"`).Replace(oneSLO)))
	got, _, err := client.SLOs(t.Context())
	if err != nil || got[0].Defect == nil || got[0].Defect.Kind != slo.Unsupported || !strings.Contains(got[0].Defect.Message, "quantum") {
		t.Errorf("%+v, %v", got, err)
	}
	client, _ = connect(t, always(200, strings.Replace(oneSLO, `"thresholds":[`, `"thresholds":[{"timeframe":"fortnight","target":98},`, 1)))
	got, _, err = client.SLOs(t.Context())
	if err != nil || got[0].Defect != nil || len(got[0].Objectives) != 1 || got[0].Notes[0].Code != "unknown_timeframe" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestWrongScalarForms(t *testing.T) {
	t.Parallel()
	for form, want := range map[string]int64{"1.7e9": 1700000000, "1700000000.0": 1700000000, "1.7e12": 1700000000, `"1700000000"`: 1700000000, "null": 0, `"soon"`: 0, "{}": 0, "-5": 0, "1e300": 0} {
		client, _ := connect(t, always(200, strings.Replace(oneSLO, `"name"`, `"created_at":`+form+`,"name"`, 1)))
		got, _, err := client.SLOs(t.Context())
		if err != nil || got[0].Defect != nil {
			t.Errorf("%s: %+v, %v", form, got, err)
			continue
		}
		if c := got[0].Created; want == 0 && !c.IsZero() || want != 0 && c.Unix() != want {
			t.Errorf("%s is read as %s", form, c)
		}
	}
}

func TestNullIsMissingNotZero(t *testing.T) {
	t.Parallel()
	client, _ := connect(t, always(200, attributes(`[{"query_index":0}]`, `[1711976400000,1711976700000]`, `[[null,0]]`)))
	got, err := client.Series(t.Context(), request("q"))
	if err != nil {
		t.Fatal(err)
	}
	if v := got[0].Groups[0].Series.Values; !timeseries.IsMissing(v[0]) || v[1] != 0 || !timeseries.IsMissing(v[2]) {
		t.Errorf("values %v", v)
	}
}

func TestGarbageOfOneQueryIsItsOwn(t *testing.T) {
	t.Parallel()
	client, server := connect(t, func(w http.ResponseWriter, r *http.Request) {
		a := readQuestion(t, r).Data.Attributes
		var series, values []string
		for i, q := range a.Queries {
			series, values = append(series, fmt.Sprintf(`{"query_index":%d}`, i)), append(values, "["+q.Query+"]")
		}
		io.WriteString(w, attributes("["+strings.Join(series, ",")+"]", "[1711976400000]", "["+strings.Join(values, ",")+"]"))
	})
	got, err := client.Series(t.Context(), request("1", "1e400", "3"))
	if err != nil {
		t.Fatal(err)
	}
	if got[0].Err != nil || got[2].Err != nil || server.calls() > 5 {
		t.Errorf("%+v after %d calls", got, server.calls())
	}
	wantDefect(t, got[1].Err, slo.Invalid, "querying 1e400", "out of range")
}

func TestExtraDuplicateAndCaseVariantFields(t *testing.T) {
	t.Parallel()
	client, _ := connect(t, always(200, strings.Replace(oneSLO, `"name":"n"`, `"restricted_roles":[{"x":1}],"name":"first","NAME":"last"`, 1)))
	got, _, err := client.SLOs(t.Context())
	if err != nil || got[0].Defect != nil || got[0].Name != "last" {
		t.Errorf("%+v, %v", got, err)
	}
}
