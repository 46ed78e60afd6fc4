package sqs

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

func (s *service) queueOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[CreateQueueRequest, CreateQueueResult]{Name: "CreateQueue", Auth: mayCreate, Do: s.createQueue}.Operation(),
		bind(s, "DeleteQueue", "DeleteQueue", false, func(in *DeleteQueueRequest) string { return in.QueueUrl }, s.deleteQueue),
		wire.Op[ListQueuesRequest, ListQueuesResult]{Name: "ListQueues", Do: s.listQueues}.Operation(),
		wire.Op[GetQueueUrlRequest, GetQueueUrlResult]{Name: "GetQueueUrl", Auth: s.mayGetURL, Do: s.getURL}.Operation(),
		bind(s, "PurgeQueue", "PurgeQueue", false, func(in *PurgeQueueRequest) string { return in.QueueUrl }, s.purge),
		bind(s, "ListDeadLetterSourceQueues", "ListDeadLetterSourceQueues", false, func(in *ListDeadLetterSourceQueuesRequest) string { return in.QueueUrl }, s.listSources),
		wire.Op[TagQueueRequest, wire.Empty]{Name: "TagQueue", Auth: func(c *cloud.Call, in *TagQueueRequest) ([]cloud.Check, error) {
			checks, err := s.on(c, "TagQueue", in.QueueUrl)
			if err == nil {
				requestTags(checks[0].Context, in.Tags)
			}
			return checks, err
		}, Do: s.tagQueue}.Operation(),
		wire.Op[UntagQueueRequest, wire.Empty]{Name: "UntagQueue", Auth: func(c *cloud.Call, in *UntagQueueRequest) ([]cloud.Check, error) {
			checks, err := s.on(c, "UntagQueue", in.QueueUrl)
			if err == nil {
				checks[0].Context.SetList("aws:TagKeys", in.TagKeys...)
			}
			return checks, err
		}, Do: s.untagQueue}.Operation(),
		bind(s, "ListQueueTags", "ListQueueTags", false, func(in *ListQueueTagsRequest) string { return in.QueueUrl }, func(_ *cloud.Call, q queue, _ *ListQueueTagsRequest) (*ListQueueTagsResult, error) {
			return &ListQueueTagsResult{Tags: q.Tags}, nil
		}),
	}
}

// requestTags adds the condition keys of the tags in a request.
func requestTags(ctx *iam.Context, tags map[string]string) *iam.Context {
	for k, v := range tags {
		ctx.Set("aws:RequestTag/"+k, v)
	}
	if len(tags) > 0 {
		ctx.SetList("aws:TagKeys", slices.Sorted(maps.Keys(tags))...)
	}
	return ctx
}

var queueName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

// mayCreate needs sqs:CreateQueue, and with tags sqs:TagQueue.
func mayCreate(c *cloud.Call, in *CreateQueueRequest) ([]cloud.Check, error) {
	on := queueARN(c.Region, c.Account, in.QueueName)
	ctx := requestTags(iam.NewContext(), in.Tags)
	checks := []cloud.Check{{Action: "sqs:CreateQueue", Resource: on, Context: ctx}}
	if len(in.Tags) > 0 {
		checks = append(checks, cloud.Check{Action: "sqs:TagQueue", Resource: on, Context: ctx})
	}
	return checks, nil
}

