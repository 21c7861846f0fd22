package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/slo-cli/slo/internal/buildinfo"
)

func version() string { return buildinfo.Version() }

func newVersionCmd(f *factory) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  slo version",
		GroupID: groupSetup,
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return printVersion(f) },
	}
}

func printVersion(f *factory) error {
	_, err := fmt.Fprintf(f.streams.Out, "slo %s\n", version())
	return err
}
