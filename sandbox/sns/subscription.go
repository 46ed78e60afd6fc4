package sns

import (
	"encoding/json"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

func (s *service) subscriptionOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[SubscribeInput, SubscribeResponse]{Name: "Subscribe", Auth: s.maySubscribe, Do: s.subscribe}.Operation(),
		wire.Op[ConfirmSubscriptionInput, ConfirmSubscriptionResponse]{Name: "ConfirmSubscription", Unsigned: true, Auth: s.mayConfirm, Do: s.confirm}.Operation(),
		wire.Op[UnsubscribeInput, wire.Empty]{Name: "Unsubscribe", Unsigned: true, Auth: s.mayUnsubscribe, Do: func(_ *cloud.Call, in *UnsubscribeInput) (*wire.Empty, error) {
			return nil, s.subscriptions.Delete(in.SubscriptionArn)
		}}.Operation(),
		wire.Op[ListSubscriptionsInput, ListSubscriptionsResponse]{Name: "ListSubscriptions", Do: s.listSubscriptions}.Operation(),
		bind(s, "ListSubscriptionsByTopic", func(in *ListSubscriptionsByTopicInput) string { return in.TopicArn }, s.listByTopic),
		wire.Op[GetSubscriptionAttributesInput, GetSubscriptionAttributesResponse]{Name: "GetSubscriptionAttributes", Auth: func(c *cloud.Call, in *GetSubscriptionAttributesInput) ([]cloud.Check, error) {
			return s.onSubscription(c, "GetSubscriptionAttributes", in.SubscriptionArn)
		}, Do: s.getSubscription}.Operation(),
		wire.Op[SetSubscriptionAttributesInput, wire.Empty]{Name: "SetSubscriptionAttributes", Auth: func(c *cloud.Call, in *SetSubscriptionAttributesInput) ([]cloud.Check, error) {
			return s.onSubscription(c, "SetSubscriptionAttributes", in.SubscriptionArn)
		}, Do: s.setSubscription}.Operation(),
	}
}

// subscribed are the subscriptions of a topic.
func (s *service) subscribed(topic string) []subscription {
	prefix := topic + ":"
	return s.subscriptions.Select(func(k string, _ subscription) bool { return strings.HasPrefix(k, prefix) })
}

// topicOf is the topic in a subscription's ARN.
func topicOf(text string) (string, error) {
	a, err := arn.Parse(text)
	if err != nil || a.Service != "sns" || strings.Count(a.Resource, ":") != 1 {
		return "", invalid("SubscriptionArn Reason: An ARN must have at least 6 elements, not 1")
	}
	return text[:strings.LastIndexByte(text, ':')], nil
}

// onSubscription is the check of an action on a subscription: on its topic, as the
// service authorization reference has it. Who owns the subscription needs nothing
// of the topic's owner.
func (s *service) onSubscription(c *cloud.Call, action, text string) ([]cloud.Check, error) {
	topic, err := topicOf(text)
	if err != nil {
		return nil, err
	}
	check := cloud.Check{Action: "sns:" + action, Resource: topic, Context: s.tagContext(topic)}
	if sub, ok := s.subscriptions.Get(text); ok && sub.Owner == c.Account {
		check.ResourceAccount = c.Account
	}
	return []cloud.Check{check}, nil
}

func (s *service) maySubscribe(_ *cloud.Call, in *SubscribeInput) ([]cloud.Check, error) {
	if _, err := parseTopic(in.TopicArn); err != nil {
		return nil, err
	}
	ctx := s.tagContext(in.TopicArn).Set("sns:Protocol", in.Protocol)
	if in.Endpoint != "" {
		ctx.Set("sns:Endpoint", in.Endpoint)
	}
	return []cloud.Check{{Action: "sns:Subscribe", Resource: in.TopicArn, Context: ctx}}, nil
}

var mailAddress = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)

// checkEndpoint checks an endpoint against its protocol and returns the account
// that owns it, where it lies in one.
func checkEndpoint(protocol, endpoint string) (owner string, err error) {
	switch protocol {
	case "http", "https":
		if u, err := url.Parse(endpoint); err != nil || u.Scheme != protocol || u.Host == "" {
			return "", invalid("Endpoint must match the specified protocol")
		}
	case "email", "email-json":
		if !mailAddress.MatchString(endpoint) {
			return "", invalid("Email address")
		}
	case "sqs", "lambda":
		a, err := arn.Parse(endpoint)
		if err != nil || a.Service != protocol || a.Account == "" {
			return "", invalid("%s endpoint ARN", map[string]string{"sqs": "SQS", "lambda": "Lambda"}[protocol])
		}
		return a.Account, nil
	case "sms", "application", "firehose":
		return "", cloud.NotImplemented("subscriptions with the protocol " + protocol)
	default:
		return "", invalid("Does not support this protocol string: %s", protocol)
	}
	return "", nil
}

