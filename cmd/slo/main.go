// Command slo tells a team the truth about its reliability, from Datadog.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/slo-cli/slo/cmd/slo/cli"
	"github.com/slo-cli/slo/internal/iostreams"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second Ctrl-C ends the process at once, whatever the first one is waiting for.
	context.AfterFunc(ctx, stop)
	os.Exit(cli.Main(ctx, os.Args[1:], os.LookupEnv, iostreams.System(os.Getenv)))
}
