// Package kms is the Key Management Service of the sandbox. Keys are real: what
// is encrypted under one cannot be read without it, and its key policy and grants
// decide who may use it. Key material lies in the sandbox's store in the clear;
// there is no hardware behind it.
package kms

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/policy"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// key is a KMS key.
type key struct {
	Account, Region, ID, ARN string
	Text                     string // description
	Usage, Spec, Origin      string
	State                    string // Enabled, Disabled, PendingDeletion
	Manager                  string // CUSTOMER or AWS
	Policy                   string
	Rotation                 bool
	Created, Deletion        time.Time
	Tags                     []tag
	Material                 []byte // 32 bytes, or a PKCS #8 private key
	Grants                   []grant
}

type tag struct{ Key, Value string }

type grant struct {
	ID, Token, Name                   string
	Grantee, Retiring, IssuingAccount string
	Operations                        []string
	Equals, Subset                    map[string]string
	Created                           time.Time
}

type alias struct {
	Account, Region, Name, Target string
	Created, Updated              time.Time
}

// The states of a key.
const (
	enabled         = "Enabled"
	disabled        = "Disabled"
	pendingDeletion = "PendingDeletion"
)

const symmetric = "SYMMETRIC_DEFAULT"

type service struct {
	world   *cloud.World
	keys    *cloud.Table[key]   // by ARN
	aliases *cloud.Table[alias] // by ARN
}

// Add puts the service into a world.
func Add(w *cloud.World, server *wire.Server) (func() error, error) {
	s := &service{world: w}
	var err error
	if s.keys, err = cloud.NewTable[key](w, "kms.keys"); err != nil {
		return nil, err
	}
	if s.aliases, err = cloud.NewTable[alias](w, "kms.aliases"); err != nil {
		return nil, err
	}
	w.UseResourcePolicies("kms", s)
	return nil, server.Add(&model, slices.Concat(s.keyOps(), s.policyOps(), s.aliasOps(), s.grantOps(), s.cryptOps(), s.signOps())...)
}

// ResourcePolicy answers for key policies and grants. An alias has no policy of
// its own: the identity policy alone decides on it.
func (s *service) ResourcePolicy(resource string) (*iam.Set, []iam.Grant) {
	k, ok := s.keys.Get(resource)
	if !ok {
		return nil, nil
	}
	doc, err := policy.Parse("key policy of "+k.ID, []byte(k.Policy))
	named := iam.NamedDoc{Name: "key policy of " + k.ID, Doc: doc}
	if err != nil {
		named = iam.NamedDoc{Name: named.Name, Unknown: err.Error()}
	}
	grants := make([]iam.Grant, len(k.Grants))
	for i, g := range k.Grants {
		grants[i] = iam.Grant{Grantee: g.Grantee, Operations: g.Operations, EncryptionContextEquals: g.Equals, EncryptionContextSubset: g.Subset}
	}
	return iam.NewSet(iam.SideKey, named), grants
}

func notFound(what string) *cloud.Error {
	return cloud.Errorf("NotFoundException", "%s", what)
}

// find resolves a key id, key ARN, alias name or alias ARN. A bare id or alias
// name is looked for in the caller's own account and region.
func (s *service) find(c *cloud.Call, id string) (key, error) {
	full := id
	switch {
	case strings.HasPrefix(id, "arn:"):
	case strings.HasPrefix(id, "alias/"):
		full = aliasARN(c.Account, c.Region, id)
	default:
		full = keyARN(c.Account, c.Region, id)
	}
	a, err := arn.Parse(full)
	if err != nil || a.Service != "kms" {
		return key{}, notFound("Invalid arn " + id)
	}
	if strings.HasPrefix(a.Resource, "alias/") {
		al, ok := s.aliases.Get(full)
		if !ok {
			return s.managedAlias(c, a, full)
		}
		full = al.Target
	}
	k, ok := s.key(full, c.Time)
	if !ok || a.Region != c.Region {
		return key{}, notFound("Key '" + full + "' does not exist")
	}
	return k, nil
}

// key looks a key up by its ARN. One whose waiting period is over is gone, with
// everything that was encrypted under it.
func (s *service) key(arn string, now time.Time) (key, bool) {
	k, ok := s.keys.Get(arn)
	return k, ok && !k.gone(now)
}

func (k *key) gone(now time.Time) bool {
	return k.State == pendingDeletion && !now.Before(k.Deletion)
}

// managedAlias makes an AWS-managed key ("alias/aws/s3") on its first use.
func (s *service) managedAlias(c *cloud.Call, a arn.ARN, full string) (key, error) {
	name, ok := strings.CutPrefix(a.Resource, "alias/aws/")
	if !ok || a.Account != c.Account || a.Region != c.Region {
		return key{}, notFound("Alias " + full + " is not found.")
	}
	// The policy of AWS-managed keys: the account may use it through the service,
	// and nobody may change it.
	doc, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Id": "auto-" + name + "-1", "Statement": []any{
		map[string]any{"Sid": "Allow access through the service for all principals of the account that may use it", "Effect": "Allow", "Principal": map[string]any{"AWS": "*"},
			"Action": []string{"kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey"}, "Resource": "*",
			"Condition": map[string]any{"StringEquals": map[string]any{"kms:CallerAccount": c.Account, "kms:ViaService": name + "." + c.Region + ".amazonaws.com"}}},
		map[string]any{"Sid": "Allow direct access to key metadata to the account", "Effect": "Allow", "Principal": map[string]any{"AWS": "arn:aws:iam::" + c.Account + ":root"},
			"Action": []string{"kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"}, "Resource": "*"},
	}})
	if err != nil {
		return key{}, err
	}
	k := key{Account: c.Account, Region: c.Region, ID: s.world.IDs.UUID(), Usage: "ENCRYPT_DECRYPT", Spec: symmetric, Origin: "AWS_KMS", State: enabled,
		Manager: "AWS", Text: "Default key that protects my " + strings.ToUpper(name) + " objects when no other key is defined", Policy: string(doc),
		Rotation: true, Created: c.Time, Material: s.world.IDs.Bytes(32)}
	k.ARN = keyARN(c.Account, c.Region, k.ID)
	al, err := s.aliases.Update(full, func(al alias, exists bool) (alias, error) {
		if exists {
			return al, nil
		}
		return alias{c.Account, c.Region, a.Resource, k.ARN, c.Time, c.Time}, s.keys.Put(k.ARN, k)
	})
	if err != nil {
		return key{}, err
	}
	k, _ = s.keys.Get(al.Target)
	return k, nil
}

