package iam

import (
	"strings"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam/policy"
)

// naming says in which ways the principals of a statement name the caller. The
// ways differ in what they spare the caller in its own account.
type naming struct {
	direct  arn.Verdict // the user, session, service itself, or everyone: spares all limits
	capped  arn.Verdict // its role, or the user behind a federated user: spares the identity policy only
	account arn.Verdict // its account: delegates to the account's own policies
}

func (n naming) any() arn.Verdict { return max(n.direct, n.capped, n.account) }

func (n naming) or(m naming) naming {
	return naming{max(n.direct, m.direct), max(n.capped, m.capped), max(n.account, m.account)}
}

func (n naming) and(v arn.Verdict) naming {
	return naming{min(n.direct, v), min(n.capped, v), min(n.account, v)}
}

type form uint8

const (
	neverForm form = iota
	anyForm
	anyServiceForm
	accountForm
	userForm
	roleForm
	sessionForm
	federatedUserForm
	serviceForm
	providerForm
	canonicalForm
	holeForm        // AWS principal, unresolved in part
	unresolvedForm  // nothing known
	serviceHoleForm // service or provider, unresolved in part
)

// principalForm is one compiled element of Principal or NotPrincipal.
type principalForm struct {
	form                   form
	account, name, session string
	text                   string
	source                 policy.Principal
}

type principalMatcher struct {
	not   bool
	forms []principalForm
}

func compilePrincipals(p *policy.Principals) *principalMatcher {
	if p == nil {
		return nil
	}
	m := &principalMatcher{not: p.Not, forms: make([]principalForm, len(p.List))}
	for i := range p.List {
		m.forms[i] = compilePrincipal(p.List[i])
	}
	return m
}

func compilePrincipal(p policy.Principal) principalForm {
	f := principalForm{text: p.Value, source: p}
	hole := strings.Contains(p.Value, policy.Hole)
	switch p.Type {
	case policy.TypeAny:
		f.form = anyForm
	case policy.TypeUnknown:
		f.form = unresolvedForm
	case policy.TypeAWS:
		f.compileAWS(hole)
	case policy.TypeService, policy.TypeFederated:
		switch {
		case hole:
			f.form = serviceHoleForm
		case p.Type == policy.TypeFederated:
			f.form = providerForm
		case p.Value == "*":
			f.form = anyServiceForm
		default:
			f.form = serviceForm
		}
	case policy.TypeCanonical:
		f.form = canonicalForm
	}
	return f
}

func (f *principalForm) compileAWS(hole bool) {
	switch {
	case f.text == "*":
		f.form = anyForm
		return
	case hole:
		f.form = holeForm
		return
	case arn.IsAccountID(f.text):
		f.form, f.account = accountForm, f.text
		return
	}
	a, err := arn.Parse(f.text)
	if err != nil {
		return // among them AIDA… and AROA…: the principal was deleted
	}
	f.account = a.Account
	typ, rest, _ := strings.Cut(a.Resource, "/")
	switch a.Service + ":" + typ {
	case "iam:root":
		f.form = accountForm
	case "iam:user":
		f.form, f.name = userForm, rest[strings.LastIndexByte(rest, '/')+1:]
	case "iam:role":
		f.form = roleForm
		f.name = rest[strings.LastIndexByte(rest, '/')+1:]
	case "sts:assumed-role":
		f.form = sessionForm
		f.name, f.session, _ = strings.Cut(rest, "/")
	case "sts:federated-user":
		f.form, f.name = federatedUserForm, rest
	}
}

// grants returns how the statement's principals name the caller for an Allow.
func (m *principalMatcher) grants(p *compiledPrincipal) naming {
	n := m.names(p)
	if m.not {
		return naming{direct: n.any().Not()}
	}
	return n
}

// denies returns whether the statement's principals take in the caller of a Deny.
// Under NotPrincipal only a caller that is listed at every level is exempt, and
// one with a permissions boundary never is.
func (m *principalMatcher) denies(p *compiledPrincipal, boundary bool) arn.Verdict {
	if !m.not {
		return m.names(p).any()
	}
	if boundary {
		return arn.Yes
	}
	var everyone arn.Verdict
	for i := range m.forms {
		if m.forms[i].form == anyForm {
			everyone = arn.Yes
		}
	}
	n := m.names(p)
	var exempt arn.Verdict
	switch p.kind {
	case SessionPrincipal, RolePrincipal:
		exempt = min(n.direct, n.capped, n.account)
	case UserPrincipal, FederatedUser:
		exempt = min(n.direct, n.account)
	default:
		exempt = n.any()
	}
	return max(exempt, everyone).Not()
}

func (m *principalMatcher) names(p *compiledPrincipal) naming {
	var n naming
	for i := range m.forms {
		n = n.or(m.forms[i].names(p))
	}
	return n
}

