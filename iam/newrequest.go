package iam

import (
	"fmt"
	"strings"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam/condition"
	"github.com/twokey/twokey/iam/policy"
)

// compiledRequest is a request in the form that matching needs.
type compiledRequest struct {
	written     string // the action as it was given
	action      string // "s3:getobject"
	service     string
	name        string
	serviceHash uint64
	actionHash  uint64
	resource    condition.Subject
	star        bool // on "*"
	// sameAccount: the principal's account owns the resource.
	sameAccount arn.Verdict
	owner       string // the resource's account, empty where unknown
	env         condition.Env
	principal   *compiledPrincipal
	rules       rules
}

// NewRequest checks a request and compiles it. The action must be one action
// without wildcards; the resource an ARN or "*", possibly with Holes; the
// principal must be known. Where neither ResourceAccount nor the ARN says whose the
// resource is, the decision is If wherever that matters; "*" counts as the
// caller's own.
//
// The request keeps the contexts it was given; they must not change afterwards.
func NewRequest(r Request) (*Request, error) {
	p, err := newCaller(r.Principal)
	if err != nil {
		return nil, err
	}
	p.context = r.PrincipalContext
	if p.context == nil {
		p.context = derivedContext(r.Principal)
	}
	c, err := newCompiled(&r)
	if err != nil {
		return nil, err
	}
	c.bind(p, r.ResourceAccount)
	r.compiled = c
	return &r, nil
}

func newCaller(p Principal) (*compiledPrincipal, error) {
	switch {
	case p.ARN == "":
		return nil, fmt.Errorf("a request needs a principal")
	case strings.Contains(p.ARN+p.RoleARN, policy.Hole):
		return nil, fmt.Errorf("principal %q: is not known in full", p.ARN)
	}
	c := compileCaller(p)
	if c.inAccount && !arn.IsAccountID(p.Account) {
		return nil, fmt.Errorf("principal %q: %q is no account id", p.ARN, p.Account)
	}
	return &c, nil
}

// newCompiled compiles what does not depend on the principal.
func newCompiled(r *Request) (*compiledRequest, error) {
	service, name, ok := strings.Cut(r.Action, ":")
	if !ok || service == "" || name == "" || strings.ContainsAny(r.Action, "*?, \t\r\n"+policy.Hole) || strings.Contains(name, ":") {
		return nil, fmt.Errorf("action %q: must be one action, service:Name, without wildcards", r.Action)
	}
	c := &compiledRequest{written: r.Action, action: strings.ToLower(r.Action)}
	c.service, c.name, _ = strings.Cut(c.action, ":")
	c.serviceHash, c.actionHash = condition.Hash(c.service), condition.Hash(c.action)
	resource := r.Resource
	if r.WildcardOnly != nil && r.WildcardOnly(r.Action) {
		resource = "*"
	}
	c.star = resource == "*"
	c.resource = condition.NewSubject(resource)
	if !c.star && !strings.Contains(resource, policy.Hole) {
		if _, err := arn.Parse(resource); err != nil {
			return nil, fmt.Errorf("resource: %w", err)
		}
	}
	c.owner = r.ResourceAccount
	if c.owner == "" && c.resource.IsARN() {
		c.owner = c.resource.Field(4)
	}
	if c.owner == "aws" || strings.Contains(c.owner, policy.Hole) {
		c.owner = "" // AWS's own resources are everyone's; an unresolved account is nobody's yet
	}
	c.env.Request = r.Context
	c.rules = c.findRules(r)
	return c, nil
}

// bind ties the request to its caller.
func (c *compiledRequest) bind(p *compiledPrincipal, resourceAccount string) {
	c.principal = p
	c.env.Principal = p.context
	awsOwned := c.resource.Field(4) == "aws" && resourceAccount == ""
	switch {
	case c.star && c.owner == "" || awsOwned:
		c.sameAccount = arn.Yes
	case c.owner == "":
		c.sameAccount = arn.Maybe
	default:
		c.sameAccount = arn.Known(c.owner == p.account)
	}
}
