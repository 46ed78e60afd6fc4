package reach

import (
	"slices"
	"sort"
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/policy"
)

// person is one human who counts, with the actors that they are before they do
// anything.
type person struct {
	name   string
	entry  []int
	groups []string
	// listed: in people: of the estate file. Where that has anybody, only those
	// listed may vote at a gate that Twokey governs.
	listed bool
}

// opening is something that somebody whom the estate does not name can do: enter
// a role, push to a source, answer a gate. Nothing in the estate keeps the people
// behind two openings apart, nor from being one of those it names.
type opening struct {
	// who is the phrase for the person: "anyone who …".
	who string
	// can is a verb phrase: "push to storefront@main".
	can   string
	step  step
	actor int // whom it lets act as; nobody for another gain
	line  *line
	act   int
}

// people is everybody who counts.
type people struct {
	list       []person
	breakGlass []string // principals left out of the count
	listed     bool
	of         map[int][]int // by actor, who is it
}

// findPeople finds who counts: people of the estate file, people of Identity
// Center, and one for each IAM user that is nobody's.
func (e *engine) findPeople() *people {
	p := &people{listed: len(e.est.People) > 0, of: map[int][]int{}}
	taken := map[int]bool{}
	enter := func(q *person, i int) {
		taken[i] = true
		if !e.glass(i) && !slices.Contains(q.entry, i) {
			q.entry = append(q.entry, i)
		}
	}
	for _, x := range e.est.People {
		q := person{name: x.Name, groups: x.Groups, listed: true}
		for _, identity := range x.Identities {
			for _, i := range e.matching(identity) {
				enter(&q, i)
			}
		}
		p.list = append(p.list, q)
	}
	e.findAssigned(p, taken, enter)
	for i := range e.w.actors {
		a := &e.w.actors[i]
		if a.admin {
			continue
		}
		if e.glass(i) {
			p.breakGlass = append(p.breakGlass, a.arn)
			continue
		}
		if a.user != nil && !taken[i] {
			p.list = append(p.list, person{name: e.userName(a), entry: []int{i}})
			taken[i] = true
		}
	}
	sort.Strings(p.breakGlass)
	for i := range p.list {
		for _, x := range p.list[i].entry {
			e.entered[x] = true
			p.of[x] = append(p.of[x], i)
		}
	}
	e.findEnterable(taken)
	return p
}

// userName names the person of an IAM user: the user's name, with the account
// where another account has a user of that name.
func (e *engine) userName(a *actor) string {
	for _, u := range e.est.Users {
		if u.Name == a.user.Name && u.Account != a.account {
			return a.user.Name + " of account " + e.accountName(a.account)
		}
	}
	return a.user.Name
}

func (e *engine) accountName(id string) string {
	if a := e.est.Account(id); a != nil && a.Name != "" {
		return a.Name + " (" + id + ")"
	}
	return id
}

// matching returns the actors that an identity of a person names: the ARN of a
// user or role, or of a role session whose name may hold *.
func (e *engine) matching(identity string) []int {
	if !strings.HasPrefix(identity, "arn:") {
		return nil
	}
	if account, role, _, ok := sessionName(identity); ok {
		var out []int
		for _, i := range e.w.members[account] {
			if r := e.w.actors[i].role; r != nil && glob(role, r.Name) {
				out = append(out, i)
			}
		}
		return out
	}
	if i := e.w.actor(identity); i != nobody {
		return []int{i}
	}
	if u := e.est.User(identity); u != nil {
		if i := e.w.actor(u.ARN); i != nobody {
			return []int{i}
		}
	}
	if !strings.ContainsAny(identity, "*?") {
		return nil
	}
	var out []int
	for i := range e.w.actors {
		if !e.w.actors[i].admin && glob(identity, e.w.actors[i].arn) {
			out = append(out, i)
		}
	}
	return out
}

// glass reports whether an actor is left out of the count.
func (e *engine) glass(i int) bool {
	for _, pattern := range e.est.BreakGlass {
		if glob(pattern, e.w.actors[i].arn) {
			return true
		}
		if account, role, _, ok := sessionName(pattern); ok {
			if a := &e.w.actors[i]; a.role != nil && glob(account, a.account) && glob(role, a.role.Name) {
				return true
			}
		}
	}
	return false
}

// findAssigned adds the people of Identity Center: one for each user that has an
// assignment. The members of a group are not in the estate.
func (e *engine) findAssigned(p *people, taken map[int]bool, enter func(*person, int)) {
	byID := map[string]int{}
	for _, a := range e.est.Assignments {
		i := e.w.actor(a.Role)
		if i == nobody || taken[i] && !strings.EqualFold(a.PrincipalType, "USER") {
			continue
		}
		if !strings.EqualFold(a.PrincipalType, "USER") || !estate.Known(a.PrincipalID) {
			continue
		}
		n, ok := byID[a.PrincipalID]
		if !ok {
			n = len(p.list)
			byID[a.PrincipalID] = n
			p.list = append(p.list, person{name: "Identity Center user " + a.PrincipalID})
		}
		enter(&p.list[n], i)
	}
}

