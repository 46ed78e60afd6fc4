package sns

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/sandbox/cloud"
)

// envelope is the JSON document that subscribers get ("Amazon SNS message and JSON
// formats").
type envelope struct {
	Type             string                   `json:"Type"`
	MessageID        string                   `json:"MessageId"`
	Token            string                   `json:"Token,omitempty"`
	TopicARN         string                   `json:"TopicArn"`
	Subject          string                   `json:"Subject,omitempty"`
	Message          string                   `json:"Message"`
	SubscribeURL     string                   `json:"SubscribeURL,omitempty"`
	Timestamp        string                   `json:"Timestamp"`
	SignatureVersion string                   `json:"SignatureVersion"`
	Signature        string                   `json:"Signature"`
	SigningCertURL   string                   `json:"SigningCertURL"`
	UnsubscribeURL   string                   `json:"UnsubscribeURL,omitempty"`
	Attributes       map[string]attributeView `json:"MessageAttributes,omitempty"`
}

type attributeView struct {
	Type  string `json:"Type"`
	Value string `json:"Value"`
}

func views(attributes map[string]*MessageAttributeValue) map[string]attributeView {
	out := map[string]attributeView{}
	for name, a := range attributes {
		v := attributeView{a.DataType, a.StringValue}
		if strings.HasPrefix(a.DataType, "Binary") {
			v.Value = base64.StdEncoding.EncodeToString(a.BinaryValue)
		}
		out[name] = v
	}
	return out
}

// sealed signs an envelope.
func (s *service) sealed(t topic, e envelope, at time.Time) (envelope, error) {
	g, err := s.signing()
	if err != nil {
		return e, err
	}
	e.TopicARN, e.Timestamp = t.ARN, at.UTC().Format("2006-01-02T15:04:05.000Z")
	e.SignatureVersion = "1"
	if v := t.Attributes["SignatureVersion"]; v != "" {
		e.SignatureVersion = v
	}
	e.SigningCertURL = s.world.Endpoint() + "/_sandbox/" + certificatePage
	return e, g.sign(&e)
}

// call is a URL that makes an unsigned call of this service.
func (s *service) call(action string, parameters ...string) string {
	q := url.Values{"Action": {action}, "Version": {model.Version}}
	for i := 0; i < len(parameters); i += 2 {
		q.Set(parameters[i], parameters[i+1])
	}
	return s.world.Endpoint() + "/?" + q.Encode()
}

func (s *service) notification(m message, sub subscription) (envelope, error) {
	return s.sealed(m.Topic, envelope{Type: "Notification", MessageID: m.ID, Subject: m.Subject, Message: m.text(sub.Protocol), Attributes: views(m.Attributes),
		UnsubscribeURL: s.call("Unsubscribe", "SubscriptionArn", sub.ARN)}, m.At)
}

// fanOut queues the deliveries of a message to all who want it: all or none.
func (s *service) fanOut(m message) error {
	var to []subscription
	for _, sub := range s.subscribed(m.Topic.ARN) {
		if sub.Confirmed && sub.wants(m.text(sub.Protocol), m.Attributes) {
			to = append(to, sub)
		}
	}
	if !s.deliveries.Room(len(to)) {
		return &cloud.Error{Code: "ThrottledException", Message: cloud.ErrBusy.Message, Status: 429}
	}
	for _, sub := range to {
		if err := s.deliver(m, sub); err != nil {
			return err
		}
	}
	return nil
}

func (s *service) deliver(m message, sub subscription) error {
	what := "message " + m.ID + " of " + m.Topic.ARN + " to " + sub.Protocol + " " + sub.Endpoint
	return s.deliveries.Add(cloud.Delivery{Account: m.Topic.Account, What: what, Do: func(ctx context.Context) error {
		e, err := s.notification(m, sub)
		if err != nil {
			return err
		}
		raw := sub.Attributes["RawMessageDelivery"] == "true"
		switch sub.Protocol {
		case "sqs":
			err = s.toQueue(ctx, m, sub.Endpoint, e, raw)
		case "lambda":
			err = s.toFunction(ctx, m.Topic, sub, e)
		case "email", "email-json":
			return s.toOutbox(sub, e)
		default:
			s.toHTTP(ctx, sub, e, raw, m, 0)
			return nil
		}
		if err != nil && ctx.Err() == nil {
			s.bury(m, sub, e)
		}
		return err
	}})
}

// as is SNS calling for a topic in another service: its service principal with the
// topic in aws:SourceArn.
func as(t topic, target string) (cloud.Caller, error) {
	a, err := arn.Parse(target)
	if err != nil {
		return cloud.Caller{}, err
	}
	return cloud.AsService(principal, a.Account, a.Region, t.ARN, t.Account), nil
}

// toQueue sends to a queue: the envelope, or with raw delivery the bare message with
// its attributes.
func (s *service) toQueue(ctx context.Context, m message, target string, e envelope, raw bool) error {
	caller, err := as(m.Topic, target)
	if err != nil {
		return err
	}
	a, _ := arn.Parse(target)
	in := map[string]any{"QueueUrl": "/" + a.Account + "/" + a.Resource, "MessageBody": e.Message}
	if raw && len(m.Attributes) > 0 {
		attributes := map[string]any{}
		for name, v := range m.Attributes {
			kind := v.DataType
			if kind == "String.Array" {
				kind = "String"
			}
			attributes[name] = map[string]any{"DataType": kind, "StringValue": v.StringValue, "BinaryValue": v.BinaryValue}
		}
		in["MessageAttributes"] = attributes
	}
	if !raw {
		body, err := text(e)
		if err != nil {
			return err
		}
		in["MessageBody"] = body
	}
	return s.world.Invoke(ctx, caller, "sqs", "SendMessage", in, nil)
}

