package iamsvc_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

// root starts a sandbox and returns the IAM client of the root user of Tools.
func root(t *testing.T) (*sandboxtest.Kit, *iam.Client) {
	t.Helper()
	k := sandboxtest.Start(t)
	return k, client(k.Config(sandboxtest.Root(sandboxtest.Tools)))
}

func must[T any](t *testing.T) func(v T, err error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func wants(t *testing.T, err error, code, message string) {
	t.Helper()
	if sandboxtest.Code(err) != code || !strings.Contains(sandboxtest.Message(err), message) {
		t.Fatalf("want %s with %q, got %v", code, message, err)
	}
}

// TestErrors holds the answers to mistakes to the codes and messages of the IAM
// API reference and of the real service.
func TestErrors(t *testing.T) {
	t.Parallel()
	k, c := root(t)
	world(t, k)
	long := strings.Repeat("x", 65)
	for _, e := range []struct {
		operation     string
		in            in
		code, message string
	}{
		{"CreateUser", in{"UserName": "anna"}, "EntityAlreadyExists", "User with name anna already exists."},
		{"CreateUser", in{"UserName": "ANNA"}, "EntityAlreadyExists", "already exists."},
		{"CreateUser", in{"UserName": long}, "ValidationError", "1 validation error detected: Value '" + long + "' at 'userName' failed to satisfy constraint: Member must have length less than or equal to 64"},
		{"CreateUser", in{"UserName": "a b"}, "ValidationError", "Member must satisfy regular expression pattern: [\\w+=,.@-]+"},
		{"GetUser", in{"UserName": "nobody"}, "NoSuchEntity", "The user with name nobody cannot be found."},
		{"GetRole", in{"RoleName": "nobody"}, "NoSuchEntity", "The role with name nobody cannot be found."},
		{"GetUserPolicy", in{"UserName": "anna", "PolicyName": "none"}, "NoSuchEntity", "The user policy with name none cannot be found."},
		{"GetPolicy", in{"PolicyArn": account + ":policy/none"}, "NoSuchEntity", "Policy " + account + ":policy/none does not exist or is not attachable."},
		{"DeleteUser", in{"UserName": "anna"}, "DeleteConflict", "Cannot delete entity, must detach all policies first."},
		{"DeleteRole", in{"RoleName": "deploy"}, "DeleteConflict", "Cannot delete entity, must detach all policies first."},
		{"DeletePolicy", in{"PolicyArn": account + ":policy/read"}, "DeleteConflict", "Cannot delete a policy attached to entities."},
		{"DeletePolicyVersion", in{"PolicyArn": account + ":policy/read", "VersionId": "v1"}, "DeleteConflict", "Cannot delete the default version of a policy."},
		{"DeleteInstanceProfile", in{"InstanceProfileName": "box"}, "DeleteConflict", "must remove roles from instance profile first."},
		{"PutUserPolicy", in{"UserName": "anna", "PolicyName": "p", "PolicyDocument": "{"}, "MalformedPolicyDocument", "Syntax errors in policy."},
		{"PutUserPolicy", in{"UserName": "anna", "PolicyName": "p", "PolicyDocument": trust}, "MalformedPolicyDocument", "Policy document should not specify a principal."},
		{"PutUserPolicy", in{"UserName": "anna", "PolicyName": "p", "PolicyDocument": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*"}]}`}, "MalformedPolicyDocument", "Policy statement must contain resources."},
		{"PutUserPolicy", in{"UserName": "anna", "PolicyName": "p", "PolicyDocument": sandboxtest.Document(sandboxtest.Allow("GetObject", "*"))}, "MalformedPolicyDocument", "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."},
		{"PutUserPolicy", in{"UserName": "anna", "PolicyName": "p", "PolicyDocument": sandboxtest.Document(sandboxtest.Allow("s3:GetObject", "bucket"))}, "MalformedPolicyDocument", `Resource bucket must be in ARN format or "*".`},
		{"PutUserPolicy", in{"UserName": "anna", "PolicyName": "p", "PolicyDocument": sandboxtest.Document(sandboxtest.Allow("s3:GetObject", "arn:aws:s3:::"+strings.Repeat("b", 2048)))}, "LimitExceeded", "Maximum policy size of 2048 bytes exceeded for user anna"},
		{"CreateRole", in{"RoleName": "r", "AssumeRolePolicyDocument": document}, "MalformedPolicyDocument", "Missing required field Principal"},
		{"CreateRole", in{"RoleName": "r", "AssumeRolePolicyDocument": `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}]}`}, "MalformedPolicyDocument", "Has prohibited field Resource"},
		{"CreateRole", in{"RoleName": "r", "AssumeRolePolicyDocument": `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject"}]}`}, "MalformedPolicyDocument", "AssumeRole policy may only specify STS AssumeRole actions."},
		{"CreateRole", in{"RoleName": "r", "AssumeRolePolicyDocument": sandboxtest.Trust(account + ":user/none")}, "MalformedPolicyDocument", `Invalid principal in policy: "AWS":"` + account + `:user/none"`},
		{"CreateRole", in{"RoleName": "r", "AssumeRolePolicyDocument": sandboxtest.Trust(account + ":user/anna*")}, "MalformedPolicyDocument", "Invalid principal in policy"},
		{"CreateRole", in{"RoleName": "r", "AssumeRolePolicyDocument": trust, "MaxSessionDuration": 60}, "ValidationError", "Value '60' at 'maxSessionDuration' failed to satisfy constraint: Member must have value greater than or equal to 3600"},
		{"UpdateAssumeRolePolicy", in{"RoleName": "AWSServiceRoleForCodeStarNotifications", "PolicyDocument": trust}, "UnmodifiableEntity", "only modifiable by AWS"},
		{"DeleteRole", in{"RoleName": "AWSServiceRoleForCodeStarNotifications"}, "UnmodifiableEntity", "only modifiable by AWS"},
		{"AddRoleToInstanceProfile", in{"InstanceProfileName": "box", "RoleName": "bare"}, "LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1"},
		{"CreatePolicyVersion", in{"PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess", "PolicyDocument": document}, "AccessDenied", "arn:aws:iam::aws:policy/ReadOnlyAccess"},
		{"CreateAccountAlias", in{"AccountAlias": "a--b"}, "ValidationError", "regular expression pattern"},
		{"TagUser", in{"UserName": "anna", "Tags": []any{map[string]any{"Key": "a", "Value": "1"}, map[string]any{"Key": "A", "Value": "2"}}}, "InvalidInput", "Duplicate tag keys found."},
		{"CreateLoginProfile", in{"UserName": "anna", "Password": "x"}, "EntityAlreadyExists", "Login Profile for user anna already exists."},
		{"GetLoginProfile", in{"UserName": "bare"}, "NoSuchEntity", "Login Profile for User bare cannot be found."},
		{"ListAccessKeys", nil, "ValidationError", "Must specify userName when calling with non-User credentials"},
		{"ListUsers", in{"Marker": "zzz"}, "ValidationError", "Invalid Marker"},
		{"SimulateCustomPolicy", in{"PolicyInputList": []string{"{"}, "ActionNames": []string{"s3:GetObject"}}, "InvalidInput", "PolicyInputList.1"},
		{"SimulateCustomPolicy", in{"PolicyInputList": []string{document}, "ActionNames": []string{"s3:*"}}, "InvalidInput", "s3:*"},
		{"SimulateCustomPolicy", in{"PolicyInputList": []string{document}, "ActionNames": []string{"s3:GetObject"}, "ResourceHandlingOption": "x"}, "NotImplemented", "ResourceHandlingOption"},
	} {
		_, err := sandboxtest.Operate(t.Context(), c, e.operation, e.in)
		if sandboxtest.Code(err) != e.code || !strings.Contains(sandboxtest.Message(err), e.message) {
			t.Errorf("%s %v: want %s with %q, got %v", e.operation, e.in, e.code, e.message, err)
		}
	}
}

func TestDeletedPrincipalIsNotTrustedAgain(t *testing.T) {
	t.Parallel()
	k, c := root(t)
	ctx := t.Context()
	allow := sandboxtest.Allow("sts:AssumeRole", "*")
	anna := k.User(t, sandboxtest.Tools, "anna", allow)
	role := k.Role(t, sandboxtest.Prod, "deploy", sandboxtest.Trust(account+":user/anna"))
	assume := func(keys sandboxtest.Keys) error {
		_, err := sts.NewFromConfig(k.Config(keys)).AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("session")})
		return err
	}
	if err := assume(anna); err != nil {
		t.Fatal(err)
	}
	id := aws.ToString(must[*iam.GetUserOutput](t)(c.GetUser(ctx, &iam.GetUserInput{UserName: aws.String("anna")})).User.UserId)

	// A renamed user is the same user.
	must[*iam.UpdateUserOutput](t)(c.UpdateUser(ctx, &iam.UpdateUserInput{UserName: aws.String("anna"), NewUserName: aws.String("anne")}))
	if err := assume(anna); err != nil {
		t.Fatal(err)
	}
	must[*iam.UpdateUserOutput](t)(c.UpdateUser(ctx, &iam.UpdateUserInput{UserName: aws.String("anne"), NewUserName: aws.String("anna")}))

	k.Permit(t, sandboxtest.Tools, "anna")
	must[*iam.DeleteAccessKeyOutput](t)(c.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: aws.String("anna"), AccessKeyId: &anna.ID}))
	must[*iam.DeleteUserOutput](t)(c.DeleteUser(ctx, &iam.DeleteUserInput{UserName: aws.String("anna")}))
	wants(t, assume(anna), "InvalidClientTokenId", "The security token included in the request is invalid.")

	again := k.User(t, sandboxtest.Tools, "anna", allow)
	wants(t, assume(again), "AccessDenied", "because no role trust policy allows the sts:AssumeRole action")
	prod := client(k.Config(sandboxtest.Root(sandboxtest.Prod)))
	shown, err := url.QueryUnescape(aws.ToString(must[*iam.GetRoleOutput](t)(prod.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("deploy")})).Role.AssumeRolePolicyDocument))
	if err != nil || !strings.Contains(shown, `"`+id+`"`) || strings.Contains(shown, "user/anna") {
		t.Fatalf("the trust policy must show the deleted user's id %s: %s", id, shown)
	}
}

