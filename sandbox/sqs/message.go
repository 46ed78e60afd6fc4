package sqs

import (
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twokey/twokey/sandbox/cloud"
)

// message is one message of a queue. Rows are replaced, never changed.
type message struct {
	Queue      string // the queue's ID
	Number     uint64 // in the order of arrival at its queue
	ID         string
	Body       string
	Attributes map[string]*MessageAttributeValue
	Trace      string // AWSTraceHeader
	Sender     string
	Sent       time.Time
	// Arrived is when it came to this queue: later than Sent for a dead letter.
	Arrived  time.Time
	Visible  time.Time // from when it can be received
	First    time.Time // of its first receive
	Received int64
	Receipt  string // the handle of the last receive
	Source   string // the queue that a dead letter comes from
	DataKey  []byte // of a queue with a KMS key: the encrypted data key
}

func (m message) key() string { return fmt.Sprintf("%s/%020d", m.Queue, m.Number) }

// box holds a queue's messages in the order of their arrival.
type box struct {
	mu       sync.Mutex
	messages []message
	last     uint64        // the last number given out
	changed  chan struct{} // closed, and replaced, when a message comes or becomes visible
}

func (s *service) box(id string) *box {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.boxes[id]
	if b == nil {
		b = &box{changed: make(chan struct{})}
		s.boxes[id] = b
	}
	return b
}

// wake has waiting receivers look again; the caller holds the lock.
func (b *box) wake() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// put adds a message.
func (s *service) put(queueID string, m message) error {
	b := s.box(queueID)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	m.Queue, m.Number = queueID, b.last
	if err := s.messages.Put(m.key(), m); err != nil {
		return err
	}
	b.messages = append(b.messages, m)
	b.wake()
	return nil
}

// replace writes a message in its place; the caller holds the lock.
func (s *service) replace(b *box, i int, m message) error {
	if err := s.messages.Put(m.key(), m); err != nil {
		return err
	}
	b.messages[i] = m
	return nil
}

// drop removes a message; the caller holds the lock.
func (s *service) drop(b *box, i int) error {
	if err := s.messages.Delete(b.messages[i].key()); err != nil {
		return err
	}
	b.messages = slices.Delete(b.messages, i, i+1)
	return nil
}

// empty removes all messages of a queue.
func (s *service) empty(q queue) error {
	b := s.box(q.ID)
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.messages) > 0 {
		if err := s.drop(b, len(b.messages)-1); err != nil {
			return err
		}
	}
	return nil
}

// expire removes what is older than the queue retains; the caller holds the lock.
func (s *service) expire(q queue, b *box, now time.Time) error {
	oldest := now.Add(-time.Duration(q.number("MessageRetentionPeriod")) * time.Second)
	for i := 0; i < len(b.messages); {
		if b.messages[i].Sent.After(oldest) {
			i++
			continue
		}
		if err := s.drop(b, i); err != nil {
			return err
		}
	}
	return nil
}

// counts are the three approximate numbers of a queue, here exact.
func (s *service) counts(q queue, now time.Time) (visible, hidden, delayed int) {
	b := s.box(q.ID)
	b.mu.Lock()
	defer b.mu.Unlock()
	_ = s.expire(q, b, now) // a journal that fails is told of by the call's own flush
	for _, m := range b.messages {
		switch {
		case !m.Visible.After(now):
			visible++
		case m.Received > 0:
			hidden++
		default:
			delayed++
		}
	}
	return visible, hidden, delayed
}

// maxAttributes is the most attributes of a message.
const maxAttributes = 10

// letter is what somebody sends.
type letter struct {
	body       string
	attributes map[string]*MessageAttributeValue
	system     map[string]*MessageSystemAttributeValue
	delay      *int64
}

func (l letter) size() int {
	n := len(l.body)
	for name, a := range l.attributes {
		n += len(name) + len(a.DataType) + len(a.StringValue) + len(a.BinaryValue)
	}
	return n
}

func invalidParameter(format string, args ...any) *cloud.Error {
	return cloud.Errorf("InvalidParameterValue", format, args...)
}

// check checks a letter against the rules of SendMessage.
func (l letter) check(q queue) error {
	if l.body == "" {
		return cloud.Errorf("MissingParameter", "The request must contain the parameter MessageBody.")
	}
	if max := q.number("MaximumMessageSize"); int64(l.size()) > max {
		return invalidParameter("One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", max)
	}
	if l.delay != nil && (*l.delay < 0 || *l.delay > 900) {
		return invalidParameter("Value %d for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.", *l.delay)
	}
	if !allowedText(l.body) {
		return cloud.Errorf("InvalidMessageContents", "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF.")
	}
	if len(l.attributes) > maxAttributes {
		return invalidParameter("Number of message attributes [%d] exceeds the allowed maximum [%d].", len(l.attributes), maxAttributes)
	}
	for _, name := range slices.Sorted(maps.Keys(l.attributes)) {
		if err := checkMessageAttribute(name, l.attributes[name]); err != nil {
			return err
		}
	}
	return nil
}

// allowedText follows the characters of XML 1.0, which SQS takes.
func allowedText(s string) bool {
	for _, r := range s {
		switch {
		case r == 0x9, r == 0xA, r == 0xD, r >= 0x20 && r <= 0xD7FF, r >= 0xE000 && r <= 0xFFFD, r >= 0x10000:
		default:
			return false
		}
	}
	return true
}

func checkMessageAttribute(name string, a *MessageAttributeValue) error {
	if len(a.StringListValues) > 0 || len(a.BinaryListValues) > 0 {
		return cloud.Errorf("UnsupportedOperation", "Message attribute list values in SendMessage operation are not supported.")
	}
	kind, _, _ := strings.Cut(a.DataType, ".")
	switch kind {
	case "String", "Number":
		if a.StringValue == "" {
			return invalidParameter("The message attribute '%s' must contain a non-empty message attribute value for message attribute type '%s'.", name, a.DataType)
		}
	case "Binary":
		if len(a.BinaryValue) == 0 {
			return invalidParameter("The message attribute '%s' must contain a non-empty message attribute value for message attribute type 'Binary'.", name)
		}
	default:
		return invalidParameter("The type of message (user) attribute '%s' is invalid. You must use only the following supported type prefixes: Binary, Number, String.", name)
	}
	lower := strings.ToLower(name)
	if name == "" || len(name) > 256 || strings.HasPrefix(lower, "aws.") || strings.HasPrefix(lower, "amazon.") || strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".") {
		return invalidParameter("Message (user) attribute name '%s' is invalid.", name)
	}
	return nil
}

func digest(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

// attributeDigest is MD5OfMessageAttributes ("Calculating the MD5 message digest
// for message attributes", SQS developer guide); empty without attributes.
func attributeDigest(attributes map[string]*MessageAttributeValue) string {
	if len(attributes) == 0 {
		return ""
	}
	h := md5.New()
	write := func(data []byte) {
		var n [4]byte
		binary.BigEndian.PutUint32(n[:], uint32(len(data)))
		h.Write(n[:])
		h.Write(data)
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		a := attributes[name]
		write([]byte(name))
		write([]byte(a.DataType))
		if strings.HasPrefix(a.DataType, "Binary") {
			h.Write([]byte{2})
			write(a.BinaryValue)
			continue
		}
		h.Write([]byte{1})
		write([]byte(a.StringValue))
	}
	return hex.EncodeToString(h.Sum(nil))
}
