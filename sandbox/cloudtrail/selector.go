package cloudtrail

import (
	"slices"
	"strconv"
	"strings"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

func (s *service) selectorOps() []wire.Operation {
	return []wire.Operation{
		bind(s, "PutEventSelectors", func(in *PutEventSelectorsRequest) string { return in.TrailName }, s.putSelectors),
		bind(s, "GetEventSelectors", func(in *GetEventSelectorsRequest) string { return in.TrailName }, func(_ *cloud.Call, t trail, _ *GetEventSelectorsRequest) (*GetEventSelectorsResponse, error) {
			out := &GetEventSelectorsResponse{TrailARN: t.ARN}
			for i := range t.Advanced {
				out.AdvancedEventSelectors = append(out.AdvancedEventSelectors, &t.Advanced[i])
			}
			if len(t.Advanced) == 0 {
				for _, e := range t.selectors() {
					out.EventSelectors = append(out.EventSelectors, &e)
				}
			}
			return out, nil
		}),
	}
}

// selectors are the basic selectors; the default logs all management events.
func (t trail) selectors() []EventSelector {
	if len(t.Selectors) > 0 {
		return t.Selectors
	}
	yes := true
	return []EventSelector{{ReadWriteType: "All", IncludeManagementEvents: &yes, DataResources: []*DataResource{}, ExcludeManagementEventSources: []string{}}}
}

func badSelectors(format string, args ...any) *cloud.Error {
	return cloud.Errorf("InvalidEventSelectorsException", format, args...)
}

func (s *service) putSelectors(_ *cloud.Call, t trail, in *PutEventSelectorsRequest) (*PutEventSelectorsResponse, error) {
	if (len(in.EventSelectors) == 0) == (len(in.AdvancedEventSelectors) == 0) {
		return nil, badSelectors("You must specify either EventSelectors or AdvancedEventSelectors, and not both.")
	}
	if len(in.EventSelectors) > 5 {
		return nil, badSelectors("The trail has more than 5 event selectors.")
	}
	var basic []EventSelector
	yes := true
	for _, e := range in.EventSelectors {
		if len(e.DataResources) > 0 {
			return nil, cloud.NotImplemented("data events in trails")
		}
		for _, source := range e.ExcludeManagementEventSources {
			if source != "kms.amazonaws.com" && source != "rdsdata.amazonaws.com" {
				return nil, badSelectors("The value %s is not valid for ExcludeManagementEventSources.", source)
			}
		}
		v := *e
		if v.ReadWriteType == "" {
			v.ReadWriteType = "All"
		}
		if v.IncludeManagementEvents == nil {
			v.IncludeManagementEvents = &yes
		}
		basic = append(basic, v)
	}
	var advanced []AdvancedEventSelector
	for _, a := range in.AdvancedEventSelectors {
		if err := checkAdvanced(a); err != nil {
			return nil, err
		}
		advanced = append(advanced, *a)
	}
	_, err := s.change(t.ARN, func(t *trail) error { t.Selectors, t.Advanced = basic, advanced; return nil })
	return &PutEventSelectorsResponse{TrailARN: t.ARN, EventSelectors: in.EventSelectors, AdvancedEventSelectors: in.AdvancedEventSelectors}, err
}

// fields are what advanced selectors of management events can look at.
var fields = map[string]func(r *cloud.Record) string{
	"eventCategory":    func(r *cloud.Record) string { return r.EventCategory },
	"eventSource":      func(r *cloud.Record) string { return r.EventSource },
	"eventName":        func(r *cloud.Record) string { return r.EventName },
	"eventType":        func(r *cloud.Record) string { return r.EventType },
	"readOnly":         func(r *cloud.Record) string { return strconv.FormatBool(r.ReadOnly) },
	"userIdentity.arn": func(r *cloud.Record) string { a, _ := r.UserIdentity["arn"].(string); return a },
}

func checkAdvanced(a *AdvancedEventSelector) error {
	management := false
	for _, f := range a.FieldSelectors {
		if fields[f.Field] == nil {
			return cloud.NotImplemented("the field " + f.Field + " in advanced event selectors")
		}
		if f.Field == "eventCategory" {
			if len(f.Equals) != 1 {
				return badSelectors("eventCategory must be equal to one value.")
			}
			if f.Equals[0] != "Management" {
				return cloud.NotImplemented(f.Equals[0] + " events in trails")
			}
			management = true
		}
	}
	if !management {
		return badSelectors("The selector has no eventCategory.")
	}
	return nil
}

// wants reports whether the trail logs a record.
func (t trail) wants(r *cloud.Record) bool {
	if t.Account != r.RecipientAccount || !t.Logging {
		return false
	}
	global := slices.Contains([]string{"iam.amazonaws.com", "sts.amazonaws.com", "organizations.amazonaws.com"}, r.EventSource)
	if !t.MultiRegion && r.AWSRegion != t.Region && (!global || !t.Global) || global && !t.Global {
		return false
	}
	if len(t.Advanced) > 0 {
		return slices.ContainsFunc(t.Advanced, func(a AdvancedEventSelector) bool {
			return !slices.ContainsFunc(a.FieldSelectors, func(f *AdvancedFieldSelector) bool { return !f.holds(fields[f.Field](r)) })
		})
	}
	return slices.ContainsFunc(t.selectors(), func(e EventSelector) bool {
		return on(e.IncludeManagementEvents) && !slices.Contains(e.ExcludeManagementEventSources, r.EventSource) &&
			(e.ReadWriteType == "All" || (e.ReadWriteType == "ReadOnly") == r.ReadOnly)
	})
}

// holds: of the positive lists one value must match, of the negative ones none may.
func (f *AdvancedFieldSelector) holds(v string) bool {
	is := func(w string) bool { return v == w }
	begins := func(w string) bool { return strings.HasPrefix(v, w) }
	ends := func(w string) bool { return strings.HasSuffix(v, w) }
	positive := len(f.Equals)+len(f.StartsWith)+len(f.EndsWith) == 0 ||
		slices.ContainsFunc(f.Equals, is) || slices.ContainsFunc(f.StartsWith, begins) || slices.ContainsFunc(f.EndsWith, ends)
	return positive && !slices.ContainsFunc(f.NotEquals, is) && !slices.ContainsFunc(f.NotStartsWith, begins) && !slices.ContainsFunc(f.NotEndsWith, ends)
}

func (s *service) tagOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[AddTagsRequest, AddTagsResponse]{Name: "AddTags", Auth: func(c *cloud.Call, in *AddTagsRequest) ([]cloud.Check, error) {
			checks, err := s.on(c, "AddTags", in.ResourceId)
			if err == nil {
				requestTags(checks[0].Context, in.TagsList)
			}
			return checks, err
		}, Do: func(c *cloud.Call, in *AddTagsRequest) (*AddTagsResponse, error) {
			t, err := s.find(c, in.ResourceId)
			if err != nil {
				return nil, err
			}
			_, err = s.change(t.ARN, func(t *trail) (err error) { t.Tags, err = mergeTags(t.Tags, in.TagsList); return err })
			return nil, err
		}}.Operation(),
		wire.Op[RemoveTagsRequest, RemoveTagsResponse]{Name: "RemoveTags", Auth: func(c *cloud.Call, in *RemoveTagsRequest) ([]cloud.Check, error) {
			checks, err := s.on(c, "RemoveTags", in.ResourceId)
			if err == nil {
				checks[0].Context.SetList("aws:TagKeys", keysOf(in.TagsList)...)
			}
			return checks, err
		}, Do: func(c *cloud.Call, in *RemoveTagsRequest) (*RemoveTagsResponse, error) {
			t, err := s.find(c, in.ResourceId)
			if err != nil {
				return nil, err
			}
			keys := keysOf(in.TagsList)
			_, err = s.change(t.ARN, func(t *trail) error {
				t.Tags = slices.DeleteFunc(t.Tags, func(g tag) bool { return slices.Contains(keys, g.Key) })
				return nil
			})
			return nil, err
		}}.Operation(),
		wire.Op[ListTagsRequest, ListTagsResponse]{Name: "ListTags", Auth: func(c *cloud.Call, in *ListTagsRequest) ([]cloud.Check, error) {
			var out []cloud.Check
			for _, id := range in.ResourceIdList {
				checks, err := s.on(c, "ListTags", id)
				if err != nil {
					return nil, err
				}
				out = append(out, checks...)
			}
			if len(out) == 0 {
				return nil, cloud.Errorf("InvalidParameterException", "ResourceIdList is empty.")
			}
			return out, nil
		}, Do: func(c *cloud.Call, in *ListTagsRequest) (*ListTagsResponse, error) {
			out := &ListTagsResponse{ResourceTagList: []*ResourceTag{}}
			for _, id := range in.ResourceIdList {
				t, err := s.find(c, id)
				if err != nil {
					return nil, err
				}
				v := &ResourceTag{ResourceId: t.ARN, TagsList: []*Tag{}}
				for _, g := range t.Tags {
					v.TagsList = append(v.TagsList, &Tag{Key: g.Key, Value: g.Value})
				}
				out.ResourceTagList = append(out.ResourceTagList, v)
			}
			return out, nil
		}}.Operation(),
	}
}

func keysOf(tags []*Tag) (keys []string) {
	for _, t := range tags {
		keys = append(keys, t.Key)
	}
	return keys
}

// requestTags adds the condition keys of the tags in a request.
func requestTags(ctx *iam.Context, tags []*Tag) *iam.Context {
	for _, t := range tags {
		ctx.Set("aws:RequestTag/"+t.Key, t.Value)
	}
	if len(tags) > 0 {
		ctx.SetList("aws:TagKeys", keysOf(tags)...)
	}
	return ctx
}

const maxTags = 50

func mergeTags(have []tag, add []*Tag) ([]tag, error) {
	out := slices.Clone(have)
	for _, t := range add {
		if strings.HasPrefix(strings.ToLower(t.Key), "aws:") {
			return nil, cloud.Errorf("InvalidTagParameterException", "Tag keys must not begin with aws:.")
		}
		if i := slices.IndexFunc(out, func(o tag) bool { return o.Key == t.Key }); i >= 0 {
			out[i].Value = t.Value
			continue
		}
		out = append(out, tag{t.Key, t.Value})
	}
	if len(out) > maxTags {
		return nil, cloud.Errorf("TagsLimitExceededException", "The trail has more than %d tags.", maxTags)
	}
	return out, nil
}
