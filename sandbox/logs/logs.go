// Package logs is CloudWatch Logs in the sandbox: groups, streams, events, simple
// filters, retention and resource policies.
package logs

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// group is a log group.
type group struct {
	Account, Region, Name, ARN string
	Class, Key                 string
	Retention                  int64 // days; 0 for ever
	Tags                       map[string]string
	Created                    time.Time
}

// stream is a log stream without its events.
type stream struct {
	Group, Name, ARN string // Group is an ARN
	// ID is of this creation of the stream.
	ID      string
	Created time.Time
}

// policyRow is a resource policy of an account and region.
type policyRow struct {
	Account, Region, Name, Document string
	Updated                         time.Time
}

type service struct {
	world    *cloud.World
	groups   *cloud.Table[group]  // by ARN
	streams  *cloud.Table[stream] // by ARN
	batches  *cloud.Table[batch]
	policies *cloud.Table[policyRow]
	compiled cloud.ResourcePolicies

	mu    sync.Mutex
	books map[string]*book // by the stream's ID
}

// Add puts the service into a world.
func Add(w *cloud.World, server *wire.Server) (func() error, error) {
	s := &service{world: w, books: map[string]*book{}}
	var err error
	if s.groups, err = cloud.NewTable[group](w, "logs.groups"); err != nil {
		return nil, err
	}
	if s.streams, err = cloud.NewTable[stream](w, "logs.streams"); err != nil {
		return nil, err
	}
	if s.batches, err = cloud.NewTable[batch](w, "logs.batches"); err != nil {
		return nil, err
	}
	if s.policies, err = cloud.NewTable[policyRow](w, "logs.policies"); err != nil {
		return nil, err
	}
	for _, b := range s.batches.Select(nil) {
		s.book(b.Stream).add(b)
	}
	w.UseResourcePolicies("logs", s)
	return nil, server.Add(&model, slices.Concat(s.groupOps(), s.streamOps(), s.eventOps(), s.policyOps(), s.tagOps())...)
}

// ResourcePolicy answers with the resource policies of the account and region that
// the resource lies in.
func (s *service) ResourcePolicy(resource string) (*iam.Set, []iam.Grant) {
	a, err := arn.Parse(resource)
	if err != nil {
		return nil, nil
	}
	var docs []cloud.Document
	for _, p := range s.policies.Select(func(_ string, p policyRow) bool { return p.Account == a.Account && p.Region == a.Region }) {
		docs = append(docs, cloud.Document{Name: "resource policy " + p.Name, Text: p.Document})
	}
	return s.compiled.Set(docs...), nil
}

func groupARN(region, account, name string) string {
	return "arn:aws:logs:" + region + ":" + account + ":log-group:" + name
}

func streamARN(group, name string) string { return group + ":log-stream:" + name }

func invalid(format string, args ...any) *cloud.Error {
	return cloud.Errorf("InvalidParameterException", format, args...)
}

func noGroup() *cloud.Error {
	return cloud.Errorf("ResourceNotFoundException", "The specified log group does not exist.")
}

func noStream() *cloud.Error {
	return cloud.Errorf("ResourceNotFoundException", "The specified log stream does not exist.")
}

// groupOf is the ARN of the group that a request names, by name or identifier.
func groupOf(c *cloud.Call, name, identifier string) (string, error) {
	switch {
	case name == "" && identifier == "":
		return "", invalid("1 validation error detected: either logGroupName or logGroupIdentifier must be specified.")
	case name != "" && identifier != "":
		return "", invalid("LogGroup name and LogGroup identifier are mutually exclusive parameters.")
	case strings.HasPrefix(identifier, "arn:"):
		a, err := arn.Parse(identifier)
		if err != nil || a.Service != "logs" || !strings.HasPrefix(a.Resource, "log-group:") {
			return "", invalid("Invalid logGroupIdentifier.")
		}
		return strings.TrimSuffix(identifier, ":*"), nil
	case identifier != "":
		name = identifier
	}
	return groupARN(c.Region, c.Account, name), nil
}

// onGroup is the check of an action on a group: IAM sees its streams' ARN with no
// stream, which policies match by "log-group:NAME:*" ("Overview of managing access
// permissions to your CloudWatch Logs resources").
func (s *service) onGroup(action, group string) cloud.Check {
	return cloud.Check{Action: "logs:" + action, Resource: group + ":log-stream:", Context: s.tagContext(group)}
}

func (s *service) onStream(action, group, name string) cloud.Check {
	return cloud.Check{Action: "logs:" + action, Resource: streamARN(group, name), Context: s.tagContext(group)}
}

func (s *service) tagContext(group string) *iam.Context {
	ctx := iam.NewContext()
	if g, ok := s.groups.Get(group); ok {
		for k, v := range g.Tags {
			ctx.Set("aws:ResourceTag/"+k, v)
		}
	}
	return ctx
}

// bindGroup makes an operation on one group.
func bindGroup[In, Out any](s *service, name string, which func(in *In) string, do func(c *cloud.Call, g group, in *In) (*Out, error)) wire.Operation {
	return wire.Op[In, Out]{Name: name, Auth: func(c *cloud.Call, in *In) ([]cloud.Check, error) {
		return []cloud.Check{s.onGroup(name, groupARN(c.Region, c.Account, which(in)))}, nil
	}, Do: func(c *cloud.Call, in *In) (*Out, error) {
		g, ok := s.groups.Get(groupARN(c.Region, c.Account, which(in)))
		if !ok {
			return nil, noGroup()
		}
		return do(c, g, in)
	}}.Operation()
}

func (s *service) changeGroup(full string, f func(g *group) error) error {
	_, err := s.groups.Update(full, func(g group, ok bool) (group, error) {
		if !ok {
			return g, noGroup()
		}
		return g, f(&g)
	})
	return err
}

// page returns the part of a sorted list after the token, at most limit.
func page[E any](list []E, name func(E) string, token string, limit *int64, otherwise int) (part []E, next string) {
	i := 0
	if token != "" {
		i = slices.IndexFunc(list, func(e E) bool { return name(e) == token }) + 1
	}
	n := otherwise
	if limit != nil {
		n = int(*limit)
	}
	part = list[i:]
	if len(part) > n {
		part = part[:n]
		next = name(part[n-1])
	}
	return part, next
}

func milli(t time.Time) *int64 {
	n := t.UnixMilli()
	return &n
}
