package reach

import (
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/catalog"
	"github.com/twokey/twokey/iam/policy"
)

// world is an estate made ready for asking who may do what.
type world struct {
	est      *estate.Estate
	actors   []actor
	byARN    map[string]int
	members  map[string][]int // actors by account, in their order
	admins   map[string]int   // the administrator that somebody may make, by account
	groups   map[string]int   // index of a group of the estate by ARN
	accounts []string         // that have actors, in order of the estate
	// own holds the actors of one account as the estate has them, altered what
	// somebody could make of them.
	own     map[string]*pool
	altered map[string]*pool
	asked   map[string][]hit // answers of who, by the key of a question
}

// pool is a set of actors that is asked at once.
type pool struct {
	index   *iam.Index
	entries []poolEntry
}

type poolEntry struct {
	actor int
	mods  mods
	ip    iam.IndexedPrincipal
}

func (w *world) newPool(entries []poolEntry) *pool {
	ips := make([]iam.IndexedPrincipal, len(entries))
	for i := range entries {
		ips[i] = entries[i].ip
	}
	return &pool{index: iam.NewIndex(ips), entries: entries}
}

func newWorld(est *estate.Estate) *world {
	w := &world{
		est: est, byARN: map[string]int{}, members: map[string][]int{}, admins: map[string]int{}, groups: map[string]int{},
		own: map[string]*pool{}, altered: map[string]*pool{}, asked: map[string][]hit{},
	}
	for i, g := range est.Groups {
		if _, dup := w.groups[g.ARN]; !dup {
			w.groups[g.ARN] = i
		}
	}
	for _, u := range est.Users {
		var groups []*estate.Group
		for _, arn := range u.Groups {
			if g := est.Group(arn); g != nil {
				groups = append(groups, g)
			}
		}
		w.addActor(actor{arn: u.ARN, account: u.Account, user: u, units: unitsOf(u.Policies, groups)})
	}
	for _, r := range est.Roles {
		w.addActor(actor{arn: r.ARN, account: r.Account, role: r, units: unitsOf(r.Policies, nil)})
	}
	for _, a := range est.Accounts {
		w.addAdmin(a.ID)
	}
	return w
}

func (w *world) addActor(a actor) {
	if _, dup := w.byARN[a.arn]; dup || a.account == "" {
		return
	}
	base, err := w.est.Principal(a.arn)
	if err != nil {
		return
	}
	a.base = iam.IndexedPrincipal(*base)
	w.byARN[a.arn] = len(w.actors)
	if len(w.members[a.account]) == 0 {
		w.accounts = append(w.accounts, a.account)
	}
	w.members[a.account] = append(w.members[a.account], len(w.actors))
	w.actors = append(w.actors, a)
}

// addAdmin adds the administrator that somebody may make in an account: a role
// of any name, with every permission, under the organization's policies.
func (w *world) addAdmin(account string) {
	if account == "" || w.admins[account] != 0 {
		return
	}
	arn := "arn:aws:iam::" + account + ":role/any-name"
	who, err := iam.ParsePrincipal(arn)
	if err != nil {
		return
	}
	p := iam.IndexedPrincipal{Principal: who, Identity: everythingSet, Context: iam.PrincipalContext(who)}
	if root, err := w.est.Principal("arn:aws:iam::" + account + ":root"); err == nil {
		p.SCPs = root.SCPs
		p.Principal.ManagementAccount = root.Principal.ManagementAccount
	}
	if a := w.est.Account(account); a != nil && a.OrgID != "" && estate.Known(a.OrgID) {
		p.Context.Set("aws:PrincipalOrgID", a.OrgID)
	}
	w.admins[account] = len(w.actors)
	p.Context.Set("kms:CallerAccount", account)
	w.actors = append(w.actors, actor{arn: arn, account: account, admin: true, base: p})
}

func (w *world) ownPool(account string) *pool {
	if p := w.own[account]; p != nil {
		return p
	}
	var entries []poolEntry
	for _, i := range w.members[account] {
		if a := &w.actors[i]; a.role == nil || !a.role.Missing {
			entries = append(entries, poolEntry{actor: i, ip: a.base})
		}
	}
	p := w.newPool(entries)
	w.own[account] = p
	return p
}

// hit is an actor, with what must have been changed of it, that may do what was
// asked, under conditions.
type hit struct {
	actor int
	mods  mods
	ifs   []string
}

// within reports whether m asks for no more than n.
func (m mods) within(n mods) bool {
	return (!m.add || n.add) && (!m.unbound || n.unbound) && m.drop&^n.drop == 0 && (m.join == 0 || m.join == n.join)
}

