package codepipeline

import (
	"errors"
	"fmt"
	"time"
)

// errStale says that an event came too late: what it speaks of has ended.
var errStale = errors.New("it has ended already")

// actionTimeout is how long an action may take (CodePipeline quotas).
func actionTimeout(t *ActionTypeId) time.Duration {
	switch {
	case t.Owner != "AWS":
		return 24 * time.Hour
	case t.Category == "Approval":
		return 7 * 24 * time.Hour
	case t.Provider == "S3" && t.Category == "Deploy":
		return 90 * time.Minute
	}
	switch t.Provider {
	case "CloudFormation", "CloudFormationStackSet", "CloudFormationStackInstances":
		return 3 * 24 * time.Hour
	case "CodeDeploy", "CodeDeployToECS":
		return 5 * 24 * time.Hour
	case "CodeBuild":
		return 8 * time.Hour
	case "Lambda":
		return 24 * time.Hour
	case "StepFunctions":
		return 7 * 24 * time.Hour
	case "Commands":
		return 55 * time.Minute
	}
	return time.Hour
}

// lambdaReply is how long a function may be silent.
const lambdaReply = 20 * time.Minute

// startAction begins an attempt of an action: its variables are resolved and its
// artifacts settled before its provider hears of it.
func (m *machine) startAction(x *execution, stage *StageDeclaration, d *ActionDeclaration) {
	attempt := 1
	for _, a := range x.Actions {
		if a.Stage == stage.Name && a.Action == d.Name {
			attempt++
		}
	}
	purpose := fmt.Sprintf("%s|%s|%d", stage.Name, d.Name, attempt)
	limit := actionTimeout(d.ActionTypeId)
	if d.TimeoutInMinutes != nil {
		limit = time.Duration(*d.TimeoutInMinutes) * time.Minute
	}
	a := actionRun{
		ID: x.uuid("action|" + purpose), Stage: stage.Name, Action: d.Name, Namespace: d.Namespace, Attempt: attempt,
		Status: inProgress, Started: m.now, Updated: m.now, Deadline: m.now.Add(limit), Type: *d.ActionTypeId,
		Role: d.RoleArn, Region: d.Region, Configuration: d.Configuration,
	}
	if a.Region == "" {
		a.Region = m.state.Pipeline.Region
	}
	scope := m.scope(x, stage.Name, runOrder(d))
	resolved, err := resolveAll(d.Configuration, scope)
	a.Resolved = resolved
	for _, c := range d.Commands {
		text, cerr := resolve(c, scope)
		if cerr != nil && err == nil {
			err = cerr
		}
		a.Commands = append(a.Commands, text)
	}
	for _, in := range d.InputArtifacts {
		made, ok := x.Artifacts[in.Name]
		if !ok && err == nil {
			err = fmt.Errorf("the input artifact %s has not been produced", in.Name)
		}
		a.Inputs = append(a.Inputs, made)
	}
	for _, out := range d.OutputArtifacts {
		a.Outputs = append(a.Outputs, m.output(x, out.Name, a.Region, purpose))
	}
	switch {
	case d.ActionTypeId.Category == "Approval":
		a.Token = x.uuid("token|" + purpose)
		a.ExternalID = a.Token
	case d.ActionTypeId.Owner != "AWS" || d.ActionTypeId.Provider == "Lambda":
		a.Job = &job{ID: x.uuid("job|" + purpose), Nonce: "1", Status: "Created"}
		if d.ActionTypeId.Owner == "AWS" {
			a.Job.Status, a.Job.Reply = "InProgress", m.now.Add(lambdaReply)
		}
		if d.ActionTypeId.Owner == "ThirdParty" {
			a.Job.ClientID = x.uuid("client|" + purpose)
		}
	}
	x.stage(stage.Name).Current[d.Name] = a.ID
	x.Actions = append(x.Actions, a)
	m.publishAction(x, a.ID, "STARTED")
	if err != nil {
		m.endAction(x, a.ID, actionDone{Status: failed, Code: "ConfigurationError", Message: err.Error()})
		return
	}
	m.do(startAction{x.ID, a.ID})
}

// output settles where an output artifact goes: pipeline and artifact names are
// cut to 20 and 10 characters.
func (m *machine) output(x *execution, name, region, purpose string) artifact {
	p := m.state.Pipeline
	store := storeFor(p.Definition, region)
	a := artifact{
		Name: name, Region: region, Account: p.Account,
		Key: cut(p.Name, 20) + "/" + cut(name, 10) + "/" + x.keyPart("artifact|"+purpose+"|"+name),
	}
	if store != nil {
		a.Bucket = store.Location
		if store.EncryptionKey != nil {
			a.KeyID = store.EncryptionKey.Id
		}
	}
	return a
}

func cut(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}

func storeFor(d *PipelineDeclaration, region string) *ArtifactStore {
	if d.ArtifactStore != nil {
		return d.ArtifactStore
	}
	return d.ArtifactStores[region]
}

