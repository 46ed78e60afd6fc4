package kms_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

func encrypt(t *testing.T, c *kms.Client, key string, context map[string]string) error {
	t.Helper()
	_, err := c.Encrypt(t.Context(), &kms.EncryptInput{KeyId: &key, Plaintext: []byte("x"), EncryptionContext: context})
	return err
}

// TestPolicyWithoutRoot: where the key policy does not name the account, its IAM
// policies grant nothing, not even to the root user.
func TestPolicyWithoutRoot(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	admin := client(k.Config(k.User(t, tools, "admin", sandboxtest.Allow("kms:*", "*"))))
	keeper := client(k.Config(k.User(t, tools, "keeper", sandboxtest.Allow("kms:CreateKey", "*"))))
	only := document(t, in{"Effect": "Allow", "Principal": in{"AWS": "arn:aws:iam::" + tools + ":user/keeper"}, "Action": "kms:*", "Resource": "*"})
	key := aws.ToString(must[*kms.CreateKeyOutput](t)(keeper.CreateKey(t.Context(), &kms.CreateKeyInput{Policy: &only})).KeyMetadata.Arn)
	wantCode(t, encrypt(t, admin, key, nil), "AccessDeniedException")
	wantCode(t, encrypt(t, root(k, tools), key, nil), "AccessDeniedException")
	if err := encrypt(t, keeper, key, nil); err != nil {
		t.Error(err)
	}
}

func TestLockoutSafetyCheck(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	admin := client(k.Config(k.User(t, tools, "admin", sandboxtest.Allow("kms:*", "*"))))
	ctx, key := t.Context(), newKey(t, k, in{})
	locked := document(t, in{"Effect": "Allow", "Principal": in{"AWS": "arn:aws:iam::" + prod + ":root"}, "Action": "kms:*", "Resource": "*"})
	_, err := admin.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: &key, Policy: &locked})
	wantCode(t, err, "MalformedPolicyDocumentException")
	if err != nil && !strings.Contains(err.Error(), "will not allow you to update the key policy in the future") {
		t.Error(err)
	}
	_, err = admin.CreateKey(ctx, &kms.CreateKeyInput{Policy: &locked})
	wantCode(t, err, "MalformedPolicyDocumentException")
	for name, bad := range map[string]string{
		"no JSON":      "{",
		"no principal": document(t, in{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}),
		"no statement": `{"Version":"2012-10-17"}`,
	} {
		_, err = admin.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: &key, Policy: &bad, BypassPolicyLockoutSafetyCheck: true})
		t.Log(name)
		wantCode(t, err, "MalformedPolicyDocumentException")
	}
	must[*kms.PutKeyPolicyOutput](t)(admin.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: &key, Policy: &locked, BypassPolicyLockoutSafetyCheck: true}))
	_, err = admin.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &key})
	wantCode(t, err, "AccessDeniedException")
}

func TestKeyPolicyIsKept(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	c, ctx, key := root(k, tools), t.Context(), newKey(t, k, in{})
	want := keyPolicy(t, in{"Effect": "Deny", "Principal": "*", "Action": "kms:ScheduleKeyDeletion", "Resource": "*"})
	must[*kms.PutKeyPolicyOutput](t)(c.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: &key, Policy: &want}))
	if got := must[*kms.GetKeyPolicyOutput](t)(c.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &key})); aws.ToString(got.Policy) != want {
		t.Errorf("the policy is %s", aws.ToString(got.Policy))
	}
	if names := must[*kms.ListKeyPoliciesOutput](t)(c.ListKeyPolicies(ctx, &kms.ListKeyPoliciesInput{KeyId: &key})).PolicyNames; len(names) != 1 || names[0] != "default" {
		t.Errorf("policies %v", names)
	}
	_, err := c.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: &key})
	wantCode(t, err, "AccessDeniedException")
	_, err = c.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &key, PolicyName: aws.String("other")})
	wantCode(t, err, "NotFoundException")
}

// TestAcrossAccounts: both sides must agree, the key policy and the caller's own
// policies.
func TestAcrossAccounts(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	open, closed := newKey(t, k, in{"Policy": keyPolicy(t, in{"Effect": "Allow", "Principal": in{"AWS": "arn:aws:iam::" + prod + ":root"}, "Action": []string{"kms:Encrypt", "kms:PutKeyPolicy"}, "Resource": "*"})}), newKey(t, k, in{})
	allowed := client(k.Config(k.User(t, prod, "allowed", sandboxtest.Allow("kms:*", "*"))))
	without := client(k.Config(k.User(t, prod, "without")))
	if err := encrypt(t, allowed, open, nil); err != nil {
		t.Errorf("both sides allow it: %v", err)
	}
	wantCode(t, encrypt(t, without, open, nil), "AccessDeniedException")
	wantCode(t, encrypt(t, allowed, closed, nil), "AccessDeniedException")
	// The other account's own operations stay its own, whatever the policy says.
	_, err := allowed.PutKeyPolicy(t.Context(), &kms.PutKeyPolicyInput{KeyId: &open, Policy: aws.String(keyPolicy(t))})
	wantCode(t, err, "AccessDeniedException")
	_, err = allowed.DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: &open})
	wantCode(t, err, "AccessDeniedException")
}

