package datadog_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/DataDog/datadog-api-client-go/v2/api/datadogV1"

	"github.com/slo-cli/slo/internal/datadog"
	"github.com/slo-cli/slo/internal/datadog/transport"
	"github.com/slo-cli/slo/pkg/timeseries"
)

const benchPoints, benchSeries = 1500, 100

// synthetic is the same points as an answer of the v2 endpoint, which we use,
// and of the v1 endpoint, for which the core of the official client has a
// model: 2 % nulls, a third counts, two thirds doubles of full precision.
func synthetic() (v2, v1 string) {
	random := rand.New(rand.NewPCG(1, 2))
	var times, rows, series2, series1 []string
	for i := range benchPoints {
		times = append(times, fmt.Sprint(int64(1711929600+300*i)*1000))
	}
	for s := range benchSeries {
		var row, list []string
		for i := range benchPoints {
			value := fmt.Sprint(random.IntN(100_000))
			if s%3 != 0 {
				value = fmt.Sprint(random.Float64() * 100)
			}
			if random.IntN(50) == 0 {
				value = "null"
			}
			row = append(row, value)
			list = append(list, "["+times[i]+".0,"+value+"]")
		}
		rows = append(rows, "["+strings.Join(row, ",")+"]")
		series2 = append(series2, fmt.Sprintf(`{"group_tags":["resource_name:r%d"],"query_index":0,"unit":null}`, s))
		series1 = append(series1, fmt.Sprintf(`{"metric":"m","tag_set":["resource_name:r%d"],"scope":"resource_name:r%d","aggr":"sum","expression":"sum:m{resource_name:r%d}",`+
			`"query_index":0,"interval":300,"length":%d,"start":%s,"end":%s,"display_name":"m","unit":null,"pointlist":[%s]}`,
			s, s, s, benchPoints, times[0], times[benchPoints-1], strings.Join(list, ",")))
	}
	v2 = attributes("["+strings.Join(series2, ",")+"]", "["+strings.Join(times, ",")+"]", "["+strings.Join(rows, ",")+"]")
	v1 = `{"status":"ok","res_type":"time_series","resp_version":1,"query":"sum:m{*}","from_date":1,"to_date":2,"message":"","group_by":["resource_name"],"series":[` + strings.Join(series1, ",") + "]}"
	return v2, v1
}

func BenchmarkDecode(b *testing.B) {
	v2, v1 := synthetic()
	perPoint := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(benchPoints*benchSeries), "ns/pt")
	}
	b.Run("decoder=ours", func(b *testing.B) {
		body := []byte(v2)
		b.ReportAllocs()
		for b.Loop() {
			if times, rows, err := datadog.DecodeSeriesForTest(body); err != nil || len(times) != benchPoints || len(rows) != benchSeries {
				b.Fatal(len(times), len(rows), err)
			}
		}
		perPoint(b)
	})
	b.Run("decoder=generated-v1", func(b *testing.B) {
		body := []byte(v1)
		b.ReportAllocs()
		for b.Loop() {
			var resp datadogV1.MetricsQueryResponse
			if err := json.Unmarshal(body, &resp); err != nil || len(resp.Series) != benchSeries || resp.UnparsedObject != nil {
				b.Fatal(len(resp.Series), err)
			}
		}
		perPoint(b)
	})
}

// TestDecodeAllocatesByRowNotByPoint holds the property that makes the decoder
// fast; time itself is measured by the benchmark alone.
func TestDecodeAllocatesByRowNotByPoint(t *testing.T) {
	v2, _ := synthetic()
	body := []byte(v2)
	allocations := testing.AllocsPerRun(1, func() {
		if _, _, err := datadog.DecodeSeriesForTest(body); err != nil {
			t.Fatal(err)
		}
	})
	if allocations > 20*benchSeries {
		t.Errorf("%v allocations for %d series of %d points", allocations, benchSeries, benchPoints)
	}
}

// ofADay is a day of minutes of 25 queries by 40 groups, as it comes from the wire.
func ofADay() (req timeseries.Request, body string) {
	const queries, groups, points = 25, 40, 1440
	req = timeseries.Request{Span: timeseries.Span{Start: 1711929600, End: 1711929600 + 60*points}, Step: 60}
	random := rand.New(rand.NewPCG(3, 4))
	var times, series, rows []string
	for i := range points {
		times = append(times, fmt.Sprint((req.Span.Start+int64(60*i))*1000))
	}
	for q := range queries {
		req.Queries = append(req.Queries, fmt.Sprintf("sum:m%d{*} by {g}.as_count()", q))
		for g := range groups {
			series = append(series, fmt.Sprintf(`{"group_tags":["g:%d"],"query_index":%d,"unit":null}`, g, q))
			row := make([]string, points)
			for i := range row {
				row[i] = fmt.Sprint(random.Float64() * 100)
			}
			rows = append(rows, "["+strings.Join(row, ",")+"]")
		}
	}
	return req, attributes("["+strings.Join(series, ",")+"]", "["+strings.Join(times, ",")+"]", "["+strings.Join(rows, ",")+"]")
}

// fromMemory answers every request with the same body, without a copy of it.
type fromMemory string

func (m fromMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{}, ContentLength: -1, Request: r, Body: io.NopCloser(strings.NewReader(string(m)))}, nil
}

// BenchmarkSeries is a whole question, from the connection to the grid: what it
// allocates beyond the points is what it costs to read the body.
func BenchmarkSeries(b *testing.B) {
	req, body := ofADay()
	client, err := datadog.New(datadog.Config{APIKey: testAPIKey, AppKey: testAppKey, Transport: transport.New(transport.Config{Base: fromMemory(body)})})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if got, err := client.Series(b.Context(), req); err != nil || len(got) != 25 || got[24].Err != nil || len(got[24].Groups) != 40 {
			b.Fatal(len(got), err)
		}
	}
}
