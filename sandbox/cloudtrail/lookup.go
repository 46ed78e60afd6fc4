package cloudtrail

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// remembered is how far back LookupEvents sees.
const remembered = 90 * 24 * time.Hour

// lookup answers from the world's records of the caller's account and region,
// newest first. The records of calls that only read are among them; the names and
// types of resources are not known.
func (s *service) lookup(c *cloud.Call, in *LookupEventsRequest) (*LookupEventsResponse, error) {
	if in.EventCategory != "" {
		return nil, cloud.NotImplemented("the event category " + in.EventCategory)
	}
	if len(in.LookupAttributes) > 1 {
		return nil, cloud.Errorf("InvalidLookupAttributesException", "You can only specify one attribute in LookupAttributes.")
	}
	if !in.StartTime.IsZero() && !in.EndTime.IsZero() && in.StartTime.After(in.EndTime.Time) {
		return nil, cloud.Errorf("InvalidTimeRangeException", "The start time must be before the end time.")
	}
	for _, a := range in.LookupAttributes {
		if a.AttributeKey == "ResourceType" || a.AttributeKey == "ResourceName" {
			return nil, cloud.NotImplemented("looking up events by " + a.AttributeKey)
		}
	}
	limit := 50
	if in.MaxResults != nil {
		limit = int(*in.MaxResults)
	}
	records := s.world.Trail(c.Account)
	out := &LookupEventsResponse{Events: []*Event{}}
	passed := in.NextToken == ""
	for i := len(records) - 1; i >= 0; i-- {
		r := &records[i]
		if !passed {
			passed = r.EventID == in.NextToken
			continue
		}
		at, err := time.Parse(time.RFC3339, r.EventTime)
		if err != nil || r.AWSRegion != c.Region || at.Before(c.Time.Add(-remembered)) ||
			!in.StartTime.IsZero() && at.Before(in.StartTime.Truncate(time.Second)) || !in.EndTime.IsZero() && at.After(in.EndTime.Time) || !matches(r, in.LookupAttributes) {
			continue
		}
		if len(out.Events) == limit {
			out.NextToken = out.Events[limit-1].EventId
			return out, nil
		}
		view, err := eventView(r, at)
		if err != nil {
			return nil, err
		}
		out.Events = append(out.Events, view)
	}
	if !passed {
		return nil, cloud.Errorf("InvalidNextTokenException", "Invalid Token")
	}
	return out, nil
}

func matches(r *cloud.Record, attributes []*LookupAttribute) bool {
	for _, a := range attributes {
		var v string
		switch a.AttributeKey {
		case "EventId":
			v = r.EventID
		case "EventName":
			v = r.EventName
		case "EventSource":
			v = r.EventSource
		case "ReadOnly":
			v = strconv.FormatBool(r.ReadOnly)
		case "Username":
			v = userName(r)
		case "AccessKeyId":
			v, _ = r.UserIdentity["accessKeyId"].(string)
		}
		if v != a.AttributeValue {
			return false
		}
	}
	return true
}

// userName is what LookupEvents calls the caller: the user's name, the session's
// for a role, and root.
func userName(r *cloud.Record) string {
	if name, ok := r.UserIdentity["userName"].(string); ok {
		return name
	}
	text, _ := r.UserIdentity["arn"].(string)
	switch r.UserIdentity["type"] {
	case string(cloud.Root):
		return "root"
	case string(cloud.AssumedRole), string(cloud.FederatedUser):
		return text[strings.LastIndexByte(text, '/')+1:]
	}
	by, _ := r.UserIdentity["invokedBy"].(string)
	return by
}

func eventView(r *cloud.Record, at time.Time) (*Event, error) {
	data, err := json.Marshal(r)
	key, _ := r.UserIdentity["accessKeyId"].(string)
	return &Event{EventId: r.EventID, EventName: r.EventName, ReadOnly: strconv.FormatBool(r.ReadOnly), AccessKeyId: key, EventTime: wire.At(at),
		EventSource: r.EventSource, Username: userName(r), Resources: []*Resource{}, CloudTrailEvent: string(data)}, err
}