// findEnterable finds the roles that people can enter whose people are not
// known, and adds an opening for each.
func (e *engine) findEnterable(taken map[int]bool) {
	assigned := map[int]string{}
	for _, a := range e.est.Assignments {
		if i := e.w.actor(a.Role); i != nobody && !strings.EqualFold(a.PrincipalType, "USER") {
			assigned[i] = "group " + estate.Show(a.PrincipalID) + " of Identity Center"
		}
	}
	for i := range e.w.actors {
		a := &e.w.actors[i]
		if a.role == nil || taken[i] && assigned[i] == "" || e.glass(i) {
			continue
		}
		if who := assigned[i]; who != "" {
			e.open(i, "sign-in", frame{"role": a.arn, "provider": who, "principal": who}, nil,
				"anyone in "+who, "enter role "+short(a.arn))
			continue
		}
		e.openTrust(i, a)
	}
}

// open adds an opening that lets somebody act as an actor.
func (e *engine) open(actor int, id string, f frame, ifs []string, who, can string) {
	t := row(id)
	s := step{row: t, actor: nobody, frame: f, ifs: ifs}
	if t.If != "" {
		s.ifs = append(s.ifs, f.say(t.If))
	}
	e.entered[actor] = true
	e.openings = append(e.openings, opening{who: who, can: can, step: s, actor: actor})
}

// openTrust adds the openings of a role's trust policy: identity providers, and
// accounts named as a whole whose principals the estate does not show.
func (e *engine) openTrust(i int, a *actor) {
	r := a.role
	if r.Trust == nil || r.ServiceLinked {
		return
	}
	seen := map[string]bool{}
	for s := range r.Trust.Statements {
		st := &r.Trust.Statements[s]
		if st.Effect != policy.EffectAllow || st.Principals == nil || st.Principals.Not || st.Broken != "" {
			continue
		}
		for _, p := range st.Principals.List {
			if seen[p.Type+p.Value] {
				continue
			}
			seen[p.Type+p.Value] = true
			switch {
			case p.Type == "Federated":
				e.open(i, "sign-in", frame{"role": a.arn, "provider": providerName(p.Value), "principal": p.Value}, signIn(st),
					"anyone who can enter role "+short(a.arn), "enter role "+short(a.arn))
			case p.Type == "AWS" || p.Type == "*":
				account, whole := wholeAccount(p.Value)
				if !whole || !e.unseen(account) {
					continue
				}
				if ifs, ok := e.admitsUnseen(a.arn, account); ok {
					name := e.accountName(account)
					e.open(i, "sts-001-unseen", frame{"role": a.arn, "trusted": name, "principal": "arn:" + partitionOf(a.arn) + ":iam::" + account + ":root"}, ifs,
						"anyone whom account "+name+" lets assume "+short(a.arn), "assume "+short(a.arn)+" from account "+name)
				}
			}
		}
	}
}

// providerName shortens a provider for a sentence.
func providerName(value string) string {
	if i := strings.LastIndexByte(value, '/'); i >= 0 && strings.HasPrefix(value, "arn:") {
		return value[i+1:]
	}
	return value
}

// signIn words the conditions under which a trust statement lets identities of a
// provider in. Which of its identities meet them, the estate does not say.
func signIn(st *policy.Statement) (ifs []string) {
	for _, c := range st.Conditions {
		values := make([]string, len(c.Values))
		for i, v := range c.Values {
			values[i] = v.Value
		}
		ifs = add(ifs, describe(iam.Residual{Key: c.Key, Operator: c.Operator, Values: values, Wanted: true}))
	}
	return ifs
}

// wholeAccount returns the account that a trust principal names as a whole.
func wholeAccount(value string) (account string, whole bool) {
	if len(value) == 12 && strings.Trim(value, "0123456789") == "" {
		return value, true
	}
	if account = estate.AccountOf(value); strings.HasSuffix(value, ":root") && account != "" {
		return account, estate.Known(account)
	}
	return "", false
}

// unseen reports whether an account may hold principals that the estate does not
// show.
func (e *engine) unseen(account string) bool {
	a := e.est.Account(account)
	return a == nil || a.FromTemplates || a.Foreign
}