func (s *service) subscribe(c *cloud.Call, in *SubscribeInput) (*SubscribeResponse, error) {
	t, err := s.topic(in.TopicArn)
	if err != nil {
		return nil, err
	}
	owner, err := checkEndpoint(in.Protocol, in.Endpoint)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(in.Attributes)) {
		if err := checkSubscriptionAttribute(name, in.Attributes[name], in.Attributes["FilterPolicyScope"]); err != nil {
			return nil, err
		}
	}
	for _, old := range s.subscribed(t.ARN) {
		if old.Protocol != in.Protocol || old.Endpoint != in.Endpoint {
			continue
		}
		if old.Confirmed {
			if len(in.Attributes) > 0 && !maps.Equal(in.Attributes, old.Attributes) {
				return nil, invalid("Attributes Reason: Subscription already exists with different attributes")
			}
			return &SubscribeResponse{SubscriptionArn: old.ARN}, nil
		}
		s.askConfirmation(t, old)
		return answerTo(in, old), nil
	}
	sub := subscription{ARN: t.ARN + ":" + s.world.IDs.UUID(), Topic: t.ARN, Owner: c.Account, Protocol: in.Protocol, Endpoint: in.Endpoint,
		Attributes: maps.Clone(in.Attributes), Created: c.Time, Confirmed: owner != "" && owner == c.Account}
	if !sub.Confirmed {
		sub.Token = s.world.IDs.Hex(256)
	}
	if err := s.subscriptions.Put(sub.ARN, sub); err != nil {
		return nil, err
	}
	if !sub.Confirmed {
		s.askConfirmation(t, sub)
	}
	return answerTo(in, sub), nil
}

// answerTo is what Subscribe answers: no ARN before the confirmation, unless the
// caller asks for it.
func answerTo(in *SubscribeInput, sub subscription) *SubscribeResponse {
	if !sub.Confirmed && (in.ReturnSubscriptionArn == nil || !*in.ReturnSubscriptionArn) {
		return &SubscribeResponse{SubscriptionArn: "pending confirmation"}
	}
	return &SubscribeResponse{SubscriptionArn: sub.ARN}
}

// mayConfirm: the token is the proof. A signed request is authorised in the
// caller's own account, for a topic's policy cannot grant the action.
func (s *service) mayConfirm(c *cloud.Call, in *ConfirmSubscriptionInput) ([]cloud.Check, error) {
	a, err := parseTopic(in.TopicArn)
	if err != nil {
		return nil, err
	}
	if c.Identity.Kind == cloud.Anonymous {
		c.Account, c.Region = a.Account, a.Region
		return nil, nil
	}
	return []cloud.Check{{Action: "sns:ConfirmSubscription", Resource: in.TopicArn, ResourceAccount: c.Account, Context: s.tagContext(in.TopicArn)}}, nil
}

func (s *service) confirm(c *cloud.Call, in *ConfirmSubscriptionInput) (*ConfirmSubscriptionResponse, error) {
	if _, err := s.topic(in.TopicArn); err != nil {
		return nil, err
	}
	lock := in.AuthenticateOnUnsubscribe == "true"
	if lock && c.Identity.Kind == cloud.Anonymous {
		return nil, &cloud.Error{Code: "AuthorizationErrorException", Message: "AuthenticateOnUnsubscribe needs a signed request"}
	}
	for _, sub := range s.subscribed(in.TopicArn) {
		if in.Token == "" || sub.Token != in.Token {
			continue
		}
		_, err := s.subscriptions.Update(sub.ARN, func(sub subscription, ok bool) (subscription, error) {
			if !ok {
				return sub, notFound("Subscription")
			}
			sub.Confirmed, sub.Authenticated = true, sub.Authenticated || lock
			return sub, nil
		})
		return &ConfirmSubscriptionResponse{SubscriptionArn: sub.ARN}, err
	}
	return nil, invalid("Token")
}

// mayUnsubscribe: without a signature anybody who has the subscription's ARN may
// end it, unless whoever confirmed it asked otherwise.
func (s *service) mayUnsubscribe(c *cloud.Call, in *UnsubscribeInput) ([]cloud.Check, error) {
	topic, err := topicOf(in.SubscriptionArn)
	if err != nil {
		return nil, err
	}
	if c.Identity.Kind != cloud.Anonymous {
		return s.onSubscription(c, "Unsubscribe", in.SubscriptionArn)
	}
	if sub, ok := s.subscriptions.Get(in.SubscriptionArn); ok && (sub.Authenticated || sub.Protocol == "sqs" || sub.Protocol == "lambda") {
		return nil, &cloud.Error{Code: "AuthorizationErrorException", Message: "Unsubscribing needs a signed request"}
	}
	if a, err := parseTopic(topic); err == nil {
		c.Account, c.Region = a.Account, a.Region
	}
	return nil, nil
}

