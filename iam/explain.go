package iam

import (
	"fmt"
	"slices"
	"strings"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam/policy"
)

// Explain returns the outcome with its reasons. It runs the same code as Decide,
// without stopping early, and never disagrees with it.
func Explain(r *Request, p *Policies) Decision {
	if r.compiled == nil {
		panic("iam: a Request must be made with NewRequest")
	}
	if p == nil {
		p = &noPolicies
	}
	t := &trace{}
	e := evaluation{r: r.compiled, p: p, trace: t}
	d := Decision{Outcome: e.run()}
	t.finish(&e, &d)
	return d
}

// trace collects what a decision rests on.
type trace struct {
	level   int
	entries []traceEntry
}

type traceEntry struct {
	reason  Reason
	deny    bool
	verdict arn.Verdict
	level   int
	// enough: where certain, no other Allow of its side is needed.
	enough    bool
	residuals []Residual
}

// add records a statement that allows or denies, or may.
func (t *trace) add(e *evaluation, s *Set, st *statement, allow, deny arn.Verdict, by naming) {
	if deny > arn.No {
		t.addAs(e, s, st, "Deny", deny, by)
	}
	if allow > arn.No {
		t.addAs(e, s, st, "Allow", allow, by)
	}
}

func (t *trace) addAs(e *evaluation, s *Set, st *statement, effect string, v arn.Verdict, by naming) {
	entry := traceEntry{deny: effect == "Deny", verdict: v, level: t.level}
	// In its own account a caller may need to be named more closely than it is.
	entry.enough = st.principals == nil || by.direct == arn.Yes || e.r.sameAccount == arn.No
	entry.reason = Reason{
		Side: s.side, Effect: effect, Policy: st.policy, Statement: st.source.Index,
		Sid: st.source.Sid, Pos: st.source.Pos, Certain: v == arn.Yes,
		Note: note(e, st, effect, by),
	}
	if v == arn.Maybe || !entry.deny && (by.direct == arn.Maybe || by.capped == arn.Maybe) {
		entry.residuals = residuals(e, st, !entry.deny)
	}
	t.entries = append(t.entries, entry)
}

func (t *trace) addGrant(i int, g *Grant, v arn.Verdict) {
	entry := traceEntry{verdict: v, reason: Reason{
		Side: SideGrant, Effect: "Allow", Statement: i, Certain: v == arn.Yes,
		Note: "KMS grant to " + g.Grantee,
	}}
	if v == arn.Maybe {
		entry.residuals = []Residual{{Wanted: true, Why: "the KMS grant depends on its grantee or on an encryption context that is not known"}}
	}
	t.entries = append(t.entries, entry)
}

// note says what the statement's text does not show.
func note(e *evaluation, st *statement, effect string, by naming) string {
	if b := st.broken(); b != "" {
		return "cannot be understood in part: " + b
	}
	if st.source.Unknown != "" {
		return "not known: " + st.source.Unknown
	}
	if effect == "Deny" {
		if st.principals != nil && st.principals.not {
			if e.p.Boundary != nil {
				return "NotPrincipal with Deny applies to every caller with a permissions boundary"
			}
			return "NotPrincipal exempts only a caller that is listed together with its role and its account"
		}
		return ""
	}
	switch {
	case by.direct > arn.No && st.principals != nil && st.principals.not:
		return "NotPrincipal with Allow grants everyone who is not listed"
	case by.direct > arn.No:
		return ""
	case by.capped > arn.No && e.r.principal.isRole:
		return "names the role: boundary and session policy still limit its sessions"
	case by.capped > arn.No:
		return "names the user behind the federated user: boundary and session policy still limit it"
	case by.account > arn.No:
		return "names the account: delegates to its IAM policies"
	}
	return ""
}

