package events

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/cloud/pattern"
	"github.com/twokey/twokey/sandbox/wire"
)

func (s *service) ruleOps() []wire.Operation {
	state := func(to string) func(c *cloud.Call, r rule) error {
		return func(_ *cloud.Call, r rule) error {
			return s.changeRule(r.ARN, func(r *rule) error { r.State = to; return nil })
		}
	}
	enable, disable := state(enabled), state("DISABLED")
	return []wire.Operation{
		wire.Op[PutRuleRequest, PutRuleResponse]{Name: "PutRule", Auth: s.mayPutRule, Do: s.putRule}.Operation(),
		onRule(s, "DeleteRule", func(in *DeleteRuleRequest) (string, string) { return in.EventBusName, in.Name }, func(_ *cloud.Call, r rule, _ *DeleteRuleRequest) (*wire.Empty, error) {
			if len(r.Targets) > 0 {
				return nil, invalid("Rule can't be deleted since it has targets.")
			}
			defer s.changed()
			return nil, s.rules.Delete(r.ARN)
		}),
		onRule(s, "DescribeRule", func(in *DescribeRuleRequest) (string, string) { return in.EventBusName, in.Name }, func(_ *cloud.Call, r rule, _ *DescribeRuleRequest) (*DescribeRuleResponse, error) {
			return &DescribeRuleResponse{Name: r.Name, Arn: r.ARN, EventPattern: r.Pattern, State: r.State, Description: r.Text, RoleArn: r.Role, EventBusName: busName(r.Bus), CreatedBy: r.Account}, nil
		}),
		onRule(s, "EnableRule", func(in *EnableRuleRequest) (string, string) { return in.EventBusName, in.Name }, func(c *cloud.Call, r rule, _ *EnableRuleRequest) (*wire.Empty, error) {
			return nil, enable(c, r)
		}),
		onRule(s, "DisableRule", func(in *DisableRuleRequest) (string, string) { return in.EventBusName, in.Name }, func(c *cloud.Call, r rule, _ *DisableRuleRequest) (*wire.Empty, error) {
			return nil, disable(c, r)
		}),
		wire.Op[ListRulesRequest, ListRulesResponse]{Name: "ListRules", Do: s.listRules}.Operation(),
		wire.Op[TestEventPatternRequest, TestEventPatternResponse]{Name: "TestEventPattern", ReadOnly: true, Do: testPattern}.Operation(),
	}
}

// onRule makes an operation on one rule. Deleting a rule that is not there is no
// error on AWS.
func onRule[In, Out any](s *service, name string, which func(in *In) (bus, name string), do func(c *cloud.Call, r rule, in *In) (*Out, error)) wire.Operation {
	return wire.Op[In, Out]{Name: name, Auth: func(c *cloud.Call, in *In) ([]cloud.Check, error) {
		bus, rule := which(in)
		return s.checkRule(c, name, bus, rule)
	}, Do: func(c *cloud.Call, in *In) (*Out, error) {
		named, name2 := which(in)
		full, err := busOf(c, named)
		if err != nil {
			return nil, err
		}
		if _, err := s.bus(full); err != nil {
			return nil, err
		}
		r, ok := s.rules.Get(ruleARN(full, name2))
		if !ok && name == "DeleteRule" {
			return nil, nil
		}
		if !ok {
			return nil, noRule(name2, full)
		}
		return do(c, r, in)
	}}.Operation()
}

func noRule(name, bus string) *cloud.Error {
	return notFound("Rule %s does not exist on EventBus %s.", name, busName(bus))
}

// checkRule is the check of an action on a rule.
func (s *service) checkRule(c *cloud.Call, action, bus, name string) ([]cloud.Check, error) {
	full, err := busOf(c, bus)
	if err != nil {
		return nil, err
	}
	on := ruleARN(full, name)
	ctx := iam.NewContext()
	if r, ok := s.rules.Get(on); ok {
		tagContext(ctx, r.Tags).Set("events:creatorAccount", r.Account)
	}
	return []cloud.Check{{Action: "events:" + action, Resource: on, Context: ctx}}, nil
}

// passRole is the check that goes with handing a role to EventBridge.
func passRole(role string) cloud.Check {
	return cloud.Check{Action: "iam:PassRole", Resource: role, Context: iam.NewContext().Set("iam:PassedToService", principal)}
}

// patternKeys are the condition keys that a rule's pattern makes, where it names
// plain values ("Using IAM policy conditions", EventBridge user guide).
func patternKeys(ctx *iam.Context, text string) {
	tree, err := pattern.Decode([]byte(text))
	top, ok := tree.(map[string]any)
	if err != nil || !ok {
		return
	}
	for _, key := range []string{"source", "detail-type"} {
		if values := plain(top[key]); len(values) > 0 {
			ctx.SetList("events:"+key, values...)
		}
	}
	detail, _ := top["detail"].(map[string]any)
	for _, key := range []string{"service", "eventTypeCode"} {
		if values := plain(detail[key]); len(values) > 0 {
			ctx.SetList("events:detail."+key, values...)
		}
	}
	who, _ := detail["userIdentity"].(map[string]any)
	if values := plain(who["principalId"]); len(values) > 0 {
		ctx.SetList("events:detail.userIdentity.principalId", values...)
	}
}

