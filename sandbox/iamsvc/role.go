package iamsvc

import (
	"strings"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

func (s *service) wireRole(h holder) *Role {
	seconds := h.Seconds
	return &Role{Path: h.Path, RoleName: h.Name, RoleId: h.ID, Arn: h.ARN, CreateDate: at(h.Created), AssumeRolePolicyDocument: escapeDocument(s.trust(h)),
		Description: h.Text, MaxSessionDuration: &seconds, PermissionsBoundary: wireBoundary(h.Boundary), Tags: wireTags(h.Tags), RoleLastUsed: s.roleLastUsed(h)}
}

func (s *service) roleLastUsed(h holder) *RoleLastUsed {
	u, ok := s.uses.Get(h.ID)
	if !ok {
		return &RoleLastUsed{}
	}
	return &RoleLastUsed{LastUsedDate: at(u.At), Region: u.Region}
}

func (s *service) roleOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[CreateRoleRequest, CreateRoleResponse]{Name: "CreateRole", Auth: func(c *cloud.Call, in *CreateRoleRequest) ([]cloud.Check, error) {
			return withTagging("TagRole", newHolder(c, "CreateRole", role, in.Path, in.RoleName, in.Tags, in.PermissionsBoundary), in.Tags), nil
		}, Do: s.createRole}.Operation(),
		bindHolder(s, "GetRole", role, func(in *GetRoleRequest) string { return in.RoleName }, func(c *cloud.Call, in *GetRoleRequest) (*GetRoleResponse, error) {
			h, err := s.get(c, role, in.RoleName)
			if err != nil {
				return nil, err
			}
			return &GetRoleResponse{Role: s.wireRole(h)}, nil
		}),
		wire.Op[ListRolesRequest, ListRolesResponse]{Name: "ListRoles", Do: func(c *cloud.Call, in *ListRolesRequest) (out *ListRolesResponse, err error) {
			out = &ListRolesResponse{}
			all := []*Role{}
			for _, h := range s.list(c, role, in.PathPrefix) {
				r := s.wireRole(h)
				r.Tags, r.PermissionsBoundary, r.RoleLastUsed = nil, nil, nil // ListRoles leaves them out
				all = append(all, r)
			}
			out.Roles, out.IsTruncated, out.Marker, err = page(all, in.Marker, in.MaxItems)
			return out, err
		}}.Operation(),
		bindHolder(s, "UpdateRole", role, func(in *UpdateRoleRequest) string { return in.RoleName }, func(c *cloud.Call, in *UpdateRoleRequest) (*UpdateRoleResponse, error) {
			return nil, s.change(c, role, in.RoleName, func(h *holder) error {
				if err := editable(h); err != nil {
					return err
				}
				if in.Description != "" {
					h.Text = in.Description
				}
				if h.Seconds = defaultSessionSecs; in.MaxSessionDuration != nil {
					h.Seconds = *in.MaxSessionDuration
				}
				return nil
			})
		}),
		bindHolder(s, "UpdateRoleDescription", role, func(in *UpdateRoleDescriptionRequest) string { return in.RoleName }, func(c *cloud.Call, in *UpdateRoleDescriptionRequest) (*UpdateRoleDescriptionResponse, error) {
			if err := s.change(c, role, in.RoleName, func(h *holder) error { h.Text = in.Description; return editable(h) }); err != nil {
				return nil, err
			}
			h, err := s.get(c, role, in.RoleName)
			return &UpdateRoleDescriptionResponse{Role: s.wireRole(h)}, err
		}),
		wire.Op[UpdateAssumeRolePolicyRequest, wire.Empty]{Name: "UpdateAssumeRolePolicy", Auth: func(c *cloud.Call, in *UpdateAssumeRolePolicyRequest) ([]cloud.Check, error) {
			// The evaluator refuses this on a service-linked role; the words are IAM's.
			if h, ok := s.holders.Get(key(c.Account, role, in.RoleName)); ok && editable(&h) != nil {
				return nil, editable(&h)
			}
			return s.onHolder(c, "UpdateAssumeRolePolicy", role, in.RoleName)
		}, Do: func(c *cloud.Call, in *UpdateAssumeRolePolicyRequest) (*wire.Empty, error) {
			trusted, err := s.checkTrust(in.PolicyDocument)
			if err != nil {
				return nil, err
			}
			return nil, s.change(c, role, in.RoleName, func(h *holder) error {
				h.Trust, h.Trusted = in.PolicyDocument, trusted
				return nil
			})
		}}.Operation(),
		bindHolder(s, "DeleteRole", role, func(in *DeleteRoleRequest) string { return in.RoleName }, func(c *cloud.Call, in *DeleteRoleRequest) (*wire.Empty, error) {
			h, err := s.get(c, role, in.RoleName)
			if err != nil {
				return nil, err
			}
			if err := editable(&h); err != nil {
				return nil, err
			}
			return nil, s.remove(c, role, in.RoleName)
		}),
	}
}

func (s *service) createRole(c *cloud.Call, in *CreateRoleRequest) (*CreateRoleResponse, error) {
	trusted, err := s.checkTrust(in.AssumeRolePolicyDocument)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(in.Path, linkedPath) || strings.HasPrefix(in.Path, reservedPath) {
		return nil, cloud.Errorf("ValidationError", "Path %s is reserved for service-linked roles and roles of IAM Identity Center.", in.Path)
	}
	h, err := s.create(c, role, in.RoleName, in.Path, in.Tags, in.PermissionsBoundary, func(h *holder) {
		h.Trust, h.Trusted, h.Text, h.Seconds = in.AssumeRolePolicyDocument, trusted, in.Description, defaultSessionSecs
		if in.MaxSessionDuration != nil {
			h.Seconds = *in.MaxSessionDuration
		}
	})
	if err != nil {
		return nil, err
	}
	return &CreateRoleResponse{Role: s.wireRole(h)}, nil
}

const (
	linkedPath   = "/aws-service-role/"
	reservedPath = "/aws-reserved/"
)

// editable refuses to change what belongs to a service.
func editable(h *holder) error {
	if !strings.HasPrefix(h.Path, linkedPath) {
		return nil
	}
	return cloud.Errorf("UnmodifiableEntityException", "Cannot perform the operation on the protected role '%s' - this role is only modifiable by AWS", h.Name)
}