// admitsUnseen asks whether some principal of an account, of which nothing is
// known but the account, may assume a role once its account lets it.
func (e *engine) admitsUnseen(role, account string) (ifs []string, ok bool) {
	who, err := iam.ParsePrincipal("arn:" + partitionOf(role) + ":iam::" + account + ":role/not-shown")
	if err != nil {
		return nil, false
	}
	p := &iam.IndexedPrincipal{Principal: who, Identity: everythingSet, Context: iam.PrincipalContext(who).UnknownUnlessSet(true).
		MarkUnknown("aws:PrincipalArn", "aws:userid", "aws:username", "aws:PrincipalType")}
	if a := e.est.Account(account); a != nil {
		if a.OrgID != "" && estate.Known(a.OrgID) {
			p.Context.Set("aws:PrincipalOrgID", a.OrgID)
		}
		if root, err := e.w.est.Principal("arn:aws:iam::" + account + ":root"); err == nil {
			p.SCPs, p.Principal.ManagementAccount = root.SCPs, root.Principal.ManagementAccount
		}
	}
	q, ok := e.w.question(row("sts-001").Needs[0], frame{"role": role, "account": estate.AccountOf(role)})
	if !ok {
		return nil, false
	}
	d := q.decide(p)
	switch d.Outcome {
	case iam.Allow:
		return nil, true
	case iam.If:
		for _, r := range d.Residual {
			if r.Key == "aws:principalarn" && r.Wanted && !wild(r.Values) {
				return nil, false // it names principals, and the estate shows those
			}
		}
		return conditions(d.Residual, false), true
	}
	return nil, false
}

func wild(values []string) bool {
	return slices.ContainsFunc(values, func(v string) bool { return strings.ContainsAny(v, "*?") || !estate.Known(v) })
}

// findUnshown adds the openings of pipelines whose accounts are known from
// templates alone: somebody pushes and somebody approves, else the pipeline would
// be of no use.
func (e *engine) findUnshown() {
	for _, l := range e.lines {
		for i := range l.acts {
			a := &l.acts[i]
			switch {
			case a.Category == "Source":
				e.unshownSource(l, i)
			case a.gate && a.rule == nil && e.unseen(l.p.Account) && !e.shown("G1", l.at(i)):
				name := estate.Show(a.Name)
				e.openAt(l, i, "external-approver", l.at(i), "anyone who can answer "+name, "answer "+name)
			}
		}
		e.unshownOperator(l)
	}
}

func (e *engine) unshownSource(l *line, i int) {
	a := &l.acts[i]
	f := e.sourceFrame(l, i)
	source := estate.Show(f["source"])
	var rows []string
	switch a.Provider {
	case "CodeCommit":
		rows = []string{"S1", "S2", "S7"}
	case "S3":
		rows = []string{"S4"}
	case "ECR":
		rows = []string{"S4-image"}
	default:
		e.openAt(l, i, "S6", f, "anyone who can push to "+source, "push to "+source)
		return
	}
	if !e.unseen(f["account"]) {
		return
	}
	for _, r := range rows {
		if e.shown(r, f) {
			return
		}
	}
	e.openAt(l, i, "external-source", f, "anyone who can push to "+source, "push to "+source)
}

// unshownOperator adds the openings of a pipeline's role that may answer gates of
// its own pipeline: whoever gets anything to run as that role passes them.
func (e *engine) unshownOperator(l *line) {
	i := e.w.actor(l.p.RoleARN)
	if i == nobody || !e.unseen(l.p.Account) {
		return
	}
	for g := range l.acts {
		if !l.acts[g].gate {
			continue
		}
		f := l.at(g)
		for _, h := range e.w.who(row("G1").Needs[0], f) {
			if h.actor == i && h.mods == (mods{}) {
				name := short(l.p.RoleARN)
				f["role"], f["principal"] = l.p.RoleARN, l.p.RoleARN
				e.openAt(l, g, "D4", f, "anyone for whom something runs as "+name, "have something run as "+name)
				o := &e.openings[len(e.openings)-1]
				o.step.proves = &row("G1").Needs[0][0]
				o.step.frame["principal"] = l.p.RoleARN
			}
		}
	}
}

// shown reports whether somebody whom the estate shows can use a row as they
// enter, before any technique.
func (e *engine) shown(id string, f frame) bool {
	for _, needs := range row(id).Needs {
		for _, h := range e.w.who(needs, f) {
			if h.mods == (mods{}) && e.entered[h.actor] {
				return true
			}
		}
	}
	return false
}

func (e *engine) openAt(l *line, i int, id string, f frame, who, can string) {
	t := row(id)
	s := step{row: t, actor: nobody, frame: f.with("principal", who), at: l.acts[i].name()}
	if t.If != "" {
		s.ifs = []string{f.say(t.If)}
	}
	e.openings = append(e.openings, opening{who: who, can: can, step: s, actor: nobody, line: l, act: i})
}
