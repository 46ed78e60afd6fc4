package harden

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam/policy"
)

var cp703 = rule{describe("CP-703", "no-event-archive", finding.Medium,
	"What the pipeline did is forgotten after a year",
	"OWASP CICD-SEC-10", "NIST 800-53 AU-11"), checkEventArchive}

// stateChanges are the kinds of event that together say what a run did.
var stateChanges = []string{
	"CodePipeline Pipeline Execution State Change", "CodePipeline Stage Execution State Change", "CodePipeline Action Execution State Change",
}

func checkEventArchive(s *scan) {
	for _, p := range s.pipelines {
		kept := false
		var d *draft
		var short []struct {
			pos  policy.Pos
			text string
		}
		add := func(pos policy.Pos, text string) {
			short = append(short, struct {
				pos  policy.Pos
				text string
			}{pos, text})
		}
		for _, a := range s.est.Others["AWS::Events::Archive"] {
			pattern := a.Props.Get("EventPattern")
			if a.Account != p.Account || a.Region != p.Region || pattern != nil && !matchesPipeline(pattern, p) {
				continue
			}
			days := number(a.Props.Get("RetentionDays"))
			switch {
			case days > 0 && days < s.opts.RetentionDays:
				add(a.Pos, "archive "+estate.Show(a.Name)+" keeps events for "+plural(days, "day", "days"))
			case pattern != nil && len(missingChanges(pattern)) > 0:
				add(a.Pos, "archive "+estate.Show(a.Name)+" leaves out "+listed(missingChanges(pattern)))
			default:
				kept = true
			}
		}
		for _, r := range s.est.Rules {
			if r.Account != p.Account || r.Region != p.Region || r.Pattern == nil || !matchesPipeline(r.Pattern, p) {
				continue
			}
			keeps, why := s.keepsEvents(r)
			switch {
			case !keeps && why == "":
			case !keeps:
				add(r.Pos, "rule "+estate.Show(r.Name)+" "+why)
			case !r.Enabled:
				add(r.Pos, "rule "+estate.Show(r.Name)+" is off")
			case len(missingChanges(r.Pattern)) > 0:
				add(r.Pos, "rule "+estate.Show(r.Name)+" leaves out "+listed(missingChanges(r.Pattern)))
			default:
				kept = true
			}
		}
		switch {
		case kept:
			continue
		case len(short) == 0:
			d = s.unknown(p.subject(), p.Pos, "nothing in the estate keeps the events of "+p.title()+" for "+itoa(s.opts.RetentionDays)+" days; CodePipeline's own history ends after twelve months")
		default:
			var texts []string
			for _, x := range short {
				texts = append(texts, x.text)
			}
			d = s.fail(p.subject(), p.Pos, "the events of "+p.title()+" are not kept for "+itoa(s.opts.RetentionDays)+" days: "+listed(texts))
			for _, x := range short {
				d.related(x.pos, x.text)
			}
		}
		d.mend("Keep all three kinds of event, in an archive or a log group with that retention.", `
Type: AWS::Events::Archive
Properties:
  SourceArn: arn:aws:events:REGION:ACCOUNT:event-bus/default
  RetentionDays: 0
  EventPattern:
    source: [aws.codepipeline]
`)
	}
}

// matchesPipeline reports whether an event pattern is about the runs of a
// pipeline.
func matchesPipeline(pattern *policy.Node, p *pipe) bool {
	if !listHas(pattern.Get("source"), "aws.codepipeline") {
		return false
	}
	names := pattern.Path("detail", "pipeline")
	return names == nil || !estate.Known(p.Name) || listHas(names, p.Name) || len(names.Elements()) > 0 && names.Elements()[0].Kind == policy.Map
}

// missingChanges returns the kinds of event that a pattern leaves out, or the
// states, where it asks for some only.
func missingChanges(pattern *policy.Node) []string {
	var out []string
	types := pattern.Get("detail-type")
	for _, c := range stateChanges {
		if types != nil && !listHas(types, c) {
			out = append(out, c)
		}
	}
	if states := pattern.Path("detail", "state"); states != nil && len(states.Elements()) < 4 {
		out = append(out, "most states")
	}
	return out
}

func listHas(n *policy.Node, text string) bool {
	return slices.ContainsFunc(n.Elements(), func(e *policy.Node) bool {
		if e.Kind == policy.Map {
			prefix := textOf(e.Get("prefix"))
			return prefix != "" && strings.HasPrefix(text, prefix)
		}
		return textOf(e) == text
	})
}

// keepsEvents reports whether a rule puts events somewhere they are kept. why is
// set where it does, but not for long enough; it is empty where the rule only
// passes events on.
func (s *scan) keepsEvents(r *estate.Rule) (keeps bool, why string) {
	for _, t := range r.Targets {
		switch {
		case strings.Contains(t.ARN, ":log-group:"):
			g := s.logGroup(t.ARN)
			days := 0
			if g != nil {
				days = number(g.Props.Get("RetentionInDays"))
			}
			if g != nil && days > 0 && days < s.opts.RetentionDays {
				why = "keeps events for " + plural(days, "day", "days")
				continue
			}
			return true, ""
		case strings.Contains(t.ARN, ":firehose:"), strings.Contains(t.ARN, ":kinesis:"), strings.Contains(t.ARN, ":event-bus/"):
			return true, ""
		}
	}
	return false, why
}

// logGroup returns the log group that an ARN names, or nil.
func (s *scan) logGroup(target estate.Text) *estate.Simple {
	_, name, _ := strings.Cut(target, ":log-group:")
	name = strings.TrimSuffix(name, ":*")
	for _, g := range s.est.Others["AWS::Logs::LogGroup"] {
		if g.Name == name {
			return g
		}
	}
	return nil
}
