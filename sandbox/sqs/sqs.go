// Package sqs is the Simple Queue Service of the sandbox: standard queues with
// policies, long polling, visibility timeouts on the world's clock and dead-letter
// queues. FIFO queues are refused by name.
package sqs

import (
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// queue is a queue without its messages.
type queue struct {
	Account, Region, Name, ARN string
	// ID is of this creation of the queue: a queue of the same name made later has
	// none of its messages.
	ID               string
	Attributes       map[string]string // those that somebody set
	Tags             map[string]string
	Created, Changed time.Time
}

type service struct {
	world    *cloud.World
	queues   *cloud.Table[queue]   // by ARN
	messages *cloud.Table[message] // by message.key
	policies cloud.ResourcePolicies
	stop     chan struct{} // closed when the world closes

	mu    sync.Mutex
	boxes map[string]*box // by the queue's ID
}

// Add puts the service into a world.
func Add(w *cloud.World, server *wire.Server) (func() error, error) {
	s := &service{world: w, stop: make(chan struct{}), boxes: map[string]*box{}}
	var err error
	if s.queues, err = cloud.NewTable[queue](w, "sqs.queues"); err != nil {
		return nil, err
	}
	if s.messages, err = cloud.NewTable[message](w, "sqs.messages"); err != nil {
		return nil, err
	}
	for _, m := range s.messages.Select(nil) {
		b := s.box(m.Queue)
		b.messages = append(b.messages, m) // keys sort by number
		b.last = m.Number
	}
	w.UseResourcePolicies("sqs", s)
	var once sync.Once
	stop := func() error {
		once.Do(func() { close(s.stop) })
		return nil
	}
	return stop, server.Add(&model, slices.Concat(s.queueOps(), s.attributeOps(), s.messageOps(), s.batchOps())...)
}

// ResourcePolicy answers for the policies of queues.
func (s *service) ResourcePolicy(resource string) (*iam.Set, []iam.Grant) {
	q, ok := s.queues.Get(resource)
	if !ok {
		return nil, nil
	}
	return s.policies.Set(cloud.Document{Name: "policy of the queue " + q.Name, Text: q.Attributes["Policy"]}), nil
}

func queueARN(region, account, name string) string {
	return "arn:aws:sqs:" + region + ":" + account + ":" + name
}

// url is the queue's URL. Outside a request that came over the wire nobody may
// know the world's address; the URL is then a path, which is taken as one too.
func (s *service) url(q queue) string {
	return s.world.Endpoint() + "/" + q.Account + "/" + q.Name
}

// arnOf reads a queue's URL. The region is the call's, for the URL has none.
func arnOf(c *cloud.Call, queueURL string) (string, error) {
	u, err := url.Parse(queueURL)
	if err != nil {
		return "", invalidAddress(queueURL)
	}
	account, name, ok := strings.Cut(strings.Trim(u.Path, "/"), "/")
	if !ok || len(account) != 12 || name == "" || strings.Contains(name, "/") {
		return "", invalidAddress(queueURL)
	}
	return queueARN(c.Region, account, name), nil
}

func invalidAddress(queueURL string) *cloud.Error {
	return cloud.Errorf("InvalidAddress", "The address %s is not valid for this endpoint.", queueURL)
}

func noQueue() *cloud.Error {
	e := cloud.Errorf("QueueDoesNotExist", "The specified queue does not exist.")
	// The code that SQS had before it spoke JSON, which clients still show.
	e.Headers = map[string]string{"X-Amzn-Query-Error": "AWS.SimpleQueueService.NonExistentQueue;Sender"}
	return e
}

func (s *service) find(c *cloud.Call, queueURL string) (queue, error) {
	full, err := arnOf(c, queueURL)
	if err != nil {
		return queue{}, err
	}
	q, ok := s.queues.Get(full)
	if !ok {
		return queue{}, noQueue()
	}
	return q, nil
}

// ownOnly are the actions to which a queue's policy cannot admit other accounts
// ("Limitations of Amazon SQS custom policies", SQS developer guide).
var ownOnly = map[string]bool{
	"AddPermission": true, "CreateQueue": true, "DeleteQueue": true, "ListQueues": true, "ListQueueTags": true,
	"RemovePermission": true, "SetQueueAttributes": true, "TagQueue": true, "UntagQueue": true,
}

// on is the check of an action on a queue.
func (s *service) on(c *cloud.Call, action, queueURL string) ([]cloud.Check, error) {
	full, err := arnOf(c, queueURL)
	if err != nil {
		return nil, err
	}
	a, err := arn.Parse(full)
	if err != nil {
		return nil, invalidAddress(queueURL)
	}
	if ownOnly[action] && c.Identity.Account != a.Account {
		return nil, &cloud.Error{Code: "AccessDeniedException", Message: "User: " + c.Identity.ARN + " is not authorized to perform: sqs:" + action + " on resource: " + full + " because the queue belongs to another account"}
	}
	return []cloud.Check{{Action: "sqs:" + action, Resource: full, Context: s.tagContext(full)}}, nil
}

// tagContext are the condition keys that come with the queue.
func (s *service) tagContext(full string) *iam.Context {
	ctx := iam.NewContext()
	if q, ok := s.queues.Get(full); ok {
		for k, v := range q.Tags {
			ctx.Set("aws:ResourceTag/"+k, v)
		}
	}
	return ctx
}

// bind makes an operation on one queue, authorised as an action.
func bind[In, Out any](s *service, name, action string, data bool, queueURL func(in *In) string, do func(c *cloud.Call, q queue, in *In) (*Out, error)) wire.Operation {
	return wire.Op[In, Out]{Name: name, Data: data, Auth: func(c *cloud.Call, in *In) ([]cloud.Check, error) {
		return s.on(c, action, queueURL(in))
	}, Do: func(c *cloud.Call, in *In) (*Out, error) {
		q, err := s.find(c, queueURL(in))
		if err != nil {
			return nil, err
		}
		return do(c, q, in)
	}}.Operation()
}
