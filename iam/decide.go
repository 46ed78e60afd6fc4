package iam

import (
	"strings"

	"github.com/twokey/twokey/arn"
)

// Decide returns the outcome of a request made with NewRequest. A nil p means no
// policies at all. It does not allocate where nothing is unknown, and is safe for
// concurrent use. It panics on a Request that NewRequest did not make.
func Decide(r *Request, p *Policies) Outcome {
	if r.compiled == nil {
		panic("iam: a Request must be made with NewRequest")
	}
	if p == nil {
		p = &noPolicies
	}
	e := evaluation{r: r.compiled, p: p}
	return e.run()
}

var noPolicies Policies

// evaluation is one run of the algorithm. With a trace it looks at everything;
// without one it stops as soon as the outcome is certain.
type evaluation struct {
	r     *compiledRequest
	p     *Policies
	trace *trace

	identity, boundary, session verdicts
	scp, rcp                    verdicts
	resource                    naming // how the resource's policy grants
	resourceDeny                arn.Verdict
	grant                       arn.Verdict
	possible                    arn.Verdict
}

// verdicts are what one side says.
type verdicts struct{ allow, deny arn.Verdict }

func (e *evaluation) run() Outcome {
	if e.r.rules.free {
		return Allow
	}
	if e.principalSide() || e.resourceSide() {
		return ExplicitDeny
	}
	deny := max(e.identity.deny, e.boundary.deny, e.session.deny, e.scp.deny, e.rcp.deny, e.resourceDeny)
	if deny == arn.Yes {
		return ExplicitDeny
	}
	e.possible = e.r.possible()
	allow := min(e.allowed(), e.scp.allow, e.rcp.allow, e.possible)
	switch {
	case allow == arn.No:
		return ImplicitDeny
	case allow == arn.Yes && deny == arn.No:
		return Allow
	}
	return If
}

// principalSide evaluates the policies that come with the caller. It reports
// true where a Deny has settled the outcome.
func (e *evaluation) principalSide() bool {
	none := verdicts{allow: arn.Yes}
	e.identity, e.boundary, e.session, e.scp = none, none, none, none
	caller := e.r.principal
	if !caller.inAccount {
		return false
	}
	if caller.kind != RootPrincipal {
		e.identity = verdicts{}
		if e.p.Identity != nil {
			e.identity = e.side(e.p.Identity)
		}
		if e.settled(e.identity) {
			return true
		}
		if e.p.Boundary != nil {
			e.boundary = e.side(e.p.Boundary)
		}
		if e.settled(e.boundary) {
			return true
		}
	}
	switch {
	case e.p.Session != nil:
		e.session = e.side(e.p.Session)
	case caller.kind == FederatedUser:
		// Without a session policy GetFederationToken hands out nothing.
		e.session.allow = arn.No
	}
	if e.settled(e.session) {
		return true
	}
	if caller.scpSubject {
		e.scp = e.levels(e.p.SCPs)
	}
	return e.settled(e.scp)
}

// resourceSide evaluates the policies that come with the resource.
func (e *evaluation) resourceSide() bool {
	e.rcp = verdicts{allow: arn.Yes}
	if e.r.rules.rcp && !e.r.principal.exempt {
		e.rcp = e.levels(e.p.RCPs)
	}
	if e.settled(e.rcp) || e.r.rules.identityOnly {
		return e.settled(e.rcp)
	}
	if e.p.Resource != nil {
		e.resourcePolicy(e.p.Resource)
	}
	if e.trace == nil && e.resourceDeny == arn.Yes {
		return true
	}
	if e.r.rules.key {
		e.grant = e.grants()
	}
	return false
}

func (e *evaluation) settled(v verdicts) bool { return e.trace == nil && v.deny == arn.Yes }

// levels evaluates organization policies: every level must allow.
func (e *evaluation) levels(sets []*Set) verdicts {
	out := verdicts{allow: arn.Yes}
	for i, s := range sets {
		if s == nil {
			continue
		}
		if e.trace != nil {
			e.trace.level = i
		}
		v := e.side(s)
		out.allow, out.deny = min(out.allow, v.allow), max(out.deny, v.deny)
		if e.settled(out) {
			break
		}
	}
	return out
}

