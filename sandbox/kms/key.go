package kms

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"slices"
	"strconv"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// signingAlgorithms by key spec, in KMS's names.
var signingAlgorithms = map[string][]string{
	"ECC_NIST_P256":         {"ECDSA_SHA_256"},
	"ECC_NIST_P384":         {"ECDSA_SHA_384"},
	"ECC_NIST_P521":         {"ECDSA_SHA_512"},
	"ECC_NIST_EDWARDS25519": {"ED25519_SHA_512", "ED25519_PH_SHA_512"},
	"RSA_2048":              rsaAlgorithms,
	"RSA_3072":              rsaAlgorithms,
	"RSA_4096":              rsaAlgorithms,
}

var rsaAlgorithms = []string{"RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PKCS1_V1_5_SHA_384", "RSASSA_PKCS1_V1_5_SHA_512", "RSASSA_PSS_SHA_256", "RSASSA_PSS_SHA_384", "RSASSA_PSS_SHA_512"}

func (k *key) metadata() *KeyMetadata {
	on, no := k.State == enabled, false
	m := &KeyMetadata{AWSAccountId: k.Account, KeyId: k.ID, Arn: k.ARN, CreationDate: wire.At(k.Created), Enabled: &on, Description: k.Text,
		KeyUsage: k.Usage, KeyState: k.State, Origin: k.Origin, KeyManager: k.Manager, CustomerMasterKeySpec: k.Spec, KeySpec: k.Spec, MultiRegion: &no}
	if k.Usage == "SIGN_VERIFY" {
		m.SigningAlgorithms = signingAlgorithms[k.Spec]
	} else {
		m.EncryptionAlgorithms = []string{symmetric}
	}
	if k.State == pendingDeletion {
		m.DeletionDate = wire.At(k.Deletion)
	}
	return m
}

func defaultPolicy(account string) string {
	return `{"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + account + `:root"},"Action":"kms:*","Resource":"*"}]}`
}

func (s *service) createKey(c *cloud.Call, in *CreateKeyRequest) (*CreateKeyResponse, error) {
	k := key{Account: c.Account, Region: c.Region, ID: s.world.IDs.UUID(), Text: in.Description, Usage: in.KeyUsage, Spec: in.KeySpec, Origin: in.Origin,
		State: enabled, Manager: "CUSTOMER", Policy: in.Policy, Created: c.Time}
	if k.Spec == "" {
		k.Spec = in.CustomerMasterKeySpec
	}
	if k.Spec == "" {
		k.Spec = symmetric
	}
	if k.Usage == "" {
		k.Usage = "ENCRYPT_DECRYPT"
	}
	if k.Origin == "" {
		k.Origin = "AWS_KMS"
	}
	if k.Policy == "" {
		k.Policy = defaultPolicy(c.Account)
	}
	if in.MultiRegion != nil && *in.MultiRegion || in.CustomKeyStoreId != "" || in.XksKeyId != "" || k.Origin != "AWS_KMS" {
		return nil, cloud.NotImplemented("multi-Region keys, custom key stores and imported key material")
	}
	k.ARN = keyARN(c.Account, c.Region, k.ID)
	var err error
	if k.Material, err = s.material(k.Usage, k.Spec); err != nil {
		return nil, err
	}
	if err := s.checkPolicy(c, k, k.Policy, in.BypassPolicyLockoutSafetyCheck); err != nil {
		return nil, err
	}
	if k.Tags, err = mergeTags(nil, in.Tags); err != nil {
		return nil, err
	}
	return &CreateKeyResponse{KeyMetadata: k.metadata()}, s.keys.Put(k.ARN, k)
}

// material makes the key material for a usage and spec.
func (s *service) material(usage, spec string) ([]byte, error) {
	if spec == symmetric && usage == "ENCRYPT_DECRYPT" {
		return s.world.IDs.Bytes(32), nil
	}
	if usage != "SIGN_VERIFY" || signingAlgorithms[spec] == nil {
		return nil, cloud.NotImplemented("a key with KeyUsage " + usage + " and KeySpec " + spec)
	}
	var private any
	var err error
	switch spec {
	case "ECC_NIST_P256":
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ECC_NIST_P384":
		private, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "ECC_NIST_P521":
		private, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "ECC_NIST_EDWARDS25519":
		_, private, err = ed25519.GenerateKey(rand.Reader)
	default:
		bits, _ := strconv.Atoi(spec[len("RSA_"):])
		private, err = rsa.GenerateKey(rand.Reader, bits)
	}
	if err != nil {
		return nil, err
	}
	return x509.MarshalPKCS8PrivateKey(private)
}

