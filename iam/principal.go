package iam

import (
	"fmt"
	"strings"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam/policy"
)

// ParsePrincipal reads a principal: the ARN of a user, role, role session,
// federated user, account root, SAML or OIDC provider; a 12-digit account id
// (its root); a service (name.amazonaws.com); cognito-identity.amazonaws.com and
// the like are services here, pass a FederatedPrincipal to mean the identity
// provider; or "*" for anonymous.
//
// What the text does not show stays unset: the path of a session's role (RoleARN),
// the user behind a federated user (UserARN), whether the account is the
// management account.
func ParsePrincipal(s string) (Principal, error) {
	switch {
	case s == "*":
		return Principal{Kind: AnonymousPrincipal, ARN: s}, nil
	case arn.IsAccountID(s):
		return Principal{Kind: RootPrincipal, ARN: "arn:aws:iam::" + s + ":root", Account: s, Name: "root"}, nil
	case !strings.HasPrefix(s, "arn:"):
		if strings.HasSuffix(s, ".amazonaws.com") || strings.HasSuffix(s, ".amazonaws.com.cn") || strings.HasSuffix(s, ".amazon.com") {
			return Principal{Kind: ServicePrincipal, ARN: s}, nil
		}
		return Principal{}, fmt.Errorf("principal %q: neither an ARN, an account id, a service nor *", s)
	}
	a, err := arn.Parse(s)
	if err != nil {
		return Principal{}, fmt.Errorf("principal: %w", err)
	}
	p := Principal{ARN: s, Account: a.Account}
	typ, rest, _ := strings.Cut(a.Resource, "/")
	name := rest[strings.LastIndexByte(rest, '/')+1:]
	switch a.Service + ":" + typ {
	case "iam:root":
		p.Kind, p.Name = RootPrincipal, "root"
	case "iam:user":
		p.Kind, p.Name = UserPrincipal, name
	case "iam:role":
		p.Kind, p.Name, p.RoleARN = RolePrincipal, name, s
		p.ServiceLinkedRole = strings.HasPrefix(rest, "aws-service-role/")
	case "sts:assumed-role":
		var ok bool
		if p.Name, p.Session, ok = strings.Cut(rest, "/"); !ok || p.Session == "" {
			return Principal{}, fmt.Errorf("principal %q: a role session needs a session name", s)
		}
		p.Kind = SessionPrincipal
	case "sts:federated-user":
		p.Kind, p.Name = FederatedUser, rest
	case "iam:saml-provider", "iam:oidc-provider":
		p.Kind, p.Name = FederatedPrincipal, rest
	default:
		return Principal{}, fmt.Errorf("principal %q: not a kind of principal", s)
	}
	if p.Name == "" {
		return Principal{}, fmt.Errorf("principal %q: has no name", s)
	}
	return p, nil
}

// PrincipalContext returns the condition keys that AWS derives from the principal
// alone: aws:PrincipalArn, aws:PrincipalAccount, aws:PrincipalType, aws:username,
// aws:userid, aws:PrincipalIsAWSService and aws:PrincipalServiceName. What is
// certain not to be in its requests is Absent, what the ARN does not show (the
// unique id in aws:userid, the path of a session's role) is a Hole. Put the
// result into Request.PrincipalContext, after adding aws:PrincipalTag/…,
// aws:PrincipalOrgID and what else is known of the caller.
func PrincipalContext(p Principal) *Context {
	c := derivedContext(p)
	c.Set("aws:PrincipalIsAWSService", fmt.Sprint(p.Kind == ServicePrincipal))
	switch p.Kind {
	case UserPrincipal:
		c.Set("aws:username", p.Name).Set("aws:userid", policy.Hole)
	case SessionPrincipal:
		c.Set("aws:userid", policy.Hole+":"+p.Session)
	case RolePrincipal:
		c.Set("aws:userid", policy.Hole+":"+policy.Hole)
	case FederatedUser:
		c.Set("aws:userid", p.Account+":"+p.Name)
	case RootPrincipal:
		c.Set("aws:userid", p.Account)
	case ServicePrincipal:
		c.Set("aws:PrincipalServiceName", p.ARN)
	case AnonymousPrincipal:
		c.Set("aws:userid", "anonymous")
	}
	if p.Kind != ServicePrincipal {
		c.Absent("aws:PrincipalServiceName", "aws:PrincipalServiceNamesList")
	}
	return c
}

// derivedContext returns the keys that follow from the principal's ARN and that
// no request of it can be without.
func derivedContext(p Principal) *Context {
	c := NewContext()
	if p.Kind != UserPrincipal {
		c.Absent("aws:username")
	}
	if p.Account != "" && p.Kind != FederatedPrincipal {
		c.Set("aws:PrincipalAccount", p.Account)
	}
	switch p.Kind {
	case UserPrincipal:
		c.Set("aws:PrincipalArn", p.ARN).Set("aws:PrincipalType", "User")
	case SessionPrincipal, RolePrincipal:
		c.Set("aws:PrincipalArn", roleARN(p)).Set("aws:PrincipalType", "AssumedRole")
	case FederatedUser:
		c.Set("aws:PrincipalArn", p.ARN).Set("aws:PrincipalType", "FederatedUser")
	case RootPrincipal:
		c.Set("aws:PrincipalArn", p.ARN).Set("aws:PrincipalType", "Account")
	case AnonymousPrincipal:
		c.Set("aws:PrincipalType", "Anonymous").Absent("aws:PrincipalArn", "aws:PrincipalAccount")
	case ServicePrincipal:
		c.Absent("aws:PrincipalArn", "aws:PrincipalType", "aws:PrincipalAccount")
	}
	return c
}

// roleARN is the ARN of the principal's role, with a Hole for a path that a
// session's ARN does not show.
func roleARN(p Principal) string {
	if p.RoleARN != "" {
		return p.RoleARN
	}
	partition := "aws"
	if a, err := arn.Parse(p.ARN); err == nil {
		partition = a.Partition
	}
	return "arn:" + partition + ":iam::" + p.Account + ":role/" + policy.Hole + p.Name
}
