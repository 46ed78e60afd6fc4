package iamsvc_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

func client(cfg aws.Config) *iam.Client { return iam.NewFromConfig(cfg) }

type in = sandboxtest.In

const (
	account = "arn:aws:iam::" + sandboxtest.Tools
	// Two codes of every step are needed to enable a device; a matrix cannot wait
	// for them, so its device has no codes to give and MFA has tests of its own.
	document = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}`
	linked   = "/aws-service-role/codestar-notifications.amazonaws.com/AWSServiceRoleForCodeStarNotifications"
	issuer   = account + ":oidc-provider/idp.example.com"
)

var trust = sandboxtest.Trust("codepipeline.amazonaws.com")

// world puts one of everything in place: user anna with keys, login and a device,
// group team, role deploy, instance profile box, policy read with two versions.
func world(t testing.TB, k *sandboxtest.Kit) {
	do := func(operation string, members in) { k.Invoke(t, sandboxtest.Tools, "iam", operation, members, nil) }
	tags := []any{map[string]any{"Key": "team", "Value": "blue"}}
	do("CreateUser", in{"UserName": "anna", "Tags": tags})
	do("CreateUser", in{"UserName": "bare"})
	do("CreateGroup", in{"GroupName": "team"})
	do("CreateGroup", in{"GroupName": "bare"})
	do("CreateRole", in{"RoleName": "deploy", "AssumeRolePolicyDocument": trust, "Tags": tags})
	do("CreateRole", in{"RoleName": "bare", "AssumeRolePolicyDocument": trust})
	do("CreatePolicy", in{"PolicyName": "read", "PolicyDocument": document, "Tags": tags})
	do("CreatePolicy", in{"PolicyName": "bare", "PolicyDocument": document})
	do("CreatePolicyVersion", in{"PolicyArn": account + ":policy/read", "PolicyDocument": document})
	do("CreateInstanceProfile", in{"InstanceProfileName": "box", "Tags": tags})
	do("CreateInstanceProfile", in{"InstanceProfileName": "bare"})
	do("AddRoleToInstanceProfile", in{"InstanceProfileName": "box", "RoleName": "deploy"})
	do("CreateVirtualMFADevice", in{"VirtualMFADeviceName": "phone", "Tags": tags})
	do("CreateOpenIDConnectProvider", in{"Url": "https://idp.example.com", "ClientIDList": []string{"app"}, "Tags": tags})
	do("CreateServiceLinkedRole", in{"AWSServiceName": "codestar-notifications.amazonaws.com"})
	do("AddUserToGroup", in{"GroupName": "team", "UserName": "anna"})
	do("CreateLoginProfile", in{"UserName": "anna", "Password": "correct horse"})
	for _, kind := range []string{"User", "Group", "Role"} {
		name := map[string]string{"User": "anna", "Group": "team", "Role": "deploy"}[kind]
		do("Put"+kind+"Policy", in{kind + "Name": name, "PolicyName": "inline", "PolicyDocument": document})
		do("Attach"+kind+"Policy", in{kind + "Name": name, "PolicyArn": account + ":policy/read"})
		if kind != "Group" {
			do("Put"+kind+"PermissionsBoundary", in{kind + "Name": name, "PermissionsBoundary": account + ":policy/read"})
		}
	}
	do("CreateAccountAlias", in{"AccountAlias": "twokey-tools"})
}

type row struct {
	operation string
	in        in
	on        string // the resource; "*" where there is none
}

func rows() []row {
	tags := []any{map[string]any{"Key": "k", "Value": "v"}}
	keys := []string{"team"}
	anna, team, deploy := in{"UserName": "anna"}, in{"GroupName": "team"}, in{"RoleName": "deploy"}
	onAnna, onTeam, onDeploy, onRead := account+":user/anna", account+":group/team", account+":role/deploy", account+":policy/read"
	read, box, phone, idp := in{"PolicyArn": onRead}, in{"InstanceProfileName": "box"}, in{"SerialNumber": account + ":mfa/phone"}, in{"OpenIDConnectProviderArn": issuer}
	onBox, onPhone := account+":instance-profile/box", account+":mfa/phone"
	return []row{
		{"CreateUser", in{"UserName": "new", "Path": "/x/"}, account + ":user/x/new"},
		{"GetUser", anna, onAnna},
		{"ListUsers", nil, "*"},
		{"UpdateUser", in{"UserName": "anna", "NewPath": "/"}, onAnna},
		{"DeleteUser", in{"UserName": "bare"}, account + ":user/bare"},
		{"CreateGroup", in{"GroupName": "new"}, account + ":group/new"},
		{"GetGroup", team, onTeam},
		{"ListGroups", nil, "*"},
		{"UpdateGroup", in{"GroupName": "team", "NewPath": "/"}, onTeam},
		{"DeleteGroup", in{"GroupName": "bare"}, account + ":group/bare"},
		{"AddUserToGroup", in{"GroupName": "team", "UserName": "bare"}, onTeam},
		{"RemoveUserFromGroup", in{"GroupName": "team", "UserName": "anna"}, onTeam},
		{"ListGroupsForUser", anna, onAnna},
		{"CreateRole", in{"RoleName": "new", "AssumeRolePolicyDocument": trust}, account + ":role/new"},
		{"GetRole", deploy, onDeploy},
		{"ListRoles", nil, "*"},
		{"UpdateRole", in{"RoleName": "deploy", "Description": "d"}, onDeploy},
		{"UpdateRoleDescription", in{"RoleName": "deploy", "Description": "d"}, onDeploy},
		{"UpdateAssumeRolePolicy", in{"RoleName": "deploy", "PolicyDocument": trust}, onDeploy},
		{"DeleteRole", in{"RoleName": "bare"}, account + ":role/bare"},
		{"CreateServiceLinkedRole", in{"AWSServiceName": "support.amazonaws.com"}, account + ":role/aws-service-role/support.amazonaws.com/AWSServiceRoleForSupport"},
		{"DeleteServiceLinkedRole", in{"RoleName": "AWSServiceRoleForCodeStarNotifications"}, account + ":role" + linked},
		{"GetServiceLinkedRoleDeletionStatus", in{"DeletionTaskId": "task" + linked + "/1"}, account + ":role" + linked},
		{"CreatePolicy", in{"PolicyName": "new", "PolicyDocument": document}, account + ":policy/new"},
		{"GetPolicy", read, onRead},
		{"ListPolicies", in{"Scope": "Local"}, "*"},
		{"DeletePolicy", in{"PolicyArn": account + ":policy/bare"}, account + ":policy/bare"},
		{"CreatePolicyVersion", in{"PolicyArn": onRead, "PolicyDocument": document}, onRead},
		{"GetPolicyVersion", in{"PolicyArn": onRead, "VersionId": "v1"}, onRead},
		{"ListPolicyVersions", read, onRead},
		{"SetDefaultPolicyVersion", in{"PolicyArn": onRead, "VersionId": "v2"}, onRead},
		{"DeletePolicyVersion", in{"PolicyArn": onRead, "VersionId": "v2"}, onRead},
		{"ListEntitiesForPolicy", read, onRead},
		{"PutUserPolicy", in{"UserName": "anna", "PolicyName": "p", "PolicyDocument": document}, onAnna},
		{"PutGroupPolicy", in{"GroupName": "team", "PolicyName": "p", "PolicyDocument": document}, onTeam},
		{"PutRolePolicy", in{"RoleName": "deploy", "PolicyName": "p", "PolicyDocument": document}, onDeploy},
		{"GetUserPolicy", in{"UserName": "anna", "PolicyName": "inline"}, onAnna},
		{"GetGroupPolicy", in{"GroupName": "team", "PolicyName": "inline"}, onTeam},
		{"GetRolePolicy", in{"RoleName": "deploy", "PolicyName": "inline"}, onDeploy},
		{"ListUserPolicies", anna, onAnna},
		{"ListGroupPolicies", team, onTeam},
		{"ListRolePolicies", deploy, onDeploy},
		{"DeleteUserPolicy", in{"UserName": "anna", "PolicyName": "inline"}, onAnna},
		{"DeleteGroupPolicy", in{"GroupName": "team", "PolicyName": "inline"}, onTeam},
		{"DeleteRolePolicy", in{"RoleName": "deploy", "PolicyName": "inline"}, onDeploy},
		{"AttachUserPolicy", in{"UserName": "bare", "PolicyArn": onRead}, account + ":user/bare"},
		{"AttachGroupPolicy", in{"GroupName": "bare", "PolicyArn": onRead}, account + ":group/bare"},
		{"AttachRolePolicy", in{"RoleName": "bare", "PolicyArn": onRead}, account + ":role/bare"},
		{"DetachUserPolicy", in{"UserName": "anna", "PolicyArn": onRead}, onAnna},
		{"DetachGroupPolicy", in{"GroupName": "team", "PolicyArn": onRead}, onTeam},
		{"DetachRolePolicy", in{"RoleName": "deploy", "PolicyArn": onRead}, onDeploy},
		{"ListAttachedUserPolicies", anna, onAnna},
		{"ListAttachedGroupPolicies", team, onTeam},
		{"ListAttachedRolePolicies", deploy, onDeploy},
		{"PutUserPermissionsBoundary", in{"UserName": "bare", "PermissionsBoundary": onRead}, account + ":user/bare"},
		{"PutRolePermissionsBoundary", in{"RoleName": "bare", "PermissionsBoundary": onRead}, account + ":role/bare"},
		{"DeleteUserPermissionsBoundary", anna, onAnna},
		{"DeleteRolePermissionsBoundary", deploy, onDeploy},
		{"CreateAccessKey", anna, onAnna},
		{"ListAccessKeys", anna, onAnna},
		{"CreateLoginProfile", in{"UserName": "bare", "Password": "correct horse"}, account + ":user/bare"},
		{"GetLoginProfile", anna, onAnna},
		{"UpdateLoginProfile", in{"UserName": "anna", "PasswordResetRequired": true}, onAnna},
		{"DeleteLoginProfile", anna, onAnna},
		{"CreateVirtualMFADevice", in{"VirtualMFADeviceName": "new"}, account + ":mfa/new"},
		{"DeleteVirtualMFADevice", phone, onPhone},
		{"ListMFADevices", anna, onAnna},
		{"ListVirtualMFADevices", nil, "*"},
		{"CreateInstanceProfile", in{"InstanceProfileName": "new"}, account + ":instance-profile/new"},
		{"GetInstanceProfile", box, onBox},
		{"DeleteInstanceProfile", in{"InstanceProfileName": "bare"}, account + ":instance-profile/bare"},
		{"ListInstanceProfiles", nil, "*"},
		{"ListInstanceProfilesForRole", deploy, onDeploy},
		{"RemoveRoleFromInstanceProfile", in{"InstanceProfileName": "box", "RoleName": "deploy"}, onBox},
		{"CreateOpenIDConnectProvider", in{"Url": "https://new.example.com/x"}, account + ":oidc-provider/new.example.com/x"},
		{"GetOpenIDConnectProvider", idp, issuer},
		{"ListOpenIDConnectProviders", nil, "*"},
		{"DeleteOpenIDConnectProvider", idp, issuer},
		{"AddClientIDToOpenIDConnectProvider", in{"OpenIDConnectProviderArn": issuer, "ClientID": "other"}, issuer},
		{"RemoveClientIDFromOpenIDConnectProvider", in{"OpenIDConnectProviderArn": issuer, "ClientID": "app"}, issuer},
		{"UpdateOpenIDConnectProviderThumbprint", in{"OpenIDConnectProviderArn": issuer, "ThumbprintList": []string{strings.Repeat("ab", 20)}}, issuer},
		{"TagUser", in{"UserName": "anna", "Tags": tags}, onAnna},
		{"TagRole", in{"RoleName": "deploy", "Tags": tags}, onDeploy},
		{"TagPolicy", in{"PolicyArn": onRead, "Tags": tags}, onRead},
		{"TagInstanceProfile", in{"InstanceProfileName": "box", "Tags": tags}, onBox},
		{"TagMFADevice", in{"SerialNumber": onPhone, "Tags": tags}, onPhone},
		{"TagOpenIDConnectProvider", in{"OpenIDConnectProviderArn": issuer, "Tags": tags}, issuer},
		{"UntagUser", in{"UserName": "anna", "TagKeys": keys}, onAnna},
		{"UntagRole", in{"RoleName": "deploy", "TagKeys": keys}, onDeploy},
		{"UntagPolicy", in{"PolicyArn": onRead, "TagKeys": keys}, onRead},
		{"UntagInstanceProfile", in{"InstanceProfileName": "box", "TagKeys": keys}, onBox},
		{"UntagMFADevice", in{"SerialNumber": onPhone, "TagKeys": keys}, onPhone},
		{"UntagOpenIDConnectProvider", in{"OpenIDConnectProviderArn": issuer, "TagKeys": keys}, issuer},
		{"ListUserTags", anna, onAnna},
		{"ListRoleTags", deploy, onDeploy},
		{"ListPolicyTags", read, onRead},
		{"ListInstanceProfileTags", box, onBox},
		{"ListMFADeviceTags", phone, onPhone},
		{"ListOpenIDConnectProviderTags", idp, issuer},
		{"SimulateCustomPolicy", in{"PolicyInputList": []string{document}, "ActionNames": []string{"s3:GetObject"}}, "*"},
		{"SimulatePrincipalPolicy", in{"PolicySourceArn": onAnna, "ActionNames": []string{"s3:GetObject"}}, onAnna},
		{"GetContextKeysForCustomPolicy", in{"PolicyInputList": []string{document}}, "*"},
		{"GetContextKeysForPrincipalPolicy", in{"PolicySourceArn": onAnna}, onAnna},
		{"GetAccountAuthorizationDetails", nil, "*"},
		{"GetAccountSummary", nil, "*"},
		{"CreateAccountAlias", in{"AccountAlias": "twokey-new"}, "*"},
		{"DeleteAccountAlias", in{"AccountAlias": "twokey-tools"}, "*"},
		{"ListAccountAliases", nil, "*"},
	}
}

func TestMatrix(t *testing.T) {
	t.Parallel()
	var cases []sandboxtest.Case
	for _, r := range rows() {
		cases = append(cases, sandboxtest.Case{Operation: "iam:" + r.operation, Needs: []sandboxtest.Permission{{Action: "iam:" + r.operation, Resource: r.on}},
			Prepare: world, Call: sandboxtest.Calling(client, r.operation, r.in)})
	}
	tagged := in{"UserName": "new", "Tags": []any{map[string]any{"Key": "k", "Value": "v"}}}
	cases = append(cases,
		sandboxtest.Case{Operation: "iam:AddRoleToInstanceProfile", Prepare: world, Needs: []sandboxtest.Permission{
			{Action: "iam:AddRoleToInstanceProfile", Resource: account + ":instance-profile/bare"}, {Action: "iam:PassRole", Resource: account + ":role/bare"},
		}, Call: sandboxtest.Calling(client, "AddRoleToInstanceProfile", in{"InstanceProfileName": "bare", "RoleName": "bare"})},
		sandboxtest.Case{Operation: "iam:CreateUser with tags", Prepare: world, Needs: []sandboxtest.Permission{
			{Action: "iam:CreateUser", Resource: account + ":user/new"}, {Action: "iam:TagUser", Resource: account + ":user/new"},
		}, Call: sandboxtest.Calling(client, "CreateUser", tagged)},
		sandboxtest.Case{Operation: "iam:UpdateUser to another name", Prepare: world, Needs: []sandboxtest.Permission{
			{Action: "iam:UpdateUser", Resource: account + ":user/anna"}, {Action: "iam:UpdateUser", Resource: account + ":user/berta"},
		}, Call: sandboxtest.Calling(client, "UpdateUser", in{"UserName": "anna", "NewUserName": "berta"})},
	)
	sandboxtest.Matrix(t, cases)
}

// Operations whose calls need what only their own tests have: an access key's id,
// or codes of a device.
var elsewhere = []string{"UpdateAccessKey", "DeleteAccessKey", "GetAccessKeyLastUsed", "EnableMFADevice", "DeactivateMFADevice", "ResyncMFADevice", "AddRoleToInstanceProfile"}

func TestMatrixIsComplete(t *testing.T) {
	t.Parallel()
	listed := map[string]bool{}
	for _, r := range rows() {
		listed[r.operation] = true
	}
	for _, o := range elsewhere {
		listed[o] = true
	}
	for _, o := range sandboxtest.Start(t).Sandbox.Support()["iam"] {
		if !listed[o] {
			t.Errorf("the matrix does not have %s", o)
		}
	}
}
