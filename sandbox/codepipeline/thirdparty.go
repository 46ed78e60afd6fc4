package codepipeline

import (
	"github.com/twokey/twokey/sandbox/cloud"
)

// Jobs of third-party actions go to the partner's workers. The client token of a
// customer is what that customer configured the action with ("ClientToken" here:
// on AWS the partner hands it out when the action is connected); without one the
// job's client id stands for it.

func clientToken(a *actionRun) string {
	if t := a.Resolved["ClientToken"]; t != "" {
		return t
	}
	return a.Job.ClientID
}

func (s *service) thirdParty(c *cloud.Call, id, token string) (jobRef, *pipeline, *execution, *actionRun, error) {
	ref, p, x, a, err := s.workerJob(c, id, "ThirdParty")
	if err != nil {
		return ref, p, x, a, err
	}
	if token != clientToken(a) {
		return ref, p, x, a, cloud.Errorf("InvalidClientTokenException", "The client token is not valid for the job.")
	}
	return ref, p, x, a, nil
}

func (s *service) pollForThirdPartyJobs(c *cloud.Call, in *PollForThirdPartyJobsInput) (*PollForThirdPartyJobsOutput, error) {
	t := in.ActionTypeId
	if t.Owner != "ThirdParty" {
		return nil, cloud.Errorf("ValidationException", "Only jobs of third-party action types can be polled for: the owner must be ThirdParty.")
	}
	if _, ok := s.partnerType(c.Region, t); !ok {
		return nil, actionTypeNotFound(t)
	}
	out := &PollForThirdPartyJobsOutput{Jobs: []*ThirdPartyJob{}}
	for _, o := range s.open(c, t, batch(in.MaxBatchSize), func(*actionRun) bool { return true }) {
		if s.apply(o.actor, dispatch{o.execution, o.item}) != nil {
			continue // another worker was quicker
		}
		_, x := o.actor.execution(o.execution)
		a := x.action(o.item)
		out.Jobs = append(out.Jobs, &ThirdPartyJob{ClientId: a.Job.ClientID, JobId: a.Job.ID})
	}
	return out, nil
}

func (s *service) acknowledgeThirdPartyJob(c *cloud.Call, in *AcknowledgeThirdPartyJobInput) (*AcknowledgeThirdPartyJobOutput, error) {
	ref, _, _, _, err := s.thirdParty(c, in.JobId, in.ClientToken)
	if err != nil {
		return nil, err
	}
	status, err := s.acknowledge(ref, in.Nonce)
	return &AcknowledgeThirdPartyJobOutput{Status: status}, err
}

func (s *service) getThirdPartyJobDetails(c *cloud.Call, in *GetThirdPartyJobDetailsInput) (*GetThirdPartyJobDetailsOutput, error) {
	_, p, x, a, err := s.thirdParty(c, in.JobId, in.ClientToken)
	if err != nil {
		return nil, err
	}
	if a.Status != inProgress {
		return nil, cloud.Errorf("InvalidJobException", "The job has ended.")
	}
	session, err := s.assume(c.Context, p, a.Role)
	if err != nil {
		return nil, cloud.Errorf("ValidationException", "%s", err.Error())
	}
	d := jobData(p, x, a, &session.credentials)
	return &GetThirdPartyJobDetailsOutput{JobDetails: &ThirdPartyJobDetails{Id: a.Job.ID, Nonce: a.Job.Nonce, Data: &ThirdPartyJobData{
		ActionTypeId: d.ActionTypeId, ActionConfiguration: d.ActionConfiguration, PipelineContext: d.PipelineContext,
		InputArtifacts: d.InputArtifacts, OutputArtifacts: d.OutputArtifacts, ArtifactCredentials: d.ArtifactCredentials,
		ContinuationToken: d.ContinuationToken, EncryptionKey: d.EncryptionKey,
	}}}, nil
}

func (s *service) putThirdPartyJobSuccessResult(c *cloud.Call, in *PutThirdPartyJobSuccessResultInput) (*struct{}, error) {
	ref, p, _, a, err := s.thirdParty(c, in.JobId, in.ClientToken)
	if err != nil {
		return nil, err
	}
	done := jobResult(in.CurrentRevision, in.ExecutionDetails)
	done.Account = p.Account
	return nil, s.apply(ref.actor, jobSuccess{ref.execution, ref.item, in.ContinuationToken, fillRevision(done, a)})
}

func (s *service) putThirdPartyJobFailureResult(c *cloud.Call, in *PutThirdPartyJobFailureResultInput) (*struct{}, error) {
	ref, _, _, _, err := s.thirdParty(c, in.JobId, in.ClientToken)
	if err != nil {
		return nil, err
	}
	return nil, s.apply(ref.actor, jobFailure{ref.execution, ref.item, failure(in.FailureDetails)})
}
