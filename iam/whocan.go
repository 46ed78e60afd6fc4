package iam

import (
	bits64 "math/bits"
	"strings"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam/condition"
)

// IndexedPrincipal is one principal of an Index with the policies that come with
// it, as in Policies.
type IndexedPrincipal struct {
	Principal Principal
	Identity  *Set
	Boundary  *Set
	Session   *Set
	SCPs      []*Set
	// Context are the keys known of the principal; nil means PrincipalContext(Principal).
	Context *Context
}

// Target is what WhoCan asks about: one action on one resource, with the policies
// of the resource. The fields are those of Request and Policies.
type Target struct {
	Action                      string
	Resource                    string
	ResourceAccount             string
	ResourceInManagementAccount bool
	AWSManagedKey               bool
	Policy                      *Set
	RCPs                        []*Set
	Grants                      []Grant
	Context                     *Context // of the request, whoever makes it
	WildcardOnly                func(action string) bool
}

// Access is one principal that may (Allow) or might (If) do what was asked.
type Access struct {
	Principal int // index into the principals given to NewIndex
	Outcome   Outcome
}

// Index answers which of many principals may do something. It is safe for
// concurrent use.
type Index struct {
	principals []indexed
	// shapes are the distinct pairs of actions and resources that the principals'
	// identity policies allow, each with the principals that hold it.
	shapes []shape
	// always are principals whose permissions no identity policy shows: root
	// users, services, federated users, and any that could not be read.
	always []int32
	// named are the principals by account and name.
	named map[string][]int32
}

type indexed struct {
	*IndexedPrincipal
	caller *compiledPrincipal
	bad    bool
}

type shape struct {
	statement *statement
	holders   []int32
}

// NewIndex builds an index. The principals and their contexts must not change
// afterwards. A principal that could not make a request (see NewRequest) is kept
// and might do everything.
func NewIndex(principals []IndexedPrincipal) *Index {
	ix := &Index{principals: make([]indexed, len(principals)), named: map[string][]int32{}}
	known := map[string]int{}
	bySet := map[*Set][]int{} // the shapes of a set that several principals share
	for i := range principals {
		p := &ix.principals[i]
		p.IndexedPrincipal = &principals[i]
		caller, err := newCaller(p.Principal)
		if err != nil {
			p.bad = true
			ix.always = append(ix.always, int32(i))
			continue
		}
		p.caller = caller
		if caller.context = p.Context; caller.context == nil {
			caller.context = PrincipalContext(p.Principal)
		}
		if !caller.inAccount || caller.kind == RootPrincipal || caller.kind == FederatedUser {
			ix.always = append(ix.always, int32(i))
			continue
		}
		name := caller.account + "/" + caller.name
		ix.named[name] = append(ix.named[name], int32(i))
		if p.Identity == nil {
			continue
		}
		shapes, ok := bySet[p.Identity]
		if !ok {
			shapes = ix.shapesOf(p.Identity, known)
			bySet[p.Identity] = shapes
		}
		for _, s := range shapes {
			ix.shapes[s].holders = append(ix.shapes[s].holders, int32(i))
		}
	}
	return ix
}

// shapesOf returns the shapes of a set's Allows, each once.
func (ix *Index) shapesOf(s *Set, known map[string]int) (out []int) {
	mine := map[int]bool{}
	for i := range s.statements {
		st := &s.statements[i]
		if st.allow == arn.No {
			continue
		}
		sign := st.signature()
		at, ok := known[sign]
		if !ok {
			at = len(ix.shapes)
			known[sign] = at
			ix.shapes = append(ix.shapes, shape{statement: st})
		}
		if !mine[at] {
			mine[at] = true
			out = append(out, at)
		}
	}
	return out
}

// signature is the same for statements that match the same actions on the same
// resources, whatever their conditions.
func (st *statement) signature() string {
	var b strings.Builder
	list := func(not bool, separator string) {
		b.WriteString(separator)
		if not {
			b.WriteByte('!')
		}
	}
	list(st.actions.not, "")
	if st.actions.any {
		b.WriteByte('*')
	}
	for _, t := range st.source.Actions {
		b.WriteString("\x01" + strings.ToLower(t.Value))
	}
	list(st.resources.not, "\x02")
	if st.allThings {
		b.WriteByte('*')
	}
	for i := range st.resources.patterns {
		p := &st.resources.patterns[i]
		b.WriteString("\x01")
		if len(p.arn.VariableKeys()) > 0 {
			b.WriteByte('$') // read as a policy of 2012, unlike the same text in one of 2008
		}
		b.WriteString(p.source.Value)
	}
	return b.String()
}

