package report

import (
	"cmp"
	"io"
	"net/url"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/twokey/twokey/finding"
)

// The rules under which SARIF lists what is a way and not a finding. A pipeline
// that takes fewer people than wanted has one result for each of its ways; one
// whose number is not certain has one result that says so. Ways of a pipeline
// that takes as many people as wanted are no result: they are how production
// is meant to be changed.
const (
	RuleOnePerson     = "TK-WAY-1" // one person can change production alone
	RuleTooFewPeople  = "TK-WAY-2" // more than one, but fewer than wanted
	RuleNumberUnknown = "TK-WAY-0" // nobody can say how many people it takes
)

func wayRules() []RuleInfo {
	return []RuleInfo{
		{ID: RuleNumberUnknown, Name: "people-to-production-unknown", Severity: finding.High,
			Short: "It is not certain how many people it takes to change production.",
			Help:  "Something that decides the number could not be read or worked out, so nothing shows that the pipeline takes as many people as wanted. Give what the message names, and scan again."},
		{ID: RuleOnePerson, Name: "one-person-to-production", Severity: finding.Critical,
			Short: "One person can change production alone.",
			Help:  "The steps of the result lead one person from what they may do to a change of production that nobody else has agreed to. Each step names the statement that allows it; the mend takes one of them away."},
		{ID: RuleTooFewPeople, Name: "too-few-people-to-production", Severity: finding.High,
			Short: "Fewer people than wanted can change production.",
			Help:  "The steps of the result lead a group that is smaller than wanted to a change of production. Each step names the statement that allows it; the mend takes one of them away."},
	}
}

const (
	sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	sourceRoot  = "%SRCROOT%"
	// fingerprintKey names and versions how fingerprints are made.
	fingerprintKey = "twokeyFingerprint/v1"
)

// SARIF writes a scan as a SARIF 2.1.0 log with one run: every rule with its
// help, every finding and every way to production that takes too few people as
// a result, ways with their steps as a code flow, and suppressed ones with
// their reason. Files are relative to %SRCROOT%; a live resource is a logical
// location with its ARN. A finding that no rule could decide has kind "review",
// one that is no fault "informational". It returns an error of w.
func SARIF(w io.Writer, s *finding.Scan, o Options) error {
	t := tallyOf(s)
	b := sarifBuilder{index: map[string]int{}}
	b.rules(t, o)
	for _, p := range t.pipelines {
		b.pipeline(p)
	}
	for _, list := range [][]finding.Finding{t.fails, t.unknown, t.notes, t.suppressed} {
		for _, f := range list {
			b.finding(f)
		}
	}
	return writeJSON(w, sarifLog{
		Schema: sarifSchema, Version: "2.1.0",
		Runs: []sarifRun{{
			Tool: sarifTool{Driver: sarifDriver{Name: "Twokey", Version: o.Version, Rules: b.ruleList}},
			Invocations: []sarifInvocation{{
				// The scan did its work; what it could not see is notified.
				ExecutionSuccessful: true,
				Notifications:       notifications(s),
			}},
			BaseIDs:    map[string]sarifBase{sourceRoot: {Description: sarifMessage{"The root of what was scanned."}}},
			ColumnKind: "unicodeCodePoints",
			Results:    b.results,
		}},
	})
}

type sarifBuilder struct {
	ruleList []sarifRule
	index    map[string]int // of a rule in ruleList
	results  []sarifResult
}

// rules lists the rules of the options and of ways, and a bare one for each
// finding whose rule is not among them.
func (b *sarifBuilder) rules(t tally, o Options) {
	add := func(r RuleInfo) {
		id := sarifID(r.ID)
		if _, has := b.index[id]; has {
			return
		}
		b.index[id] = len(b.ruleList)
		b.ruleList = append(b.ruleList, newSarifRule(id, r))
	}
	for _, r := range wayRules() {
		add(r)
	}
	for _, r := range o.Rules {
		add(r)
	}
	for _, list := range [][]finding.Finding{t.fails, t.unknown, t.notes, t.suppressed} {
		for _, f := range list {
			add(RuleInfo{ID: f.Rule, Name: f.Name, Severity: f.Severity})
		}
	}
}

func newSarifRule(id string, r RuleInfo) sarifRule {
	short := cmp.Or(prose(r.Short), name(r.Name), id)
	rule := sarifRule{
		ID: id, Name: name(r.Name), Short: sarifMessage{short},
		Help:          sarifHelp{Text: cmp.Or(block(r.Help), short), Markdown: block(r.Help)},
		Configuration: sarifConfiguration{Level: sarifLevel(r.Severity)},
		Properties:    sarifProperties{SecuritySeverity: securitySeverity(r.Severity), Tags: []string{"security"}},
	}
	if u, err := url.Parse(r.HelpURI); err == nil && u.Scheme == "https" && u.Host != "" {
		rule.HelpURI = u.String()
	}
	return rule
}

// sarifID is a rule's id as SARIF may hold it: never empty.
func sarifID(id string) string { return cmp.Or(name(id), "unnamed") }

