package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/reach"
	"github.com/twokey/twokey/report"
)

func (a *app) whoCan() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "who-can ACTION RESOURCE PATH",
		Short: "List the principals that may do an action on a resource, and the people behind them",
		Long: `List every user and role in the templates at PATH that may do an action on a resource as
it is, with the statements that allow it, on what it depends, and who can act as it.
Techniques by which somebody could become one of them are not followed here: that is
what "twokey paths" is for. The exit code is 0, whoever is listed.`,
		Example: `  twokey who-can codepipeline:PutApprovalResult \
      arn:aws:codepipeline:us-east-1:111111111111:storefront/ApproveProd/ApproveProd examples/storefront`,
		GroupID: groupFind,
		Args:    exactly("ACTION", "RESOURCE", "PATH"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runWhoCan(cmd.Context(), format, args[0], args[1], args[2])
		},
	}
	formatFlag(cmd, &format, "text", "json")
	return cmd
}

// whoCanAnswer is the JSON of who-can.
type whoCanAnswer struct {
	Schema     string            `json:"schema"` // twokey.who-can/v1
	Action     string            `json:"action"`
	Resource   string            `json:"resource"`
	Notes      []string          `json:"notes"`
	Principals []whoCanPrincipal `json:"principals"`
}

type whoCanPrincipal struct {
	Principal string            `json:"principal"`
	Decision  string            `json:"decision"` // allow or if
	If        []string          `json:"if"`
	Because   []finding.Because `json:"because"`
	People    []string          `json:"people"`
}

func (a *app) runWhoCan(ctx context.Context, format, action, resource, path string) error {
	action, notes, err := checkRequest(action, resource)
	if err != nil {
		return err
	}
	loaded, err := a.LoadEstate(ctx, path, estate.LoadOptions{})
	if err != nil {
		return err
	}
	a.warnOfProblems(loaded.Estate.Problems, path)
	answer := whoCanAnswer{Schema: "twokey.who-can/v1", Action: action, Resource: resource, Notes: append([]string{}, notes...), Principals: []whoCanPrincipal{}}
	for _, x := range reach.WhoCan(loaded.Estate, action, resource) {
		answer.Principals = append(answer.Principals, whoCanPrincipal{
			Principal: x.Principal, Decision: x.Outcome, If: append([]string{}, x.If...),
			Because: append([]finding.Because{}, x.Because...), People: append([]string{}, x.People...),
		})
	}
	if format == "json" {
		return writeJSON(a.Stdout, answer)
	}
	return answer.text(a.Stdout, a.painter())
}

func (w *whoCanAnswer) text(out io.Writer, p painter) error {
	var b strings.Builder
	for _, n := range w.Notes {
		fmt.Fprintf(&b, "note: %s\n", report.Line(n))
	}
	for _, x := range w.Principals {
		people := "no person that the estate shows"
		if len(x.People) > 0 {
			people = strings.Join(x.People, ", ")
		}
		mark := p.paint(green, x.Decision)
		if x.Decision == "if" {
			mark = p.paint(yellow, x.Decision)
		}
		fmt.Fprintf(&b, "%s  %s  (%s)\n", mark, report.Line(x.Principal), report.Line(people))
		for _, why := range x.Because {
			fmt.Fprintf(&b, "       %s, Statement[%d]  %s\n", report.Line(why.Policy), why.Statement, report.Line(place(why.Location)))
		}
		for _, c := range x.If {
			fmt.Fprintf(&b, "       %s\n", report.Line(c))
		}
	}
	if len(w.Principals) == 0 {
		fmt.Fprintf(&b, "nobody in the estate may call %s on %s\n", report.Line(w.Action), report.Line(w.Resource))
	}
	_, err := io.WriteString(out, b.String())
	return err
}
