package cloud

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam"
)

// Authorize asks the evaluator whether the caller may do what the check says.
// The error is an access-denied Error in AWS's words.
func (c *Call) Authorize(check Check) error {
	r, p, err := c.question(check)
	if err != nil {
		return &Error{Code: "InternalFailure", Message: err.Error(), Fault: true}
	}
	if iam.Decide(r, p) == iam.Allow {
		return nil
	}
	return c.denied(check, iam.Explain(r, p))
}

// question puts together what the evaluator needs for a check.
func (c *Call) question(check Check) (*iam.Request, *iam.Policies, error) {
	principal, err := c.Identity.principal()
	if err != nil {
		return nil, nil, err
	}
	w := c.World
	owner := check.ResourceAccount
	if owner == "" {
		owner = c.Account
		if a, err := arn.Parse(check.Resource); err == nil && a.Account != "" {
			owner = a.Account
		}
	}
	principalContext := c.Identity.context(principal)
	p := &iam.Policies{Session: c.Identity.SessionPolicies}
	if w.policies != nil {
		p.Identity, p.Boundary = w.policies.Policies(c.Identity)
	}
	if src := w.resourcePolicySource(check); src != nil {
		p.Resource, p.Grants = src.ResourcePolicy(check.Resource)
	}
	request := iam.Request{Principal: principal, Action: check.Action, Resource: check.Resource, ResourceAccount: owner}
	if owner == "aws" {
		request.ResourceAccount = "" // AWS's own resources are everyone's
	}
	if w.organization != nil {
		if c.Identity.Account != "" {
			p.SCPs, _ = w.organization.Levels(c.Identity.Account)
			request.Principal.ManagementAccount = w.organization.Management(c.Identity.Account)
			if org, path := w.organization.Membership(c.Identity.Account); org != "" {
				principalContext.Set("aws:PrincipalOrgID", org)
				principalContext.SetList("aws:PrincipalOrgPaths", path)
			}
		}
		_, p.RCPs = w.organization.Levels(owner)
		request.ResourceInManagementAccount = w.organization.Management(owner)
	}
	request.PrincipalContext = principalContext
	request.Context = c.requestContext(owner)
	if w.organization != nil {
		if org, path := w.organization.Membership(owner); org != "" {
			request.Context.Set("aws:ResourceOrgID", org).SetList("aws:ResourceOrgPaths", path)
		}
	}
	request.Context.Merge(c.Vouched).Merge(check.Context)
	r, err := iam.NewRequest(request)
	return r, p, err
}

// requestContext holds the keys that AWS puts into every request. Transport on
// loopback stands for TLS: aws:SecureTransport is always true here.
func (c *Call) requestContext(owner string) *iam.Context {
	ctx := iam.NewContext().
		Set("aws:CurrentTime", c.Time.UTC().Format(time.RFC3339)).
		Set("aws:EpochTime", strconv.FormatInt(c.Time.Unix(), 10)).
		Set("aws:SecureTransport", "true").
		Set("aws:RequestedRegion", c.Region).
		Set("aws:ResourceAccount", owner)
	if c.UserAgent != "" {
		ctx.Set("aws:UserAgent", c.UserAgent)
	}
	if c.Via == "" && c.SourceIP != "" {
		ctx.Set("aws:SourceIp", c.SourceIP)
	}
	return ctx
}

// resourcePolicySource picks who knows the policy of the resource: the service
// in its ARN, and for a role's trust policy the IAM service.
func (w *World) resourcePolicySource(check Check) ResourcePolicySource {
	a, err := arn.Parse(check.Resource)
	if err != nil {
		return nil
	}
	return w.resourcePolicies[a.Service]
}

// policyKinds are AWS's names for the kinds of policy in its messages ("Access
// denied error messages", IAM user guide).
var policyKinds = map[iam.Side]string{
	iam.SideIdentity: "an identity-based policy",
	iam.SideBoundary: "a permissions boundary",
	iam.SideSession:  "a session policy",
	iam.SideSCP:      "a service control policy",
	iam.SideRCP:      "a resource control policy",
	iam.SideResource: "a resource-based policy",
	iam.SideTrust:    "the role trust policy",
	iam.SideKey:      "a resource-based policy",
}

// Denial tells a caller of Authorize what the evaluator decided; it is in the
// Fields of the Error under "decision".
const Denial = "decision"

func (c *Call) denied(check Check, d iam.Decision) *Error {
	who := "User: " + c.Identity.ARN
	if c.Identity.Kind == Anonymous {
		who = "User: anonymous"
	}
	what := who + " is not authorized to perform: " + check.Action
	if check.Resource != "*" && check.Resource != "" {
		what += " on resource: " + check.Resource
	}
	why := ""
	switch {
	case d.Outcome == iam.ExplicitDeny:
		for _, r := range d.Reasons {
			if kind, ok := policyKinds[r.Side]; ok && r.Effect == "Deny" {
				why = " with an explicit deny in " + kind
				break
			}
		}
	case len(d.Missing) > 0:
		if kind, ok := policyKinds[d.Missing[0].Side]; ok {
			_, name, _ := strings.Cut(kind, " ")
			why = fmt.Sprintf(" because no %s allows the %s action", name, check.Action)
		}
	}
	return &Error{Code: "AccessDeniedException", Status: 400, Message: what + why, Fields: map[string]any{Denial: d}}
}
