package harden

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/iam/policy"
)

// presume finds, where no estate file says which template goes into which
// account, the roles that pipelines name by account and name and that one
// template alone makes by that name: the account in the reference is then another
// than the one that stands in for all of them, or is not known. Where nothing at
// all of a reference is known, the one role that trusts the service is meant. With
// an estate file that holds only for an account id that no account can have.
//
// What such a role may do inside its own account can be judged all the same. What
// depends on the account it is in cannot.
func (s *scan) presume() {
	accounted := s.accounted()
	byName := map[string][]*estate.Role{}
	for _, r := range s.est.Roles {
		if !r.Missing && estate.Known(r.Name) {
			byName[r.Name] = append(byName[r.Name], r)
		}
	}
	add := func(ref estate.Text, u use) {
		if have := s.est.Role(ref); ref == "" || have != nil && !have.Missing {
			return
		}
		account := estate.AccountOf(ref)
		impossible := estate.Known(ref) && account != "" && len(account) != 12
		if accounted && !impossible {
			return
		}
		name := ref[strings.LastIndexByte(ref, '/')+1:]
		if r := s.onlyRoleOf(u.kind); ref == policy.Hole && r != nil {
			s.presumed[r] = append(s.presumed[r], u)
			return
		}
		if !strings.Contains(ref, ":role/") || !estate.Known(name) || len(byName[name]) != 1 {
			return
		}
		r := byName[name][0]
		s.presumed[r] = append(s.presumed[r], u)
	}
	for _, p := range s.pipelines {
		add(p.RoleARN, use{p, pipelineRole, nil})
		for _, a := range p.acts {
			add(a.RoleARN, use{p, actionRole, a})
			add(a.deployRole, use{p, deployRole, a})
			if a.project != nil {
				add(a.project.ServiceRole, use{p, buildRole, a})
			}
		}
	}
}

// accounted reports whether something says which account the templates go into.
func (s *scan) accounted() bool {
	return !slices.ContainsFunc(s.est.Accounts, func(a *estate.Account) bool { return a.StandIn })
}

// onlyRoleOf returns the one role of the templates that trusts the service that
// takes roles of a kind, or nil: nothing else can be meant by a reference that
// says nothing.
func (s *scan) onlyRoleOf(k roleKind) *estate.Role {
	name := map[roleKind]string{pipelineRole: "codepipeline", deployRole: "cloudformation", buildRole: "codebuild"}[k]
	if name == "" {
		return nil
	}
	var found []*estate.Role
	for _, r := range s.est.Roles {
		if !r.Missing && slices.ContainsFunc(entries(r), func(e entry) bool { return e.kind == entryService && service(e.value, name) }) {
			found = append(found, r)
		}
	}
	if len(found) != 1 {
		return nil
	}
	return found[0]
}

// presumedBucket returns the one bucket of the templates that calls itself one of
// artifacts or of a pipeline, for a store whose name is not known; nil where that
// is not so.
func (s *scan) presumedBucket(st *store) *estate.Bucket {
	if s.accounted() || estate.Known(st.Bucket) {
		return nil
	}
	var found []*estate.Bucket
	for _, b := range s.est.Buckets {
		if !b.Missing && artifactName(b.LogicalID, b.Name) {
			found = append(found, b)
		}
	}
	if len(found) != 1 {
		return nil
	}
	return found[0]
}

// presumedKey is presumedBucket for the key of a store. A key that is known, but
// of an account that no template goes into, is not known either.
func (s *scan) presumedKey(st *store, p *pipe) *estate.Key {
	if s.accounted() || st.KeyID == "" || awsKey(st.KeyID) || estate.Known(st.KeyID) && estate.AccountOf(st.KeyID) == p.Account {
		return nil
	}
	var found []*estate.Key
	for _, k := range s.est.Keys {
		if !k.Missing && artifactName(append([]string{k.LogicalID, textOf(k.Props.Get("Description"))}, k.Aliases...)...) {
			found = append(found, k)
		}
	}
	if len(found) != 1 {
		return nil
	}
	return found[0]
}

// artifactName reports whether one of some names speaks of artifacts or of a
// pipeline.
func artifactName(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		name = strings.ToLower(name)
		return strings.Contains(name, "artifact") || strings.Contains(name, "artefact") || strings.Contains(name, "pipeline")
	})
}

// ownRoles is usedRoles for rules that look at nothing but a role's own policies
// and trust: roles known by their name alone are among them.
func (s *scan) ownRoles(kinds ...roleKind) []used {
	out := s.usedRoles(kinds...)
	for _, r := range s.est.Roles {
		var uses []use
		for _, u := range s.presumed[r] {
			if slices.Contains(kinds, u.kind) {
				uses = append(uses, u)
			}
		}
		if len(uses) == 0 || slices.ContainsFunc(out, func(u used) bool { return u.Role == r }) {
			continue
		}
		by := uses[0].pipe.title()
		if uses[0].act != nil {
			by = uses[0].act.where()
		}
		s.miss("the account of role "+estate.Show(r.Name), "it was taken for the role that "+by+" names, whose account nothing says", r.Pos)
		out = append(out, used{r, uses})
	}
	return out
}
