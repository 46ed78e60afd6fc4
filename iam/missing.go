package iam

import (
	"fmt"

	"github.com/twokey/twokey/arn"
)

// missing says which Allows the decision would have needed. It is called after
// run, with the verdicts of each side in place.
func (e *evaluation) missing() (out []Missing) {
	r := e.r
	caller := r.principal
	add := func(side Side, account, format string, args ...any) {
		out = append(out, Missing{Side: side, Account: account, Note: fmt.Sprintf(format, args...)})
	}
	what := fmt.Sprintf("%s on %s", r.written, r.resource.Text)
	if e.possible < arn.Yes {
		add(SideIdentity, caller.account, "%s", r.impossibleNote())
	}
	if e.scp.allow < arn.Yes {
		add(SideSCP, caller.account, "not every level of the organization has a service control policy that allows %s", what)
	}
	if e.rcp.allow < arn.Yes {
		add(SideRCP, r.owner, "not every level of the organization has a resource control policy that allows %s", what)
	}
	if e.allowed() == arn.Yes {
		return out
	}
	if !caller.inAccount {
		add(e.resourceSideName(), r.owner, "no statement allows %s to %s", what, caller.arn)
		return out
	}
	if r.rules.identityOnly && !r.rules.assumeRoot && r.sameAccount != arn.Yes {
		add(SideIdentity, r.owner, "%s is possible only within the account that owns %s", r.written, r.resource.Text)
	}
	granted := max(e.resource.any(), e.grant)
	needsResource := !r.rules.identityOnly && (r.rules.strict || r.rules.bothSides || r.sameAccount != arn.Yes)
	if needsResource && granted < arn.Yes {
		add(e.resourceSideName(), r.owner, "no statement of the resource's policy allows %s to %s or its account", what, caller.arn)
	}
	if e.identity.allow < arn.Yes {
		add(SideIdentity, caller.account, "no identity policy of %s allows %s", caller.arn, what)
	}
	if e.boundary.allow < arn.Yes {
		add(SideBoundary, caller.account, "no statement of the permissions boundary allows %s", what)
	}
	if e.session.allow < arn.Yes {
		if e.p.Session == nil {
			add(SideSession, caller.account, "a federated user without a session policy has no permissions of its user")
		} else {
			add(SideSession, caller.account, "no statement of the session policy allows %s", what)
		}
	}
	return out
}

func (e *evaluation) resourceSideName() Side {
	switch {
	case e.p.Resource != nil:
		return e.p.Resource.side
	case e.r.rules.key:
		return SideKey
	case e.r.service == "sts":
		return SideTrust
	}
	return SideResource
}