func mergeTags(have []tag, add []*Tag) ([]tag, error) {
	out := slices.Clone(have)
	for _, t := range add {
		if i := slices.IndexFunc(out, func(o tag) bool { return o.Key == t.TagKey }); i >= 0 {
			out[i].Value = t.TagValue
			continue
		}
		out = append(out, tag{t.TagKey, t.TagValue})
	}
	if len(out) > 50 {
		return nil, cloud.Errorf("LimitExceededException", "a key may have up to 50 tags")
	}
	return out, nil
}

func tagContext(ctx *iam.Context, tags []*Tag) {
	keys := make([]string, 0, len(tags))
	for _, t := range tags {
		ctx.Set("aws:RequestTag/"+t.TagKey, t.TagValue)
		keys = append(keys, t.TagKey)
	}
	if len(keys) > 0 {
		ctx.SetList("aws:TagKeys", keys...)
	}
}

// page cuts a page out of a list; the marker is the index of the next item.
func page[T any](items []T, marker string, limit *int64, size int) (part []T, next string, truncated *bool, err error) {
	start := 0
	if marker != "" {
		if start, err = strconv.Atoi(marker); err != nil || start < 0 || start > len(items) {
			return nil, "", nil, cloud.Errorf("InvalidMarkerException", "the marker %q is not one that was given out", marker)
		}
	}
	if limit != nil {
		size = int(*limit)
	}
	end := min(start+size, len(items))
	more := end < len(items)
	if more {
		next = strconv.Itoa(end)
	}
	if part = items[start:end]; part == nil {
		part = []T{}
	}
	return part, next, &more, nil
}

// setState moves a key between states; want lists those it may come from.
func (s *service) setState(k key, state string, want ...string) error {
	_, err := s.change(k, func(k *key) error {
		if !slices.Contains(want, k.State) {
			return cloud.Errorf("KMSInvalidStateException", "%s is %s.", k.ARN, words[k.State])
		}
		k.State = state
		return nil
	})
	return err
}

var words = map[string]string{enabled: "enabled", disabled: "disabled", pendingDeletion: "pending deletion"}

