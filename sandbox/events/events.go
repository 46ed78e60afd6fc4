// Package events is EventBridge in the sandbox: event buses with policies, rules
// with complete event patterns, targets and archives. It hears of every event of
// the world and of every management call, and delivers as the role or service
// principal that the real service uses.
package events

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

const principal = "events.amazonaws.com"

// bus is an event bus. Default buses exist in every account and region; they have
// a row once somebody gives them a policy or tags.
type bus struct {
	Account, Region, Name, ARN string
	Text                       string // description
	Policy                     string
	Tags                       []tag
	Created, Changed           time.Time
}

// rule is a rule with its targets.
type rule struct {
	Account, Region, Bus, Name, ARN string
	Text                            string // description
	Pattern                         string
	State                           string
	Role                            string
	Targets                         []Target
	Tags                            []tag
}

type tag struct{ Key, Value string }

// The states of a rule.
const (
	enabled    = "ENABLED"
	enabledAll = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
)

const defaultBus = "default"

type service struct {
	world      *cloud.World
	buses      *cloud.Table[bus]      // by ARN
	rules      *cloud.Table[rule]     // by ARN
	archives   *cloud.Table[archive]  // by ARN
	archived   *cloud.Table[archived] // by archive, time and event
	policies   cloud.ResourcePolicies
	deliveries *cloud.Deliveries

	mu    sync.Mutex
	index map[string]*listeners // by the bus's ARN; nil after a change
}

// The bounds of deliveries under way.
const (
	workers    = 8
	maxWaiting = 10_000
)

// Add puts the service into a world.
func Add(w *cloud.World, server *wire.Server) (func() error, error) {
	s := &service{world: w, deliveries: w.NewDeliveries("events", workers, maxWaiting)}
	var err error
	if s.buses, err = cloud.NewTable[bus](w, "events.buses"); err != nil {
		return nil, err
	}
	if s.rules, err = cloud.NewTable[rule](w, "events.rules"); err != nil {
		return nil, err
	}
	if s.archives, err = cloud.NewTable[archive](w, "events.archives"); err != nil {
		return nil, err
	}
	if s.archived, err = cloud.NewTable[archived](w, "events.archived"); err != nil {
		return nil, err
	}
	w.UseResourcePolicies("events", s)
	w.OnEvent(s.hear)
	w.OnRecord(s.hearRecord)
	return s.deliveries.Stop, server.Add(&model, slices.Concat(s.busOps(), s.ruleOps(), s.targetOps(), s.putOps(), s.archiveOps(), s.tagOps())...)
}

// ResourcePolicy answers for the policies of buses.
func (s *service) ResourcePolicy(resource string) (*iam.Set, []iam.Grant) {
	b, ok := s.buses.Get(resource)
	if !ok {
		return nil, nil
	}
	return s.policies.Set(cloud.Document{Name: "policy of the event bus " + b.Name, Text: b.Policy}), nil
}

func prefix(region, account string) string { return "arn:aws:events:" + region + ":" + account + ":" }

func busARN(region, account, name string) string {
	return prefix(region, account) + "event-bus/" + name
}

// busOf reads what a request calls a bus: nothing for the default one, a name, or
// an ARN.
func busOf(c *cloud.Call, named string) (full string, err error) {
	switch {
	case named == "":
		return busARN(c.Region, c.Account, defaultBus), nil
	case !strings.HasPrefix(named, "arn:"):
		return busARN(c.Region, c.Account, named), nil
	}
	a, err := arn.Parse(named)
	if err != nil || a.Service != "events" || !strings.HasPrefix(a.Resource, "event-bus/") {
		return "", invalid("Parameter %s is not valid. Reason: Provided Arn is not in correct format.", named)
	}
	return named, nil
}

func busName(full string) string { return full[strings.LastIndexByte(full, '/')+1:] }

// ruleARN is the ARN of a rule on a bus.
func ruleARN(bus, name string) string {
	head, _, _ := strings.Cut(bus, "event-bus/")
	if n := busName(bus); n != defaultBus {
		return head + "rule/" + n + "/" + name
	}
	return head + "rule/" + name
}

// bus finds a bus; a default one of an account of this world is always there.
func (s *service) bus(full string) (bus, error) {
	if b, ok := s.buses.Get(full); ok {
		return b, nil
	}
	a, err := arn.Parse(full)
	if err == nil && busName(full) == defaultBus && s.world.HasAccount(a.Account) {
		return bus{Account: a.Account, Region: a.Region, Name: defaultBus, ARN: full}, nil
	}
	return bus{}, notFound("Event bus %s does not exist.", busName(full))
}

func invalid(format string, args ...any) *cloud.Error {
	return cloud.Errorf("ValidationException", format, args...)
}

func notFound(format string, args ...any) *cloud.Error {
	return cloud.Errorf("ResourceNotFoundException", format, args...)
}

// changeBus replaces a bus by what f makes of a copy of it.
func (s *service) changeBus(full string, f func(b *bus) error) error {
	b, err := s.bus(full)
	if err != nil {
		return err
	}
	_, err = s.buses.Update(full, func(now bus, ok bool) (bus, error) {
		if !ok {
			now = b
		}
		now.Tags = slices.Clone(now.Tags)
		return now, f(&now)
	})
	return err
}

// changed has the next event look at rules and archives anew.
func (s *service) changed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.index = nil
}

func tagContext(ctx *iam.Context, tags []tag) *iam.Context {
	for _, t := range tags {
		ctx.Set("aws:ResourceTag/"+t.Key, t.Value)
	}
	return ctx
}

// requestTags adds the condition keys of the tags in a request.
func requestTags(ctx *iam.Context, tags []*Tag) *iam.Context {
	if len(tags) == 0 {
		return ctx
	}
	var keys []string
	for _, t := range tags {
		ctx.Set("aws:RequestTag/"+t.Key, t.Value)
		keys = append(keys, t.Key)
	}
	return ctx.SetList("aws:TagKeys", keys...)
}

// page returns a part of a list in the order of its names: those after the token,
// at most limit.
func page[E any](list []E, name func(E) string, token string, limit *int64) (part []E, next string) {
	slices.SortFunc(list, func(a, b E) int { return strings.Compare(name(a), name(b)) })
	i := 0
	for i < len(list) && token != "" && name(list[i]) <= token {
		i++
	}
	n := int64(100)
	if limit != nil {
		n = *limit
	}
	part = list[i:]
	if int64(len(part)) > n {
		part = part[:n]
		next = name(part[n-1])
	}
	return part, next
}
