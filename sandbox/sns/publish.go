package sns

import (
	"encoding/json"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

func (s *service) publishOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[PublishInput, PublishResponse]{Name: "Publish", Data: true, Auth: s.mayPublish, Do: s.publish}.Operation(),
		wire.Op[PublishBatchInput, PublishBatchResponse]{Name: "PublishBatch", Data: true, Auth: func(_ *cloud.Call, in *PublishBatchInput) ([]cloud.Check, error) {
			return s.onTopic("Publish", in.TopicArn)
		}, Do: s.publishBatch}.Operation(),
	}
}

func (in *PublishInput) topic() string {
	if in.TopicArn != "" {
		return in.TopicArn
	}
	return in.TargetArn
}

func (s *service) mayPublish(_ *cloud.Call, in *PublishInput) ([]cloud.Check, error) {
	if in.PhoneNumber != "" {
		return nil, cloud.NotImplemented("messages to phone numbers")
	}
	if in.topic() == "" {
		return nil, invalid("TopicArn or TargetArn Reason: no value for required parameter")
	}
	return s.onTopic("Publish", in.topic())
}

// message is one published message on its way.
type message struct {
	ID         string
	Topic      topic
	Subject    string
	Text       string            // the default text
	Texts      map[string]string // by protocol, where the message is structured
	Attributes map[string]*MessageAttributeValue
	At         time.Time
}

func (m message) text(protocol string) string {
	if t, ok := m.Texts[protocol]; ok {
		return t
	}
	return m.Text
}

const maxMessageBytes = 256 << 10

func (s *service) publish(c *cloud.Call, in *PublishInput) (*PublishResponse, error) {
	t, err := s.topic(in.topic())
	if err != nil {
		return nil, err
	}
	m, err := s.accept(c, t, &PublishBatchRequestEntry{Message: in.Message, Subject: in.Subject, MessageStructure: in.MessageStructure,
		MessageAttributes: in.MessageAttributes, MessageDeduplicationId: in.MessageDeduplicationId, MessageGroupId: in.MessageGroupId})
	if err != nil {
		return nil, err
	}
	return &PublishResponse{MessageId: m.ID}, nil
}

// accept checks a message and queues its deliveries.
func (s *service) accept(c *cloud.Call, t topic, in *PublishBatchRequestEntry) (message, error) {
	m := message{ID: s.world.IDs.UUID(), Topic: t, Subject: in.Subject, Text: in.Message, Attributes: in.MessageAttributes, At: c.Time}
	if in.MessageDeduplicationId != "" {
		return m, invalid("MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type")
	}
	if in.MessageGroupId != "" {
		return m, cloud.NotImplemented("message groups")
	}
	if in.Message == "" {
		return m, invalid("Empty message")
	}
	if size(in) > maxMessageBytes {
		return m, invalid("Message too long")
	}
	if in.Subject != "" && !validSubject(in.Subject) {
		return m, invalid("Subject")
	}
	if err := checkAttributes(in.MessageAttributes); err != nil {
		return m, err
	}
	switch in.MessageStructure {
	case "":
	case "json":
		if err := json.Unmarshal([]byte(in.Message), &m.Texts); err != nil {
			return m, invalid("Message Structure - JSON message body failed to parse")
		}
		text, ok := m.Texts["default"]
		if !ok {
			return m, invalid("Message Structure - No default entry in JSON message body")
		}
		m.Text = text
	default:
		return m, invalid("MessageStructure")
	}
	if err := s.useKey(c, t); err != nil {
		return m, err
	}
	return m, s.fanOut(m)
}

func size(in *PublishBatchRequestEntry) int {
	n := len(in.Message)
	for name, a := range in.MessageAttributes {
		n += len(name) + len(a.DataType) + len(a.StringValue) + len(a.BinaryValue)
	}
	return n
}