func (s *service) keyOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[CreateKeyRequest, CreateKeyResponse]{Name: "CreateKey", Auth: func(c *cloud.Call, in *CreateKeyRequest) ([]cloud.Check, error) {
			ctx := iam.NewContext().Set("kms:CallerAccount", c.Account).Set("kms:BypassPolicyLockoutSafetyCheck", strconv.FormatBool(in.BypassPolicyLockoutSafetyCheck != nil && *in.BypassPolicyLockoutSafetyCheck))
			for name, value := range map[string]string{"kms:KeySpec": in.KeySpec, "kms:KeyUsage": in.KeyUsage, "kms:KeyOrigin": in.Origin} {
				if value != "" {
					ctx.Set(name, value)
				}
			}
			tagContext(ctx, in.Tags)
			checks := []cloud.Check{{Action: "kms:CreateKey", Resource: "*", Context: ctx}}
			if len(in.Tags) > 0 {
				checks = append(checks, cloud.Check{Action: "kms:TagResource", Resource: "*", Context: ctx})
			}
			return checks, nil
		}, Do: s.createKey}.Operation(),
		bind(s, "DescribeKey", func(in *DescribeKeyRequest) string { return in.KeyId }, func(_ *cloud.Call, k key, _ *DescribeKeyRequest) (*DescribeKeyResponse, error) {
			return &DescribeKeyResponse{KeyMetadata: k.metadata()}, nil
		}),
		wire.Op[ListKeysRequest, ListKeysResponse]{Name: "ListKeys", Do: func(c *cloud.Call, in *ListKeysRequest) (*ListKeysResponse, error) {
			out := &ListKeysResponse{}
			for _, k := range s.keys.Select(func(_ string, k key) bool {
				return k.Account == c.Account && k.Region == c.Region && !k.gone(c.Time)
			}) {
				out.Keys = append(out.Keys, &KeyListEntry{KeyId: k.ID, KeyArn: k.ARN})
			}
			var err error
			out.Keys, out.NextMarker, out.Truncated, err = page(out.Keys, in.Marker, in.Limit, 100)
			return out, err
		}}.Operation(),
		bind(s, "UpdateKeyDescription", func(in *UpdateKeyDescriptionRequest) string { return in.KeyId }, func(_ *cloud.Call, k key, in *UpdateKeyDescriptionRequest) (*wire.Empty, error) {
			_, err := s.change(k, func(k *key) error { k.Text = in.Description; return nil })
			return nil, err
		}),
		bind(s, "EnableKey", func(in *EnableKeyRequest) string { return in.KeyId }, func(_ *cloud.Call, k key, _ *EnableKeyRequest) (*wire.Empty, error) {
			return nil, s.setState(k, enabled, enabled, disabled)
		}),
		bind(s, "DisableKey", func(in *DisableKeyRequest) string { return in.KeyId }, func(_ *cloud.Call, k key, _ *DisableKeyRequest) (*wire.Empty, error) {
			return nil, s.setState(k, disabled, enabled, disabled)
		}),
		bind(s, "EnableKeyRotation", func(in *EnableKeyRotationRequest) string { return in.KeyId }, func(_ *cloud.Call, k key, _ *EnableKeyRotationRequest) (*wire.Empty, error) {
			return nil, s.setRotation(k, true)
		}),
		bind(s, "DisableKeyRotation", func(in *DisableKeyRotationRequest) string { return in.KeyId }, func(_ *cloud.Call, k key, _ *DisableKeyRotationRequest) (*wire.Empty, error) {
			return nil, s.setRotation(k, false)
		}),
		bind(s, "GetKeyRotationStatus", func(in *GetKeyRotationStatusRequest) string { return in.KeyId }, func(_ *cloud.Call, k key, _ *GetKeyRotationStatusRequest) (*GetKeyRotationStatusResponse, error) {
			on := k.Rotation && k.State != pendingDeletion
			out := &GetKeyRotationStatusResponse{KeyId: k.ID, KeyRotationEnabled: &on}
			if on {
				days := int64(365)
				out.RotationPeriodInDays = &days
				out.NextRotationDate = wire.At(k.Created.AddDate(0, 0, int(days)))
			}
			return out, nil
		}),
		bind(s, "ScheduleKeyDeletion", func(in *ScheduleKeyDeletionRequest) string { return in.KeyId }, s.scheduleDeletion),
		bind(s, "CancelKeyDeletion", func(in *CancelKeyDeletionRequest) string { return in.KeyId }, func(_ *cloud.Call, k key, _ *CancelKeyDeletionRequest) (*CancelKeyDeletionResponse, error) {
			return &CancelKeyDeletionResponse{KeyId: k.ARN}, s.setState(k, disabled, pendingDeletion)
		}),
		bind(s, "TagResource", func(in *TagResourceRequest) string { return in.KeyId }, func(_ *cloud.Call, k key, in *TagResourceRequest) (*wire.Empty, error) {
			_, err := s.change(k, func(k *key) (err error) { k.Tags, err = mergeTags(k.Tags, in.Tags); return err })
			return nil, err
		}),
		bind(s, "UntagResource", func(in *UntagResourceRequest) string { return in.KeyId }, func(_ *cloud.Call, k key, in *UntagResourceRequest) (*wire.Empty, error) {
			_, err := s.change(k, func(k *key) error {
				k.Tags = slices.DeleteFunc(k.Tags, func(t tag) bool { return slices.Contains(in.TagKeys, t.Key) })
				return nil
			})
			return nil, err
		}),
		bind(s, "ListResourceTags", func(in *ListResourceTagsRequest) string { return in.KeyId }, func(_ *cloud.Call, k key, in *ListResourceTagsRequest) (*ListResourceTagsResponse, error) {
			out := &ListResourceTagsResponse{}
			for _, t := range k.Tags {
				out.Tags = append(out.Tags, &Tag{TagKey: t.Key, TagValue: t.Value})
			}
			var err error
			out.Tags, out.NextMarker, out.Truncated, err = page(out.Tags, in.Marker, in.Limit, 50)
			return out, err
		}),
	}
}

func (s *service) setRotation(k key, on bool) error {
	_, err := s.change(k, func(k *key) error {
		if err := k.usable(); err != nil {
			return err
		}
		if k.Spec != symmetric {
			return cloud.Errorf("UnsupportedOperationException", "You cannot perform this operation on asymmetric keys.")
		}
		k.Rotation = on
		return nil
	})
	return err
}

func (s *service) scheduleDeletion(c *cloud.Call, k key, in *ScheduleKeyDeletionRequest) (*ScheduleKeyDeletionResponse, error) {
	days := int64(30)
	if in.PendingWindowInDays != nil {
		days = *in.PendingWindowInDays
	}
	if days < 7 || days > 30 {
		return nil, cloud.Errorf("ValidationException", "PendingWindowInDays must be between 7 and 30")
	}
	k, err := s.change(k, func(k *key) error {
		if k.State == pendingDeletion {
			return cloud.Errorf("KMSInvalidStateException", "%s is pending deletion.", k.ARN)
		}
		k.State, k.Deletion = pendingDeletion, c.Time.AddDate(0, 0, int(days))
		return nil
	})
	return &ScheduleKeyDeletionResponse{KeyId: k.ARN, DeletionDate: wire.At(k.Deletion), KeyState: k.State, PendingWindowInDays: &days}, err
}
