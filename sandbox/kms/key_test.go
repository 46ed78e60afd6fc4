package kms_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/google/go-cmp/cmp"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

func TestKeyStates(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	c, ctx := root(k, tools), t.Context()
	key := newKey(t, k, in{"Description": "for tests"})
	state := func() types.KeyState {
		t.Helper()
		return must[*kms.DescribeKeyOutput](t)(c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &key})).KeyMetadata.KeyState
	}
	encrypt := func() error {
		_, err := c.Encrypt(ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("x")})
		return err
	}
	sealed := must[*kms.EncryptOutput](t)(c.Encrypt(ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("x")}))
	if state() != types.KeyStateEnabled {
		t.Errorf("a new key is %s", state())
	}
	must[*kms.DisableKeyOutput](t)(c.DisableKey(ctx, &kms.DisableKeyInput{KeyId: &key}))
	wantCode(t, encrypt(), "DisabledException")
	_, err := c.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob})
	wantCode(t, err, "DisabledException")
	must[*kms.EnableKeyOutput](t)(c.EnableKey(ctx, &kms.EnableKeyInput{KeyId: &key}))
	if err := encrypt(); err != nil {
		t.Error(err)
	}
	for _, days := range []int32{6, 31} {
		_, err := c.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: &key, PendingWindowInDays: &days})
		wantCode(t, err, "ValidationException")
	}
	out := must[*kms.ScheduleKeyDeletionOutput](t)(c.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: &key, PendingWindowInDays: aws.Int32(7)}))
	if out.KeyState != types.KeyStatePendingDeletion {
		t.Errorf("scheduled: %s", out.KeyState)
	}
	if d := time.Until(aws.ToTime(out.DeletionDate)); d < 7*24*time.Hour-time.Minute || d > 7*24*time.Hour+time.Minute {
		t.Errorf("deletion in %s, want 7 days", d)
	}
	wantCode(t, encrypt(), "KMSInvalidStateException")
	_, err = c.EnableKey(ctx, &kms.EnableKeyInput{KeyId: &key})
	wantCode(t, err, "KMSInvalidStateException")
	must[*kms.CancelKeyDeletionOutput](t)(c.CancelKeyDeletion(ctx, &kms.CancelKeyDeletionInput{KeyId: &key}))
	if state() != types.KeyStateDisabled {
		t.Errorf("after the deletion was called off the key is %s", state())
	}
	must[*kms.ScheduleKeyDeletionOutput](t)(c.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: &key, PendingWindowInDays: aws.Int32(7)}))
	k.Sandbox.World.Clock.Advance(7*24*time.Hour + time.Second)
	_, err = c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &key})
	wantCode(t, err, "NotFoundException")
	_, err = c.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob})
	wantCode(t, err, "InvalidCiphertextException")
	if keys := must[*kms.ListKeysOutput](t)(c.ListKeys(ctx, nil)).Keys; len(keys) != 0 {
		t.Errorf("a deleted key is listed: %d keys", len(keys))
	}
}

func TestKeyMetadata(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	c, ctx := root(k, tools), t.Context()
	made := must[*kms.CreateKeyOutput](t)(c.CreateKey(ctx, &kms.CreateKeyInput{Description: aws.String("one"), Tags: []types.Tag{{TagKey: aws.String("team"), TagValue: aws.String("a")}}})).KeyMetadata
	id := aws.ToString(made.KeyId)
	if want := "arn:aws:kms:eu-central-1:" + tools + ":key/" + id; aws.ToString(made.Arn) != want {
		t.Errorf("ARN %s, want %s", aws.ToString(made.Arn), want)
	}
	if made.KeyManager != types.KeyManagerTypeCustomer || made.KeySpec != types.KeySpecSymmetricDefault || made.Origin != types.OriginTypeAwsKms || aws.ToBool(made.MultiRegion) {
		t.Errorf("%+v", made)
	}
	must[*kms.UpdateKeyDescriptionOutput](t)(c.UpdateKeyDescription(ctx, &kms.UpdateKeyDescriptionInput{KeyId: &id, Description: aws.String("two")}))
	if got := must[*kms.DescribeKeyOutput](t)(c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &id})).KeyMetadata; aws.ToString(got.Description) != "two" {
		t.Errorf("description %q", aws.ToString(got.Description))
	}
	must[*kms.TagResourceOutput](t)(c.TagResource(ctx, &kms.TagResourceInput{KeyId: &id, Tags: []types.Tag{{TagKey: aws.String("team"), TagValue: aws.String("b")}, {TagKey: aws.String("x"), TagValue: aws.String("")}}}))
	must[*kms.UntagResourceOutput](t)(c.UntagResource(ctx, &kms.UntagResourceInput{KeyId: &id, TagKeys: []string{"x"}}))
	got := map[string]string{}
	for _, tag := range must[*kms.ListResourceTagsOutput](t)(c.ListResourceTags(ctx, &kms.ListResourceTagsInput{KeyId: &id})).Tags {
		got[aws.ToString(tag.TagKey)] = aws.ToString(tag.TagValue)
	}
	if diff := cmp.Diff(map[string]string{"team": "b"}, got); diff != "" {
		t.Error(diff)
	}
	rotation := func() bool {
		t.Helper()
		return must[*kms.GetKeyRotationStatusOutput](t)(c.GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: &id})).KeyRotationEnabled
	}
	must[*kms.EnableKeyRotationOutput](t)(c.EnableKeyRotation(ctx, &kms.EnableKeyRotationInput{KeyId: &id}))
	if !rotation() {
		t.Error("rotation is off after it was switched on")
	}
	must[*kms.DisableKeyRotationOutput](t)(c.DisableKeyRotation(ctx, &kms.DisableKeyRotationInput{KeyId: &id}))
	if rotation() {
		t.Error("rotation is on after it was switched off")
	}
	signer := newKey(t, k, in{"KeyUsage": "SIGN_VERIFY", "KeySpec": "ECC_NIST_P256"})
	_, err := c.EnableKeyRotation(ctx, &kms.EnableKeyRotationInput{KeyId: &signer})
	wantCode(t, err, "UnsupportedOperationException")
	for _, unknown := range []string{"11111111-2222-3333-4444-555555555555", "alias/none", "arn:aws:kms:eu-central-1:" + tools + ":key/none", "arn:aws:kms:us-east-1:" + tools + ":key/" + id} {
		_, err := c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &unknown})
		t.Log(unknown)
		wantCode(t, err, "NotFoundException")
	}
	_, err = c.CreateKey(ctx, &kms.CreateKeyInput{MultiRegion: aws.Bool(true)})
	wantCode(t, err, "NotImplemented")
}