func (b *sarifBuilder) result(rule string, r sarifResult) {
	r.RuleID = sarifID(rule)
	r.RuleIndex = b.index[r.RuleID]
	b.results = append(b.results, r)
}

func (b *sarifBuilder) pipeline(p *finding.Pipeline) {
	at := sarifLocations(p.Location, p.ARN, p.Name)
	switch judge(p) {
	case reached:
	case unsure:
		text := name(p.Name) + ": production takes " + takes(p) + ", wants " + strconv.Itoa(wanted(p)) + ", not certain"
		if p.Unknown != "" {
			text += ": " + prose(p.Unknown)
		}
		b.result(RuleNumberUnknown, sarifResult{
			Level: "error", Message: sarifMessage{text}, Locations: at,
			Fingerprints: fingerprints(finding.Fingerprint(RuleNumberUnknown, finding.Subject{Type: "AWS::CodePipeline::Pipeline", ID: p.Name, Account: p.Account})),
			Properties:   sarifProperties{SecuritySeverity: securitySeverity(finding.High)},
		})
	case short:
		rule, severity := RuleOnePerson, finding.Critical
		if p.PeopleToProduction > 1 {
			rule, severity = RuleTooFewPeople, finding.High
		}
		for _, w := range p.Ways {
			b.result(rule, sarifWay(p, w, severity, at))
		}
		if len(p.Ways) == 0 { // the number alone is a result too
			b.result(rule, sarifResult{Level: "error", Locations: at,
				Message:      sarifMessage{name(p.Name) + ": production takes " + takes(p) + ", wants " + strconv.Itoa(wanted(p))},
				Fingerprints: fingerprints(finding.Fingerprint(rule, finding.Subject{Type: "AWS::CodePipeline::Pipeline", ID: p.Name, Account: p.Account})),
				Properties:   sarifProperties{SecuritySeverity: securitySeverity(severity)}})
		}
	}
}

func sarifWay(p *finding.Pipeline, w finding.Way, severity finding.Severity, pipelineAt []sarifLocation) sarifResult {
	text := name(p.Name) + ": production takes " + takes(p) + ", wants " + strconv.Itoa(wanted(p)) + ". " + headline(w)
	if w.Mend != "" {
		text += ". Mend: " + prose(w.Mend)
	}
	r := sarifResult{
		Level: sarifLevel(severity), Message: sarifMessage{text},
		// The statement that the mend names is where a reader has to act.
		Locations:    sarifLocations(w.MendLocation, "", ""),
		Fingerprints: fingerprints(w.Fingerprint), Suppressions: suppressions(w.Suppressed),
		Properties: sarifProperties{SecuritySeverity: securitySeverity(severity)},
	}
	if len(r.Locations) == 0 {
		r.Locations = pipelineAt
	}
	var flow []sarifFlowLocation
	for i, s := range w.Steps {
		text := strconv.Itoa(i+1) + ". " + sentence(s)
		if s.Action != "" {
			text += " (" + name(s.Action) + ")"
		}
		for _, c := range s.If {
			text += "; if " + condition(c)
		}
		var at finding.Location
		if len(s.Because) > 0 {
			at = s.Because[0].Location
		}
		loc := sarifLocation{}
		if ls := sarifLocations(at, cmp.Or(s.Resource, s.Principal), ""); len(ls) > 0 {
			loc = ls[0]
		}
		loc.Message = &sarifMessage{text}
		flow = append(flow, sarifFlowLocation{Location: loc, Order: i + 1, Importance: "essential"})
		for j, because := range s.Because {
			if rel := sarifLocations(because.Location, "", ""); j > 0 && len(rel) > 0 {
				rel[0].Message = &sarifMessage{"step " + strconv.Itoa(i+1) + " also needs " + name(because.Policy) + " statement " + strconv.Itoa(because.Statement)}
				r.relate(rel[0])
			}
		}
	}
	if len(flow) > 0 {
		r.CodeFlows = []sarifCodeFlow{{Message: &sarifMessage{headline(w)}, ThreadFlows: []sarifThreadFlow{{Locations: flow}}}}
	}
	return r
}

