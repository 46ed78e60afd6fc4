package cloudtrail

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

func (s *service) trailOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[CreateTrailRequest, CreateTrailResponse]{Name: "CreateTrail", Auth: func(c *cloud.Call, in *CreateTrailRequest) ([]cloud.Check, error) {
			ctx, on := requestTags(iam.NewContext(), in.TagsList), trailARN(c.Region, c.Account, in.Name)
			checks := []cloud.Check{{Action: "cloudtrail:CreateTrail", Resource: on, Context: ctx}}
			if len(in.TagsList) > 0 {
				checks = append(checks, cloud.Check{Action: "cloudtrail:AddTags", Resource: on, Context: ctx})
			}
			return checks, nil
		}, Do: s.create}.Operation(),
		bind(s, "UpdateTrail", func(in *UpdateTrailRequest) string { return in.Name }, s.update),
		bind(s, "DeleteTrail", func(in *DeleteTrailRequest) string { return in.Name }, func(_ *cloud.Call, t trail, _ *DeleteTrailRequest) (*DeleteTrailResponse, error) {
			s.forget(t.ARN)
			return nil, s.trails.Delete(t.ARN)
		}),
		wire.Op[DescribeTrailsRequest, DescribeTrailsResponse]{Name: "DescribeTrails", Do: s.describe}.Operation(),
		bind(s, "GetTrail", func(in *GetTrailRequest) string { return in.Name }, func(_ *cloud.Call, t trail, _ *GetTrailRequest) (*GetTrailResponse, error) {
			return &GetTrailResponse{Trail: t.view()}, nil
		}),
		bind(s, "GetTrailStatus", func(in *GetTrailStatusRequest) string { return in.Name }, status),
		bind(s, "StartLogging", func(in *StartLoggingRequest) string { return in.Name }, func(c *cloud.Call, t trail, _ *StartLoggingRequest) (*StartLoggingResponse, error) {
			_, err := s.change(t.ARN, func(t *trail) error { t.Logging, t.Started = true, c.Time; return nil })
			return nil, err
		}),
		bind(s, "StopLogging", func(in *StopLoggingRequest) string { return in.Name }, func(c *cloud.Call, t trail, _ *StopLoggingRequest) (*StopLoggingResponse, error) {
			_, err := s.change(t.ARN, func(t *trail) error { t.Logging, t.Stopped = false, c.Time; return nil })
			return nil, err
		}),
		wire.Op[ListTrailsRequest, ListTrailsResponse]{Name: "ListTrails", Do: func(c *cloud.Call, _ *ListTrailsRequest) (*ListTrailsResponse, error) {
			out := &ListTrailsResponse{Trails: []*TrailInfo{}}
			for _, t := range s.trails.Select(func(_ string, t trail) bool { return t.Account == c.Account }) {
				out.Trails = append(out.Trails, &TrailInfo{TrailARN: t.ARN, Name: t.Name, HomeRegion: t.Region})
			}
			return out, nil
		}}.Operation(),
	}
}

var (
	trailChars = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)
	adjacent   = regexp.MustCompile(`[._-]{2}`)
	alnum      = regexp.MustCompile(`^[A-Za-z0-9]$`)
)

func checkName(name string) error {
	refuse := func(format string, args ...any) error {
		return cloud.Errorf("InvalidTrailNameException", format, args...)
	}
	switch {
	case len(name) < 3:
		return refuse("Trail name too short. Minimum allowed length: 3 characters. Specified name length: %d characters.", len(name))
	case len(name) > 128:
		return refuse("Trail name too long. Maximum allowed length: 128 characters. Specified name length: %d characters.", len(name))
	case !trailChars.MatchString(name):
		return refuse("Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), hyphens (-), and underscores (_).")
	case !alnum.MatchString(name[:1]):
		return refuse("Trail name must starts with a letter or number.")
	case !alnum.MatchString(name[len(name)-1:]):
		return refuse("Trail name must ends with a letter or number.")
	case adjacent.MatchString(name):
		return refuse("Trail name must not contain adjacent periods, hyphens or underscores.")
	}
	return nil
}

