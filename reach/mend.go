package reach

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam"
)

// mendRanks orders techniques by how well mending them hits what is wrong and
// nothing else: a permission that nobody needs is taken away before one that
// makes a pipeline work. The longest prefix of an id counts.
var mendRanks = map[string]int{
	"G1": 60, "G1-governed": 10, "external-approver": 40, "external-source": 12, "S6": 12, "G5": 80, "G7": 78, "G9": 80, "G12": 70, "G15": 80,
	"S1": 20, "S1-branch": 15, "S2": 30, "S3": 65, "S4": 20, "S7": 60,
	"A1": 68, "E11": 75, "E12": 75, "E1": 80, "E2": 80, "E4": 80, "E6": 80, "E9": 80, "E13": 72,
	"B1": 72, "B2-retry": 72, "J2": 70, "J3": 60, "J4": 70, "C1": 35, "C2": 40, "D4": 90, "D5": 35, "D5-role": 2, "D5-stack": 2, "D5-account": 1,
	"sts-001": 75, "sts-001-unseen": 85, "sign-in": 11, "iam-": 88, "codebuild-": 66, "cloudformation-": 60, "lambda-": 70,
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

// mending is a step that a way can be cut at, and the statements that have to go
// for it: of each technique that does the same, a list.
type mending struct {
	rank  int
	steps []*step
	cuts  [][]reason
}

// mend chooses the step of a way that is best taken away, and says how. It
// names every statement that has to go for the step not to be possible in any of
// the ways that Twokey follows.
func (e *engine) mend(c *cone, p *proof, w *finding.Way) {
	var best *mending
	for _, r := range p.rules {
		m := e.mendingOf(c, c.rules[r].id)
		if m == nil {
			continue
		}
		if best == nil || m.rank > best.rank {
			best = m
		}
	}
	if best == nil {
		return
	}
	var texts []string
	var gone []reason
	for i, s := range best.steps {
		left := slices.DeleteFunc(slices.Clone(best.cuts[i]), func(r reason) bool { return slices.ContainsFunc(gone, r.same) })
		if i > 0 && len(left) == 0 {
			continue // the statements that go already do it
		}
		gone = append(gone, left...)
		texts = add(texts, e.mendText(s, best.cuts[i]))
	}
	w.Mend = strings.Join(texts, "; and ")
	w.MendLocation = c.placeOf(best.steps[0])
	for _, cut := range best.cuts {
		if len(cut) > 0 {
			w.MendLocation = locate(cut[0].place())
			break
		}
	}
}

// mendingOf returns how a rule can be taken away; nil where no change of the
// estate that Twokey can name does it.
func (e *engine) mendingOf(c *cone, id ruleID) *mending {
	m, ok := e.mendings[id]
	if !ok {
		m = e.findMending(c, id)
		e.mendings[id] = m
	}
	return m
}

func (e *engine) findMending(c *cone, id ruleID) *mending {
	rule := e.rules[id]
	s := &rule.step
	if s.row == nil || s.row.Mend == "" {
		return nil
	}
	m := &mending{rank: mendRank(s.row.ID)}
	if c.own(s) {
		m.rank -= 50
	}
	for _, x := range append([]*step{s}, pointers(rule.also)...) {
		cut := e.cut(x)
		if len(cut) == 0 && x.actor != nobody {
			return nil
		}
		m.steps, m.cuts = append(m.steps, x), append(m.cuts, cut)
	}
	return m
}

func pointers(steps []step) []*step {
	out := make([]*step, len(steps))
	for i := range steps {
		out[i] = &steps[i]
	}
	return out
}

// mendText words the change that takes a step away.
func (e *engine) mendText(s *step, cut []reason) string {
	texts, rest := e.taken(s, cut)
	if len(texts) == 0 {
		return e.removal(s, cut)
	}
	if len(rest) > 0 {
		return strings.Join(append([]string{e.removal(s, rest)}, texts...), "; and ")
	}
	if s.row.ID == "G1" {
		return strings.Join(texts, "; and ") + ", or let Twokey govern the gate"
	}
	return strings.Join(texts, "; and ")
}

// removal words the change of statements that can be edited.
func (e *engine) removal(s *step, cut []reason) string {
	on := s.frame
	if s.actor != nobody {
		on = on.with("principal", e.w.actors[s.actor].arn)
	}
	if len(s.row.Needs) > 0 {
		needs := s.row.Needs[s.needs]
		n := needs[0]
		if len(cut) > 0 {
			n = needs[cut[0].need]
		}
		resource, _ := on.expand(n.On)
		on = on.with("action", n.Action).with("resource", resource)
	}
	text := on.say(s.row.Mend)
	if len(cut) > 0 && cut[0].Side != iam.SideIdentity && s.actor != nobody {
		text = "take " + short(on["principal"]) + " out of " + cut[0].Policy
	}
	var places []string
	for _, r := range cut {
		if at := where(locate(r.Pos)); at != "" {
			places = add(places, at)
		}
	}
	if len(places) > 0 {
		text += " (" + strings.Join(places, ", ") + ")"
	}
	return text
}

// own reports whether a step is what the pipeline itself needs to work: its role
// becoming the roles of its actions.
func (c *cone) own(s *step) bool {
	if s.actor == nobody || s.row.ID != "sts-001" {
		return false
	}
	for _, l := range c.e.lines {
		if c.e.w.actor(l.p.RoleARN) != s.actor {
			continue
		}
		for i := range l.acts {
			if l.acts[i].RoleARN == s.frame["role"] {
				return true
			}
		}
	}
	return false
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
