package sqs

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// bounded are the attributes that are numbers: their bounds and defaults ("SetQueueAttributes",
// SQS API reference).
var bounded = map[string]struct{ least, most, otherwise int64 }{
	"DelaySeconds":                  {0, 900, 0},
	"MaximumMessageSize":            {1024, 1048576, 1048576},
	"MessageRetentionPeriod":        {60, 1209600, 345600},
	"ReceiveMessageWaitTimeSeconds": {0, 20, 0},
	"VisibilityTimeout":             {0, 43200, 30},
	"KmsDataKeyReusePeriodSeconds":  {60, 86400, 300},
}

func (s *service) attributeOps() []wire.Operation {
	return []wire.Operation{
		bind(s, "GetQueueAttributes", "GetQueueAttributes", false, func(in *GetQueueAttributesRequest) string { return in.QueueUrl }, s.getAttributes),
		bind(s, "SetQueueAttributes", "SetQueueAttributes", false, func(in *SetQueueAttributesRequest) string { return in.QueueUrl }, s.setAttributes),
		bind(s, "AddPermission", "AddPermission", false, func(in *AddPermissionRequest) string { return in.QueueUrl }, s.addPermission),
		bind(s, "RemovePermission", "RemovePermission", false, func(in *RemovePermissionRequest) string { return in.QueueUrl }, s.removePermission),
	}
}

func badAttribute(name string) *cloud.Error {
	return cloud.Errorf("InvalidAttributeValue", "Invalid value for the parameter %s.", name)
}

// checkAttributes checks attributes that somebody sets and returns those to keep;
// an empty value takes an attribute away.
func (s *service) checkAttributes(q queue, set map[string]string) (map[string]string, error) {
	out := maps.Clone(q.Attributes)
	if out == nil {
		out = map[string]string{}
	}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		value := set[name]
		if err := s.checkAttribute(q, name, value); err != nil {
			return nil, err
		}
		if value == "" {
			delete(out, name)
			continue
		}
		out[name] = value
	}
	if out["KmsMasterKeyId"] != "" && set["SqsManagedSseEnabled"] == "true" {
		return nil, cloud.Errorf("InvalidAttributeValue", "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.")
	}
	return out, nil
}

func (s *service) checkAttribute(q queue, name, value string) error {
	if b, ok := bounded[name]; ok {
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < b.least || n > b.most {
			return badAttribute(name)
		}
		return nil
	}
	switch name {
	case "Policy":
		if value != "" && s.world.CheckResourcePolicy("sqs", value) != nil {
			return badAttribute(name)
		}
	case "RedrivePolicy":
		return s.checkRedrive(q, value)
	case "RedriveAllowPolicy":
		return checkRedriveAllow(value)
	case "KmsMasterKeyId":
	case "SqsManagedSseEnabled":
		if value != "true" && value != "false" {
			return badAttribute(name)
		}
	case "FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit":
		return cloud.NotImplemented("FIFO queues")
	default:
		return cloud.Errorf("InvalidAttributeName", "Unknown Attribute %s.", name)
	}
	return nil
}

// redrive is a RedrivePolicy: after how many receives a message goes where.
type redrive struct {
	Target string          `json:"deadLetterTargetArn"`
	Max    json.RawMessage `json:"maxReceiveCount"` // a number, or one in quotes
}

