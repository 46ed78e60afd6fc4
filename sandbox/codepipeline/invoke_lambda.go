package codepipeline

import (
	"encoding/json"
	"time"
)

// reinvokeAfter is how long CodePipeline waits before it invokes a function again
// that answered with a continuation token.
const reinvokeAfter = 30 * time.Second

// invokeLambda hands the action's job to a function. The function answers with
// PutJobSuccessResult or PutJobFailureResult; what it returns does not count.
func invokeLambda(w *work) *actionDone {
	session, err := w.as()
	if err != nil {
		return w.refused(err, "AWSLambda")
	}
	data := jobData(w.pipeline, w.execution, w.action, &session.credentials)
	event := map[string]any{"CodePipeline.job": map[string]any{
		"id": w.action.Job.ID, "accountId": w.pipeline.Account, "data": lambdaData(data),
	}}
	payload, err := json.Marshal(event)
	if err != nil {
		return w.fail("SystemUnavailable", err.Error())
	}
	if err := w.begun(progress{}); err != nil {
		return nil
	}
	in := struct {
		FunctionName, InvocationType string
		Payload                      []byte
	}{w.action.Resolved["FunctionName"], "Event", payload}
	if err := w.call("lambda", "Invoke", in, nil); err != nil {
		return w.refused(err, "AWSLambda")
	}
	return nil
}

// lambdaData is the data of a job as functions see it: without type and context,
// and with revisions that are null.
func lambdaData(d *JobData) map[string]any {
	out := map[string]any{
		"actionConfiguration": d.ActionConfiguration,
		"inputArtifacts":      lambdaArtifacts(d.InputArtifacts),
		"outputArtifacts":     lambdaArtifacts(d.OutputArtifacts),
		"artifactCredentials": d.ArtifactCredentials,
	}
	if d.ContinuationToken != "" {
		out["continuationToken"] = d.ContinuationToken
	}
	if d.EncryptionKey != nil {
		out["encryptionKey"] = d.EncryptionKey
	}
	return out
}

func lambdaArtifacts(list []*Artifact) []map[string]any {
	out := []map[string]any{}
	for _, a := range list {
		var revision any
		if a.Revision != "" {
			revision = a.Revision
		}
		out = append(out, map[string]any{"name": a.Name, "revision": revision, "location": a.Location})
	}
	return out
}

// jobData is what a job worker or function is given.
func jobData(p *pipeline, x *execution, a *actionRun, credentials *AWSSessionCredentials) *JobData {
	d := &JobData{
		ActionTypeId: &a.Type, ActionConfiguration: &ActionConfiguration{Configuration: a.Resolved},
		PipelineContext: &PipelineContext{
			PipelineName: p.Name, PipelineArn: p.arn(), PipelineExecutionId: x.ID,
			Stage: &StageContext{Name: a.Stage}, Action: &ActionContext{Name: a.Action, ActionExecutionId: a.ID},
		},
		InputArtifacts: jobArtifacts(x, a.Inputs), OutputArtifacts: jobArtifacts(nil, a.Outputs),
		ArtifactCredentials: credentials, ContinuationToken: a.Job.Continuation,
	}
	if store := storeFor(p.Definition, a.Region); store != nil {
		d.EncryptionKey = store.EncryptionKey
	}
	return d
}

func jobArtifacts(x *execution, list []artifact) []*Artifact {
	out := []*Artifact{}
	for _, a := range list {
		j := &Artifact{Name: a.Name, Location: &ArtifactLocation{Type: "S3", S3Location: &S3ArtifactLocation{BucketName: a.Bucket, ObjectKey: a.Key}}}
		if x != nil {
			for _, r := range x.Revisions {
				if r.Artifact == a.Name {
					j.Revision = r.ID
				}
			}
		}
		out = append(out, j)
	}
	return out
}
