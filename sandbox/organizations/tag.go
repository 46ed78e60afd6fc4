package organizations

import (
	"slices"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// tag adds tags to an account, unit, root or policy.
func (o *organization) tag(id string, add []*Tag) error {
	if len(add) == 0 {
		return nil
	}
	have, seen := slices.Clone(o.Tags[id]), map[string]bool{}
	for _, t := range add {
		if seen[t.Key] {
			return failed("InvalidInputException", "DUPLICATE_TAG_KEY", "You specified the tag key %s more than once.", t.Key)
		}
		seen[t.Key] = true
		if i := slices.IndexFunc(have, func(h tag) bool { return h.Key == t.Key }); i >= 0 {
			have[i].Value = t.Value
			continue
		}
		have = append(have, tag{t.Key, t.Value})
	}
	if len(have) > maxResourceTags {
		return failed("ConstraintViolationException", "MAX_TAG_LIMIT_EXCEEDED", "You have exceeded the number of tags allowed on this resource.")
	}
	o.Tags[id] = have
	return nil
}

func (o *organization) onTagged(id string) ([]target, string) {
	if _, ok := o.policy(id); ok {
		on, kind := o.onPolicy(id)
		return []target{on}, kind
	}
	return []target{o.entity(id)}, ""
}

func (o *organization) taggable(id string) error {
	if p, ok := o.policy(id); ok && !p.AWS || o.exists(id) {
		return nil
	}
	return noTarget()
}

func (s *service) tagOps() []wire.Operation {
	return []wire.Operation{
		use(s, "TagResource", true, func(o *organization, in *TagResourceRequest) ([]target, string) { return o.onTagged(in.ResourceId) }, func(_ *cloud.Call, o *organization, in *TagResourceRequest) (*wire.Empty, error) {
			if err := o.taggable(in.ResourceId); err != nil {
				return nil, err
			}
			return nil, o.tag(in.ResourceId, in.Tags)
		}),
		use(s, "UntagResource", true, func(o *organization, in *UntagResourceRequest) ([]target, string) { return o.onTagged(in.ResourceId) }, func(_ *cloud.Call, o *organization, in *UntagResourceRequest) (*wire.Empty, error) {
			if err := o.taggable(in.ResourceId); err != nil {
				return nil, err
			}
			o.Tags[in.ResourceId] = slices.DeleteFunc(slices.Clone(o.Tags[in.ResourceId]), func(t tag) bool { return slices.Contains(in.TagKeys, t.Key) })
			return nil, nil
		}),
		use(s, "ListTagsForResource", false, func(o *organization, in *ListTagsForResourceRequest) ([]target, string) {
			return o.onTagged(in.ResourceId)
		}, func(_ *cloud.Call, o *organization, in *ListTagsForResourceRequest) (*ListTagsForResourceResponse, error) {
			if err := o.taggable(in.ResourceId); err != nil {
				return nil, err
			}
			all := []*Tag{}
			for _, t := range o.Tags[in.ResourceId] {
				all = append(all, &Tag{Key: t.Key, Value: t.Value})
			}
			out := &ListTagsForResourceResponse{}
			var err error
			out.Tags, out.NextToken, err = page(all, in.NextToken, nil)
			return out, err
		}),
	}
}
