package iamsvc

import (
	"slices"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

func wireGroup(h holder) *Group {
	return &Group{Path: h.Path, GroupName: h.Name, GroupId: h.ID, Arn: h.ARN, CreateDate: at(h.Created)}
}

// members are the users of a group, in the order of their names.
func (s *service) members(g holder) []holder {
	return s.holders.Select(func(_ string, h holder) bool { return h.Kind == user && slices.Contains(h.Groups, g.ID) })
}

// groupsOf are the groups of a user, in the order of joining.
func (s *service) groupsOf(u holder) []holder {
	var out []holder
	for _, id := range u.Groups {
		if g, ok := s.find(id); ok {
			out = append(out, g)
		}
	}
	return out
}

func (s *service) groupOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[CreateGroupRequest, CreateGroupResponse]{Name: "CreateGroup", Auth: func(c *cloud.Call, in *CreateGroupRequest) ([]cloud.Check, error) {
			return newHolder(c, "CreateGroup", group, in.Path, in.GroupName, nil, ""), nil
		}, Do: func(c *cloud.Call, in *CreateGroupRequest) (*CreateGroupResponse, error) {
			h, err := s.create(c, group, in.GroupName, in.Path, nil, "", nil)
			return &CreateGroupResponse{Group: wireGroup(h)}, err
		}}.Operation(),
		bindHolder(s, "GetGroup", group, func(in *GetGroupRequest) string { return in.GroupName }, func(c *cloud.Call, in *GetGroupRequest) (*GetGroupResponse, error) {
			h, err := s.get(c, group, in.GroupName)
			if err != nil {
				return nil, err
			}
			out, users := &GetGroupResponse{Group: wireGroup(h)}, []*User{}
			for _, u := range s.members(h) {
				users = append(users, wireUser(u))
			}
			out.Users, out.IsTruncated, out.Marker, err = page(users, in.Marker, in.MaxItems)
			return out, err
		}),
		wire.Op[ListGroupsRequest, ListGroupsResponse]{Name: "ListGroups", Do: func(c *cloud.Call, in *ListGroupsRequest) (out *ListGroupsResponse, err error) {
			out = &ListGroupsResponse{}
			out.Groups, out.IsTruncated, out.Marker, err = page(wireGroups(s.list(c, group, in.PathPrefix)), in.Marker, in.MaxItems)
			return out, err
		}}.Operation(),
		wire.Op[UpdateGroupRequest, wire.Empty]{Name: "UpdateGroup", Auth: func(c *cloud.Call, in *UpdateGroupRequest) ([]cloud.Check, error) {
			return s.renaming(c, "UpdateGroup", group, in.GroupName, in.NewGroupName, in.NewPath)
		}, Do: func(c *cloud.Call, in *UpdateGroupRequest) (*wire.Empty, error) {
			return nil, s.rename(c, group, in.GroupName, in.NewGroupName, in.NewPath)
		}}.Operation(),
		bindHolder(s, "DeleteGroup", group, func(in *DeleteGroupRequest) string { return in.GroupName }, func(c *cloud.Call, in *DeleteGroupRequest) (*wire.Empty, error) {
			return nil, s.remove(c, group, in.GroupName)
		}),
		bindHolder(s, "AddUserToGroup", group, func(in *AddUserToGroupRequest) string { return in.GroupName }, func(c *cloud.Call, in *AddUserToGroupRequest) (*wire.Empty, error) {
			g, err := s.get(c, group, in.GroupName)
			if err != nil {
				return nil, err
			}
			return nil, s.change(c, user, in.UserName, func(h *holder) error {
				switch {
				case slices.Contains(h.Groups, g.ID):
					return nil
				case len(h.Groups) >= maxGroupsForUser:
					return cloud.Errorf("LimitExceededException", "Cannot exceed quota for GroupsPerUser: %d", maxGroupsForUser)
				}
				h.Groups = append(h.Groups, g.ID)
				return nil
			})
		}),
		bindHolder(s, "RemoveUserFromGroup", group, func(in *RemoveUserFromGroupRequest) string { return in.GroupName }, func(c *cloud.Call, in *RemoveUserFromGroupRequest) (*wire.Empty, error) {
			g, err := s.get(c, group, in.GroupName)
			if err != nil {
				return nil, err
			}
			return nil, s.change(c, user, in.UserName, func(h *holder) error {
				h.Groups = slices.DeleteFunc(h.Groups, func(id string) bool { return id == g.ID })
				return nil
			})
		}),
		bindHolder(s, "ListGroupsForUser", user, func(in *ListGroupsForUserRequest) string { return in.UserName }, func(c *cloud.Call, in *ListGroupsForUserRequest) (*ListGroupsForUserResponse, error) {
			h, err := s.get(c, user, in.UserName)
			if err != nil {
				return nil, err
			}
			out := &ListGroupsForUserResponse{}
			out.Groups, out.IsTruncated, out.Marker, err = page(wireGroups(s.groupsOf(h)), in.Marker, in.MaxItems)
			return out, err
		}),
	}
}

func wireGroups(hs []holder) []*Group {
	out := make([]*Group, 0, len(hs))
	for _, h := range hs {
		out = append(out, wireGroup(h))
	}
	return out
}
