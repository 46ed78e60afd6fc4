package codepipeline

import (
	"encoding/json"
	"errors"
	"net/url"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// notice is the message of an approval to a topic ("JSON data format for manual
// approval notifications"). What is not configured is null.
type notice struct {
	Region      string         `json:"region"`
	ConsoleLink string         `json:"consoleLink"`
	Approval    noticeApproval `json:"approval"`
}

type noticeApproval struct {
	Pipeline string  `json:"pipelineName"`
	Stage    string  `json:"stageName"`
	Action   string  `json:"actionName"`
	Token    string  `json:"token"`
	Expires  string  `json:"expires"`
	Link     *string `json:"externalEntityLink"`
	Review   string  `json:"approvalReviewLink"`
	Data     *string `json:"customData"`
}

// askApproval tells the topic, where one is configured, that somebody is to
// decide; the decision comes through PutApprovalResult.
func askApproval(w *work) *actionDone {
	c, a := w.action.Resolved, w.action
	topic := c["NotificationArn"]
	if topic == "" {
		return nil
	}
	console := "https://console.aws.amazon.com/codepipeline/home?region=" + w.pipeline.Region + "#/view/" + url.PathEscape(w.pipeline.Name)
	message, err := json.Marshal(notice{Region: w.pipeline.Region, ConsoleLink: console, Approval: noticeApproval{
		Pipeline: w.pipeline.Name, Stage: a.Stage, Action: a.Action, Token: a.Token,
		Expires: a.Deadline.UTC().Format("2006-01-02T15:04Z"), Link: optional(c["ExternalEntityLink"]), Data: optional(c["CustomData"]),
		Review: console + "/" + url.PathEscape(a.Stage) + "/" + url.PathEscape(a.Action) + "/approve/" + a.Token,
	}})
	if err != nil {
		return w.fail("SystemUnavailable", err.Error())
	}
	if err := w.begun(progress{}); err != nil {
		return nil
	}
	in := map[string]string{
		"TopicArn": topic, "Message": string(message),
		"Subject": cut("APPROVAL NEEDED: AWS CodePipeline "+w.pipeline.Name+" for action "+a.Action, 100),
	}
	if err := w.call("sns", "Publish", in, nil); err != nil {
		return w.refused(err, "AmazonSNS")
	}
	return nil
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func (s *service) putApprovalResult(c *cloud.Call, in *PutApprovalResultInput) (*PutApprovalResultOutput, error) {
	a, err := s.pipeline(c, in.PipelineName)
	if err != nil {
		return nil, err
	}
	v := a.view()
	decl, err := declaredAction(v.pipeline, in.StageName, in.ActionName)
	if err != nil {
		return nil, err
	}
	invalid := cloud.Errorf("InvalidApprovalTokenException", "The approval token is not valid: the approval request has been answered or has expired.")
	if decl.ActionTypeId.Category != "Approval" {
		return nil, invalid
	}
	for _, x := range v.all {
		for i := range x.Actions {
			r := &x.Actions[i]
			if r.Token != in.Token || r.Stage != in.StageName || r.Action != in.ActionName {
				continue
			}
			return s.decide(c, a, x, r, in.Result, invalid)
		}
	}
	return nil, invalid
}

func (s *service) decide(c *cloud.Call, a *actor, x *execution, r *actionRun, result *ApprovalResult, invalid error) (*PutApprovalResultOutput, error) {
	completed := cloud.Errorf("ApprovalAlreadyCompletedException", "The approval action has already been approved or rejected.")
	switch {
	case r.Status != inProgress && r.UpdatedBy != "":
		return nil, completed
	case r.Status != inProgress, !c.Time.Before(r.Deadline):
		return nil, invalid // timed out, abandoned or cancelled
	}
	done := actionDone{Execution: x.ID, Action: r.ID, Status: succeeded, Summary: result.Summary, UpdatedBy: c.Identity.ARN, ExternalID: r.Token}
	if result.Status == "Rejected" {
		done.Status, done.Code, done.Message = failed, "JobFailed", result.Summary
	}
	err := s.apply(a, done)
	if errors.Is(err, errStale) {
		return nil, completed // somebody else was first
	}
	if err != nil {
		return nil, err
	}
	return &PutApprovalResultOutput{ApprovedAt: wire.At(c.Time)}, nil
}
