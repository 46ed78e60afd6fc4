package kms_test

import (
	"bytes"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

func TestEncryptDecrypt(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	c, ctx := root(k, tools), t.Context()
	key := newKey(t, k, in{})
	where := map[string]string{"purpose": "test", "stage": "prod"}
	sealed := must[*kms.EncryptOutput](t)(c.Encrypt(ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("secret"), EncryptionContext: where}))
	if bytes.Contains(sealed.CiphertextBlob, []byte("secret")) {
		t.Error("the ciphertext shows the plaintext")
	}
	again := must[*kms.EncryptOutput](t)(c.Encrypt(ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("secret"), EncryptionContext: where}))
	if bytes.Equal(sealed.CiphertextBlob, again.CiphertextBlob) {
		t.Error("two encryptions of one text are alike")
	}
	open := must[*kms.DecryptOutput](t)(c.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob, EncryptionContext: where}))
	if string(open.Plaintext) != "secret" || aws.ToString(open.KeyId) != key {
		t.Errorf("decrypted %q under %s", open.Plaintext, aws.ToString(open.KeyId))
	}
	other := newKey(t, k, in{})
	for name, input := range map[string]struct {
		in   kms.DecryptInput
		code string
	}{
		"no context":      {kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob}, "InvalidCiphertextException"},
		"less context":    {kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob, EncryptionContext: map[string]string{"purpose": "test"}}, "InvalidCiphertextException"},
		"other context":   {kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob, EncryptionContext: map[string]string{"purpose": "test", "stage": "test"}}, "InvalidCiphertextException"},
		"moved context":   {kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob, EncryptionContext: map[string]string{"purpose": "teststage", "": "prod"}}, "InvalidCiphertextException"},
		"case of context": {kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob, EncryptionContext: map[string]string{"Purpose": "test", "stage": "prod"}}, "InvalidCiphertextException"},
		"other key":       {kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob, EncryptionContext: where, KeyId: &other}, "IncorrectKeyException"},
		"no ciphertext":   {kms.DecryptInput{CiphertextBlob: []byte("x"), EncryptionContext: where}, "InvalidCiphertextException"},
		"other algorithm": {kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob, EncryptionContext: where, EncryptionAlgorithm: types.EncryptionAlgorithmSpecRsaesOaepSha1}, "InvalidKeyUsageException"},
	} {
		_, err := c.Decrypt(ctx, &input.in)
		t.Log(name)
		wantCode(t, err, input.code)
	}
	for i := range sealed.CiphertextBlob { // any changed byte spoils it
		blob := bytes.Clone(sealed.CiphertextBlob)
		blob[i] ^= 1
		if out, err := c.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: blob, EncryptionContext: where}); err == nil {
			t.Fatalf("with byte %d changed it decrypts to %q", i, out.Plaintext)
		}
	}
	_, err := c.Encrypt(ctx, &kms.EncryptInput{KeyId: &key, Plaintext: make([]byte, 4097)})
	wantCode(t, err, "ValidationException")
}

func TestReEncrypt(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	c, ctx := root(k, tools), t.Context()
	from, to := newKey(t, k, in{}), newKey(t, k, in{})
	a, b := map[string]string{"for": "a"}, map[string]string{"for": "b"}
	sealed := must[*kms.EncryptOutput](t)(c.Encrypt(ctx, &kms.EncryptInput{KeyId: &from, Plaintext: []byte("secret"), EncryptionContext: a}))
	moved := must[*kms.ReEncryptOutput](t)(c.ReEncrypt(ctx, &kms.ReEncryptInput{CiphertextBlob: sealed.CiphertextBlob, SourceEncryptionContext: a, DestinationKeyId: &to, DestinationEncryptionContext: b}))
	if aws.ToString(moved.SourceKeyId) != from || aws.ToString(moved.KeyId) != to {
		t.Errorf("moved from %s to %s", aws.ToString(moved.SourceKeyId), aws.ToString(moved.KeyId))
	}
	open := must[*kms.DecryptOutput](t)(c.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: moved.CiphertextBlob, EncryptionContext: b}))
	if string(open.Plaintext) != "secret" || aws.ToString(open.KeyId) != to {
		t.Errorf("decrypted %q under %s", open.Plaintext, aws.ToString(open.KeyId))
	}
	_, err := c.ReEncrypt(ctx, &kms.ReEncryptInput{CiphertextBlob: sealed.CiphertextBlob, SourceEncryptionContext: b, DestinationKeyId: &to})
	wantCode(t, err, "InvalidCiphertextException")
	_, err = c.ReEncrypt(ctx, &kms.ReEncryptInput{CiphertextBlob: sealed.CiphertextBlob, SourceEncryptionContext: a, SourceKeyId: &to, DestinationKeyId: &to})
	wantCode(t, err, "IncorrectKeyException")
}

