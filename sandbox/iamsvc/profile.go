package iamsvc

import (
	"slices"
	"strings"
	"time"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// profile is an instance profile.
type profile struct {
	Account, Name, Path, ID, ARN string
	Created                      time.Time
	Roles                        []string // unique ids
	Tags                         []tag
}

func profileKey(account, name string) string { return account + "/" + strings.ToLower(name) }

func noProfile(name string) *cloud.Error {
	return cloud.Errorf("NoSuchEntityException", "Instance Profile %s cannot be found.", name)
}

func (s *service) profile(c *cloud.Call, name string) (profile, error) {
	p, ok := s.profiles.Get(profileKey(c.Account, name))
	if !ok {
		return p, noProfile(name)
	}
	return p, nil
}

func (s *service) profilesOf(h holder) []profile {
	return s.profiles.Select(func(_ string, p profile) bool { return slices.Contains(p.Roles, h.ID) })
}

func (s *service) wireProfile(p profile) *InstanceProfile {
	out := &InstanceProfile{Path: p.Path, InstanceProfileName: p.Name, InstanceProfileId: p.ID, Arn: p.ARN, CreateDate: at(p.Created), Roles: []*Role{}, Tags: wireTags(p.Tags)}
	for _, id := range p.Roles {
		if h, ok := s.find(id); ok {
			out.Roles = append(out.Roles, s.wireRole(h))
		}
	}
	return out
}

func (s *service) wireProfiles(ps []profile, prefix string) []*InstanceProfile {
	out := []*InstanceProfile{}
	for _, p := range ps {
		if strings.HasPrefix(p.Path, prefix) {
			out = append(out, s.wireProfile(p))
		}
	}
	return out
}

func profileARN(c *cloud.Call, path, name string) string {
	if path == "" {
		path = "/"
	}
	return "arn:aws:iam::" + c.Account + ":instance-profile" + path + name
}

// onProfile is the check of an operation on an instance profile.
func (s *service) onProfile(c *cloud.Call, action, name string) []cloud.Check {
	p, err := s.profile(c, name)
	if err != nil {
		p.ARN = profileARN(c, "/", name)
	}
	return []cloud.Check{{Action: "iam:" + action, Resource: p.ARN, Context: resourceTags(iam.NewContext(), p.Tags)}}
}

func bindProfile[In, Out any](s *service, name string, which func(in *In) string, do func(c *cloud.Call, in *In) (*Out, error)) wire.Operation {
	return wire.Op[In, Out]{Name: name, Auth: func(c *cloud.Call, in *In) ([]cloud.Check, error) { return s.onProfile(c, name, which(in)), nil }, Do: do}.Operation()
}

func (s *service) changeProfile(c *cloud.Call, name string, f func(p *profile) error) error {
	_, err := s.profiles.Update(profileKey(c.Account, name), func(p profile, ok bool) (profile, error) {
		if !ok {
			return p, noProfile(name)
		}
		p.Roles, p.Tags = slices.Clone(p.Roles), slices.Clone(p.Tags)
		return p, f(&p)
	})
	return err
}

func (s *service) profileOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[CreateInstanceProfileRequest, CreateInstanceProfileResponse]{Name: "CreateInstanceProfile", Auth: func(c *cloud.Call, in *CreateInstanceProfileRequest) ([]cloud.Check, error) {
			checks := []cloud.Check{{Action: "iam:CreateInstanceProfile", Resource: profileARN(c, in.Path, in.InstanceProfileName), Context: tagContext(iam.NewContext(), in.Tags)}}
			return withTagging("TagInstanceProfile", checks, in.Tags), nil
		}, Do: s.createProfile}.Operation(),
		bindProfile(s, "GetInstanceProfile", func(in *GetInstanceProfileRequest) string { return in.InstanceProfileName }, func(c *cloud.Call, in *GetInstanceProfileRequest) (*GetInstanceProfileResponse, error) {
			p, err := s.profile(c, in.InstanceProfileName)
			return &GetInstanceProfileResponse{InstanceProfile: s.wireProfile(p)}, err
		}),
		bindProfile(s, "DeleteInstanceProfile", func(in *DeleteInstanceProfileRequest) string { return in.InstanceProfileName }, func(c *cloud.Call, in *DeleteInstanceProfileRequest) (*wire.Empty, error) {
			p, err := s.profile(c, in.InstanceProfileName)
			if err == nil && len(p.Roles) > 0 {
				err = cloud.Errorf("DeleteConflictException", "Cannot delete entity, must remove roles from instance profile first.")
			}
			if err != nil {
				return nil, err
			}
			return nil, s.profiles.Delete(profileKey(c.Account, p.Name))
		}),
		wire.Op[ListInstanceProfilesRequest, ListInstanceProfilesResponse]{Name: "ListInstanceProfiles", Do: func(c *cloud.Call, in *ListInstanceProfilesRequest) (out *ListInstanceProfilesResponse, err error) {
			out = &ListInstanceProfilesResponse{}
			all := s.wireProfiles(s.profiles.Select(func(_ string, p profile) bool { return p.Account == c.Account }), in.PathPrefix)
			out.InstanceProfiles, out.IsTruncated, out.Marker, err = page(all, in.Marker, in.MaxItems)
			return out, err
		}}.Operation(),
		bindHolder(s, "ListInstanceProfilesForRole", role, func(in *ListInstanceProfilesForRoleRequest) string { return in.RoleName }, func(c *cloud.Call, in *ListInstanceProfilesForRoleRequest) (*ListInstanceProfilesForRoleResponse, error) {
			h, err := s.get(c, role, in.RoleName)
			if err != nil {
				return nil, err
			}
			out := &ListInstanceProfilesForRoleResponse{}
			out.InstanceProfiles, out.IsTruncated, out.Marker, err = page(s.wireProfiles(s.profilesOf(h), ""), in.Marker, in.MaxItems)
			return out, err
		}),
		wire.Op[AddRoleToInstanceProfileRequest, wire.Empty]{Name: "AddRoleToInstanceProfile", Auth: func(c *cloud.Call, in *AddRoleToInstanceProfileRequest) ([]cloud.Check, error) {
			// Whoever puts a role into a profile passes it to EC2.
			pass, err := s.onHolder(c, "PassRole", role, in.RoleName)
			if err != nil {
				return nil, err
			}
			if pass[0].Context == nil {
				pass[0].Context = iam.NewContext()
			}
			pass[0].Context.Set("iam:PassedToService", "ec2.amazonaws.com")
			return append(s.onProfile(c, "AddRoleToInstanceProfile", in.InstanceProfileName), pass...), nil
		}, Do: func(c *cloud.Call, in *AddRoleToInstanceProfileRequest) (*wire.Empty, error) {
			h, err := s.get(c, role, in.RoleName)
			if err != nil {
				return nil, err
			}
			return nil, s.changeProfile(c, in.InstanceProfileName, func(p *profile) error {
				if len(p.Roles) >= maxRolesForProfile {
					return cloud.Errorf("LimitExceededException", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: %d", maxRolesForProfile)
				}
				p.Roles = append(p.Roles, h.ID)
				return nil
			})
		}}.Operation(),
		bindProfile(s, "RemoveRoleFromInstanceProfile", func(in *RemoveRoleFromInstanceProfileRequest) string { return in.InstanceProfileName }, func(c *cloud.Call, in *RemoveRoleFromInstanceProfileRequest) (*wire.Empty, error) {
			h, err := s.get(c, role, in.RoleName)
			if err != nil {
				return nil, err
			}
			return nil, s.changeProfile(c, in.InstanceProfileName, func(p *profile) error {
				i := slices.Index(p.Roles, h.ID)
				if i < 0 {
					return noSuch(role, in.RoleName)
				}
				p.Roles = slices.Delete(p.Roles, i, i+1)
				return nil
			})
		}),
	}
}

func (s *service) createProfile(c *cloud.Call, in *CreateInstanceProfileRequest) (*CreateInstanceProfileResponse, error) {
	tags, err := mergeTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	p, err := s.profiles.Update(profileKey(c.Account, in.InstanceProfileName), func(p profile, exists bool) (profile, error) {
		if exists {
			return p, cloud.Errorf("EntityAlreadyExistsException", "Instance Profile %s already exists.", in.InstanceProfileName)
		}
		path := in.Path
		if path == "" {
			path = "/"
		}
		return profile{Account: c.Account, Name: in.InstanceProfileName, Path: path, ID: s.world.IDs.Unique("AIPA"), ARN: profileARN(c, path, in.InstanceProfileName), Created: c.Time, Tags: tags}, nil
	})
	if err != nil {
		return nil, err
	}
	return &CreateInstanceProfileResponse{InstanceProfile: s.wireProfile(p)}, nil
}
