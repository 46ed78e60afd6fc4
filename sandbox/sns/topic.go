package sns

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

func (s *service) topicOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[CreateTopicInput, CreateTopicResponse]{Name: "CreateTopic", Auth: mayCreate, Do: s.createTopic}.Operation(),
		wire.Op[DeleteTopicInput, wire.Empty]{Name: "DeleteTopic", Auth: func(_ *cloud.Call, in *DeleteTopicInput) ([]cloud.Check, error) {
			return s.onTopic("DeleteTopic", in.TopicArn)
		}, Do: s.deleteTopic}.Operation(),
		wire.Op[ListTopicsInput, ListTopicsResponse]{Name: "ListTopics", Do: s.listTopics}.Operation(),
		bind(s, "GetTopicAttributes", func(in *GetTopicAttributesInput) string { return in.TopicArn }, s.getAttributes),
		bind(s, "SetTopicAttributes", func(in *SetTopicAttributesInput) string { return in.TopicArn }, s.setAttribute),
		bind(s, "AddPermission", func(in *AddPermissionInput) string { return in.TopicArn }, s.addPermission),
		bind(s, "RemovePermission", func(in *RemovePermissionInput) string { return in.TopicArn }, s.removePermission),
	}
}

// mayCreate needs sns:CreateTopic, and with tags sns:TagResource.
func mayCreate(c *cloud.Call, in *CreateTopicInput) ([]cloud.Check, error) {
	on, ctx := topicARN(c.Region, c.Account, in.Name), tagKeys(iam.NewContext(), in.Tags)
	checks := []cloud.Check{{Action: "sns:CreateTopic", Resource: on, Context: ctx}}
	if len(in.Tags) > 0 {
		checks = append(checks, cloud.Check{Action: "sns:TagResource", Resource: on, Context: ctx})
	}
	return checks, nil
}

var topicName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

// ownerActions are those of the default policy, and with Publish and Subscribe all
// that a topic's policy may name ("Topic policies", SNS developer guide).
var ownerActions = []string{"GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic", "Subscribe", "ListSubscriptionsByTopic", "Publish"}

// defaultPolicy lets the owner's account do everything.
func defaultPolicy(account, topic string) string {
	var actions []string
	for _, a := range ownerActions {
		actions = append(actions, "SNS:"+a)
	}
	data, err := json.Marshal(map[string]any{"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": []any{map[string]any{
		"Sid": "__default_statement_ID", "Effect": "Allow", "Principal": map[string]any{"AWS": "*"}, "Action": actions, "Resource": topic,
		"Condition": map[string]any{"StringEquals": map[string]any{"AWS:SourceOwner": account}},
	}}})
	if err != nil {
		return "" // strings only: cannot fail
	}
	return string(data)
}

func (s *service) createTopic(c *cloud.Call, in *CreateTopicInput) (*CreateTopicResponse, error) {
	if strings.HasSuffix(in.Name, ".fifo") || in.Attributes["FifoTopic"] == "true" {
		return nil, cloud.NotImplemented("FIFO topics")
	}
	if in.DataProtectionPolicy != "" {
		return nil, cloud.NotImplemented("data protection policies")
	}
	if !topicName.MatchString(in.Name) {
		return nil, invalid("Topic Name")
	}
	t := topic{Account: c.Account, Region: c.Region, Name: in.Name, ARN: topicARN(c.Region, c.Account, in.Name), Attributes: map[string]string{}, Created: c.Time}
	for _, name := range slices.Sorted(maps.Keys(in.Attributes)) {
		if err := s.checkAttribute(name, in.Attributes[name]); err != nil {
			return nil, err
		}
		t.Attributes[name] = in.Attributes[name]
	}
	asked := maps.Clone(t.Attributes)
	if t.Attributes["Policy"] == "" {
		t.Attributes["Policy"] = defaultPolicy(t.Account, t.ARN)
	}
	var err error
	if t.Tags, err = mergeTags(nil, in.Tags); err != nil {
		return nil, err
	}
	_, err = s.topics.Update(t.ARN, func(old topic, exists bool) (topic, error) {
		if !exists {
			return t, nil
		}
		for name, value := range asked {
			if old.Attributes[name] != value {
				return old, invalid("Attributes Reason: Topic already exists with different attributes")
			}
		}
		if len(in.Tags) > 0 && !sameTags(old.Tags, t.Tags) {
			return old, invalid("Tags Reason: Topic already exists with different tags")
		}
		return old, nil
	})
	return &CreateTopicResponse{TopicArn: t.ARN}, err
}