// validSubject follows "Publish", SNS API reference: printable ASCII beginning with
// a letter, number or punctuation mark, less than 100 characters.
func validSubject(s string) bool {
	if len(s) >= 100 || s[0] <= ' ' {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

var attributeName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,256}$`)

func checkAttributes(attributes map[string]*MessageAttributeValue) error {
	refuse := func(format string, args ...any) error {
		return cloud.Errorf("InvalidParameterValueException", format, args...)
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		a := attributes[name]
		if !attributeName.MatchString(name) || strings.HasPrefix(strings.ToLower(name), "aws.") {
			return refuse("Invalid message attribute name: %s", name)
		}
		kind, _, _ := strings.Cut(a.DataType, ".")
		switch kind {
		case "String", "Number":
			if a.StringValue == "" {
				return refuse("The message attribute '%s' must contain non-empty message attribute value for message attribute type '%s'.", name, a.DataType)
			}
			if _, err := strconv.ParseFloat(a.StringValue, 64); kind == "Number" && err != nil {
				return refuse("Could not cast message attribute '%s' value to number.", name)
			}
		case "Binary":
			if len(a.BinaryValue) == 0 {
				return refuse("The message attribute '%s' must contain non-empty message attribute value for message attribute type 'Binary'.", name)
			}
		default:
			return refuse("The message attribute '%s' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.", name)
		}
	}
	return nil
}

// useKey asks for a data key of the topic's KMS key as the publisher, who must be
// allowed to ("Key management", SNS developer guide).
func (s *service) useKey(c *cloud.Call, t topic) error {
	key := t.Attributes["KmsMasterKeyId"]
	if key == "" {
		return nil
	}
	if _, err := arn.Parse(key); err != nil {
		prefix := "arn:aws:kms:" + t.Region + ":" + t.Account + ":"
		if !strings.HasPrefix(key, "alias/") {
			prefix += "key/"
		}
		key = prefix + key
	}
	in := map[string]any{"KeyId": key, "KeySpec": "AES_256", "EncryptionContext": map[string]string{"aws:sns:topicArn": t.ARN}}
	as := cloud.Caller{Identity: c.Identity, Account: c.Account, Region: t.Region, Vouched: c.Vouched, From: principal}
	err := s.world.Invoke(c.Context, as, "kms", "GenerateDataKey", in, nil)
	var e *cloud.Error
	if errors.As(err, &e) {
		code, ok := map[string]string{"AccessDeniedException": "KMSAccessDeniedException", "NotFoundException": "KMSNotFoundException",
			"DisabledException": "KMSDisabledException", "KMSInvalidStateException": "KMSInvalidStateException"}[e.Code]
		if ok {
			return cloud.Errorf(code, "%s", e.Message)
		}
	}
	return err
}

var batchID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

func (s *service) publishBatch(c *cloud.Call, in *PublishBatchInput) (*PublishBatchResponse, error) {
	t, err := s.topic(in.TopicArn)
	if err != nil {
		return nil, err
	}
	entries := in.PublishBatchRequestEntries
	switch {
	case len(entries) == 0:
		return nil, cloud.Errorf("EmptyBatchRequestException", "The batch request doesn't contain any entries.")
	case len(entries) > 10:
		return nil, cloud.Errorf("TooManyEntriesInBatchRequestException", "The batch request contains more entries than permissible.")
	}
	total, seen := 0, map[string]bool{}
	for _, e := range entries {
		if !batchID.MatchString(e.Id) {
			return nil, cloud.Errorf("InvalidBatchEntryIdException", "The Id of a batch entry in a batch request doesn't abide by the specification.")
		}
		if seen[e.Id] {
			return nil, cloud.Errorf("BatchEntryIdsNotDistinctException", "Two or more batch entries in the request have the same Id.")
		}
		seen[e.Id] = true
		total += size(e)
	}
	if total > maxMessageBytes {
		return nil, cloud.Errorf("BatchRequestTooLongException", "The length of all the batch messages put together is more than the limit.")
	}
	out := &PublishBatchResponse{Successful: []*PublishBatchResultEntry{}, Failed: []*BatchResultErrorEntry{}}
	for _, e := range entries {
		m, err := s.accept(c, t, e)
		if err != nil {
			out.Failed = append(out.Failed, entryFailure(e.Id, err))
			continue
		}
		out.Successful = append(out.Successful, &PublishBatchResultEntry{Id: e.Id, MessageId: m.ID})
	}
	return out, nil
}

func entryFailure(id string, err error) *BatchResultErrorEntry {
	var e *cloud.Error
	if !errors.As(err, &e) {
		return &BatchResultErrorEntry{Id: id, Code: "InternalFailure", Message: err.Error()}
	}
	code := e.Code
	if known, ok := model.Errors[code]; ok {
		code = known.Code
	}
	return &BatchResultErrorEntry{Id: id, Code: code, Message: e.Message, SenderFault: !e.Fault}
}