func TestDataKeys(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	c, ctx := root(k, tools), t.Context()
	key := newKey(t, k, in{})
	where := map[string]string{"aws:s3:arn": "arn:aws:s3:::b/k"}
	for _, want := range []struct {
		in    kms.GenerateDataKeyInput
		bytes int
	}{
		{kms.GenerateDataKeyInput{KeySpec: types.DataKeySpecAes256}, 32},
		{kms.GenerateDataKeyInput{KeySpec: types.DataKeySpecAes128}, 16},
		{kms.GenerateDataKeyInput{NumberOfBytes: aws.Int32(77)}, 77},
	} {
		want.in.KeyId, want.in.EncryptionContext = &key, where
		out := must[*kms.GenerateDataKeyOutput](t)(c.GenerateDataKey(ctx, &want.in))
		open := must[*kms.DecryptOutput](t)(c.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: out.CiphertextBlob, EncryptionContext: where}))
		if len(out.Plaintext) != want.bytes || !bytes.Equal(open.Plaintext, out.Plaintext) {
			t.Errorf("a data key of %d bytes, want %d; decrypted %x", len(out.Plaintext), want.bytes, open.Plaintext)
		}
	}
	hidden := must[*kms.GenerateDataKeyWithoutPlaintextOutput](t)(c.GenerateDataKeyWithoutPlaintext(ctx, &kms.GenerateDataKeyWithoutPlaintextInput{KeyId: &key, KeySpec: types.DataKeySpecAes256}))
	if open := must[*kms.DecryptOutput](t)(c.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: hidden.CiphertextBlob})); len(open.Plaintext) != 32 {
		t.Errorf("a data key of %d bytes", len(open.Plaintext))
	}
	_, err := c.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: &key})
	wantCode(t, err, "ValidationException")
	_, err = c.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: &key, KeySpec: types.DataKeySpecAes256, NumberOfBytes: aws.Int32(1)})
	wantCode(t, err, "ValidationException")
	random := must[*kms.GenerateRandomOutput](t)(c.GenerateRandom(ctx, &kms.GenerateRandomInput{NumberOfBytes: aws.Int32(24)}))
	if len(random.Plaintext) != 24 || bytes.Equal(random.Plaintext, make([]byte, 24)) {
		t.Errorf("random bytes %x", random.Plaintext)
	}
}

func TestDryRun(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	c, ctx := root(k, tools), t.Context()
	key, signer := newKey(t, k, in{}), newKey(t, k, in{"KeyUsage": "SIGN_VERIFY", "KeySpec": "ECC_NIST_P256"})
	sealed := must[*kms.EncryptOutput](t)(c.Encrypt(ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("x")}))
	yes := aws.Bool(true)
	who := "arn:aws:iam::" + tools + ":root"
	for name, members := range map[string]in{
		"Encrypt":                         {"KeyId": key, "Plaintext": []byte("x")},
		"Decrypt":                         {"CiphertextBlob": sealed.CiphertextBlob},
		"ReEncrypt":                       {"CiphertextBlob": sealed.CiphertextBlob, "DestinationKeyId": key},
		"GenerateDataKey":                 {"KeyId": key, "KeySpec": types.DataKeySpecAes256},
		"GenerateDataKeyWithoutPlaintext": {"KeyId": key, "KeySpec": types.DataKeySpecAes256},
		"Sign":                            {"KeyId": signer, "Message": []byte("m"), "SigningAlgorithm": types.SigningAlgorithmSpecEcdsaSha256},
		"Verify":                          {"KeyId": signer, "Message": []byte("m"), "Signature": []byte("s"), "SigningAlgorithm": types.SigningAlgorithmSpecEcdsaSha256},
		"CreateGrant":                     {"KeyId": key, "GranteePrincipal": who, "Operations": []types.GrantOperation{types.GrantOperationDecrypt}},
	} {
		members["DryRun"] = yes
		_, err := sandboxtest.Operate(ctx, c, name, members)
		t.Log(name)
		wantCode(t, err, "DryRunOperationException")
	}
	if grants := must[*kms.ListGrantsOutput](t)(c.ListGrants(ctx, &kms.ListGrantsInput{KeyId: &key})); len(grants.Grants) != 0 {
		t.Error("a dry run made a grant")
	}
	k.Invoke(t, tools, "kms", "DisableKey", in{"KeyId": key}, nil)
	_, err := c.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: &key, KeySpec: types.DataKeySpecAes256, DryRun: yes})
	wantCode(t, err, "DisabledException")
	nobody := client(k.Config(k.User(t, tools, "nobody")))
	_, err = nobody.Encrypt(ctx, &kms.EncryptInput{KeyId: &key, Plaintext: []byte("x"), DryRun: yes})
	wantCode(t, err, "AccessDeniedException")
}
