package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/twokey/twokey/docs/rules"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/harden"
	"github.com/twokey/twokey/internal/scan"
	"github.com/twokey/twokey/report"
)

type scanOptions struct {
	format   string
	out      string
	failOn   string
	exitZero bool
	strict   bool
	rules    []string
	explain  string
	details  bool
	baseline string
	write    string
}

// failOnNever is the word for no finding at all failing a scan.
const failOnNever = "never"

func (a *app) scan() *cobra.Command {
	var o scanOptions
	cmd := &cobra.Command{
		Use:   "scan PATH",
		Short: "Find how many people it takes to change production, each way around, and what to harden",
		Long: `Read the templates at PATH and answer, for each pipeline: how many people does it take
to change production, and by which shortest ways? Then apply the hardening rules.

PATH is a folder with an estate file, twokey.yaml, or one without, of which every
template is then taken as a stack of one account; an estate file; a single template;
or a CDK cloud assembly (cdk.out).

A pipeline whose number is below what the estate file wants counts as critical where
one person is enough, and as high otherwise. The exit code is 1 where anything at or
above --fail-on counts, whatever the format. What could not be read is listed as
unknown and never taken as safe; with --strict it makes the exit code 3.

A finding is accepted by a comment "# twokey: ignore[CP-203] reason=… until=2027-01-31"
at the resource or line it is about, by Metadata: {Twokey: {ignore: […]}} of the
resource, by scan.ignore of the estate file, or by a baseline.`,
		Example: `  twokey scan examples/storefront
  twokey scan --format html --out report.html examples/storefront
  twokey scan --fail-on high --format sarif --out twokey.sarif .
  twokey scan --write-baseline baseline.json . && twokey scan --baseline baseline.json .
  twokey scan --explain CP-108`,
		GroupID: groupFind,
		Args: func(cmd *cobra.Command, args []string) error {
			if o.explain != "" && len(args) == 0 {
				return nil
			}
			return exactly("PATH")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.explain != "" {
				return a.explainRule(o.explain)
			}
			return a.runScan(cmd.Context(), o, args[0])
		},
	}
	formatFlag(cmd, &o.format, "text", "json", "sarif", "html", "markdown")
	f := cmd.Flags()
	f.StringVarP(&o.out, "out", "o", "", "write the report to `FILE` instead of standard output")
	o.failOn = string(finding.Medium)
	f.Var(&word{&o.failOn, append(severityWords(), failOnNever)}, "fail-on", "the severity from which on the exit code is 1: "+strings.Join(append(severityWords(), failOnNever), ", "))
	f.BoolVar(&o.exitZero, "exit-zero", false, "exit with 0 whatever was found")
	f.BoolVar(&o.strict, "strict", false, "exit with 3 where something could not be read or decided")
	f.StringSliceVar(&o.rules, "rules", nil, "apply only these `RULES`, by id or name")
	f.BoolVar(&o.details, "details", false, "text: every statement of each way, how to mend each finding, and what was accepted")
	f.StringVar(&o.explain, "explain", "", "say what a `RULE` looks for, why, and how to mend it")
	f.StringVar(&o.baseline, "baseline", "", "accept what `FILE` holds")
	f.StringVar(&o.write, "write-baseline", "", "write what counts now to `FILE`, for --baseline")
	return cmd
}

func severityWords() []string {
	var words []string
	for _, s := range finding.Severities() {
		words = append(words, string(s))
	}
	return words
}

func (a *app) runScan(ctx context.Context, o scanOptions, path string) error {
	for _, id := range o.rules {
		if _, ok := harden.RuleByID(id); !ok {
			return unknownRule(id)
		}
	}
	baseline, err := readBaseline(o.baseline)
	if err != nil {
		return err
	}
	start := a.Clock()
	result, err := a.analyse(ctx, path, scan.Options{Rules: o.rules, Baseline: baseline})
	if err != nil {
		return err
	}
	options := a.reportOptions(path, a.Clock().Sub(start))
	options.Explain = o.details
	if err := a.writeReport(o.out, result.Scan, renderers[o.format], options); err != nil {
		return err
	}
	if o.write != "" {
		if err := writeBaseline(o.write, result.Scan); err != nil {
			return err
		}
	}
	if o.baseline != "" {
		a.notef("%d of the baseline's findings are there", result.Baselined)
	}
	return verdict(o, result.Scan)
}

