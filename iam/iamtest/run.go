package iamtest

import (
	"fmt"
	"strings"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/policy"
)

// Options are what a case does not say itself.
type Options struct {
	// WildcardOnly is iam.Request.WildcardOnly.
	WildcardOnly func(action string) bool
}

// Run decides the case and returns the outcome in the words of Want. It is an
// error where the case is not a request that could be made.
func (c Case) Run() (got string, err error) { return c.RunWith(Options{}) }

// RunWith is Run with options.
func (c Case) RunWith(o Options) (got string, err error) {
	d, err := c.Explain(o)
	if err != nil {
		return "", err
	}
	return Word(d.Outcome), nil
}

// Word returns an outcome in the words of Want.
func Word(o iam.Outcome) string {
	switch o {
	case iam.Allow:
		return "Allow"
	case iam.ExplicitDeny:
		return "ExplicitDeny"
	case iam.If:
		return "If"
	}
	return "ImplicitDeny"
}

// Explain decides the case and returns the decision with its reasons.
func (c Case) Explain(o Options) (iam.Decision, error) {
	qs, err := c.Questions(o)
	if err != nil {
		return iam.Decision{}, err
	}
	return iam.All(qs...), nil
}

// Questions returns the case as questions for iam.All, one for each action.
func (c Case) Questions(o Options) ([]iam.Question, error) {
	var qs []iam.Question
	for _, action := range c.Actions {
		p, err := c.principal(action)
		if err != nil {
			return nil, err
		}
		r, err := iam.NewRequest(iam.Request{
			Principal: p, Action: action, Resource: c.Resource, ResourceAccount: c.ResourceAccount,
			ResourceInManagementAccount: c.ResourceInManagementAccount, AWSManagedKey: c.AWSManagedKey,
			Context: c.Context, PrincipalContext: principalContext(p), WildcardOnly: o.WildcardOnly,
		})
		if err != nil {
			return nil, err
		}
		qs = append(qs, iam.Question{Request: r, Policies: c.policies(action)})
	}
	return qs, nil
}

func (c Case) principal(action string) (iam.Principal, error) {
	p, err := iam.ParsePrincipal(c.Principal)
	switch strings.ToLower(action) {
	case "sts:assumerolewithsaml", "sts:assumerolewithwebidentity":
		if err != nil || p.Kind == iam.ServicePrincipal {
			return iam.Principal{Kind: iam.FederatedPrincipal, ARN: c.Principal, Name: c.Principal}, nil
		}
	}
	if err != nil {
		return iam.Principal{}, err
	}
	p.ManagementAccount = c.ManagementAccount
	p.CanonicalUser = "none" // no case gives its caller a canonical user id
	switch p.Kind {
	case iam.SessionPrincipal:
		if _, values := c.Context.Lookup("aws:PrincipalArn"); len(values) == 1 && isRole(values[0], p) {
			p.RoleARN = values[0]
		}
		p.ServiceLinkedRole = strings.HasPrefix(p.Name, "AWSServiceRoleFor") || strings.Contains(p.RoleARN, ":role/aws-service-role/")
	case iam.FederatedUser:
		p.UserARN = strings.Replace(strings.Replace(p.ARN, ":sts:", ":iam:", 1), ":federated-user/", ":user/", 1)
	}
	return p, nil
}

// isRole reports whether text is the ARN of the session's role.
func isRole(text string, p iam.Principal) bool {
	a, err := arn.Parse(text)
	return err == nil && a.Account == p.Account && strings.HasPrefix(a.Resource, "role/") &&
		strings.HasSuffix(a.Resource, "/"+p.Name)
}

// principalContext holds the keys that no request of the principal is without.
func principalContext(p iam.Principal) *iam.Context {
	c := iam.NewContext()
	principalType := map[iam.PrincipalKind]string{
		iam.UserPrincipal: "User", iam.SessionPrincipal: "AssumedRole", iam.RolePrincipal: "AssumedRole",
		iam.FederatedUser: "FederatedUser", iam.RootPrincipal: "Account",
	}[p.Kind]
	if principalType == "" {
		return c
	}
	c.Set("aws:PrincipalType", principalType).Set("aws:PrincipalAccount", p.Account)
	switch {
	case p.Kind != iam.SessionPrincipal:
		c.Set("aws:PrincipalArn", p.ARN)
	case p.RoleARN != "":
		c.Set("aws:PrincipalArn", p.RoleARN)
	default:
		partition := strings.Split(p.ARN, ":")[1]
		c.Set("aws:PrincipalArn", "arn:"+partition+":iam::"+p.Account+":role/"+p.Name)
	}
	return c
}

func (c Case) policies(action string) *iam.Policies {
	p := &iam.Policies{
		Identity: set(iam.SideIdentity, "id", c.Identity),
		Boundary: set(iam.SideBoundary, "pb", c.Boundary),
		Session:  set(iam.SideSession, "sess", c.Session),
		Resource: set(resourceSide(action), "rp", c.ResourcePolicy),
		Grants:   c.Grants,
	}
	for i, level := range c.SCPs {
		p.SCPs = append(p.SCPs, set(iam.SideSCP, fmt.Sprintf("scp[%d]", i), level))
	}
	for i, level := range c.RCPs {
		p.RCPs = append(p.RCPs, set(iam.SideRCP, fmt.Sprintf("rcp[%d]", i), level))
	}
	return p
}

func set(side iam.Side, name string, docs []*policy.Document) *iam.Set {
	if docs == nil {
		return nil
	}
	named := make([]iam.NamedDoc, len(docs))
	for i, d := range docs {
		named[i] = iam.NamedDoc{Name: name, Doc: d}
		if len(docs) > 1 {
			named[i].Name = fmt.Sprintf("%s[%d]", name, i)
		}
	}
	return iam.NewSet(side, named...)
}

// resourceSide says what kind of policy a case's rp is.
func resourceSide(action string) iam.Side {
	switch service, _, _ := strings.Cut(strings.ToLower(action), ":"); service {
	case "kms":
		return iam.SideKey
	case "sts":
		return iam.SideTrust
	}
	return iam.SideResource
}