func on(flag *bool) bool { return flag != nil && *flag }

// unsupported refuses what trails of the sandbox cannot do.
func unsupported(validation, organization *bool, key, group, role string) error {
	switch {
	case on(validation):
		return cloud.NotImplemented("log file validation")
	case on(organization):
		return cloud.NotImplemented("organization trails")
	case key != "":
		return cloud.NotImplemented("KMS keys of trails")
	case group != "" || role != "":
		return cloud.NotImplemented("delivery of trails to CloudWatch Logs")
	}
	return nil
}

// maxTrails is the most trails of an account in a region.
const maxTrails = 5

func (s *service) create(c *cloud.Call, in *CreateTrailRequest) (*CreateTrailResponse, error) {
	if err := checkName(in.Name); err != nil {
		return nil, err
	}
	if err := unsupported(in.EnableLogFileValidation, in.IsOrganizationTrail, in.KmsKeyId, in.CloudWatchLogsLogGroupArn, in.CloudWatchLogsRoleArn); err != nil {
		return nil, err
	}
	t := trail{Account: c.Account, Region: c.Region, Name: in.Name, ARN: trailARN(c.Region, c.Account, in.Name), Bucket: in.S3BucketName, Prefix: in.S3KeyPrefix,
		Topic: topicARN(c, in.SnsTopicName), Global: in.IncludeGlobalServiceEvents == nil || *in.IncludeGlobalServiceEvents, MultiRegion: on(in.IsMultiRegionTrail)}
	if t.MultiRegion && !t.Global {
		return nil, cloud.Errorf("InvalidParameterCombinationException", "Multi-Region trail must include global service events.")
	}
	var err error
	if t.Tags, err = mergeTags(nil, in.TagsList); err != nil {
		return nil, err
	}
	if _, exists := s.trails.Get(t.ARN); exists {
		return nil, cloud.Errorf("TrailAlreadyExistsException", "Trail %s already exists for customer: %s", t.Name, t.Account)
	}
	if n := len(s.trails.Select(func(_ string, o trail) bool { return o.Account == t.Account && o.Region == t.Region })); n >= maxTrails {
		return nil, cloud.Errorf("MaximumNumberOfTrailsExceededException", "User: %s already has %d trails in %s.", t.Account, n, t.Region)
	}
	if err := s.checkBucket(c, t); err != nil {
		return nil, err
	}
	_, err = s.trails.Update(t.ARN, func(old trail, exists bool) (trail, error) {
		if exists {
			return old, cloud.Errorf("TrailAlreadyExistsException", "Trail %s already exists for customer: %s", t.Name, t.Account)
		}
		return t, nil
	})
	v := t.view()
	return &CreateTrailResponse{Name: v.Name, S3BucketName: v.S3BucketName, S3KeyPrefix: v.S3KeyPrefix, SnsTopicName: v.SnsTopicName, SnsTopicARN: v.SnsTopicARN,
		IncludeGlobalServiceEvents: v.IncludeGlobalServiceEvents, IsMultiRegionTrail: v.IsMultiRegionTrail, TrailARN: v.TrailARN,
		LogFileValidationEnabled: v.LogFileValidationEnabled, IsOrganizationTrail: v.IsOrganizationTrail}, err
}

// topicARN makes a topic's name an ARN of the caller's account and region.
func topicARN(c *cloud.Call, name string) string {
	if name == "" || strings.HasPrefix(name, "arn:") {
		return name
	}
	return "arn:aws:sns:" + c.Region + ":" + c.Account + ":" + name
}

