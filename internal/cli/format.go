package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam/policy"
)

// formatFlag adds --format with its words, the first of which is the default.
func formatFlag(cmd *cobra.Command, value *string, words ...string) {
	*value = words[0]
	cmd.Flags().Var(&word{value, words}, "format", "how to print the result: "+strings.Join(words, ", "))
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

// word is the value of a flag that has a few words to choose from.
type word struct {
	value *string
	words []string
}

func (w *word) String() string { return *w.value }
func (w *word) Type() string   { return "string" }

func (w *word) Set(s string) error {
	if !slices.Contains(w.words, s) {
		return fmt.Errorf("use %s", strings.Join(w.words, ", "))
	}
	*w.value = s
	return nil
}

// writeJSON writes v indented, with <, > and & as they are.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// locationOf turns a place into the shape of all JSON output. A place without a
// line is the ARN of a live resource, or a file as a whole.
func locationOf(p policy.Pos) finding.Location {
	if p.Line == 0 && strings.HasPrefix(p.File, "arn:") {
		return finding.Location{ARN: p.File}
	}
	return finding.Location{File: p.File, Line: p.Line, Column: p.Column}
}

// place is a location for people: "file:line", or the ARN.
func place(l finding.Location) string {
	switch {
	case l.ARN != "":
		return l.ARN
	case l.Line == 0:
		return l.File
	}
	return fmt.Sprintf("%s:%d", l.File, l.Line)
}
