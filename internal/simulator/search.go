package simulator

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// searchSLOs is GET /api/v1/slo/search: every SLO with Datadog's own figures
// for each of its windows, as they were when they were last indexed.
func (s *Server) searchSLOs(c call) (any, error) {
	size, err := c.whole("page[size]", 10, 1)
	if err != nil {
		return nil, err
	}
	number, err := c.whole("page[number]", 0, 0)
	if err != nil {
		return nil, err
	}
	query := c.URL.Query().Get("query")
	var found []*slo
	for _, o := range s.slos {
		if o.Raw == "" && o.found(query) {
			found = append(found, o)
		}
	}
	list := []any{}
	for _, o := range page(found, number*size, size) {
		attributes, err := s.searchAttributes(o, c.now)
		if err != nil {
			return nil, err
		}
		list = append(list, map[string]any{"data": map[string]any{"type": "slo", "id": o.ID, "attributes": attributes}})
	}
	return map[string]any{
		"data": map[string]any{"type": "service_level_objective_search_results", "attributes": map[string]any{"slos": list}},
		"meta": map[string]any{"pagination": map[string]any{
			"number": number, "first_number": 0, "prev_number": max(0, number-1), "next_number": number + 1, "last_number": 0,
			"size": size, "type": "number_size", "total": len(found),
		}},
		"links": searchLinks(c, query, number, size),
	}, nil
}

// searchLinks has a next page even after the last one, as the recording has.
func searchLinks(c call, query string, number, size int) map[string]any {
	at := func(n int) string {
		return fmt.Sprintf("http://%s/api/v1/slo/search?query=%s&page[number]=%d&page[size]=%d", c.Host, url.QueryEscape(query), n, size)
	}
	links := map[string]any{"self": "http://" + c.Host + c.URL.RequestURI(), "first": at(0), "prev": nil, "next": at(number + 1), "last": nil}
	if number > 0 {
		links["prev"] = at(number - 1)
	}
	return links
}

// searchWord is one condition of a search: a facet, a quoted text or a word.
var searchWord = regexp.MustCompile(`([a-z_]+):("[^"]*"|\S+)|"([^"]*)"|\S+`)

// found applies the search language: facets and words, all of which must match.
func (o *slo) found(query string) bool {
	for _, m := range searchWord.FindAllStringSubmatch(query, -1) {
		var ok bool
		switch key, value := m[1], strings.Trim(m[2], `"`); key {
		case "":
			ok = hasWord(o.Name, strings.Trim(m[0], `"`))
		case "slo_type":
			ok = value == string(o.Type)
		case "id":
			ok = value == o.ID
		case "timeframe":
			ok = slices.ContainsFunc(o.Thresholds, func(t scenario.Threshold) bool { return t.Timeframe == value })
		default:
			ok = slices.Contains(o.Tags, key+":"+value)
		}
		if !ok {
			return false
		}
	}
	return true
}

// hasWord finds a text in a name at the borders of words; *text* anywhere.
func hasWord(name, text string) bool {
	name, text = strings.ToLower(name), strings.ToLower(text)
	if inner, ok := strings.CutPrefix(text, "*"); ok {
		return strings.Contains(name, strings.TrimSuffix(inner, "*"))
	}
	if inner, ok := strings.CutSuffix(text, "*"); ok {
		return strings.Contains(" "+name, " "+inner)
	}
	return strings.Contains(" "+name+" ", " "+text+" ")
}

// searchAttributes are an SLO's figures as of the last indexing.
func (s *Server) searchAttributes(o *slo, now int64) (map[string]any, error) {
	lag := s.world.IndexLag
	if o.IndexLag != nil {
		lag = *o.IndexLag
	}
	indexed := now - inSeconds(lag)
	thresholds, statuses := []map[string]any{}, []map[string]any{}
	primary, status := o.primary(), map[string]any{}
	for _, t := range o.Thresholds {
		var calculation *string
		window := span{indexed - timeframeSeconds(t.Timeframe), indexed}
		f, err := s.figure(o, asked{window: window, now: indexed})
		switch {
		case err != nil:
			text := "The query could not be evaluated"
			calculation = &text
		case f.problem != nil:
			calculation = &f.problem.Message
		}
		figures := map[string]any{
			"timeframe": t.Timeframe, "target": t.Target, "status": f.sli, "state": f.state(t.Target, t.Warning), "error": calculation,
			"error_budget_remaining": f.remaining(t.Target), "raw_error_budget_remaining": f.remainingRaw(t.Target),
			"indexed_at": indexed, "span_precision": nil,
		}
		if f.sli != nil {
			figures["span_precision"] = f.spanPrecision
		}
		statuses = append(statuses, figures)
		if t.Timeframe == primary.Timeframe {
			status = map[string]any{
				"sli": figures["status"], "state": figures["state"], "calculation_error": calculation, "indexed_at": indexed,
				"error_budget_remaining":     figures["error_budget_remaining"],
				"raw_error_budget_remaining": figures["raw_error_budget_remaining"], "span_precision": figures["span_precision"],
			}
		}
		thresholds = append(thresholds, searchThreshold(t))
	}
	attributes := map[string]any{
		"name": o.Name, "slo_type": o.Type, "description": emptyIsNull(o.Description), "timeframe": primary.Timeframe,
		"target_threshold": primary.Target, "warning_threshold": primary.Warning, "thresholds": thresholds,
		"overall_status": statuses, "status": status, "monitor_ids": nil, "groups": nil, "query": nil,
		"all_tags": o.Tags, "service_tags": tagsOf(o.Tags, "service"), "env_tags": tagsOf(o.Tags, "env"), "team_tags": tagsOf(o.Tags, "team"),
		"creator":    map[string]any{"name": nil, "id": 1000001, "email": "sre@example.com"},
		"created_at": o.Created.Unix() + o.shift, "modified_at": o.modified(),
	}
	switch o.Type {
	case scenario.TypeMetric:
		attributes["query"] = map[string]any{"numerator": o.goodText, "denominator": o.totalText, "metrics": nil}
	case scenario.TypeMonitor:
		attributes["monitor_ids"] = o.MonitorIDs
		if len(o.Groups) > 0 {
			attributes["groups"] = o.Groups
		}
	case scenario.TypeTimeSlice:
	}
	return attributes, nil
}

// searchThreshold has display texts rounded to whole numbers, as the
// recording has: numbers for people to look at, not to compute with.
func searchThreshold(t scenario.Threshold) map[string]any {
	w := map[string]any{"timeframe": t.Timeframe, "target": t.Target, "target_display": fmt.Sprintf("%.0f", t.Target)}
	if t.Warning != nil {
		w["warning"], w["warning_display"] = *t.Warning, fmt.Sprintf("%.0f", *t.Warning)
	}
	return w
}

func emptyIsNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// tagsOf are the tags with a key.
func tagsOf(tags []string, key string) []string {
	found := []string{}
	for _, tag := range tags {
		if strings.HasPrefix(tag, key+":") {
			found = append(found, tag)
		}
	}
	return found
}
