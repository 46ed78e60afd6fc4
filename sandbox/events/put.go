package events

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/cloud/pattern"
	"github.com/twokey/twokey/sandbox/wire"
)

func (s *service) putOps() []wire.Operation {
	return []wire.Operation{wire.Op[PutEventsRequest, PutEventsResponse]{Name: "PutEvents", Data: true, Auth: s.mayPut, Do: s.put}.Operation()}
}

// mayPut lists one check for each bus, source and kind of event among the entries.
func (s *service) mayPut(c *cloud.Call, in *PutEventsRequest) ([]cloud.Check, error) {
	if in.EndpointId != "" {
		return nil, cloud.NotImplemented("global endpoints")
	}
	seen := map[string]cloud.Check{}
	for _, e := range in.Entries {
		full, err := busOf(c, e.EventBusName)
		if err != nil {
			return nil, err
		}
		seen[full+"\x00"+e.Source+"\x00"+e.DetailType] = s.putCheck(full, e.Source, e.DetailType, false)
	}
	var out []cloud.Check
	for _, k := range slices.Sorted(maps.Keys(seen)) {
		out = append(out, seen[k])
	}
	return out, nil
}

func (s *service) putCheck(bus, source, detailType string, fromBus bool) cloud.Check {
	ctx := iam.NewContext()
	if b, ok := s.buses.Get(bus); ok {
		tagContext(ctx, b.Tags)
	}
	if source != "" {
		ctx.Set("events:source", source)
	}
	if detailType != "" {
		ctx.Set("events:detail-type", detailType)
	}
	if fromBus {
		ctx.Set("events:eventBusInvocation", "true")
	} else {
		ctx.Set("events:eventBusInvocation", "false")
	}
	return cloud.Check{Action: "events:PutEvents", Resource: bus, Context: ctx}
}

// maxEntryBytes bounds one PutEvents call.
const maxEntryBytes = 1 << 20

func (s *service) put(c *cloud.Call, in *PutEventsRequest) (*PutEventsResponse, error) {
	total := 0
	for _, e := range in.Entries {
		total += len(e.Source) + len(e.DetailType) + len(e.Detail)
	}
	if total > maxEntryBytes {
		return nil, invalid("Total size of the entries in the request is over the limit.")
	}
	failed := int64(0)
	out := &PutEventsResponse{FailedEntryCount: &failed, Entries: []*PutEventsResultEntry{}}
	for _, e := range in.Entries {
		id, code, message := s.putEntry(c, e)
		if code != "" {
			failed++
		}
		out.Entries = append(out.Entries, &PutEventsResultEntry{EventId: id, ErrorCode: code, ErrorMessage: message})
	}
	return out, nil
}

func (s *service) putEntry(c *cloud.Call, e *PutEventsRequestEntry) (id, code, message string) {
	full, err := busOf(c, e.EventBusName)
	if err != nil {
		return "", "InvalidArgument", err.Error()
	}
	for name, value := range map[string]string{"Source": e.Source, "DetailType": e.DetailType, "Detail": e.Detail} {
		if value == "" {
			return "", "InvalidArgument", "Parameter " + name + " is not valid. Reason: " + name + " is a required argument."
		}
	}
	if strings.HasPrefix(e.Source, "aws.") {
		return "", "NotAuthorizedForSourceException", "Not authorized for the source."
	}
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(e.Detail), &object) != nil {
		return "", "MalformedDetail", "Detail is malformed."
	}
	b, err := s.bus(full)
	if err != nil {
		// AWS takes events for a bus that is not there and drops them.
		return s.world.IDs.UUID(), "", ""
	}
	when := e.Time.Time
	if when.IsZero() {
		when = c.Time
	}
	resources := e.Resources
	if resources == nil {
		resources = []string{}
	}
	event := cloud.Event{Version: "0", ID: s.world.IDs.UUID(), DetailType: e.DetailType, Source: e.Source, Account: c.Account, Time: when.UTC().Format(time.RFC3339),
		Region: b.Region, Resources: resources, Detail: json.RawMessage(e.Detail)}
	if err := s.dispatch(full, event, false, false); err != nil {
		return "", "ThrottlingException", err.Error()
	}
	return event.ID, "", ""
}

// heard is an event on its way through the rules of a bus.
type heard struct {
	event cloud.Event
	text  []byte
	tree  any
	at    time.Time
	// forwarded: it came from another bus.
	forwarded bool
}

// listeners are what hears the events of one bus.
type listeners struct {
	rules    []compiledRule
	archives []compiledArchive
}

type compiledRule struct {
	rule    rule
	pattern *pattern.Pattern
}

// on returns the listeners of a bus.
func (s *service) on(bus string) *listeners {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.index == nil {
		s.index = map[string]*listeners{}
		at := func(bus string) *listeners {
			if s.index[bus] == nil {
				s.index[bus] = &listeners{}
			}
			return s.index[bus]
		}
		for _, r := range s.rules.Select(func(_ string, r rule) bool { return r.State != "DISABLED" && len(r.Targets) > 0 }) {
			if p, err := pattern.Parse([]byte(r.Pattern)); err == nil {
				l := at(r.Bus)
				l.rules = append(l.rules, compiledRule{r, p})
			}
		}
		for _, a := range s.archives.Select(nil) {
			if compiled, err := a.compile(); err == nil {
				l := at(a.Bus)
				l.archives = append(l.archives, compiled)
			}
		}
	}
	return s.index[bus]
}

// hear takes the events that services publish.
func (s *service) hear(e cloud.Event) {
	// A full queue lists the delivery among the failures.
	_ = s.dispatch(busARN(e.Region, e.Account, defaultBus), e, false, false)
}

// hearRecord turns a record of the trail into an event. Calls that only read reach
// the rules that ask for them.
func (s *service) hearRecord(r cloud.Record) {
	account := r.RecipientAccount
	bus := busARN(r.AWSRegion, account, defaultBus)
	if account == "" || s.on(bus) == nil {
		return
	}
	detail, err := json.Marshal(r)
	if err != nil {
		return
	}
	service, _, _ := strings.Cut(r.EventSource, ".")
	_ = s.dispatch(bus, cloud.Event{Version: "0", ID: s.world.IDs.UUID(), DetailType: "AWS API Call via CloudTrail", Source: "aws." + service, Account: account,
		Time: r.EventTime, Region: r.AWSRegion, Resources: []string{}, Detail: detail}, r.ReadOnly, false)
}

// dispatch gives an event to the archives and rules of a bus. A readOnly event is
// a call that only reads.
func (s *service) dispatch(bus string, e cloud.Event, readOnly, forwarded bool) error {
	l := s.on(bus)
	if l == nil {
		return nil
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		return err
	}
	h := &heard{event: e, text: bytes.TrimRight(b.Bytes(), "\n"), at: s.world.Clock.Now(), forwarded: forwarded}
	var err error
	if h.tree, err = decodeEvent(h.text); err != nil {
		return err
	}
	if !readOnly {
		for _, a := range l.archives {
			if a.pattern == nil || a.pattern.Match(h.tree) {
				if err := s.keep(a.archive, h); err != nil {
					return err
				}
			}
		}
	}
	for _, r := range l.rules {
		if readOnly && r.rule.State != enabledAll || !r.pattern.Match(h.tree) {
			continue
		}
		for i := range r.rule.Targets {
			if err := s.deliver(r.rule, &r.rule.Targets[i], h); err != nil {
				return err
			}
		}
	}
	return nil
}
