package events

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// maxTargets is the most targets of one rule.
const maxTargets = 5

func (s *service) targetOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[PutTargetsRequest, PutTargetsResponse]{Name: "PutTargets", Auth: s.mayPutTargets, Do: s.putTargets}.Operation(),
		onRule(s, "RemoveTargets", func(in *RemoveTargetsRequest) (string, string) { return in.EventBusName, in.Rule }, s.removeTargets),
		onRule(s, "ListTargetsByRule", func(in *ListTargetsByRuleRequest) (string, string) { return in.EventBusName, in.Rule }, func(_ *cloud.Call, r rule, in *ListTargetsByRuleRequest) (*ListTargetsByRuleResponse, error) {
			part, next := page(slices.Clone(r.Targets), func(t Target) string { return t.Id }, in.NextToken, in.Limit)
			out := &ListTargetsByRuleResponse{Targets: []*Target{}, NextToken: next}
			for i := range part {
				out.Targets = append(out.Targets, &part[i])
			}
			return out, nil
		}),
		wire.Op[ListRuleNamesByTargetRequest, ListRuleNamesByTargetResponse]{Name: "ListRuleNamesByTarget", Do: s.rulesOfTarget}.Operation(),
	}
}

func (s *service) mayPutTargets(c *cloud.Call, in *PutTargetsRequest) ([]cloud.Check, error) {
	checks, err := s.checkRule(c, "PutTargets", in.EventBusName, in.Rule)
	if err != nil {
		return nil, err
	}
	var targets, roles []string
	for _, t := range in.Targets {
		targets = append(targets, t.Arn)
		if t.RoleArn != "" && !slices.Contains(roles, t.RoleArn) {
			roles = append(roles, t.RoleArn)
		}
	}
	checks[0].Context.SetList("events:TargetArn", targets...)
	for _, r := range roles {
		checks = append(checks, passRole(r))
	}
	return checks, nil
}

// kindOf is what a target is, by its ARN; empty for what the sandbox cannot
// deliver to.
func kindOf(target arn.ARN) string {
	switch target.Service {
	case "sns", "sqs", "lambda", "codepipeline", "logs":
		return target.Service
	case "codebuild":
		if strings.HasPrefix(target.Resource, "project/") {
			return target.Service
		}
	case "events":
		if strings.HasPrefix(target.Resource, "event-bus/") {
			return target.Service
		}
	}
	return ""
}

// checkTarget checks one target.
func checkTarget(r rule, t *Target) error {
	a, err := arn.Parse(t.Arn)
	if err != nil {
		return invalid("Parameter %s is not valid. Reason: Provided Arn is not in correct format.", t.Arn)
	}
	kind := kindOf(a)
	if kind == "" {
		return cloud.NotImplemented("targets such as " + t.Arn)
	}
	if t.KinesisParameters != nil || t.RunCommandParameters != nil || t.EcsParameters != nil || t.BatchParameters != nil || t.SqsParameters != nil || t.HttpParameters != nil ||
		t.RedshiftDataParameters != nil || t.SageMakerPipelineParameters != nil || t.AppSyncParameters != nil {
		return cloud.NotImplemented("parameters for kinds of target of their own")
	}
	if t.RoleArn == "" && (kind == "codepipeline" || kind == "codebuild" || kind == "events" && a.Account == r.Account) {
		return invalid("RoleArn is required for target %s.", t.Arn)
	}
	if role, err := arn.Parse(t.RoleArn); t.RoleArn != "" && (err != nil || role.Service != "iam") {
		return invalid("Provided role '%s' is not valid.", t.RoleArn)
	}
	if t.Arn == r.Bus {
		return invalid("A rule cannot send to its own event bus.")
	}
	return checkInput(t)
}

func checkInput(t *Target) error {
	n := 0
	for _, set := range []bool{t.Input != "", t.InputPath != "", t.InputTransformer != nil} {
		if set {
			n++
		}
	}
	if n > 1 {
		return invalid("Only one of Input, InputPath, or InputTransformer must be provided for target %s.", t.Id)
	}
	if t.Input != "" && !validJSON(t.Input) {
		return invalid("JSON syntax error in input for target %s.", t.Id)
	}
	if t.InputPath != "" {
		if _, err := parsePath(t.InputPath); err != nil {
			return invalid("Invalid InputPath for target %s: %v", t.Id, err)
		}
	}
	if t.InputTransformer != nil {
		for _, p := range t.InputTransformer.InputPathsMap {
			if _, err := parsePath(p); err != nil {
				return invalid("Invalid InputPathsMap for target %s: %v", t.Id, err)
			}
		}
		if err := checkTemplate(t.InputTransformer); err != nil {
			return invalid("Invalid InputTemplate for target %s : %v", t.Id, err)
		}
	}
	return nil
}

func (s *service) putTargets(c *cloud.Call, in *PutTargetsRequest) (*PutTargetsResponse, error) {
	full, err := busOf(c, in.EventBusName)
	if err != nil {
		return nil, err
	}
	r, ok := s.rules.Get(ruleARN(full, in.Rule))
	if !ok {
		return nil, noRule(in.Rule, full)
	}
	ids := map[string]bool{}
	for _, t := range in.Targets {
		if ids[t.Id] {
			return nil, invalid("Target ids must be unique: %s", t.Id)
		}
		ids[t.Id] = true
		if err := checkTarget(r, t); err != nil {
			return nil, err
		}
	}
	zero := int64(0)
	return &PutTargetsResponse{FailedEntryCount: &zero, FailedEntries: []*PutTargetsResultEntry{}}, s.changeRule(r.ARN, func(r *rule) error {
		for _, t := range in.Targets {
			if i := slices.IndexFunc(r.Targets, func(o Target) bool { return o.Id == t.Id }); i >= 0 {
				r.Targets[i] = *t
			} else {
				r.Targets = append(r.Targets, *t)
			}
		}
		if len(r.Targets) > maxTargets {
			return cloud.Errorf("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
		}
		return nil
	})
}

func (s *service) removeTargets(_ *cloud.Call, r rule, in *RemoveTargetsRequest) (*RemoveTargetsResponse, error) {
	n := int64(0)
	out := &RemoveTargetsResponse{FailedEntryCount: &n, FailedEntries: []*RemoveTargetsResultEntry{}}
	return out, s.changeRule(r.ARN, func(r *rule) error {
		for _, id := range in.Ids {
			i := slices.IndexFunc(r.Targets, func(t Target) bool { return t.Id == id })
			if i < 0 {
				n++
				out.FailedEntries = append(out.FailedEntries, &RemoveTargetsResultEntry{TargetId: id, ErrorCode: "ResourceNotFoundException", ErrorMessage: "Rule " + r.Name + " does not have the target " + id + "."})
				continue
			}
			r.Targets = slices.Delete(r.Targets, i, i+1)
		}
		return nil
	})
}

func (s *service) rulesOfTarget(c *cloud.Call, in *ListRuleNamesByTargetRequest) (*ListRuleNamesByTargetResponse, error) {
	full, err := busOf(c, in.EventBusName)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, r := range s.rules.Select(func(_ string, r rule) bool { return r.Bus == full }) {
		if slices.ContainsFunc(r.Targets, func(t Target) bool { return t.Arn == in.TargetArn }) {
			names = append(names, r.Name)
		}
	}
	part, next := page(names, func(n string) string { return n }, in.NextToken, in.Limit)
	if part == nil {
		part = []string{}
	}
	return &ListRuleNamesByTargetResponse{RuleNames: part, NextToken: next}, nil
}
