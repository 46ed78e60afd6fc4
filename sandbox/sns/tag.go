package sns

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

const maxTags = 50

func (s *service) tagOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[TagResourceRequest, TagResourceResponse]{Name: "TagResource", Auth: func(_ *cloud.Call, in *TagResourceRequest) ([]cloud.Check, error) {
			checks, err := s.onTopic("TagResource", in.ResourceArn)
			if err == nil {
				tagKeys(checks[0].Context, in.Tags)
			}
			return checks, err
		}, Do: func(_ *cloud.Call, in *TagResourceRequest) (*TagResourceResponse, error) {
			return nil, s.editTags(in.ResourceArn, func(have []tag) ([]tag, error) { return mergeTags(have, in.Tags) })
		}}.Operation(),
		wire.Op[UntagResourceRequest, UntagResourceResponse]{Name: "UntagResource", Auth: func(_ *cloud.Call, in *UntagResourceRequest) ([]cloud.Check, error) {
			checks, err := s.onTopic("UntagResource", in.ResourceArn)
			if err == nil {
				checks[0].Context.SetList("aws:TagKeys", in.TagKeys...)
			}
			return checks, err
		}, Do: func(_ *cloud.Call, in *UntagResourceRequest) (*UntagResourceResponse, error) {
			return nil, s.editTags(in.ResourceArn, func(have []tag) ([]tag, error) {
				return slices.DeleteFunc(have, func(t tag) bool { return slices.Contains(in.TagKeys, t.Key) }), nil
			})
		}}.Operation(),
		wire.Op[ListTagsForResourceRequest, ListTagsForResourceResponse]{Name: "ListTagsForResource", Auth: func(_ *cloud.Call, in *ListTagsForResourceRequest) ([]cloud.Check, error) {
			return s.onTopic("ListTagsForResource", in.ResourceArn)
		}, Do: func(_ *cloud.Call, in *ListTagsForResourceRequest) (*ListTagsForResourceResponse, error) {
			t, ok := s.topics.Get(in.ResourceArn)
			if !ok {
				return nil, cloud.Errorf("ResourceNotFoundException", "Resource does not exist")
			}
			out := &ListTagsForResourceResponse{Tags: []*Tag{}}
			for _, g := range t.Tags {
				out.Tags = append(out.Tags, &Tag{Key: g.Key, Value: g.Value})
			}
			return out, nil
		}}.Operation(),
	}
}

func (s *service) editTags(text string, f func(have []tag) ([]tag, error)) error {
	if _, ok := s.topics.Get(text); !ok {
		return cloud.Errorf("ResourceNotFoundException", "Resource does not exist")
	}
	return s.change(text, func(t *topic) (err error) {
		t.Tags, err = f(t.Tags)
		return err
	})
}

// tagKeys adds the condition keys of the tags in a request.
func tagKeys(ctx *iam.Context, tags []*Tag) *iam.Context {
	if len(tags) == 0 {
		return ctx
	}
	var keys []string
	for _, t := range tags {
		ctx.Set("aws:RequestTag/"+t.Key, t.Value)
		keys = append(keys, t.Key)
	}
	return ctx.SetList("aws:TagKeys", keys...)
}

func mergeTags(have []tag, add []*Tag) ([]tag, error) {
	out, seen := slices.Clone(have), map[string]bool{}
	for _, t := range add {
		if seen[t.Key] || strings.HasPrefix(strings.ToLower(t.Key), "aws:") {
			return nil, invalid("Tag keys must be distinct and must not begin with aws:")
		}
		seen[t.Key] = true
		if i := slices.IndexFunc(out, func(o tag) bool { return o.Key == t.Key }); i >= 0 {
			out[i].Value = t.Value
			continue
		}
		out = append(out, tag{t.Key, t.Value})
	}
	if len(out) > maxTags {
		return nil, cloud.Errorf("TagLimitExceededException", "Could not complete request: tag quota of per resource exceeded")
	}
	return out, nil
}

func sameTags(a, b []tag) bool {
	order := func(x, y tag) int { return strings.Compare(x.Key, y.Key) }
	a, b = slices.Clone(a), slices.Clone(b)
	slices.SortFunc(a, order)
	slices.SortFunc(b, order)
	return slices.Equal(a, b)
}
