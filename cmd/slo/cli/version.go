package cli

import (
	"encoding/json"
	"fmt"
	"io"

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
	text := "slo " + version() + "\n"
	if f.global.json() {
		line, err := json.Marshal(map[string]string{"schema": "slo.version/v1", "version": version()})
		if err != nil {
			return err
		}
		text = string(line) + "\n"
	}
	if _, err := io.WriteString(f.streams.Out, text); err != nil {
		return fmt.Errorf("stdout: %w", err)
	}
	return nil
}
