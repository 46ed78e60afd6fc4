package kms_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

// TestMatrix holds every operation to the permission it needs ("Actions, resources
// and condition keys for AWS Key Management Service").
func TestMatrix(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	// Operations without a key.
	for name, members := range map[string]in{
		"CreateKey": {}, "ListKeys": {}, "ListAliases": {}, "GenerateRandom": {"NumberOfBytes": aws.Int32(8)},
		"ListRetirableGrants": {"RetiringPrincipal": sandboxtest.CallerARN},
	} {
		seen[name] = true
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sandboxtest.Case{Needs: []sandboxtest.Permission{{Action: "kms:" + name, Resource: "*"}}, Call: sandboxtest.Calling(client, name, members)}.Run(t, sandboxtest.Start(t))
		})
	}
	// Operations on one key: KEY stands for it.
	sign := in{"KeyUsage": "SIGN_VERIFY", "KeySpec": "ECC_NIST_P256"}
	operations := []types.GrantOperation{types.GrantOperationDecrypt}
	for name, x := range map[string]struct {
		key     in
		members in
		prepare func(t *testing.T, k *sandboxtest.Kit, key string, members in)
		actions []string
	}{
		"CancelKeyDeletion": {prepare: func(t *testing.T, k *sandboxtest.Kit, key string, _ in) {
			k.Invoke(t, tools, "kms", "ScheduleKeyDeletion", in{"KeyId": key}, nil)
		}},
		"CreateGrant":          {members: in{"GranteePrincipal": sandboxtest.CallerARN, "Operations": operations}},
		"DescribeKey":          {},
		"DisableKey":           {},
		"DisableKeyRotation":   {},
		"EnableKey":            {},
		"EnableKeyRotation":    {},
		"GetKeyPolicy":         {},
		"GetKeyRotationStatus": {},
		"GetPublicKey":         {key: sign},
		"ListGrants":           {},
		"ListKeyPolicies":      {},
		"ListResourceTags":     {},
		"PutKeyPolicy":         {members: in{"Policy": keyPolicy(t)}},
		"RetireGrant":          {prepare: withGrant},
		"RevokeGrant":          {prepare: withGrant},
		"ScheduleKeyDeletion":  {},
		"TagResource":          {members: in{"Tags": []types.Tag{{TagKey: aws.String("k"), TagValue: aws.String("v")}}}},
		"UntagResource":        {members: in{"TagKeys": []string{"k"}}},
		"UpdateKeyDescription": {members: in{"Description": "d"}},
		"Encrypt":              {members: in{"Plaintext": []byte("x")}},
		"GenerateDataKey":      {members: in{"KeySpec": types.DataKeySpecAes256}},
		"Decrypt":              {prepare: withCiphertext},
		"ReEncrypt": {members: in{}, actions: []string{"kms:ReEncryptFrom", "kms:ReEncryptTo"}, prepare: func(t *testing.T, k *sandboxtest.Kit, key string, members in) {
			withCiphertext(t, k, key, members)
			delete(members, "KeyId")
			members["DestinationKeyId"] = key
		}},
		"GenerateDataKeyWithoutPlaintext": {members: in{"KeySpec": types.DataKeySpecAes256}},
		"Sign":                            {key: sign, members: in{"Message": []byte("m"), "SigningAlgorithm": types.SigningAlgorithmSpecEcdsaSha256}},
		"Verify":                          {key: sign, members: in{"SigningAlgorithm": types.SigningAlgorithmSpecEcdsaSha256}, prepare: withSignature},
	} {
		seen[name] = true
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := sandboxtest.Start(t)
			if x.key == nil {
				x.key = in{}
			}
			key, members := newKey(t, k, x.key), in{}
			members["KeyId"] = key
			for m, v := range x.members {
				members[m] = v
			}
			if x.prepare != nil {
				x.prepare(t, k, key, members)
			}
			c := sandboxtest.Case{Call: sandboxtest.Calling(client, name, members)}
			if x.actions == nil {
				x.actions = []string{"kms:" + name}
			}
			for _, a := range x.actions {
				c.Needs = append(c.Needs, sandboxtest.Permission{Action: a, Resource: key})
			}
			c.Run(t, k)
		})
	}
	// Aliases need permission on the alias and on each key concerned.
	for _, name := range []string{"CreateAlias", "UpdateAlias", "DeleteAlias"} {
		seen[name] = true
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := sandboxtest.Start(t)
			action, alias := "kms:"+name, "arn:aws:kms:eu-central-1:"+tools+":alias/app"
			one, two := newKey(t, k, in{}), newKey(t, k, in{})
			needs := []sandboxtest.Permission{{Action: action, Resource: alias}}
			members := in{"AliasName": "alias/app"}
			if name != "CreateAlias" {
				k.Invoke(t, tools, "kms", "CreateAlias", in{"AliasName": "alias/app", "TargetKeyId": one}, nil)
			}
			if name != "DeleteAlias" {
				members["TargetKeyId"] = two
				needs = append(needs, sandboxtest.Permission{Action: action, Resource: two})
			}
			if name != "CreateAlias" {
				needs = append(needs, sandboxtest.Permission{Action: action, Resource: one})
			}
			sandboxtest.Case{Needs: needs, Call: sandboxtest.Calling(client, name, members)}.Run(t, k)
		})
	}
	for _, name := range sandboxtest.Start(t).Sandbox.Support()["kms"] {
		if !seen[name] {
			t.Errorf("%s is not in the matrix", name)
		}
	}
}

func withGrant(t *testing.T, k *sandboxtest.Kit, key string, members in) {
	var out struct{ GrantId string }
	k.Invoke(t, tools, "kms", "CreateGrant", in{"KeyId": key, "GranteePrincipal": "arn:aws:iam::" + prod + ":root", "Operations": []string{"Decrypt"}}, &out)
	members["GrantId"] = out.GrantId
}

func withCiphertext(t *testing.T, k *sandboxtest.Kit, key string, members in) {
	out := must[*kms.EncryptOutput](t)(root(k, tools).Encrypt(context.Background(), &kms.EncryptInput{KeyId: &key, Plaintext: []byte("x")}))
	members["CiphertextBlob"] = out.CiphertextBlob
}

func withSignature(t *testing.T, k *sandboxtest.Kit, key string, members in) {
	out := must[*kms.SignOutput](t)(root(k, tools).Sign(context.Background(), &kms.SignInput{KeyId: &key, Message: []byte("m"), SigningAlgorithm: types.SigningAlgorithmSpecEcdsaSha256}))
	members["Message"], members["Signature"] = []byte("m"), out.Signature
}