func (sub subscription) view() *Subscription {
	shown := sub.ARN
	if !sub.Confirmed {
		shown = "PendingConfirmation"
	}
	return &Subscription{SubscriptionArn: shown, Owner: sub.Owner, Protocol: sub.Protocol, Endpoint: sub.Endpoint, TopicArn: sub.Topic}
}

func (s *service) views(keys []string) []*Subscription {
	out := []*Subscription{}
	for _, k := range keys {
		if sub, ok := s.subscriptions.Get(k); ok {
			out = append(out, sub.view())
		}
	}
	return out
}

func (s *service) listSubscriptions(c *cloud.Call, in *ListSubscriptionsInput) (*ListSubscriptionsResponse, error) {
	var keys []string
	for _, sub := range s.subscriptions.Select(func(_ string, sub subscription) bool { return sub.Owner == c.Account }) {
		if a, err := arn.Parse(sub.ARN); err == nil && a.Region == c.Region {
			keys = append(keys, sub.ARN)
		}
	}
	part, next := page(keys, in.NextToken)
	return &ListSubscriptionsResponse{Subscriptions: s.views(part), NextToken: next}, nil
}

func (s *service) listByTopic(_ *cloud.Call, t topic, in *ListSubscriptionsByTopicInput) (*ListSubscriptionsByTopicResponse, error) {
	part, next := page(s.subscriptions.Keys(func(k string) bool { return strings.HasPrefix(k, t.ARN+":") }), in.NextToken)
	return &ListSubscriptionsByTopicResponse{Subscriptions: s.views(part), NextToken: next}, nil
}

func (s *service) getSubscription(_ *cloud.Call, in *GetSubscriptionAttributesInput) (*GetSubscriptionAttributesResponse, error) {
	sub, ok := s.subscriptions.Get(in.SubscriptionArn)
	if !ok {
		return nil, notFound("Subscription")
	}
	all := map[string]string{
		"SubscriptionArn": sub.ARN, "TopicArn": sub.Topic, "Owner": sub.Owner, "Protocol": sub.Protocol, "Endpoint": sub.Endpoint,
		"PendingConfirmation": strconv.FormatBool(!sub.Confirmed), "ConfirmationWasAuthenticated": strconv.FormatBool(sub.Authenticated || sub.Token == ""),
		"RawMessageDelivery": "false", "SubscriptionPrincipal": "arn:aws:iam::" + sub.Owner + ":root",
	}
	maps.Copy(all, sub.Attributes)
	if all["FilterPolicy"] != "" && all["FilterPolicyScope"] == "" {
		all["FilterPolicyScope"] = scopeAttributes
	}
	return &GetSubscriptionAttributesResponse{Attributes: all}, nil
}

func (s *service) setSubscription(_ *cloud.Call, in *SetSubscriptionAttributesInput) (*wire.Empty, error) {
	_, err := s.subscriptions.Update(in.SubscriptionArn, func(sub subscription, ok bool) (subscription, error) {
		if !ok {
			return sub, notFound("Subscription")
		}
		now := maps.Clone(sub.Attributes)
		if now == nil {
			now = map[string]string{}
		}
		now[in.AttributeName] = in.AttributeValue
		if in.AttributeValue == "" {
			delete(now, in.AttributeName)
		}
		// A change of scope is checked against the policy, and the other way round.
		for _, name := range []string{in.AttributeName, "FilterPolicy"} {
			if value := now[name]; value != "" || name == in.AttributeName {
				if err := checkSubscriptionAttribute(name, value, now["FilterPolicyScope"]); err != nil {
					return sub, err
				}
			}
		}
		sub.Attributes = now
		return sub, nil
	})
	return nil, err
}

func checkSubscriptionAttribute(name, value, scope string) error {
	switch name {
	case "FilterPolicy":
		return checkFilter(value, scope)
	case "FilterPolicyScope":
		if value != "" && value != scopeAttributes && value != scopeBody {
			return invalid("FilterPolicyScope: Invalid value [%s]. Please use either MessageBody or MessageAttributes", value)
		}
	case "RawMessageDelivery":
		if value != "" && value != "true" && value != "false" {
			return invalid("Attributes Reason: RawMessageDelivery: Invalid value [%s]. Must be true or false.", value)
		}
	case "RedrivePolicy":
		if value == "" {
			return nil
		}
		var r redrive
		if err := json.Unmarshal([]byte(value), &r); err != nil {
			return invalid("RedrivePolicy: failed to parse JSON.")
		}
		if a, err := arn.Parse(r.Target); err != nil || a.Service != "sqs" {
			return invalid("RedrivePolicy: deadLetterTargetArn is an invalid arn")
		}
	case "DeliveryPolicy", "SubscriptionRoleArn", "ReplayPolicy":
		return cloud.NotImplemented("the subscription attribute " + name)
	default:
		return invalid("AttributeName")
	}
	return nil
}

// redrive is where undeliverable messages of a subscription go.
type redrive struct {
	Target string `json:"deadLetterTargetArn"`
}
