package iamsvc_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

const simulated = `{"Version":"2012-10-17","Statement":[
  {"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:username}/*"},
  {"Effect":"Allow","Action":"s3:PutObject","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}},
  {"Effect":"Deny","Action":"s3:DeleteObject","Resource":"*"}]}`

func TestSimulateCustomPolicy(t *testing.T) {
	t.Parallel()
	_, c := root(t)
	out, err := c.SimulateCustomPolicy(t.Context(), &iam.SimulateCustomPolicyInput{
		PolicyInputList: []string{simulated}, ActionNames: []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"}, ResourceArns: []string{"arn:aws:s3:::b/anna/x"},
		ContextEntries: []types.ContextEntry{{ContextKeyName: aws.String("aws:username"), ContextKeyType: types.ContextKeyTypeEnumString, ContextKeyValues: []string{"anna"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range out.EvaluationResults {
		line := *r.EvalActionName + " " + string(r.EvalDecision)
		for _, s := range r.MatchedStatements {
			line += " " + *s.SourcePolicyId
			if s.StartPosition.Column != 3 || s.EndPosition.Line != s.StartPosition.Line {
				t.Errorf("%s: the statement is at %v-%v", *r.EvalActionName, *s.StartPosition, *s.EndPosition)
			}
		}
		got = append(got, line)
		if d := cmp.Diff([]string{"aws:RequestedRegion"}, r.MissingContextValues); d != "" {
			t.Error(d)
		}
	}
	want := []string{"s3:GetObject allowed PolicyInputList.1", "s3:PutObject implicitDeny", "s3:DeleteObject explicitDeny PolicyInputList.1", "s3:ListBucket implicitDeny"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestSimulatePrincipalPolicy(t *testing.T) {
	t.Parallel()
	k, c := root(t)
	k.User(t, sandboxtest.Tools, "anna", sandboxtest.Allow("s3:*", "*"))
	k.Invoke(t, sandboxtest.Tools, "iam", "CreatePolicy", in{"PolicyName": "limit", "PolicyDocument": document}, nil)
	k.Invoke(t, sandboxtest.Tools, "iam", "PutUserPermissionsBoundary", in{"UserName": "anna", "PermissionsBoundary": account + ":policy/limit"}, nil)
	out, err := c.SimulatePrincipalPolicy(t.Context(), &iam.SimulatePrincipalPolicyInput{PolicySourceArn: aws.String(account + ":user/anna"), ActionNames: []string{"s3:GetObject", "s3:PutObject"}})
	if err != nil {
		t.Fatal(err)
	}
	got, put := out.EvaluationResults[0], out.EvaluationResults[1]
	if got.EvalDecision != "allowed" || put.EvalDecision != "implicitDeny" {
		t.Fatalf("%s %s", got.EvalDecision, put.EvalDecision)
	}
	if !got.PermissionsBoundaryDecisionDetail.AllowedByPermissionsBoundary || put.PermissionsBoundaryDecisionDetail.AllowedByPermissionsBoundary {
		t.Fatal("the boundary allows s3:GetObject alone")
	}
	var sources []string
	for _, s := range got.MatchedStatements {
		sources = append(sources, *s.SourcePolicyId+" "+string(s.SourcePolicyType))
	}
	if d := cmp.Diff([]string{"user_anna_test user", "limit user-managed"}, sources); d != "" {
		t.Error(d)
	}
	// A boundary passed in takes the place of the user's own.
	out, err = c.SimulatePrincipalPolicy(t.Context(), &iam.SimulatePrincipalPolicyInput{PolicySourceArn: aws.String(account + ":user/anna"), ActionNames: []string{"s3:PutObject"},
		PermissionsBoundaryPolicyInputList: []string{sandboxtest.Document(sandboxtest.Allow("s3:PutObject", "*"))}})
	if err != nil || out.EvaluationResults[0].EvalDecision != "allowed" {
		t.Fatal(out, err)
	}
}

func TestAuthorizationDetails(t *testing.T) {
	t.Parallel()
	k, c := root(t)
	world(t, k)
	out, err := c.GetAccountAuthorizationDetails(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(out.UserDetailList) != 2 || len(out.GroupDetailList) != 2 || len(out.RoleDetailList) != 3 || len(out.Policies) != 2 {
		t.Fatalf("%d users, %d groups, %d roles, %d policies", len(out.UserDetailList), len(out.GroupDetailList), len(out.RoleDetailList), len(out.Policies))
	}
	anna := out.UserDetailList[0]
	if d := cmp.Diff([]string{"team"}, anna.GroupList); d != "" {
		t.Error(d)
	}
	if len(anna.UserPolicyList) != 1 || *anna.AttachedManagedPolicies[0].PolicyName != "read" || *anna.PermissionsBoundary.PermissionsBoundaryArn != account+":policy/read" || *anna.Tags[0].Value != "blue" {
		t.Errorf("%+v", anna)
	}
	only, err := c.GetAccountAuthorizationDetails(t.Context(), &iam.GetAccountAuthorizationDetailsInput{Filter: []types.EntityType{types.EntityTypeRole}})
	if err != nil || len(only.RoleDetailList) != 3 || len(only.UserDetailList) != 0 {
		t.Fatal(only, err)
	}
	summary, err := c.GetAccountSummary(t.Context(), nil)
	if err != nil || summary.SummaryMap["Users"] != 2 || summary.SummaryMap["MFADevices"] != 1 || summary.SummaryMap["Policies"] != 2 {
		t.Fatal(summary, err)
	}
}
