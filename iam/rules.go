package iam

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam/condition"
	"github.com/twokey/twokey/iam/policy"
)

// rules are the departures from the general algorithm that a request's action
// and resource bring with them.
type rules struct {
	free         bool // sts:GetCallerIdentity: needs nothing, obeys nothing
	strict       bool // the resource policy is the root of authority: KMS keys, role trust
	key          bool // on a KMS key, where grants count
	bothSides    bool // caller and trust policy must both allow, in one account too
	identityOnly bool // no resource policy is consulted
	notRoot      bool // sts:AssumeRole: the root user cannot
	assumeRoot   bool // sts:AssumeRoot
	rcp          bool // resource control policies apply
	// impossible says why AWS refuses the call whatever the policies; linked is,
	// where that depends on it, the service that a service-linked role is for.
	impossible string
	linked     string
}

// rcpServices are the services whose resources RCPs restrict: AWS's sample
// resource control policies of March 2026.
var rcpServices = []string{
	"s3", "sts", "kms", "sqs", "secretsmanager", "cognito-identity", "cognito-idp",
	"logs", "dynamodb", "ecr", "aoss",
}

// roleEdits are the IAM actions that change a role: its trust, its policies,
// itself.
var roleEdits = []string{
	"iam:updateassumerolepolicy", "iam:putrolepolicy", "iam:deleterolepolicy",
	"iam:attachrolepolicy", "iam:detachrolepolicy", "iam:putrolepermissionsboundary",
	"iam:deleterolepermissionsboundary", "iam:updaterole", "iam:updateroledescription",
	"iam:deleterole", "iam:tagrole", "iam:untagrole",
}

// policyEdits are the IAM actions that change a managed policy.
var policyEdits = []string{
	"iam:createpolicyversion", "iam:setdefaultpolicyversion", "iam:deletepolicyversion",
	"iam:deletepolicy", "iam:tagpolicy", "iam:untagpolicy",
}

func (c *compiledRequest) findRules(r *Request) rules {
	out := rules{
		rcp: slices.Contains(rcpServices, c.service) && !r.ResourceInManagementAccount &&
			!r.AWSManagedKey && c.action != "kms:retiregrant",
	}
	part := c.resource.Field(5)
	switch c.service {
	case "sts":
		onRole := strings.HasPrefix(part, "role/") || strings.HasPrefix(c.resource.Text, policy.Hole)
		switch c.name {
		case "getcalleridentity":
			out.free = true
		case "assumerole", "assumerolewithsaml", "assumerolewithwebidentity":
			out.strict = true
			out.notRoot = c.name == "assumerole"
		case "tagsession", "setsourceidentity", "setcontext":
			out.bothSides = onRole
		case "assumeroot":
			out.assumeRoot, out.identityOnly = true, true
		}
	case "kms":
		out.key = !c.star && !strings.HasPrefix(part, "alias/")
		out.strict = out.key
		out.identityOnly = !out.key
	case "iam":
		out.identityOnly = true
		c.findRoleRules(&out, part)
	}
	return out
}

// findRoleRules finds what IAM does not let anybody do to a role or a policy.
func (c *compiledRequest) findRoleRules(out *rules, part string) {
	edit := slices.Contains(roleEdits, c.action)
	switch {
	case c.resource.Field(4) == "aws" && strings.HasPrefix(part, "policy/") && slices.Contains(policyEdits, c.action):
		out.impossible = "policies managed by AWS cannot be changed"
	case strings.HasPrefix(part, "role/aws-reserved/") && (edit || c.name == "passrole"):
		out.impossible = "roles under /aws-reserved/ belong to IAM Identity Center and cannot be passed or changed through IAM"
	case strings.HasPrefix(part, "role/aws-service-role/"):
		rest := strings.TrimPrefix(part, "role/aws-service-role/")
		service, _, _ := strings.Cut(rest, "/")
		switch {
		case c.name == "updateassumerolepolicy":
			out.impossible = "the trust policy of a service-linked role cannot be changed"
		case c.name == "passrole":
			out.impossible = "a service-linked role can be passed to its own service only"
			out.linked = service
		}
	}
}

var passedToService = condition.Hash("iam:passedtoservice")

// possible is No where AWS refuses the call whatever the policies say.
func (c *compiledRequest) possible() arn.Verdict {
	switch {
	case c.rules.linked != "":
		return c.env.Equals(passedToService, "iam:passedtoservice", c.rules.linked)
	case c.rules.impossible != "", c.rules.notRoot && c.principal.kind == RootPrincipal:
		return arn.No
	case c.rules.assumeRoot:
		return arn.Maybe
	}
	return arn.Yes
}

// impossibleNote says why possible is not Yes.
func (c *compiledRequest) impossibleNote() string {
	switch {
	case c.rules.impossible != "":
		return c.rules.impossible
	case c.rules.assumeRoot:
		return "sts:AssumeRoot also depends on central root access of the organization, which no policy shows"
	}
	return "the root user cannot assume a role"
}