// residuals lists what of a statement depends on something unknown.
func residuals(e *evaluation, st *statement, wanted bool) (out []Residual) {
	unknown := func(why string, pos policy.Pos) {
		if why == "" {
			why = "not resolved"
		}
		out = append(out, Residual{Wanted: wanted, Why: why, Pos: pos})
	}
	if st.source.Unknown != "" {
		unknown(st.source.Unknown, st.source.Pos)
	} else if st.source.Effect == policy.EffectUnknown {
		unknown(st.source.Broken, st.source.Pos)
	}
	for i := range st.actions.patterns {
		if p := &st.actions.patterns[i]; p.match(e.r) == arn.Maybe {
			unknown(p.reason, p.pos)
		}
	}
	if !st.allThings && st.resources.match(e.r, st.closed) == arn.Maybe {
		out = append(out, st.resources.residuals(e, wanted)...)
	}
	if st.principals != nil {
		for i := range st.principals.forms {
			if f := &st.principals.forms[i]; f.names(e.r.principal).any() == arn.Maybe {
				unknown(f.why(e.r.principal), f.source.Pos)
			}
		}
	}
	for i := range st.conditions {
		c := &st.conditions[i]
		if c.Eval(&e.r.env) != arn.Maybe {
			continue
		}
		src := c.Source()
		res := Residual{Key: strings.ToLower(src.Key), Operator: src.Operator, Wanted: wanted, Why: src.Unknown, Pos: src.Pos}
		for _, v := range src.Values {
			res.Values = append(res.Values, v.Value)
			if res.Why == "" && v.Reason != "" {
				res.Why = v.Reason
			}
		}
		out = append(out, res)
	}
	return out
}

func (f *principalForm) why(p *compiledPrincipal) string {
	switch {
	case f.source.Reason != "":
		return f.source.Reason
	case f.form == sessionForm:
		return fmt.Sprintf("names the session %s of the role", f.session)
	case f.form == canonicalForm:
		return "the canonical user id of account " + p.account + " is not known"
	case f.form == userForm:
		return "the IAM user behind the federated user is not known"
	}
	return ""
}

func (m *resourceMatcher) residuals(e *evaluation, wanted bool) (out []Residual) {
	for i := range m.patterns {
		p := &m.patterns[i]
		why := p.source.Reason
		switch keys := p.arn.VariableKeys(); {
		case why != "":
		case strings.Contains(p.source.Value, policy.Hole):
			why = "the resource in the policy is not resolved"
		case len(keys) > 0:
			why = "the value of ${" + strings.Join(keys, "}, ${") + "} is not known"
		default:
			why = "the resource of the request is not known in full"
		}
		if v, _ := p.arn.Match(&e.r.env, &e.r.resource); v == arn.Maybe || e.r.star {
			res := Residual{Wanted: wanted, Why: why, Pos: p.source.Pos}
			if keys := p.arn.VariableKeys(); len(keys) == 1 {
				res.Key = keys[0]
			}
			out = append(out, res)
		}
	}
	return out
}

func (t *trace) finish(e *evaluation, d *Decision) {
	if e.r.rules.free {
		d.Reasons = []Reason{{Side: SideIdentity, Effect: "Allow", Certain: true, Note: "sts:GetCallerIdentity needs no permission and obeys no Deny"}}
		return
	}
	slices.SortStableFunc(t.entries, func(a, b traceEntry) int {
		switch {
		case a.deny == b.deny:
			return 0
		case a.deny:
			return -1
		}
		return 1
	})
	for i := range t.entries {
		d.Reasons = append(d.Reasons, t.entries[i].reason)
	}
	switch d.Outcome {
	case If:
		d.Residual = t.residual(e)
		fallthrough
	case ImplicitDeny:
		d.Missing = e.missing()
	}
}

// residual gathers the residuals of an If: of every Deny that may apply, and of
// the Allows on sides that nothing allows for certain.
func (t *trace) residual(e *evaluation) (out []Residual) {
	certain := map[string]bool{}
	place := func(en *traceEntry) string { return fmt.Sprint(en.reason.Side, en.level) }
	for i := range t.entries {
		if en := &t.entries[i]; !en.deny && en.verdict == arn.Yes && en.enough {
			certain[place(en)] = true
		}
	}
	for i := range t.entries {
		en := &t.entries[i]
		if en.deny || !certain[place(en)] {
			out = append(out, en.residuals...)
		}
	}
	if e.r.sameAccount == arn.Maybe {
		out = append(out, Residual{Wanted: true, Why: "the account of the resource is not known"})
	}
	if e.possible == arn.Maybe {
		out = append(out, Residual{Wanted: true, Why: e.r.impossibleNote()})
	}
	return out
}
