package codepipeline

import (
	"context"
	"slices"
	"time"

	"github.com/twokey/twokey/sandbox/cloud"
)

// offerJob leaves an action to the workers that poll for its type.
func offerJob(*work) *actionDone { return nil }

// jobOf finds a job of the caller's account.
func (s *service) jobOf(c *cloud.Call, id string) (jobRef, *pipeline, *execution, error) {
	s.mu.Lock()
	ref, ok := s.jobs[id]
	s.mu.Unlock()
	if !ok {
		return ref, nil, nil, jobNotFound()
	}
	p, x := ref.actor.execution(ref.execution)
	if x == nil || p.Account != c.Account || p.Region != c.Region {
		return ref, nil, nil, jobNotFound()
	}
	return ref, p, x, nil
}

// workerJob finds a job that a worker does: not a function's, not a rule's.
func (s *service) workerJob(c *cloud.Call, id, owner string) (jobRef, *pipeline, *execution, *actionRun, error) {
	ref, p, x, err := s.jobOf(c, id)
	if err != nil {
		return ref, nil, nil, nil, err
	}
	if ref.rule {
		return ref, nil, nil, nil, jobNotFound()
	}
	a := x.action(ref.item)
	if a == nil || (owner == "ThirdParty") != (a.Type.Owner == "ThirdParty") {
		return ref, nil, nil, nil, jobNotFound()
	}
	return ref, p, x, a, nil
}

const defaultBatch = 1

// open lists the jobs of a type that wait for a worker, oldest first.
func (s *service) open(c *cloud.Call, t *ActionTypeId, limit int, wants func(a *actionRun) bool) []offered {
	s.mu.Lock()
	actors := make([]*actor, 0, len(s.actors))
	for _, a := range s.actors {
		actors = append(actors, a)
	}
	s.mu.Unlock()
	var found []offered
	for _, a := range actors {
		v := a.view()
		if v.pipeline.Account != c.Account || v.pipeline.Region != c.Region {
			continue
		}
		for _, x := range v.state.Executions {
			for i := range x.Actions {
				r := &x.Actions[i]
				if r.Status == inProgress && r.Job != nil && r.Type == *t && wants(r) &&
					(r.Job.Status == jobCreated || r.Job.Status == jobDispatched) {
					found = append(found, offered{a, x.ID, r.ID, r.Started})
				}
			}
		}
	}
	slices.SortStableFunc(found, func(a, b offered) int { return a.since.Compare(b.since) })
	if len(found) > limit {
		found = found[:limit]
	}
	return found
}

type offered struct {
	actor           *actor
	execution, item string
	since           time.Time
}

func (s *service) pollForJobs(c *cloud.Call, in *PollForJobsInput) (*PollForJobsOutput, error) {
	t := in.ActionTypeId
	if t.Owner != "Custom" {
		return nil, cloud.Errorf("ValidationException", "Only jobs of custom action types can be polled for: the owner must be Custom.")
	}
	known, ok := s.customType(c, t)
	if !ok {
		return nil, actionTypeNotFound(t)
	}
	for name := range in.QueryParam {
		if !slices.ContainsFunc(known.Type.ActionConfigurationProperties, func(p *ActionConfigurationProperty) bool {
			return p.Name == name && p.Queryable != nil && *p.Queryable
		}) {
			return nil, cloud.Errorf("ValidationException", "The configuration property '%s' is not queryable.", name)
		}
	}
	out := &PollForJobsOutput{Jobs: []*Job{}}
	for _, o := range s.open(c, t, batch(in.MaxBatchSize), func(a *actionRun) bool {
		for k, v := range in.QueryParam {
			if a.Resolved[k] != v {
				return false
			}
		}
		return true
	}) {
		p, x, a, credentials, err := s.take(c.Context, o)
		if err != nil {
			return nil, err
		}
		if a == nil {
			continue
		}
		out.Jobs = append(out.Jobs, &Job{Id: a.Job.ID, Nonce: a.Job.Nonce, AccountId: p.Account, Data: jobData(p, x, a, credentials)})
	}
	return out, nil
}

func batch(n *int64) int {
	if n == nil {
		return defaultBatch
	}
	return int(min(*n, 1000))
}

// take dispatches a job. A nil action says that another worker was quicker.
func (s *service) take(ctx context.Context, o offered) (*pipeline, *execution, *actionRun, *AWSSessionCredentials, error) {
	if err := s.apply(o.actor, dispatch{o.execution, o.item}); err != nil {
		return nil, nil, nil, nil, nil
	}
	p, x := o.actor.execution(o.execution)
	a := x.action(o.item)
	session, err := s.assume(ctx, p, a.Role)
	if err != nil {
		return nil, nil, nil, nil, s.failJob(o, err)
	}
	return p, x, a, &session.credentials, nil
}

// failJob fails an action whose role cannot be assumed for its worker.
func (s *service) failJob(o offered, cause error) error {
	err := s.apply(o.actor, actionDone{Execution: o.execution, Action: o.item, Status: failed, Code: "PermissionError", Message: serviceMessage(cause, "AWSSecurityTokenService")})
	if err == errStale {
		return nil
	}
	return err
}

func (s *service) acknowledgeJob(c *cloud.Call, in *AcknowledgeJobInput) (*AcknowledgeJobOutput, error) {
	ref, _, _, _, err := s.workerJob(c, in.JobId, "Custom")
	if err != nil {
		return nil, err
	}
	status, err := s.acknowledge(ref, in.Nonce)
	return &AcknowledgeJobOutput{Status: status}, err
}

