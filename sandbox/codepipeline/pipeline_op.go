package codepipeline

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// maxPipelines is the quota of pipelines per account and region.
const maxPipelines = 1000

// copyOf is a deep copy of a definition.
func copyOf(d *PipelineDeclaration) *PipelineDeclaration {
	data, err := json.Marshal(d)
	if err != nil {
		panic("codepipeline: " + err.Error()) // strings, numbers and lists: cannot fail
	}
	out := &PipelineDeclaration{}
	if err := json.Unmarshal(data, out); err != nil {
		panic("codepipeline: " + err.Error())
	}
	return out
}

// normal is a definition as GetPipeline shows it: with what was left out.
func normal(d *PipelineDeclaration, version int64) *PipelineDeclaration {
	d = copyOf(d)
	d.Version = &version
	if d.PipelineType == "" {
		d.PipelineType = "V1"
	}
	if d.ExecutionMode == "" {
		d.ExecutionMode = modeSuperseded
	}
	first := int64(1)
	for _, s := range d.Stages {
		for _, a := range s.Actions {
			if a.RunOrder == nil {
				a.RunOrder = &first
			}
		}
	}
	return d
}

// hidden is what a secret is shown as.
const hiddenSecret = "****"

// masked hides the secrets of a definition.
func (s *service) masked(c *cloud.Call, d *PipelineDeclaration) *PipelineDeclaration {
	d = copyOf(d)
	for _, st := range d.Stages {
		for _, a := range st.Actions {
			a.Configuration = s.maskedConfig(c.Account, c.Region, a.ActionTypeId, a.Configuration)
		}
	}
	return d
}

func (e *engine) maskedConfig(account, region string, t *ActionTypeId, config map[string]string) map[string]string {
	kt, ok := e.lookup(account, region, t)
	if !ok || len(kt.secret) == 0 {
		return config
	}
	out := map[string]string{}
	for k, v := range config {
		if slices.Contains(kt.secret, k) {
			v = hiddenSecret
		}
		out[k] = v
	}
	return out
}

// unmask puts back the secrets that an update left as they were shown. In a stage
// or action of another name there are none to put back.
func unmask(d, was *PipelineDeclaration) {
	for _, st := range d.Stages {
		i := stageIndex(was, st.Name)
		if i < 0 {
			continue
		}
		for _, a := range st.Actions {
			for _, b := range was.Stages[i].Actions {
				if a.Name != b.Name {
					continue
				}
				for k, v := range a.Configuration {
					if v == hiddenSecret && b.Configuration[k] != "" {
						a.Configuration[k] = b.Configuration[k]
					}
				}
			}
		}
	}
}

func (s *service) createPipeline(c *cloud.Call, in *CreatePipelineInput) (*CreatePipelineOutput, error) {
	d := normal(in.Pipeline, 1)
	if _, ok := s.actor(c.Account, c.Region, d.Name); ok {
		return nil, nameInUse(c, d.Name)
	}
	prefix := c.Account + "/" + c.Region + "/"
	if len(s.pipelines.Keys(func(k string) bool { return strings.HasPrefix(k, prefix) })) >= maxPipelines {
		return nil, cloud.Errorf("LimitExceededException", "The limit of %d pipelines has been reached.", maxPipelines)
	}
	if err := checkTags(nil, in.Tags); err != nil {
		return nil, err
	}
	k := &checker{engine: s.engine, account: c.Account, region: c.Region, def: d}
	if err := k.check(); err != nil {
		return nil, err
	}
	p := &pipeline{
		Account: c.Account, Region: c.Region, Name: d.Name, ID: s.world.IDs.UUID(), Definition: d, Version: 1,
		Created: c.Time, Updated: c.Time, Tags: in.Tags,
	}
	if err := s.checkRoles(c, p, d); err != nil {
		return nil, err
	}
	a, made, err := s.create(p)
	if err != nil {
		return nil, err
	}
	if !made {
		return nil, nameInUse(c, d.Name)
	}
	if _, err := s.begin(a, &execution{Trigger: "CreatePipeline", Detail: c.Identity.ARN}, nil); err != nil {
		return nil, err
	}
	return &CreatePipelineOutput{Pipeline: s.masked(c, d), Tags: in.Tags}, nil
}

func nameInUse(c *cloud.Call, name string) error {
	return cloud.Errorf("PipelineNameInUseException", "A pipeline with the name '%s' already exists in account '%s'", name, c.Account)
}

