package logs

import (
	"maps"
	"slices"
	"strings"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// retentions are the days that PutRetentionPolicy takes.
var retentions = []int64{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

func (s *service) groupOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[CreateLogGroupRequest, wire.Empty]{Name: "CreateLogGroup", Auth: func(c *cloud.Call, in *CreateLogGroupRequest) ([]cloud.Check, error) {
			check := s.onGroup("CreateLogGroup", groupARN(c.Region, c.Account, in.LogGroupName))
			requestTags(check.Context, in.Tags)
			checks := []cloud.Check{check}
			if len(in.Tags) > 0 {
				tag := check
				tag.Action = "logs:TagResource"
				checks = append(checks, tag)
			}
			return checks, nil
		}, Do: s.createGroup}.Operation(),
		bindGroup(s, "DeleteLogGroup", func(in *DeleteLogGroupRequest) string { return in.LogGroupName }, s.deleteGroup),
		wire.Op[DescribeLogGroupsRequest, DescribeLogGroupsResponse]{Name: "DescribeLogGroups", Do: s.describeGroups}.Operation(),
		bindGroup(s, "PutRetentionPolicy", func(in *PutRetentionPolicyRequest) string { return in.LogGroupName }, func(_ *cloud.Call, g group, in *PutRetentionPolicyRequest) (*wire.Empty, error) {
			if !slices.Contains(retentions, in.RetentionInDays) {
				return nil, invalid("Invalid retentionInDays value %d.", in.RetentionInDays)
			}
			return nil, s.changeGroup(g.ARN, func(g *group) error { g.Retention = in.RetentionInDays; return nil })
		}),
		bindGroup(s, "DeleteRetentionPolicy", func(in *DeleteRetentionPolicyRequest) string { return in.LogGroupName }, func(_ *cloud.Call, g group, _ *DeleteRetentionPolicyRequest) (*wire.Empty, error) {
			return nil, s.changeGroup(g.ARN, func(g *group) error { g.Retention = 0; return nil })
		}),
	}
}

// requestTags adds the condition keys of the tags in a request.
func requestTags(ctx *iam.Context, tags map[string]string) {
	for k, v := range tags {
		ctx.Set("aws:RequestTag/"+k, v)
	}
	if len(tags) > 0 {
		ctx.SetList("aws:TagKeys", slices.Sorted(maps.Keys(tags))...)
	}
}

func (s *service) createGroup(c *cloud.Call, in *CreateLogGroupRequest) (*wire.Empty, error) {
	if in.DeletionProtectionEnabled != nil && *in.DeletionProtectionEnabled {
		return nil, cloud.NotImplemented("deletion protection")
	}
	if in.KmsKeyId != "" {
		return nil, cloud.NotImplemented("KMS keys of log groups")
	}
	g := group{Account: c.Account, Region: c.Region, Name: in.LogGroupName, ARN: groupARN(c.Region, c.Account, in.LogGroupName), Class: in.LogGroupClass, Tags: maps.Clone(in.Tags), Created: c.Time}
	if g.Class == "" {
		g.Class = "STANDARD"
	}
	_, err := s.groups.Update(g.ARN, func(old group, exists bool) (group, error) {
		if exists {
			return old, cloud.Errorf("ResourceAlreadyExistsException", "The specified log group already exists")
		}
		return g, nil
	})
	return nil, err
}

func (s *service) deleteGroup(_ *cloud.Call, g group, _ *DeleteLogGroupRequest) (*wire.Empty, error) {
	for _, st := range s.streamsOf(g.ARN) {
		if err := s.dropStream(st); err != nil {
			return nil, err
		}
	}
	return nil, s.groups.Delete(g.ARN)
}

func (s *service) streamsOf(group string) []stream {
	return s.streams.Select(func(_ string, st stream) bool { return st.Group == group })
}

func (s *service) describeGroups(c *cloud.Call, in *DescribeLogGroupsRequest) (*DescribeLogGroupsResponse, error) {
	if len(in.AccountIdentifiers) > 0 || in.IncludeLinkedAccounts != nil && *in.IncludeLinkedAccounts {
		return nil, cloud.NotImplemented("log groups of linked accounts")
	}
	if in.LogGroupNamePrefix != "" && in.LogGroupNamePattern != "" {
		return nil, invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
	}
	all := s.groups.Select(func(_ string, g group) bool {
		named := len(in.LogGroupIdentifiers) == 0 || slices.Contains(in.LogGroupIdentifiers, g.Name) || slices.Contains(in.LogGroupIdentifiers, g.ARN)
		return g.Account == c.Account && g.Region == c.Region && named && strings.HasPrefix(g.Name, in.LogGroupNamePrefix) &&
			strings.Contains(strings.ToLower(g.Name), strings.ToLower(in.LogGroupNamePattern)) && (in.LogGroupClass == "" || in.LogGroupClass == g.Class)
	})
	part, next := page(all, func(g group) string { return g.Name }, in.NextToken, in.Limit, 50)
	out := &DescribeLogGroupsResponse{LogGroups: []*LogGroup{}, NextToken: next}
	for _, g := range part {
		zero, size := int64(0), int64(0)
		for _, st := range s.streamsOf(g.ARN) {
			size += s.book(st.ID).size()
		}
		v := &LogGroup{LogGroupName: g.Name, CreationTime: milli(g.Created), MetricFilterCount: &zero, Arn: g.ARN + ":*", LogGroupArn: g.ARN, StoredBytes: &size, LogGroupClass: g.Class}
		if g.Retention > 0 {
			v.RetentionInDays = &g.Retention
		}
		out.LogGroups = append(out.LogGroups, v)
	}
	return out, nil
}