func TestAccessKeys(t *testing.T) {
	t.Parallel()
	k, c := root(t)
	ctx := t.Context()
	anna := k.User(t, sandboxtest.Tools, "anna")
	call := func(keys sandboxtest.Keys) error {
		_, err := sts.NewFromConfig(k.Config(keys)).GetCallerIdentity(ctx, nil)
		return err
	}
	name := aws.String("anna")
	used := func() *types.AccessKeyLastUsed {
		return must[*iam.GetAccessKeyLastUsedOutput](t)(c.GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: &anna.ID})).AccessKeyLastUsed
	}
	if got := used(); aws.ToString(got.ServiceName) != "N/A" || got.LastUsedDate != nil {
		t.Fatalf("never used, but %v", got)
	}
	if err := call(anna); err != nil {
		t.Fatal(err)
	}
	if got := used(); aws.ToString(got.ServiceName) != "sts" || aws.ToString(got.Region) != sandboxtest.Region || got.LastUsedDate == nil {
		t.Fatalf("used, but %v", got)
	}
	k.Key(t, sandboxtest.Tools, "anna")
	_, err := c.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: name})
	wants(t, err, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")

	set := func(status types.StatusType) {
		must[*iam.UpdateAccessKeyOutput](t)(c.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{UserName: name, AccessKeyId: &anna.ID, Status: status}))
	}
	set(types.StatusTypeInactive)
	wants(t, call(anna), "InvalidClientTokenId", "")
	set(types.StatusTypeActive)
	if err := call(anna); err != nil {
		t.Fatal(err)
	}
	must[*iam.DeleteAccessKeyOutput](t)(c.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: name, AccessKeyId: &anna.ID}))
	wants(t, call(anna), "InvalidClientTokenId", "")
	for _, r := range k.Sandbox.World.Trail(sandboxtest.Tools) {
		if strings.Contains(string(r.ResponseElements), anna.Secret) {
			t.Fatalf("%s left the secret in the trail", r.EventName)
		}
	}
	_, err = sts.NewFromConfig(k.Config(sandboxtest.Keys{ID: sandboxtest.Tools, Secret: "wrong"})).GetCallerIdentity(ctx, nil)
	wants(t, err, "SignatureDoesNotMatch", "")
}

