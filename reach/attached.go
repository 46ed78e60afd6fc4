package reach

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/iam/policy"
)

// holding is the place at which a policy that AWS keeps is attached. Nobody can
// edit such a policy: it can only be taken from who holds it.
type holding struct {
	policy string // its name
	holder string // "group approvers", or the name of the user or role
	pos    policy.Pos
}

// keptByAWS reports whether an ARN is that of an AWS-managed policy.
func keptByAWS(arn string) bool {
	parts := strings.SplitN(arn, ":", 6)
	return len(parts) == 6 && parts[2] == "iam" && parts[4] == "aws"
}

// holdings returns where an actor, with mods made to it, gets an AWS-managed
// policy from: its own attachments first, then those of its groups. It is empty
// for every other policy.
func (e *engine) holdings(i int, m mods, arn string) (out []holding) {
	if i == nobody || !keptByAWS(arn) {
		return nil
	}
	from := func(policies []estate.Policy, holder string) {
		for _, p := range policies {
			if p.ARN == arn {
				out = append(out, holding{firstNonEmpty(estate.Show(p.Name), short(arn)), holder, p.Pos})
			}
		}
	}
	a := &e.w.actors[i]
	for n := range a.units {
		u := &a.units[n]
		switch {
		case n < 32 && m.drop&(1<<n) != 0:
		case u.group != nil:
			from(u.policies, "group "+short(u.group.ARN))
		default:
			from(u.policies, short(a.arn))
		}
	}
	if m.join != 0 {
		g := e.est.Groups[m.join-1]
		from(g.Policies, "group "+short(g.ARN))
	}
	return out
}

// holdingsOf returns the holdings behind a statement that allows a step.
func (e *engine) holdingsOf(s *step, r reason) []holding {
	actor, m := s.actor, s.mods
	if s.proves != nil {
		actor, m = e.w.actor(s.frame["principal"]), mods{}
	}
	return e.holdings(actor, m, r.Pos.File)
}

// taken says how AWS-managed policies that allow a step are taken away, and
// returns the statements of other policies.
func (e *engine) taken(s *step, cut []reason) (texts []string, rest []reason) {
	for _, r := range cut {
		held := e.holdingsOf(s, r)
		if len(held) == 0 {
			rest = append(rest, r)
			continue
		}
		for _, h := range held {
			text := "take " + h.policy + " from " + h.holder
			if at := where(locate(h.pos)); at != "" {
				text += " (" + at + ")"
			}
			texts = add(texts, text)
		}
	}
	return texts, slices.Clip(rest)
}
