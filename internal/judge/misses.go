package judge

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// Misses judges the whole corpus and lists, a line each, the visible incidents
// that no finding touches and the findings that touch no incident: where to
// look next. Only families that begin with the text are judged.
func Misses(family string, workers int) (string, error) {
	var sources []source
	if strings.HasPrefix("world", family) {
		for _, p := range worldPlans() {
			sources = append(sources, p.cases)
		}
	}
	for _, p := range syntheticPlans() {
		if strings.HasPrefix(p.family, family) {
			sources = append(sources, func() ([]Case, error) { return []Case{p.generate()}, nil })
		}
	}
	results, err := judgeAll(sources, workers)
	if err != nil {
		return "", err
	}
	var lines []string
	for _, r := range results {
		lines = append(lines, r.misses...)
	}
	return strings.Join(lines, "\n") + "\n", nil
}

func misses(c *Case, o Outcome, found []anomaly.Finding) []string {
	where := fmt.Sprintf("%s, %s, %s, %g a minute, step %d", c.Family, c.Season, c.Signal, c.Size, c.Series.Step)
	var out []string
	for _, s := range o.Sightings {
		if s.Event.Visible() && !s.Found {
			out = append(out, fmt.Sprintf("missed: %s: %s at %v, %.0f deviations, touched by %d", where, s.Event.Kind, s.Event.Span, s.Event.Evidence, s.Findings))
		}
	}
	windows, _ := ruleAt(c.Series.Step).windows(c)
	for _, f := range found {
		p := points(c, told(f))
		outside := p.last - p.first
		touches := slices.ContainsFunc(windows, func(w window) bool { return p.first < w.around.last && p.last > w.around.first })
		for _, w := range windows {
			outside -= max(0, min(p.last, w.around.last)-max(p.first, w.around.first))
		}
		if !touches || int64(outside)*c.Series.Step > 2*hour {
			out = append(out, fmt.Sprintf("stray: %s: %s %v (%.1f h outside, touches an incident: %v) observed %.4g expected %.4g score %.1f record %.2f small %v open %v lasting %v",
				where, f.Kind, timeseries.Span{Start: f.Span.Start, End: f.Span.End}, float64(int64(outside)*c.Series.Step)/hour, touches, f.Observed, f.Expected, f.Score, f.Record, f.Small, f.Open, f.Lasting))
		}
	}
	return out
}
