package estate

import (
	"strconv"

	"github.com/twokey/twokey/iam/policy"
)

// readPipeline reads AWS::CodePipeline::Pipeline in full. Anything that hides
// part of its structure makes it Incomplete.
func (b *Builder) readPipeline(d *Declaration) {
	p := &Pipeline{Name: firstText(d.text("Name"), d.Ref, d.LogicalID)}
	p.Meta = d.meta(d.arn("codepipeline", d.Region, p.Name))
	r := pipelineReader{b: b, d: d, p: p}
	p.RoleARN = d.roleARN(d.text("RoleArn"))
	p.RolePos = d.pos("RoleArn")
	p.PipelineType = firstText(d.text("PipelineType"), "V1")
	p.ExecutionMode = firstText(d.text("ExecutionMode"), "SUPERSEDED")
	p.RestartOnUpdate = isTrue(d.get("RestartExecutionOnUpdate"))
	r.stages(d.get("Stages"))
	r.stores()
	r.doors(d.get("DisableInboundStageTransitions"))
	for _, n := range r.list("Triggers", d.get("Triggers")) {
		p.Triggers = append(p.Triggers, Trigger{
			SourceAction: textOf(at(n, "GitConfiguration", "SourceActionName")), Node: n, Pos: posOf(n, d.Pos),
		})
	}
	for _, n := range r.list("Variables", d.get("Variables")) {
		p.Variables = append(p.Variables, Variable{
			Name: textOf(at(n, "Name")), Default: textOf(at(n, "DefaultValue")), HasDefault: at(n, "DefaultValue") != nil,
			Pos: posOf(n, d.Pos),
		})
	}
	if p.Incomplete != "" {
		b.Unknown(Unknown{What: "the structure of pipeline " + Show(p.Name), Why: p.Incomplete, Pos: d.Pos})
	}
	b.e.Pipelines = append(b.e.Pipelines, p)
}

type pipelineReader struct {
	b *Builder
	d *Declaration
	p *Pipeline
}

// incomplete notes the first thing that hides part of the structure.
func (r *pipelineReader) incomplete(why string) {
	if r.p.Incomplete == "" {
		r.p.Incomplete = why
	}
}

// list returns the maps of a list; whatever else stands in it makes the pipeline
// incomplete.
func (r *pipelineReader) list(what string, n *policy.Node) []*policy.Node {
	var out []*policy.Node
	for _, item := range n.Elements() {
		switch item.Kind {
		case policy.Map:
			out = append(out, item)
		case policy.Unknown:
			r.incomplete(what + " could not be resolved: " + reasonOf(item))
		case policy.Null:
		default:
			r.incomplete(what + " is not a list of maps")
			r.b.Problem(Problem{Message: "pipeline " + Show(r.p.Name) + ": " + what + " must be a list of maps", Pos: posOf(item, r.d.Pos)})
		}
	}
	return out
}

func (r *pipelineReader) stages(n *policy.Node) {
	for _, item := range r.list("Stages", n) {
		s := Stage{
			Name: textOf(at(item, "Name")), BeforeEntry: at(item, "BeforeEntry"), OnSuccess: at(item, "OnSuccess"), OnFailure: at(item, "OnFailure"),
			Pos: posOf(item, r.d.Pos),
		}
		for _, a := range r.list("Actions of stage "+Show(s.Name), at(item, "Actions")) {
			s.Actions = append(s.Actions, r.action(s.Name, a))
		}
		r.p.Stages = append(r.p.Stages, s)
	}
	if len(r.p.Stages) == 0 {
		r.incomplete("it has no stages that could be read")
	}
}

