package logs

import (
	"maps"
	"strings"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// maxPolicies is the most resource policies of an account and region.
const maxPolicies = 10

func (s *service) policyOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[PutResourcePolicyRequest, PutResourcePolicyResponse]{Name: "PutResourcePolicy", Do: s.putPolicy}.Operation(),
		wire.Op[DeleteResourcePolicyRequest, wire.Empty]{Name: "DeleteResourcePolicy", Do: func(c *cloud.Call, in *DeleteResourcePolicyRequest) (*wire.Empty, error) {
			if in.ResourceArn != "" || in.ExpectedRevisionId != "" {
				return nil, cloud.NotImplemented("resource policies of single log groups")
			}
			key := policyKey(c, in.PolicyName)
			if _, ok := s.policies.Get(key); !ok {
				return nil, cloud.Errorf("ResourceNotFoundException", "Policy with name [%s] does not exist.", in.PolicyName)
			}
			return nil, s.policies.Delete(key)
		}}.Operation(),
		wire.Op[DescribeResourcePoliciesRequest, DescribeResourcePoliciesResponse]{Name: "DescribeResourcePolicies", Do: s.describePolicies}.Operation(),
	}
}

func policyKey(c *cloud.Call, name string) string { return c.Account + "/" + c.Region + "/" + name }

func (s *service) putPolicy(c *cloud.Call, in *PutResourcePolicyRequest) (*PutResourcePolicyResponse, error) {
	if in.ResourceArn != "" || in.ExpectedRevisionId != "" {
		return nil, cloud.NotImplemented("resource policies of single log groups")
	}
	if in.PolicyName == "" {
		return nil, invalid("Policy name must not be empty.")
	}
	if err := s.world.CheckResourcePolicy("logs", in.PolicyDocument); err != nil {
		return nil, invalid("Policy document is not valid: %v", err)
	}
	key := policyKey(c, in.PolicyName)
	if _, exists := s.policies.Get(key); !exists && len(s.policies.Keys(func(k string) bool { return strings.HasPrefix(k, policyKey(c, "")) })) >= maxPolicies {
		return nil, cloud.Errorf("LimitExceededException", "Resource limit exceeded.")
	}
	p := policyRow{Account: c.Account, Region: c.Region, Name: in.PolicyName, Document: in.PolicyDocument, Updated: c.Time}
	return &PutResourcePolicyResponse{ResourcePolicy: p.view()}, s.policies.Put(key, p)
}

func (p policyRow) view() *ResourcePolicy {
	return &ResourcePolicy{PolicyName: p.Name, PolicyDocument: p.Document, LastUpdatedTime: milli(p.Updated), PolicyScope: "ACCOUNT"}
}

func (s *service) describePolicies(c *cloud.Call, in *DescribeResourcePoliciesRequest) (*DescribeResourcePoliciesResponse, error) {
	if in.ResourceArn != "" || in.PolicyScope == "RESOURCE" {
		return nil, cloud.NotImplemented("resource policies of single log groups")
	}
	all := s.policies.Select(func(k string, _ policyRow) bool { return strings.HasPrefix(k, policyKey(c, "")) })
	part, next := page(all, func(p policyRow) string { return p.Name }, in.NextToken, in.Limit, 50)
	out := &DescribeResourcePoliciesResponse{ResourcePolicies: []*ResourcePolicy{}, NextToken: next}
	for _, p := range part {
		out.ResourcePolicies = append(out.ResourcePolicies, p.view())
	}
	return out, nil
}

// tagged reads the ARN of a log group in a tagging call, with or without ":*".
func tagged(text string) (string, error) {
	a, err := arn.Parse(text)
	if err != nil || a.Service != "logs" {
		return "", invalid("Invalid resource arn: %s", text)
	}
	if !strings.HasPrefix(a.Resource, "log-group:") {
		return "", cloud.NotImplemented("tags of " + text)
	}
	return strings.TrimSuffix(text, ":*"), nil
}

// onTagged is the check of a tagging call, which IAM sees on the bare ARN of the
// group.
func (s *service) onTagged(action, text string, more func(ctx *iam.Context)) ([]cloud.Check, error) {
	full, err := tagged(text)
	if err != nil {
		return nil, err
	}
	ctx := s.tagContext(full)
	more(ctx)
	return []cloud.Check{{Action: "logs:" + action, Resource: full, Context: ctx}}, nil
}

