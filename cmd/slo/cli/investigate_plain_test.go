package cli_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"
)

// plain asks Datadog in the simplest way there is, one query at a time, so that
// figures can be worked out by another route than that of slo.
type plain struct {
	url string
	// known are sums that have been asked for, by question; see sum.
	known map[string]float64
}

// buckets are the values of a query by group and by the beginning of the bucket.
// A group is its first tag; without groups it is "".
func (p plain) buckets(t *testing.T, query string, from, to, step int64) map[string]map[int64]float64 {
	t.Helper()
	const most = 1000 // buckets in an answer
	values := map[string]map[int64]float64{}
	for ; from < to; from += most * step {
		body := fmt.Sprintf(`{"data":{"type":"timeseries_request","attributes":{"from":%d,"to":%d,"interval":%d,
			"queries":[{"data_source":"metrics","name":"q","query":%q}],"formulas":[{"formula":"q"}]}}}`,
			from*1000, min(to, from+most*step)*1000, step*1000, query)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/api/v2/query/timeseries", bytes.NewBufferString(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("DD-API-KEY", "a")
		request.Header.Set("DD-APPLICATION-KEY", "b")
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		var doc struct {
			Data struct {
				Attributes struct {
					Series []struct {
						Tags []string `json:"group_tags"`
					}
					Times  []int64
					Values [][]*float64
				}
			}
		}
		err = json.NewDecoder(answer.Body).Decode(&doc)
		answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%s: status %d, %v", query, answer.StatusCode, err)
		}
		got := doc.Data.Attributes
		for i, s := range got.Series {
			group := ""
			if len(s.Tags) > 0 {
				group = s.Tags[0]
			}
			if values[group] == nil {
				values[group] = map[int64]float64{}
			}
			for j, v := range got.Values[i] {
				if at := got.Times[j] / 1000; v != nil && at < min(to, from+most*step) {
					values[group][at] = *v
				}
			}
		}
	}
	return values
}

// sums are the sums of a counting query by group.
func (p plain) sums(t *testing.T, query string, from, to, step int64) map[string]float64 {
	t.Helper()
	sums := map[string]float64{}
	for group, buckets := range p.buckets(t, query, from, to, step) {
		for _, v := range buckets {
			sums[group] += v
		}
	}
	return sums
}

// sum is the sum of a counting query without groups.
func (p plain) sum(t *testing.T, query string, from, to, step int64) float64 {
	t.Helper()
	question := fmt.Sprint(query, from, to, step)
	if _, known := p.known[question]; !known {
		p.known[question] = p.sums(t, query, from, to, step)[""]
	}
	return p.known[question]
}

// instant reads "2026-11-03 13:52" in UTC.
func instant(t *testing.T, text string) int64 {
	t.Helper()
	at, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		t.Fatal(err)
	}
	return at.Unix()
}