func TestGroupsAndBoundary(t *testing.T) {
	t.Parallel()
	k, c := root(t)
	ctx := t.Context()
	anna := client(k.Config(k.User(t, sandboxtest.Tools, "anna")))
	list := func() error { _, err := anna.ListUsers(ctx, nil); return err }
	wants(t, list(), "AccessDenied", "because no identity-based policy allows the iam:ListUsers action")
	do := func(operation string, members in) {
		t.Helper()
		k.Invoke(t, sandboxtest.Tools, "iam", operation, members, nil)
	}
	do("CreateGroup", in{"GroupName": "admins"})
	do("AttachGroupPolicy", in{"GroupName": "admins", "PolicyArn": "arn:aws:iam::aws:policy/IAMReadOnlyAccess"})
	do("AddUserToGroup", in{"GroupName": "admins", "UserName": "anna"})
	if err := list(); err != nil {
		t.Fatal(err)
	}
	do("UpdateGroup", in{"GroupName": "admins", "NewGroupName": "readers"})
	if err := list(); err != nil {
		t.Fatal("a group that was renamed lost its members:", err)
	}
	do("CreatePolicy", in{"PolicyName": "limit", "PolicyDocument": document})
	do("PutUserPermissionsBoundary", in{"UserName": "anna", "PermissionsBoundary": account + ":policy/limit"})
	wants(t, list(), "AccessDenied", "because no permissions boundary allows the iam:ListUsers action")
	do("DeleteUserPermissionsBoundary", in{"UserName": "anna"})
	do("RemoveUserFromGroup", in{"GroupName": "readers", "UserName": "anna"})
	wants(t, list(), "AccessDenied", "")
	if got := must[*iam.ListGroupsForUserOutput](t)(c.ListGroupsForUser(ctx, &iam.ListGroupsForUserInput{UserName: aws.String("anna")})); len(got.Groups) != 0 {
		t.Fatal(got.Groups)
	}
}

