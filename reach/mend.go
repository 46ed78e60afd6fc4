package reach

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/finding"
)

// mendRanks orders techniques by how well mending them hits what is wrong and
// nothing else: a permission that nobody needs is taken away before one that
// makes a pipeline work. The longest prefix of an id counts.
var mendRanks = map[string]int{
	"G1": 60, "G1-governed": 10, "external-approver": 40, "external-source": 12, "S6": 12, "G5": 80, "G7": 78, "G9": 80, "G12": 70, "G15": 80,
	"S1": 20, "S1-branch": 15, "S2": 30, "S3": 65, "S4": 20, "S7": 60,
	"A1": 70, "E11": 75, "E12": 75, "E1": 80, "E2": 80, "E4": 80, "E6": 80, "E9": 80, "E13": 72,
	"B1": 72, "B2-retry": 72, "J2": 70, "J3": 60, "J4": 70, "C1": 35, "C2": 40, "D4": 90, "D5": 35, "D5-role": 2, "D5-stack": 2, "D5-account": 1,
	"sts-001": 75, "sts-001-unseen": 85, "sign-in": 11, "iam-": 88, "codebuild-": 70, "cloudformation-": 60, "lambda-": 70,
	"ecs-": 80, "ec2": 80, "ssm-": 70, "glue-": 80, "sagemaker-": 80, "apprunner-": 80, "bedrock-": 80, "datapipeline-": 80, "pmapper-": 82,
	"repository-": 5, "flow": 0, "deploy": 0,
}

func mendRank(id string) int {
	best, rank := -1, 0
	for prefix, r := range mendRanks {
		if strings.HasPrefix(id, prefix) && len(prefix) > best {
			best, rank = len(prefix), r
		}
	}
	return rank
}

// mend chooses the step of a way that is best taken away, and says how.
func (e *engine) mend(c *cone, p *proof, w *finding.Way) {
	type choice struct {
		s       *step
		rank    int
		reasons []reason
	}
	var best *choice
	for _, r := range p.rules {
		rule := &e.rules[c.rules[r].id]
		s := &rule.step
		if s.row == nil || s.row.Mend == "" {
			continue
		}
		ch := &choice{s: s, rank: mendRank(s.row.ID), reasons: e.reasons(s)}
		for i := range rule.also {
			ch.reasons = append(ch.reasons, e.reasons(&rule.also[i])...)
		}
		ch.reasons = dedupe(ch.reasons)
		if len(ch.reasons) == 0 && s.actor != nobody {
			continue // whoever acts has written the permission themselves
		}
		if c.own(s) {
			ch.rank -= 50
		}
		if best == nil || ch.rank > best.rank || ch.rank == best.rank && len(ch.reasons) < len(best.reasons) {
			best = ch
		}
	}
	if best == nil {
		return
	}
	s := best.s
	on := s.frame
	if s.actor != nobody {
		on = on.with("principal", e.w.actors[s.actor].arn)
	}
	if len(s.row.Needs) > 0 {
		n := s.row.Needs[s.needs][0]
		resource, _ := on.expand(n.On)
		on = on.with("action", n.Action).with("resource", resource)
	}
	w.Mend = on.say(s.row.Mend)
	var places []string
	for _, r := range best.reasons {
		if at := where(locate(r.Pos)); at != "" {
			places = add(places, at)
		}
	}
	if len(places) > 0 {
		w.Mend += " (" + strings.Join(places, ", ") + ")"
		w.MendLocation = locate(best.reasons[0].Pos)
		return
	}
	w.MendLocation = c.placeOf(s)
}

// own reports whether a step is what the pipeline itself needs to work: its role
// becoming the roles of its actions, its roles deploying.
func (c *cone) own(s *step) bool {
	if s.actor == nobody {
		return false
	}
	arn := c.e.w.actors[s.actor].arn
	for _, l := range c.e.lines {
		if s.row.ID == "sts-001" && l.p.RoleARN == arn {
			for i := range l.acts {
				if l.acts[i].RoleARN == s.frame["role"] {
					return true
				}
			}
		}
	}
	return false
}

func dedupe(list []reason) []reason {
	var out []reason
	for _, r := range list {
		if !slices.ContainsFunc(out, func(have reason) bool { return have.Pos == r.Pos && have.Policy == r.Policy }) {
			out = append(out, r)
		}
	}
	return out
}

func where(l finding.Location) string {
	if l.File == "" {
		return l.ARN
	}
	if l.Line == 0 {
		return l.File
	}
	return l.File + ":" + itoa(l.Line)
}

// placeOf returns where the action or role that a step is about is written.
func (c *cone) placeOf(s *step) finding.Location {
	if s.at != "" {
		for i := range c.line.acts {
			if c.line.acts[i].name() == s.at {
				return locate(c.line.acts[i].Pos)
			}
		}
	}
	if r := c.e.est.Role(s.frame["role"]); r != nil {
		return locate(r.Pos)
	}
	return locate(c.line.p.Pos)
}
