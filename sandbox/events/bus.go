package events

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

func (s *service) busOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[CreateEventBusRequest, CreateEventBusResponse]{Name: "CreateEventBus", Auth: func(c *cloud.Call, in *CreateEventBusRequest) ([]cloud.Check, error) {
			ctx, on := requestTags(iam.NewContext(), in.Tags), busARN(c.Region, c.Account, in.Name)
			checks := []cloud.Check{{Action: "events:CreateEventBus", Resource: on, Context: ctx}}
			if len(in.Tags) > 0 {
				checks = append(checks, cloud.Check{Action: "events:TagResource", Resource: on, Context: ctx})
			}
			return checks, nil
		}, Do: s.createBus}.Operation(),
		wire.Op[DeleteEventBusRequest, wire.Empty]{Name: "DeleteEventBus", Auth: func(c *cloud.Call, in *DeleteEventBusRequest) ([]cloud.Check, error) {
			return s.onBus(c, "DeleteEventBus", in.Name)
		}, Do: s.deleteBus}.Operation(),
		wire.Op[DescribeEventBusRequest, DescribeEventBusResponse]{Name: "DescribeEventBus", Auth: func(c *cloud.Call, in *DescribeEventBusRequest) ([]cloud.Check, error) {
			return s.onBus(c, "DescribeEventBus", in.Name)
		}, Do: s.describeBus}.Operation(),
		wire.Op[ListEventBusesRequest, ListEventBusesResponse]{Name: "ListEventBuses", Do: s.listBuses}.Operation(),
		wire.Op[PutPermissionRequest, wire.Empty]{Name: "PutPermission", Do: s.putPermission}.Operation(),
		wire.Op[RemovePermissionRequest, wire.Empty]{Name: "RemovePermission", Do: s.removePermission}.Operation(),
	}
}

func (s *service) onBus(c *cloud.Call, action, named string) ([]cloud.Check, error) {
	full, err := busOf(c, named)
	if err != nil {
		return nil, err
	}
	ctx := iam.NewContext()
	if b, ok := s.buses.Get(full); ok {
		tagContext(ctx, b.Tags)
	}
	return []cloud.Check{{Action: "events:" + action, Resource: full, Context: ctx}}, nil
}

func (s *service) createBus(c *cloud.Call, in *CreateEventBusRequest) (*CreateEventBusResponse, error) {
	if in.EventSourceName != "" || in.KmsKeyIdentifier != "" || in.DeadLetterConfig != nil || in.LogConfig != nil {
		return nil, cloud.NotImplemented("partner event buses, and KMS keys, dead-letter queues and logs of event buses")
	}
	if in.Name == defaultBus || strings.Contains(in.Name, "/") {
		return nil, invalid("Event bus name %s is not valid.", in.Name)
	}
	b := bus{Account: c.Account, Region: c.Region, Name: in.Name, ARN: busARN(c.Region, c.Account, in.Name), Text: in.Description, Created: c.Time, Changed: c.Time}
	var err error
	if b.Tags, err = mergeTags(nil, in.Tags); err != nil {
		return nil, err
	}
	_, err = s.buses.Update(b.ARN, func(old bus, exists bool) (bus, error) {
		if exists {
			return old, cloud.Errorf("ResourceAlreadyExistsException", "Event bus %s already exists.", in.Name)
		}
		return b, nil
	})
	return &CreateEventBusResponse{EventBusArn: b.ARN, Description: b.Text}, err
}

func (s *service) deleteBus(c *cloud.Call, in *DeleteEventBusRequest) (*wire.Empty, error) {
	full, err := busOf(c, in.Name)
	if err != nil {
		return nil, err
	}
	if busName(full) == defaultBus {
		return nil, invalid("Cannot delete event bus default.")
	}
	for _, r := range s.rules.Select(func(_ string, r rule) bool { return r.Bus == full }) {
		if err := s.rules.Delete(r.ARN); err != nil {
			return nil, err
		}
	}
	s.changed()
	return nil, s.buses.Delete(full)
}

func (s *service) describeBus(c *cloud.Call, in *DescribeEventBusRequest) (*DescribeEventBusResponse, error) {
	full, err := busOf(c, in.Name)
	if err != nil {
		return nil, err
	}
	b, err := s.bus(full)
	if err != nil {
		return nil, err
	}
	return &DescribeEventBusResponse{Name: b.Name, Arn: b.ARN, Description: b.Text, Policy: b.Policy, CreationTime: wire.At(b.Created), LastModifiedTime: wire.At(b.Changed)}, nil
}

