package iamsvc

import (
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// tagged is a kind of thing that has tags: how to authorise, read and change them.
type tagged struct {
	check func(c *cloud.Call, action, which string) ([]cloud.Check, error)
	tags  func(c *cloud.Call, which string) ([]tag, error)
	edit  func(c *cloud.Call, which string, f func([]tag) ([]tag, error)) error
}

func (s *service) taggedHolder(k kind) tagged {
	return tagged{
		check: func(c *cloud.Call, action, name string) ([]cloud.Check, error) { return s.onHolder(c, action, k, name) },
		tags: func(c *cloud.Call, name string) ([]tag, error) {
			h, err := s.get(c, k, name)
			return h.Tags, err
		},
		edit: func(c *cloud.Call, name string, f func([]tag) ([]tag, error)) error {
			return s.change(c, k, name, func(h *holder) (err error) { h.Tags, err = f(h.Tags); return err })
		},
	}
}

func (s *service) taggedPolicy() tagged {
	return tagged{
		check: func(c *cloud.Call, action, policyARN string) ([]cloud.Check, error) {
			return s.onPolicy(action, policyARN)
		},
		tags: func(c *cloud.Call, policyARN string) ([]tag, error) {
			p, err := s.policy(c.Account, policyARN)
			return p.Tags, err
		},
		edit: func(c *cloud.Call, policyARN string, f func([]tag) ([]tag, error)) error {
			return s.changePolicy(c, policyARN, func(p *managed) (err error) { p.Tags, err = f(p.Tags); return err })
		},
	}
}

func (s *service) taggedProfile() tagged {
	return tagged{
		check: func(c *cloud.Call, action, name string) ([]cloud.Check, error) {
			return s.onProfile(c, action, name), nil
		},
		tags: func(c *cloud.Call, name string) ([]tag, error) {
			p, err := s.profile(c, name)
			return p.Tags, err
		},
		edit: func(c *cloud.Call, name string, f func([]tag) ([]tag, error)) error {
			return s.changeProfile(c, name, func(p *profile) (err error) { p.Tags, err = f(p.Tags); return err })
		},
	}
}

func (s *service) taggedDevice() tagged {
	return tagged{
		check: func(_ *cloud.Call, action, serial string) ([]cloud.Check, error) { return s.onDevice(action, serial) },
		tags: func(c *cloud.Call, serial string) ([]tag, error) {
			d, ok := s.devices.Get(serial)
			if !ok || d.Account != c.Account {
				return nil, noDevice(serial)
			}
			return d.Tags, nil
		},
		edit: func(c *cloud.Call, serial string, f func([]tag) ([]tag, error)) error {
			return s.changeDevice(c, serial, func(d *device) (err error) { d.Tags, err = f(d.Tags); return err })
		},
	}
}

func (s *service) taggedProvider() tagged {
	return tagged{
		check: func(_ *cloud.Call, action, providerARN string) ([]cloud.Check, error) {
			if len(providerARN) < 4 || providerARN[:4] != "arn:" {
				return nil, cloud.Errorf("ValidationError", "Invalid ARN: %s", providerARN)
			}
			return s.onProvider(action, providerARN), nil
		},
		tags: func(c *cloud.Call, providerARN string) ([]tag, error) {
			p, err := s.provider(c, providerARN)
			return p.Tags, err
		},
		edit: func(c *cloud.Call, providerARN string, f func([]tag) ([]tag, error)) error {
			return s.changeProvider(c, providerARN, func(p *provider) (err error) { p.Tags, err = f(p.Tags); return err })
		},
	}
}

func bindTag[In any](of tagged, name string, read func(in *In) (which string, tags []*Tag)) wire.Operation {
	return wire.Op[In, wire.Empty]{Name: name, Auth: func(c *cloud.Call, in *In) ([]cloud.Check, error) {
		which, tags := read(in)
		checks, err := of.check(c, name, which)
		for i := range checks {
			checks[i].Context = tagContext(contextOf(checks[i]), tags)
		}
		return checks, err
	}, Do: func(c *cloud.Call, in *In) (*wire.Empty, error) {
		which, tags := read(in)
		return nil, of.edit(c, which, func(have []tag) ([]tag, error) { return mergeTags(have, tags) })
	}}.Operation()
}

func bindUntag[In any](of tagged, name string, read func(in *In) (which string, keys []string)) wire.Operation {
	return wire.Op[In, wire.Empty]{Name: name, Auth: func(c *cloud.Call, in *In) ([]cloud.Check, error) {
		which, keys := read(in)
		checks, err := of.check(c, name, which)
		for i := range checks {
			checks[i].Context = contextOf(checks[i]).SetList("aws:TagKeys", keys...)
		}
		return checks, err
	}, Do: func(c *cloud.Call, in *In) (*wire.Empty, error) {
		which, keys := read(in)
		return nil, of.edit(c, which, func(have []tag) ([]tag, error) { return dropTags(have, keys), nil })
	}}.Operation()
}

func bindListTags[In, Out any](of tagged, name string, read func(in *In) (which, marker string, max *int64), write func(tags []*Tag, more *bool, next string) *Out) wire.Operation {
	return wire.Op[In, Out]{Name: name, Auth: func(c *cloud.Call, in *In) ([]cloud.Check, error) {
		which, _, _ := read(in)
		return of.check(c, name, which)
	}, Do: func(c *cloud.Call, in *In) (*Out, error) {
		which, marker, max := read(in)
		tags, err := of.tags(c, which)
		if err != nil {
			return nil, err
		}
		part, more, next, err := page(wireTags(tags), marker, max)
		if err != nil {
			return nil, err
		}
		return write(part, more, next), nil
	}}.Operation()
}

func contextOf(c cloud.Check) *iam.Context {
	if c.Context == nil {
		return iam.NewContext()
	}
	return c.Context
}

func (s *service) tagOps() []wire.Operation {
	users, roles, policies, profiles, devices, providers := s.taggedHolder(user), s.taggedHolder(role), s.taggedPolicy(), s.taggedProfile(), s.taggedDevice(), s.taggedProvider()
	return []wire.Operation{
		bindTag(users, "TagUser", func(in *TagUserRequest) (string, []*Tag) { return in.UserName, in.Tags }),
		bindUntag(users, "UntagUser", func(in *UntagUserRequest) (string, []string) { return in.UserName, in.TagKeys }),
		bindListTags(users, "ListUserTags", func(in *ListUserTagsRequest) (string, string, *int64) { return in.UserName, in.Marker, in.MaxItems }, func(tags []*Tag, more *bool, next string) *ListUserTagsResponse {
			return &ListUserTagsResponse{Tags: tags, IsTruncated: more, Marker: next}
		}),
		bindTag(roles, "TagRole", func(in *TagRoleRequest) (string, []*Tag) { return in.RoleName, in.Tags }),
		bindUntag(roles, "UntagRole", func(in *UntagRoleRequest) (string, []string) { return in.RoleName, in.TagKeys }),
		bindListTags(roles, "ListRoleTags", func(in *ListRoleTagsRequest) (string, string, *int64) { return in.RoleName, in.Marker, in.MaxItems }, func(tags []*Tag, more *bool, next string) *ListRoleTagsResponse {
			return &ListRoleTagsResponse{Tags: tags, IsTruncated: more, Marker: next}
		}),
		bindTag(policies, "TagPolicy", func(in *TagPolicyRequest) (string, []*Tag) { return in.PolicyArn, in.Tags }),
		bindUntag(policies, "UntagPolicy", func(in *UntagPolicyRequest) (string, []string) { return in.PolicyArn, in.TagKeys }),
		bindListTags(policies, "ListPolicyTags", func(in *ListPolicyTagsRequest) (string, string, *int64) { return in.PolicyArn, in.Marker, in.MaxItems }, func(tags []*Tag, more *bool, next string) *ListPolicyTagsResponse {
			return &ListPolicyTagsResponse{Tags: tags, IsTruncated: more, Marker: next}
		}),
		bindTag(profiles, "TagInstanceProfile", func(in *TagInstanceProfileRequest) (string, []*Tag) { return in.InstanceProfileName, in.Tags }),
		bindUntag(profiles, "UntagInstanceProfile", func(in *UntagInstanceProfileRequest) (string, []string) { return in.InstanceProfileName, in.TagKeys }),
		bindListTags(profiles, "ListInstanceProfileTags", func(in *ListInstanceProfileTagsRequest) (string, string, *int64) {
			return in.InstanceProfileName, in.Marker, in.MaxItems
		}, func(tags []*Tag, more *bool, next string) *ListInstanceProfileTagsResponse {
			return &ListInstanceProfileTagsResponse{Tags: tags, IsTruncated: more, Marker: next}
		}),
		bindTag(devices, "TagMFADevice", func(in *TagMFADeviceRequest) (string, []*Tag) { return in.SerialNumber, in.Tags }),
		bindUntag(devices, "UntagMFADevice", func(in *UntagMFADeviceRequest) (string, []string) { return in.SerialNumber, in.TagKeys }),
		bindListTags(devices, "ListMFADeviceTags", func(in *ListMFADeviceTagsRequest) (string, string, *int64) {
			return in.SerialNumber, in.Marker, in.MaxItems
		}, func(tags []*Tag, more *bool, next string) *ListMFADeviceTagsResponse {
			return &ListMFADeviceTagsResponse{Tags: tags, IsTruncated: more, Marker: next}
		}),
		bindTag(providers, "TagOpenIDConnectProvider", func(in *TagOpenIDConnectProviderRequest) (string, []*Tag) {
			return in.OpenIDConnectProviderArn, in.Tags
		}),
		bindUntag(providers, "UntagOpenIDConnectProvider", func(in *UntagOpenIDConnectProviderRequest) (string, []string) {
			return in.OpenIDConnectProviderArn, in.TagKeys
		}),
		bindListTags(providers, "ListOpenIDConnectProviderTags", func(in *ListOpenIDConnectProviderTagsRequest) (string, string, *int64) {
			return in.OpenIDConnectProviderArn, in.Marker, in.MaxItems
		}, func(tags []*Tag, more *bool, next string) *ListOpenIDConnectProviderTagsResponse {
			return &ListOpenIDConnectProviderTagsResponse{Tags: tags, IsTruncated: more, Marker: next}
		}),
	}
}
