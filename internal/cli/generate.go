package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/twokey/twokey/estate/synthetic"
)

func (a *app) generateEstate() *cobra.Command {
	var o synthetic.Options
	var out string
	cmd := &cobra.Command{
		Use:   "generate-estate --out DIR",
		Short: "Write a made-up estate of any size, to measure and to try",
		Long: `Write a made-up estate of CloudFormation templates and an estate file into an empty
folder. It is the same for the same options. Every account holds four groups with
twenty users, ten pipelines that deploy into the account and, after a manual approval,
into the next one, their roles, bucket and key, and workload roles up to the number of
principals. About one pipeline in ten has each of five usual faults.`,
		Example: "  twokey generate-estate --accounts 100 --out /tmp/estate && twokey scan --format json --out scan.json /tmp/estate",
		GroupID: groupOther,
		Args:    exactly(),
		RunE: func(*cobra.Command, []string) error {
			if out == "" {
				return failf("name a folder that is empty or does not exist", "--out is missing")
			}
			if err := synthetic.Write(out, o); err != nil {
				return err
			}
			_, err := fmt.Fprintln(a.Stdout, out)
			return err
		},
	}
	cmd.Flags().IntVar(&o.Accounts, "accounts", 10, "how many accounts, 2 to 10000")
	cmd.Flags().IntVar(&o.Principals, "principals", 500, "how many users and roles each account has")
	cmd.Flags().IntVar(&o.Pipelines, "pipelines", 10, "how many pipelines each account has, 1 to 100")
	cmd.Flags().Uint64Var(&o.Seed, "seed", 1, "another `NUMBER` makes another estate")
	cmd.Flags().StringVarP(&out, "out", "o", "", "the `FOLDER` to write")
	return cmd
}
