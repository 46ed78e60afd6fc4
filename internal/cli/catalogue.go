package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/twokey/twokey/harden"
	"github.com/twokey/twokey/reach"
)

func (a *app) techniques() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "techniques",
		Short: "List the techniques by which a way to production may go",
		Long: `List the technique table: what each technique needs and what it gains, and which ones are
not followed, with the reason. A coalition that holds the permissions of one that is
not followed makes the number of a pipeline an upper bound, and the scan says so.`,
		Example: "  twokey techniques\n  twokey techniques --format json",
		GroupID: groupFind,
		Args:    exactly(),
		RunE: func(*cobra.Command, []string) error {
			table := techniqueTable()
			if format == "json" {
				return writeJSON(a.Stdout, map[string]any{"schema": "twokey.techniques/v1", "techniques": table})
			}
			followed := 0
			for _, t := range table {
				mark := "followed"
				if t.Followed {
					followed++
				} else {
					mark = "not followed: " + t.Why
				}
				fmt.Fprintf(a.Stdout, "%-24s %s\n%-24s needs %s\n%-24s gains: %s; %s\n", t.ID, t.Title, "", t.needs(), "", t.Gains, mark)
			}
			fmt.Fprintf(a.Stdout, "%d techniques, %d followed\n", len(table), followed)
			return nil
		},
	}
	formatFlag(cmd, &format, "text", "json")
	return cmd
}

// techniqueRow is one technique in JSON.
type techniqueRow struct {
	ID        string     `json:"id"`
	Title     string     `json:"title"`
	Subject   string     `json:"subject"`
	Needs     [][]string `json:"needs"` // all of one of the lists
	Gains     string     `json:"gains"`
	Reference string     `json:"reference"`
	Followed  bool       `json:"followed"`
	Why       string     `json:"why,omitempty"`
}

func (t *techniqueRow) needs() string {
	var lists []string
	for _, l := range t.Needs {
		lists = append(lists, strings.Join(l, " + "))
	}
	if len(lists) == 0 {
		return "no permission of its own"
	}
	return strings.Join(lists, "; or ")
}

func techniqueTable() []techniqueRow {
	var out []techniqueRow
	for _, t := range reach.Techniques() {
		row := techniqueRow{ID: t.ID, Title: t.Title, Subject: string(t.Subject), Needs: [][]string{}, Gains: string(t.Gains), Reference: t.Reference, Followed: t.Followed, Why: t.Why}
		for _, list := range t.Needs {
			var actions []string
			for _, p := range list {
				actions = append(actions, p.Action)
			}
			row.Needs = append(row.Needs, actions)
		}
		out = append(out, row)
	}
	return out
}

func (a *app) rules() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:     "rules",
		Short:   "List the hardening rules",
		Long:    "List the hardening rules that a scan applies. \"twokey scan --explain RULE\" says more of one.",
		Example: "  twokey rules\n  twokey rules --format json",
		GroupID: groupFind,
		Args:    exactly(),
		RunE: func(*cobra.Command, []string) error {
			list := harden.Rules()
			if format == "json" {
				return writeJSON(a.Stdout, map[string]any{"schema": "twokey.rules/v1", "rules": list})
			}
			for _, r := range list {
				fmt.Fprintf(a.Stdout, "%s  %-8s  %-34s  %s\n", r.ID, r.Severity, r.Name, r.Title)
			}
			return nil
		},
	}
	formatFlag(cmd, &format, "text", "json")
	return cmd
}
