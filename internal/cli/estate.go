package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/twokey/twokey/estate"
)

func (a *app) estate() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "estate PATH",
		Short: "Show what is in the estate: accounts, pipelines, principals, what stayed unknown",
		Long: `Read the templates at PATH and show the estate they describe: accounts, pipelines with
their stages, users and roles with the number of their policies, buckets and keys, what
could not be resolved, and what is wrong with the input. Nothing is judged.

PATH is a folder with an estate file, twokey.yaml, or one without, of which every
template is then taken as a stack of one account; or an estate file or a single
template. Reading runs nothing and uses no network.`,
		Example: `  twokey estate examples/storefront
  twokey estate --format json examples/storefront | jq '.unknowns'`,
		GroupID: groupFind,
		Args:    exactly("PATH"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runEstate(cmd.Context(), format, args[0])
		},
	}
	formatFlag(cmd, &format, "text", "json")
	return cmd
}

func (a *app) runEstate(ctx context.Context, format, path string) error {
	loaded, err := a.LoadEstate(ctx, path, estate.LoadOptions{})
	if err != nil {
		return err
	}
	s := newInventory(loaded.Estate)
	if format == "json" {
		return writeJSON(a.Stdout, s)
	}
	return s.text(a.Stdout, a.painter())
}

// maxWarnings is how many problems of an input a verb repeats that is not about them.
const maxWarnings = 5

// warnOfProblems says on stderr what is wrong with an input, because an answer
// about it may be wrong for that.
func (a *app) warnOfProblems(problems []estate.Problem, path string) {
	for i, p := range problems {
		if i == maxWarnings {
			a.warnf("%d more problems: `twokey estate %s` lists them", len(problems)-i, path)
			return
		}
		at := ""
		if l := place(locationOf(p.Pos)); l != "" {
			at = l + ": "
		}
		a.warnf("%s%s", at, estate.Show(p.Message))
	}
}

// accountName is the name of an account, or its id where it has none; empty
// where it is not known.
func accountName(e *estate.Estate, id string) string {
	if a := e.Account(id); a != nil && a.Name != "" {
		return a.Name
	}
	return estate.Show(id)
}

// roleName is an ARN of a role as ACCOUNT/NAME, for reading; anything else stays
// as it is.
func roleName(e *estate.Estate, arn estate.Text) string {
	if r := e.Role(arn); r != nil {
		return fmt.Sprintf("%s/%s", accountName(e, r.Account), estate.Show(r.Name))
	}
	return estate.Show(arn)
}