func (s *service) tagOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[TagResourceRequest, wire.Empty]{Name: "TagResource", Auth: func(_ *cloud.Call, in *TagResourceRequest) ([]cloud.Check, error) {
			return s.onTagged("TagResource", in.ResourceArn, func(ctx *iam.Context) { requestTags(ctx, in.Tags) })
		}, Do: func(_ *cloud.Call, in *TagResourceRequest) (*wire.Empty, error) {
			full, err := tagged(in.ResourceArn)
			if err != nil {
				return nil, err
			}
			return nil, s.addTags(full, in.Tags)
		}}.Operation(),
		wire.Op[UntagResourceRequest, wire.Empty]{Name: "UntagResource", Auth: func(_ *cloud.Call, in *UntagResourceRequest) ([]cloud.Check, error) {
			return s.onTagged("UntagResource", in.ResourceArn, func(ctx *iam.Context) { ctx.SetList("aws:TagKeys", in.TagKeys...) })
		}, Do: func(_ *cloud.Call, in *UntagResourceRequest) (*wire.Empty, error) {
			full, err := tagged(in.ResourceArn)
			if err != nil {
				return nil, err
			}
			return nil, s.dropTags(full, in.TagKeys)
		}}.Operation(),
		wire.Op[ListTagsForResourceRequest, ListTagsForResourceResponse]{Name: "ListTagsForResource", Auth: func(_ *cloud.Call, in *ListTagsForResourceRequest) ([]cloud.Check, error) {
			return s.onTagged("ListTagsForResource", in.ResourceArn, func(*iam.Context) {})
		}, Do: func(_ *cloud.Call, in *ListTagsForResourceRequest) (*ListTagsForResourceResponse, error) {
			full, err := tagged(in.ResourceArn)
			if err != nil {
				return nil, err
			}
			g, ok := s.groups.Get(full)
			if !ok {
				return nil, noGroup()
			}
			return &ListTagsForResourceResponse{Tags: g.Tags}, nil
		}}.Operation(),
		wire.Op[TagLogGroupRequest, wire.Empty]{Name: "TagLogGroup", Auth: func(c *cloud.Call, in *TagLogGroupRequest) ([]cloud.Check, error) {
			check := s.onGroup("TagLogGroup", groupARN(c.Region, c.Account, in.LogGroupName))
			requestTags(check.Context, in.Tags)
			return []cloud.Check{check}, nil
		}, Do: func(c *cloud.Call, in *TagLogGroupRequest) (*wire.Empty, error) {
			return nil, s.addTags(groupARN(c.Region, c.Account, in.LogGroupName), in.Tags)
		}}.Operation(),
		wire.Op[UntagLogGroupRequest, wire.Empty]{Name: "UntagLogGroup", Auth: func(c *cloud.Call, in *UntagLogGroupRequest) ([]cloud.Check, error) {
			check := s.onGroup("UntagLogGroup", groupARN(c.Region, c.Account, in.LogGroupName))
			check.Context.SetList("aws:TagKeys", in.Tags...)
			return []cloud.Check{check}, nil
		}, Do: func(c *cloud.Call, in *UntagLogGroupRequest) (*wire.Empty, error) {
			return nil, s.dropTags(groupARN(c.Region, c.Account, in.LogGroupName), in.Tags)
		}}.Operation(),
		bindGroup(s, "ListTagsLogGroup", func(in *ListTagsLogGroupRequest) string { return in.LogGroupName }, func(_ *cloud.Call, g group, _ *ListTagsLogGroupRequest) (*ListTagsLogGroupResponse, error) {
			return &ListTagsLogGroupResponse{Tags: g.Tags}, nil
		}),
	}
}

const maxTags = 50

func (s *service) addTags(full string, tags map[string]string) error {
	return s.changeGroup(full, func(g *group) error {
		now := maps.Clone(g.Tags)
		if now == nil {
			now = map[string]string{}
		}
		maps.Copy(now, tags)
		if len(now) > maxTags {
			return cloud.Errorf("TooManyTagsException", "The resource has more than %d tags.", maxTags)
		}
		g.Tags = now
		return nil
	})
}

func (s *service) dropTags(full string, keys []string) error {
	return s.changeGroup(full, func(g *group) error {
		now := maps.Clone(g.Tags)
		for _, k := range keys {
			delete(now, k)
		}
		g.Tags = now
		return nil
	})
}
