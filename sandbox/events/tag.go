package events

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

func (s *service) tagOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[TagResourceRequest, TagResourceResponse]{Name: "TagResource", Auth: func(_ *cloud.Call, in *TagResourceRequest) ([]cloud.Check, error) {
			return []cloud.Check{s.tagCheck("TagResource", in.ResourceARN, func(ctx *iam.Context) { requestTags(ctx, in.Tags) })}, nil
		}, Do: func(_ *cloud.Call, in *TagResourceRequest) (*TagResourceResponse, error) {
			return nil, s.editTags(in.ResourceARN, func(have []tag) ([]tag, error) { return mergeTags(have, in.Tags) })
		}}.Operation(),
		wire.Op[UntagResourceRequest, UntagResourceResponse]{Name: "UntagResource", Auth: func(_ *cloud.Call, in *UntagResourceRequest) ([]cloud.Check, error) {
			return []cloud.Check{s.tagCheck("UntagResource", in.ResourceARN, func(ctx *iam.Context) { ctx.SetList("aws:TagKeys", in.TagKeys...) })}, nil
		}, Do: func(_ *cloud.Call, in *UntagResourceRequest) (*UntagResourceResponse, error) {
			return nil, s.editTags(in.ResourceARN, func(have []tag) ([]tag, error) {
				return slices.DeleteFunc(have, func(t tag) bool { return slices.Contains(in.TagKeys, t.Key) }), nil
			})
		}}.Operation(),
		wire.Op[ListTagsForResourceRequest, ListTagsForResourceResponse]{Name: "ListTagsForResource", Auth: func(_ *cloud.Call, in *ListTagsForResourceRequest) ([]cloud.Check, error) {
			return []cloud.Check{s.tagCheck("ListTagsForResource", in.ResourceARN, func(*iam.Context) {})}, nil
		}, Do: func(_ *cloud.Call, in *ListTagsForResourceRequest) (*ListTagsForResourceResponse, error) {
			tags, err := s.tags(in.ResourceARN)
			out := &ListTagsForResourceResponse{Tags: []*Tag{}}
			for _, t := range tags {
				out.Tags = append(out.Tags, &Tag{Key: t.Key, Value: t.Value})
			}
			return out, err
		}}.Operation(),
	}
}

func isBus(full string) bool { return strings.Contains(full, ":event-bus/") }

func (s *service) tags(full string) ([]tag, error) {
	if isBus(full) {
		b, err := s.bus(full)
		return b.Tags, err
	}
	r, ok := s.rules.Get(full)
	if !ok {
		return nil, notFound("Rule %s does not exist.", full)
	}
	return r.Tags, nil
}

func (s *service) tagCheck(action, full string, more func(ctx *iam.Context)) cloud.Check {
	ctx := iam.NewContext()
	if have, err := s.tags(full); err == nil {
		tagContext(ctx, have)
	}
	more(ctx)
	return cloud.Check{Action: "events:" + action, Resource: full, Context: ctx}
}

func (s *service) editTags(full string, f func(have []tag) ([]tag, error)) error {
	if isBus(full) {
		return s.changeBus(full, func(b *bus) (err error) { b.Tags, err = f(b.Tags); return err })
	}
	return s.changeRule(full, func(r *rule) (err error) { r.Tags, err = f(r.Tags); return err })
}

const maxTags = 50

func mergeTags(have []tag, add []*Tag) ([]tag, error) {
	out := slices.Clone(have)
	for _, t := range add {
		if strings.HasPrefix(strings.ToLower(t.Key), "aws:") {
			return nil, invalid("Tag keys must not begin with aws:.")
		}
		if i := slices.IndexFunc(out, func(o tag) bool { return o.Key == t.Key }); i >= 0 {
			out[i].Value = t.Value
			continue
		}
		out = append(out, tag{t.Key, t.Value})
	}
	if len(out) > maxTags {
		return nil, cloud.Errorf("LimitExceededException", "The resource has more than %d tags.", maxTags)
	}
	return out, nil
}
