// Command emptycobra is the yardstick of BenchmarkStartup: a cobra program
// with one command that prints one line.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

func main() {
	root := &cobra.Command{Use: "empty"}
	root.AddCommand(&cobra.Command{
		Use: "version",
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "empty")
			return err
		},
	})
	if root.Execute() != nil {
		os.Exit(1)
	}
}
