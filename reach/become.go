package reach

import (
	"slices"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/iam/policy"
)

// carriers are what runs as a role, or hands its work to it.
type carriers struct {
	functions []*estate.Function
	projects  []*estate.Project
	stacks    []int // indices into Estate.Stacks
	profile   bool
	pipelines []*line
	builds    []place // actions that run what they are given as the role
	templates []place // actions by which CloudFormation acts as the role
}

// place is an action of a pipeline.
type place struct {
	line *line
	act  int
}

func (e *engine) findCarriers() {
	e.carriers = map[int]*carriers{}
	of := func(arn string) *carriers {
		i := e.w.actor(arn)
		if i == nobody {
			return &carriers{}
		}
		return e.carriersOf(i)
	}
	for _, f := range e.est.Functions {
		if !f.Missing {
			c := of(f.RoleARN)
			c.functions = append(c.functions, f)
		}
	}
	for _, p := range e.est.Projects {
		if !p.Missing {
			c := of(p.ServiceRole)
			c.projects = append(c.projects, p)
		}
	}
	for i, s := range e.est.Stacks {
		if s.RoleARN != "" {
			c := of(s.RoleARN)
			c.stacks = append(c.stacks, i)
		}
	}
	for _, p := range e.est.InstanceProfiles {
		for _, r := range p.Roles {
			of(r).profile = true
		}
	}
	for _, l := range e.lines {
		c := of(l.p.RoleARN)
		c.pipelines = append(c.pipelines, l)
		for i := range l.acts {
			a := &l.acts[i]
			switch {
			case a.Provider == "CodeBuild" && a.deploys != nobody:
				c := e.carriersOf(a.deploys)
				c.builds = append(c.builds, place{l, i})
			case a.Provider == "Commands" && a.role != nobody:
				c := e.carriersOf(a.role)
				c.builds = append(c.builds, place{l, i})
			case a.carriesOut() && a.deploys != nobody:
				c := e.carriersOf(a.deploys)
				c.templates = append(c.templates, place{l, i})
			}
		}
	}
}

// carriesOut reports whether an action has CloudFormation change a stack.
func (a *act) carriesOut() bool {
	if a.Provider != "CloudFormation" {
		return false
	}
	switch a.ConfigText("ActionMode") {
	case "CHANGE_SET_REPLACE", "DELETE_ONLY":
		return false
	}
	return true
}

func (e *engine) carriersOf(actor int) *carriers {
	c := e.carriers[actor]
	if c == nil {
		c = &carriers{}
		e.carriers[actor] = c
	}
	return c
}

// roleFrame returns the parts of a role or user.
func (e *engine) principalFrame(i int) frame {
	a := &e.w.actors[i]
	f := frame{"account": a.account, "partition": partitionOf(a.arn), "target": a.arn}
	if a.user != nil {
		f["user"] = a.arn
	} else {
		f["role"] = a.arn
	}
	f["boundary"] = ""
	if b := a.boundary(); b != nil {
		f["boundary"] = b.ARN
		if b.ARN == "" {
			f["boundary"] = policy.Hole
		}
	}
	return f
}

// makeIs makes the ways to act as an actor.
func (e *engine) makeIs(head factID, i int) {
	a := &e.w.actors[i]
	switch {
	case a.admin:
		e.makeAdmin(head, a.account)
	case a.user != nil:
		e.makeUser(head, i)
	default:
		e.makeRole(head, i)
	}
	for _, n := range e.openedBy[i] {
		e.put(rule{head: head, body: []factID{e.id(factOpen, n, 0)}, step: e.openings[n].step})
	}
}

func (e *engine) makeUser(head factID, i int) {
	a := &e.w.actors[i]
	f := e.principalFrame(i)
	for t := range rowsOn(OnUser, GainIs) {
		if t.ID == "iam-002" && a.user.AccessKeys >= 2 || t.ID == "iam-003" && a.user.AccessKeys < 2 {
			continue
		}
		e.apply(head, t, f, "", 0)
	}
}

