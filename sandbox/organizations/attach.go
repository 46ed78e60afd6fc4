package organizations

import (
	"slices"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// targets are the ids a policy is attached to: root, units, accounts.
func (o *organization) targets(policyID string) []string {
	var out []string
	for _, id := range o.everything() {
		if slices.Contains(o.Attached[id], policyID) {
			out = append(out, id)
		}
	}
	return out
}

// everything are the ids that policies can be attached to.
func (o *organization) everything() []string {
	out := []string{o.Root}
	for _, u := range o.Units {
		out = append(out, u.ID)
	}
	for _, m := range o.Members {
		out = append(out, m.ID)
	}
	return out
}

// of are the policies of a type attached to a target.
func (o *organization) of(policyType, id string) []controlPolicy {
	var out []controlPolicy
	for _, a := range o.Attached[id] {
		if p, ok := o.policy(a); ok && p.Type == policyType {
			out = append(out, p)
		}
	}
	return out
}

func noTarget() *cloud.Error {
	return cloud.Errorf("TargetNotFoundException", "You specified a target that doesn't exist.")
}

func onAttachment(o *organization, policyID, targetID string) ([]target, string) {
	on, kind := o.onPolicy(policyID)
	return []target{on, o.entity(targetID)}, kind
}

func (s *service) attachOps() []wire.Operation {
	return []wire.Operation{
		use(s, "AttachPolicy", true, func(o *organization, in *AttachPolicyRequest) ([]target, string) {
			return onAttachment(o, in.PolicyId, in.TargetId)
		}, attachPolicy),
		use(s, "DetachPolicy", true, func(o *organization, in *DetachPolicyRequest) ([]target, string) {
			return onAttachment(o, in.PolicyId, in.TargetId)
		}, detachPolicy),
		use(s, "ListTargetsForPolicy", false, func(o *organization, in *ListTargetsForPolicyRequest) ([]target, string) {
			on, kind := o.onPolicy(in.PolicyId)
			return []target{on}, kind
		}, func(_ *cloud.Call, o *organization, in *ListTargetsForPolicyRequest) (*ListTargetsForPolicyResponse, error) {
			if _, ok := o.policy(in.PolicyId); !ok {
				return nil, noPolicy()
			}
			all := []*PolicyTargetSummary{}
			for _, id := range o.targets(in.PolicyId) {
				all = append(all, o.wireTarget(id))
			}
			out := &ListTargetsForPolicyResponse{}
			var err error
			out.Targets, out.NextToken, err = page(all, in.NextToken, in.MaxResults)
			return out, err
		}),
		use(s, "ListPoliciesForTarget", false, func(o *organization, in *ListPoliciesForTargetRequest) ([]target, string) {
			return []target{o.entity(in.TargetId)}, in.Filter
		}, func(_ *cloud.Call, o *organization, in *ListPoliciesForTargetRequest) (*ListPoliciesForTargetResponse, error) {
			if err := supported(in.Filter); err != nil {
				return nil, err
			}
			if !o.exists(in.TargetId) {
				return nil, noTarget()
			}
			all := []*PolicySummary{}
			for _, p := range o.of(in.Filter, in.TargetId) {
				all = append(all, o.summary(p))
			}
			out := &ListPoliciesForTargetResponse{}
			var err error
			out.Policies, out.NextToken, err = page(all, in.NextToken, in.MaxResults)
			return out, err
		}),
		use(s, "EnablePolicyType", true, func(o *organization, in *EnablePolicyTypeRequest) ([]target, string) {
			return []target{o.entity(in.RootId)}, in.PolicyType
		}, enableType),
		use(s, "DisablePolicyType", true, func(o *organization, in *DisablePolicyTypeRequest) ([]target, string) {
			return []target{o.entity(in.RootId)}, in.PolicyType
		}, disableType),
	}
}

func (o *organization) wireTarget(id string) *PolicyTargetSummary {
	out := &PolicyTargetSummary{TargetId: id, Arn: o.entity(id).arn, Name: "Root", Type: "ROOT"}
	if u := o.unit(id); u != nil {
		out.Name, out.Type = u.Name, "ORGANIZATIONAL_UNIT"
	}
	if m := o.member(id); m != nil {
		out.Name, out.Type = m.Name, "ACCOUNT"
	}
	return out
}

func notEnabled() *cloud.Error {
	return cloud.Errorf("PolicyTypeNotEnabledException", "This operation can be performed only for enabled policy types.")
}

func attachPolicy(_ *cloud.Call, o *organization, in *AttachPolicyRequest) (*wire.Empty, error) {
	p, ok := o.policy(in.PolicyId)
	switch {
	case !ok:
		return nil, noPolicy()
	case !o.exists(in.TargetId):
		return nil, noTarget()
	case !slices.Contains(o.Enabled, p.Type):
		return nil, notEnabled()
	case slices.Contains(o.Attached[in.TargetId], p.ID):
		return nil, cloud.Errorf("DuplicatePolicyAttachmentException", "A policy with the specified name and type already exists.")
	}
	limit := maxSCPs
	if p.Type == rcp {
		limit = maxRCPs
	}
	if len(o.of(p.Type, in.TargetId)) >= limit {
		return nil, failed("ConstraintViolationException", "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", "You have attached the maximum number of policies to the specified target.")
	}
	o.Attached[in.TargetId] = append(slices.Clone(o.Attached[in.TargetId]), p.ID)
	return nil, nil
}

func detachPolicy(_ *cloud.Call, o *organization, in *DetachPolicyRequest) (*wire.Empty, error) {
	p, ok := o.policy(in.PolicyId)
	switch {
	case !ok:
		return nil, noPolicy()
	case !o.exists(in.TargetId):
		return nil, noTarget()
	case !slices.Contains(o.Attached[in.TargetId], p.ID):
		return nil, cloud.Errorf("PolicyNotAttachedException", "The policy isn't attached to the specified target in the specified root.")
	case p.ID == fullAccess[rcp].ID:
		return nil, failed("InvalidInputException", "NON_DETACHABLE_POLICY", "You can't detach this AWS Managed Policy.")
	case p.Type == scp && len(o.of(scp, in.TargetId)) <= minSCPs:
		return nil, failed("ConstraintViolationException", "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", "You cannot remove the last policy attached to the specified target. You must have at least one attached at all times.")
	}
	o.Attached[in.TargetId] = slices.DeleteFunc(slices.Clone(o.Attached[in.TargetId]), func(id string) bool { return id == p.ID })
	return nil, nil
}

func enableType(_ *cloud.Call, o *organization, in *EnablePolicyTypeRequest) (*EnablePolicyTypeResponse, error) {
	if err := supported(in.PolicyType); err != nil {
		return nil, err
	}
	switch {
	case in.RootId != o.Root:
		return nil, cloud.Errorf("RootNotFoundException", "You specified a root that doesn't exist.")
	case slices.Contains(o.Enabled, in.PolicyType):
		return nil, cloud.Errorf("PolicyTypeAlreadyEnabledException", "The specified policy type is already enabled.")
	}
	o.Enabled = append(o.Enabled, in.PolicyType)
	for _, id := range o.everything() {
		o.Attached[id] = append(slices.Clone(o.Attached[id]), fullAccess[in.PolicyType].ID)
	}
	return &EnablePolicyTypeResponse{Root: o.wireRoot()}, nil
}

// disableType takes all policies of the type off, as AWS does: enabling it again
// attaches only AWS's own.
func disableType(_ *cloud.Call, o *organization, in *DisablePolicyTypeRequest) (*DisablePolicyTypeResponse, error) {
	if err := supported(in.PolicyType); err != nil {
		return nil, err
	}
	switch {
	case in.RootId != o.Root:
		return nil, cloud.Errorf("RootNotFoundException", "You specified a root that doesn't exist.")
	case !slices.Contains(o.Enabled, in.PolicyType):
		return nil, notEnabled()
	}
	o.Enabled = slices.DeleteFunc(o.Enabled, func(t string) bool { return t == in.PolicyType })
	for id, attached := range o.Attached {
		o.Attached[id] = slices.DeleteFunc(slices.Clone(attached), func(a string) bool {
			p, ok := o.policy(a)
			return ok && p.Type == in.PolicyType
		})
	}
	return &DisablePolicyTypeResponse{Root: o.wireRoot()}, nil
}
