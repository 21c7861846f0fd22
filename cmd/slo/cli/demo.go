package cli

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/slo-cli/slo/internal/simulator"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

type demoOptions struct {
	f     *factory
	world worldFlags
	inner []string
}

func newDemoCmd(f *factory) *cobra.Command {
	o := &demoOptions{f: f}
	cmd := &cobra.Command{
		Use:   "demo [flags] [-- COMMAND...]",
		Short: "Run any command against an embedded Datadog simulator",
		Long: `Run a command against an embedded simulator of the Datadog API, over real HTTP
on this machine: no account, no keys, no network. Without a command it shows
the board. The clock is the world's own; the exit code is that of the command.`,
		Example: `  slo demo
  slo demo -- status --env prod -o json
  slo demo -- show "auth availability (prod)"
  slo demo --scenario empty -- list`,
		GroupID: groupTry,
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.inner = innerCommand(cmd, args)
			return runDemo(cmd.Context(), o)
		},
	}
	o.world.bind(cmd)
	// Everything behind the first word belongs to the inner command.
	cmd.Flags().SetInterspersed(false)
	return cmd
}

// innerCommand is the command line to run inside: what was typed, or the
// board, with the global flags that stood before it.
func innerCommand(demo *cobra.Command, args []string) []string {
	if len(args) > 0 && args[0] == "slo" {
		args = args[1:]
	}
	if len(args) == 0 || (strings.HasPrefix(args[0], "-") && !slices.Contains([]string{"-h", "--help", "-v", "--version"}, args[0])) {
		args = append([]string{"status"}, args...)
	}
	var inherited []string
	global := demo.Root().PersistentFlags()
	demo.Flags().Visit(func(f *pflag.Flag) {
		if global.Lookup(f.Name) != nil {
			inherited = append(inherited, fmt.Sprintf("--%s=%s", f.Name, f.Value))
		}
	})
	return append(inherited, args...)
}

func runDemo(ctx context.Context, o *demoOptions) error {
	settings, err := o.f.settings()
	if err != nil {
		return err
	}
	clock := clock{now: o.f.now(), zone: settings.TimeZone}
	world, faults, now, err := o.world.load(clock, func(w *scenario.World) time.Time { return w.Now })
	if err != nil {
		return err
	}
	server, err := simulator.New(simulator.Config{
		World: world, Faults: faults, Shift: simulator.Place(world, now), Clock: func() time.Time { return now },
	})
	if err != nil {
		return usage("--scenario: %v", err)
	}
	url, err := server.Listen("127.0.0.1:0")
	if err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve() }()
	defer func() {
		_ = server.Shutdown(context.WithoutCancel(ctx))
		<-served
	}()
	// A world on a port of chance is never met again: what is kept of it has a
	// place of its own, and goes with it.
	folder, err := os.MkdirTemp("", "slo-demo-")
	if err != nil {
		folder = "" // then nothing is kept
	}
	defer os.RemoveAll(folder)
	inner := &factory{
		streams: o.f.streams, lookup: demoEnvironment(o.f.lookup, url, folder), now: func() time.Time { return now },
	}
	args := o.inner
	if !slices.ContainsFunc(args, func(a string) bool { return a == "--at" || strings.HasPrefix(a, "--at=") }) {
		args = append([]string{"--at=" + now.UTC().Format(time.RFC3339)}, args...)
	}
	if code := run(ctx, inner, args); code != exitOK {
		return exitStatus(code)
	}
	return nil
}

// demoEnvironment points the inner command at the simulator and keeps real
// keys away from it.
func demoEnvironment(outer func(string) (string, bool), url, cache string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		switch name {
		case "SLO_CACHE_DIR":
			if own, set := outer(name); set && own != "" {
				return own, true
			}
			return cache, cache != ""
		case "DD_HOST":
			return url, true
		case "DD_API_KEY", "DD_APP_KEY":
			return "simulated", true
		case "DD_SITE", "DD_ACCESS_TOKEN", "DATADOG_API_KEY", "DATADOG_APP_KEY":
			return "", false
		}
		return outer(name)
	}
}