// Len returns the number of principals.
func (ix *Index) Len() int { return len(ix.principals) }

// WhoCan returns, in the order of NewIndex, the principals whose outcome is Allow
// or If. It errs where the target is not one that a request could have.
func (ix *Index) WhoCan(t Target) ([]Access, error) {
	r, err := t.compile()
	if err != nil {
		return nil, err
	}
	var out []Access
	ix.candidates(&t, r, func(i int) {
		if o := ix.decide(i, &t, r); o >= If {
			out = append(out, Access{i, o})
		}
	})
	return out, nil
}

// WhoCanAll is WhoCan for targets that AWS authorises together (see All). Without
// targets it returns nobody.
func (ix *Index) WhoCanAll(ts ...Target) ([]Access, error) {
	if len(ts) == 0 {
		return nil, nil
	}
	requests := make([]*compiledRequest, len(ts))
	for i := range ts {
		var err error
		if requests[i], err = ts[i].compile(); err != nil {
			return nil, err
		}
	}
	var out []Access
	ix.candidates(&ts[0], requests[0], func(p int) {
		o := Allow
		for i := range ts {
			if o = worse(o, ix.decide(p, &ts[i], requests[i])); o < If {
				return
			}
		}
		out = append(out, Access{p, o})
	})
	return out, nil
}

func (t *Target) compile() (*compiledRequest, error) {
	return newCompiled(&Request{
		Action: t.Action, Resource: t.Resource, ResourceAccount: t.ResourceAccount,
		ResourceInManagementAccount: t.ResourceInManagementAccount, AWSManagedKey: t.AWSManagedKey,
		Context: t.Context, WildcardOnly: t.WildcardOnly,
	})
}

// candidates calls yield, in order, with every principal that could have access.
func (ix *Index) candidates(t *Target, r *compiledRequest, yield func(int)) {
	// With nothing known of the caller, what does not match cannot match.
	probe := *r
	probe.env = condition.Env{Request: NewContext().UnknownUnlessSet(true)}
	e := evaluation{r: &probe}
	bits := make([]uint64, (len(ix.principals)+63)/64)
	mark := func(list []int32) {
		for _, i := range list {
			bits[i/64] |= 1 << (i % 64)
		}
	}
	if r.rules.free || !r.rules.identityOnly && !ix.markNamed(&e, t, mark) {
		for i := range ix.principals {
			yield(i)
		}
		return
	}
	mark(ix.always)
	for s := range ix.shapes {
		c := candidate{statement: ix.shapes[s].statement, rest: true}
		if e.match(&c) != arn.No {
			mark(ix.shapes[s].holders)
		}
	}
	for w, word := range bits {
		for ; word != 0; word &= word - 1 {
			yield(w*64 + bits64.TrailingZeros64(word))
		}
	}
}

// markNamed marks the principals that the resource's policy or a grant on it
// names. It reports false where that may be everyone.
func (ix *Index) markNamed(e *evaluation, t *Target, mark func([]int32)) bool {
	byName := func(f *principalForm) bool {
		switch f.form {
		case neverForm, accountForm, serviceForm, anyServiceForm, providerForm, serviceHoleForm, federatedUserForm:
			// An account's principals need their identity policies as well; the rest
			// are looked at always.
		case userForm, roleForm, sessionForm:
			mark(ix.named[f.account+"/"+f.name])
		default:
			return false
		}
		return true
	}
	if t.Policy != nil {
		for i := range t.Policy.statements {
			st := &t.Policy.statements[i]
			c := st.candidate(e.r.service)
			if st.allow == arn.No || e.match(&c) == arn.No {
				continue
			}
			if st.principals == nil || st.principals.not {
				return false
			}
			for j := range st.principals.forms {
				if !byName(&st.principals.forms[j]) {
					return false
				}
			}
		}
	}
	for i := range t.Grants {
		f := t.Grants[i].form()
		if f.form == accountForm || !byName(&f) {
			return false
		}
	}
	return true
}

// decide binds r to principal i and decides it.
func (ix *Index) decide(i int, t *Target, r *compiledRequest) Outcome {
	p := &ix.principals[i]
	if p.bad {
		return If
	}
	r.bind(p.caller, t.ResourceAccount)
	policies := Policies{
		Identity: p.Identity, Boundary: p.Boundary, Session: p.Session, SCPs: p.SCPs,
		RCPs: t.RCPs, Resource: t.Policy, Grants: t.Grants,
	}
	e := evaluation{r: r, p: &policies}
	return e.run()
}
