package harden

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam/policy"
)

// draft is a finding in the making. Its methods return it, so that a rule can
// be read from top to bottom.
type draft struct {
	f   finding.Finding
	key []string // evidence of the fingerprint
}

// fail begins a finding of the rule that is running, with the rule's severity.
func (s *scan) fail(subject finding.Subject, pos policy.Pos, message string) *draft {
	d := &draft{f: finding.Finding{
		Rule: s.rule.ID, Name: s.rule.Name, Severity: s.rule.Severity, Confidence: "high", Status: finding.StatusFail,
		Subject: subject, Location: location(pos), Related: []finding.Span{}, Message: message, Controls: s.rule.Controls,
	}}
	s.drafts = append(s.drafts, d)
	return d
}

// unknown begins a finding that says that the rule could not tell.
func (s *scan) unknown(subject finding.Subject, pos policy.Pos, message string) *draft {
	d := s.fail(subject, pos, message)
	d.f.Status, d.f.Confidence = finding.StatusUnknown, "low"
	return d
}

// note begins a finding that is no fault.
func (s *scan) note(subject finding.Subject, pos policy.Pos, message string) *draft {
	d := s.fail(subject, pos, message)
	d.f.Status = finding.StatusInfo
	return d
}

// miss notes that the rule that is running could not look at something.
func (s *scan) miss(what, why string, pos policy.Pos) {
	for i := range s.missed {
		m := &s.missed[i]
		if m.what == what && m.why == why {
			if !slices.Contains(m.rules, s.rule.ID) {
				m.rules = append(m.rules, s.rule.ID)
			}
			return
		}
	}
	s.missed = append(s.missed, missed{what: what, why: why, pos: pos, rules: []string{s.rule.ID}})
}

type missed struct {
	what, why string
	pos       policy.Pos
	rules     []string
}

func (d *draft) severity(v finding.Severity) *draft { d.f.Severity = v; return d }

func (d *draft) confidence(v string) *draft { d.f.Confidence = v; return d }

// mend says what to change; patch is the exact text to put in place.
func (d *draft) mend(text, patch string) *draft {
	d.f.Remediation, d.f.Patch = text, strings.TrimPrefix(patch, "\n")
	return d
}

// related adds a place with a sentence; the same place and sentence once only.
func (d *draft) related(pos policy.Pos, message string) *draft {
	span := finding.Span{Location: location(pos), Message: message}
	if !slices.Contains(d.f.Related, span) {
		d.f.Related = append(d.f.Related, span)
	}
	return d
}

// hop adds a line to the chain of evidence.
func (d *draft) hop(line string) *draft {
	if !slices.Contains(d.f.Evidence, line) {
		d.f.Evidence = append(d.f.Evidence, line)
	}
	return d
}

// keyed adds what tells this finding from another of the same rule and subject.
func (d *draft) keyed(parts ...string) *draft {
	d.key = append(d.key, parts...)
	return d
}

func (d *draft) finish() finding.Finding {
	d.f.Message = estate.Show(d.f.Message)
	d.f.Remediation = estate.Show(d.f.Remediation)
	d.f.Patch = estate.Show(d.f.Patch)
	for i := range d.f.Related {
		d.f.Related[i].Message = estate.Show(d.f.Related[i].Message)
	}
	for i := range d.f.Evidence {
		d.f.Evidence[i] = estate.Show(d.f.Evidence[i])
	}
	d.f.Fingerprint = finding.Fingerprint(d.f.Rule, d.f.Subject, d.key...)
	return d.f
}

// subject is what a finding about a resource is about. name is used where the
// resource has no logical id.
func subject(m *estate.Meta, name estate.Text) finding.Subject {
	s := finding.Subject{Type: m.Type, ID: m.LogicalID, ARN: estate.Show(m.ARN), Account: m.Account, Stack: m.Stack}
	if s.ID == "" {
		s.ID = estate.Show(name)
	}
	return s
}

// part is a subject narrowed to a stage or action of a pipeline.
func part(s finding.Subject, where string) finding.Subject {
	s.Part = estate.Show(where)
	return s
}
