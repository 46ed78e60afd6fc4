package codepipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// check is one check of a rule under way.
type check struct {
	caller
	rule *ruleRun
}

// runRule has a rule's provider check it.
func (e *engine) runRule(ctx context.Context, a *actor, execution, id string) {
	p, x := a.execution(execution)
	if x == nil || x.rule(id) == nil || x.rule(id).Status != inProgress {
		return
	}
	r := x.rule(id)
	k := &check{caller{engine: e, ctx: ctx, actor: a, pipeline: p, execution: x, role: r.Role, region: r.Region}, r}
	done := k.do()
	if done == nil || ctx.Err() != nil {
		return
	}
	done.Execution, done.Rule = execution, id
	e.tell(a, *done)
	_ = e.world.Flush() // a store that fails answers every later call
}

func (k *check) do() (done *ruleDone) {
	defer func() {
		if r := recover(); r != nil {
			done = k.fail("SystemUnavailable", fmt.Sprintf("internal failure: %v", r))
		}
	}()
	switch k.rule.Type.Provider {
	case "VariableCheck":
		return k.variable()
	case "DeploymentWindow":
		return k.window()
	case "LambdaInvoke":
		return k.lambda()
	case "CodeBuild":
		return k.codeBuild()
	case "CloudWatchAlarm":
		return k.alarm()
	}
	return k.fail("ConfigurationError", "the sandbox does not support rules of the provider "+k.rule.Type.Provider)
}

func (k *check) fail(code, message string) *ruleDone {
	return &ruleDone{Code: code, Message: cut(message, 2048)}
}

func (k *check) refused(err error, service string) *ruleDone {
	if denied(err) {
		return k.fail("PermissionError", serviceMessage(err, service))
	}
	return k.fail("JobFailed", serviceMessage(err, service))
}

// variable compares a variable with a value. MATCHES takes Go's regular
// expressions, which are Java's without look-around and back references.
func (k *check) variable() *ruleDone {
	c := k.rule.Resolved
	left, right, ok := c["Variable"], c["Value"], false
	switch c["Operator"] {
	case "EQ":
		ok = left == right
	case "NE":
		ok = left != right
	case "CONTAINS":
		ok = strings.Contains(left, right)
	case "MATCHES":
		re, err := regexp.Compile(`^(?:` + right + `)$`)
		if err != nil {
			return k.fail("ConfigurationError", "the regular expression cannot be used: "+err.Error())
		}
		ok = re.MatchString(left)
	}
	if !ok {
		return k.fail("JobFailed", fmt.Sprintf("The variable's value '%s' does not satisfy %s '%s'", left, c["Operator"], right))
	}
	return &ruleDone{Passed: true}
}

// window waits until the deployment window is open.
func (k *check) window() *ruleDone {
	w, err := parseWindow(k.rule.Resolved["Cron"], k.rule.Resolved["TimeZone"])
	if err != nil {
		return k.fail("ConfigurationError", err.Error())
	}
	clock := k.engine.world.Clock
	for {
		now := clock.Now()
		if w.open(now) {
			return &ruleDone{Passed: true}
		}
		at, ok := w.next(now, k.rule.Deadline)
		if !ok {
			return nil // the deadline comes first
		}
		if !k.wait(at) {
			return nil
		}
	}
}

// wait returns true once the world's time is at, false if the work has ended.
func (c *caller) wait(at time.Time) bool {
	due := make(chan struct{})
	cancel := c.engine.world.Clock.At(at, func() { close(due) })
	defer cancel()
	c.engine.pause(func() {
		select {
		case <-due:
		case <-c.ctx.Done():
		}
	})
	return c.ctx.Err() == nil
}

// begun makes it durable that the provider is about to be called; false means
// that it was called before a restart.
func (k *check) begun(external string) bool {
	if k.rule.Begun && external == "" && k.rule.Job.Continuation == "" {
		return false
	}
	if k.engine.apply(k.actor, ruleBegun{Execution: k.execution.ID, Rule: k.rule.ID, ExternalID: external}) != nil {
		return false
	}
	return k.engine.world.Flush() == nil
}

// lambda has a function decide; it answers like one that an action invokes.
func (k *check) lambda() *ruleDone {
	s, err := k.as()
	if err != nil {
		return k.refused(err, "AWSLambda")
	}
	if !k.begun("") {
		return nil
	}
	data := lambdaData(&JobData{
		ActionConfiguration: &ActionConfiguration{Configuration: k.rule.Resolved}, InputArtifacts: jobArtifacts(k.execution, k.rule.Inputs),
		ArtifactCredentials: &s.credentials, ContinuationToken: k.rule.Job.Continuation,
	})
	payload, err := json.Marshal(map[string]any{"CodePipeline.job": map[string]any{"id": k.rule.Job.ID, "accountId": k.pipeline.Account, "data": data}})
	if err != nil {
		return k.fail("SystemUnavailable", err.Error())
	}
	in := struct {
		FunctionName, InvocationType string
		Payload                      []byte
	}{k.rule.Resolved["FunctionName"], "Event", payload}
	if err := k.call("lambda", "Invoke", in, nil); err != nil {
		return k.refused(err, "AWSLambda")
	}
	return nil
}

func (k *check) codeBuild() *ruleDone {
	id := k.rule.ExternalID
	if id == "" {
		in := cbStart{ProjectName: k.rule.Resolved["ProjectName"], Token: k.rule.ID}
		if text := k.rule.Resolved["EnvironmentVariables"]; text != "" {
			if err := json.Unmarshal([]byte(text), &in.Environment); err != nil {
				return k.fail("ConfigurationError", "EnvironmentVariables is no JSON list of variables: "+err.Error())
			}
		}
		for _, a := range k.rule.Inputs {
			in.Version = "arn:aws:s3:::" + a.Bucket + "/" + a.Key
		}
		var out struct {
			Build cbBuild `json:"build"`
		}
		if err := k.call("codebuild", "StartBuild", in, &out); err != nil {
			return k.refused(err, codeBuildName)
		}
		if id = out.Build.ID; !k.begun(id) {
			return nil
		}
	}
	b, err := k.build(id)
	switch {
	case err != nil:
		return k.refused(err, codeBuildName)
	case b == nil:
		return nil
	case b.Status != "SUCCEEDED":
		done := k.fail("JobFailed", b.why())
		done.ExternalID, done.URL = b.ID, b.Logs.Link
		return done
	}
	return &ruleDone{Passed: true, ExternalID: b.ID, URL: b.Logs.Link}
}

// alarm asks CloudWatch once, where there is one.
func (k *check) alarm() *ruleDone {
	name := k.rule.Resolved["AlarmName"]
	var out struct {
		MetricAlarms []struct{ StateValue string }
	}
	if err := k.call("monitoring", "DescribeAlarms", map[string]any{"AlarmNames": []string{name}}, &out); err != nil {
		return k.refused(err, "AmazonCloudWatch")
	}
	if len(out.MetricAlarms) != 1 {
		return k.fail("ConfigurationError", "The alarm "+name+" could not be found")
	}
	bad := k.rule.Resolved["AlarmStates"]
	if bad == "" {
		bad = "ALARM"
	}
	state := out.MetricAlarms[0].StateValue
	for _, s := range strings.Split(bad, ",") {
		if strings.TrimSpace(s) == state {
			return k.fail("JobFailed", "The alarm "+name+" is in the state "+state)
		}
	}
	return &ruleDone{Passed: true}
}
