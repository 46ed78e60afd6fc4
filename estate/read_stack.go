package estate

import (
	"strings"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam/policy"
)

// standInStackID is the part of a stack's ARN that only CloudFormation knows.
const standInStackID = "00000000-0000-0000-0000-000000000000"

// readStack reads a nested stack as a resource of its parent. The loader adds the
// nested template itself, where it has it, as a stack of its own.
func (b *Builder) readStack(d *Declaration) {
	s := &StackResource{Name: firstText(d.text("StackName"), stackName(d.Ref), d.LogicalID), RoleARN: d.roleARN(d.text("RoleARN"))}
	s.RolePos = d.pos("RoleARN")
	s.Meta = d.meta("")
	b.addStack(s)
}

// stackName returns the name in a stack's ARN, or the text itself.
func stackName(t Text) Text {
	if f, ok := splitARN(t); ok && f[2] == "cloudformation" {
		name, _, _ := strings.Cut(strings.TrimPrefix(f[5], "stack/"), "/")
		return name
	}
	return t
}

// addStack adds a stack, or what more is known of one that was added before.
func (b *Builder) addStack(s *StackResource) {
	key := located(s.Account, s.Region, s.Name)
	if have := b.stacks[key]; have != nil && Known(s.Name) {
		have.RoleARN = firstText(have.RoleARN, s.RoleARN)
		if have.RolePos == (policy.Pos{}) {
			have.RolePos = s.RolePos
		}
		have.Template = firstText(have.Template, s.Template)
		have.DeployedBy = append(have.DeployedBy, s.DeployedBy...)
		if have.Props == nil {
			have.Props, have.Attrs = s.Props, s.Attrs
		}
		return
	}
	if !strings.HasPrefix(s.ARN, "arn:") {
		s.ARN = "arn:" + PartitionOf(s.Region) + ":cloudformation:" + s.Region + ":" + s.Account + ":stack/" + s.Name + "/" + standInStackID
		s.Generated = true
	}
	b.stacks[key] = s
	b.e.Stacks = append(b.e.Stacks, s)
}

// readDeployments adds the stacks that pipelines deploy.
func (b *Builder) readDeployments() {
	for _, p := range b.e.Pipelines {
		for i := range p.Stages {
			for j := range p.Stages[i].Actions {
				a := &p.Stages[i].Actions[j]
				if a.Category != "Deploy" || a.Owner != "AWS" {
					continue
				}
				by := Show(p.Name) + "/" + Show(p.Stages[i].Name) + "/" + Show(a.Name)
				switch a.Provider {
				case "CloudFormation":
					b.deployedStack(p, a, by)
				case "CloudFormationStackSet", "CloudFormationStackInstances":
					b.stackInstances(p, a, by)
				}
			}
		}
	}
}

func (b *Builder) deployedStack(p *Pipeline, a *Action, by string) {
	name := stackName(a.ConfigText("StackName"))
	account, region := p.ActionAccount(a), p.ActionRegion(a)
	if name == "" || !Known(name) || !Known(account) || !Known(region) {
		b.Unknown(Unknown{What: "the stack that " + by + " deploys", Why: "its name, account or region could not be resolved", Pos: a.Pos})
		if name == "" {
			name = policy.Hole
		}
	}
	s := &StackResource{Name: name, RoleARN: a.ConfigText("RoleArn"), DeployedBy: []string{by}}
	s.RolePos = posOf(at(a.Config, "RoleArn"), a.Pos)
	s.Meta = Meta{Type: "AWS::CloudFormation::Stack", Account: account, Region: region, Pos: a.Pos}
	if !strings.HasPrefix(s.RoleARN, "arn:") && s.RoleARN != "" && Known(s.RoleARN) {
		s.RoleARN = "arn:" + PartitionOf(region) + ":iam::" + account + ":role/" + s.RoleARN
	}
	b.addStack(s)
}

// stackInstances adds a stack for each account and region that a stack set
// action names. Organizational units and files of targets stay unknown.
func (b *Builder) stackInstances(p *Pipeline, a *Action, by string) {
	set := a.ConfigText("StackSetName")
	targets, regions := splitList(a.ConfigText("DeploymentTargets")), splitList(a.ConfigText("Regions"))
	for _, account := range targets {
		if !arn.IsAccountID(account) {
			b.Unknown(Unknown{
				What: "target " + Show(account) + " of stack set " + Show(set) + ", which " + by + " deploys",
				Why:  "only accounts given by id are followed", Pos: a.Pos,
			})
			continue
		}
		for _, region := range regions {
			s := &StackResource{Name: "StackSet-" + set, InstanceOf: set, DeployedBy: []string{by}}
			s.Meta = Meta{Type: "AWS::CloudFormation::Stack", Account: account, Region: region, Pos: a.Pos}
			s.RoleARN = "arn:" + PartitionOf(region) + ":iam::" + account + ":role/" +
				firstText(a.ConfigText("ExecutionRoleName"), "AWSCloudFormationStackSetExecutionRole")
			s.RolePos = a.Pos
			if model := a.ConfigText("PermissionModel"); strings.EqualFold(model, "SERVICE_MANAGED") {
				s.RoleARN = ""
			}
			b.addStack(s)
		}
	}
}

// splitList splits a comma-delimited list and drops the spaces around its items.
func splitList(t Text) []Text {
	var out []Text
	for item := range strings.SplitSeq(t, ",") {
		if item = strings.TrimSpace(item); item != "" {
			out = append(out, item)
		}
	}
	return out
}