func (s *service) acknowledge(ref jobRef, nonce string) (string, error) {
	if err := s.apply(ref.actor, acknowledge{ref.execution, ref.item, nonce}); err != nil {
		return "", err
	}
	_, x := ref.actor.execution(ref.execution)
	return x.action(ref.item).Job.Status, nil
}

func (s *service) getJobDetails(c *cloud.Call, in *GetJobDetailsInput) (*GetJobDetailsOutput, error) {
	_, p, x, a, err := s.workerJob(c, in.JobId, "Custom")
	if err != nil {
		return nil, err
	}
	session, err := s.assume(c.Context, p, a.Role)
	if err != nil {
		return nil, cloud.Errorf("ValidationException", "%s", err.Error())
	}
	return &GetJobDetailsOutput{JobDetails: &JobDetails{Id: a.Job.ID, AccountId: p.Account, Data: jobData(p, x, a, &session.credentials)}}, nil
}

// maxVariableBytes bounds the output variables of an action.
const maxVariableBytes = 122_880

func (s *service) putJobSuccessResult(c *cloud.Call, in *PutJobSuccessResultInput) (*struct{}, error) {
	ref, p, x, err := s.jobOf(c, in.JobId)
	if err != nil {
		return nil, err
	}
	if in.ContinuationToken != "" && len(in.OutputVariables) > 0 {
		return nil, cloud.Errorf("ValidationException", "Output variables cannot be set together with a continuation token.")
	}
	size := 0
	for k, v := range in.OutputVariables {
		size += len(k) + len(v)
	}
	if size > maxVariableBytes {
		return nil, cloud.Errorf("OutputVariablesSizeExceededException", "The output variables exceed the limit of %d bytes.", maxVariableBytes)
	}
	if ref.rule {
		done := ruleDone{Execution: ref.execution, Rule: ref.item, Passed: true}
		if d := in.ExecutionDetails; d != nil {
			done.Message, done.ExternalID = d.Summary, d.ExternalExecutionId
		}
		err := s.apply(ref.actor, ruleJob{ref.execution, ref.item, in.ContinuationToken, done})
		if err == nil && in.ContinuationToken != "" {
			s.invokeAgain(ref)
		}
		return nil, err
	}
	a := x.action(ref.item)
	if a.Type.Owner == "ThirdParty" {
		return nil, jobNotFound()
	}
	done := jobResult(in.CurrentRevision, in.ExecutionDetails)
	done.Variables, done.Account = in.OutputVariables, p.Account
	err = s.apply(ref.actor, jobSuccess{ref.execution, ref.item, in.ContinuationToken, fillRevision(done, a)})
	if err == nil && in.ContinuationToken != "" && a.Type.Owner == "AWS" {
		s.invokeAgain(ref)
	}
	return nil, err
}

// jobResult is the end of an action as its worker tells it.
func jobResult(r *CurrentRevision, d *ExecutionDetails) actionDone {
	done := actionDone{Status: succeeded}
	if d != nil {
		done.Summary, done.ExternalID, done.Percent = d.Summary, d.ExternalExecutionId, d.PercentComplete
	}
	if r != nil {
		done.Revision = &revision{ID: r.Revision, Change: r.ChangeIdentifier, Summary: r.RevisionSummary, Created: r.Created.Time}
	}
	return done
}

// fillRevision names the source action of a revision; that of any other action
// only tells what its provider's current revision is.
func fillRevision(done actionDone, a *actionRun) actionDone {
	if done.Revision == nil {
		return done
	}
	if a.Type.Category != "Source" {
		done.Revision = nil
		return done
	}
	done.Revision.Action = a.Action
	if len(a.Outputs) > 0 {
		done.Revision.Artifact = a.Outputs[0].Name
	}
	return done
}

func (s *service) putJobFailureResult(c *cloud.Call, in *PutJobFailureResultInput) (*struct{}, error) {
	ref, _, x, err := s.jobOf(c, in.JobId)
	if err != nil {
		return nil, err
	}
	d := in.FailureDetails
	if ref.rule {
		done := ruleDone{Execution: ref.execution, Rule: ref.item, Code: d.Type, Message: d.Message, ExternalID: d.ExternalExecutionId}
		return nil, s.apply(ref.actor, ruleJob{ref.execution, ref.item, "", done})
	}
	if x.action(ref.item).Type.Owner == "ThirdParty" {
		return nil, jobNotFound()
	}
	return nil, s.apply(ref.actor, jobFailure{ref.execution, ref.item, failure(d)})
}

func failure(d *FailureDetails) actionDone {
	return actionDone{Status: failed, Code: d.Type, Message: d.Message, ExternalID: d.ExternalExecutionId}
}

// invokeAgain has a function that answered with a continuation token called once
// more after a while.
func (s *service) invokeAgain(ref jobRef) {
	s.world.Clock.At(s.world.Clock.Now().Add(reinvokeAfter), func() {
		if ref.rule {
			s.launch(ref.item, func(ctx context.Context) { s.runRule(ctx, ref.actor, ref.execution, ref.item) })
			return
		}
		s.launch(ref.item, func(ctx context.Context) { s.runAction(ctx, ref.actor, ref.execution, ref.item, false) })
	})
}