func (b *sarifBuilder) finding(f finding.Finding) {
	text := prose(cmp.Or(f.Message, f.Name, f.Rule, "no message"))
	if f.Needs != "" {
		text += " (when " + prose(f.Needs) + ")"
	}
	if f.Remediation != "" {
		text += ". Mend: " + prose(f.Remediation)
	}
	r := sarifResult{
		Level: sarifLevel(f.Severity), Message: sarifMessage{text},
		Locations:    sarifLocations(f.Location, f.Subject.ARN, f.Subject.ID),
		Fingerprints: fingerprints(f.Fingerprint), Suppressions: suppressions(f.Suppressed),
		Properties: sarifProperties{SecuritySeverity: securitySeverity(f.Severity), Confidence: name(f.Confidence)},
	}
	for _, c := range f.Controls {
		r.Properties.Tags = append(r.Properties.Tags, name(c))
	}
	r.Properties.Tags = distinct(r.Properties.Tags)
	switch f.Status {
	case finding.StatusUnknown:
		r.Kind, r.Level = "review", "none"
	case finding.StatusInfo:
		r.Kind, r.Level = "informational", "none"
	}
	for _, s := range f.Related {
		if rel := sarifLocations(s.Location, "", ""); len(rel) > 0 {
			rel[0].Message = &sarifMessage{cmp.Or(prose(s.Message), "related")}
			r.relate(rel[0])
		}
	}
	if len(f.Evidence) > 0 {
		var flow []sarifFlowLocation
		for i, e := range f.Evidence {
			flow = append(flow, sarifFlowLocation{Location: sarifLocation{Message: &sarifMessage{cmp.Or(prose(e), "…")}}, Order: i + 1})
		}
		r.CodeFlows = []sarifCodeFlow{{ThreadFlows: []sarifThreadFlow{{Locations: flow}}}}
	}
	b.result(f.Rule, r)
}

// relate adds a related location unless it is there already: SARIF wants a set.
func (r *sarifResult) relate(l sarifLocation) {
	if !slices.ContainsFunc(r.Related, func(have sarifLocation) bool { return reflect.DeepEqual(have, l) }) {
		r.Related = append(r.Related, l)
	}
}

// distinct drops repeated values: SARIF wants tags to be a set.
func distinct(list []string) []string {
	seen := map[string]bool{}
	out := list[:0]
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

func notifications(s *finding.Scan) []sarifNotification {
	var out []sarifNotification
	add := func(head string, list []finding.Unknown) {
		for _, u := range list {
			n := sarifNotification{Level: "warning", Message: sarifMessage{head + prose(u.What)}}
			if u.Why != "" {
				n.Message.Text += ": " + prose(u.Why)
			}
			n.Locations = sarifLocations(u.Location, "", "")
			out = append(out, n)
		}
	}
	add("not seen: ", s.Coverage.Unknown)
	add("denied: ", s.Coverage.Denied)
	return out
}

func fingerprints(f string) map[string]string {
	if f == "" {
		return nil
	}
	return map[string]string{fingerprintKey: name(f)}
}

func suppressions(s *finding.Suppression) []sarifSuppression {
	if s == nil {
		return nil
	}
	// "inSource" is what is written beside the resource; a configuration or
	// baseline file stands outside of it.
	kind := "external"
	if s.Kind == "comment" || s.Kind == "metadata" || s.Kind == "ignore" {
		kind = "inSource"
	}
	text := prose(s.Reason)
	if s.Until != "" {
		text += " (until " + name(s.Until) + ")"
	}
	out := sarifSuppression{Kind: kind, Justification: text}
	if at := sarifLocations(s.Location, "", ""); len(at) > 0 {
		out.Location = &at[0]
	}
	return []sarifSuppression{out}
}

// sarifLocations is a place as SARIF has it: a file, else a logical location;
// none where nothing is known.
func sarifLocations(l finding.Location, arn, id string) []sarifLocation {
	var loc sarifLocation
	if l.File != "" {
		ph := &sarifPhysical{Artifact: artifact(l.File)}
		if l.Line > 0 {
			ph.Region = &sarifRegion{StartLine: l.Line, StartColumn: max(l.Column, 0)}
		}
		loc.Physical = ph
	}
	if full := cmp.Or(l.ARN, arn); full != "" || id != "" {
		loc.Logical = []sarifLogical{{Name: name(id), FullName: name(full), Kind: "resource"}}
	}
	if loc.Physical == nil && loc.Logical == nil {
		return nil
	}
	return []sarifLocation{loc}
}

// artifact is a file as a URI reference: relative to the scanned root, or
// absolute where the file's own path is.
func artifact(file string) sarifArtifact {
	file = strings.ReplaceAll(clip(file), `\`, "/")
	if path.IsAbs(file) {
		return sarifArtifact{URI: (&url.URL{Scheme: "file", Path: file}).String()}
	}
	// A colon in the first segment would read as a scheme: url writes "./" before it.
	return sarifArtifact{URI: (&url.URL{Path: file}).String(), BaseID: sourceRoot}
}

// clip cuts a path that is longer than any that a file system has.
func clip(file string) string {
	const maxPathBytes = 4096
	file = strings.ToValidUTF8(file, "�")
	if len(file) <= maxPathBytes {
		return file
	}
	return strings.ToValidUTF8(file[:maxPathBytes], "")
}

func sarifLevel(s finding.Severity) string {
	switch s {
	case finding.Medium:
		return "warning"
	case finding.Low, finding.Info:
		return "note"
	}
	return "error" // and what is not known is taken as bad
}

// securitySeverity is the score by which code scanning services sort: over 9.0
// is critical, from 7.0 high, from 4.0 medium, and from 0.1 low.
func securitySeverity(s finding.Severity) string {
	switch s {
	case finding.High:
		return "8.0"
	case finding.Medium:
		return "5.5"
	case finding.Low:
		return "3.0"
	case finding.Info:
		return "0.0"
	}
	return "9.5"
}