// allowed puts the sides together, Denies and organization policies apart.
func (e *evaluation) allowed() arn.Verdict {
	own := min(e.identity.allow, e.boundary.allow, e.session.allow)
	limits := min(e.boundary.allow, e.session.allow)
	granted := max(e.resource.any(), e.grant)
	switch {
	case !e.r.principal.inAccount:
		return e.resource.any()
	case e.r.rules.assumeRoot:
		return own
	case e.r.rules.bothSides:
		return min(own, granted)
	}
	sameAccount := max(e.resource.direct, min(e.resource.capped, limits))
	if e.r.rules.strict {
		sameAccount = max(sameAccount, min(e.resource.account, own), e.grant)
	} else {
		sameAccount = max(sameAccount, own)
	}
	otherAccount := min(own, granted)
	switch e.r.sameAccount {
	case arn.Yes:
		return sameAccount
	case arn.No:
		return otherAccount
	}
	if sameAccount == otherAccount {
		return sameAccount
	}
	return arn.Maybe
}

// side evaluates a set whose statements do not name principals, or name
// everyone.
func (e *evaluation) side(s *Set) (v verdicts) {
	candidates := s.candidates(e.r.serviceHash, e.r.service)
	for i := range candidates {
		c := &candidates[i]
		st := c.statement
		if e.trace == nil && st.deny == arn.No && v.allow == arn.Yes {
			continue
		}
		m := e.match(c)
		if m == arn.No {
			continue
		}
		if m = min(m, e.conditions(st)); m == arn.No {
			continue
		}
		deny := denyVerdict(st, m)
		v.deny = max(v.deny, deny)
		v.allow = max(v.allow, min(m, st.allow))
		if e.trace != nil {
			e.trace.add(e, s, st, min(m, st.allow), deny, naming{})
		} else if deny == arn.Yes {
			break
		}
	}
	return v
}

// resourcePolicy evaluates the policy of the resource.
func (e *evaluation) resourcePolicy(s *Set) {
	caller := e.r.principal
	candidates := s.candidates(e.r.serviceHash, e.r.service)
	for i := range candidates {
		c := &candidates[i]
		st := c.statement
		if e.trace == nil && st.deny == arn.No && e.resource.direct == arn.Yes {
			continue
		}
		m := e.match(c)
		if m == arn.No {
			continue
		}
		by, denied := naming{direct: arn.Yes}, arn.Yes
		if st.principals != nil {
			if st.allow > arn.No {
				by = st.principals.grants(caller)
			}
			if st.deny > arn.No {
				denied = st.principals.denies(caller, e.p.Boundary != nil)
			}
		}
		if by.any() == arn.No && (st.deny == arn.No || denied == arn.No) {
			continue
		}
		if m = min(m, e.conditions(st)); m == arn.No {
			continue
		}
		deny := denyVerdict(st, min(m, denied))
		by = by.and(min(m, st.allow))
		e.resourceDeny = max(e.resourceDeny, deny)
		e.resource = e.resource.or(by)
		if e.trace != nil {
			e.trace.add(e, s, st, by.any(), deny, by)
		} else if deny == arn.Yes {
			return
		}
	}
}

// match matches action and resource.
func (e *evaluation) match(c *candidate) arn.Verdict {
	v := e.action(c)
	if v == arn.No || c.allThings || c.resources.any && !c.resources.not {
		return v
	}
	return min(v, c.resources.match(e.r, c.closed))
}

func (e *evaluation) action(c *candidate) arn.Verdict {
	if c.whole {
		return arn.Yes
	}
	for _, prefix := range c.prefixes {
		if strings.HasPrefix(e.r.name, prefix) {
			return arn.Yes
		}
	}
	if c.rest {
		return c.actions.match(e.r)
	}
	return arn.No
}

func (e *evaluation) conditions(st *statement) arn.Verdict {
	if len(st.conditions) == 0 {
		return arn.Yes
	}
	return st.conditions.Eval(&e.r.env)
}

// denyVerdict is what a statement that matches with m denies.
func denyVerdict(st *statement, m arn.Verdict) arn.Verdict {
	if st.force && m > arn.No && st.deny == arn.Yes {
		return arn.Yes
	}
	return min(m, st.deny)
}
