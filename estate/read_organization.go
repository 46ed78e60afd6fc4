package estate

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam/policy"
)

// organization is what the declarations say of AWS Organizations.
type organization struct {
	units    map[Text]Text // organizational unit → parent
	accounts map[Text]Text // account id → parent
	policies []organizationPolicy
	declared string // the account that declares the organization
	id       Text
}

type organizationPolicy struct {
	d       *Declaration
	kind    Text // SERVICE_CONTROL_POLICY, RESOURCE_CONTROL_POLICY, …
	policy  Policy
	targets []Text
}

func (b *Builder) readOrganization(d *Declaration) {
	o := &b.organization
	if o.units == nil {
		o.units, o.accounts = map[Text]Text{}, map[Text]Text{}
	}
	switch d.Type {
	case "AWS::Organizations::Organization":
		o.declared, o.id = d.Account, d.Ref
	case "AWS::Organizations::OrganizationalUnit":
		o.units[d.Ref] = d.text("ParentId")
	case "AWS::Organizations::Account":
		parents := textsOf(d.get("ParentIds"))
		if len(parents) == 1 && arn.IsAccountID(d.Ref) {
			o.accounts[d.Ref] = parents[0]
		}
	case "AWS::Organizations::Policy":
		name := firstText(d.text("Name"), d.LogicalID)
		o.policies = append(o.policies, organizationPolicy{
			d: d, kind: d.text("Type"), policy: b.policyOf(d, name, d.get("Content")), targets: textsOf(d.get("TargetIds")),
		})
	}
	b.readSimple(d)
}

// joinOrganization puts the organization's policies on the accounts that they
// restrict. Where it is not known whether an account lies under a root or unit,
// the policy's statements are uncertain there: they may restrict, and nobody may
// rely on it.
func (b *Builder) joinOrganization() {
	o := &b.organization
	for _, a := range b.e.Accounts {
		if o.declared != "" && a.ID == o.declared {
			a.Management = true
		}
		for _, p := range o.policies {
			for _, target := range p.targets {
				certain, possible := o.covers(target, a.ID)
				if !possible {
					continue
				}
				own := p.policy
				if !certain {
					own.Doc = uncertain(own.Doc, "whether account "+a.ID+" lies under "+Show(target)+" is not known")
				}
				switch p.kind {
				case "SERVICE_CONTROL_POLICY":
					a.SCPs = append(a.SCPs, []Policy{fullAccess("FullAWSAccess"), own})
				case "RESOURCE_CONTROL_POLICY":
					a.RCPs = append(a.RCPs, []Policy{own})
				}
			}
		}
	}
	if len(o.policies) == 0 && !slices.ContainsFunc(b.e.Accounts, func(a *Account) bool { return a.SCPs != nil || a.RCPs != nil }) {
		b.Assume("no organization policy (SCP, RCP) restricts these accounts: none is in the estate")
		return
	}
	b.Assume("FullAWSAccess is attached at every level of the organization, as it is by default")
}

// covers reports whether a policy attached to target bears on an account, and
// whether it possibly does.
func (o *organization) covers(target Text, account string) (certain, possible bool) {
	if arn.IsAccountID(target) {
		return target == account, target == account
	}
	parent, known := o.accounts[account]
	for range len(o.units) + 1 {
		if !known || !Known(parent) || !Known(target) {
			return false, true
		}
		if parent == target {
			return true, true
		}
		if strings.HasPrefix(parent, "r-") {
			return false, false
		}
		parent, known = o.units[parent]
	}
	return false, true
}

// fullAccess is the policy that AWS attaches everywhere unless it is taken off.
func fullAccess(name string) Policy {
	text := func(s string) *policy.Node { return &policy.Node{Kind: policy.String, Text: s} }
	return Policy{Name: name, ARN: "arn:aws:organizations::aws:policy/service_control_policy/p-" + name, Doc: policy.FromNode(mapNode(policy.Pos{},
		entry("Version", text("2012-10-17")),
		entry("Statement", mapNode(policy.Pos{}, entry("Effect", text("Allow")), entry("Action", text("*")), entry("Resource", text("*")))),
	))}
}
