package cli

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/slo-cli/slo/internal/simulator"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// worldFlags choose the world of the simulator, its clock and its faults.
type worldFlags struct {
	scenario, now string
	fail          []string
}

func (w *worldFlags) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&w.scenario, "scenario", "default", "world to simulate: `NAME|FILE`, one of "+strings.Join(scenario.Names(), ", "))
	names := cobra.FixedCompletions(scenario.Names(), cobra.ShellCompDirectiveDefault) // or a file
	if err := cmd.RegisterFlagCompletionFunc("scenario", names); err != nil {
		panic(err) // not a flag of the command
	}
	f.StringVar(&w.now, "now", "", "place the world so that its present is `TIME`")
	f.StringArrayVar(&w.fail, "fail", nil, "inject a `FAULT`: 429:3, 503:10%, slow:250ms; repeatable, see slo simulator --help")
}

// load reads the world and where it is placed in time; fallback is its present where --now says nothing.
func (w *worldFlags) load(c clock, fallback func(*scenario.World) time.Time) (*scenario.World, simulator.Faults, time.Time, error) {
	world, err := scenario.Load(w.scenario)
	if err != nil {
		return nil, simulator.Faults{}, time.Time{}, usage("--scenario: %v", err)
	}
	faults, err := simulator.ParseFaults(w.fail)
	if err != nil {
		return nil, faults, time.Time{}, usage("--fail: %v", err)
	}
	now := fallback(world)
	if w.now != "" {
		if now, err = c.parse("--now", w.now, c.now); err != nil {
			return nil, faults, now, err
		}
		if year := now.UTC().Year(); year < 2000 || year > 2100 {
			return nil, faults, now, usage("--now %q: want an instant between the years 2000 and 2100", w.now)
		}
	}
	return world, faults, now, nil
}

type simulatorOptions struct {
	f     *factory
	world worldFlags
	addr  string
}

func newSimulatorCmd(f *factory) *cobra.Command {
	o := &simulatorOptions{f: f}
	cmd := &cobra.Command{
		Use:   "simulator",
		Short: "Serve the Datadog simulator until interrupted",
		Long: `Serve the embedded Datadog simulator for tests, CI experiments and other
Datadog clients. The first line on stdout is its URL, printed when it is ready.
Its clock is the real one and the world is placed relative to it, unless --now
says otherwise.

A fault of --fail is
  ` + simulator.FaultGrammar + `
such as 429:3 (the first three requests), 503:10% (one in ten, the same in every
run), slow:250ms, /api/v2/query=503:2.`,
		Example: `  slo simulator --addr 127.0.0.1:8126
  slo simulator --scenario steady --fail 503:10%`,
		GroupID: groupTry,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runSimulator(cmd.Context(), o) },
	}
	o.world.bind(cmd)
	cmd.Flags().StringVar(&o.addr, "addr", "127.0.0.1:0", "`ADDRESS` to listen on; port 0 takes a free one")
	return cmd
}

func runSimulator(ctx context.Context, o *simulatorOptions) error {
	now := o.f.now()
	settings, err := o.f.settings()
	if err != nil {
		return err
	}
	world, faults, present, err := o.world.load(clock{now: now, zone: settings.TimeZone}, func(*scenario.World) time.Time { return now })
	if err != nil {
		return err
	}
	ticking := func() time.Time { return o.f.now().Add(present.Sub(now)) }
	if o.world.now != "" {
		ticking = func() time.Time { return present }
	}
	server, err := simulator.New(simulator.Config{World: world, Faults: faults, Shift: simulator.Place(world, present), Clock: ticking})
	if err != nil {
		return usage("--scenario: %v", err)
	}
	url, err := server.Listen(o.addr)
	if err != nil {
		return usage("--addr %q: %v", o.addr, err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve() }()
	if _, err := io.WriteString(o.f.streams.Out, url+"\n"); err != nil {
		return err
	}
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
		err := server.Shutdown(context.WithoutCancel(ctx))
		<-served
		if err != nil {
			return err
		}
		// Being interrupted is how a server ends.
		return ctx.Err()
	}
}
