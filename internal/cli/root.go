// Package cli is the command tree: one file for each verb. A verb parses its
// flags, calls one function of a domain room, and hands the result to a
// renderer; whatever needs more than that belongs in the domain room.
package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/twokey/twokey/report"
)

//go:generate go run ./gendocs ../../docs/cli

// The groups under which verbs are listed by --help.
const (
	groupFind  = "find"
	groupTry   = "try"
	groupOther = "other"
)

// app is one run of the command tree.
type app struct {
	*Env
	color   string
	noColor bool
	// stopped says that an interrupt is how the verb ends, and no failure of
	// its own.
	stopped bool
}

// Run carries out one command line and returns the exit code.
func Run(ctx context.Context, env *Env, args []string) int {
	out := &resultWriter{w: env.Stdout}
	inner := *env
	inner.Stdout = out
	a := &app{Env: &inner}
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	switch {
	case ctx.Err() != nil && !a.stopped:
		err = failf("", "interrupted")
	case out.err != nil:
		err = failf("", "could not write the result: %w", out.err)
	}
	if err != nil {
		// Colour on stderr follows stdout's, so that one flag rules both; where
		// only one of the two is a terminal, neither is coloured by default.
		printError(env.Stderr, a.painter(), err)
	}
	return exitCode(err)
}

// New returns the command tree, for the generator of its documentation.
func New(env *Env) *cobra.Command { return (&app{Env: env}).root() }

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "twokey",
		Short: "Make the two-person rule real for AWS CodePipeline",
		Long: `Twokey answers one question about AWS CodePipeline, and enforces and proves the
answer: how many people does it take to change production?

Results go to standard output and nothing else does; errors, hints and warnings
go to standard error. Exit codes: 0 fine, 1 the answer is no (denied, a failed
test, findings), 2 it could not do its work, 3 incomplete evidence under --strict.`,
		Args:              noSuchVerb,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.SetIn(a.Stdin)
	root.SetOut(a.Stdout)
	root.SetErr(a.Stderr)
	root.SetFlagErrorFunc(flagError)
	a.color = colorAuto
	root.PersistentFlags().Var(&word{&a.color, []string{colorAuto, colorAlways, colorNever}}, "color",
		"colour the output: auto, always or never; NO_COLOR turns auto off")
	root.PersistentFlags().BoolVar(&a.noColor, "no-color", false, "the same as --color never")
	root.AddGroup(
		&cobra.Group{ID: groupFind, Title: "Find:"},
		&cobra.Group{ID: groupTry, Title: "Try:"},
		&cobra.Group{ID: groupOther, Title: "Other:"},
	)
	root.SetHelpCommand(a.help())
	root.SetHelpCommandGroupID(groupOther)
	root.AddCommand(
		a.can(),
		a.completion(),
		a.estate(),
		a.generateEstate(),
		a.paths(),
		a.policy(),
		a.rules(),
		a.sandbox(),
		a.scan(),
		a.techniques(),
		a.version(),
		a.whoCan(),
	)
	return root
}

func (a *app) painter() painter { return colorFor(a.Env, a.color, a.noColor) }

// warnf writes a warning to stderr.
func (a *app) warnf(format string, args ...any) {
	fmt.Fprintf(a.Stderr, "%s %s\n", a.painter().paint(yellow, "twokey: warning:"), report.Line(fmt.Sprintf(format, args...)))
}

// noSuchVerb is the argument check of a command that only holds verbs.
func noSuchVerb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := fmt.Sprintf("`%s --help` lists the verbs", cmd.CommandPath())
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = fmt.Sprintf("did you mean `%s %s`?", cmd.CommandPath(), strings.Join(near, "` or `"+cmd.CommandPath()+" "))
	}
	return failf(hint, "unknown verb %q for %q", args[0], cmd.CommandPath())
}

// wantsVerb is the body of a command that only holds verbs: to call it without
// one does nothing, which a script must not take for success.
func wantsVerb(cmd *cobra.Command, _ []string) error {
	return failf(fmt.Sprintf("`%s --help` lists them", cmd.CommandPath()), "%q wants a verb", cmd.CommandPath())
}

// exactly is the argument check of a verb that takes these arguments.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		hint := "usage: " + cmd.UseLine()
		if len(args) < len(names) {
			return failf(hint, "%s is missing", names[len(args)])
		}
		if len(args) > len(names) {
			return failf(hint, "unexpected argument %q", args[len(names)])
		}
		return nil
	}
}

func flagError(cmd *cobra.Command, err error) error {
	return failf(fmt.Sprintf("`%s --help` lists the flags", cmd.CommandPath()), "%w", err)
}

// resultWriter remembers the first failed write, so that a result that did not
// arrive is never taken for one that did.
type resultWriter struct {
	w   io.Writer
	err error
}

func (r *resultWriter) Write(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.w.Write(p)
	r.err = err
	return n, err
}
