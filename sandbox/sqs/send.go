package sqs

import (
	"context"
	"errors"
	"time"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

func (s *service) messageOps() []wire.Operation {
	return []wire.Operation{
		bind(s, "SendMessage", "SendMessage", true, func(in *SendMessageRequest) string { return in.QueueUrl }, func(c *cloud.Call, q queue, in *SendMessageRequest) (*SendMessageResult, error) {
			if in.MessageGroupId != "" || in.MessageDeduplicationId != "" {
				return nil, cloud.NotImplemented("message groups and deduplication ids")
			}
			m, err := s.send(c, q, letter{in.MessageBody, in.MessageAttributes, in.MessageSystemAttributes, in.DelaySeconds})
			if err != nil {
				return nil, err
			}
			return &SendMessageResult{MessageId: m.ID, MD5OfMessageBody: digest(m.Body), MD5OfMessageAttributes: attributeDigest(m.Attributes)}, nil
		}),
		wire.Op[ReceiveMessageRequest, ReceiveMessageResult]{Name: "ReceiveMessage", Data: true, Auth: func(c *cloud.Call, in *ReceiveMessageRequest) ([]cloud.Check, error) {
			return s.on(c, "ReceiveMessage", in.QueueUrl)
		}, Do: s.receive}.Operation(),
		bind(s, "DeleteMessage", "DeleteMessage", true, func(in *DeleteMessageRequest) string { return in.QueueUrl }, func(_ *cloud.Call, q queue, in *DeleteMessageRequest) (*wire.Empty, error) {
			return nil, s.remove(q, in.ReceiptHandle)
		}),
		bind(s, "ChangeMessageVisibility", "ChangeMessageVisibility", true, func(in *ChangeMessageVisibilityRequest) string { return in.QueueUrl }, func(c *cloud.Call, q queue, in *ChangeMessageVisibilityRequest) (*wire.Empty, error) {
			return nil, s.setVisibility(c, q, in.ReceiptHandle, in.VisibilityTimeout)
		}),
	}
}

func (s *service) send(c *cloud.Call, q queue, l letter) (message, error) {
	if err := l.check(q); err != nil {
		return message{}, err
	}
	m := message{ID: s.world.IDs.UUID(), Body: l.body, Attributes: l.attributes, Sender: c.Identity.UserID, Sent: c.Time, Arrived: c.Time}
	if m.Sender == "" {
		m.Sender = c.Identity.ARN
	}
	if t := l.system["AWSTraceHeader"]; t != nil {
		m.Trace = t.StringValue
	}
	delay := q.number("DelaySeconds")
	if l.delay != nil {
		delay = *l.delay
	}
	m.Visible = c.Time.Add(time.Duration(delay) * time.Second)
	if key := q.Attributes["KmsMasterKeyId"]; key != "" {
		var out struct{ CiphertextBlob []byte }
		err := s.kms(c, q, "GenerateDataKey", map[string]any{"KeyId": keyARN(q, key), "KeySpec": "AES_256", "EncryptionContext": encryptionContext(q)}, &out)
		if err != nil {
			return message{}, err
		}
		m.DataKey = out.CiphertextBlob
	}
	return m, s.put(q.ID, m)
}

// keyARN makes a bare key id or alias of the queue's owner one that other accounts
// can name.
func keyARN(q queue, key string) string {
	if _, err := arn.Parse(key); err == nil {
		return key
	}
	if len(key) > 6 && key[:6] == "alias/" {
		return "arn:aws:kms:" + q.Region + ":" + q.Account + ":" + key
	}
	return "arn:aws:kms:" + q.Region + ":" + q.Account + ":key/" + key
}

func encryptionContext(q queue) map[string]string { return map[string]string{"aws:sqs:arn": q.ARN} }

// kms calls KMS as who sends or receives: a queue with a key needs its users to be
// allowed to use the key ("Key management", SQS developer guide).
func (s *service) kms(c *cloud.Call, q queue, operation string, in, out any) error {
	as := cloud.Caller{Identity: c.Identity, Account: c.Account, Region: q.Region, Vouched: c.Vouched, From: "sqs.amazonaws.com"}
	err := s.world.Invoke(c.Context, as, "kms", operation, in, out)
	var e *cloud.Error
	if errors.As(err, &e) {
		switch e.Code {
		case "AccessDeniedException":
			return cloud.Errorf("KmsAccessDenied", "%s", e.Message)
		case "NotFoundException":
			return cloud.Errorf("KmsNotFound", "%s", e.Message)
		case "DisabledException":
			return cloud.Errorf("KmsDisabled", "%s", e.Message)
		case "KMSInvalidStateException":
			return cloud.Errorf("KmsInvalidState", "%s", e.Message)
		}
	}
	return err
}

// opened reports whether what waits for a call should go on waiting.
func (s *service) opened(ctx context.Context) bool {
	select {
	case <-s.stop:
		return false
	case <-ctx.Done():
		return false
	default:
		return true
	}
}
