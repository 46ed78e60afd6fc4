package reach

import (
	"strings"

	"github.com/twokey/twokey/estate"
)

// makeProduction makes the ways to change production: through the pipeline, by
// changing the pipeline, and around it.
func (e *engine) makeProduction(head factID, l *line) {
	for _, i := range l.production {
		e.follow(head, row("deploy"), l.at(i), l.acts[i].name(), nil, e.id(factControl, l.index, i))
		e.makeDirect(head, l, i)
	}
	e.makeStructure(head, l)
	for _, account := range l.accounts {
		if admin, ok := e.w.admins[account]; ok {
			e.follow(head, row("D5-account"), frame{"account": account}, "", nil, e.id(factIs, admin, 0))
		}
		for _, fn := range e.est.Functions {
			if fn.Account == account && !fn.Missing {
				e.apply(head, row("D5-lambda"), frame{"account": account, "thing": fn.ARN, "region": fn.Region}, "", 0)
			}
		}
	}
}

// makeStructure makes the ways that change the pipeline's structure.
func (e *engine) makeStructure(head factID, l *line) {
	f := l.frame()
	for t := range rowsOn(OnPipeline, GainProd) {
		e.apply(head, t, f, "", 0)
	}
	// Whoever chooses the template of the stack that defines the pipeline changes
	// the structure as the role that deploys that stack.
	var editors []int
	for _, needs := range row("G5").Needs {
		for _, h := range e.w.who(needs, f) {
			if h.mods == (mods{}) {
				editors = append(editors, h.actor)
			}
		}
	}
	for n, s := range e.est.Stacks {
		if s.Name != l.p.Stack || l.p.Stack == "" || s.Account != l.p.Account {
			continue
		}
		for _, i := range editors {
			if a := &e.w.actors[i]; a.arn == s.RoleARN || e.deploysAs(s, i) {
				st := step{row: row("G5"), actor: i, frame: f}
				e.put(rule{head: head, body: []factID{e.id(factTemplate, n, 0)}, step: st})
			}
		}
	}
}

// deploysAs reports whether a pipeline deploys a stack as an actor.
func (e *engine) deploysAs(s *estate.StackResource, actor int) bool {
	for _, l := range e.lines {
		for i := range l.acts {
			if l.acts[i].stack == s && l.acts[i].deploys == actor {
				return true
			}
		}
	}
	return false
}

// makeDirect makes the ways round the pipeline to what one action changes.
func (e *engine) makeDirect(head factID, l *line, i int) {
	a := &l.acts[i]
	f := l.within(i)
	at := a.name()
	if a.deploys != nobody {
		f["role"] = e.w.actors[a.deploys].arn
	} else if a.role != nobody {
		f["role"] = e.w.actors[a.role].arn
	}
	e.makeRollback(head, l, i, f, at)
	switch a.Provider {
	case "CloudFormation":
		f["stackname"], f["stack"] = a.ConfigText("StackName"), e.stackOf(l, i)
		e.apply(head, row("C1"), f, at, 0)
		if a.deploys != nobody {
			if a.deploys != a.role {
				e.follow(head, row("D5-role"), f, at, nil, e.id(factIs, a.deploys, 0))
			}
			e.follow(head, row("D5-stack"), f, at, nil, e.id(factThrough, a.deploys, 0))
		}
		return
	case "S3":
		e.apply(head, row("D5-site"), f.with("thing", "arn:"+f["partition"]+":s3:::"+a.ConfigText("BucketName")), at, 0)
	case "ECS", "CodeDeployToECS":
		service := "arn:" + f["partition"] + ":ecs:" + a.region + ":" + a.account + ":service/" + a.ConfigText("ClusterName") + "/" + a.ConfigText("ServiceName")
		if a.Provider == "ECS" {
			e.apply(head, row("D5-ecs"), f.with("thing", service), at, 0)
		}
	}
	if strings.HasPrefix(a.Provider, "CodeDeploy") {
		group := "arn:" + f["partition"] + ":codedeploy:" + a.region + ":" + a.account + ":deploymentgroup:" +
			a.ConfigText("ApplicationName") + "/" + a.ConfigText("DeploymentGroupName")
		e.apply(head, row("D5-codedeploy"), f.with("thing", group), at, 0)
	}
	doer := a.deploys
	if doer == nobody {
		doer = a.role
	}
	if doer != nobody {
		e.follow(head, row("D5-role"), f, at, nil, e.id(factIs, doer, 0))
	}
}

// makeRollback makes the rollback of the action's stage; gates of the same stage
// before the action are asked again.
func (e *engine) makeRollback(head factID, l *line, i int, f frame, at string) {
	if l.acts[i].stageNo == 0 {
		return
	}
	var body []factID
	for g := range l.acts {
		if l.acts[g].gate && l.acts[g].stageNo == l.acts[i].stageNo && l.acts[g].before(&l.acts[i]) {
			body = append(body, e.id(factPassed, l.index, g))
		}
	}
	on := f.with("account", l.p.Account).with("region", l.p.Region)
	e.apply(head, row("G12"), on, at, 0, body...)
}