func (r *pipelineReader) action(stage Text, n *policy.Node) Action {
	id := at(n, "ActionTypeId")
	a := Action{
		Name: textOf(at(n, "Name")), Category: textOf(at(id, "Category")), Owner: textOf(at(id, "Owner")),
		Provider: textOf(at(id, "Provider")), Version: textOf(at(id, "Version")), RunOrder: 1,
		RoleARN: r.d.roleARN(textOf(at(n, "RoleArn"))), RolePos: posOf(at(n, "RoleArn"), posOf(n, r.d.Pos)),
		Region: textOf(at(n, "Region")), Namespace: textOf(at(n, "Namespace")), Commands: textsOf(at(n, "Commands")),
		Config: at(n, "Configuration"), Pos: posOf(n, r.d.Pos),
	}
	name := Show(stage) + "/" + Show(a.Name)
	if id == nil || id.IsUnknown() || !Known(a.Category) || !Known(a.Provider) || !Known(a.Owner) {
		r.incomplete("what kind of action " + name + " is could not be resolved")
	}
	if t := textOf(at(n, "RunOrder")); t != "" {
		order, err := strconv.Atoi(t)
		switch {
		case err == nil && order >= 1 && order <= 999:
			a.RunOrder = order
		case !Known(t):
			r.incomplete("RunOrder of " + name + " could not be resolved: " + reasonOf(at(n, "RunOrder")))
		default:
			r.incomplete("RunOrder of " + name + " is not a number from 1 to 999")
			r.b.Problem(Problem{Message: "RunOrder of action " + name + " must be a number from 1 to 999", Pos: posOf(at(n, "RunOrder"), a.Pos)})
		}
	}
	if t := textOf(at(n, "TimeoutInMinutes")); t != "" {
		a.Timeout, _ = strconv.Atoi(t)
	}
	a.Inputs = artifactNames(at(n, "InputArtifacts"))
	a.Outputs = artifactNames(at(n, "OutputArtifacts"))
	if a.Config.IsUnknown() {
		r.incomplete("the Configuration of " + name + " could not be resolved: " + reasonOf(a.Config))
	}
	return a
}

func artifactNames(n *policy.Node) []Text {
	var out []Text
	for _, item := range n.Elements() {
		if item.Kind == policy.Map {
			out = append(out, textOf(at(item, "Name")))
			continue
		}
		out = append(out, policy.Hole)
	}
	return out
}

func (r *pipelineReader) stores() {
	if n := r.d.get("ArtifactStore"); n != nil && n.Kind != policy.Null {
		r.store(r.d.Region, n)
	}
	for _, item := range r.list("ArtifactStores", r.d.get("ArtifactStores")) {
		r.store(textOf(at(item, "Region")), at(item, "ArtifactStore"))
	}
	if len(r.p.Stores) == 0 {
		r.incomplete("it has no artifact store that could be read")
	}
}

func (r *pipelineReader) store(region Text, n *policy.Node) {
	if n.IsUnknown() || n == nil {
		r.incomplete("an artifact store could not be resolved: " + reasonOf(n))
		return
	}
	s := ArtifactStore{Region: region, Bucket: textOf(at(n, "Location")), Pos: posOf(n, r.d.Pos), KeyPos: posOf(n, r.d.Pos)}
	if key := at(n, "EncryptionKey"); key != nil && key.Kind != policy.Null {
		s.KeyPos = posOf(firstNode(at(key, "Id"), key), s.Pos)
		if s.KeyID = textOf(at(key, "Id")); key.IsUnknown() {
			s.KeyID = policy.Hole
		}
	}
	r.p.Stores = append(r.p.Stores, s)
}

func (r *pipelineReader) doors(n *policy.Node) {
	for _, item := range r.list("DisableInboundStageTransitions", n) {
		if r.p.DisabledInbound == nil {
			r.p.DisabledInbound = map[string]string{}
		}
		r.p.DisabledInbound[textOf(at(item, "StageName"))] = textOf(at(item, "Reason"))
	}
}

// ActionAccount returns the account in which an action acts: that of its role,
// or the pipeline's. It may have holes.
func (p *Pipeline) ActionAccount(a *Action) Text {
	if a.RoleARN == "" {
		return p.Account
	}
	if f, ok := splitARN(a.RoleARN); ok {
		return f[4]
	}
	return policy.Hole
}

// ActionRegion returns the region in which an action acts.
func (p *Pipeline) ActionRegion(a *Action) Text { return firstText(a.Region, p.Region) }

// ActionRole returns the ARN of the role that an action acts as: its own, or the
// pipeline's.
func (p *Pipeline) ActionRole(a *Action) Text { return firstText(a.RoleARN, p.RoleARN) }
