package iamsvc

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

func (s *service) detailOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[GetAccountAuthorizationDetailsRequest, GetAccountAuthorizationDetailsResponse]{Name: "GetAccountAuthorizationDetails", Do: s.authorizationDetails}.Operation(),
		wire.Op[ListEntitiesForPolicyRequest, ListEntitiesForPolicyResponse]{Name: "ListEntitiesForPolicy", Auth: func(_ *cloud.Call, in *ListEntitiesForPolicyRequest) ([]cloud.Check, error) {
			return s.onPolicy("ListEntitiesForPolicy", in.PolicyArn)
		}, Do: s.entitiesForPolicy}.Operation(),
	}
}

// authorizationDetails returns a page of everything: users, groups, roles, then
// policies.
func (s *service) authorizationDetails(c *cloud.Call, in *GetAccountAuthorizationDetailsRequest) (*GetAccountAuthorizationDetailsResponse, error) {
	wants := func(name string) bool { return len(in.Filter) == 0 || slices.Contains(in.Filter, name) }
	var all []any
	for _, k := range []kind{user, group, role} {
		if !wants(title(k)) {
			continue
		}
		for _, h := range s.list(c, k, "") {
			all = append(all, h)
		}
	}
	for _, p := range s.detailPolicies(c, wants("LocalManagedPolicy"), wants("AWSManagedPolicy")) {
		all = append(all, p)
	}
	part, more, next, err := page(all, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &GetAccountAuthorizationDetailsResponse{UserDetailList: []*UserDetail{}, GroupDetailList: []*GroupDetail{}, RoleDetailList: []*RoleDetail{},
		Policies: []*ManagedPolicyDetail{}, IsTruncated: more, Marker: next}
	for _, item := range part {
		switch v := item.(type) {
		case managed:
			out.Policies = append(out.Policies, s.policyDetail(v))
		case holder:
			switch v.Kind {
			case user:
				out.UserDetailList = append(out.UserDetailList, s.userDetail(v))
			case group:
				out.GroupDetailList = append(out.GroupDetailList, &GroupDetail{Path: v.Path, GroupName: v.Name, GroupId: v.ID, Arn: v.ARN, CreateDate: at(v.Created),
					GroupPolicyList: inlineDetail(v), AttachedManagedPolicies: s.attached(v)})
			default:
				out.RoleDetailList = append(out.RoleDetailList, s.roleDetail(v))
			}
		}
	}
	return out, nil
}

// detailPolicies are the account's own policies, and those of AWS that are in use
// in it.
func (s *service) detailPolicies(c *cloud.Call, local, aws bool) []managed {
	var out []managed
	if local {
		out = s.policies.Select(func(_ string, p managed) bool { return p.Account == c.Account })
	}
	if !aws {
		return out
	}
	var used []string
	for _, h := range s.holders.Select(func(_ string, h holder) bool { return h.Account == c.Account }) {
		for _, a := range append(slices.Clone(h.Attached), h.Boundary) {
			if strings.Contains(a, ":iam::aws:policy/") {
				used = append(used, a)
			}
		}
	}
	slices.Sort(used)
	for _, a := range slices.Compact(used) {
		if p, err := s.policy(c.Account, a); err == nil {
			out = append(out, p)
		}
	}
	return out
}

func inlineDetail(h holder) []*PolicyDetail {
	out := []*PolicyDetail{}
	for _, i := range h.Inline {
		out = append(out, &PolicyDetail{PolicyName: i.Name, PolicyDocument: escapeDocument(i.Document)})
	}
	return out
}

func (s *service) userDetail(h holder) *UserDetail {
	groups := []string{}
	for _, g := range s.groupsOf(h) {
		groups = append(groups, g.Name)
	}
	return &UserDetail{Path: h.Path, UserName: h.Name, UserId: h.ID, Arn: h.ARN, CreateDate: at(h.Created), UserPolicyList: inlineDetail(h), GroupList: groups,
		AttachedManagedPolicies: s.attached(h), PermissionsBoundary: wireBoundary(h.Boundary), Tags: wireTags(h.Tags)}
}

func (s *service) roleDetail(h holder) *RoleDetail {
	return &RoleDetail{Path: h.Path, RoleName: h.Name, RoleId: h.ID, Arn: h.ARN, CreateDate: at(h.Created), AssumeRolePolicyDocument: escapeDocument(s.trust(h)),
		InstanceProfileList: s.wireProfiles(s.profilesOf(h), ""), RolePolicyList: inlineDetail(h), AttachedManagedPolicies: s.attached(h),
		PermissionsBoundary: wireBoundary(h.Boundary), Tags: wireTags(h.Tags), RoleLastUsed: s.roleLastUsed(h)}
}

func (s *service) policyDetail(p managed) *ManagedPolicyDetail {
	w := s.wirePolicy(p)
	out := &ManagedPolicyDetail{PolicyName: w.PolicyName, PolicyId: w.PolicyId, Arn: w.Arn, Path: w.Path, DefaultVersionId: w.DefaultVersionId, AttachmentCount: w.AttachmentCount,
		PermissionsBoundaryUsageCount: w.PermissionsBoundaryUsageCount, IsAttachable: w.IsAttachable, Description: w.Description, CreateDate: w.CreateDate, UpdateDate: w.UpdateDate,
		PolicyVersionList: []*PolicyVersion{}}
	for i := len(p.Versions) - 1; i >= 0; i-- {
		out.PolicyVersionList = append(out.PolicyVersionList, p.wireVersion(p.Versions[i], true))
	}
	return out
}

func (s *service) entitiesForPolicy(c *cloud.Call, in *ListEntitiesForPolicyRequest) (*ListEntitiesForPolicyResponse, error) {
	if _, err := s.policy(c.Account, in.PolicyArn); err != nil {
		return nil, err
	}
	all := s.holders.Select(func(_ string, h holder) bool {
		attached := slices.Contains(h.Attached, in.PolicyArn) && in.PolicyUsageFilter != "PermissionsBoundary"
		boundary := h.Boundary == in.PolicyArn && in.PolicyUsageFilter != "PermissionsPolicy"
		return h.Account == c.Account && (attached || boundary) && (in.EntityFilter == "" || in.EntityFilter == title(h.Kind)) && strings.HasPrefix(h.Path, in.PathPrefix)
	})
	part, more, next, err := page(all, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &ListEntitiesForPolicyResponse{PolicyGroups: []*PolicyGroup{}, PolicyUsers: []*PolicyUser{}, PolicyRoles: []*PolicyRole{}, IsTruncated: more, Marker: next}
	for _, h := range part {
		switch h.Kind {
		case user:
			out.PolicyUsers = append(out.PolicyUsers, &PolicyUser{UserName: h.Name, UserId: h.ID})
		case group:
			out.PolicyGroups = append(out.PolicyGroups, &PolicyGroup{GroupName: h.Name, GroupId: h.ID})
		default:
			out.PolicyRoles = append(out.PolicyRoles, &PolicyRole{RoleName: h.Name, RoleId: h.ID})
		}
	}
	return out, nil
}
