package cli

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/internal/datadog/transport"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// traces is where trace metrics come from, for the commands that look at
// services. done is to be called when nothing more is asked; see service.
func (f *factory) traces() (source apm.Source, done func(context.Context) []slo.Note, err error) {
	client, err := f.client()
	if err != nil {
		return source, nil, err
	}
	if !f.asksNothing() {
		f.say("looking for services")
	}
	source = apm.Source{
		Directory: client, Metrics: client, Scalars: client, Concurrency: transport.DefaultConcurrency,
		Progress: func(done, total int) { f.say("asking Datadog: %d of %d requests", done, total) },
	}
	if kept := f.kept.cache; kept != nil {
		source.Shelf, source.Offline = kept, f.global.offline
		if !f.global.offline {
			source.Pick = rand.IntN
		}
	}
	return source, func(ctx context.Context) []slo.Note {
		notes := f.closeCache(ctx)
		f.quiet()
		if f.global.debug {
			fmt.Fprintf(f.streams.Err, "slo: sent: %s\n", sent(client.Counts()))
		}
		return notes
	}, nil
}

// looked resolves the instant and the stretch of a command that looks at services.
func (f *factory) looked(s stretchFlags, selection string) (clock, evaluated, timeseries.Span, error) {
	settings, err := f.settings()
	if err != nil {
		return clock{}, evaluated{}, timeseries.Span{}, err
	}
	c := clock{now: f.now(), zone: settings.TimeZone}
	when, err := c.evaluated(f.global.at, settings.Settle)
	if err != nil {
		return c, when, timeseries.Span{}, err
	}
	when = f.asOf(settings, when, selection)
	span, err := s.span(c, when)
	return c, when, span, err
}

// serviceFailure is the end of a command about a service: what is wrong with
// the question is wrong usage, whatever else it would be for an SLO.
func serviceFailure(err error) error {
	var unknown *apm.UnknownError
	var defect *slo.Defect
	switch {
	case errors.As(err, &unknown):
		end := usage("%v", unknown)
		if len(unknown.Nearest) > 0 {
			end.hints = []string{"did you mean " + strings.Join(quoted(unknown.Nearest), " or ") + "?"}
		}
		return end
	case errors.As(err, &defect) && defect.Kind == slo.Unsupported:
		return &failure{code: exitUsage, message: defect.Message, hints: defect.Hints}
	}
	return err
}

// spansLink is where the spans of a service are found in Datadog, with what
// trace metrics do not have: client addresses, user agents. tag is that of an
// endpoint ("resource_name:post_/login") or empty.
func (f *factory) spansLink(p apm.Place, tag string, span timeseries.Span) string {
	if f.loaded == nil || p.Service == "" {
		return ""
	}
	var query []string
	for _, part := range [][2]string{{"env", p.Env}, {"service", p.Service}, {"operation_name", p.Operation.Name}} {
		if part[1] != "" {
			query = append(query, part[0]+":"+spanValue(part[1]))
		}
	}
	if key, value, ok := strings.Cut(tag, ":"); ok && key != "env" {
		if strings.HasPrefix(key, "http.") {
			key = "@" + key
		}
		query = append(query, key+":"+spanValue(value))
	}
	v := url.Values{
		"query": {strings.Join(query, " ")},
		"start": {strconv.FormatInt(span.Start*1000, 10)}, "end": {strconv.FormatInt(span.End*1000, 10)}, "paused": {"true"},
	}
	return f.loaded.AppURL + "/apm/traces?" + v.Encode()
}

// spanValue quotes what Datadog's search would read as more than one word.
func spanValue(v string) string {
	if strings.ContainsAny(v, " :\"()[]{}*?\\/") {
		return strconv.Quote(v)
	}
	return v
}

// completeServices offers the names of services to the shell.
func (f *factory) completeServices(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	source, _, err := f.traces()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	f.quiet()
	source.Progress, source.Shelf = nil, nil
	ctx, cancel := context.WithTimeout(cmd.Context(), completionPatience)
	defer cancel()
	end := timeseries.Floor(f.now().Unix(), 3600)
	found, err := source.Find(ctx, apm.Search{Span: timeseries.Span{Start: end - int64((24 * time.Hour).Seconds()), End: end}})
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	seen := map[string]bool{}
	for _, p := range found.Places {
		if name := printable(p.Service); !seen[name] && strings.HasPrefix(strings.ToLower(name), strings.ToLower(typed)) {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