func (f *principalForm) names(p *compiledPrincipal) (n naming) {
	switch f.form {
	case anyForm:
		n.direct = arn.Yes
	case anyServiceForm:
		n.direct = arn.Known(p.kind == ServicePrincipal)
	case serviceForm:
		n.direct = arn.Known(p.kind == ServicePrincipal && f.text == p.arn)
	case providerForm:
		n.direct = arn.Known(p.kind == FederatedPrincipal && (f.text == p.arn || f.text == "*"))
	case accountForm:
		n.account = arn.Known(p.inAccount && f.account == p.account)
	case userForm:
		n = f.namesUser(p)
	case roleForm:
		n.capped = arn.Known(p.isRole && f.account == p.account && f.name == p.name && (p.roleARN == "" || p.roleARN == f.text))
	case sessionForm:
		if p.isRole && f.account == p.account && f.name == p.name {
			n.direct = arn.Known(f.session == p.session)
			if p.kind == RolePrincipal {
				n.direct = arn.Maybe
			}
		}
	case federatedUserForm:
		n.direct = arn.Known(p.kind == FederatedUser && f.text == p.arn)
	case canonicalForm:
		if p.inAccount {
			n.account = arn.Known(f.text == p.canonical)
			if p.canonical == "" || strings.Contains(f.text, policy.Hole) {
				n.account = arn.Maybe
			}
		}
	case serviceHoleForm:
		if p.kind == ServicePrincipal || p.kind == FederatedPrincipal {
			n.direct = min(arn.GlobVerdict(f.text, p.arn), arn.Maybe)
		}
	case holeForm, unresolvedForm:
		n = f.namesPartly(p)
	}
	return n
}

func (f *principalForm) namesUser(p *compiledPrincipal) (n naming) {
	switch p.kind {
	case UserPrincipal:
		n.direct = arn.Known(f.text == p.arn)
	case FederatedUser:
		n.capped = arn.Known(f.text == p.userARN)
		if p.userARN == "" && f.account == p.account {
			n.capped = arn.Maybe
		}
	}
	return n
}

// namesPartly tries every text by which a policy could name the caller.
func (f *principalForm) namesPartly(p *compiledPrincipal) (n naming) {
	may := func(text string) arn.Verdict {
		if text == "" {
			return arn.No
		}
		return min(arn.GlobVerdict(f.text, text), arn.Maybe)
	}
	n.direct = max(may("*"), may(p.arn))
	if f.form == holeForm && !p.inAccount {
		n.direct = may("*")
	}
	if p.kind == RolePrincipal {
		n.direct = max(may("*"), may(p.sessionARN))
	}
	if p.inAccount {
		n.account = max(may(p.account), may(p.rootARN))
	}
	n.capped = may(p.cappedARN)
	return n
}

// compiledPrincipal is a Principal with what matching needs.
type compiledPrincipal struct {
	kind      PrincipalKind
	arn       string
	account   string
	name      string
	session   string
	roleARN   string // with path; empty where unknown
	userARN   string
	canonical string
	inAccount bool // an identity of an account: not a service, provider or anonymous
	isRole    bool
	// subject: SCPs, identity policies, boundaries and session policies can apply.
	scpSubject bool
	exempt     bool // a service-linked role
	// Texts by which a policy may name it, for policies with holes.
	rootARN, sessionARN, cappedARN string
	context                        *Context
}

func compileCaller(p Principal) compiledPrincipal {
	c := compiledPrincipal{
		kind: p.Kind, arn: p.ARN, account: p.Account, name: p.Name, session: p.Session,
		roleARN: p.RoleARN, userARN: p.UserARN, canonical: p.CanonicalUser, exempt: p.ServiceLinkedRole,
	}
	switch p.Kind {
	case UserPrincipal, SessionPrincipal, RolePrincipal, FederatedUser, RootPrincipal:
		c.inAccount = true
	}
	c.isRole = p.Kind == SessionPrincipal || p.Kind == RolePrincipal
	c.scpSubject = c.inAccount && !p.ManagementAccount && !p.ServiceLinkedRole
	partition := "aws"
	if a, err := arn.Parse(p.ARN); err == nil {
		partition = a.Partition
	}
	c.rootARN = "arn:" + partition + ":iam::" + p.Account + ":root"
	switch {
	case c.isRole:
		c.cappedARN = roleARN(p)
		c.sessionARN = "arn:" + partition + ":sts::" + p.Account + ":assumed-role/" + p.Name + "/" + policy.Hole
	case p.Kind == FederatedUser:
		c.cappedARN = p.UserARN
		if c.cappedARN == "" {
			c.cappedARN = "arn:" + partition + ":iam::" + p.Account + ":user/" + policy.Hole
		}
	}
	return c
}
