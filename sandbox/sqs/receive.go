package sqs

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twokey/twokey/sandbox/cloud"
)

func (s *service) receive(c *cloud.Call, in *ReceiveMessageRequest) (*ReceiveMessageResult, error) {
	q, err := s.find(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	max, hide, wait := int64(1), q.number("VisibilityTimeout"), q.number("ReceiveMessageWaitTimeSeconds")
	for _, p := range []struct {
		name        string
		asked       *int64
		least, most int64
		into        *int64
	}{{"MaxNumberOfMessages", in.MaxNumberOfMessages, 1, 10, &max}, {"VisibilityTimeout", in.VisibilityTimeout, 0, 43200, &hide}, {"WaitTimeSeconds", in.WaitTimeSeconds, 0, 20, &wait}} {
		if p.asked == nil {
			continue
		}
		if *p.asked < p.least || *p.asked > p.most {
			return nil, invalidParameter("Value %d for parameter %s is invalid. Reason: Must be >= %d and <= %d, if provided.", *p.asked, p.name, p.least, p.most)
		}
		*p.into = *p.asked
	}
	got, err := s.await(c, q, int(max), time.Duration(hide)*time.Second, time.Duration(wait)*time.Second)
	if err != nil {
		return nil, err
	}
	out := &ReceiveMessageResult{}
	for _, m := range got {
		if m.DataKey != nil {
			if err := s.kms(c, q, "Decrypt", map[string]any{"CiphertextBlob": m.DataKey, "EncryptionContext": encryptionContext(q)}, nil); err != nil {
				return nil, err
			}
		}
		out.Messages = append(out.Messages, m.view(in))
	}
	return out, nil
}

// await takes messages, waiting for the first until the world's clock has moved on
// by wait.
func (s *service) await(c *cloud.Call, q queue, max int, hide, wait time.Duration) ([]message, error) {
	clock := s.world.Clock
	deadline := c.Time.Add(wait)
	b := s.box(q.ID)
	for {
		now := clock.Now()
		b.mu.Lock()
		got, dead, next, err := s.take(q, b, now, max, hide)
		changed := b.changed
		b.mu.Unlock()
		// Outside the lock: two queues may be each other's dead-letter queue.
		if buried := s.bury(q, dead, now); err == nil {
			err = buried
		}
		if err != nil || len(got) > 0 || !now.Before(deadline) || !s.opened(c.Context) {
			return got, err
		}
		until := deadline
		if !next.IsZero() && next.Before(until) {
			until = next
		}
		due := make(chan struct{})
		cancel := clock.At(until, func() { close(due) })
		select {
		case <-changed:
		case <-due:
		case <-s.stop:
		case <-c.Context.Done():
		}
		cancel()
		if _, ok := s.queues.Get(q.ARN); !ok {
			return nil, noQueue()
		}
	}
}

// take receives the visible messages, oldest first, and tells when the next will
// be visible. It takes out, as dead, what has been received too often, where there
// is a dead-letter queue. The caller holds the lock.
func (s *service) take(q queue, b *box, now time.Time, max int, hide time.Duration) (got, dead []message, next time.Time, err error) {
	if err := s.expire(q, b, now); err != nil {
		return nil, nil, next, err
	}
	limit := s.deadAfter(q)
	for i := 0; i < len(b.messages) && len(got) < max; {
		m := b.messages[i]
		if m.Visible.After(now) {
			if next.IsZero() || m.Visible.Before(next) {
				next = m.Visible
			}
			i++
			continue
		}
		if limit > 0 && m.Received >= limit {
			b.messages = slices.Delete(b.messages, i, i+1)
			dead = append(dead, m)
			continue
		}
		m.Received++
		if m.First.IsZero() {
			m.First = now
		}
		m.Visible = now.Add(hide)
		m.Receipt = base64.StdEncoding.EncodeToString([]byte(q.ID + "/" + strconv.FormatUint(m.Number, 10) + "/" + s.world.IDs.Hex(16)))
		if err := s.replace(b, i, m); err != nil {
			return got, dead, next, err
		}
		got = append(got, m)
		i++
	}
	return got, dead, next, nil
}

// deadAfter is after how many receives a message of the queue is dead; 0 where
// there is no dead-letter queue.
func (s *service) deadAfter(q queue) int64 {
	r, ok := q.redrive()
	if !ok {
		return 0
	}
	if target, ok := s.queues.Get(r.Target); !ok || target.ID == q.ID {
		return 0
	}
	return r.limit()
}

// bury puts messages that were taken out of q into its dead-letter queue.
func (s *service) bury(q queue, dead []message, now time.Time) error {
	if len(dead) == 0 {
		return nil
	}
	r, _ := q.redrive()
	target, _ := s.queues.Get(r.Target)
	for _, m := range dead {
		d := m
		d.Arrived, d.Visible, d.First, d.Received, d.Receipt, d.Source = now, now, time.Time{}, 0, "", q.ARN
		if err := s.put(target.ID, d); err != nil {
			return err
		}
		if err := s.messages.Delete(m.key()); err != nil {
			return err
		}
	}
	return nil
}

// view is the message as ReceiveMessage answers it.
func (m message) view(in *ReceiveMessageRequest) *Message {
	out := &Message{MessageId: m.ID, ReceiptHandle: m.Receipt, Body: m.Body, MD5OfBody: digest(m.Body)}
	all := map[string]string{
		"SenderId": m.Sender, "SentTimestamp": strconv.FormatInt(m.Sent.UnixMilli(), 10),
		"ApproximateReceiveCount": strconv.FormatInt(m.Received, 10), "ApproximateFirstReceiveTimestamp": strconv.FormatInt(m.First.UnixMilli(), 10),
	}
	if m.Trace != "" {
		all["AWSTraceHeader"] = m.Trace
	}
	if m.Source != "" {
		all["DeadLetterQueueSourceArn"] = m.Source
	}
	wanted := slices.Concat(in.AttributeNames, in.MessageSystemAttributeNames)
	for name, value := range all {
		if slices.Contains(wanted, "All") || slices.Contains(wanted, name) {
			if out.Attributes == nil {
				out.Attributes = map[string]string{}
			}
			out.Attributes[name] = value
		}
	}
	for name, value := range m.Attributes {
		if slices.ContainsFunc(in.MessageAttributeNames, func(w string) bool { return names(w, name) }) {
			if out.MessageAttributes == nil {
				out.MessageAttributes = map[string]*MessageAttributeValue{}
			}
			out.MessageAttributes[name] = value
		}
	}
	out.MD5OfMessageAttributes = attributeDigest(out.MessageAttributes)
	return out
}

// names reports whether what a receiver asks for takes in an attribute: All, .*,
// a prefix with .*, or the name.
func names(wanted, name string) bool {
	if prefix, ok := strings.CutSuffix(wanted, ".*"); ok {
		return strings.HasPrefix(name, prefix)
	}
	return wanted == "All" || wanted == name
}

// held finds the message of a receipt handle; the caller holds the lock. i is
// negative where the message is gone or has been received again since.
func (s *service) held(q queue, b *box, receipt string) (i int, err error) {
	invalid := cloud.Errorf("ReceiptHandleIsInvalid", `The input receipt handle "%s" is not a valid receipt handle.`, receipt)
	data, err := base64.StdEncoding.DecodeString(receipt)
	if err != nil {
		return -1, invalid
	}
	parts := strings.Split(string(data), "/")
	if len(parts) != 3 || parts[0] != q.ID {
		return -1, invalid
	}
	return slices.IndexFunc(b.messages, func(m message) bool { return m.Receipt == receipt }), nil
}

// remove deletes a message. An old receipt handle deletes nothing, and that is no
// error ("DeleteMessage", SQS API reference).
func (s *service) remove(q queue, receipt string) error {
	b := s.box(q.ID)
	b.mu.Lock()
	defer b.mu.Unlock()
	i, err := s.held(q, b, receipt)
	if err != nil || i < 0 {
		return err
	}
	return s.drop(b, i)
}

func (s *service) setVisibility(c *cloud.Call, q queue, receipt string, seconds int64) error {
	if seconds < 0 || seconds > 43200 {
		return invalidParameter("Value %d for parameter VisibilityTimeout is invalid. Reason: VisibilityTimeout must be an integer between 0 and 43200.", seconds)
	}
	b := s.box(q.ID)
	b.mu.Lock()
	defer b.mu.Unlock()
	i, err := s.held(q, b, receipt)
	if err != nil {
		return err
	}
	if i < 0 {
		return invalidParameter("Value %s for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.", receipt)
	}
	m := b.messages[i]
	if !m.Visible.After(c.Time) {
		return cloud.Errorf("MessageNotInflight", "The message referred to isn't in flight.")
	}
	m.Visible = c.Time.Add(time.Duration(seconds) * time.Second)
	err = s.replace(b, i, m)
	b.wake()
	return err
}
