package reach

import (
	"slices"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/policy"
)

// reason is a statement that allows a step, with the need that it allows.
type reason struct {
	iam.Reason
	need int
	// at is where the policy is attached, for one that AWS keeps; else zero.
	at policy.Pos
}

func (r reason) because() finding.Because {
	return finding.Because{Policy: r.Policy, Statement: r.Statement, Location: locate(r.place())}
}

// place is where a reader goes to change what the statement allows.
func (r reason) place() policy.Pos {
	if r.at != (policy.Pos{}) {
		return r.at
	}
	return r.Pos
}

func (r reason) same(o reason) bool {
	return r.Pos == o.Pos && r.Policy == o.Policy && r.Statement == o.Statement
}

// reasons returns the statements that allow a step, each once. Steps stay where
// they are once the rules of a pipeline are made, so that they are keys.
func (e *engine) reasons(s *step) []reason {
	out, ok := e.cited[s]
	if !ok {
		out = e.findReasons(s)
		for i := range out {
			if held := e.holdingsOf(s, out[i]); len(held) > 0 {
				out[i].at = held[0].pos
			}
		}
		e.cited[s] = out
	}
	return out
}

func (e *engine) findReasons(s *step) []reason {
	switch {
	case s.proves != nil:
		if i := e.w.actor(s.frame["principal"]); i != nobody {
			return e.allowing(e.w.actors[i].base, []Permission{*s.proves}, s.frame)
		}
		return nil
	case s.actor == nobody || len(s.row.Needs) == 0:
		return e.trusting(s)
	}
	return e.allowing(e.w.changed(&e.w.actors[s.actor], s.mods), s.row.Needs[s.needs], s.frame)
}

// allowing returns the statements that allow needs to a principal.
func (e *engine) allowing(p iam.IndexedPrincipal, needs []Permission, f frame) (out []reason) {
	for n, need := range needs {
		t, _, ok := e.w.target(need, f)
		if !ok || need.Eases {
			continue
		}
		q := question{targets: []iam.Target{t}}
		for _, r := range q.decide(&p).Reasons {
			if !cited(r) {
				continue
			}
			one := reason{Reason: r, need: n}
			if !slices.ContainsFunc(out, one.same) {
				out = append(out, one)
			}
		}
	}
	return out
}

// cited reports whether a reason is one that a reader can go and change: a
// written Allow that grants. What only leaves a permission standing is not.
func cited(r iam.Reason) bool {
	if r.Effect != "Allow" || r.Pos.File == "" {
		return false
	}
	return r.Side != iam.SideSCP && r.Side != iam.SideRCP && r.Side != iam.SideBoundary
}

// trusting returns the statements that let in somebody whom the estate does not
// show.
func (e *engine) trusting(s *step) []reason {
	var doc *policy.Document
	name, side := "", iam.SideTrust
	switch s.row.ID {
	case "sts-001-unseen", "sign-in":
		if r := e.est.Role(s.frame["role"]); r != nil {
			doc, name = r.Trust, "trust policy of "+r.Name
		}
	case "A1-unseen":
		if b := e.est.Bucket(s.frame["bucket"]); b != nil && b.Policy != nil {
			doc, name, side = b.Policy.Doc, estate.Show(b.Policy.Name), iam.SideResource
		}
	}
	if doc == nil {
		return nil
	}
	account, _ := wholeAccount(s.frame["principal"])
	var out []reason
	for i := range doc.Statements {
		st := &doc.Statements[i]
		if st.Principals == nil || st.Principals.Not || st.Effect != policy.EffectAllow {
			continue
		}
		for _, p := range st.Principals.List {
			named, _ := wholeAccount(p.Value)
			if p.Value == s.frame["principal"] || account != "" && named == account {
				out = append(out, reason{Reason: iam.Reason{Side: side, Effect: "Allow", Policy: name, Statement: st.Index, Sid: st.Sid, Pos: st.Pos}})
				break
			}
		}
	}
	return out
}

// cut returns the fewest of the statements that allow a step without which it is
// not allowed: those of the principal's own policies where that is enough, else
// those of the resource's policy, else both. It is empty where no statement that
// is written down stands behind the step.
func (e *engine) cut(s *step) []reason {
	if s.actor == nobody {
		return e.reasons(s)
	}
	needs := s.row.Needs[s.needs]
	all := e.reasons(s)
	for n := range needs {
		var own, other []reason
		for _, r := range all {
			switch {
			case r.need != n:
			case r.Side == iam.SideIdentity:
				own = append(own, r)
			default:
				other = append(other, r)
			}
		}
		for _, try := range [][]reason{own, other, append(slices.Clone(own), other...)} {
			if len(try) > 0 && !e.allowedWithout(s, needs[n], try) {
				return try
			}
		}
	}
	return nil
}

// allowedWithout reports whether a need is still met, or might be, once
// statements are gone.
func (e *engine) allowedWithout(s *step, need Permission, gone []reason) bool {
	a := &e.w.actors[s.actor]
	p := e.w.changed(a, s.mods)
	if !s.mods.add {
		var docs []iam.NamedDoc
		for i := range a.units {
			if i < 32 && s.mods.drop&(1<<i) != 0 {
				continue
			}
			docs = append(docs, without(a.units[i].policies, gone)...)
		}
		if s.mods.join != 0 {
			docs = append(docs, without(e.est.Groups[s.mods.join-1].Policies, gone)...)
		}
		p.Identity = iam.NewSet(iam.SideIdentity, docs...)
	}
	t, _, ok := e.w.target(need, s.frame)
	if !ok {
		return true
	}
	if policies, side := e.w.guarding(need.Action, t.Resource); policies != nil {
		t.Policy = iam.NewSet(side, without(policies, gone)...)
	}
	q := question{targets: []iam.Target{t}}
	return q.decide(&p).Outcome >= iam.If
}

// guarding returns the policy of a resource that a statement may be taken from.
func (w *world) guarding(action, resource string) ([]estate.Policy, iam.Side) {
	if w.est.Guard(action, resource).Policy == nil {
		return nil, ""
	}
	switch r := w.est.Owner(resource).(type) {
	case *estate.Role:
		if r.Trust != nil {
			return []estate.Policy{{Name: "trust policy of " + r.Name, Doc: r.Trust, Pos: r.Pos}}, iam.SideTrust
		}
	case *estate.Bucket:
		if r.Policy != nil {
			return []estate.Policy{*r.Policy}, iam.SideResource
		}
	case *estate.Key:
		if r.Policy != nil {
			return []estate.Policy{*r.Policy}, iam.SideKey
		}
	case *estate.Function:
		if r.Policy != nil {
			return []estate.Policy{*r.Policy}, iam.SideResource
		}
	}
	return nil, ""
}

// without readies policies for compiling with some statements left out.
func without(policies []estate.Policy, gone []reason) []iam.NamedDoc {
	docs := named(policies)
	for i := range docs {
		if docs[i].Doc == nil {
			continue
		}
		doc := *docs[i].Doc
		doc.Statements = slices.DeleteFunc(slices.Clone(doc.Statements), func(st policy.Statement) bool {
			return slices.ContainsFunc(gone, func(r reason) bool { return r.Pos == st.Pos && r.Statement == st.Index })
		})
		docs[i].Doc = &doc
	}
	return docs
}
