package harden

import (
	"strings"

	"github.com/twokey/twokey/estate"
)

// powers are actions of services that have nothing to do with each other, each
// on a resource that nobody has: who may do all of them may do about anything.
var powers = []struct{ action, service, resource string }{
	{"ec2:TerminateInstances", "ec2", "instance/i-0123456789abcdef0"},
	{"dynamodb:DeleteTable", "dynamodb", "table/twokey-probe"},
	{"secretsmanager:GetSecretValue", "secretsmanager", "secret:twokey-probe"},
	{"rds:DeleteDBInstance", "rds", "db:twokey-probe"},
	{"lambda:UpdateFunctionCode", "lambda", "function:twokey-probe"},
}

// administrator asks whether a role may do anything, or anything but IAM: the
// answer is the one for the last of the powers, granted only if all are. full
// tells whether IAM is among what it may do.
func (s *scan) administrator(r *estate.Role) (power answer, full bool) {
	partition := partitionOf(r.ARN)
	for _, p := range powers {
		resource := anyARN(partition, p.service, regionOf(&r.Meta), r.Account, p.resource)
		if power = s.identityMay(r.ARN, p.action, resource, nil); !power.granted() {
			return power, false
		}
	}
	return power, s.identityMay(r.ARN, "iam:CreateUser", anyARN(partition, "iam", "", r.Account, "user/twokey-probe"), nil).granted()
}

// escalates says how a role could make itself an administrator of its account by
// IAM calls alone, with the answer that shows it; how is empty where it cannot.
// Rights that a permissions boundary or a named policy must go with do not count.
func (s *scan) escalates(r *estate.Role) (a answer, how string) {
	partition := partitionOf(r.ARN)
	other := anyARN(partition, "iam", "", r.Account, "role/twokey-probe")
	free := func(action, resource string) bool {
		a = s.identityMay(r.ARN, action, resource, nil)
		return a.granted() && !a.hangsOn("iam:permissionsboundary", "iam:policyarn")
	}
	for _, action := range []string{"iam:PutRolePolicy", "iam:AttachRolePolicy"} {
		if free(action, r.ARN) && r.Boundary == nil {
			return a, "may call " + action + " on itself"
		}
	}
	if free("iam:CreateRole", other) {
		for _, action := range []string{"iam:PutRolePolicy", "iam:AttachRolePolicy"} {
			if free(action, other) {
				return a, "may create a role and call " + action + " on it"
			}
		}
	}
	for _, m := range []struct{ action, resource string }{
		{"iam:CreatePolicyVersion", "policy/twokey-probe"}, {"iam:UpdateAssumeRolePolicy", "role/twokey-probe"},
		{"iam:CreateAccessKey", "user/twokey-probe"}, {"iam:PutUserPolicy", "user/twokey-probe"}, {"iam:AttachUserPolicy", "user/twokey-probe"},
	} {
		if free(m.action, anyARN(partition, "iam", "", r.Account, m.resource)) {
			return a, "may call " + m.action + " on anything"
		}
	}
	return a, ""
}

// unread says which of the policies could not be read.
func unread(policies []estate.Policy) string {
	for _, p := range policies {
		if p.Unknown != "" {
			return p.Unknown
		}
	}
	return "part of a policy could not be resolved"
}

func partitionOf(text string) string {
	if f := strings.SplitN(text, ":", 3); len(f) == 3 && f[0] == "arn" && estate.Known(f[1]) && f[1] != "" {
		return f[1]
	}
	return "aws"
}

// regionOf is the region of a resource, or one that may stand for it.
func regionOf(m *estate.Meta) string {
	if m.Region == "" || !estate.Known(m.Region) {
		return "us-east-1"
	}
	return m.Region
}