func (r redrive) limit() int64 {
	n, err := strconv.ParseInt(strings.Trim(string(r.Max), `"`), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func (q queue) redrive() (r redrive, ok bool) {
	text := q.Attributes["RedrivePolicy"]
	return r, text != "" && json.Unmarshal([]byte(text), &r) == nil
}

func (s *service) checkRedrive(q queue, value string) error {
	if value == "" {
		return nil
	}
	var r redrive
	refuse := func(reason string) error {
		return cloud.Errorf("InvalidParameterValue", "Value %s for parameter RedrivePolicy is invalid. Reason: %s", value, reason)
	}
	if err := json.Unmarshal([]byte(value), &r); err != nil {
		return refuse("Redrive policy is not a valid JSON map.")
	}
	if n := r.limit(); n < 1 || n > 1000 {
		return refuse("Invalid value for maxReceiveCount: " + string(r.Max) + ", valid values are from 1 to 1000 both inclusive.")
	}
	a, err := arn.Parse(r.Target)
	if err != nil || a.Service != "sqs" {
		return refuse("Invalid value for deadLetterTargetArn.")
	}
	if a.Region != q.Region || a.Account != q.Account {
		return refuse("Dead-letter target owner should be same as the source.")
	}
	target, ok := s.queues.Get(r.Target)
	if !ok {
		return refuse("Dead letter target does not exist.")
	}
	if !target.acceptsFrom(q.ARN) {
		return refuse("Queue " + r.Target + " does not allow this queue as a source of dead letters.")
	}
	return nil
}

// redriveAllow is a RedriveAllowPolicy.
type redriveAllow struct {
	Permission string   `json:"redrivePermission"`
	Sources    []string `json:"sourceQueueArns"`
}

func checkRedriveAllow(value string) error {
	if value == "" {
		return nil
	}
	var r redriveAllow
	if err := json.Unmarshal([]byte(value), &r); err != nil || !slices.Contains([]string{"allowAll", "denyAll", "byQueue"}, r.Permission) ||
		(r.Permission == "byQueue") != (len(r.Sources) > 0) || len(r.Sources) > 10 {
		return badAttribute("RedriveAllowPolicy")
	}
	return nil
}

func (q queue) acceptsFrom(source string) bool {
	text := q.Attributes["RedriveAllowPolicy"]
	if text == "" {
		return true
	}
	var r redriveAllow
	if json.Unmarshal([]byte(text), &r) != nil {
		return false
	}
	return r.Permission == "allowAll" || r.Permission == "byQueue" && slices.Contains(r.Sources, source)
}

// attribute is what an attribute is, set or not.
func (q queue) attribute(name string) string {
	if v, ok := q.Attributes[name]; ok {
		return v
	}
	if b, ok := bounded[name]; ok {
		return strconv.FormatInt(b.otherwise, 10)
	}
	if name == "SqsManagedSseEnabled" {
		return strconv.FormatBool(q.Attributes["KmsMasterKeyId"] == "")
	}
	return ""
}

func (q queue) number(name string) int64 {
	n, err := strconv.ParseInt(q.attribute(name), 10, 64)
	if err != nil {
		return bounded[name].otherwise
	}
	return n
}

func (s *service) getAttributes(c *cloud.Call, q queue, in *GetQueueAttributesRequest) (*GetQueueAttributesResult, error) {
	if len(in.AttributeNames) == 0 {
		return nil, nil
	}
	visible, hidden, delayed := s.counts(q, c.Time)
	all := map[string]string{
		"QueueArn": q.ARN, "CreatedTimestamp": strconv.FormatInt(q.Created.Unix(), 10), "LastModifiedTimestamp": strconv.FormatInt(q.Changed.Unix(), 10),
		"ApproximateNumberOfMessages": strconv.Itoa(visible), "ApproximateNumberOfMessagesNotVisible": strconv.Itoa(hidden), "ApproximateNumberOfMessagesDelayed": strconv.Itoa(delayed),
	}
	for _, name := range []string{"DelaySeconds", "MaximumMessageSize", "MessageRetentionPeriod", "ReceiveMessageWaitTimeSeconds", "VisibilityTimeout", "SqsManagedSseEnabled"} {
		all[name] = q.attribute(name)
	}
	maps.Copy(all, q.Attributes)
	if q.Attributes["KmsMasterKeyId"] != "" {
		all["KmsDataKeyReusePeriodSeconds"] = q.attribute("KmsDataKeyReusePeriodSeconds")
	}
	if slices.Contains(in.AttributeNames, "All") {
		return &GetQueueAttributesResult{Attributes: all}, nil
	}
	some := map[string]string{}
	for _, name := range in.AttributeNames {
		if v, ok := all[name]; ok {
			some[name] = v
		}
	}
	return &GetQueueAttributesResult{Attributes: some}, nil
}

func (s *service) setAttributes(c *cloud.Call, q queue, in *SetQueueAttributesRequest) (*wire.Empty, error) {
	// Checked outside the table's lock, for a redrive policy looks at other queues.
	if _, err := s.checkAttributes(q, in.Attributes); err != nil {
		return nil, err
	}
	_, err := s.change(q, func(q *queue) error {
		now := maps.Clone(q.Attributes)
		if now == nil {
			now = map[string]string{}
		}
		for name, value := range in.Attributes {
			if value == "" {
				delete(now, name)
			} else {
				now[name] = value
			}
		}
		q.Attributes, q.Changed = now, c.Time
		return nil
	})
	return nil, err
}
