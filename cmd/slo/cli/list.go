package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/slo-cli/slo/internal/report"
)

type listOptions struct {
	f         *factory
	selectors selectorFlags
	names     []string
}

func newListCmd(f *factory) *cobra.Command {
	o := &listOptions{f: f}
	cmd := &cobra.Command{
		Use:   "list [NAME|ID...]",
		Short: "List SLO objects as they are, without evaluating them",
		Example: `  slo list --team payments
  slo demo -- list -o csv`,
		GroupID:           groupObjects,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: f.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.names = args
			return f.within(cmd.Context(), func(ctx context.Context) error { return runList(ctx, o) })
		},
	}
	o.selectors.bind(cmd, false)
	return cmd
}

func runList(ctx context.Context, o *listOptions) error {
	catalog, _, done, err := o.f.catalog(ctx, o.selectors, o.names)
	if err != nil {
		return err
	}
	catalog.Notes = append(catalog.Notes, done(ctx)...)
	o.f.sayIfEmpty(len(catalog.Definitions))
	return o.f.print(report.List(catalog))
}
