package sqs

import (
	"errors"
	"regexp"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// maxBatchBytes bounds the bodies of one batch together.
const maxBatchBytes = 1 << 20

var batchID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

// checkBatch checks the ids of a batch.
func checkBatch[E any](entries []E, id func(E) string) error {
	if len(entries) == 0 {
		return cloud.Errorf("EmptyBatchRequest", "There should be at least one entry in the request.")
	}
	if len(entries) > 10 {
		return cloud.Errorf("TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10. You have sent %d.", len(entries))
	}
	seen := map[string]bool{}
	for _, e := range entries {
		if !batchID.MatchString(id(e)) {
			return cloud.Errorf("InvalidBatchEntryId", "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
		}
		if seen[id(e)] {
			return cloud.Errorf("BatchEntryIdsNotDistinct", "Id %s repeated.", id(e))
		}
		seen[id(e)] = true
	}
	return nil
}

func entryFailure(id string, err error) *BatchResultErrorEntry {
	var e *cloud.Error
	if !errors.As(err, &e) {
		return &BatchResultErrorEntry{Id: id, Code: "InternalError", Message: err.Error()}
	}
	return &BatchResultErrorEntry{Id: id, Code: e.Code, Message: e.Message, SenderFault: !e.Fault}
}

// batchOps are the batches; each needs the permission of the single operation.
func (s *service) batchOps() []wire.Operation {
	return []wire.Operation{
		bind(s, "SendMessageBatch", "SendMessage", true, func(in *SendMessageBatchRequest) string { return in.QueueUrl }, s.sendBatch),
		bind(s, "DeleteMessageBatch", "DeleteMessage", true, func(in *DeleteMessageBatchRequest) string { return in.QueueUrl }, s.deleteBatch),
		bind(s, "ChangeMessageVisibilityBatch", "ChangeMessageVisibility", true, func(in *ChangeMessageVisibilityBatchRequest) string { return in.QueueUrl }, s.visibilityBatch),
	}
}

func (s *service) sendBatch(c *cloud.Call, q queue, in *SendMessageBatchRequest) (*SendMessageBatchResult, error) {
	if err := checkBatch(in.Entries, func(e *SendMessageBatchRequestEntry) string { return e.Id }); err != nil {
		return nil, err
	}
	total := 0
	for _, e := range in.Entries {
		if e.MessageGroupId != "" || e.MessageDeduplicationId != "" {
			return nil, cloud.NotImplemented("message groups and deduplication ids")
		}
		total += letter{body: e.MessageBody, attributes: e.MessageAttributes}.size()
	}
	if total > maxBatchBytes {
		return nil, cloud.Errorf("BatchRequestTooLong", "Batch requests cannot be longer than %d bytes. You have sent %d bytes.", maxBatchBytes, total)
	}
	out := &SendMessageBatchResult{Successful: []*SendMessageBatchResultEntry{}, Failed: []*BatchResultErrorEntry{}}
	for _, e := range in.Entries {
		m, err := s.send(c, q, letter{e.MessageBody, e.MessageAttributes, e.MessageSystemAttributes, e.DelaySeconds})
		if err != nil {
			out.Failed = append(out.Failed, entryFailure(e.Id, err))
			continue
		}
		out.Successful = append(out.Successful, &SendMessageBatchResultEntry{Id: e.Id, MessageId: m.ID, MD5OfMessageBody: digest(m.Body), MD5OfMessageAttributes: attributeDigest(m.Attributes)})
	}
	return out, nil
}

func (s *service) deleteBatch(_ *cloud.Call, q queue, in *DeleteMessageBatchRequest) (*DeleteMessageBatchResult, error) {
	if err := checkBatch(in.Entries, func(e *DeleteMessageBatchRequestEntry) string { return e.Id }); err != nil {
		return nil, err
	}
	out := &DeleteMessageBatchResult{Successful: []*DeleteMessageBatchResultEntry{}, Failed: []*BatchResultErrorEntry{}}
	for _, e := range in.Entries {
		if err := s.remove(q, e.ReceiptHandle); err != nil {
			out.Failed = append(out.Failed, entryFailure(e.Id, err))
			continue
		}
		out.Successful = append(out.Successful, &DeleteMessageBatchResultEntry{Id: e.Id})
	}
	return out, nil
}

func (s *service) visibilityBatch(c *cloud.Call, q queue, in *ChangeMessageVisibilityBatchRequest) (*ChangeMessageVisibilityBatchResult, error) {
	if err := checkBatch(in.Entries, func(e *ChangeMessageVisibilityBatchRequestEntry) string { return e.Id }); err != nil {
		return nil, err
	}
	out := &ChangeMessageVisibilityBatchResult{Successful: []*ChangeMessageVisibilityBatchResultEntry{}, Failed: []*BatchResultErrorEntry{}}
	for _, e := range in.Entries {
		seconds := int64(0)
		if e.VisibilityTimeout != nil {
			seconds = *e.VisibilityTimeout
		}
		if err := s.setVisibility(c, q, e.ReceiptHandle, seconds); err != nil {
			out.Failed = append(out.Failed, entryFailure(e.Id, err))
			continue
		}
		out.Successful = append(out.Successful, &ChangeMessageVisibilityBatchResultEntry{Id: e.Id})
	}
	return out, nil
}
