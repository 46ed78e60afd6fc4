package sandbox_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/twokey/twokey/sandbox"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/sandboxtest"
)

// TestRestart: users, keys, sessions, trust and organization policies are those of
// before, and still the same principals.
func TestRestart(t *testing.T) {
	t.Parallel()
	options := sandbox.Options{Store: &sandboxtest.Store{}, Accounts: []cloud.Account{{Name: "tools", ID: sandboxtest.Tools}, {Name: "prod", ID: sandboxtest.Prod}}}
	k := sandboxtest.Start(t, options)
	anna := k.User(t, sandboxtest.Tools, "anna", sandboxtest.Allow("sts:AssumeRole", "*"))
	role := k.Role(t, sandboxtest.Prod, "deploy", sandboxtest.Trust("arn:aws:iam::111111111111:user/anna"), sandboxtest.Allow("iam:*", "*"))
	k.Invoke(t, sandboxtest.Tools, "iam", "CreateGroup", map[string]any{"GroupName": "team"}, nil)
	k.Invoke(t, sandboxtest.Tools, "iam", "AddUserToGroup", map[string]any{"GroupName": "team", "UserName": "anna"}, nil)
	var roots struct{ Roots []struct{ Id string } }
	var policy struct {
		Policy struct{ PolicySummary struct{ Id string } }
	}
	org := func(operation string, in map[string]any, out any) {
		t.Helper()
		k.Invoke(t, sandboxtest.Tools, "organizations", operation, in, out)
	}
	org("CreateOrganization", nil, nil)
	org("ListRoots", nil, &roots)
	org("EnablePolicyType", map[string]any{"RootId": roots.Roots[0].Id, "PolicyType": "SERVICE_CONTROL_POLICY"}, nil)
	org("CreatePolicy", map[string]any{"Type": "SERVICE_CONTROL_POLICY", "Name": "no-users", "Description": "", "Content": `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"iam:ListUsers","Resource":"*"}]}`}, &policy)
	org("AttachPolicy", map[string]any{"PolicyId": policy.Policy.PolicySummary.Id, "TargetId": sandboxtest.Prod}, nil)
	assume := func(k *sandboxtest.Kit) (sandboxtest.Keys, error) {
		out, err := sts.NewFromConfig(k.Config(anna)).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("session")})
		if err != nil {
			return sandboxtest.Keys{}, err
		}
		return sandboxtest.Keys{ID: *out.Credentials.AccessKeyId, Secret: *out.Credentials.SecretAccessKey, Token: *out.Credentials.SessionToken}, nil
	}
	session, err := assume(k)
	if err != nil {
		t.Fatal(err)
	}

	again := sandboxtest.Start(t, options)
	if _, err := assume(again); err != nil {
		t.Error("the role no longer trusts the user:", err)
	}
	if _, err := iam.NewFromConfig(again.Config(session)).ListRoles(t.Context(), nil); err != nil {
		t.Error("the session is gone:", err)
	}
	_, err = iam.NewFromConfig(again.Config(session)).ListUsers(t.Context(), nil)
	if !strings.Contains(sandboxtest.Message(err), "with an explicit deny in a service control policy") {
		t.Error("the organization's policy is gone:", err)
	}
	groups, err := iam.NewFromConfig(again.Config(sandboxtest.Root(sandboxtest.Tools))).ListGroupsForUser(t.Context(), &iam.ListGroupsForUserInput{UserName: aws.String("anna")})
	if err != nil || len(groups.Groups) != 1 {
		t.Error("the membership is gone:", groups, err)
	}
}
