package codepipeline

import "maps"

// What goes into the trail instead of secrets. Which settings of a custom action
// are secret only its type says, so none of their values go in.

// Redacted is the request with the secrets of its actions hidden.
func (in *CreatePipelineInput) Redacted() any {
	return &CreatePipelineInput{Pipeline: redacted(in.Pipeline), Tags: in.Tags}
}

// Redacted is the answer with the secrets of its actions hidden.
func (out *CreatePipelineOutput) Redacted() any {
	return &CreatePipelineOutput{Pipeline: redacted(out.Pipeline), Tags: out.Tags}
}

// Redacted is the request with the secrets of its actions hidden.
func (in *UpdatePipelineInput) Redacted() any {
	return &UpdatePipelineInput{Pipeline: redacted(in.Pipeline)}
}

// Redacted is the answer with the secrets of its actions hidden.
func (out *UpdatePipelineOutput) Redacted() any {
	return &UpdatePipelineOutput{Pipeline: redacted(out.Pipeline)}
}

func redacted(d *PipelineDeclaration) *PipelineDeclaration {
	if d == nil {
		return nil
	}
	d = copyOf(d)
	for _, s := range d.Stages {
		if s == nil {
			continue
		}
		for _, a := range s.Actions {
			if a != nil && a.ActionTypeId != nil && a.ActionTypeId.Owner != "AWS" {
				a.Configuration = maps.Clone(a.Configuration)
				for k := range a.Configuration {
					a.Configuration[k] = hiddenSecret
				}
			}
		}
	}
	return d
}

// Redacted is the answer without the jobs' data: it holds credentials and secrets.
func (out *PollForJobsOutput) Redacted() any {
	r := &PollForJobsOutput{}
	for _, j := range out.Jobs {
		r.Jobs = append(r.Jobs, &Job{Id: j.Id, Nonce: j.Nonce, AccountId: j.AccountId})
	}
	return r
}

// Redacted is the request with the secret token hidden.
func (in *PutWebhookInput) Redacted() any {
	if in.Webhook == nil || in.Webhook.AuthenticationConfiguration == nil || in.Webhook.AuthenticationConfiguration.SecretToken == "" {
		return *in
	}
	d, auth := *in.Webhook, *in.Webhook.AuthenticationConfiguration
	auth.SecretToken = hiddenSecret
	d.AuthenticationConfiguration = &auth
	return PutWebhookInput{Webhook: &d, Tags: in.Tags}
}
