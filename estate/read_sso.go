package estate

import (
	"github.com/twokey/twokey/iam/policy"

	"github.com/twokey/twokey/arn"
)

// reservedSuffix stands for the 16 hexadecimal digits that Identity Center ends
// the names of its roles with.
const reservedSuffix = "0000000000000000"

func (b *Builder) readPermissionSet(d *Declaration) {
	s := &PermissionSet{Name: firstText(d.text("Name"), d.LogicalID)}
	s.Meta = d.meta(d.Ref)
	if n := d.get("InlinePolicy"); n != nil && n.Kind != policy.Null {
		s.Policies = append(s.Policies, b.policyOf(d, "inline policy of permission set "+Show(s.Name), n))
	}
	for _, n := range d.get("ManagedPolicies").Elements() {
		s.Policies = append(s.Policies, b.managedReference(d, n))
	}
	for _, n := range d.get("CustomerManagedPolicyReferences").Elements() {
		name := textOf(at(n, "Name"))
		s.CustomerPolicies = append(s.CustomerPolicies, CustomerPolicy{
			Name: name, Path: firstText(textOf(at(n, "Path")), "/"), Pos: posOf(n, d.Pos),
		})
	}
	if n := d.get("PermissionsBoundary"); n != nil && n.Kind != policy.Null {
		if ref := at(n, "CustomerManagedPolicyReference"); ref != nil {
			s.CustomerBoundary = &CustomerPolicy{
				Name: textOf(at(ref, "Name")), Path: firstText(textOf(at(ref, "Path")), "/"), Pos: posOf(ref, d.Pos),
			}
		} else {
			s.Boundary = b.boundary(d, firstNode(at(n, "ManagedPolicyArn"), n))
		}
	}
	b.sets[s.ARN] = s
	b.e.PermissionSets = append(b.e.PermissionSets, s)
}

func (b *Builder) readAssignment(d *Declaration) {
	a := &Assignment{
		PermissionSet: d.text("PermissionSetArn"), PrincipalType: d.text("PrincipalType"), PrincipalID: d.text("PrincipalId"),
		TargetAccount: d.text("TargetId"),
	}
	a.Meta = d.meta("")
	b.e.Assignments = append(b.e.Assignments, a)
}

// readReserved adds the role that each assignment provisions in its account.
// The end of the role's name is a stand-in.
func (b *Builder) readReserved() {
	for _, a := range b.e.Assignments {
		set := b.sets[a.PermissionSet]
		if !arn.IsAccountID(a.TargetAccount) {
			b.Unknown(Unknown{What: "the account of assignment " + a.LogicalID, Why: "it could not be resolved", Pos: a.Pos})
			continue
		}
		name := "AWSReservedSSO_" + reservedSuffix
		if set != nil {
			name = "AWSReservedSSO_" + set.Name + "_" + reservedSuffix
		}
		key := within(a.TargetAccount, name)
		if have := b.roles[key]; have != nil {
			a.Role = have.ARN
			continue
		}
		// Identity Center puts its region into the path, except in us-east-1.
		r := &Role{Name: name, Path: "/aws-reserved/sso.amazonaws.com/", Reserved: true}
		if a.Region != "" && a.Region != "us-east-1" {
			r.Path += a.Region + "/"
		}
		partition := PartitionOf(a.Region)
		r.Meta = Meta{
			ARN: "arn:" + partition + ":iam::" + a.TargetAccount + ":role" + r.Path + name, Type: "AWS::IAM::Role", Stack: a.Stack,
			Account: a.TargetAccount, Generated: true, Maybe: a.Maybe, Condition: a.Condition, Pos: a.Pos,
		}
		r.Trust = policy.FromNode(samlTrust("arn:"+partition+":iam::"+a.TargetAccount+":saml-provider/AWSSSO_"+reservedSuffix+"_DO_NOT_DELETE", a.Pos))
		if set == nil {
			why := "nothing in the estate defines permission set " + Show(a.PermissionSet)
			r.Policies = []Policy{{Name: name, Pos: a.Pos, Unknown: why}}
			b.Unknown(Unknown{What: "permission set " + Show(a.PermissionSet), Why: "nothing in the estate defines it", Pos: a.Pos})
		} else {
			r.Policies = append(r.Policies, set.Policies...)
			for _, c := range set.CustomerPolicies {
				r.Policies = append(r.Policies, Policy{Name: c.Name, ARN: c.arn(partition, a.TargetAccount), Pos: c.Pos})
			}
			if r.Boundary = set.Boundary; set.CustomerBoundary != nil {
				c := set.CustomerBoundary
				r.Boundary = &Policy{Name: c.Name, ARN: c.arn(partition, a.TargetAccount), Pos: c.Pos}
			}
		}
		b.roles[key] = r
		b.e.Roles = append(b.e.Roles, r)
		a.Role = r.ARN
	}
}

func (c *CustomerPolicy) arn(partition, account string) string {
	return "arn:" + partition + ":iam::" + account + ":policy" + c.Path + c.Name
}

// samlTrust is the trust policy of a role that Identity Center provisions.
func samlTrust(provider string, pos policy.Pos) *policy.Node {
	text := func(s string) *policy.Node { return &policy.Node{Kind: policy.String, Text: s, Pos: pos} }
	return mapNode(pos,
		entry("Version", text("2012-10-17")),
		entry("Statement", mapNode(pos,
			entry("Effect", text("Allow")),
			entry("Principal", mapNode(pos, entry("Federated", text(provider)))),
			entry("Action", &policy.Node{Kind: policy.List, Items: []*policy.Node{text("sts:AssumeRoleWithSAML"), text("sts:TagSession")}, Pos: pos}),
			entry("Condition", mapNode(pos, entry("StringEquals", mapNode(pos, entry("SAML:aud", text("https://signin.aws.amazon.com/saml")))))),
		)),
	)
}
