package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/slo-cli/slo/internal/simulator/scenario"
)

const (
	// doraPage is how many rows a DORA list has by default, maxDORAPage at most.
	doraPage    = 10
	maxDORAPage = 1000
	// rollout is how long a deployment takes.
	rollout = 4 * time.Minute
)

type doraRequest struct {
	Data struct {
		Type       string `json:"type"`
		Attributes struct {
			From  *time.Time `json:"from"`
			To    *time.Time `json:"to"`
			Limit *int       `json:"limit"`
			Query string     `json:"query"`
			Sort  string     `json:"sort"`
		} `json:"attributes"`
	} `json:"data"`
}

// doraError is an answer in the envelope of these endpoints.
func doraError(format string, args ...any) error {
	return &apiError{http.StatusBadRequest, map[string]any{"errors": []any{map[string]any{
		"status": "400", "title": "Bad Request", "detail": fmt.Sprintf(format, args...),
	}}}}
}

// doraAsked is a request that makes sense: [from, to] in Unix seconds.
type doraAsked struct {
	from, to  int64
	limit     int
	ascending bool
	match     tagSearch
}

func readDORA(c call, wantType string) (doraAsked, error) {
	var a doraAsked
	body, err := c.body()
	if err != nil {
		return a, err
	}
	var in doraRequest
	if err := json.Unmarshal(body, &in); err != nil {
		return a, doraError("invalid JSON: %v", err)
	}
	if in.Data.Type != wantType {
		return a, doraError("invalid type %q, expected %q", in.Data.Type, wantType)
	}
	f := in.Data.Attributes
	a = doraAsked{from: always, to: c.now, limit: doraPage}
	if f.From != nil {
		a.from = f.From.Unix()
	}
	if f.To != nil {
		a.to = min(a.to, f.To.Unix())
	}
	if f.From != nil && f.To != nil && f.From.After(*f.To) {
		return a, doraError("from is after to")
	}
	if f.Limit != nil {
		a.limit = *f.Limit
	}
	if a.limit < 1 || a.limit > maxDORAPage {
		return a, doraError("limit %d is not between 1 and %d", a.limit, maxDORAPage)
	}
	switch f.Sort {
	case "started_at", "finished_at":
		a.ascending = true
	case "", "-started_at", "-finished_at":
	default:
		return a, doraError("invalid sort %q, expected started_at or finished_at, with - for the newest first", f.Sort)
	}
	a.match, err = parseEventSearch(f.Query)
	if err != nil {
		return a, doraError("invalid query: %v", err)
	}
	return a, nil
}

// doraDeployments is POST /api/v2/dora/deployments: the newest first, without pages.
func (s *Server) doraDeployments(c call) (any, error) {
	a, err := readDORA(c, "dora_deployments_list_request")
	if err != nil {
		return nil, err
	}
	data := []any{}
	all := s.world.Deployments()
	if !a.ascending {
		slices.Reverse(all)
	}
	for _, d := range all {
		at := d.At.Unix() + s.shift
		facts := []string{"", "service:" + d.Service, "env:" + d.Env, "version:" + d.Version}
		if d.Unreported || at < a.from || at > a.to || len(data) == a.limit || !a.match(facts) {
			continue
		}
		data = append(data, deploymentRow(d, at))
	}
	return map[string]any{"data": data}, nil
}

func deploymentRow(d scenario.Deployment, at int64) any {
	e := event{at: at, title: d.Service + d.Version, tags: []string{d.Env}}
	e.finish(0)
	started := time.Unix(at, 0).UTC()
	return map[string]any{"id": fmt.Sprintf("%016x", e.number), "type": "dora_deployment", "attributes": map[string]any{
		"service": d.Service, "env": d.Env, "version": d.Version,
		"started_at": started.Format(time.RFC3339), "finished_at": started.Add(rollout).Format(time.RFC3339),
		"git": map[string]any{"commit_sha": fmt.Sprintf("%016x%016x%08x", e.number, e.number*31, uint32(at)), "repository_id": "github.com/example/" + d.Service},
	}}
}

// doraFailures is POST /api/v2/dora/failures. Nobody reports any here.
func (s *Server) doraFailures(c call) (any, error) {
	if _, err := readDORA(c, "dora_failures_list_request"); err != nil {
		return nil, err
	}
	return map[string]any{"data": []any{}}, nil
}

// apmServices is GET /api/v2/apm/services: names only.
func (s *Server) apmServices(c call) (any, error) {
	env := c.URL.Query().Get("filter[env]")
	if env == "" {
		return nil, badRequest("The parameter 'filter[env]' is required")
	}
	return jsonAPI("1", "services_list", map[string]any{"services": s.world.ServicesIn(env)}), nil
}
