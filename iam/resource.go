package iam

import (
	"strings"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam/condition"
	"github.com/twokey/twokey/iam/policy"
)

// resourceMatcher is a compiled Resource or NotResource list.
type resourceMatcher struct {
	any      bool
	not      bool
	patterns []resourcePattern
	// prefixes are those of the patterns' resource parts: most patterns fail on
	// them, which saves looking at the pattern itself. "" always passes.
	prefixes []string
}

type resourcePattern struct {
	arn    condition.ARNPattern
	source policy.Text
	// unreadable is set where the text cannot be a resource: the verdict it has.
	unreadable bool
	verdict    arn.Verdict
}

// completion is how a side's policies treat ARNs with fewer than six fields.
func completion(side Side) arn.Completion {
	switch side {
	case SideSCP:
		return arn.CompleteTrailingStar
	case SideRCP:
		return arn.CompleteNever
	case SideResource, SideTrust, SideKey:
		return arn.CompleteWithStar
	}
	return arn.CompleteAlways
}

func compileResources(s *policy.Statement, side Side, variables, deny bool) resourceMatcher {
	m := resourceMatcher{not: s.NotResource}
	// What cannot be understood counts such that a Deny applies and an Allow does not.
	closed := arn.Known(deny != s.NotResource)
	for _, t := range s.Resources {
		p := resourcePattern{source: t}
		var ok bool
		p.arn, ok = condition.CompileARN(t.Value, condition.ARNSyntax{Variables: variables, Completion: completion(side)})
		if !canBeResource(t.Value) || !ok && side == SideRCP {
			p.unreadable, p.verdict = true, closed
		}
		m.any = m.any || p.arn.Any()
		prefix := ""
		if !p.unreadable && (!m.not || len(p.arn.VariableKeys()) == 0) {
			prefix = p.arn.Prefix()
		}
		m.prefixes = append(m.prefixes, prefix)
		m.patterns = append(m.patterns, p)
	}
	return m
}

// canBeResource reports whether text is an ARN pattern, complete or not.
func canBeResource(text string) bool {
	first, _, _ := strings.Cut(text, ":")
	return arn.GlobVerdict(first, "arn") != arn.No || strings.Contains(text, policy.Hole)
}

func (m *resourceMatcher) match(r *compiledRequest, deny bool) arn.Verdict {
	v := arn.No
	switch {
	case m.any:
		v = arn.Yes
	case r.star:
		v = m.matchStar()
	default:
		part, known := r.resource.Field(5), r.resource.Known()
		for i, prefix := range m.prefixes {
			if known && !strings.HasPrefix(part, prefix) {
				continue
			}
			if v = max(v, m.patterns[i].match(r, deny, m.not)); v == arn.Yes {
				break
			}
		}
	}
	if m.not {
		return v.Not()
	}
	return v
}

// matchStar matches a request on "*": of the patterns without "*" only one that
// is unknown can be that.
func (m *resourceMatcher) matchStar() arn.Verdict {
	v := arn.No
	for i := range m.patterns {
		if p := &m.patterns[i]; p.unreadable {
			v = max(v, p.verdict)
		} else if strings.Trim(p.source.Value, "*"+policy.Hole) == "" {
			v = max(v, arn.Maybe)
		}
	}
	return v
}

func (p *resourcePattern) match(r *compiledRequest, deny, not bool) arn.Verdict {
	if p.unreadable {
		return p.verdict
	}
	v, resolved := p.arn.Match(&r.env, &r.resource)
	if !resolved && not && !deny {
		// AWS: an ARN with a variable that has no value matches no resource, by
		// which an Allow with NotResource would grant all of them. It grants none.
		return arn.Yes
	}
	return v
}