func (e *engine) makeRole(head factID, i int) {
	a := &e.w.actors[i]
	f := e.principalFrame(i)
	for t := range rowsOn(OnRole, GainIs) {
		switch t.ID {
		case "sts-001":
			if a.role.TrustUnknown != "" || a.role.Missing || e.glass(i) {
				continue
			}
		case "iam-012":
			if !a.editable() {
				continue
			}
		case "E6":
			e.takeProviders(head, i, t, f)
			continue
		}
		if t.Service != "" && (a.role.ServiceLinked || a.role.Reserved || a.role.TrustUnknown != "") {
			continue
		}
		e.apply(head, t, f, "", 0)
	}
	if a.role.Missing {
		return
	}
	c := e.carriersOf(i)
	for _, fn := range c.functions {
		on := f.with("function", fn.ARN).with("region", fn.Region)
		for t := range rowsOn(OnFunction, GainIs) {
			e.apply(head, t, on, "", 0)
		}
	}
	for _, p := range c.projects {
		on := f.with("project", p.ARN).with("region", p.Region)
		on.call("project", p.LogicalID)
		for t := range rowsOn(OnProject, GainIs) {
			e.apply(head, t, on, "", 0)
		}
	}
	e.makePassedOn(head, i, f)
	if c.profile {
		for t := range rowsOn(OnInstance, GainIs) {
			e.apply(head, t, f, "", 0)
		}
	}
	for _, l := range c.pipelines {
		e.apply(head, row("G9"), l.frame(), "", 0)
	}
	for _, b := range c.builds {
		e.runs(head, b, f)
	}
}

// makePassedOn makes the rows that pass the role to a function or project of the
// account that has another role.
func (e *engine) makePassedOn(head factID, i int, f frame) {
	a := &e.w.actors[i]
	for _, t := range []*Technique{row("pmapper-lambda"), row("pmapper-codebuild")} {
		if !e.serves(a, t.Service) {
			continue
		}
		for _, on := range e.changeable(a.account, t) {
			e.apply(head, t, merged(f, on), "", 0)
		}
	}
}

// merged returns the parts of both.
func merged(f, g frame) frame {
	out := make(frame, len(f)+len(g))
	for k, v := range f {
		out[k] = v
	}
	for k, v := range g {
		out[k] = v
	}
	return out
}

// changeable returns, of the things of an account that a row passes a role to,
// enough that each principal who may change any may change one of these: which
// of them a role is passed to makes no difference.
func (e *engine) changeable(account string, t *Technique) []frame {
	key := account + " " + t.ID
	if out, ok := e.examples[key]; ok {
		return out
	}
	var all []frame
	switch t.Subject {
	case OnFunction:
		for _, fn := range e.est.Functions {
			if fn.Account == account && !fn.Missing {
				all = append(all, frame{"function": fn.ARN, "region": fn.Region})
			}
		}
	case OnProject:
		for _, p := range e.est.Projects {
			if p.Account == account && !p.Missing {
				all = append(all, frame{"project": p.ARN, "region": p.Region})
			}
		}
	case OnStack:
		for _, s := range e.est.Stacks {
			if s.Account == account {
				all = append(all, frame{"stack": stackPattern(s), "region": s.Region})
			}
		}
	}
	base := frame{"account": account, "partition": e.w.partition(account)}
	var out []frame
	type holder struct {
		actor, conditions int
		mods              mods
	}
	seen := map[holder]bool{}
	for _, needs := range t.Needs {
		rest := slices.DeleteFunc(slices.Clone(needs), func(n Permission) bool { return n.Action == "iam:PassRole" })
		for _, on := range all {
			fresh := false
			for _, h := range e.w.who(rest, merged(base, on)) {
				// Somebody who may under conditions here may without elsewhere.
				k := holder{h.actor, len(h.ifs), h.mods}
				fresh = fresh || !seen[k]
				seen[k] = true
			}
			if fresh {
				out = append(out, on)
			}
		}
	}
	e.examples[key] = out
	return out
}

func (e *engine) serves(a *actor, service string) bool {
	if a.role == nil || a.role.TrustUnknown != "" {
		return false
	}
	_, ok := e.w.admits(a.arn, service)
	return ok
}

// runs makes the rule that an action runs what it is given as a role.
func (e *engine) runs(head factID, b place, f frame) {
	l, a := b.line, &b.line.acts[b.act]
	on := l.at(b.act)
	on["role"] = f["role"]
	control := e.id(factControl, l.index, b.act)
	if a.Provider == "Commands" {
		e.follow(head, row("repository-commands"), on, a.name(), nil, control)
		return
	}
	var ifs []string
	switch p := a.project; {
	case p.BuildSpecInline:
		on["what"] = "its commands, and with them code"
		ifs = []string{"if the commands of the build specification run anything of what they are given"}
	case p.BuildSpec != "":
		on["what"] = p.BuildSpec
	default:
		on["what"] = "buildspec.yml"
	}
	e.follow(head, row("repository-build"), on, a.name(), ifs, control)
}

