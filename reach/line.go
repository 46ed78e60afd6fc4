package reach

import (
	"strconv"
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/iam/policy"
)

// line is a pipeline made ready: its actions in one list, what each of them
// does, and which change production.
type line struct {
	p     *estate.Pipeline
	index int
	acts  []act
	// production are the actions that change production; why says, where there
	// are none, why not.
	production []int
	accounts   []string // production accounts that they deploy into
	inferred   bool
	why        string
}

// act is one action of a pipeline.
type act struct {
	*estate.Action
	stage    string
	stageNo  int
	account  string
	region   string
	role     int // actor it runs as; nobody where the estate has none
	deploys  int // actor that CloudFormation or the build acts as; nobody where there is none
	project  *estate.Project
	function *estate.Function
	stack    *estate.StackResource
	gate     bool
	rule     *estate.GateRule // that governs the gate
}

func (a *act) name() string { return estate.Show(a.stage) + "/" + estate.Show(a.Name) }

// before reports whether a has ended when b starts, in every run.
func (a *act) before(b *act) bool {
	return a.stageNo < b.stageNo || a.stageNo == b.stageNo && a.RunOrder < b.RunOrder
}

// between returns the gates that a run passes before action j starts and that
// are not behind it when action i starts. A gate beside j does not hold it up.
func (l *line) between(i, j int) []int {
	var out []int
	for g := range l.acts {
		if l.acts[g].gate && l.acts[g].before(&l.acts[j]) && !l.acts[g].before(&l.acts[i]) {
			out = append(out, g)
		}
	}
	return out
}

func (w *world) newLine(p *estate.Pipeline, index int) *line {
	l := &line{p: p, index: index}
	for s := range p.Stages {
		for i := range p.Stages[s].Actions {
			l.acts = append(l.acts, w.newAct(p, s, &p.Stages[s].Actions[i]))
		}
	}
	l.findProduction(w.est)
	return l
}

func (w *world) newAct(p *estate.Pipeline, stage int, x *estate.Action) act {
	a := act{
		Action: x, stage: p.Stages[stage].Name, stageNo: stage, account: p.ActionAccount(x), region: p.ActionRegion(x),
		role: w.actor(p.ActionRole(x)), deploys: nobody,
	}
	switch {
	case x.Category == "Approval":
		a.gate = true
		a.rule = governing(w.est, p.Name, a.stage, x.Name)
	case x.Provider == "CodeBuild":
		if a.project = w.est.Project(x.ConfigText("ProjectName"), a.account, a.region); a.project != nil {
			a.deploys = w.actor(a.project.ServiceRole)
		}
	case x.Provider == "Lambda":
		a.function = w.est.Function(x.ConfigText("FunctionName"), a.account, a.region)
	case x.Provider == "CloudFormation":
		a.stack = w.est.Stack(x.ConfigText("StackName"), a.account, a.region)
		a.deploys = a.role
		role := x.ConfigText("RoleArn")
		if x.ConfigText("ActionMode") == "CHANGE_SET_EXECUTE" {
			role = ""
			for i := range p.Stages {
				for j := range p.Stages[i].Actions {
					if y := &p.Stages[i].Actions[j]; sameChangeSet(x, y) && p.ActionAccount(y) == a.account {
						role = y.ConfigText("RoleArn")
					}
				}
			}
		}
		if role != "" {
			a.deploys = w.actor(w.roleARN(role, a.account))
		}
	}
	return a
}

// sameChangeSet reports whether y makes the change set that x carries out.
func sameChangeSet(x, y *estate.Action) bool {
	return y.Provider == "CloudFormation" && y.ConfigText("ActionMode") == "CHANGE_SET_REPLACE" &&
		mayBe(x.ConfigText("StackName"), y.ConfigText("StackName")) && mayBe(x.ConfigText("ChangeSetName"), y.ConfigText("ChangeSetName"))
}

