package iamsvc

import (
	"net/url"
	"slices"
	"strings"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// escapeDocument writes a document as IAM returns it: URL-encoded (RFC 3986).
func escapeDocument(doc string) string {
	return strings.ReplaceAll(url.QueryEscape(doc), "+", "%20")
}

var inlineLimit = map[kind]int{user: maxInlineUser, group: maxInlineGroup, role: maxInlineRole}

func (s *service) putInline(c *cloud.Call, k kind, name, policyName, document string) error {
	if err := malformed(document, iam.SideIdentity); err != nil {
		return err
	}
	return s.change(c, k, name, func(h *holder) error {
		if i := h.inlineIndex(policyName); i >= 0 {
			h.Inline[i].Document = document
		} else {
			h.Inline = append(h.Inline, inline{policyName, document})
			slices.SortFunc(h.Inline, func(a, b inline) int { return strings.Compare(a.Name, b.Name) })
		}
		total := 0
		for _, i := range h.Inline {
			total += size(i.Document)
		}
		if total > inlineLimit[k] {
			return cloud.Errorf("LimitExceededException", "Maximum policy size of %d bytes exceeded for %s %s", inlineLimit[k], k, name)
		}
		return nil
	})
}

func (s *service) getInline(c *cloud.Call, k kind, name, policyName string) (string, error) {
	h, err := s.get(c, k, name)
	if err != nil {
		return "", err
	}
	i := h.inlineIndex(policyName)
	if i < 0 {
		return "", noSuchInline(k, policyName)
	}
	return escapeDocument(h.Inline[i].Document), nil
}

func noSuchInline(k kind, policyName string) *cloud.Error {
	return cloud.Errorf("NoSuchEntityException", "The %s policy with name %s cannot be found.", k, policyName)
}

func (s *service) deleteInline(c *cloud.Call, k kind, name, policyName string) error {
	return s.change(c, k, name, func(h *holder) error {
		i := h.inlineIndex(policyName)
		if i < 0 {
			return noSuchInline(k, policyName)
		}
		h.Inline = slices.Delete(h.Inline, i, i+1)
		return nil
	})
}

func (s *service) listInline(c *cloud.Call, k kind, name, marker string, maxItems *int64) ([]string, *bool, string, error) {
	h, err := s.get(c, k, name)
	if err != nil {
		return nil, nil, "", err
	}
	names := []string{}
	for _, i := range h.Inline {
		names = append(names, i.Name)
	}
	return page(names, marker, maxItems)
}

// bindHolder makes an operation on one user, group or role: which one it is, and
// what it does.
func bindHolder[In, Out any](s *service, name string, k kind, who func(in *In) string, do func(c *cloud.Call, in *In) (*Out, error)) wire.Operation {
	return wire.Op[In, Out]{Name: name, Auth: func(c *cloud.Call, in *In) ([]cloud.Check, error) {
		return s.onHolder(c, name, k, who(in))
	}, Do: do}.Operation()
}

func (s *service) inlineOps() []wire.Operation {
	return []wire.Operation{
		bindHolder(s, "PutUserPolicy", user, func(in *PutUserPolicyRequest) string { return in.UserName }, func(c *cloud.Call, in *PutUserPolicyRequest) (*wire.Empty, error) {
			return nil, s.putInline(c, user, in.UserName, in.PolicyName, in.PolicyDocument)
		}),
		bindHolder(s, "PutGroupPolicy", group, func(in *PutGroupPolicyRequest) string { return in.GroupName }, func(c *cloud.Call, in *PutGroupPolicyRequest) (*wire.Empty, error) {
			return nil, s.putInline(c, group, in.GroupName, in.PolicyName, in.PolicyDocument)
		}),
		bindHolder(s, "PutRolePolicy", role, func(in *PutRolePolicyRequest) string { return in.RoleName }, func(c *cloud.Call, in *PutRolePolicyRequest) (*wire.Empty, error) {
			return nil, s.putInline(c, role, in.RoleName, in.PolicyName, in.PolicyDocument)
		}),
		bindHolder(s, "GetUserPolicy", user, func(in *GetUserPolicyRequest) string { return in.UserName }, func(c *cloud.Call, in *GetUserPolicyRequest) (*GetUserPolicyResponse, error) {
			doc, err := s.getInline(c, user, in.UserName, in.PolicyName)
			return &GetUserPolicyResponse{UserName: in.UserName, PolicyName: in.PolicyName, PolicyDocument: doc}, err
		}),
		bindHolder(s, "GetGroupPolicy", group, func(in *GetGroupPolicyRequest) string { return in.GroupName }, func(c *cloud.Call, in *GetGroupPolicyRequest) (*GetGroupPolicyResponse, error) {
			doc, err := s.getInline(c, group, in.GroupName, in.PolicyName)
			return &GetGroupPolicyResponse{GroupName: in.GroupName, PolicyName: in.PolicyName, PolicyDocument: doc}, err
		}),
		bindHolder(s, "GetRolePolicy", role, func(in *GetRolePolicyRequest) string { return in.RoleName }, func(c *cloud.Call, in *GetRolePolicyRequest) (*GetRolePolicyResponse, error) {
			doc, err := s.getInline(c, role, in.RoleName, in.PolicyName)
			return &GetRolePolicyResponse{RoleName: in.RoleName, PolicyName: in.PolicyName, PolicyDocument: doc}, err
		}),
		bindHolder(s, "ListUserPolicies", user, func(in *ListUserPoliciesRequest) string { return in.UserName }, func(c *cloud.Call, in *ListUserPoliciesRequest) (out *ListUserPoliciesResponse, err error) {
			out = &ListUserPoliciesResponse{}
			out.PolicyNames, out.IsTruncated, out.Marker, err = s.listInline(c, user, in.UserName, in.Marker, in.MaxItems)
			return out, err
		}),
		bindHolder(s, "ListGroupPolicies", group, func(in *ListGroupPoliciesRequest) string { return in.GroupName }, func(c *cloud.Call, in *ListGroupPoliciesRequest) (out *ListGroupPoliciesResponse, err error) {
			out = &ListGroupPoliciesResponse{}
			out.PolicyNames, out.IsTruncated, out.Marker, err = s.listInline(c, group, in.GroupName, in.Marker, in.MaxItems)
			return out, err
		}),
		bindHolder(s, "ListRolePolicies", role, func(in *ListRolePoliciesRequest) string { return in.RoleName }, func(c *cloud.Call, in *ListRolePoliciesRequest) (out *ListRolePoliciesResponse, err error) {
			out = &ListRolePoliciesResponse{}
			out.PolicyNames, out.IsTruncated, out.Marker, err = s.listInline(c, role, in.RoleName, in.Marker, in.MaxItems)
			return out, err
		}),
		bindHolder(s, "DeleteUserPolicy", user, func(in *DeleteUserPolicyRequest) string { return in.UserName }, func(c *cloud.Call, in *DeleteUserPolicyRequest) (*wire.Empty, error) {
			return nil, s.deleteInline(c, user, in.UserName, in.PolicyName)
		}),
		bindHolder(s, "DeleteGroupPolicy", group, func(in *DeleteGroupPolicyRequest) string { return in.GroupName }, func(c *cloud.Call, in *DeleteGroupPolicyRequest) (*wire.Empty, error) {
			return nil, s.deleteInline(c, group, in.GroupName, in.PolicyName)
		}),
		bindHolder(s, "DeleteRolePolicy", role, func(in *DeleteRolePolicyRequest) string { return in.RoleName }, func(c *cloud.Call, in *DeleteRolePolicyRequest) (*wire.Empty, error) {
			return nil, s.deleteInline(c, role, in.RoleName, in.PolicyName)
		}),
	}
}