func TestPaging(t *testing.T) {
	t.Parallel()
	k, c := root(t)
	var want []string
	for _, n := range []string{"a", "b", "c", "d", "e"} {
		k.Invoke(t, sandboxtest.Tools, "iam", "CreateUser", in{"UserName": n}, nil)
		want = append(want, n)
	}
	var got []string
	pages := iam.NewListUsersPaginator(c, &iam.ListUsersInput{MaxItems: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Users) > 2 {
			t.Fatalf("a page of %d", len(page.Users))
		}
		for _, u := range page.Users {
			got = append(got, *u.UserName)
		}
	}
	if strings.Join(got, "") != strings.Join(want, "") {
		t.Fatal(got)
	}
}

// sessionLimits: a session token without MFA may not call IAM ("Comparing AWS STS
// API operations").
func TestSessionTokenMayNotCallIAM(t *testing.T) {
	t.Parallel()
	k, _ := root(t)
	ctx := context.Background()
	anna := k.User(t, sandboxtest.Tools, "anna", sandboxtest.Allow("iam:*", "*"))
	out, err := sts.NewFromConfig(k.Config(anna)).GetSessionToken(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := time.Until(*out.Credentials.Expiration); d < 11*time.Hour || d > 12*time.Hour {
		t.Errorf("the token lives %v, want 12 h", d)
	}
	session := client(k.Config(sandboxtest.Keys{ID: *out.Credentials.AccessKeyId, Secret: *out.Credentials.SecretAccessKey, Token: *out.Credentials.SessionToken}))
	_, err = session.ListUsers(ctx, nil)
	wants(t, err, "InvalidClientTokenId", "The security token included in the request is invalid.")
}
