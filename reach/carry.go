package reach

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/iam/policy"
)

// sourceFrame returns the parts of a source action.
func (e *engine) sourceFrame(l *line, i int) frame {
	a := &l.acts[i]
	f := l.within(i)
	f["pipeline"] = l.p.ARN
	branch := a.ConfigText("BranchName")
	switch a.Provider {
	case "CodeCommit":
		name := a.ConfigText("RepositoryName")
		f["repository"] = "arn:" + partitionOf(l.p.ARN) + ":codecommit:" + a.region + ":" + a.account + ":" + name
		if r := e.est.Repository(name, a.account, a.region); r != nil {
			f["repository"] = r.ARN
		}
		f["branch"] = branch
		f["source"] = name + "@" + branch
		f["branchref"] = "refs/heads/" + branch
	case "S3":
		bucket := "arn:" + partitionOf(l.p.ARN) + ":s3:::" + a.ConfigText("S3Bucket")
		f["sourcebucket"] = bucket
		f["sourceobject"] = bucket + "/" + a.ConfigText("S3ObjectKey")
		f["source"] = "s3://" + a.ConfigText("S3Bucket") + "/" + a.ConfigText("S3ObjectKey")
		if b := e.est.Bucket(a.ConfigText("S3Bucket")); b != nil && b.Account != "" {
			f["account"] = b.Account
		}
	case "ECR":
		f["repository"] = "arn:" + partitionOf(l.p.ARN) + ":ecr:" + a.region + ":" + a.account + ":repository/" + a.ConfigText("RepositoryName")
		f["source"] = "image " + a.ConfigText("RepositoryName")
	default:
		f["connection"] = a.ConfigText("ConnectionArn")
		f["branch"] = branch
		f["source"] = firstNonEmpty(a.ConfigText("FullRepositoryId"), a.ConfigText("Repo"), a.name())
		if branch != "" {
			f["source"] += "@" + branch
		}
	}
	return f
}

