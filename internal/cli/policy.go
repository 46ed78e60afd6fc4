package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/twokey/twokey/iam/iamtest"
	"github.com/twokey/twokey/report"
)

func (a *app) policy() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "policy",
		Short:   "Work with IAM policies by themselves",
		Long:    "Work with IAM policies by themselves, without an estate.",
		GroupID: groupFind,
		Example: "  twokey policy test decisions.jsonl",
		Args:    noSuchVerb,
		RunE:    wantsVerb,
	}
	cmd.AddCommand(a.policyTest())
	return cmd
}

func (a *app) policyTest() *cobra.Command {
	return &cobra.Command{
		Use:   "test FILE...",
		Short: "Run decision tests for policies",
		Long: `Run decision tests: one JSON object a line, each with a request, the policies that bear
on it, and the decision that is wanted. "-" reads from standard input.

Each failure is a line, FILE:LINE: NAME: want …, got …; the last line is a summary. A
file that cannot be read, and a line that is no test, is an error: the exit code is
then 2, whatever the tests came to.`,
		Example: `  twokey policy test decisions.jsonl
  jq -c 'select(.action == "iam:PassRole")' decisions.jsonl | twokey policy test -`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return exactly("FILE")(cmd, args)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runPolicyTest(cmd.Context(), args)
		},
	}
}

// runPolicyTest runs all tests of all files; what could not be read or run does
// not keep the others from being run.
func (a *app) runPolicyTest(ctx context.Context, files []string) error {
	passed, failed := 0, 0
	var errs []error
	for _, name := range files {
		cases, err := a.readCases(name)
		if err != nil {
			errs = append(errs, err)
		}
		for _, c := range cases {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			got, err := c.Run()
			switch {
			case err != nil:
				errs = append(errs, fmt.Errorf("%s:%d: %w", name, c.Line, err))
			case got == c.Want:
				passed++
			default:
				failed++
				line := fmt.Sprintf("%s:%d: %s: want %s, got %s", name, c.Line, c.Name, c.Want, got)
				if c.Why != "" {
					line += " (" + c.Why + ")"
				}
				fmt.Fprintln(a.Stdout, report.Line(line))
			}
		}
	}
	if passed+failed == 0 && len(errs) == 0 {
		errs = append(errs, fmt.Errorf("no test in %s", strings.Join(files, ", ")))
	}
	fmt.Fprintf(a.Stdout, "%d passed, %d failed\n", passed, failed)
	if failed > 0 && len(errs) == 0 {
		return Negative
	}
	return errors.Join(errs...)
}

func (a *app) readCases(name string) (cases []iamtest.Case, err error) {
	r := a.Stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		r = f
	}
	cases, err = iamtest.ReadCases(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return cases, nil
}