// who returns the actors that may do all of needs on a subject, in a stable
// order: those that may as they are, then those that may once changed.
func (w *world) who(needs []Permission, f frame) []hit {
	q, ok := w.question(needs, f)
	if !ok {
		return nil
	}
	accounts := []string{f["account"]}
	if q.guarded {
		accounts = w.admitted(&q.targets[0])
		for i := range q.targets {
			// What has no policy of its own is for its own account alone.
			if t := &q.targets[i]; t.Policy == nil {
				accounts = []string{firstNonEmpty(t.ResourceAccount, f["account"])}
			}
		}
	}
	key := q.key + "\x00" + accounts[0]
	if hits, ok := w.asked[key]; ok {
		return hits
	}
	var hits []hit
	for _, a := range accounts {
		hits = w.ask(w.ownPool(a), q, f, hits)
	}
	for _, a := range accounts {
		if p := w.alteredPool(a); p != nil {
			hits = w.ask(p, q, f, hits)
		}
	}
	if len(w.asked) > mostAsked {
		clear(w.asked)
	}
	w.asked[key] = hits
	return hits
}

// mostAsked bounds how many answers are kept: pipelines of one account ask the
// same questions, those of another do not.
const mostAsked = 20_000

// admitted returns the accounts whose principals the policy of a resource may
// let in, the resource's own first; all accounts where it does not say which.
func (w *world) admitted(t *iam.Target) []string {
	own := t.ResourceAccount
	policies, _ := w.guarding(t.Action, t.Resource)
	if len(policies) == 0 || own == "" {
		return w.every(own)
	}
	out := []string{own}
	for _, p := range policies {
		if p.Doc == nil {
			return w.every(own)
		}
		for i := range p.Doc.Statements {
			st := &p.Doc.Statements[i]
			if st.Effect == policy.EffectDeny {
				continue
			}
			if st.Principals == nil || st.Principals.Not || st.Unknown != "" {
				return w.every(own)
			}
			for _, x := range st.Principals.List {
				account, whole := wholeAccount(x.Value)
				if !whole {
					account = estate.AccountOf(x.Value)
				}
				switch {
				case x.Type == "Service" || x.Type == "Federated":
				case account == "" || !estate.Known(account) || strings.ContainsAny(account, "*?"):
					return w.every(own)
				default:
					out = add(out, account)
				}
			}
		}
	}
	return out
}

// every returns all accounts that have actors, own first.
func (w *world) every(own string) []string {
	var out []string
	if own != "" {
		out = append(out, own)
	}
	for _, a := range w.accounts {
		out = add(out, a)
	}
	return out
}

func (w *world) ask(p *pool, q *question, f frame, hits []hit) []hit {
	found, err := p.index.WhoCanAll(q.targets...)
	if err != nil {
		return hits
	}
next:
	for _, x := range found {
		e := &p.entries[x.Principal]
		if e.mods.add && !q.guarded && w.actors[e.actor].free() {
			continue // its account's administrator stands for it
		}
		for i := range hits {
			if hits[i].actor == e.actor && hits[i].mods.within(e.mods) {
				continue next
			}
		}
		h := hit{actor: e.actor, mods: e.mods}
		if x.Outcome == iam.If {
			h.ifs = conditions(q.decide(&e.ip).Residual, q.open)
		}
		for i := range q.eases {
			if n := &q.eases[i]; n.decide(&e.ip).Outcome < iam.If {
				h.ifs = add(h.ifs, f.say(n.unless))
			}
		}
		hits = append(hits, h)
	}
	return hits
}

// question is a list of permissions on a subject, ready to be asked of many.
type question struct {
	targets []iam.Target
	eases   []easing
	// guarded: a resource has a policy of its own, which may admit other accounts.
	guarded bool
	open    bool
	// key is the same for questions that have the same answer.
	key string
}

type easing struct {
	question
	unless string
}

// question readies needs; ok is false where a part of the subject that they are
// about is not there.
func (w *world) question(needs []Permission, f frame) (*question, bool) {
	q := &question{}
	var key strings.Builder
	for _, n := range needs {
		t, open, ok := w.target(n, f)
		key.WriteString(n.Action + "\x01" + t.Resource + "\x01" + t.ResourceAccount)
		for _, k := range n.Keys {
			value, _ := f.expand(k.Value)
			key.WriteString("\x01" + k.Name + "\x01" + value)
		}
		if n.Eases {
			key.WriteString("\x01" + f.say(n.Unless))
		}
		key.WriteByte('\n')
		if n.Eases {
			if ok {
				q.eases = append(q.eases, easing{question{targets: []iam.Target{t}, open: open}, n.Unless})
			}
			continue
		}
		if !ok {
			return nil, false
		}
		q.targets = append(q.targets, t)
		q.guarded = q.guarded || t.Policy != nil
		q.open = q.open || open
	}
	q.key = key.String()
	return q, len(q.targets) > 0
}