// actionDone is the end of an attempt.
type actionDone struct {
	Execution, Action string
	Status            string // succeeded or failed
	Code, Message     string
	Summary           string
	ExternalID, URL   string
	LogStream         string
	UpdatedBy         string
	Variables         map[string]string
	Produced          []string // names of the output artifacts that are there; nil means all
	Account           string   // where they were made
	Revision          *revision
	Percent           *int64
	TimedOut          bool
}

func (e actionDone) apply(m *machine) error {
	x := m.find(e.Execution)
	if x == nil {
		return errStale
	}
	if a := x.action(e.Action); a == nil || a.Status != inProgress {
		return errStale
	}
	m.endAction(m.edit(e.Execution), e.Action, e)
	return nil
}

func (m *machine) endAction(x *execution, id string, e actionDone) {
	a := x.action(id)
	a.Status, a.Updated, a.Summary, a.UpdatedBy = e.Status, m.now, e.Summary, e.UpdatedBy
	a.ErrorCode, a.Error = e.Code, e.Message
	if e.ExternalID != "" {
		a.ExternalID = e.ExternalID
	}
	if e.URL != "" {
		a.URL = e.URL
	}
	if e.LogStream != "" {
		a.LogStream = e.LogStream
	}
	if e.Percent != nil {
		a.Percent = e.Percent
	}
	if a.Job != nil {
		j := *a.Job
		if j.Status = e.Status; e.TimedOut {
			j.Status = "TimedOut"
		}
		a.Job = &j
	}
	name := "FAILED"
	if e.Status == succeeded {
		name = "SUCCEEDED"
		a.Variables = e.Variables
		for _, out := range a.Outputs {
			if e.Produced != nil && !containsName(e.Produced, out.Name) {
				continue
			}
			if e.Account != "" {
				out.Account = e.Account
			}
			x.Artifacts[out.Name] = out
		}
		if e.Revision != nil {
			m.setRevision(x, *e.Revision)
		}
	}
	m.publishAction(x, id, name)
	m.do(endAction{id})
}

func (m *machine) setRevision(x *execution, r revision) {
	for i := range x.Revisions {
		if x.Revisions[i].Action == r.Action {
			x.Revisions[i] = r
			return
		}
	}
	x.Revisions = append(x.Revisions, r)
}

func containsName(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// timeout says that an action's or rule's deadline, or a function's time to
// answer, has come.
type timeout struct{ Execution, ID string }

func (e timeout) apply(m *machine) error {
	x := m.find(e.Execution)
	if x == nil {
		return errStale
	}
	if r := x.rule(e.ID); r != nil {
		if r.Status != inProgress || m.now.Before(r.Deadline) {
			return errStale
		}
		return ruleDone{Execution: e.Execution, Rule: e.ID, Code: "JobFailed", Message: "The rule timed out"}.apply(m)
	}
	a := x.action(e.ID)
	if a == nil || a.Status != inProgress || m.now.Before(a.due()) {
		return errStale
	}
	message := "The action failed because it timed out"
	switch {
	case a.Type.Category == "Approval":
		message = "The manual approval timed out: no response was received before it expired"
	case a.Type.Provider == "Lambda" && a.Type.Owner == "AWS":
		message = fmt.Sprintf("The AWS Lambda function %s failed to return a result. Check the function to verify that it has permission to call the PutJobSuccessResult action and that it made a call to PutJobSuccessResult.", a.Resolved["FunctionName"])
	}
	m.endAction(m.edit(e.Execution), e.ID, actionDone{Status: failed, Code: "JobFailed", Message: message, TimedOut: true})
	return nil
}

// due is when an action has taken too long.
func (a *actionRun) due() time.Time {
	if a.Job != nil && !a.Job.Reply.IsZero() && a.Job.Reply.Before(a.Deadline) {
		return a.Job.Reply
	}
	return a.Deadline
}

// progress is news of an action in progress.
type progress struct {
	Execution, Action string
	Begun             bool
	Restarted         bool
	ExternalID, URL   string
	LogStream         string
	Summary           string
	Percent           *int64
	Job               *job
}

func (e progress) apply(m *machine) error {
	x := m.find(e.Execution)
	if x == nil {
		return errStale
	}
	if a := x.action(e.Action); a == nil || a.Status != inProgress {
		return errStale
	}
	a := m.edit(e.Execution).action(e.Action)
	a.Updated = m.now
	a.Begun = a.Begun || e.Begun
	if e.Restarted {
		a.Restarts++
	}
	for _, set := range []struct {
		to   *string
		text string
	}{{&a.ExternalID, e.ExternalID}, {&a.URL, e.URL}, {&a.LogStream, e.LogStream}, {&a.Summary, e.Summary}} {
		if set.text != "" {
			*set.to = set.text
		}
	}
	if e.Percent != nil {
		a.Percent = e.Percent
	}
	if e.Job != nil {
		a.Job = e.Job
	}
	return nil
}
