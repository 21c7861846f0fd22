package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/slo-cli/slo/internal/report"
)

type showOptions struct {
	f         *factory
	selectors selectorFlags
	name      string
}

func newShowCmd(f *factory) *cobra.Command {
	o := &showOptions{f: f}
	cmd := &cobra.Command{
		Use:   "show NAME|ID",
		Short: "Show one SLO object in full",
		Example: `  slo show "checkout availability"
  slo demo -- show "auth availability (prod)" -o json`,
		GroupID: groupObjects,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("slo show wants one name or id, not %d", len(args))
			}
			return nil
		},
		ValidArgsFunction: f.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name = args[0]
			return f.within(cmd.Context(), func(ctx context.Context) error { return runShow(ctx, o) })
		},
	}
	o.selectors.bind(cmd, false)
	return cmd
}

func runShow(ctx context.Context, o *showOptions) error {
	catalog, err := o.f.catalog(ctx, o.selectors, []string{o.name})
	if err != nil {
		return err
	}
	switch defs := catalog.Definitions; len(defs) {
	case 0:
		return usage("%q is an SLO, but it does not match the filters", o.name)
	case 1:
		return o.f.print(report.Show(catalog))
	default:
		end := usage("%q names %d SLOs; give the id of one", o.name, len(defs))
		for _, d := range defs {
			end.hints = append(end.hints, fmt.Sprintf("slo show %s   # %s", d.ID, d.Name))
		}
		return end
	}
}