func (s *service) createQueue(c *cloud.Call, in *CreateQueueRequest) (*CreateQueueResult, error) {
	if strings.HasSuffix(in.QueueName, ".fifo") || in.Attributes["FifoQueue"] == "true" {
		return nil, cloud.NotImplemented("FIFO queues")
	}
	if !queueName.MatchString(in.QueueName) {
		return nil, cloud.Errorf("InvalidParameterValue", "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	}
	q := queue{Account: c.Account, Region: c.Region, Name: in.QueueName, ARN: queueARN(c.Region, c.Account, in.QueueName), ID: s.world.IDs.UUID(),
		Tags: maps.Clone(in.Tags), Created: c.Time, Changed: c.Time}
	set, err := s.checkAttributes(q, in.Attributes)
	if err != nil {
		return nil, err
	}
	q.Attributes = set
	if err := checkTags(q.Tags); err != nil {
		return nil, err
	}
	made, err := s.queues.Update(q.ARN, func(old queue, exists bool) (queue, error) {
		if !exists {
			return q, nil
		}
		for name, value := range set {
			if old.attribute(name) != value {
				return old, cloud.Errorf("QueueNameExists", "A queue already exists with the same name and a different value for attribute %s", name)
			}
		}
		return old, nil
	})
	if err != nil {
		return nil, err
	}
	return &CreateQueueResult{QueueUrl: s.url(made)}, nil
}

func (s *service) deleteQueue(_ *cloud.Call, q queue, _ *DeleteQueueRequest) (*wire.Empty, error) {
	if err := s.queues.Delete(q.ARN); err != nil {
		return nil, err
	}
	if err := s.empty(q); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.boxes[q.ID]; b != nil {
		delete(s.boxes, q.ID)
		b.mu.Lock()
		b.wake() // for receivers to find the queue gone
		b.mu.Unlock()
	}
	return nil, nil
}

func (s *service) purge(_ *cloud.Call, q queue, _ *PurgeQueueRequest) (*wire.Empty, error) {
	return nil, s.empty(q)
}

func (s *service) listQueues(c *cloud.Call, in *ListQueuesRequest) (*ListQueuesResult, error) {
	prefix := queueARN(c.Region, c.Account, in.QueueNamePrefix)
	keys := s.queues.Keys(func(k string) bool { return strings.HasPrefix(k, prefix) })
	part, next, err := page(keys, in.NextToken, in.MaxResults)
	return &ListQueuesResult{QueueUrls: s.urls(part), NextToken: next}, err
}

func (s *service) urls(arns []string) []string {
	var out []string
	for _, k := range arns {
		if q, ok := s.queues.Get(k); ok {
			out = append(out, s.url(q))
		}
	}
	return out
}

// page returns the keys after token, at most max; without max all of them, up to
// the 1,000 that one answer holds.
func page(keys []string, token string, max *int64) (part []string, next string, err error) {
	limit := 1000
	if max != nil {
		if *max < 1 || *max > 1000 {
			return nil, "", cloud.Errorf("InvalidParameterValue", "Value %d for parameter MaxResults is invalid. Reason: Must be between 1 and 1000, if provided.", *max)
		}
		limit = int(*max)
	}
	i, found := slices.BinarySearch(keys, token)
	if found {
		i++
	}
	part = keys[i:]
	if len(part) <= limit {
		return part, "", nil
	}
	part = part[:limit]
	if max != nil {
		next = part[limit-1]
	}
	return part, next, nil
}

func (s *service) urlARN(c *cloud.Call, in *GetQueueUrlRequest) string {
	owner := in.QueueOwnerAWSAccountId
	if owner == "" {
		owner = c.Account
	}
	return queueARN(c.Region, owner, in.QueueName)
}

func (s *service) mayGetURL(c *cloud.Call, in *GetQueueUrlRequest) ([]cloud.Check, error) {
	full := s.urlARN(c, in)
	return []cloud.Check{{Action: "sqs:GetQueueUrl", Resource: full, Context: s.tagContext(full)}}, nil
}

func (s *service) getURL(c *cloud.Call, in *GetQueueUrlRequest) (*GetQueueUrlResult, error) {
	q, ok := s.queues.Get(s.urlARN(c, in))
	if !ok {
		return nil, noQueue()
	}
	return &GetQueueUrlResult{QueueUrl: s.url(q)}, nil
}

func (s *service) listSources(_ *cloud.Call, q queue, in *ListDeadLetterSourceQueuesRequest) (*ListDeadLetterSourceQueuesResult, error) {
	var keys []string
	for _, other := range s.queues.Select(nil) {
		if r, ok := other.redrive(); ok && r.Target == q.ARN {
			keys = append(keys, other.ARN)
		}
	}
	part, next, err := page(keys, in.NextToken, in.MaxResults)
	out := &ListDeadLetterSourceQueuesResult{QueueUrls: s.urls(part), NextToken: next}
	if out.QueueUrls == nil {
		out.QueueUrls = []string{}
	}
	return out, err
}

const maxTags = 50

func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return cloud.Errorf("InvalidParameterValue", "Too many tags added for queue.")
	}
	for k, v := range tags {
		if k == "" || len(k) > 128 || len(v) > 256 || strings.HasPrefix(strings.ToLower(k), "aws:") {
			return cloud.Errorf("InvalidParameterValue", "Tag key or value is invalid: %s", k)
		}
	}
	return nil
}

func (s *service) tagQueue(c *cloud.Call, in *TagQueueRequest) (*wire.Empty, error) {
	q, err := s.find(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	_, err = s.change(q, func(q *queue) error {
		tags := maps.Clone(q.Tags)
		if tags == nil {
			tags = map[string]string{}
		}
		maps.Copy(tags, in.Tags)
		q.Tags = tags
		return checkTags(tags)
	})
	return nil, err
}

func (s *service) untagQueue(c *cloud.Call, in *UntagQueueRequest) (*wire.Empty, error) {
	q, err := s.find(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	_, err = s.change(q, func(q *queue) error {
		tags := maps.Clone(q.Tags)
		for _, k := range in.TagKeys {
			delete(tags, k)
		}
		q.Tags = tags
		return nil
	})
	return nil, err
}

// change replaces a queue by what f makes of a copy of it.
func (s *service) change(q queue, f func(q *queue) error) (queue, error) {
	return s.queues.Update(q.ARN, func(now queue, ok bool) (queue, error) {
		if !ok || now.ID != q.ID {
			return now, noQueue()
		}
		return now, f(&now)
	})
}