// takeProviders makes the takeover of the identity providers that a role trusts.
func (e *engine) takeProviders(head factID, i int, t *Technique, f frame) {
	r := e.w.actors[i].role
	if r.Trust == nil {
		return
	}
	for s := range r.Trust.Statements {
		st := &r.Trust.Statements[s]
		if st.Effect != policy.EffectAllow || st.Principals == nil || st.Principals.Not {
			continue
		}
		for _, p := range st.Principals.List {
			if p.Type == "Federated" && estate.AccountOf(p.Value) == r.Account {
				e.apply(head, t, f.with("provider", p.Value), "", 0)
			}
		}
	}
}

// makeAdmin makes the ways to administer an account.
func (e *engine) makeAdmin(head factID, account string) {
	e.apply(head, row("pmapper-admin"), frame{"account": account, "partition": e.w.partition(account)}, "", 0)
	if e.w.alteredPool(account) == nil {
		return
	}
	for _, i := range e.w.members[account] {
		a := &e.w.actors[i]
		if !a.editable() || len(e.rulesOf(e.id(factAdded, i, 0))) == 0 {
			continue
		}
		h := hit{actor: i, mods: mods{add: true, unbound: a.boundary() != nil, drop: a.deniers()}}
		e.put(rule{head: head, body: e.holding(h, factIs), step: step{actor: i}})
		if _, ok := e.w.admits(a.arn, "cloudformation.amazonaws.com"); a.role != nil && ok {
			e.put(rule{head: head, body: e.holding(h, factThrough), step: step{actor: i}})
		}
	}
}

// makeThrough makes the ways to have CloudFormation act as a role.
func (e *engine) makeThrough(head factID, i int) {
	a := &e.w.actors[i]
	f := e.principalFrame(i)
	if a.role != nil && !a.role.ServiceLinked && a.role.TrustUnknown == "" {
		for t := range rowsOn(OnRole, GainThrough) {
			e.apply(head, t, f, "", 0)
		}
		if t := row("pmapper-cloudformation"); e.serves(a, t.Service) {
			for _, on := range e.changeable(a.account, t) {
				e.apply(head, t, merged(f, on), "", 0)
			}
		}
	}
	c := e.carriersOf(i)
	for _, s := range c.stacks {
		st := e.est.Stacks[s]
		on := f.with("stack", stackPattern(st))
		e.put(rule{head: head, body: []factID{e.id(factTemplate, s, 0)}, step: step{actor: nobody, frame: on}})
	}
	for _, p := range c.templates {
		on := p.line.at(p.act)
		on["role"] = a.arn
		if s := p.line.acts[p.act].stack; s != nil {
			on["stack"] = s.Name
		}
		e.follow(head, row("repository-template"), on, p.line.acts[p.act].name(), nil, e.id(factControl, p.line.index, p.act))
	}
}

// stackPattern returns the ARN of a stack with the id that only CloudFormation
// knows left open.
func stackPattern(s *estate.StackResource) string {
	return "arn:" + partitionOf(s.ARN) + ":cloudformation:" + s.Region + ":" + s.Account + ":stack/" + s.Name + "/" + policy.Hole
}

// makeTemplate makes the ways to choose the template of a stack.
func (e *engine) makeTemplate(head factID, n int) {
	s := e.est.Stacks[n]
	f := frame{"account": s.Account, "region": s.Region, "partition": partitionOf(s.ARN), "stack": stackPattern(s), "role": s.RoleARN}
	if s.RoleARN != "" {
		for t := range rowsOn(OnStack, GainTemplate) {
			e.apply(head, t, f, "", 0)
		}
	}
	for _, l := range e.lines {
		for i := range l.acts {
			if a := &l.acts[i]; a.stack == s && a.carriesOut() {
				on := l.at(i)
				on["role"], on["stack"] = s.RoleARN, s.Name
				if s.RoleARN == "" && a.deploys != nobody {
					on["role"] = e.w.actors[a.deploys].arn
				}
				e.follow(head, row("repository-template"), on, a.name(), nil, e.id(factControl, l.index, i))
			}
		}
	}
}

// rowsOn yields the followed rows with needs, on a subject and with a gain.
func rowsOn(s Subject, g Gain) func(yield func(*Technique) bool) {
	return func(yield func(*Technique) bool) {
		for i := range table {
			if t := &table[i]; t.Subject == s && t.Gains == g && t.Followed && len(t.Needs) > 0 && !byHand[t.ID] {
				if !yield(t) {
					return
				}
			}
		}
	}
}

// byHand are rows whose subject takes more than its kind to find; they are made
// where it is found.
var byHand = map[string]bool{"pmapper-lambda": true, "pmapper-codebuild": true, "pmapper-cloudformation": true}
