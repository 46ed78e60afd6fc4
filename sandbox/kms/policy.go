package kms

import (
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/policy"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// checkPolicy checks a key policy as KMS does on saving: its form, and, unless
// bypassed, that the caller could put another one after it.
func (s *service) checkPolicy(c *cloud.Call, k key, document string, bypass *bool) error {
	doc, err := policy.Parse("key policy", []byte(document))
	if err != nil || len(doc.Problems) > 0 {
		return cloud.Errorf("MalformedPolicyDocumentException", "The new key policy is not valid.")
	}
	for _, st := range doc.Statements {
		if st.Broken != "" || st.Principals == nil {
			return cloud.Errorf("MalformedPolicyDocumentException", "Policy contains a statement with one or more invalid principals.")
		}
	}
	if bypass != nil && *bypass {
		return nil
	}
	// The safety check looks at the new policy as if it were in place.
	probe := k
	probe.Policy = document
	p, err := iam.ParsePrincipal(c.Identity.ARN)
	if err != nil {
		return err
	}
	p.RoleARN, p.UserARN = c.Identity.RoleARN, c.Identity.UserARN
	r, err := iam.NewRequest(iam.Request{Principal: p, Action: "kms:PutKeyPolicy", Resource: k.ARN, ResourceAccount: k.Account, Context: probe.conditions(c)})
	if err != nil {
		return err
	}
	// An account whose IAM policies the key policy honours can always recover it.
	everything, err := policy.Parse("", []byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`))
	if err != nil {
		return err
	}
	set := iam.Compile("key policy", iam.SideKey, doc)
	if iam.Decide(r, &iam.Policies{Identity: iam.Compile("", iam.SideIdentity, everything), Resource: set}) != iam.Allow {
		return cloud.Errorf("MalformedPolicyDocumentException", "The new key policy will not allow you to update the key policy in the future.")
	}
	return nil
}

func (s *service) policyOps() []wire.Operation {
	return []wire.Operation{
		bind(s, "GetKeyPolicy", func(in *GetKeyPolicyRequest) string { return in.KeyId }, func(_ *cloud.Call, k key, in *GetKeyPolicyRequest) (*GetKeyPolicyResponse, error) {
			if in.PolicyName != "" && in.PolicyName != "default" {
				return nil, notFound("No such policy exists")
			}
			return &GetKeyPolicyResponse{Policy: k.Policy, PolicyName: "default"}, nil
		}),
		bind(s, "ListKeyPolicies", func(in *ListKeyPoliciesRequest) string { return in.KeyId }, func(*cloud.Call, key, *ListKeyPoliciesRequest) (*ListKeyPoliciesResponse, error) {
			no := false
			return &ListKeyPoliciesResponse{PolicyNames: []string{"default"}, Truncated: &no}, nil
		}),
		bind(s, "PutKeyPolicy", func(in *PutKeyPolicyRequest) string { return in.KeyId }, func(c *cloud.Call, k key, in *PutKeyPolicyRequest) (*wire.Empty, error) {
			if in.PolicyName != "" && in.PolicyName != "default" {
				return nil, notFound("No such policy exists")
			}
			if k.Manager == "AWS" {
				return nil, cloud.Errorf("UnsupportedOperationException", "The policy of an AWS managed key cannot be changed.")
			}
			if err := s.checkPolicy(c, k, in.Policy, in.BypassPolicyLockoutSafetyCheck); err != nil {
				return nil, err
			}
			_, err := s.change(k, func(k *key) error { k.Policy = in.Policy; return nil })
			return nil, err
		}),
	}
}
