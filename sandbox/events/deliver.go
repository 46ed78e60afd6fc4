package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
)

// deliver queues the delivery of an event to a target.
func (s *service) deliver(r rule, t *Target, h *heard) error {
	what := "event " + h.event.ID + " (" + h.event.Source + ", " + h.event.DetailType + ") of the rule " + r.ARN + " to " + t.Arn
	return s.deliveries.Add(cloud.Delivery{Account: r.Account, What: what, Do: func(ctx context.Context) error {
		err := s.send(ctx, r, t, h)
		if err != nil && ctx.Err() == nil && t.DeadLetterConfig != nil && t.DeadLetterConfig.Arn != "" {
			return errors.Join(err, s.bury(ctx, r, t, h, err))
		}
		return err
	}})
}

// send delivers an event: as the target's role where it has one, else with the
// service principal and the rule in aws:SourceArn.
func (s *service) send(ctx context.Context, r rule, t *Target, h *heard) error {
	a, err := arn.Parse(t.Arn)
	if err != nil {
		return err
	}
	text, err := input(r, t, h)
	if err != nil {
		return err
	}
	caller := cloud.AsService(principal, a.Account, a.Region, r.ARN, r.Account)
	if t.RoleArn != "" {
		if caller, err = s.assume(ctx, r, t, a); err != nil {
			return err
		}
	}
	call := func(service, operation string, in any) error {
		return s.world.Invoke(ctx, caller, service, operation, in, nil)
	}
	switch kindOf(a) {
	case "sns":
		return call("sns", "Publish", map[string]any{"TopicArn": t.Arn, "Message": text})
	case "sqs":
		return call("sqs", "SendMessage", map[string]any{"QueueUrl": "/" + a.Account + "/" + a.Resource, "MessageBody": text})
	case "lambda":
		return call("lambda", "Invoke", map[string]any{"FunctionName": t.Arn, "InvocationType": "Event", "Payload": []byte(text)})
	case "logs":
		return s.toLogs(call, a, text, h)
	case "codepipeline":
		return call("codepipeline", "StartPipelineExecution", startInput(a.Resource, text, "name", "sourceRevisions", "variables"))
	case "codebuild":
		in := map[string]any{"projectName": strings.TrimPrefix(a.Resource, "project/")}
		if t.Input != "" || t.InputTransformer != nil {
			var overrides map[string]any
			if err := json.Unmarshal([]byte(text), &overrides); err != nil {
				return fmt.Errorf("the input for the build project is no JSON object: %w", err)
			}
			for k, v := range overrides {
				if k != "projectName" {
					in[k] = v
				}
			}
		}
		return call("codebuild", "StartBuild", in)
	case "events":
		return s.toBus(ctx, caller, r, t, h)
	}
	return cloud.NotImplemented("targets such as " + t.Arn)
}

// startInput is the input of StartPipelineExecution: the pipeline, and of what the
// target's input says only what that operation knows.
func startInput(pipeline, text, name string, members ...string) map[string]any {
	in := map[string]any{name: pipeline}
	var object map[string]any
	if json.Unmarshal([]byte(text), &object) == nil {
		for _, m := range members {
			if v, ok := object[m]; ok {
				in[m] = v
			}
		}
	}
	return in
}

// assume becomes the target's role.
func (s *service) assume(ctx context.Context, r rule, t *Target, target arn.ARN) (cloud.Caller, error) {
	role, err := arn.Parse(t.RoleArn)
	if err != nil {
		return cloud.Caller{}, err
	}
	var out struct {
		Credentials struct{ AccessKeyId, SessionToken string }
	}
	in := map[string]any{"RoleArn": t.RoleArn, "RoleSessionName": s.world.IDs.Hex(32)}
	if err := s.world.Invoke(ctx, cloud.AsService(principal, role.Account, r.Region, r.ARN, r.Account), "sts", "AssumeRole", in, &out); err != nil {
		return cloud.Caller{}, fmt.Errorf("the role %s cannot be assumed: %w", t.RoleArn, err)
	}
	_, id, err := s.world.Credential(out.Credentials.AccessKeyId, out.Credentials.SessionToken)
	return cloud.Caller{Identity: id, Account: id.Account, Region: target.Region, From: principal}, err
}

// toLogs writes an event into a log group, in a stream of its own.
func (s *service) toLogs(call func(service, operation string, in any) error, a arn.ARN, text string, h *heard) error {
	group := strings.TrimSuffix(strings.TrimPrefix(a.Resource, "log-group:"), ":*")
	stream := s.world.IDs.UUID()
	if err := call("logs", "CreateLogStream", map[string]any{"logGroupName": group, "logStreamName": stream}); err != nil {
		return err
	}
	event := map[string]any{"timestamp": h.at.UnixMilli(), "message": text}
	return call("logs", "PutLogEvents", map[string]any{"logGroupName": group, "logStreamName": stream, "logEvents": []any{event}})
}

// toBus passes an event on to another bus, as the target's role or, to another
// account without a role, as the rule's account. An event goes on once only: what
// came from another bus stays where it is.
func (s *service) toBus(ctx context.Context, caller cloud.Caller, r rule, t *Target, h *heard) error {
	if h.forwarded {
		return fmt.Errorf("an event that came from another event bus is not sent to a third")
	}
	op, ok := s.world.Operation("events", "PutEvents")
	if !ok {
		return cloud.NotImplemented("events PutEvents")
	}
	a, err := arn.Parse(t.Arn)
	if err != nil {
		return err
	}
	if t.RoleArn == "" {
		caller = cloud.Caller{Identity: cloud.RootIdentity(r.Account), Account: r.Account, From: principal}
	}
	c := s.world.NewCall(ctx, caller.Identity, caller.Account, a.Region, op)
	c.SourceIP, c.UserAgent, c.Via = principal, principal, principal
	c.Vouched = iam.NewContext().Set("aws:SourceArn", r.ARN).Set("aws:SourceAccount", r.Account)
	if err := c.Authorize(s.putCheck(t.Arn, h.event.Source, h.event.DetailType, true)); err != nil {
		return err
	}
	if _, err := s.bus(t.Arn); err != nil {
		return err
	}
	return s.dispatch(t.Arn, h.event, false, true)
}

// bury sends an event that could not be delivered to the target's dead-letter
// queue, with what went wrong in its attributes ("Using dead-letter queues").
func (s *service) bury(ctx context.Context, r rule, t *Target, h *heard, cause error) error {
	a, err := arn.Parse(t.DeadLetterConfig.Arn)
	if err != nil {
		return err
	}
	code := "SDK_CLIENT_ERROR"
	var e *cloud.Error
	if errors.As(cause, &e) {
		code = "THIRD_PARTY_ERROR"
		if strings.HasPrefix(e.Code, "AccessDenied") {
			code = "NO_PERMISSIONS"
		}
	}
	attributes := map[string]any{}
	for name, value := range map[string]string{"RULE_ARN": r.ARN, "TARGET_ARN": t.Arn, "ERROR_CODE": code, "ERROR_MESSAGE": cause.Error()} {
		attributes[name] = map[string]any{"DataType": "String", "StringValue": value}
	}
	in := map[string]any{"QueueUrl": "/" + a.Account + "/" + a.Resource, "MessageBody": string(h.text), "MessageAttributes": attributes}
	return s.world.Invoke(ctx, cloud.AsService(principal, a.Account, a.Region, r.ARN, r.Account), "sqs", "SendMessage", in, nil)
}
