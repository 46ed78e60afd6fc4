package codepipeline

import (
	"fmt"
	"strings"
	"time"
)

// The detail types of CodePipeline's events.
const (
	pipelineChange = "CodePipeline Pipeline Execution State Change"
	stageChange    = "CodePipeline Stage Execution State Change"
	actionChange   = "CodePipeline Action Execution State Change"
)

// float is a number that is written with a fraction, as the events do ("3.0").
type float int64

func (f float) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, "%d.0", int64(f)), nil }

// changeDetail is the detail of a state change ("Monitoring CodePipeline events").
type changeDetail struct {
	Pipeline    string         `json:"pipeline"`
	ExecutionID string         `json:"execution-id"`
	Stage       string         `json:"stage,omitempty"`
	Action      string         `json:"action,omitempty"`
	ActionID    string         `json:"action-execution-id,omitempty"`
	StartTime   string         `json:"start-time"`
	Trigger     *changeTrigger `json:"execution-trigger,omitempty"`
	State       string         `json:"state"`
	Region      string         `json:"region,omitempty"`
	Type        *changeType    `json:"type,omitempty"`
	Inputs      []changedFile  `json:"input-artifacts,omitempty"`
	Outputs     []changedFile  `json:"output-artifacts,omitempty"`
	Result      *changeResult  `json:"execution-result,omitempty"`
	Version     float          `json:"version"`
	Attempt     float          `json:"pipeline-execution-attempt"`
	Retried     string         `json:"stage-last-retry-attempt-time,omitempty"`
	Comments    string         `json:"stop-execution-comments,omitempty"`
}

type changeTrigger struct {
	Type   string `json:"trigger-type"`
	Detail string `json:"trigger-detail"`
}

type changeType struct {
	Owner    string `json:"owner"`
	Category string `json:"category"`
	Provider string `json:"provider"`
	Version  string `json:"version"`
}

type changedFile struct {
	Name     string    `json:"name"`
	Location changedIn `json:"s3location"`
}

type changedIn struct {
	Bucket string `json:"bucket"`
	Key    string `json:"key"`
}

type changeResult struct {
	URL     string `json:"external-execution-url,omitempty"`
	Summary string `json:"external-execution-summary,omitempty"`
	ID      string `json:"external-execution-id,omitempty"`
	Code    string `json:"error-code,omitempty"`
}

func eventTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func (m *machine) detail(x *execution, state string, started time.Time) changeDetail {
	return changeDetail{
		Pipeline: m.state.Pipeline.Name, ExecutionID: x.ID, StartTime: eventTime(started), State: state,
		Version: float(x.Version), Attempt: float(x.Attempt),
	}
}

func (m *machine) publishPipeline(x *execution, state string) {
	d := m.detail(x, state, x.Started)
	if state == "STARTED" {
		d.Trigger = &changeTrigger{x.Trigger, x.Detail}
	}
	if state == "STOPPING" {
		d.Comments = x.StopReason
	}
	m.do(publish{pipelineChange, d})
}

func (m *machine) publishStage(x *execution, stage, state string) {
	run := x.stage(stage)
	d := m.detail(x, state, run.Started)
	d.Stage = stage
	if !run.RetriedAt.IsZero() {
		d.Retried = eventTime(run.RetriedAt)
	}
	m.do(publish{stageChange, d})
}

func (m *machine) publishAction(x *execution, id, state string) {
	a := x.action(id)
	d := m.detail(x, state, a.Started)
	d.Stage, d.Action, d.ActionID, d.Region = a.Stage, a.Action, a.ID, a.Region
	d.Type = &changeType{a.Type.Owner, a.Type.Category, a.Type.Provider, a.Type.Version}
	for _, in := range a.Inputs {
		d.Inputs = append(d.Inputs, changedFile{in.Name, changedIn{in.Bucket, in.Key}})
	}
	for _, out := range a.Outputs {
		d.Outputs = append(d.Outputs, changedFile{out.Name, changedIn{out.Bucket, out.Key}})
	}
	if state == "SUCCEEDED" || state == "FAILED" {
		d.Result = &changeResult{URL: a.URL, Summary: a.outcome(), ID: a.ExternalID, Code: a.ErrorCode}
	}
	m.do(publish{actionChange, d})
}

// outcome is the text that the API and the events give of an action's end. For an
// approval without a comment it names who decided; a comment takes its place.
func (a *actionRun) outcome() string {
	switch {
	case a.Summary != "":
		return a.Summary
	case a.Type.Category == "Approval" && a.UpdatedBy != "" && a.Status == succeeded:
		return "Approved by " + a.UpdatedBy
	case a.Type.Category == "Approval" && a.UpdatedBy != "" && a.Status == failed:
		return "Rejected by " + a.UpdatedBy
	}
	return strings.TrimSpace(a.Error)
}
