package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/slo-cli/slo/internal/config"
	"github.com/slo-cli/slo/internal/datadog"
	"github.com/slo-cli/slo/internal/datadog/transport"
	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/internal/iostreams"
	"github.com/slo-cli/slo/internal/render"
	"github.com/slo-cli/slo/internal/report"
	"github.com/slo-cli/slo/pkg/slo"
)

// factory builds what commands need when they need it: settings → transport →
// client → use case. Each is made once.
type factory struct {
	lookup  func(string) (string, bool)
	streams *iostreams.Streams
	// now is the clock that people mean; the demo stops it.
	now    func() time.Time
	global globalFlags

	// reached is whether cobra got as far as running a command.
	reached bool
	loaded  *config.Settings
	stack   *transport.Stack
	datadog *datadog.Client
	kept    *keeping

	// telling guards progress: a gate whose time is over leaves work behind that still tells.
	telling  sync.Mutex
	progress *iostreams.Progress
	hushed   bool
}

// sources is where settings come from.
func (f *factory) sources() config.Sources {
	g := &f.global
	src := config.Sources{
		Flags: config.Flags{
			Site: g.site, APIURL: g.apiURL, ConfigFile: g.config, TimeZone: g.tz, CacheDir: g.cacheDir, Color: g.color,
		},
		LookupEnv: f.lookup,
	}
	if g.timeoutSet {
		src.Flags.Timeout = &g.timeout
	}
	if g.settleSet {
		src.Flags.Settle = &g.settle
	}
	// A machine without these folders has no config file, cache or project
	// file by default; naming them still works.
	src.UserConfigDir, _ = os.UserConfigDir()
	src.UserCacheDir, _ = os.UserCacheDir()
	src.WorkDir, _ = os.Getwd()
	return src
}

// printsChecks marks a command whose document lists checks, for which there are more formats.
const printsChecks = "prints checks"

// formatsOf are the values of --output for a command.
func formatsOf(cmd *cobra.Command) []string {
	if _, checks := cmd.Annotations[printsChecks]; checks {
		return render.CheckFormats()
	}
	return render.Formats()
}

// checkGlobals looks at the global flags before anything is done.
func (f *factory) checkGlobals(cmd *cobra.Command) error {
	g := &f.global
	g.timeoutSet, g.settleSet = cmd.Flags().Changed("timeout"), cmd.Flags().Changed("settle")
	formats := formatsOf(cmd)
	if !slices.Contains(formats, g.output) {
		given := g.output
		g.output = render.FormatTable
		return usage("-o %q: want one of %s", given, strings.Join(formats, ", "))
	}
	if g.offline && g.noCache {
		return usage("--offline uses nothing but the cache, and --no-cache does not use it: give one of them")
	}
	if g.offline && g.refresh {
		return usage("--offline uses nothing but the cache, and --refresh reads nothing of it: give one of them")
	}
	return nil
}

func (f *factory) settings() (config.Settings, error) {
	if f.loaded == nil {
		s, err := config.Load(f.sources())
		if err != nil {
			return s, err
		}
		if err := f.streams.SetColor(string(s.Color)); err != nil {
			return s, usage("--color: %v", err)
		}
		f.loaded = &s
	}
	return *f.loaded, nil
}

// client is the way to Datadog. It says what is missing before anything is sent.
func (f *factory) client() (*datadog.Client, error) {
	if f.datadog != nil {
		return f.datadog, nil
	}
	s, err := f.settings()
	if err != nil {
		return nil, err
	}
	if err := s.Credentials.Check(); err != nil {
		var missing *config.CredentialsError
		errors.As(err, &missing)
		return nil, &failure{code: exitAuth, message: missing.Message, hints: missing.Hints}
	}
	layers := transport.Config{}
	if f.global.debug {
		layers.Trace = f.streams.Err
	}
	f.stack = transport.New(layers)
	config := datadog.Config{
		BaseURL: s.BaseURL.Value, Site: s.Site.Value,
		APIKey: s.Credentials.APIKey.Reveal(), AppKey: s.Credentials.AppKey.Reveal(), AccessToken: s.Credentials.AccessToken.Reveal(),
		UserAgent: "slo/" + version(), Transport: f.stack, Offline: f.asksNothing(),
	}
	if kept := f.keeping(s); kept.cache != nil {
		config.Archive = kept.cache
	}
	f.datadog, err = datadog.New(config)
	return f.datadog, err
}

