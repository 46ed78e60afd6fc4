// Package sns is the Simple Notification Service of the sandbox: standard topics,
// their policies and subscriptions, and delivery to queues, functions, HTTP
// endpoints and, for email, a local outbox.
package sns

import (
	"encoding/json"
	"net/http"
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

const principal = "sns.amazonaws.com"

// topic is a topic without its subscriptions.
type topic struct {
	Account, Region, Name, ARN string
	Attributes                 map[string]string // those that somebody set, and Policy
	Tags                       []tag
	Created                    time.Time
}

type tag struct{ Key, Value string }

// subscription is one subscription, confirmed or not.
type subscription struct {
	ARN, Topic, Owner  string
	Protocol, Endpoint string
	Attributes         map[string]string // those that somebody set
	Token              string            // confirms it
	Confirmed          bool
	// Authenticated: it was confirmed by a signed request that asked that only a
	// signed one should end it.
	Authenticated bool
	Created       time.Time
}

type service struct {
	world         *cloud.World
	topics        *cloud.Table[topic]
	subscriptions *cloud.Table[subscription]
	outbox        *cloud.Table[mail]
	signers       *cloud.Table[[]byte]
	policies      cloud.ResourcePolicies
	deliveries    *cloud.Deliveries
	client        *http.Client

	signerMu sync.Mutex
	signer   *signer
}

// The bounds of deliveries under way.
const (
	workers    = 8
	maxWaiting = 10_000
)

// Add puts the service into a world.
func Add(w *cloud.World, server *wire.Server) (func() error, error) {
	s := &service{world: w, deliveries: w.NewDeliveries("sns", workers, maxWaiting), client: newClient()}
	var err error
	if s.topics, err = cloud.NewTable[topic](w, "sns.topics"); err != nil {
		return nil, err
	}
	if s.subscriptions, err = cloud.NewTable[subscription](w, "sns.subscriptions"); err != nil {
		return nil, err
	}
	if s.outbox, err = cloud.NewTable[mail](w, "sns.outbox"); err != nil {
		return nil, err
	}
	if s.signers, err = cloud.NewTable[[]byte](w, "sns.signers"); err != nil {
		return nil, err
	}
	w.UseResourcePolicies("sns", s)
	w.HandlePage("outbox", s.outboxPage)
	w.HandlePage(certificatePage, s.certificatePage)
	stop := func() error {
		err := s.deliveries.Stop()
		s.client.CloseIdleConnections()
		return err
	}
	return stop, server.Add(&model, slices.Concat(s.topicOps(), s.subscriptionOps(), s.publishOps(), s.tagOps())...)
}

// ResourcePolicy answers for the policies of topics.
func (s *service) ResourcePolicy(resource string) (*iam.Set, []iam.Grant) {
	t, ok := s.topics.Get(resource)
	if !ok {
		return nil, nil
	}
	return s.policies.Set(cloud.Document{Name: "policy of the topic " + t.Name, Text: t.Attributes["Policy"]}), nil
}

func topicARN(region, account, name string) string {
	return "arn:aws:sns:" + region + ":" + account + ":" + name
}

func invalid(format string, args ...any) *cloud.Error {
	return cloud.Errorf("InvalidParameterException", "Invalid parameter: "+format, args...)
}

func notFound(what string) *cloud.Error {
	return cloud.Errorf("NotFoundException", "%s does not exist", what)
}

// parseTopic checks the ARN of a topic.
func parseTopic(text string) (arn.ARN, error) {
	a, err := arn.Parse(text)
	if err != nil || a.Service != "sns" || a.Account == "" || strings.Contains(a.Resource, ":") {
		return a, invalid("TopicArn")
	}
	return a, nil
}

// onTopic is the check of an action on a topic.
func (s *service) onTopic(action, text string) ([]cloud.Check, error) {
	if _, err := parseTopic(text); err != nil {
		return nil, err
	}
	return []cloud.Check{{Action: "sns:" + action, Resource: text, Context: s.tagContext(text)}}, nil
}

func (s *service) tagContext(text string) *iam.Context {
	ctx := iam.NewContext()
	if t, ok := s.topics.Get(text); ok {
		for _, g := range t.Tags {
			ctx.Set("aws:ResourceTag/"+g.Key, g.Value)
		}
	}
	return ctx
}

func (s *service) topic(text string) (topic, error) {
	t, ok := s.topics.Get(text)
	if !ok {
		return t, notFound("Topic")
	}
	return t, nil
}

// bind makes an operation on one topic.
func bind[In, Out any](s *service, name string, which func(in *In) string, do func(c *cloud.Call, t topic, in *In) (*Out, error)) wire.Operation {
	return wire.Op[In, Out]{Name: name, Auth: func(_ *cloud.Call, in *In) ([]cloud.Check, error) {
		return s.onTopic(name, which(in))
	}, Do: func(c *cloud.Call, in *In) (*Out, error) {
		t, err := s.topic(which(in))
		if err != nil {
			return nil, err
		}
		return do(c, t, in)
	}}.Operation()
}

// change replaces a topic by what f makes of a copy of it.
func (s *service) change(text string, f func(t *topic) error) error {
	_, err := s.topics.Update(text, func(t topic, ok bool) (topic, error) {
		if !ok {
			return t, notFound("Topic")
		}
		t.Tags = slices.Clone(t.Tags)
		return t, f(&t)
	})
	return err
}

// pageSize is how many topics or subscriptions one answer holds.
const pageSize = 100

// page returns the keys after token.
func page(keys []string, token string) (part []string, next string) {
	i, found := slices.BinarySearch(keys, token)
	if found {
		i++
	}
	part = keys[i:]
	if len(part) <= pageSize {
		return part, ""
	}
	return part[:pageSize], part[pageSize-1]
}

func jsonPage(v any) (cloud.Page, error) {
	data, err := json.Marshal(v)
	return cloud.Page{ContentType: "application/json", Body: data}, err
}

func (s *service) outboxPage(query url.Values) (cloud.Page, error) {
	to := query.Get("to")
	mails := s.outbox.Select(func(_ string, m mail) bool { return to == "" || m.To == to })
	if mails == nil {
		mails = []mail{}
	}
	return jsonPage(map[string]any{"messages": mails})
}
