// Package codepipeline is the CodePipeline of the sandbox: all operations of its
// API, and an engine that runs pipelines. The engine's heart is a machine without
// clock, randomness or side effects (machine.go); what is to be done comes out of
// it as effects, which providers do with the permissions of the pipeline's and
// actions' roles. docs/sandbox/codepipeline.md says what differs from AWS.
package codepipeline

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

type service struct{ *engine }

// Add puts the service into a world. Runs that were under way when the world was
// closed go on.
func Add(w *cloud.World, server *wire.Server) (func() error, error) {
	s, err := add(w, server)
	if err != nil {
		return nil, err
	}
	return s.stop, nil
}

func add(w *cloud.World, server *wire.Server) (*service, error) {
	e, err := newEngine(w)
	if err != nil {
		return nil, err
	}
	s := &service{e}
	if err := server.Add(&model, slices.Concat(s.pipelineOps(), s.executionOps(), s.listOps(), s.jobOps(), s.otherOps())...); err != nil {
		return nil, err
	}
	w.OnEvent(s.heard)
	w.OnReady(s.resume)
	w.Limit("codepipeline", unsupportedTypes()...)
	return s, nil
}

// auth is the check of an operation.
type auth[In any] func(c *cloud.Call, in *In) ([]cloud.Check, error)

func op[In, Out any](name string, a auth[In], do func(c *cloud.Call, in *In) (*Out, error)) wire.Operation {
	return wire.Op[In, Out]{Name: name, Auth: a, Do: do}.Operation()
}

// one is the check of a single action; the tags of the pipeline come with it.
func (s *service) one(c *cloud.Call, action, resource string, ctx *iam.Context) ([]cloud.Check, error) {
	return []cloud.Check{{Action: "codepipeline:" + action, Resource: resource, Context: ctx}}, nil
}

func (s *service) arn(c *cloud.Call, parts ...string) string {
	return "arn:aws:codepipeline:" + c.Region + ":" + c.Account + ":" + strings.Join(parts, "/")
}

// onPipeline, onStage and onAction are the checks of operations on a pipeline and
// its parts. The tags are the pipeline's: its parts have none of their own.
func (s *service) onPipeline(c *cloud.Call, action, name string) ([]cloud.Check, error) {
	return s.one(c, action, s.arn(c, name), s.tagsOf(c, name))
}

func (s *service) onPart(c *cloud.Call, action, pipeline string, parts ...string) ([]cloud.Check, error) {
	return s.one(c, action, s.arn(c, append([]string{pipeline}, parts...)...), s.tagsOf(c, pipeline))
}

func (s *service) tagsOf(c *cloud.Call, name string) *iam.Context {
	ctx := iam.NewContext()
	if a, ok := s.actor(c.Account, c.Region, name); ok {
		resourceTags(ctx, a.view().pipeline.Tags)
	}
	return ctx
}

func resourceTags(ctx *iam.Context, tags []*Tag) *iam.Context {
	for _, t := range tags {
		ctx.Set("aws:ResourceTag/"+t.Key, t.Value)
	}
	return ctx
}

func requestTags(ctx *iam.Context, tags []*Tag) *iam.Context {
	keys := make([]string, 0, len(tags))
	for _, t := range tags {
		ctx.Set("aws:RequestTag/"+t.Key, t.Value)
		keys = append(keys, t.Key)
	}
	if len(keys) > 0 {
		ctx.SetList("aws:TagKeys", keys...)
	}
	return ctx
}

// pipeline finds a pipeline of the caller's account and region.
func (s *service) pipeline(c *cloud.Call, name string) (*actor, error) {
	if a, ok := s.actor(c.Account, c.Region, name); ok {
		return a, nil
	}
	return nil, cloud.Errorf("PipelineNotFoundException", "Account '%s' does not have a pipeline with name '%s'", c.Account, name)
}

func declaredStage(p *pipeline, name string) (*StageDeclaration, error) {
	if i := stageIndex(p.Definition, name); i >= 0 {
		return p.Definition.Stages[i], nil
	}
	return nil, stageNotFound(p.Name, name)
}

func declaredAction(p *pipeline, stage, action string) (*ActionDeclaration, error) {
	s, err := declaredStage(p, stage)
	if err != nil {
		return nil, err
	}
	for _, a := range s.Actions {
		if a.Name == action {
			return a, nil
		}
	}
	return nil, cloud.Errorf("ActionNotFoundException", "Stage '%s' of pipeline '%s' does not have an action with name '%s'", stage, p.Name, action)
}

func executionNotFound(pipeline, id string) *cloud.Error {
	return cloud.Errorf("PipelineExecutionNotFoundException", "Pipeline '%s' does not have an execution with id '%s'", pipeline, id)
}