// mayBe reports whether two names are the same as far as is known.
func mayBe(a, b string) bool { return a == b || !estate.Known(a) || !estate.Known(b) }

// roleARN returns the ARN of a role given by ARN or name.
func (w *world) roleARN(text, account string) string {
	if strings.HasPrefix(text, "arn:") || !estate.Known(text) {
		return text
	}
	return "arn:" + w.partition(account) + ":iam::" + account + ":role/" + text
}

// actor returns the actor with an ARN, or nobody.
func (w *world) actor(arn string) int {
	if i, ok := w.byARN[arn]; ok {
		return i
	}
	if r := w.est.Role(arn); r != nil {
		if i, ok := w.byARN[r.ARN]; ok {
			return i
		}
	}
	return nobody
}

// governing returns the first rule of the estate that matches a gate. Rules for
// break glass are not counted with.
func governing(est *estate.Estate, pipeline, stage, action string) *estate.GateRule {
	for i := range est.Gates {
		g := &est.Gates[i]
		if !g.BreakGlass && glob(g.Pipeline, pipeline) && glob(g.Stage, stage) && glob(g.Action, action) {
			return g
		}
	}
	return nil
}

// glob matches * and ? ; an empty pattern matches anything. A name with holes is
// matched by nothing narrower than *.
func glob(pattern, name string) bool {
	if pattern == "" {
		return true
	}
	p, n, star, mark := 0, 0, -1, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, n
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == name[n]):
			p++
			n++
		case star >= 0:
			mark++
			p, n = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// shown is the name of the pipeline for people to read: its logical id where
// nothing of the name could be resolved.
func (l *line) shown() string { return shownName(l.p.Name, l.p.LogicalID) }

func shownName(name, logicalID string) string {
	if name == policy.Hole && logicalID != "" {
		return logicalID
	}
	return estate.Show(name)
}

// frame returns the parts of a pipeline that every row about it may use.
func (l *line) frame() frame {
	f := frame{
		"pipeline": l.p.ARN, "name": l.p.Name, "account": l.p.Account, "region": l.p.Region, "partition": partitionOf(l.p.ARN),
		"role": l.p.RoleARN,
	}
	f.call("pipeline", l.p.LogicalID)
	f.call("name", l.p.LogicalID)
	return f
}

// at returns the parts of an action.
func (l *line) at(i int) frame {
	a := &l.acts[i]
	f := l.frame()
	f["stage"], f["step"] = a.stage, a.Name
	if a.gate {
		f["gate"] = l.p.ARN + "/" + a.stage + "/" + a.Name
		if l.p.Name == policy.Hole {
			f["gate"+shownAs] = l.shown() + "/" + a.name()
		}
	}
	return f
}

// within returns the parts of an action with its own account and region.
func (l *line) within(i int) frame {
	f := l.at(i)
	f["account"], f["region"] = l.acts[i].account, l.acts[i].region
	return f
}

// object returns the ARN of an artifact of the pipeline: the bucket, the first
// twenty characters of the pipeline's name, the first ten of the artifact's, and
// a part that CodePipeline makes up, for which one such part stands.
func (l *line) object(bucketARN, artifact string) string {
	return bucketARN + "/" + firstOf(l.p.Name, 20) + "/" + firstOf(artifact, 10) + "/" + madeUp
}

const madeUp = "0aB1cD2"

// firstOf returns the first n characters of a name. Where that cuts some off, the
// end is left open, in case the name is kept whole.
func firstOf(name string, n int) string {
	if len(name) <= n || !estate.Known(name) {
		return name
	}
	return name[:n] + policy.Hole
}

// store returns the artifact store for a region.
func (l *line) store(region string) *estate.ArtifactStore {
	for i := range l.p.Stores {
		if l.p.Stores[i].Region == region {
			return &l.p.Stores[i]
		}
	}
	if len(l.p.Stores) > 0 {
		return &l.p.Stores[0]
	}
	return nil
}

func itoa(n int) string { return strconv.Itoa(n) }
