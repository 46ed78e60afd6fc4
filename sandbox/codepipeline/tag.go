package codepipeline

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
)

const maxTags = 50

// checkTags checks tags that are to be added to those there are.
func checkTags(has, add []*Tag) error {
	seen := map[string]bool{}
	for _, t := range add {
		switch {
		case strings.HasPrefix(strings.ToLower(t.Key), "aws:"):
			return cloud.Errorf("InvalidTagsException", "Tag keys must not begin with 'aws:': %s", t.Key)
		case seen[t.Key]:
			return cloud.Errorf("InvalidTagsException", "The tag key '%s' is used more than once", t.Key)
		}
		seen[t.Key] = true
	}
	total := len(seen)
	for _, t := range has {
		if !seen[t.Key] {
			total++
		}
	}
	if total > maxTags {
		return cloud.Errorf("TooManyTagsException", "A resource can have no more than %d tags", maxTags)
	}
	return nil
}

// tagged is a resource that has tags: how to read and change them.
type tagged struct {
	tags   []*Tag
	change func(f func(was []*Tag) ([]*Tag, error)) error
}

// taggedResource finds the resource of an ARN in the caller's account and region.
func (s *service) taggedResource(c *cloud.Call, text string) (tagged, error) {
	a, err := arn.Parse(text)
	if err != nil || a.Service != "codepipeline" {
		return tagged{}, cloud.Errorf("InvalidArnException", "The ARN '%s' is not valid", text)
	}
	missing := cloud.Errorf("ResourceNotFoundException", "The resource '%s' could not be found", text)
	if a.Account != c.Account || a.Region != c.Region {
		return tagged{}, missing
	}
	if name, ok := strings.CutPrefix(a.Resource, "webhook:"); ok {
		return s.taggedWebhook(c, name, missing)
	}
	if name, ok := strings.CutPrefix(a.Resource, "actiontype:"); ok {
		return s.taggedType(c, name, missing)
	}
	p, ok := s.actor(c.Account, c.Region, a.Resource)
	if !ok {
		return tagged{}, missing
	}
	return tagged{p.view().pipeline.Tags, func(f func([]*Tag) ([]*Tag, error)) error { return s.apply(p, retag{f}) }}, nil
}

func (s *service) taggedWebhook(c *cloud.Call, name string, missing error) (tagged, error) {
	key := webhookKey(c.Account, c.Region, name)
	w, ok := s.webhooks.Get(key)
	if !ok {
		return tagged{}, missing
	}
	return tagged{w.Tags, func(f func([]*Tag) ([]*Tag, error)) error {
		_, err := s.webhooks.Update(key, func(was *webhook, ok bool) (*webhook, error) {
			if !ok {
				return nil, missing
			}
			row := *was
			var err error
			row.Tags, err = f(was.Tags)
			return &row, err
		})
		return err
	}}, nil
}

func (s *service) taggedType(c *cloud.Call, name string, missing error) (tagged, error) {
	key := c.Account + "/" + c.Region + "/" + name
	t, ok := s.types.Get(key)
	if !ok || t.Deleted {
		return tagged{}, missing
	}
	return tagged{t.Tags, func(f func([]*Tag) ([]*Tag, error)) error {
		_, err := s.types.Update(key, func(was *actionType, ok bool) (*actionType, error) {
			if !ok {
				return nil, missing
			}
			row := *was
			var err error
			row.Tags, err = f(was.Tags)
			return &row, err
		})
		return err
	}}, nil
}

// retag changes a pipeline's tags.
type retag struct {
	change func(was []*Tag) ([]*Tag, error)
}

func (e retag) apply(m *machine) error {
	tags, err := e.change(m.state.Pipeline.Tags)
	if err != nil {
		return err
	}
	m.pipeline().Tags = tags
	return nil
}

func (s *service) onTagged(c *cloud.Call, action, resource string, ctx *iam.Context) ([]cloud.Check, error) {
	if t, err := s.taggedResource(c, resource); err == nil {
		resourceTags(ctx, t.tags)
	}
	return s.one(c, action, resource, ctx)
}

func (s *service) tagResource(c *cloud.Call, in *TagResourceInput) (*TagResourceOutput, error) {
	t, err := s.taggedResource(c, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return nil, t.change(func(was []*Tag) ([]*Tag, error) {
		if err := checkTags(was, in.Tags); err != nil {
			return nil, err
		}
		out := slices.DeleteFunc(slices.Clone(was), func(w *Tag) bool {
			return slices.ContainsFunc(in.Tags, func(n *Tag) bool { return n.Key == w.Key })
		})
		return append(out, in.Tags...), nil
	})
}

func (s *service) untagResource(c *cloud.Call, in *UntagResourceInput) (*UntagResourceOutput, error) {
	t, err := s.taggedResource(c, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return nil, t.change(func(was []*Tag) ([]*Tag, error) {
		return slices.DeleteFunc(slices.Clone(was), func(w *Tag) bool { return slices.Contains(in.TagKeys, w.Key) }), nil
	})
}

func (s *service) listTagsForResource(c *cloud.Call, in *ListTagsForResourceInput) (*ListTagsForResourceOutput, error) {
	t, err := s.taggedResource(c, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	// Paging is accepted and has no effect, as on AWS.
	return &ListTagsForResourceOutput{Tags: append([]*Tag{}, t.tags...)}, nil
}
