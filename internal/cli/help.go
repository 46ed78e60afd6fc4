package cli

import (
	"github.com/spf13/cobra"
)

// help replaces cobra's own help verb, which takes an unknown verb for success.
func (a *app) help() *cobra.Command {
	return &cobra.Command{
		Use:     "help [VERB]...",
		Short:   "Explain a verb",
		Long:    "Explain a verb: the same text as `twokey VERB --help`.",
		Example: "  twokey help version",
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			parent, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var names []string
			for _, c := range parent.Commands() {
				if c.IsAvailableCommand() {
					names = append(names, c.Name()+"\t"+c.Short)
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			target, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return noSuchVerb(target, rest)
			}
			target.InitDefaultHelpFlag()
			return target.Help()
		},
	}
}