func (s *service) update(c *cloud.Call, t trail, in *UpdateTrailRequest) (*UpdateTrailResponse, error) {
	if err := unsupported(in.EnableLogFileValidation, in.IsOrganizationTrail, in.KmsKeyId, in.CloudWatchLogsLogGroupArn, in.CloudWatchLogsRoleArn); err != nil {
		return nil, err
	}
	edit := func(t *trail) error {
		if in.S3BucketName != "" {
			t.Bucket = in.S3BucketName
		}
		if in.S3KeyPrefix != "" {
			t.Prefix = in.S3KeyPrefix
		}
		if in.SnsTopicName != "" {
			t.Topic = topicARN(c, in.SnsTopicName)
		}
		if in.IncludeGlobalServiceEvents != nil {
			t.Global = *in.IncludeGlobalServiceEvents
		}
		if in.IsMultiRegionTrail != nil {
			t.MultiRegion = *in.IsMultiRegionTrail
		}
		if t.MultiRegion && !t.Global {
			return cloud.Errorf("InvalidParameterCombinationException", "Multi-Region trail must include global service events.")
		}
		return nil
	}
	if err := edit(&t); err != nil {
		return nil, err
	}
	if in.S3BucketName != "" || in.S3KeyPrefix != "" {
		if err := s.checkBucket(c, t); err != nil {
			return nil, err
		}
	}
	t, err := s.change(t.ARN, edit)
	v := t.view()
	return &UpdateTrailResponse{Name: v.Name, S3BucketName: v.S3BucketName, S3KeyPrefix: v.S3KeyPrefix, SnsTopicName: v.SnsTopicName, SnsTopicARN: v.SnsTopicARN,
		IncludeGlobalServiceEvents: v.IncludeGlobalServiceEvents, IsMultiRegionTrail: v.IsMultiRegionTrail, TrailARN: v.TrailARN,
		LogFileValidationEnabled: v.LogFileValidationEnabled, IsOrganizationTrail: v.IsOrganizationTrail}, err
}

func (t trail) view() *Trail {
	no, custom := false, len(t.Selectors)+len(t.Advanced) > 0
	return &Trail{Name: t.Name, S3BucketName: t.Bucket, S3KeyPrefix: t.Prefix, SnsTopicName: t.Topic, SnsTopicARN: t.Topic, IncludeGlobalServiceEvents: &t.Global,
		IsMultiRegionTrail: &t.MultiRegion, HomeRegion: t.Region, TrailARN: t.ARN, LogFileValidationEnabled: &no, HasCustomEventSelectors: &custom,
		HasInsightSelectors: &no, IsOrganizationTrail: &no}
}

// describe lists the trails of a region, with those of other regions that take in
// this one.
func (s *service) describe(c *cloud.Call, in *DescribeTrailsRequest) (*DescribeTrailsResponse, error) {
	shadows := in.IncludeShadowTrails == nil || *in.IncludeShadowTrails
	out := &DescribeTrailsResponse{TrailList: []*Trail{}}
	for _, t := range s.trails.Select(func(_ string, t trail) bool { return t.Account == c.Account }) {
		here := t.Region == c.Region || shadows && t.MultiRegion
		if len(in.TrailNameList) > 0 {
			here = slices.Contains(in.TrailNameList, t.ARN) || here && slices.Contains(in.TrailNameList, t.Name)
		}
		if here {
			out.TrailList = append(out.TrailList, t.view())
		}
	}
	return out, nil
}

func status(_ *cloud.Call, t trail, _ *GetTrailStatusRequest) (*GetTrailStatusResponse, error) {
	out := &GetTrailStatusResponse{IsLogging: &t.Logging, LatestDeliveryError: t.DeliveryError, LatestNotificationError: t.NotificationError}
	for _, f := range []struct {
		at   time.Time
		into *wire.Time
		text *string
	}{
		{t.Started, &out.StartLoggingTime, &out.TimeLoggingStarted}, {t.Stopped, &out.StopLoggingTime, &out.TimeLoggingStopped},
		{t.Delivered, &out.LatestDeliveryTime, &out.LatestDeliveryAttemptTime}, {t.Notified, &out.LatestNotificationTime, &out.LatestNotificationAttemptTime},
	} {
		if !f.at.IsZero() {
			*f.into, *f.text = wire.At(f.at), f.at.UTC().Format(time.RFC3339)
		}
	}
	return out, nil
}
