package harden

import (
	"cmp"
	"slices"
	"strings"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam/policy"
)

// pipe is a pipeline with what the rules ask of it.
type pipe struct {
	*estate.Pipeline
	role   *estate.Role // nil where its ARN could not be resolved
	acts   []*act       // in the order of running
	prod   []*act       // deploy actions that change production
	stores []*store
	// marked: the estate or a name says what production is; otherwise prod is
	// what comes after the last gate.
	marked bool
}

// act is one action.
type act struct {
	*estate.Action
	pipe       *pipe
	stage      *estate.Stage
	at         int         // index of the stage
	runner     estate.Text // ARN of the role it runs as
	account    estate.Text // in which it acts
	deployRole estate.Text // that CloudFormation acts as; empty where none is given
	project    *estate.Project
	// prod: it deploys into production, if only a change set.
	prod bool
}

// store is an artifact store with the bucket and key behind it.
type store struct {
	*estate.ArtifactStore
	bucket *estate.Bucket // nil where the name could not be resolved
	key    *estate.Key    // nil where none is given or the estate has none
	keyARN string         // of the key, where it could be resolved
}

func (s *scan) newPipe(p *estate.Pipeline) *pipe {
	out := &pipe{Pipeline: p, role: s.est.Role(p.RoleARN)}
	for i := range p.Stages {
		st := &p.Stages[i]
		for j := range st.Actions {
			a := &act{Action: &st.Actions[j], pipe: out, stage: st, at: i}
			a.runner, a.account = p.ActionRole(a.Action), p.ActionAccount(a.Action)
			if a.cloudFormation() && a.mode() != "CHANGE_SET_EXECUTE" {
				a.deployRole = a.ConfigText("RoleArn")
			}
			if a.Provider == "CodeBuild" {
				a.project = s.est.Project(a.ConfigText("ProjectName"), a.account, p.ActionRegion(a.Action))
			}
			out.acts = append(out.acts, a)
		}
	}
	slices.SortStableFunc(out.acts, func(a, b *act) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.RunOrder, b.RunOrder))
	})
	s.markProduction(out)
	for i := range p.Stores {
		out.stores = append(out.stores, s.newStore(p, &p.Stores[i]))
	}
	return out
}

func (s *scan) newStore(p *estate.Pipeline, a *estate.ArtifactStore) *store {
	st := &store{ArtifactStore: a}
	if a.Bucket != "" {
		st.bucket = s.est.Bucket(a.Bucket)
	}
	if a.KeyID != "" {
		st.key, st.keyARN = s.est.ResolveKey(a.KeyID, p.Account, cmp.Or(a.Region, p.Region))
	}
	return st
}

// markProduction decides which actions deploy into production: those into an
// account marked so; those whose stage or action says so by name, unless the
// estate marks accounts and knows this one not to be; and where neither says
// anything, those after the last gate.
func (s *scan) markProduction(p *pipe) {
	accounts := slices.ContainsFunc(s.est.Accounts, func(a *estate.Account) bool { return a.Production })
	for _, a := range p.acts {
		if !a.deploys() {
			continue
		}
		acc := s.est.Account(a.account)
		known := acc != nil && !acc.Foreign && !acc.StandIn
		switch {
		case known && accounts:
			a.prod = acc.Production
		default:
			a.prod = namedProduction(a.Name) || namedProduction(a.stage.Name)
		}
		p.marked = p.marked || a.prod
	}
	if gates := p.gates(); !p.marked && !accounts && len(gates) > 0 {
		last := gates[len(gates)-1]
		for _, a := range p.acts {
			a.prod = a.deploys() && last.before(a)
		}
	}
	for _, a := range p.acts {
		if a.prod && a.changes() {
			p.prod = append(p.prod, a)
		}
	}
}

// namedProduction reports whether a name says production: one of its words is
// prod, production, prd or live, and not "pre-prod" or "non-prod".
func namedProduction(name estate.Text) bool {
	w := words(name)
	for i := range w {
		switch w[i] {
		case "prod", "production", "prd", "live":
			if i == 0 || !slices.Contains([]string{"pre", "non", "not", "near"}, w[i-1]) {
				return true
			}
		}
	}
	return false
}

// words splits a name at capitals, digits and signs: "DeployToProd-1" → deploy,
// to, prod.
func words(name string) []string {
	var out []string
	start := 0
	flush := func(end int) {
		if end > start {
			out = append(out, strings.ToLower(name[start:end]))
		}
		start = end
	}
	lower := func(c byte) bool { return c >= 'a' && c <= 'z' }
	upper := func(c byte) bool { return c >= 'A' && c <= 'Z' }
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch {
		case !lower(c) && !upper(c):
			flush(i)
			start = i + 1
		case upper(c) && i > start && (lower(name[i-1]) || i+1 < len(name) && lower(name[i+1])):
			flush(i)
		}
	}
	flush(len(name))
	return out
}