// toFunction invokes a function with the event that SNS gives to Lambda.
func (s *service) toFunction(ctx context.Context, t topic, sub subscription, e envelope) error {
	caller, err := as(t, sub.Endpoint)
	if err != nil {
		return err
	}
	attributes := e.Attributes
	if attributes == nil {
		attributes = map[string]attributeView{}
	}
	var subject any
	if e.Subject != "" {
		subject = e.Subject
	}
	payload, err := json.Marshal(map[string]any{"Records": []any{map[string]any{
		"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": sub.ARN,
		"Sns": map[string]any{"Type": e.Type, "MessageId": e.MessageID, "TopicArn": e.TopicARN, "Subject": subject, "Message": e.Message, "Timestamp": e.Timestamp,
			"SignatureVersion": e.SignatureVersion, "Signature": e.Signature, "SigningCertUrl": e.SigningCertURL, "UnsubscribeUrl": e.UnsubscribeURL, "MessageAttributes": attributes},
	}}})
	if err != nil {
		return err
	}
	in := map[string]any{"FunctionName": sub.Endpoint, "InvocationType": "Event", "Payload": payload}
	return s.world.Invoke(ctx, caller, "lambda", "Invoke", in, nil)
}

// bury sends what could not be delivered to the subscription's dead-letter queue,
// where it has one.
func (s *service) bury(m message, sub subscription, e envelope) {
	var r redrive
	if json.Unmarshal([]byte(sub.Attributes["RedrivePolicy"]), &r) != nil || r.Target == "" {
		return
	}
	what := "message " + m.ID + " of " + m.Topic.ARN + " to the dead-letter queue " + r.Target
	// A delivery of its own, so that its failure is listed too.
	if err := s.deliveries.Add(cloud.Delivery{Account: m.Topic.Account, What: what, Do: func(ctx context.Context) error {
		return s.toQueue(ctx, m, r.Target, e, sub.Attributes["RawMessageDelivery"] == "true")
	}}); err != nil {
		return // listed already
	}
}

// mail is what a person would get.
type mail struct {
	To           string    `json:"to"`
	From         string    `json:"from"`
	Subject      string    `json:"subject"`
	Body         string    `json:"body"`
	Topic        string    `json:"topicArn"`
	Subscription string    `json:"subscriptionArn"`
	Type         string    `json:"type"`
	Time         time.Time `json:"time"`
}

// maxOutbox bounds the outbox, oldest dropped first.
const maxOutbox = 1000

// toOutbox writes the mail that AWS would send.
func (s *service) toOutbox(sub subscription, e envelope) error {
	m := mail{To: sub.Endpoint, From: "AWS Notifications <no-reply@sns.amazonaws.com>", Subject: e.Subject, Topic: sub.Topic, Subscription: sub.ARN, Type: e.Type, Time: s.world.Clock.Now().UTC()}
	if m.Subject == "" {
		m.Subject = "AWS Notification Message"
	}
	switch {
	case sub.Protocol == "email-json":
		body, err := text(e)
		if err != nil {
			return err
		}
		m.Body = body
	case e.Type == "SubscriptionConfirmation":
		m.Subject = "AWS Notification - Subscription Confirmation"
		m.Body = "You have chosen to subscribe to the topic:\n" + sub.Topic + "\n\nTo confirm this subscription, visit the link below:\n" + e.SubscribeURL + "\n"
	default:
		m.Body = e.Message + "\n\n--\nTo stop receiving notifications from this topic, visit the link below:\n" + e.UnsubscribeURL + "\n"
	}
	keys := s.outbox.Keys(nil)
	for len(keys) >= maxOutbox {
		if err := s.outbox.Delete(keys[0]); err != nil {
			return err
		}
		keys = keys[1:]
	}
	// Keys sort by time.
	return errors.Join(s.outbox.Put(fmt.Sprintf("%020d-%s-%s", m.Time.UnixNano(), e.MessageID, sub.ARN), m), s.world.Flush())
}

// askConfirmation sends the request to confirm a subscription.
func (s *service) askConfirmation(t topic, sub subscription) {
	id, at := s.world.IDs.UUID(), s.world.Clock.Now()
	// A full queue has it listed as a failure; the subscriber can ask again.
	_ = s.deliveries.Add(cloud.Delivery{Account: t.Account, What: "confirmation of " + sub.ARN, Do: func(ctx context.Context) error {
		e, err := s.sealed(t, envelope{Type: "SubscriptionConfirmation", MessageID: id, Token: sub.Token,
			Message:      "You have chosen to subscribe to the topic " + t.ARN + ".\nTo confirm the subscription, visit the SubscribeURL included in this message.",
			SubscribeURL: s.call("ConfirmSubscription", "TopicArn", t.ARN, "Token", sub.Token)}, at)
		if err != nil {
			return err
		}
		m := message{ID: id, Topic: t, At: at}
		switch sub.Protocol {
		case "sqs":
			return s.toQueue(ctx, m, sub.Endpoint, e, false)
		case "lambda":
			return s.toFunction(ctx, t, sub, e)
		case "email", "email-json":
			return s.toOutbox(sub, e)
		}
		s.toHTTP(ctx, sub, e, false, m, 0)
		return nil
	}})
}

// text is a value as JSON, without escapes for HTML.
func text(v any) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return strings.TrimRight(b.String(), "\n"), err
}