// within runs a command under --timeout, with its progress line removed at the end.
func (f *factory) within(ctx context.Context, command func(context.Context) error) error {
	s, err := f.settings()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	defer f.quiet()
	defer f.closeCache(ctx)
	return command(ctx)
}

// say shows what a longer run is doing.
func (f *factory) say(format string, args ...any) {
	f.telling.Lock()
	defer f.telling.Unlock()
	if f.hushed {
		return
	}
	if f.progress == nil {
		f.progress = f.streams.Progress("")
	}
	f.progress.Update(format, args...)
}

// quiet removes the progress line before something else is written.
func (f *factory) quiet() {
	f.telling.Lock()
	defer f.telling.Unlock()
	if f.progress != nil {
		f.progress.Stop()
		f.progress = nil
	}
}

// hush is quiet for good: whatever is still under way tells nothing any more.
func (f *factory) hush() {
	f.telling.Lock()
	f.hushed = true
	f.telling.Unlock()
	f.quiet()
}

// service is the use case behind the board. done is to be called when nothing
// more is asked: it closes the cache, writes what was sent, for --debug, and
// returns what the reader must know of the cache.
func (f *factory) service() (service evaluation.Service, done func(context.Context) []slo.Note, err error) {
	client, err := f.client()
	if err != nil {
		return service, nil, err
	}
	// Most of the memory of a large board is the points themselves, which live
	// to the end: collecting twice as often costs little and halves what lies about.
	debug.SetGCPercent(50)
	if !f.asksNothing() {
		f.say("listing SLOs")
	}
	service = evaluation.Service{
		Catalog: client, Records: client,
		Runner: evaluation.Runner{
			Metrics: client, Concurrency: transport.DefaultConcurrency,
			Progress: func(done, total int) { f.say("asking Datadog: %d of %d requests", done, total) },
		},
		Planned: func(p evaluation.Plan) {
			f.say("asking Datadog: %d requests", p.Count())
			if f.global.debug {
				fmt.Fprintf(f.streams.Err, "slo: planned: %s\n", p.Summary())
			}
		},
	}
	if kept := f.kept.cache; kept != nil {
		service.Runner.Shelf = kept
		if !f.global.offline {
			service.Pick = rand.IntN
		}
	}
	return service, func(ctx context.Context) []slo.Note {
		notes := f.closeCache(ctx)
		f.quiet()
		if f.global.debug {
			fmt.Fprintf(f.streams.Err, "slo: sent: %s\n", sent(client.Counts()))
		}
		return notes
	}, nil
}

// sent writes what went out, metric requests first, in the words of the plan.
func sent(counts map[string]int) string {
	var others []string
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		if kind != datadog.CallSeries && kind != datadog.Retries {
			others = append(others, fmt.Sprintf("%d × %s", counts[kind], kind))
		}
	}
	return fmt.Sprintf("%d series requests, %d retries; beside them: %s",
		counts[datadog.CallSeries], counts[datadog.Retries], strings.Join(others, ", "))
}

