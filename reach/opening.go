package reach

import (
	"slices"
	"strconv"
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/policy"
)

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

// findEnterable finds the roles that people can enter whose people are not
// known, and adds an opening for each.
func (e *engine) findEnterable(taken map[int]bool) {
	assigned := map[int]string{}
	members := e.groupMembers()
	for _, a := range e.est.Assignments {
		if len(members[a.PrincipalID]) > 0 {
			continue
		}
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
				needs := row("sts-001").Needs[0]
				f := frame{"role": a.arn, "account": a.account}
				if ifs, ok := e.unseenMay(account, needs, f); ok {
					name := e.nameOfUnseen(account)
					f["trusted"], f["principal"] = name, principalOfUnseen(a.arn, account)
					e.open(i, "sts-001-unseen", f, ifs, "anyone whom "+name+" lets assume "+short(a.arn), "assume "+short(a.arn)+" from "+name)
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

// anyAccount stands for an account that nobody thought of, where a policy lets
// every account in. It is no id, so that it is never taken for an account of the
// estate, real or made up.
const anyAccount = "*"

// strangerID is an account id that the estate does not have.
func (e *engine) strangerID() string {
	for i := 999_999_999_999; ; i-- {
		if id := strconv.Itoa(i); e.est.Account(id) == nil {
			return id
		}
	}
}

// nameOfUnseen names an account whose principals the estate does not show.
func (e *engine) nameOfUnseen(account string) string {
	if account == anyAccount {
		return "any AWS account"
	}
	return "account " + e.accountName(account)
}

func principalOfUnseen(resource, account string) string {
	if account == anyAccount {
		return "*"
	}
	return "arn:" + partitionOf(resource) + ":iam::" + account + ":root"
}

// wholeAccount returns the account that a policy's principal names as a whole.
func wholeAccount(value string) (account string, whole bool) {
	if value == "*" {
		return anyAccount, true
	}
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

// unseenMay asks whether some principal of an account, of which nothing is known
// but the account, may do all of needs once its account lets it.
func (e *engine) unseenMay(account string, needs []Permission, f frame) (ifs []string, ok bool) {
	id := account
	if account == anyAccount {
		id = e.strangerID()
	}
	who, err := iam.ParsePrincipal("arn:aws:iam::" + id + ":role/not-shown")
	if err != nil {
		return nil, false
	}
	p := &iam.IndexedPrincipal{Principal: who, Identity: everythingSet, Context: iam.PrincipalContext(who).UnknownUnlessSet(true).
		MarkUnknown("aws:PrincipalArn", "aws:userid", "aws:username", "aws:PrincipalType")}
	if account == anyAccount {
		p.Context.MarkUnknown("aws:PrincipalAccount")
	}
	if a := e.est.Account(account); a != nil {
		if a.OrgID != "" && estate.Known(a.OrgID) {
			p.Context.Set("aws:PrincipalOrgID", a.OrgID)
		}
		if root, err := e.w.est.Principal("arn:aws:iam::" + account + ":root"); err == nil {
			p.SCPs, p.Principal.ManagementAccount = root.SCPs, root.Principal.ManagementAccount
		}
	}
	q, ok := e.w.question(needs, f)
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
			case len(a.Inputs) > 0:
				e.unseenWriters(l, i)
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

// unseenWriters adds the openings of accounts that the policy of the artifact
// bucket lets in as a whole.
func (e *engine) unseenWriters(l *line, i int) {
	f := e.storeFrame(l, i)
	if f == nil {
		return
	}
	b := e.est.Bucket(f["bucket"])
	if b == nil || b.Policy == nil || b.Policy.Doc == nil {
		return
	}
	seen := map[string]bool{}
	for s := range b.Policy.Doc.Statements {
		st := &b.Policy.Doc.Statements[s]
		if st.Effect != policy.EffectAllow || st.Principals == nil || st.Principals.Not {
			continue
		}
		for _, p := range st.Principals.List {
			account, whole := wholeAccount(p.Value)
			if p.Type != "AWS" && p.Type != "*" || !whole || seen[account] || account == b.Account || !e.unseen(account) {
				continue
			}
			seen[account] = true
			for _, in := range l.acts[i].Inputs {
				if !e.feeds(&l.acts[i], in) {
					continue
				}
				on := f.with("object", l.object(f["bucket"], in))
				ifs, ok := e.unseenMay(account, row("A1-plain").Needs[0], on)
				if !ok {
					ifs, ok = e.unseenMay(account, []Permission{putObject(sseKMS...)}, on)
				}
				if ok {
					name := e.nameOfUnseen(account)
					on["trusted"] = name
					e.openAt(l, i, "A1-unseen", on, "anyone whom "+name+" lets write "+short(f["bucket"]), "write "+short(f["bucket"])+" from "+name)
					o := &e.openings[len(e.openings)-1]
					o.step.frame["principal"] = principalOfUnseen(f["bucket"], account)
					o.step.ifs = append(o.step.ifs, ifs...)
					break
				}
			}
		}
	}
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