func firstNonEmpty(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// makeBranch makes the ways to put a commit on some branch.
func (e *engine) makeBranch(head factID, l *line, i int) {
	e.apply(head, row("S1-branch"), e.sourceFrame(l, i), l.acts[i].name(), asAuthor)
	e.openingsAt(head, l, i, "S1-branch")
}

// openingsAt adds the openings that give a fact about an action.
func (e *engine) openingsAt(head factID, l *line, i int, rows ...string) {
	for _, n := range e.openedAt[place{l, i}] {
		if o := &e.openings[n]; slices.Contains(rows, o.step.row.ID) {
			e.put(rule{head: head, body: []factID{e.id(factOpen, n, 0)}, step: o.step})
		}
	}
}

// makeControl makes the ways to choose what an action works on.
func (e *engine) makeControl(head factID, l *line, i int) {
	a := &l.acts[i]
	at := a.name()
	if a.Category == "Source" {
		e.makeSource(head, l, i, at)
		return
	}
	e.makeFlow(head, l, i, at)
	if len(a.Inputs) > 0 {
		e.makeOverwrite(head, l, i, at)
	}
	f := l.within(i)
	switch {
	case a.Owner == "Custom":
		f["actiontype"] = "arn:" + f["partition"] + ":codepipeline:" + l.p.Region + ":" + l.p.Account + ":actiontype:Custom/" +
			a.Category + "/" + a.Provider + "/" + a.Version
		f["account"] = l.p.Account
		for t := range rowsOn(OnWorker, GainControl) {
			e.apply(head, t, f, at, 0)
		}
	case a.project != nil:
		f["project"], f["account"] = a.project.ARN, a.project.Account
		f.call("project", a.project.LogicalID)
		f["role"] = a.project.ServiceRole
		e.apply(head, row("B1"), f, at, 0)
	case a.function != nil:
		f["function"], f["account"] = a.function.ARN, a.function.Account
		e.apply(head, row("J2"), f, at, 0)
	case a.ConfigText("ActionMode") == "CHANGE_SET_EXECUTE":
		f["stack"] = e.stackOf(l, i)
		f["stackname"], f["changeset"] = a.ConfigText("StackName"), a.ConfigText("ChangeSetName")
		if a.deploys != nobody {
			f["role"] = e.w.actors[a.deploys].arn
		}
		e.apply(head, row("C2"), f, at, 0)
	}
}

func (e *engine) stackOf(l *line, i int) string {
	a := &l.acts[i]
	if a.stack != nil {
		return stackPattern(a.stack)
	}
	return "arn:" + partitionOf(l.p.ARN) + ":cloudformation:" + a.region + ":" + a.account + ":stack/" + a.ConfigText("StackName") + "/" + policy.Hole
}

func (e *engine) makeSource(head factID, l *line, i int, at string) {
	a := &l.acts[i]
	f := e.sourceFrame(l, i)
	e.openingsAt(head, l, i, "external-source", "S6")
	switch a.Provider {
	case "CodeCommit":
		branch := e.id(factBranch, l.index, i)
		e.apply(head, row("S1"), f, at, asAuthor)
		e.apply(head, row("S2"), f, at, asAuthor, branch)
		e.apply(head, row("S7"), f, at, asAuthor, branch)
		e.apply(head, row("S3"), l.starting(f), at, asStarter, branch)
	case "S3":
		e.apply(head, row("S4"), f, at, asAuthor)
		if strings.EqualFold(a.ConfigText("AllowOverrideForS3ObjectKey"), "true") {
			e.apply(head, row("S3-object"), l.starting(f), at, asStarter)
		}
	case "ECR":
		e.apply(head, row("S4-image"), f, at, asAuthor)
	default:
		if f["connection"] != "" {
			f["account"] = firstNonEmpty(estate.AccountOf(f["connection"]), f["account"])
			e.apply(head, row("S6-connection"), f, at, 0)
		}
	}
}

// starting is a source's frame in the pipeline's own account, where runs are
// started.
func (l *line) starting(f frame) frame {
	return f.with("account", l.p.Account).with("region", l.p.Region)
}

// makeFlow makes the rules by which an action works on what an earlier one hands on.
func (e *engine) makeFlow(head factID, l *line, j int, at string) {
	b := &l.acts[j]
	for i := range l.acts {
		a := &l.acts[i]
		if i == j || !a.before(b) || !hands(a, b) {
			continue
		}
		f := l.at(j)
		f["from"] = a.name()
		body := []factID{e.id(factControl, l.index, i)}
		for _, g := range l.between(i, j) {
			body = append(body, e.id(factPassed, l.index, g))
		}
		e.follow(head, row("flow"), f, at, nil, body...)
	}
}

// hands reports whether what b works on comes from a: an artifact, or the change
// set that b carries out.
func hands(a, b *act) bool {
	for _, out := range a.Outputs {
		for _, in := range b.Inputs {
			if mayBe(out, in) {
				return true
			}
		}
	}
	return b.ConfigText("ActionMode") == "CHANGE_SET_EXECUTE" && b.Provider == "CloudFormation" &&
		sameChangeSet(b.Action, a.Action) && a.account == b.account
}

// storeFrame returns the parts of an action's artifact store; nil where it has none.
func (e *engine) storeFrame(l *line, i int) frame {
	store := l.store(l.acts[i].region)
	if store == nil || store.Bucket == "" {
		return nil
	}
	f := l.within(i)
	f["bucket"] = "arn:" + f["partition"] + ":s3:::" + store.Bucket
	f["region"] = firstNonEmpty(store.Region, l.p.Region)
	f["account"] = l.p.Account
	if b := e.est.Bucket(store.Bucket); b != nil {
		f["bucket"] = b.ARN
		f.call("bucket", b.LogicalID)
		f["account"] = firstNonEmpty(b.Account, l.p.Account)
	}
	if store.KeyID != "" {
		if _, arn := e.est.ResolveKey(store.KeyID, l.p.Account, f["region"]); arn != "" {
			f["key"] = arn
		}
	}
	return f
}

// makeOverwrite makes the ways to write an artifact that the action reads.
func (e *engine) makeOverwrite(head factID, l *line, i int, at string) {
	a := &l.acts[i]
	f := e.storeFrame(l, i)
	if f == nil {
		return
	}
	e.openingsAt(head, l, i, "A1-unseen")
	for _, in := range a.Inputs {
		if !e.feeds(a, in) {
			continue
		}
		on := f.with("object", l.object(f["bucket"], in)).with("artifact", in)
		for _, id := range []string{"A1", "A1-plain", "E11", "E12"} {
			if t := row(id); on["key"] != "" || t.ID != "A1" && t.ID != "E11" {
				e.apply(head, t, on, at, 0)
			}
		}
	}
}

// feeds reports whether what an input holds bears on what the action does.
func (e *engine) feeds(a *act, artifact string) bool {
	if a.Provider != "CloudFormation" {
		return true
	}
	if a.ConfigText("ActionMode") == "CHANGE_SET_EXECUTE" || a.ConfigText("ActionMode") == "DELETE_ONLY" {
		return false
	}
	for _, k := range []string{"TemplatePath", "TemplateConfiguration", "ParameterOverrides"} {
		if t := a.ConfigText(k); strings.Contains(t, artifact) || !estate.Known(t) {
			return true
		}
	}
	return a.ConfigText("TemplatePath") == ""
}

// makePassed makes the ways to pass a gate.
func (e *engine) makePassed(head factID, l *line, g int) {
	a := &l.acts[g]
	e.apply(head, row("G1"), l.at(g), a.name(), 0)
	e.openingsAt(head, l, g, "external-approver", "D4")
	if a.rule != nil {
		e.follow(head, row("G1-governed"), l.at(g), a.name(), nil, e.id(factVotes, l.index, g))
	}
}