// catalog lists the selected definitions, for list and show. The service is
// the one that listed them; done is to be called when nothing more is asked.
func (f *factory) catalog(ctx context.Context, s selectorFlags, names []string) (_ report.Catalog, _ evaluation.Service, done func(context.Context) []slo.Note, _ error) {
	var none evaluation.Service
	settings, err := f.settings()
	if err != nil {
		return report.Catalog{}, none, nil, err
	}
	selector, err := s.selector(names)
	if err != nil {
		return report.Catalog{}, none, nil, err
	}
	own, err := f.ownDefinitions(s.file)
	if err != nil {
		return report.Catalog{}, none, nil, err
	}
	service, done, err := f.service()
	if err != nil {
		return report.Catalog{}, none, nil, err
	}
	defs, notes, err := service.List(ctx, evaluation.Query{Selector: selector, Own: own})
	if err != nil {
		done(ctx)
	}
	notes = append(notes, f.offlineNote()...)
	return report.Catalog{Site: settings.Site.Value, Definitions: defs, Notes: notes, Link: f.link}, service, done, err
}

// ownDefinitions are the SLOs of the project file, or of the file of -f.
func (f *factory) ownDefinitions(file string) ([]slo.Definition, error) {
	src := f.sources()
	src.Flags.Definitions = file
	project, err := config.LoadProject(src)
	if err != nil {
		return nil, err
	}
	var defs []slo.Definition
	for _, o := range project.SLOs {
		object, err := withID(o)
		if err != nil {
			return nil, usage("%s:%d:%d: SLO %q: %v", o.Path, o.Line, o.Column, o.Name, err)
		}
		d := datadog.DecodeDefinition(object)
		d.Source = slo.FromFile
		if d.Defect != nil && d.Defect.Kind == slo.Invalid {
			return nil, usage("%s:%d:%d: SLO %q: %s", o.Path, o.Line, o.Column, o.Name, d.Defect.Message)
		}
		defs = append(defs, d)
	}
	return defs, nil
}

// withID gives a definition from a file an id, which only Datadog's own have.
func withID(o config.SLO) (json.RawMessage, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(o.JSON, &object); err != nil {
		return nil, err
	}
	if object["id"] == nil {
		id, err := json.Marshal("file:" + o.Name)
		if err != nil {
			return nil, err
		}
		object["id"] = id
	}
	return json.Marshal(object)
}

// link is where an SLO is found in Datadog; empty for one from a file.
func (f *factory) link(d slo.Definition) string {
	if d.Source != slo.FromDatadog || d.ID == "" || f.loaded == nil {
		return ""
	}
	return f.loaded.AppURL + "/slo?slo_id=" + url.QueryEscape(d.ID)
}

func (f *factory) renderOptions() render.Options {
	o := render.Options{
		Width: f.streams.Width, Color: f.streams.Color, Hyperlinks: f.streams.Hyperlinks, ASCII: !f.streams.UTF8,
	}
	if f.loaded != nil {
		o.TimeZone = f.loaded.TimeZone
	}
	return o
}

// print writes a finished document to stdout in one piece.
func (f *factory) print(d document.Document) error {
	var out bytes.Buffer
	if err := render.Write(&out, f.global.output, d, f.renderOptions()); err != nil {
		return err
	}
	f.quiet()
	if _, err := f.streams.Out.Write(out.Bytes()); err != nil {
		return fmt.Errorf("stdout: %w", err)
	}
	return nil
}

// sayIfEmpty tells people that filters matched nothing; that is not a failure.
func (f *factory) sayIfEmpty(n int) {
	if n == 0 {
		f.quiet()
		fmt.Fprintln(f.streams.Err, "slo: no SLO matches")
	}
}

// completionPatience bounds the listing behind the completion of names.
const completionPatience = 3 * time.Second

// completeNames offers the names of SLOs to the shell.
func (f *factory) completeNames(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	client, err := f.client()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), completionPatience)
	defer cancel()
	defs, _, err := client.SLOs(ctx)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, d := range defs {
		if name := printable(d.Name); strings.HasPrefix(strings.ToLower(name), strings.ToLower(typed)) {
			names = append(names, cobra.CompletionWithDesc(name, string(d.Type)))
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