func keyARN(account, region, id string) string {
	return "arn:aws:kms:" + region + ":" + account + ":key/" + id
}

func aliasARN(account, region, name string) string {
	return "arn:aws:kms:" + region + ":" + account + ":" + name
}

// change replaces a key by what f makes of a copy of it.
func (s *service) change(k key, f func(k *key) error) (key, error) {
	return s.keys.Update(k.ARN, func(k key, ok bool) (key, error) {
		if !ok {
			return k, notFound("Key does not exist")
		}
		k.Tags, k.Grants = slices.Clone(k.Tags), slices.Clone(k.Grants)
		return k, f(&k)
	})
}

// usable refuses a key in a state that forbids the operation.
func (k *key) usable() error {
	switch k.State {
	case disabled:
		return cloud.Errorf("DisabledException", "%s is disabled.", k.ARN)
	case pendingDeletion:
		return cloud.Errorf("KMSInvalidStateException", "%s is pending deletion.", k.ARN)
	}
	return nil
}

// conditions are the condition keys that every request on a key carries.
func (k *key) conditions(c *cloud.Call) *iam.Context {
	ctx := iam.NewContext().
		Set("kms:CallerAccount", c.Account).
		Set("kms:KeySpec", k.Spec).
		Set("kms:KeyUsage", k.Usage).
		Set("kms:KeyOrigin", k.Origin)
	if via := viaService(c); via != "" {
		ctx.Set("kms:ViaService", via)
	}
	for _, t := range k.Tags {
		ctx.Set("aws:ResourceTag/"+t.Key, t.Value)
	}
	return ctx
}

// withEncryptionContext adds the keys of an encryption context.
func withEncryptionContext(ctx *iam.Context, ec map[string]string) *iam.Context {
	names := make([]string, 0, len(ec))
	for name, value := range ec {
		ctx.Set("kms:EncryptionContext:"+name, value)
		names = append(names, name)
	}
	if len(names) > 0 {
		slices.Sort(names)
		ctx.SetList("kms:EncryptionContextKeys", names...)
	}
	return ctx
}

// acrossAccounts are the actions that may be used on a key of another account.
// Source: "KMS permissions" in the KMS developer guide, column "Cross-account use".
var acrossAccounts = []string{
	"CreateGrant", "Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "GetKeyRotationStatus", "GetPublicKey",
	"ListGrants", "ReEncryptFrom", "ReEncryptTo", "RetireGrant", "RevokeGrant", "Sign", "Verify",
}

// aliasesOf are the names of the aliases of a key.
func (s *service) aliasesOf(arn string) []string {
	var names []string
	for _, a := range s.aliases.Select(func(_ string, a alias) bool { return a.Target == arn }) {
		names = append(names, a.Name)
	}
	return names
}

// on is the check of an operation on a key, and what else is to be said of the
// request.
func (s *service) on(c *cloud.Call, action, id string, more func(ctx *iam.Context)) ([]cloud.Check, error) {
	k, err := s.find(c, id)
	if err != nil {
		return nil, err
	}
	if k.Account != c.Account && c.Account != "" && !slices.Contains(acrossAccounts, action) {
		return nil, cloud.Errorf("AccessDeniedException", "User: %s is not authorized to perform: kms:%s on resource: %s because the operation cannot be used on a key of another account", c.Identity.ARN, action, k.ARN)
	}
	ctx := k.conditions(c)
	if names := s.aliasesOf(k.ARN); len(names) > 0 {
		ctx.SetList("kms:ResourceAliases", names...)
	}
	if strings.HasPrefix(id, "alias/") || strings.Contains(id, ":alias/") {
		ctx.Set("kms:RequestAlias", id[strings.LastIndex(id, "alias/"):])
	}
	if more != nil {
		more(ctx)
	}
	return []cloud.Check{{Action: "kms:" + action, Resource: k.ARN, ResourceAccount: k.Account, Context: ctx}}, nil
}

// bind makes an operation on one key.
func bind[In, Out any](s *service, name string, id func(in *In) string, do func(c *cloud.Call, k key, in *In) (*Out, error)) wire.Operation {
	return wire.Op[In, Out]{Name: name, Auth: func(c *cloud.Call, in *In) ([]cloud.Check, error) {
		return s.on(c, name, id(in), nil)
	}, Do: func(c *cloud.Call, in *In) (*Out, error) {
		k, err := s.find(c, id(in))
		if err != nil {
			return nil, err
		}
		return do(c, k, in)
	}}.Operation()
}
