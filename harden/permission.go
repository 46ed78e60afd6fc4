package harden

import (
	"strings"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/policy"
)

// answer is a decision as a rule reads it.
type answer struct {
	iam.Decision
	err error
}

// granted reports whether the request is allowed, or would be under conditions
// that a caller may meet. What hangs on a policy that could not be read is not
// granted: see unclear.
func (a answer) granted() bool {
	if a.err != nil {
		return false
	}
	if a.Outcome == iam.Allow {
		return true
	}
	if a.Outcome != iam.If {
		return false
	}
	certain := map[iam.Side]bool{}
	for _, r := range a.Reasons {
		if r.Effect == "Allow" {
			certain[r.Side] = certain[r.Side] || r.Certain
		}
	}
	for _, r := range a.Residual {
		if r.Key != "" || !r.Wanted {
			continue
		}
		for _, c := range certain {
			if !c {
				return false
			}
		}
	}
	return true
}

// unclear reports whether the answer hangs on text that could not be read.
func (a answer) unclear() bool { return a.err != nil || a.Outcome == iam.If && !a.granted() }

// unread says what could not be read that the answer hangs on.
func (a answer) unread() string {
	if a.err != nil {
		return a.err.Error()
	}
	for _, r := range a.Residual {
		if r.Key == "" && r.Why != "" {
			return r.Why
		}
	}
	return "part of a policy could not be resolved"
}

// hangsOn reports whether the answer hangs on one of the condition keys, given in
// lower case; a key that ends in / or : stands for all that begin with it.
func (a answer) hangsOn(keys ...string) bool {
	for _, r := range a.Residual {
		for _, k := range keys {
			if r.Key == k || (strings.HasSuffix(k, "/") || strings.HasSuffix(k, ":")) && strings.HasPrefix(r.Key, k) {
				return true
			}
		}
	}
	return false
}

// allows returns the statements that grant.
func (a answer) allows() []iam.Reason {
	var out []iam.Reason
	for _, r := range a.Reasons {
		if r.Effect == "Allow" && r.Pos != (policy.Pos{}) {
			out = append(out, r)
		}
	}
	return out
}

// cite relates the statements of an answer to a finding.
func (d *draft) cite(a answer, message string) *draft {
	for _, r := range a.allows() {
		if r.Side == iam.SideIdentity || r.Side == iam.SideResource || r.Side == iam.SideKey || r.Side == iam.SideTrust {
			d.related(r.Pos, message)
		}
	}
	return d
}

// may asks the estate.
func (s *scan) may(principal, action, resource string, ctx *iam.Context) answer {
	d, err := s.est.May(principal, action, resource, ctx)
	return answer{d, err}
}

// identityMay asks what a principal's own policies, its boundary and the
// organization allow, as if every resource's policy left it to them.
func (s *scan) identityMay(principal, action, resource string, ctx *iam.Context) answer {
	q, err := s.est.Question(principal, action, resource, ctx)
	if err != nil {
		return answer{err: err}
	}
	set := s.delegate(q.Request.Principal.Account)
	policies := *q.Policies
	policies.Resource, policies.RCPs = set, nil
	return answer{iam.Explain(q.Request, &policies), nil}
}

// delegate is a resource policy that leaves everything to the IAM policies of an
// account.
func (s *scan) delegate(account string) *iam.Set {
	if set := s.delegates[account]; set != nil {
		return set
	}
	doc := &policy.Document{Version: "2012-10-17", Statements: []policy.Statement{{
		Effect:     policy.EffectAllow,
		Principals: &policy.Principals{List: []policy.Principal{{Type: policy.TypeAWS, Text: policy.Text{Value: "arn:aws:iam::" + account + ":root"}}}},
		Actions:    []policy.Text{{Value: "*"}}, Resources: []policy.Text{{Value: "*"}}, HasResource: true,
	}}}
	set := iam.Compile("any resource policy", iam.SideResource, doc)
	s.delegates[account] = set
	return set
}

// grant is one resource pattern for which a statement allows an action.
type grant struct {
	policy  *estate.Policy
	stmt    *policy.Statement
	pattern policy.Text // "*" for a NotResource
}

