package reach

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/estate"
)

// findProduction marks the actions that change production: those that act in an
// account marked production or, where no account of the estate is, the deploy
// actions after the last approval, those before it that deploy the same thing or
// with the same hands, and what acts in their account where that is not the
// pipeline's own.
func (l *line) findProduction(est *estate.Estate) {
	marked := map[string]bool{}
	for _, a := range est.Accounts {
		if a.Production {
			marked[a.ID] = true
		}
	}
	chosen := func(int) bool { return true }
	if len(marked) == 0 {
		l.inferred = true
		last := l.afterLastGate()
		for _, i := range last {
			for _, account := range targets(&l.acts[i]) {
				marked[account] = true
			}
		}
		// The pipeline's own account holds its builds and tests, and often every
		// environment: being in it makes no action one of production.
		chosen = func(i int) bool {
			return l.acts[i].account != l.p.Account || slices.ContainsFunc(last, func(j int) bool {
				return i == j || sameTarget(&l.acts[i], &l.acts[j]) || sameHands(&l.acts[i], &l.acts[j])
			})
		}
	}
	for i := range l.acts {
		a := &l.acts[i]
		if !changes(a) || !chosen(i) {
			continue
		}
		for _, account := range targets(a) {
			if !marked[account] {
				continue
			}
			if !slices.Contains(l.production, i) {
				l.production = append(l.production, i)
			}
			if !slices.Contains(l.accounts, account) {
				l.accounts = append(l.accounts, account)
			}
		}
	}
	// An execution of a change set changes a stack, the making of it does not;
	// yet without an execution in the pipeline its making is what is left to count.
	if made := slices.DeleteFunc(slices.Clone(l.production), func(i int) bool {
		return l.acts[i].ConfigText("ActionMode") == "CHANGE_SET_REPLACE"
	}); len(made) > 0 {
		l.production = made
	}
	if len(l.production) == 0 {
		switch {
		case l.p.Incomplete != "":
			l.why = "the pipeline's structure could not be read in full: " + l.p.Incomplete
		case l.inferred:
			l.why = "no action of it deploys anything that Twokey follows, so that it is not known what production is; mark an account as production"
		default:
			l.why = "no action of it acts in an account marked as production"
		}
	}
}

// afterLastGate returns the deploy actions after the last approval, or every
// deploy action where there is no approval or none after the last. Where a
// pipeline has no deploy actions, its builds and calls count as such.
func (l *line) afterLastGate() []int {
	last := -1
	for i := range l.acts {
		if l.acts[i].gate && (last < 0 || l.acts[last].before(&l.acts[i])) {
			last = i
		}
	}
	pick := func(want func(*act) bool, after bool) (out []int) {
		for i := range l.acts {
			if a := &l.acts[i]; want(a) && (!after || last < 0 || l.acts[last].before(a)) {
				out = append(out, i)
			}
		}
		return out
	}
	deploy := func(a *act) bool { return a.Category == "Deploy" }
	for _, after := range []bool{true, false} {
		for _, want := range []func(*act) bool{deploy, changes} {
			if out := pick(want, after); len(out) > 0 {
				return out
			}
		}
	}
	return nil
}

// sameTarget reports whether two actions put something in the same place.
func sameTarget(a, b *act) bool {
	if a.Provider != b.Provider || a.account != b.account {
		return false
	}
	named := false
	for _, key := range []string{"StackName", "StackSetName", "ClusterName", "ServiceName", "ApplicationName", "DeploymentGroupName", "EnvironmentName", "FunctionName", "BucketName", "ProjectName"} {
		x, y := a.ConfigText(key), b.ConfigText(key)
		if x != y {
			return false
		}
		named = named || x != ""
	}
	return named
}

// sameHands reports whether deploy action a works in the account of b as the role
// of b. One that hands over to a role of CloudFormation there does not: what that
// role may do is followed by itself.
func sameHands(a, b *act) bool {
	if a.Category != "Deploy" || a.account != b.account || a.role != b.role || a.role == nobody {
		return false
	}
	to := estate.AccountOf(a.ConfigText("RoleArn"))
	handsOver := a.deploys != nobody && a.deploys != a.role && (to == "" || to == a.account)
	return !handsOver
}

// changes reports whether an action can change something: every action can but
// sources and approvals.
func changes(a *act) bool { return a.Category != "Source" && a.Category != "Approval" }

// targets returns the accounts that an action changes something in.
func targets(a *act) []string {
	switch a.Provider {
	case "CloudFormationStackSet", "CloudFormationStackInstances":
		var out []string
		for t := range strings.SplitSeq(a.ConfigText("DeploymentTargets"), ",") {
			if t = strings.TrimSpace(t); len(t) == 12 && strings.Trim(t, "0123456789") == "" {
				out = append(out, t)
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	if a.account == "" || !estate.Known(a.account) {
		return nil
	}
	return []string{a.account}
}

// findReach marks, for a pipeline of which no action acts in a production account,
// the actions whose role may assume a role there: a build that deploys by itself.
func (e *engine) findReach(l *line) {
	if len(l.production) > 0 || l.inferred || l.p.Incomplete != "" {
		return
	}
	for _, r := range e.est.Roles {
		a := e.est.Account(r.Account)
		if a == nil || !a.Production || r.Missing || r.TrustUnknown != "" {
			continue
		}
		for _, h := range e.w.who(row("sts-001").Needs[0], frame{"role": r.ARN, "account": r.Account}) {
			if h.mods != (mods{}) {
				continue
			}
			for i := range l.acts {
				x := &l.acts[i]
				doer := x.deploys
				if doer == nobody {
					doer = x.role
				}
				if changes(x) && doer == h.actor && !slices.Contains(l.production, i) {
					l.production = append(l.production, i)
					l.accounts = add(l.accounts, r.Account)
				}
			}
		}
	}
	slices.Sort(l.production)
}
