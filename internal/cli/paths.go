package cli

import (
	"github.com/spf13/cobra"

	"github.com/twokey/twokey/internal/scan"
	"github.com/twokey/twokey/report"
)

type pathsOptions struct {
	pipeline, person string
	format, out      string
}

func (a *app) paths() *cobra.Command {
	var o pathsOptions
	cmd := &cobra.Command{
		Use:   "paths PATH",
		Short: "Show the ways to production alone, with every statement that allows each step",
		Long: `Show, for each pipeline, how many people it takes to change production and every
shortest way, each step with all the statements that allow it. The hardening rules
are left out. The exit code is 1 where a pipeline takes fewer people than wanted.`,
		Example: `  twokey paths examples/storefront
  twokey paths --pipeline 'store*' --person alice examples/storefront`,
		GroupID: groupFind,
		Args:    exactly("PATH"),
		RunE: func(cmd *cobra.Command, args []string) error {
			options := scan.Options{WaysOnly: true, Pipeline: o.pipeline, Person: o.person}
			start := a.Clock()
			result, err := a.analyse(cmd.Context(), args[0], options)
			if err != nil {
				return err
			}
			if len(result.Scan.Pipelines) == 0 && o.pipeline != "" {
				return failf("`twokey estate "+args[0]+"` lists the pipelines", "no pipeline is called %q", o.pipeline)
			}
			render := report.Paths
			if o.format == "json" {
				render = report.JSON
			}
			if err := a.writeReport(o.out, result.Scan, render, a.reportOptions(args[0], a.Clock().Sub(start))); err != nil {
				return err
			}
			for _, p := range result.Scan.Pipelines {
				if p.Short() {
					return Negative
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&o.pipeline, "pipeline", "", "only pipelines whose name matches `GLOB`")
	cmd.Flags().StringVar(&o.person, "person", "", "only ways in which the person called `NAME` takes part")
	cmd.Flags().StringVarP(&o.out, "out", "o", "", "write to `FILE` instead of standard output")
	formatFlag(cmd, &o.format, "text", "json")
	return cmd
}
