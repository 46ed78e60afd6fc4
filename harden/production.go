package harden

import (
	"slices"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/estate"
)

// production is what the pipelines of the estate deploy production with.
type production struct {
	roles   []*estate.Role
	byARN   map[string]*estate.Role
	trusted map[string][]*estate.Role // those that trust a role by its ARN
	stacks  map[string][]string       // ARNs without the id at their end, by account
}

// production works it out once.
func (s *scan) production() *production {
	if s.prod != nil {
		return s.prod
	}
	out := &production{byARN: map[string]*estate.Role{}, trusted: map[string][]*estate.Role{}, stacks: map[string][]string{}}
	for _, p := range s.pipelines {
		for _, a := range p.acts {
			if !a.prod {
				continue
			}
			if r := s.est.Role(a.RoleARN); r != nil && out.byARN[r.ARN] == nil {
				out.byARN[r.ARN] = r
				out.roles = append(out.roles, r)
				for _, e := range entries(r) {
					if e.kind == entryRole {
						out.trusted[e.value] = append(out.trusted[e.value], r)
					}
				}
			}
			if name := a.ConfigText("StackName"); a.cloudFormation() && name != "" && estate.Known(name) && estate.Known(a.account) {
				stack := anyARN(partitionOf(p.ARN), "cloudformation", p.ActionRegion(a.Action), a.account, "stack/"+name)
				if !slices.Contains(out.stacks[a.account], stack) {
					out.stacks[a.account] = append(out.stacks[a.account], stack)
				}
			}
		}
	}
	s.prod = out
	return out
}

// within returns the roles of production that a role could become: those that
// its own policies or their trust policies name. Whether it may is another
// question.
func (p *production) within(r *estate.Role) []*estate.Role {
	found := slices.Clone(p.trusted[r.ARN])
	for _, g := range grants(r.Policies, "sts:AssumeRole") {
		if !wild(g.pattern.Value) {
			if to := p.byARN[g.pattern.Value]; to != nil {
				found = append(found, to)
			}
			continue
		}
		for _, to := range p.roles {
			if arn.Glob(g.pattern.Value, to.ARN) {
				found = append(found, to)
			}
		}
	}
	var out []*estate.Role
	for _, to := range found {
		if to != r && !slices.Contains(out, to) {
			out = append(out, to)
		}
	}
	return out
}
