package simulator_test

import (
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/DataDog/datadog-api-client-go/v2/api/datadog"
	"github.com/DataDog/datadog-api-client-go/v2/api/datadogV1"
	"github.com/slo-cli/slo/internal/simulator"
)

// The official client must understand every answer without leftovers.
func TestOfficialClientUnderstandsEveryAnswer(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"default", "empty", "big", "types", "corrections"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := world(t, name)
			s := serve(t, simulator.Config{World: w})
			server := httptest.NewServer(s)
			defer server.Close()
			now := w.Now.Unix()

			configuration := datadog.NewConfiguration()
			configuration.Servers = datadog.ServerConfigurations{{URL: server.URL}}
			client := datadog.NewAPIClient(configuration)
			ctx := t.Context()
			ctx = contextWithKeys(ctx)
			slos := datadogV1.NewServiceLevelObjectivesApi(client)
			metrics := datadogV1.NewMetricsApi(client)
			understood := func(what string, answer any, err error) {
				t.Helper()
				if err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				if left, all := datadog.ContainsUnparsedObject(answer); left {
					t.Errorf("%s: the client could not read %v", what, all)
				}
			}

			valid, _, err := datadogV1.NewAuthenticationApi(client).Validate(ctx)
			understood("validate", valid, err)
			list, _, err := slos.ListSLOs(ctx)
			understood("list", list, err)
			if got, want := len(list.Data), len(w.SLOs); got != want {
				t.Errorf("the list has %d SLOs, want %d", got, want)
			}
			search, _, err := slos.SearchSLO(ctx, *datadogV1.NewSearchSLOOptionalParameters().WithPageSize(20))
			understood("search", search, err)
			corrections, _, err := datadogV1.NewServiceLevelObjectiveCorrectionsApi(client).ListSLOCorrection(ctx)
			understood("corrections", corrections, err)
			for _, o := range corrections.Data {
				one, _, err := datadogV1.NewServiceLevelObjectiveCorrectionsApi(client).GetSLOCorrection(ctx, o.GetId())
				understood("correction", one, err)
			}
			monitors := datadogV1.NewMonitorsApi(client)
			everyMonitor, _, err := monitors.ListMonitors(ctx)
			understood("monitors", everyMonitor, err)
			if got, want := len(everyMonitor), len(w.Monitors); got != want {
				t.Errorf("the list has %d monitors, want %d", got, want)
			}
			tests := datadogV1.SyntheticsFetchUptimesPayload{FromTs: now - 86400, ToTs: now}
			for _, m := range w.Monitors {
				one, _, err := monitors.GetMonitor(ctx, m.ID, *datadogV1.NewGetMonitorOptionalParameters().WithGroupStates("all").WithWithDowntimes(true))
				understood("monitor "+m.Name, one, err)
				if m.Test != "" {
					tests.PublicIds = append(tests.PublicIds, m.Test)
				}
			}
			searched, _, err := monitors.SearchMonitors(ctx)
			understood("search of monitors", searched, err)
			searchedGroups, _, err := monitors.SearchMonitorGroups(ctx)
			understood("search of groups of monitors", searchedGroups, err)
			if len(tests.PublicIds) > 0 {
				uptimes, _, err := datadogV1.NewSyntheticsApi(client).FetchUptimes(ctx, tests)
				understood("uptimes", uptimes, err)
				if len(uptimes) != len(tests.PublicIds) || uptimes[0].Overall.Uptime == nil {
					t.Errorf("uptimes of %v: %+v", tests.PublicIds, uptimes)
				}
			}
			active, _, err := metrics.ListActiveMetrics(ctx, now-3600)
			understood("metrics", active, err)
			for _, metric := range active.GetMetrics() {
				metadata, _, err := metrics.GetMetricMetadata(ctx, metric)
				understood("metadata of "+metric, metadata, err)
			}
			for _, query := range []string{
				"sum:trace.http.request.hits{*} by {service}.as_count()",
				"p95:trace.http.request{*}, sum:trace.http.request.errors{*}.as_count() / sum:trace.http.request.hits{*}.as_count()",
				"trace.http.request.hits{*}",
			} {
				answer, _, err := metrics.QueryMetrics(ctx, now-3600, now, query)
				understood(query, answer, err)
			}
			for _, o := range w.SLOs[:min(len(w.SLOs), 20)] {
				one, _, err := slos.GetSLO(ctx, o.ID)
				understood("get "+o.Name, one, err)
				of, _, err := slos.GetSLOCorrections(ctx, o.ID)
				understood("corrections of "+o.Name, of, err)
				for _, days := range []int64{1, 90} {
					parameters := datadogV1.NewGetSLOHistoryOptionalParameters().WithTarget(99.5)
					past, _, err := slos.GetSLOHistory(ctx, o.ID, now-days*86400, now, *parameters)
					takeParts(t, o.Name, past.Data)
					understood("history of "+o.Name, past, err)
				}
			}
			if unknown := s.UnknownRoutes(); len(unknown) > 0 {
				t.Errorf("unknown routes: %v", unknown)
			}
		})
	}
}

// takeParts checks the groups and monitors of a history and removes them. The
// client reads none of them, as their precision is a map and not a number:
// that is what real answers do to it.
func takeParts(t *testing.T, name string, data *datadogV1.SLOHistoryResponseData) {
	t.Helper()
	if data == nil {
		t.Fatalf("%s: the history has no data", name)
	}
	for _, p := range slices.Concat(data.Groups, data.Monitors) {
		if _, isMap := p.UnparsedObject["precision"].(map[string]any); !isMap || p.UnparsedObject["name"] == "" {
			t.Errorf("%s: a group or monitor is %+v, want one that the client cannot read for its precision", name, p)
		}
	}
	data.Groups, data.Monitors = nil, nil
}

// A client in front of a fixed clock cannot see the future.
func TestNothingExistsAfterNow(t *testing.T) {
	t.Parallel()
	w := world(t, "steady")
	now := w.Now.Add(-time.Hour)
	s := serve(t, simulator.Config{World: w, Clock: func() time.Time { return now }})
	answer := queryV1(t, s, now.Unix()-600, now.Unix()+3600, "sum:trace.http.request.hits{service:shop}.as_count().rollup(60)")
	if got := len(answer.Series[0].Pointlist); got != 10 {
		t.Errorf("ten minutes up to now have %d points of a minute, want 10", got)
	}
	if empty := queryV1(t, s, now.Unix(), now.Unix()+3600, "sum:trace.http.request.hits{service:shop}.as_count()"); len(empty.Series) != 0 {
		t.Errorf("the hour after now has %v", empty.Series)
	}
}
