package iamsvc

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

func (s *service) attach(c *cloud.Call, k kind, name, policyARN string) error {
	if _, err := s.policy(c.Account, policyARN); err != nil {
		return err
	}
	return s.change(c, k, name, func(h *holder) error {
		if slices.Contains(h.Attached, policyARN) {
			return nil
		}
		if len(h.Attached) >= maxAttached {
			return cloud.Errorf("LimitExceededException", "Cannot exceed quota for PoliciesPer%s: %d", title(k), maxAttached)
		}
		h.Attached = append(h.Attached, policyARN)
		return nil
	})
}

func (s *service) detach(c *cloud.Call, k kind, name, policyARN string) error {
	return s.change(c, k, name, func(h *holder) error {
		i := slices.Index(h.Attached, policyARN)
		if i < 0 {
			return cloud.Errorf("NoSuchEntityException", "Policy %s was not found.", policyARN)
		}
		h.Attached = slices.Delete(h.Attached, i, i+1)
		return nil
	})
}

func (s *service) attached(h holder) []*AttachedPolicy {
	out := []*AttachedPolicy{}
	for _, a := range h.Attached {
		if p, err := s.policy(h.Account, a); err == nil {
			out = append(out, &AttachedPolicy{PolicyName: p.Name, PolicyArn: a})
		}
	}
	return out
}

func (s *service) listAttached(c *cloud.Call, k kind, name, prefix, marker string, maxItems *int64) ([]*AttachedPolicy, *bool, string, error) {
	h, err := s.get(c, k, name)
	if err != nil {
		return nil, nil, "", err
	}
	all := slices.DeleteFunc(s.attached(h), func(a *AttachedPolicy) bool {
		_, path, _ := strings.Cut(a.PolicyArn, ":policy")
		return !strings.HasPrefix(path, prefix)
	})
	return page(all, marker, maxItems)
}

// bindAttach is bindHolder for what names a managed policy too: the check carries
// iam:PolicyARN.
func bindAttach[In any](s *service, name string, k kind, who, what func(in *In) string, do func(c *cloud.Call, k kind, name, policyARN string) error) wire.Operation {
	return wire.Op[In, wire.Empty]{Name: name, Auth: func(c *cloud.Call, in *In) ([]cloud.Check, error) {
		checks, err := s.onHolder(c, name, k, who(in))
		for i := range checks {
			checks[i].Context = contextOf(checks[i]).Set("iam:PolicyARN", what(in))
		}
		return checks, err
	}, Do: func(c *cloud.Call, in *In) (*wire.Empty, error) { return nil, do(c, k, who(in), what(in)) }}.Operation()
}

// setBoundary sets or, with an empty ARN, removes a permissions boundary.
func (s *service) setBoundary(c *cloud.Call, k kind, name, policyARN string) error {
	if policyARN != "" {
		if _, err := s.policy(c.Account, policyARN); err != nil {
			return err
		}
	}
	return s.change(c, k, name, func(h *holder) error {
		if policyARN == "" && h.Boundary == "" {
			return cloud.Errorf("NoSuchEntityException", "%s %s does not have a permissions boundary.", title(k), name)
		}
		h.Boundary = policyARN
		return nil
	})
}

// bindBoundary is the check of putting a boundary: iam:PermissionsBoundary is the
// boundary asked for.
func bindBoundary[In any](s *service, name string, k kind, who, what func(in *In) string) wire.Operation {
	return wire.Op[In, wire.Empty]{Name: name, Auth: func(c *cloud.Call, in *In) ([]cloud.Check, error) {
		checks, err := s.onHolder(c, name, k, who(in))
		for i := range checks {
			if b := what(in); b != "" {
				checks[i].Context = contextOf(checks[i]).Set("iam:PermissionsBoundary", b)
			}
		}
		return checks, err
	}, Do: func(c *cloud.Call, in *In) (*wire.Empty, error) { return nil, s.setBoundary(c, k, who(in), what(in)) }}.Operation()
}