// target readies one permission on a subject.
func (w *world) target(n Permission, f frame) (t iam.Target, open, ok bool) {
	resource, open := f.expand(n.On)
	if resource == "" {
		return t, false, false
	}
	ctx := direct()
	for _, k := range n.Keys {
		value, chosen := f.expand(k.Value)
		switch {
		case value == "":
			ctx.Absent(k.Name)
		case !estate.Known(value):
			ctx.MarkUnknown(k.Name)
			open = open || chosen
		default:
			ctx.Set(k.Name, value)
		}
	}
	guard := w.est.Guard(n.Action, resource)
	guarded := guard.Policy
	if w.blind(n.Action, resource) {
		guarded = nil
	}
	account := guard.Account
	if account == "" {
		account = f["account"]
	}
	if account != "" {
		ctx.Set("aws:ResourceAccount", account)
	}
	return iam.Target{
		Action: n.Action, Resource: resource, ResourceAccount: account, ResourceInManagementAccount: guard.Management,
		Policy: guarded, RCPs: guard.RCPs, Context: ctx, WildcardOnly: wildcardOnly,
	}, open, true
}

// blind reports whether the policy of a resource is not to be asked: the resource
// is still to be made, or nothing in the estate defines it. The policy of the
// latter might let anybody in; rather than count everybody, what is undefined is
// named where a number is given (see missing).
func (w *world) blind(action, resource string) bool {
	if strings.HasPrefix(action, "kms:") {
		return false
	}
	switch r := w.est.Owner(resource).(type) {
	case nil:
		return true
	case *estate.Bucket:
		return r.Policy == nil || r.Policy.Doc == nil
	case *estate.Function:
		return r.Policy == nil || r.Policy.Doc == nil
	}
	return false
}

func wildcardOnly(action string) bool {
	only, known := catalog.WildcardOnly(action)
	return known && only
}

// decide explains the question for one principal.
func (q *question) decide(p *iam.IndexedPrincipal) iam.Decision {
	var qs []iam.Question
	for i := range q.targets {
		one, ok := asked(&q.targets[i], p)
		if !ok {
			return iam.Decision{}
		}
		qs = append(qs, one)
	}
	return iam.All(qs...)
}

func asked(t *iam.Target, p *iam.IndexedPrincipal) (iam.Question, bool) {
	r, err := iam.NewRequest(iam.Request{
		Principal: p.Principal, Action: t.Action, Resource: t.Resource, ResourceAccount: t.ResourceAccount,
		ResourceInManagementAccount: t.ResourceInManagementAccount, AWSManagedKey: t.AWSManagedKey,
		Context: t.Context, PrincipalContext: p.Context, WildcardOnly: t.WildcardOnly,
	})
	if err != nil {
		return iam.Question{}, false
	}
	return iam.Question{Request: r, Policies: &iam.Policies{
		Identity: p.Identity, Boundary: p.Boundary, Session: p.Session, SCPs: p.SCPs, RCPs: t.RCPs, Resource: t.Policy, Grants: t.Grants,
	}}, true
}

// admits reports whether the trust policy of a role admits a service, and under
// which conditions.
func (w *world) admits(role, service string) (ifs []string, ok bool) {
	q, err := w.est.Question(service, "sts:AssumeRole", role, nil)
	if err != nil {
		return nil, false
	}
	switch d := iam.Explain(q.Request, q.Policies); d.Outcome {
	case iam.Allow:
		return nil, true
	case iam.If:
		for _, r := range d.Residual {
			if strings.HasPrefix(r.Key, "aws:source") {
				continue // the caller makes the thing that the service acts for, and names it
			}
			for _, m := range conditions([]iam.Residual{r}, false) {
				ifs = add(ifs, m)
			}
		}
		return ifs, true
	}
	return nil, false
}

// namesNew reports whether a hit can make a role by a name that none has yet:
// what its policies name may all be there already.
func (w *world) namesNew(h hit, needs []Permission, f frame) bool {
	a := &w.actors[h.actor]
	if a.admin || h.mods.add {
		return true
	}
	names := []string{"a-new-role"}
	for i := range a.units {
		for _, p := range a.units[i].policies {
			if p.Doc == nil {
				return true
			}
			for s := range p.Doc.Statements {
				for _, r := range p.Doc.Statements[s].Resources {
					if _, name, ok := strings.Cut(r.Value, ":role/"); ok && estate.Known(name) {
						names = add(names, strings.NewReplacer("*", "a-new-role", "?", "x").Replace(name))
					}
				}
			}
		}
	}
	ip := w.changed(a, h.mods)
	for _, name := range names {
		if w.actor("arn:"+w.partition(a.account)+":iam::"+a.account+":role/"+name) != nobody {
			continue
		}
		if q, ok := w.question(needs, f.with("new", name)); ok && q.decide(&ip).Outcome >= iam.If {
			return true
		}
	}
	return false
}