func plain(v any) (out []string) {
	list, _ := v.([]any)
	for _, e := range list {
		if s, ok := e.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func (s *service) mayPutRule(c *cloud.Call, in *PutRuleRequest) ([]cloud.Check, error) {
	checks, err := s.checkRule(c, "PutRule", in.EventBusName, in.Name)
	if err != nil {
		return nil, err
	}
	patternKeys(requestTags(checks[0].Context, in.Tags), in.EventPattern)
	if len(in.Tags) > 0 {
		checks = append(checks, cloud.Check{Action: "events:TagResource", Resource: checks[0].Resource, Context: checks[0].Context})
	}
	if in.RoleArn != "" {
		checks = append(checks, passRole(in.RoleArn))
	}
	return checks, nil
}

func badPattern(err error) *cloud.Error {
	return cloud.Errorf("InvalidEventPatternException", "Event pattern is not valid. Reason: %v", err)
}

func (s *service) putRule(c *cloud.Call, in *PutRuleRequest) (*PutRuleResponse, error) {
	full, err := busOf(c, in.EventBusName)
	if err != nil {
		return nil, err
	}
	b, err := s.bus(full)
	if err != nil {
		return nil, err
	}
	if b.Account != c.Account {
		return nil, cloud.NotImplemented("rules on event buses of other accounts")
	}
	if in.ScheduleExpression != "" {
		return nil, cloud.NotImplemented("rules with a schedule")
	}
	if in.EventPattern == "" {
		return nil, invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
	}
	if _, err := pattern.Parse([]byte(in.EventPattern)); err != nil {
		return nil, badPattern(err)
	}
	state := in.State
	if state == "" {
		state = enabled
	}
	made, err := s.rules.Update(ruleARN(full, in.Name), func(r rule, exists bool) (rule, error) {
		if !exists {
			r = rule{Account: c.Account, Region: b.Region, Bus: full, Name: in.Name, ARN: ruleARN(full, in.Name)}
			tags, err := mergeTags(nil, in.Tags)
			if err != nil {
				return r, err
			}
			r.Tags = tags // those of a rule that exists stay as they are
		}
		r.Text, r.Pattern, r.State, r.Role = in.Description, in.EventPattern, state, in.RoleArn
		return r, nil
	})
	s.changed()
	return &PutRuleResponse{RuleArn: made.ARN}, err
}

func (s *service) changeRule(full string, f func(r *rule) error) error {
	_, err := s.rules.Update(full, func(r rule, ok bool) (rule, error) {
		if !ok {
			return r, notFound("Rule does not exist.")
		}
		r.Targets, r.Tags = slices.Clone(r.Targets), slices.Clone(r.Tags)
		return r, f(&r)
	})
	s.changed()
	return err
}

func (r rule) view() *Rule {
	return &Rule{Name: r.Name, Arn: r.ARN, EventPattern: r.Pattern, State: r.State, Description: r.Text, RoleArn: r.Role, EventBusName: busName(r.Bus)}
}

func (s *service) listRules(c *cloud.Call, in *ListRulesRequest) (*ListRulesResponse, error) {
	full, err := busOf(c, in.EventBusName)
	if err != nil {
		return nil, err
	}
	if _, err := s.bus(full); err != nil {
		return nil, err
	}
	all := s.rules.Select(func(_ string, r rule) bool { return r.Bus == full && strings.HasPrefix(r.Name, in.NamePrefix) })
	part, next := page(all, func(r rule) string { return r.Name }, in.NextToken, in.Limit)
	out := &ListRulesResponse{Rules: []*Rule{}, NextToken: next}
	for _, r := range part {
		out.Rules = append(out.Rules, r.view())
	}
	return out, nil
}

// mandatory are the fields that TestEventPattern wants of an event.
var mandatory = []string{"id", "account", "source", "time", "region", "resources", "detail-type"}

func testPattern(_ *cloud.Call, in *TestEventPatternRequest) (*TestEventPatternResponse, error) {
	p, err := pattern.Parse([]byte(in.EventPattern))
	if err != nil {
		return nil, badPattern(err)
	}
	tree, err := pattern.Decode([]byte(in.Event))
	event, ok := tree.(map[string]any)
	if err != nil || !ok {
		return nil, invalid("Parameter Event is not valid. Reason: event is not valid JSON.")
	}
	for _, name := range mandatory {
		if _, ok := event[name]; !ok {
			return nil, invalid("Parameter Event is not valid. Reason: %q is a required field.", name)
		}
	}
	result := p.Match(tree)
	return &TestEventPatternResponse{Result: &result}, nil
}
