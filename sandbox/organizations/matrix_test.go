package organizations_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

func stsClient(cfg aws.Config) *sts.Client { return sts.NewFromConfig(cfg) }

// TestMatrix finds out the ids first, for policies name them.
func TestMatrix(t *testing.T) {
	t.Parallel()
	for _, r := range rows(&names{}) {
		t.Run(r.operation, func(t *testing.T) {
			t.Parallel()
			k := sandboxtest.Start(t)
			n := prepare(t, k)
			for _, here := range rows(n) {
				if here.operation == r.operation {
					sandboxtest.Case{Operation: "organizations:" + r.operation, Needs: here.needs, Call: func(ctx context.Context, cfg aws.Config) error {
						return sandboxtest.Calling(client, r.operation, here.in)(ctx, cfg)
					}}.Run(t, k)
				}
			}
		})
	}
}

// names are the ids of one prepared organization.
type names struct{ org, root, unit, spare, policy, loose string }

func prepare(t testing.TB, k *sandboxtest.Kit) *names {
	s := newStage(t, k)
	n := &names{org: s.org, root: s.root, unit: s.unit(s.root, "unit"), spare: s.unit(s.root, "spare"), policy: s.policy(scp, "deny", denyUsers), loose: s.policy(scp, "loose", denyUsers)}
	s.do("EnablePolicyType", in{"RootId": s.root, "PolicyType": scp})
	s.do("AttachPolicy", in{"PolicyId": n.policy, "TargetId": n.unit})
	return n
}

type row struct {
	operation string
	in        in
	needs     []sandboxtest.Permission
}

func rows(n *names) []row {
	on := func(kind, id string) string {
		return "arn:aws:organizations::111111111111:" + kind + "/" + n.org + "/" + id
	}
	policy := func(id string) string { return on("policy", "service_control_policy/"+id) }
	var out []row
	add := func(operation string, members in, resources ...string) {
		r := row{operation: operation, in: members}
		for _, res := range resources {
			r.needs = append(r.needs, sandboxtest.Permission{Action: "organizations:" + operation, Resource: res})
		}
		out = append(out, r)
	}
	root, unit, spare, account := on("root", n.root), on("ou", n.unit), on("ou", n.spare), on("account", sandboxtest.Prod)
	tags := []any{map[string]any{"Key": "k", "Value": "v"}}
	add("DescribeOrganization", nil, "*")
	add("ListAccounts", nil, "*")
	add("ListRoots", nil, "*")
	add("DescribeAccount", in{"AccountId": sandboxtest.Prod}, account)
	add("CreateOrganizationalUnit", in{"ParentId": n.unit, "Name": "new"}, unit)
	add("UpdateOrganizationalUnit", in{"OrganizationalUnitId": n.unit, "Name": "new"}, unit)
	add("DeleteOrganizationalUnit", in{"OrganizationalUnitId": n.spare}, spare)
	add("DescribeOrganizationalUnit", in{"OrganizationalUnitId": n.unit}, unit)
	add("ListOrganizationalUnitsForParent", in{"ParentId": n.root}, root)
	add("ListAccountsForParent", in{"ParentId": n.root}, root)
	add("ListParents", in{"ChildId": sandboxtest.Prod}, account)
	add("ListChildren", in{"ParentId": n.root, "ChildType": "ACCOUNT"}, root)
	add("MoveAccount", in{"AccountId": sandboxtest.Prod, "SourceParentId": n.root, "DestinationParentId": n.unit}, account, root, unit)
	add("CreatePolicy", in{"Type": scp, "Name": "new", "Description": "d", "Content": denyUsers}, policy("*"))
	add("UpdatePolicy", in{"PolicyId": n.policy, "Name": "new"}, policy(n.policy))
	add("DeletePolicy", in{"PolicyId": n.loose}, policy(n.loose))
	add("DescribePolicy", in{"PolicyId": n.policy}, policy(n.policy))
	add("ListPolicies", in{"Filter": scp}, "*")
	add("AttachPolicy", in{"PolicyId": n.policy, "TargetId": n.root}, policy(n.policy), root)
	add("DetachPolicy", in{"PolicyId": n.policy, "TargetId": n.unit}, policy(n.policy), unit)
	add("ListTargetsForPolicy", in{"PolicyId": n.policy}, policy(n.policy))
	add("ListPoliciesForTarget", in{"TargetId": n.unit, "Filter": scp}, unit)
	add("EnablePolicyType", in{"RootId": n.root, "PolicyType": rcp}, root)
	add("DisablePolicyType", in{"RootId": n.root, "PolicyType": scp}, root)
	add("TagResource", in{"ResourceId": n.unit, "Tags": tags}, unit)
	add("UntagResource", in{"ResourceId": n.unit, "TagKeys": []string{"k"}}, unit)
	add("ListTagsForResource", in{"ResourceId": n.unit}, unit)
	return out
}

func TestMatrixIsComplete(t *testing.T) {
	t.Parallel()
	// These two need a world without an organization, or with an empty one.
	listed := map[string]bool{"CreateOrganization": true, "DeleteOrganization": true}
	for _, r := range rows(&names{}) {
		listed[r.operation] = true
	}
	for _, o := range sandboxtest.Start(t).Sandbox.Support()["organizations"] {
		if !listed[o] {
			t.Errorf("the matrix does not have %s", o)
		}
	}
}

func TestMatrixOfTheWhole(t *testing.T) {
	t.Parallel()
	need := func(action string) []sandboxtest.Permission {
		return []sandboxtest.Permission{{Action: "organizations:" + action, Resource: "*"}}
	}
	sandboxtest.Matrix(t, []sandboxtest.Case{
		{Operation: "organizations:CreateOrganization", Needs: need("CreateOrganization"), Call: sandboxtest.Calling(client, "CreateOrganization", nil)},
		{Operation: "organizations:DeleteOrganization", Needs: need("DeleteOrganization"), Prepare: func(t testing.TB, k *sandboxtest.Kit) { newStage(t, k) }, Call: sandboxtest.Calling(client, "DeleteOrganization", nil)},
	})
}