func TestListKeysInPages(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	want := map[string]bool{}
	for range 5 {
		want[newKey(t, k, in{})] = true
	}
	pages := kms.NewListKeysPaginator(root(k, tools), &kms.ListKeysInput{Limit: aws.Int32(2)})
	got, n := map[string]bool{}, 0
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range page.Keys {
			got[aws.ToString(key.KeyArn)] = true
		}
		n++
	}
	if diff := cmp.Diff(want, got); diff != "" || n != 3 {
		t.Errorf("%d pages, want 3\n%s", n, diff)
	}
	if keys := must[*kms.ListKeysOutput](t)(root(k, prod).ListKeys(t.Context(), nil)).Keys; len(keys) != 0 {
		t.Error("another account's keys are listed")
	}
}

func TestAliases(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	c, ctx := root(k, tools), t.Context()
	one, two := newKey(t, k, in{}), newKey(t, k, in{})
	name := aws.String("alias/app")
	must[*kms.CreateAliasOutput](t)(c.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: name, TargetKeyId: &one}))
	sealed := must[*kms.EncryptOutput](t)(c.Encrypt(ctx, &kms.EncryptInput{KeyId: name, Plaintext: []byte("x")}))
	if aws.ToString(sealed.KeyId) != one {
		t.Errorf("encrypted under %s", aws.ToString(sealed.KeyId))
	}
	must[*kms.UpdateAliasOutput](t)(c.UpdateAlias(ctx, &kms.UpdateAliasInput{AliasName: name, TargetKeyId: &two}))
	arn := aws.String("arn:aws:kms:eu-central-1:" + tools + ":alias/app")
	if sealed = must[*kms.EncryptOutput](t)(c.Encrypt(ctx, &kms.EncryptInput{KeyId: arn, Plaintext: []byte("x")})); aws.ToString(sealed.KeyId) != two {
		t.Errorf("encrypted under %s", aws.ToString(sealed.KeyId))
	}
	_, err := c.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: name, TargetKeyId: &one})
	wantCode(t, err, "AlreadyExistsException")
	_, err = c.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("app"), TargetKeyId: &one})
	wantCode(t, err, "InvalidAliasNameException")
	_, err = c.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/aws/mine"), TargetKeyId: &one})
	wantCode(t, err, "NotAuthorizedException")
	_, err = root(k, prod).CreateAlias(ctx, &kms.CreateAliasInput{AliasName: name, TargetKeyId: &one})
	wantCode(t, err, "AccessDeniedException")
	list := must[*kms.ListAliasesOutput](t)(c.ListAliases(ctx, &kms.ListAliasesInput{KeyId: &two}))
	if len(list.Aliases) != 1 || aws.ToString(list.Aliases[0].AliasArn) != aws.ToString(arn) || !strings.HasSuffix(two, aws.ToString(list.Aliases[0].TargetKeyId)) {
		t.Errorf("aliases of the second key: %+v", list.Aliases)
	}
	must[*kms.DeleteAliasOutput](t)(c.DeleteAlias(ctx, &kms.DeleteAliasInput{AliasName: name}))
	for _, err := range []error{
		func() error { _, err := c.DeleteAlias(ctx, &kms.DeleteAliasInput{AliasName: name}); return err }(),
		func() error {
			_, err := c.UpdateAlias(ctx, &kms.UpdateAliasInput{AliasName: name, TargetKeyId: &one})
			return err
		}(),
		func() error { _, err := c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: name}); return err }(),
	} {
		wantCode(t, err, "NotFoundException")
	}
}

func TestManagedKey(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	c, ctx := root(k, tools), t.Context()
	name := aws.String("alias/aws/s3")
	key := must[*kms.DescribeKeyOutput](t)(c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: name})).KeyMetadata
	if key.KeyManager != types.KeyManagerTypeAws {
		t.Errorf("managed by %s", key.KeyManager)
	}
	if again := must[*kms.DescribeKeyOutput](t)(c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: name})).KeyMetadata; aws.ToString(again.Arn) != aws.ToString(key.Arn) {
		t.Error("asked for again it is another key")
	}
	// Its policy lets the account use it through S3 only.
	_, err := c.Encrypt(ctx, &kms.EncryptInput{KeyId: name, Plaintext: []byte("x")})
	wantCode(t, err, "AccessDeniedException")
	_, err = c.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: key.Arn})
	wantCode(t, err, "AccessDeniedException")
	_, err = c.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: key.Arn, Policy: aws.String(keyPolicy(t))})
	wantCode(t, err, "AccessDeniedException")
}