// checkRoles assumes the pipeline's role and from it every action's and rule's.
func (s *service) checkRoles(c *cloud.Call, p *pipeline, d *PipelineDeclaration) error {
	under := *p
	under.Definition = d
	roles := []string{""}
	for _, st := range d.Stages {
		for _, a := range st.Actions {
			roles = append(roles, a.RoleArn)
		}
		for _, cond := range conditions(st) {
			for _, r := range cond.Rules {
				roles = append(roles, r.RoleArn)
			}
		}
	}
	slices.Sort(roles)
	for _, role := range slices.Compact(roles) {
		_, err := s.assume(c.Context, &under, role)
		var refused *notAuthorized
		if errors.As(err, &refused) {
			return invalidStructure("%s", refused.message)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func conditions(st *StageDeclaration) []*Condition {
	var out []*Condition
	if st.BeforeEntry != nil {
		out = append(out, st.BeforeEntry.Conditions...)
	}
	if st.OnSuccess != nil {
		out = append(out, st.OnSuccess.Conditions...)
	}
	if st.OnFailure != nil {
		out = append(out, st.OnFailure.Conditions...)
	}
	return out
}

func (s *service) updatePipeline(c *cloud.Call, in *UpdatePipelineInput) (*UpdatePipelineOutput, error) {
	// The model of UpdatePipeline has no PipelineNotFoundException.
	a, ok := s.actor(c.Account, c.Region, in.Pipeline.Name)
	if !ok {
		return nil, invalidStructure("Account '%s' does not have a pipeline with name '%s'", c.Account, in.Pipeline.Name)
	}
	was := a.view().pipeline
	d := normal(in.Pipeline, was.Version)
	unmask(d, was.Definition)
	k := &checker{engine: s.engine, account: c.Account, region: c.Region, def: d}
	if err := k.check(); err != nil {
		return nil, err
	}
	if err := s.checkRoles(c, was, d); err != nil {
		return nil, err
	}
	if err := s.apply(a, update{d}); err != nil {
		return nil, err
	}
	return &UpdatePipelineOutput{Pipeline: s.masked(c, d)}, nil
}

func (s *service) getPipeline(c *cloud.Call, in *GetPipelineInput) (*GetPipelineOutput, error) {
	a, err := s.pipeline(c, in.Name)
	if err != nil {
		return nil, err
	}
	p := a.view().pipeline
	d := p.Definition
	if in.Version != nil && *in.Version != p.Version {
		var ok bool
		if d, ok = s.definitions.Get(p.key() + "/" + p.ID + "/" + number(*in.Version)); !ok {
			return nil, cloud.Errorf("PipelineVersionNotFoundException", "Pipeline '%s' does not have a version %d", in.Name, *in.Version)
		}
	}
	return &GetPipelineOutput{
		Pipeline: s.masked(c, d),
		Metadata: &PipelineMetadata{PipelineArn: p.arn(), Created: wire.At(p.Created), Updated: wire.At(p.Updated)},
	}, nil
}

// deletePipeline deletes; a pipeline that is not there is no error.
func (s *service) deletePipeline(c *cloud.Call, in *DeletePipelineInput) (*struct{}, error) {
	a, ok := s.actor(c.Account, c.Region, in.Name)
	if !ok {
		return nil, nil
	}
	return nil, s.remove(a)
}

func (s *service) listPipelines(c *cloud.Call, in *ListPipelinesInput) (*ListPipelinesOutput, error) {
	prefix := c.Account + "/" + c.Region + "/"
	all := []*PipelineSummary{}
	for _, p := range s.pipelines.Select(func(k string, _ *pipeline) bool { return strings.HasPrefix(k, prefix) }) {
		version := p.Version
		all = append(all, &PipelineSummary{
			Name: p.Name, Version: &version, PipelineType: p.Definition.PipelineType, ExecutionMode: mode(p.Definition),
			Created: wire.At(p.Created), Updated: wire.At(p.Updated),
		})
	}
	page, next, err := paged("ListPipelines", all, in.MaxResults, maxPipelines, in.NextToken)
	return &ListPipelinesOutput{Pipelines: page, NextToken: next}, err
}

func (s *service) disableStageTransition(c *cloud.Call, in *DisableStageTransitionInput) (*struct{}, error) {
	a, err := s.pipeline(c, in.PipelineName)
	if err != nil {
		return nil, err
	}
	return nil, s.apply(a, transit{Stage: in.StageName, Reason: in.Reason, By: c.Identity.ARN, Outbound: in.TransitionType == "Outbound", Disable: true})
}

func (s *service) enableStageTransition(c *cloud.Call, in *EnableStageTransitionInput) (*struct{}, error) {
	a, err := s.pipeline(c, in.PipelineName)
	if err != nil {
		return nil, err
	}
	return nil, s.apply(a, transit{Stage: in.StageName, By: c.Identity.ARN, Outbound: in.TransitionType == "Outbound"})
}