// analyse scans with this program's loaders, and warns of what is wrong with the
// input.
func (a *app) analyse(ctx context.Context, path string, o scan.Options) (*scan.Result, error) {
	o.Today = a.Clock()
	progress := a.progress()
	defer progress.stop()
	o.Progress = progress.step
	result, err := scan.Run(ctx, a.LoadEstate, path, o)
	if err != nil {
		return nil, err
	}
	progress.stop()
	a.warnOfProblems(result.Problems, path)
	return result, nil
}

func (a *app) reportOptions(path string, elapsed time.Duration) report.Options {
	return report.Options{
		Version: buildVersion(), Title: path, Color: bool(a.painter()), Elapsed: elapsed, Rules: ruleInfos(),
	}
}

// renderers are the formats of a scan.
var renderers = map[string]func(io.Writer, *finding.Scan, report.Options) error{
	"text": report.Text, "json": report.JSON, "sarif": report.SARIF, "html": report.HTML, "markdown": report.Markdown,
}

// writeReport renders to standard output or, whole or not at all, to a file.
func (a *app) writeReport(out string, s *finding.Scan, render func(io.Writer, *finding.Scan, report.Options) error, o report.Options) error {
	if out == "" {
		return render(a.Stdout, s, o)
	}
	o.Color = false
	return report.WriteFile(out, func(w io.Writer) error { return render(w, s, o) })
}

// verdict is the exit code of a scan: findings first, then what is missing.
func verdict(o scanOptions, s *finding.Scan) error {
	if !o.exitZero && o.failOn != failOnNever && counts(s, finding.Severity(o.failOn)) {
		return Negative
	}
	if o.strict && incomplete(s) {
		return Incomplete
	}
	return nil
}

// counts reports whether anything at or above the floor speaks against the
// estate: a finding, or a pipeline with fewer people than wanted.
func counts(s *finding.Scan, floor finding.Severity) bool {
	for _, p := range s.Pipelines {
		if p.Short() && p.Severity().AtLeast(floor) {
			return true
		}
	}
	return slices.ContainsFunc(s.Findings, func(f finding.Finding) bool {
		return f.Status == finding.StatusFail && f.Suppressed == nil && f.Severity.AtLeast(floor)
	})
}

func incomplete(s *finding.Scan) bool {
	return len(s.Coverage.Unknown)+len(s.Coverage.Denied) > 0 ||
		slices.ContainsFunc(s.Pipelines, func(p finding.Pipeline) bool { return p.Unknown != "" }) ||
		slices.ContainsFunc(s.Findings, func(f finding.Finding) bool { return f.Status == finding.StatusUnknown && f.Suppressed == nil })
}

func readBaseline(file string) (*finding.Baseline, error) {
	if file == "" {
		return nil, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := finding.ReadBaseline(f)
	if err != nil {
		return nil, failf("`twokey scan --write-baseline FILE PATH` writes one", "%s: %w", file, err)
	}
	return &b, nil
}

func writeBaseline(file string, s *finding.Scan) error {
	return report.WriteFile(file, func(w io.Writer) error { return finding.NewBaseline(s).Write(w) })
}

func unknownRule(id string) error {
	var names []string
	for _, r := range harden.Rules() {
		names = append(names, r.ID, r.Name)
	}
	if near := nearest(id, names, 1); len(near) > 0 {
		return failf("did you mean "+near[0]+"?", "there is no rule %s", id)
	}
	return failf("`twokey rules` lists them", "there is no rule %s", id)
}

func (a *app) explainRule(id string) error {
	r, ok := harden.RuleByID(id)
	if !ok {
		return unknownRule(id)
	}
	page, err := rules.Page(r.ID)
	if err != nil {
		return err
	}
	_, err = io.Copy(a.Stdout, bytes.NewReader(page))
	return err
}

// ruleInfos describes the rules for the renderers that show them.
func ruleInfos() []report.RuleInfo {
	var out []report.RuleInfo
	for _, r := range harden.Rules() {
		page, _ := rules.Page(r.ID)
		out = append(out, report.RuleInfo{ID: r.ID, Name: r.Name, Short: r.Title, Help: string(page), Severity: r.Severity})
	}
	return out
}

// notef tells something on stderr that is neither an error nor a warning.
func (a *app) notef(format string, args ...any) {
	fmt.Fprintf(a.Stderr, "twokey: %s\n", report.Line(fmt.Sprintf(format, args...)))
}