func (a *act) cloudFormation() bool { return a.Provider == "CloudFormation" }

// mode is the action mode of a CloudFormation action, in capitals.
func (a *act) mode() string { return strings.ToUpper(a.ConfigText("ActionMode")) }

// deploys reports whether the action puts something in place. A build or
// function may do so too; its name has to say it.
func (a *act) deploys() bool {
	switch a.Category {
	case "Deploy":
		return true
	case "Invoke", "Compute", "Build":
		both := append(words(a.Name), words(a.stage.Name)...)
		return slices.ContainsFunc(both, func(w string) bool { return w == "deploy" || w == "deployment" || w == "release" || w == "rollout" })
	}
	return false
}

// changes reports whether a deploying action changes what runs: making a change
// set does not.
func (a *act) changes() bool { return !(a.cloudFormation() && a.mode() == "CHANGE_SET_REPLACE") }

func (a *act) gate() bool { return a.Category == "Approval" }

// before reports whether a is certain to be over when b starts.
func (a *act) before(b *act) bool {
	return a.at < b.at || a.at == b.at && a.RunOrder < b.RunOrder
}

// where names the action: "STAGE/ACTION".
func (a *act) where() string { return a.stage.Name + "/" + a.Name }

// arn is the ARN of the action, on which PutApprovalResult is authorised.
func (a *act) arn() string { return a.pipe.ARN + "/" + a.stage.Name + "/" + a.Name }

func (a *act) subject() finding.Subject { return part(a.pipe.subject(), a.where()) }

func (p *pipe) subject() finding.Subject { return subject(&p.Meta, p.Name) }

// title names the pipeline.
func (p *pipe) title() string { return "pipeline " + p.shown() }

// shown is the name of the pipeline, or its logical id where a parameter names it.
func (p *pipe) shown() string {
	if p.Name == policy.Hole && p.LogicalID != "" {
		return p.LogicalID
	}
	return estate.Show(p.Name)
}

// gates returns the manual approvals, in the order of running.
func (p *pipe) gates() []*act {
	var out []*act
	for _, a := range p.acts {
		if a.gate() {
			out = append(out, a)
		}
	}
	return out
}

// gatesBefore returns the gates that are certain to be passed when b starts.
func (p *pipe) gatesBefore(b *act) []*act {
	var out []*act
	for _, g := range p.gates() {
		if g.before(b) {
			out = append(out, g)
		}
	}
	return out
}

// governed returns the rule of the estate file that governs a gate, or nil.
func (s *scan) governed(g *act) *estate.GateRule {
	for i := range s.est.Gates {
		r := &s.est.Gates[i]
		if !r.BreakGlass && arn.Glob(r.Pipeline, g.pipe.Name) && arn.Glob(r.Stage, g.stage.Name) && arn.Glob(r.Action, g.Name) {
			return r
		}
	}
	return nil
}

// producer returns the action that makes an artifact, or nil.
func (p *pipe) producer(artifact estate.Text) *act {
	for _, a := range p.acts {
		if slices.Contains(a.Outputs, artifact) {
			return a
		}
	}
	return nil
}

// reads reports whether the action reads its input artifacts: carrying out a
// change set does not, whatever inputs it lists.
func (a *act) reads() bool {
	return len(a.Inputs) > 0 && !(a.cloudFormation() && (a.mode() == "CHANGE_SET_EXECUTE" || a.mode() == "DELETE_ONLY"))
}

// placeARN is objectARN for asking who may write there. Where the pipeline's name
// is not known it stands for a name that nobody gave: who may write that object
// may write those of every pipeline.
func (p *pipe) placeARN(st *store, artifact estate.Text) string {
	if !estate.Known(p.Name) {
		named := *p.Pipeline
		named.Name = "twokey-probe"
		p = &pipe{Pipeline: &named}
	}
	return p.objectARN(st, artifact)
}

// objectARN is the ARN of an object of an artifact in a store, as CodePipeline
// names them: the pipeline's name to 20 characters, the artifact's to 10.
func (p *pipe) objectARN(st *store, artifact estate.Text) string {
	bucketARN := "arn:" + estate.PartitionOf(p.Region) + ":s3:::" + st.Bucket
	return bucketARN + "/" + cut(p.Name, 20) + "/" + cut(artifact, 10) + "/twokey1"
}

// cut returns the first n characters. A name with a hole is kept whole.
func cut(s estate.Text, n int) estate.Text {
	if !estate.Known(s) || len(s) <= n {
		return s
	}
	return s[:n]
}

// storeFor returns the store that an action keeps its artifacts in.
func (p *pipe) storeFor(a *act) *store {
	region := p.ActionRegion(a.Action)
	for _, st := range p.stores {
		if st.Region == "" || st.Region == region {
			return st
		}
	}
	if len(p.stores) > 0 {
		return p.stores[0]
	}
	return nil
}
