package iamsvc

import (
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

func wireUser(h holder) *User {
	return &User{Path: h.Path, UserName: h.Name, UserId: h.ID, Arn: h.ARN, CreateDate: at(h.Created),
		PermissionsBoundary: wireBoundary(h.Boundary), Tags: wireTags(h.Tags)}
}

func wireBoundary(policyARN string) *AttachedPermissionsBoundary {
	if policyARN == "" {
		return nil
	}
	return &AttachedPermissionsBoundary{PermissionsBoundaryType: "Policy", PermissionsBoundaryArn: policyARN}
}

// newHolder is the check of making a user, group or role: its future ARN, the
// tags asked for and the boundary asked for.
func newHolder(c *cloud.Call, action string, k kind, path, name string, tags []*Tag, boundary string) []cloud.Check {
	if path == "" {
		path = "/"
	}
	ctx := tagContext(iam.NewContext(), tags)
	if boundary != "" {
		ctx.Set("iam:PermissionsBoundary", boundary)
	}
	checks := []cloud.Check{{Action: "iam:" + action, Resource: holderARN(c.Account, k, path, name), Context: ctx}}
	return checks
}

func (s *service) userOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[CreateUserRequest, CreateUserResponse]{Name: "CreateUser", Auth: func(c *cloud.Call, in *CreateUserRequest) ([]cloud.Check, error) {
			return withTagging("TagUser", newHolder(c, "CreateUser", user, in.Path, in.UserName, in.Tags, in.PermissionsBoundary), in.Tags), nil
		}, Do: func(c *cloud.Call, in *CreateUserRequest) (*CreateUserResponse, error) {
			h, err := s.create(c, user, in.UserName, in.Path, in.Tags, in.PermissionsBoundary, nil)
			return &CreateUserResponse{User: wireUser(h)}, err
		}}.Operation(),
		wire.Op[GetUserRequest, GetUserResponse]{Name: "GetUser", Auth: func(c *cloud.Call, in *GetUserRequest) ([]cloud.Check, error) {
			if in.UserName == "" && c.Identity.Kind == cloud.Root {
				return on("GetUser", c.Identity.ARN)
			}
			name, err := callerUser(c, in.UserName)
			if err != nil {
				return nil, err
			}
			return s.onHolder(c, "GetUser", user, name)
		}, Do: s.getUser}.Operation(),
		wire.Op[ListUsersRequest, ListUsersResponse]{Name: "ListUsers", Do: func(c *cloud.Call, in *ListUsersRequest) (out *ListUsersResponse, err error) {
			out = &ListUsersResponse{}
			all := []*User{}
			for _, h := range s.list(c, user, in.PathPrefix) {
				u := wireUser(h)
				u.Tags, u.PermissionsBoundary = nil, nil // ListUsers leaves them out
				all = append(all, u)
			}
			out.Users, out.IsTruncated, out.Marker, err = page(all, in.Marker, in.MaxItems)
			return out, err
		}}.Operation(),
		wire.Op[UpdateUserRequest, wire.Empty]{Name: "UpdateUser", Auth: func(c *cloud.Call, in *UpdateUserRequest) ([]cloud.Check, error) {
			return s.renaming(c, "UpdateUser", user, in.UserName, in.NewUserName, in.NewPath)
		}, Do: func(c *cloud.Call, in *UpdateUserRequest) (*wire.Empty, error) {
			return nil, s.rename(c, user, in.UserName, in.NewUserName, in.NewPath)
		}}.Operation(),
		bindHolder(s, "DeleteUser", user, func(in *DeleteUserRequest) string { return in.UserName }, func(c *cloud.Call, in *DeleteUserRequest) (*wire.Empty, error) {
			return nil, s.remove(c, user, in.UserName)
		}),
	}
}

// withTagging adds the permission to tag to the permission to make something,
// where tags are asked for: AWS wants both.
func withTagging(action string, checks []cloud.Check, tags []*Tag) []cloud.Check {
	if len(tags) == 0 {
		return checks
	}
	tagging := checks[0]
	tagging.Action = "iam:" + action
	return append(checks, tagging)
}

// renaming is the check of a rename: on the old and on the new name.
func (s *service) renaming(c *cloud.Call, action string, k kind, name, newName, newPath string) ([]cloud.Check, error) {
	checks, err := s.onHolder(c, action, k, name)
	h, ok := s.holders.Get(key(c.Account, k, name))
	if err != nil || !ok {
		return checks, err
	}
	if newName == "" {
		newName = h.Name
	}
	if newPath == "" {
		newPath = h.Path
	}
	if after := holderARN(c.Account, k, newPath, newName); after != h.ARN {
		checks = append(checks, cloud.Check{Action: "iam:" + action, Resource: after, Context: checks[0].Context})
	}
	return checks, nil
}

func (s *service) getUser(c *cloud.Call, in *GetUserRequest) (*GetUserResponse, error) {
	if in.UserName == "" && c.Identity.Kind == cloud.Root {
		return &GetUserResponse{User: &User{Path: "/", UserName: "root", UserId: c.Account, Arn: c.Identity.ARN, CreateDate: at(c.Time)}}, nil
	}
	name, err := callerUser(c, in.UserName)
	if err != nil {
		return nil, err
	}
	h, err := s.get(c, user, name)
	return &GetUserResponse{User: wireUser(h)}, err
}