func TestGrants(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	c, ctx, key := root(k, tools), t.Context(), newKey(t, k, in{})
	user := client(k.Config(k.User(t, tools, "user")))
	retirer := client(k.Config(k.User(t, tools, "retirer")))
	arn := func(name string) *string { return aws.String("arn:aws:iam::" + tools + ":user/" + name) }
	wantCode(t, encrypt(t, user, key, nil), "AccessDeniedException")

	where := map[string]string{"app": "one"}
	input := &kms.CreateGrantInput{KeyId: &key, GranteePrincipal: arn("user"), RetiringPrincipal: arn("retirer"), Name: aws.String("n"), Operations: []types.GrantOperation{types.GrantOperationEncrypt},
		Constraints: &types.GrantConstraints{EncryptionContextSubset: where}}
	grant := must[*kms.CreateGrantOutput](t)(c.CreateGrant(ctx, input))
	if again := must[*kms.CreateGrantOutput](t)(c.CreateGrant(ctx, input)); aws.ToString(again.GrantId) != aws.ToString(grant.GrantId) {
		t.Error("the same grant under the same name was made twice")
	}
	if err := encrypt(t, user, key, map[string]string{"app": "one", "more": "x"}); err != nil {
		t.Errorf("with the grant: %v", err)
	}
	wantCode(t, encrypt(t, user, key, nil), "AccessDeniedException")
	wantCode(t, encrypt(t, user, key, map[string]string{"app": "two"}), "AccessDeniedException")
	_, err := user.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: &key, KeySpec: types.DataKeySpecAes256, EncryptionContext: where})
	wantCode(t, err, "AccessDeniedException")

	list := must[*kms.ListGrantsOutput](t)(c.ListGrants(ctx, &kms.ListGrantsInput{KeyId: &key})).Grants
	if len(list) != 1 || aws.ToString(list[0].GranteePrincipal) != aws.ToString(arn("user")) || list[0].Constraints.EncryptionContextSubset["app"] != "one" {
		t.Errorf("grants %+v", list)
	}
	if n := len(must[*kms.ListRetirableGrantsOutput](t)(c.ListRetirableGrants(ctx, &kms.ListRetirableGrantsInput{RetiringPrincipal: arn("retirer")})).Grants); n != 1 {
		t.Errorf("%d grants to retire", n)
	}
	_, err = user.RetireGrant(ctx, &kms.RetireGrantInput{GrantToken: grant.GrantToken})
	wantCode(t, err, "AccessDeniedException")
	must[*kms.RetireGrantOutput](t)(retirer.RetireGrant(ctx, &kms.RetireGrantInput{GrantToken: grant.GrantToken}))
	wantCode(t, encrypt(t, user, key, where), "AccessDeniedException")

	input.Name, input.Constraints = nil, &types.GrantConstraints{EncryptionContextEquals: where}
	grant = must[*kms.CreateGrantOutput](t)(c.CreateGrant(ctx, input))
	if err := encrypt(t, user, key, where); err != nil {
		t.Errorf("with the grant: %v", err)
	}
	wantCode(t, encrypt(t, user, key, map[string]string{"app": "one", "more": "x"}), "AccessDeniedException")
	must[*kms.RevokeGrantOutput](t)(c.RevokeGrant(ctx, &kms.RevokeGrantInput{KeyId: &key, GrantId: grant.GrantId}))
	wantCode(t, encrypt(t, user, key, where), "AccessDeniedException")
	_, err = c.RevokeGrant(ctx, &kms.RevokeGrantInput{KeyId: &key, GrantId: grant.GrantId})
	wantCode(t, err, "NotFoundException")
	_, err = c.CreateGrant(ctx, &kms.CreateGrantInput{KeyId: &key, GranteePrincipal: aws.String("nobody"), Operations: input.Operations})
	wantCode(t, err, "InvalidArnException")
}

// TestConditionKeys: what a request tells of itself reaches the policies.
func TestConditionKeys(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	key := newKey(t, k, in{"Tags": []any{in{"TagKey": "team", "TagValue": "a"}}})
	k.Invoke(t, tools, "kms", "CreateAlias", in{"AliasName": "alias/app", "TargetKeyId": key}, nil)
	for name, x := range map[string]struct {
		condition map[string]map[string]any
		keyID     string
		context   map[string]string
		want      bool
	}{
		"encryption context":       {map[string]map[string]any{"StringEquals": {"kms:EncryptionContext:app": "one"}}, key, map[string]string{"app": "one"}, true},
		"other encryption context": {map[string]map[string]any{"StringEquals": {"kms:EncryptionContext:app": "one"}}, key, map[string]string{"app": "two"}, false},
		"context keys":             {map[string]map[string]any{"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": []string{"app"}}}, key, map[string]string{"app": "x", "b": "y"}, false},
		"tag of the key":           {map[string]map[string]any{"StringEquals": {"aws:ResourceTag/team": "a"}}, key, nil, true},
		"other tag":                {map[string]map[string]any{"StringEquals": {"aws:ResourceTag/team": "b"}}, key, nil, false},
		"through the alias":        {map[string]map[string]any{"StringEquals": {"kms:RequestAlias": "alias/app"}}, "alias/app", nil, true},
		"not through the alias":    {map[string]map[string]any{"StringEquals": {"kms:RequestAlias": "alias/app"}}, key, nil, false},
		"the key has the alias":    {map[string]map[string]any{"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/app"}}, key, nil, true},
		"spec":                     {map[string]map[string]any{"StringEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT", "kms:KeyUsage": "ENCRYPT_DECRYPT", "kms:KeyOrigin": "AWS_KMS", "kms:CallerAccount": tools}}, key, nil, true},
		"through a service":        {map[string]map[string]any{"StringEquals": {"kms:ViaService": "s3.eu-central-1.amazonaws.com"}}, key, nil, false},
	} {
		user := "u" + strings.ReplaceAll(name, " ", "-")
		s := sandboxtest.Allow("kms:Encrypt", "*")
		s.Condition = x.condition
		err := encrypt(t, client(k.Config(k.User(t, tools, user, s))), x.keyID, x.context)
		if x.want != (err == nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