func (s *service) attachOps() []wire.Operation {
	return []wire.Operation{
		bindAttach(s, "AttachUserPolicy", user, func(in *AttachUserPolicyRequest) string { return in.UserName }, func(in *AttachUserPolicyRequest) string { return in.PolicyArn }, s.attach),
		bindAttach(s, "AttachGroupPolicy", group, func(in *AttachGroupPolicyRequest) string { return in.GroupName }, func(in *AttachGroupPolicyRequest) string { return in.PolicyArn }, s.attach),
		bindAttach(s, "AttachRolePolicy", role, func(in *AttachRolePolicyRequest) string { return in.RoleName }, func(in *AttachRolePolicyRequest) string { return in.PolicyArn }, s.attach),
		bindAttach(s, "DetachUserPolicy", user, func(in *DetachUserPolicyRequest) string { return in.UserName }, func(in *DetachUserPolicyRequest) string { return in.PolicyArn }, s.detach),
		bindAttach(s, "DetachGroupPolicy", group, func(in *DetachGroupPolicyRequest) string { return in.GroupName }, func(in *DetachGroupPolicyRequest) string { return in.PolicyArn }, s.detach),
		bindAttach(s, "DetachRolePolicy", role, func(in *DetachRolePolicyRequest) string { return in.RoleName }, func(in *DetachRolePolicyRequest) string { return in.PolicyArn }, s.detach),
		bindBoundary(s, "PutUserPermissionsBoundary", user, func(in *PutUserPermissionsBoundaryRequest) string { return in.UserName }, func(in *PutUserPermissionsBoundaryRequest) string { return in.PermissionsBoundary }),
		bindBoundary(s, "PutRolePermissionsBoundary", role, func(in *PutRolePermissionsBoundaryRequest) string { return in.RoleName }, func(in *PutRolePermissionsBoundaryRequest) string { return in.PermissionsBoundary }),
		bindBoundary(s, "DeleteUserPermissionsBoundary", user, func(in *DeleteUserPermissionsBoundaryRequest) string { return in.UserName }, func(*DeleteUserPermissionsBoundaryRequest) string { return "" }),
		bindBoundary(s, "DeleteRolePermissionsBoundary", role, func(in *DeleteRolePermissionsBoundaryRequest) string { return in.RoleName }, func(*DeleteRolePermissionsBoundaryRequest) string { return "" }),
		bindHolder(s, "ListAttachedUserPolicies", user, func(in *ListAttachedUserPoliciesRequest) string { return in.UserName }, func(c *cloud.Call, in *ListAttachedUserPoliciesRequest) (out *ListAttachedUserPoliciesResponse, err error) {
			out = &ListAttachedUserPoliciesResponse{}
			out.AttachedPolicies, out.IsTruncated, out.Marker, err = s.listAttached(c, user, in.UserName, in.PathPrefix, in.Marker, in.MaxItems)
			return out, err
		}),
		bindHolder(s, "ListAttachedGroupPolicies", group, func(in *ListAttachedGroupPoliciesRequest) string { return in.GroupName }, func(c *cloud.Call, in *ListAttachedGroupPoliciesRequest) (out *ListAttachedGroupPoliciesResponse, err error) {
			out = &ListAttachedGroupPoliciesResponse{}
			out.AttachedPolicies, out.IsTruncated, out.Marker, err = s.listAttached(c, group, in.GroupName, in.PathPrefix, in.Marker, in.MaxItems)
			return out, err
		}),
		bindHolder(s, "ListAttachedRolePolicies", role, func(in *ListAttachedRolePoliciesRequest) string { return in.RoleName }, func(c *cloud.Call, in *ListAttachedRolePoliciesRequest) (out *ListAttachedRolePoliciesResponse, err error) {
			out = &ListAttachedRolePoliciesResponse{}
			out.AttachedPolicies, out.IsTruncated, out.Marker, err = s.listAttached(c, role, in.RoleName, in.PathPrefix, in.Marker, in.MaxItems)
			return out, err
		}),
	}
}