func (s *service) listBuses(c *cloud.Call, in *ListEventBusesRequest) (*ListEventBusesResponse, error) {
	all := s.buses.Select(func(_ string, b bus) bool {
		return b.Account == c.Account && b.Region == c.Region && b.Name != defaultBus
	})
	if b, err := s.bus(busARN(c.Region, c.Account, defaultBus)); err == nil {
		all = append(all, b)
	}
	all = slices.DeleteFunc(all, func(b bus) bool { return !strings.HasPrefix(b.Name, in.NamePrefix) })
	part, next := page(all, func(b bus) string { return b.Name }, in.NextToken, in.Limit)
	out := &ListEventBusesResponse{EventBuses: []*EventBus{}, NextToken: next}
	for _, b := range part {
		out.EventBuses = append(out.EventBuses, &EventBus{Name: b.Name, Arn: b.ARN, Description: b.Text, Policy: b.Policy, CreationTime: wire.At(b.Created), LastModifiedTime: wire.At(b.Changed)})
	}
	return out, nil
}

// document is a policy as PutPermission and RemovePermission edit it.
type document struct {
	Version   string           `json:"Version"`
	Statement []map[string]any `json:"Statement"`
}

func readDocument(text string) (document, error) {
	d := document{Version: "2012-10-17"}
	if text == "" {
		return d, nil
	}
	var raw struct{ Statement json.RawMessage }
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return d, err
	}
	if json.Unmarshal(raw.Statement, &d.Statement) == nil {
		return d, nil
	}
	var one map[string]any
	err := json.Unmarshal(raw.Statement, &one)
	d.Statement = []map[string]any{one}
	return d, err
}

func (d document) text() (string, error) {
	if len(d.Statement) == 0 {
		return "", nil
	}
	data, err := json.Marshal(d)
	return string(data), err
}

// putPermission replaces the policy of a bus, or adds or replaces one statement.
func (s *service) putPermission(c *cloud.Call, in *PutPermissionRequest) (*wire.Empty, error) {
	full, err := busOf(c, in.EventBusName)
	if err != nil {
		return nil, err
	}
	if in.Policy != "" {
		if in.Action != "" || in.Principal != "" || in.StatementId != "" || in.Condition != nil {
			return nil, invalid("Policy cannot be provided along with Action, Principal, StatementId or Condition.")
		}
		if err := s.world.CheckResourcePolicy("events", in.Policy); err != nil {
			return nil, invalid("The policy is not valid: %v", err)
		}
		return nil, s.changeBus(full, func(b *bus) error { b.Policy, b.Changed = in.Policy, c.Time; return nil })
	}
	if in.Action != "events:PutEvents" || in.StatementId == "" || in.Principal != "*" && len(in.Principal) != 12 {
		return nil, invalid("Provided value in parameter 'action', 'principal' or 'statementId' is not valid.")
	}
	statement := map[string]any{"Sid": in.StatementId, "Effect": "Allow", "Action": in.Action, "Resource": full, "Principal": "*"}
	if in.Principal != "*" {
		statement["Principal"] = map[string]any{"AWS": "arn:aws:iam::" + in.Principal + ":root"}
	}
	if in.Condition != nil {
		statement["Condition"] = map[string]any{in.Condition.Type: map[string]any{in.Condition.Key: in.Condition.Value}}
	}
	return nil, s.changeBus(full, func(b *bus) error {
		d, err := readDocument(b.Policy)
		if err != nil {
			return err
		}
		d.Statement = slices.DeleteFunc(d.Statement, func(st map[string]any) bool { return st["Sid"] == in.StatementId })
		d.Statement = append(d.Statement, statement)
		b.Changed = c.Time
		b.Policy, err = d.text()
		return err
	})
}

func (s *service) removePermission(c *cloud.Call, in *RemovePermissionRequest) (*wire.Empty, error) {
	full, err := busOf(c, in.EventBusName)
	if err != nil {
		return nil, err
	}
	all := in.RemoveAllPermissions != nil && *in.RemoveAllPermissions
	return nil, s.changeBus(full, func(b *bus) error {
		d, err := readDocument(b.Policy)
		if err != nil {
			return err
		}
		rest := slices.DeleteFunc(d.Statement, func(st map[string]any) bool { return all || st["Sid"] == in.StatementId })
		if len(rest) == len(d.Statement) && !all {
			return notFound("Statement with the provided id does not exist.")
		}
		d.Statement, b.Changed = rest, c.Time
		b.Policy, err = d.text()
		return err
	})
}
