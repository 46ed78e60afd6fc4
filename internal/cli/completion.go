package cli

import (
	"github.com/spf13/cobra"
)

func (a *app) completion() *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "Print a completion script for a shell",
		Long: `Print the script that lets a shell complete the verbs and flags of twokey. Load it
in the running shell, or keep it where the shell looks for completions.`,
		Example: `  source <(twokey completion bash)
  twokey completion zsh > "${fpath[1]}/_twokey"
  twokey completion fish | source`,
		GroupID:   groupOther,
		ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
		Args:      exactly("the name of a shell"),
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(a.Stdout, true)
			case "zsh":
				return root.GenZshCompletion(a.Stdout)
			case "fish":
				return root.GenFishCompletion(a.Stdout, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(a.Stdout)
			}
			return failf("use one of: bash, zsh, fish, powershell", "there is no completion script for %q", args[0])
		},
	}
}