func (s *service) deleteTopic(_ *cloud.Call, in *DeleteTopicInput) (*wire.Empty, error) {
	if err := s.topics.Delete(in.TopicArn); err != nil {
		return nil, err
	}
	for _, sub := range s.subscribed(in.TopicArn) {
		if err := s.subscriptions.Delete(sub.ARN); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func (s *service) listTopics(c *cloud.Call, in *ListTopicsInput) (*ListTopicsResponse, error) {
	prefix := topicARN(c.Region, c.Account, "")
	part, next := page(s.topics.Keys(func(k string) bool { return strings.HasPrefix(k, prefix) }), in.NextToken)
	out := &ListTopicsResponse{Topics: []*Topic{}, NextToken: next}
	for _, k := range part {
		out.Topics = append(out.Topics, &Topic{TopicArn: k})
	}
	return out, nil
}

// effectiveDelivery is the delivery policy for HTTP that AWS applies by default
// ("Amazon SNS message delivery retries").
const effectiveDelivery = `{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},"disableSubscriptionOverrides":false,"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}}`

func (s *service) getAttributes(_ *cloud.Call, t topic, _ *GetTopicAttributesInput) (*GetTopicAttributesResponse, error) {
	confirmed, pending := 0, 0
	for _, sub := range s.subscribed(t.ARN) {
		if sub.Confirmed {
			confirmed++
		} else {
			pending++
		}
	}
	all := map[string]string{
		"TopicArn": t.ARN, "Owner": t.Account, "DisplayName": "", "EffectiveDeliveryPolicy": effectiveDelivery,
		"SubscriptionsConfirmed": strconv.Itoa(confirmed), "SubscriptionsPending": strconv.Itoa(pending), "SubscriptionsDeleted": "0",
	}
	maps.Copy(all, t.Attributes)
	return &GetTopicAttributesResponse{Attributes: all}, nil
}

func (s *service) setAttribute(_ *cloud.Call, t topic, in *SetTopicAttributesInput) (*wire.Empty, error) {
	if err := s.checkAttribute(in.AttributeName, in.AttributeValue); err != nil {
		return nil, err
	}
	return nil, s.change(t.ARN, func(t *topic) error {
		t.Attributes = maps.Clone(t.Attributes)
		t.Attributes[in.AttributeName] = in.AttributeValue
		if in.AttributeValue == "" {
			delete(t.Attributes, in.AttributeName)
		}
		if t.Attributes["Policy"] == "" {
			t.Attributes["Policy"] = defaultPolicy(t.Account, t.ARN)
		}
		return nil
	})
}

func (s *service) checkAttribute(name, value string) error {
	switch name {
	case "Policy":
		if value == "" {
			return nil
		}
		return s.checkPolicy(value)
	case "DisplayName":
		if len(value) > 100 {
			return invalid("Attributes Reason: DisplayName must be at most 100 characters long")
		}
	case "KmsMasterKeyId":
	case "SignatureVersion":
		if value != "1" && value != "2" {
			return invalid("Attributes Reason: SignatureVersion must be 1 or 2")
		}
	case "FifoTopic":
		if value == "true" {
			return cloud.NotImplemented("FIFO topics")
		}
	case "TracingConfig":
		if value != "PassThrough" {
			return cloud.NotImplemented("TracingConfig " + value)
		}
	case "ContentBasedDeduplication", "FifoThroughputScope", "ArchivePolicy", "DeliveryPolicy":
		return cloud.NotImplemented("the topic attribute " + name)
	default:
		if strings.HasSuffix(name, "FeedbackRoleArn") || strings.HasSuffix(name, "FeedbackSampleRate") {
			return cloud.NotImplemented("the topic attribute " + name)
		}
		return invalid("AttributeName")
	}
	return nil
}

// policyErrors are SNS's words for what is wrong with a policy.
var policyErrors = map[cloud.PolicyFault]string{
	cloud.PolicyMalformed:    "Policy Error: null",
	cloud.PolicyOutOfScope:   "Policy statement action out of service scope!",
	cloud.PolicyNoSuchPerson: "Policy Error: PrincipalNotFound",
}

func (s *service) checkPolicy(document string) error {
	if err := s.world.CheckResourcePolicy("sns", document); err != nil {
		return invalid("%s", policyErrors[cloud.Fault(err)])
	}
	return nil
}