// grants returns the patterns for which policies allow an action, without asking
// whether anything takes it away again.
func grants(policies []estate.Policy, action string) []grant {
	var out []grant
	for i := range policies {
		p := &policies[i]
		if p.Doc == nil {
			continue
		}
		for j := range p.Doc.Statements {
			st := &p.Doc.Statements[j]
			if st.Effect != policy.EffectAllow || st.Broken != "" || !covers(st, action) {
				continue
			}
			if st.NotResource {
				out = append(out, grant{p, st, policy.Text{Value: "*", Pos: st.Pos}})
				continue
			}
			for _, r := range st.Resources {
				out = append(out, grant{p, st, r})
			}
		}
	}
	return out
}

// covers reports whether a statement's actions include action.
func covers(st *policy.Statement, action string) bool {
	for _, t := range st.Actions {
		if actionMatch(t.Value, action) {
			return !st.NotAction
		}
	}
	return st.NotAction
}

// actionMatch reports whether an action pattern matches an action; case does not
// matter.
func actionMatch(pattern, action string) bool {
	return arn.Glob(strings.ToLower(pattern), strings.ToLower(action))
}

func wild(pattern string) bool { return strings.ContainsAny(pattern, "*?") }

// wideGrants returns the grants of an action to a principal that reach further
// than expected says: patterns with wildcards that cover a resource for which
// expected is false, where nothing takes the permission away again. example is
// the ARN of a resource that nobody has, of the kind the action is on.
//
// A pattern with a part that could not be resolved is noted as not looked at.
func (s *scan) wideGrants(who string, policies []estate.Policy, action, example string, expected func(string) bool) []grant {
	var out []grant
	for _, g := range grants(policies, action) {
		if !estate.Known(g.pattern.Value) || g.stmt.Unknown != "" {
			s.miss(action+" of "+who, "what it is on could not be resolved", g.pattern.Pos)
			continue
		}
		if !wild(g.pattern.Value) {
			continue
		}
		probe := probe(g.pattern.Value, example)
		if expected(probe) {
			continue
		}
		if s.identityMay(who, action, probe, nil).granted() {
			out = append(out, g)
		}
	}
	return out
}

// probe returns an ARN that the pattern matches: the example where it does, and
// otherwise the pattern with its wildcards filled.
func probe(pattern, example string) string {
	if arn.Glob(pattern, example) {
		return example
	}
	have := strings.SplitN(pattern, ":", 6)
	want := strings.SplitN(example, ":", 6)
	for i := range have {
		switch {
		case i < 5 && len(want) == 6 && wild(have[i]) && arn.Glob(have[i], want[i]):
			have[i] = want[i]
		default:
			have[i] = strings.NewReplacer("*", "twokey-probe", "?", "x").Replace(have[i])
		}
	}
	for i := len(have); i < len(want); i++ {
		have = append(have, want[i])
	}
	return strings.Join(have, ":")
}

// within reports whether one of the ARNs, with everything under it, holds what.
func within(what string, arns []string) bool {
	for _, a := range arns {
		if what == a || strings.HasPrefix(what, a+"/") || strings.HasPrefix(what, a+":") {
			return true
		}
	}
	return false
}

// anyARN is the ARN of a resource that nobody has.
func anyARN(partition, service, region, account, resource string) string {
	return "arn:" + partition + ":" + service + ":" + region + ":" + account + ":" + resource
}

// serviceWide reports whether an action pattern is the whole of a service.
func serviceWide(pattern, service string) bool {
	svc, name, ok := strings.Cut(strings.ToLower(pattern), ":")
	return ok && svc == service && strings.Trim(name, "*") == ""
}

// expands returns the first of some actions that a pattern covers, or "".
func expands(pattern string, actions ...string) string {
	for _, a := range actions {
		if actionMatch(pattern, a) {
			return a
		}
	}
	return ""
}

// withoutMFA is a request of which nothing is known but that the caller brought no
// MFA, as an access key does: the keys are absent.
func withoutMFA() *iam.Context {
	return iam.NewContext().UnknownUnlessSet(true).Absent("aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge")
}
