package harden

import (
	"strings"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/policy"
)

// scan is one run of the rules over one estate, with what several rules need
// worked out once.
type scan struct {
	est  *estate.Estate
	opts Options
	rule *finding.Rule // that is running
	// live: part of the estate was read from live accounts.
	live bool
	// configured: the estate file lists accounts, so an account that it does not
	// list is a stranger.
	configured bool

	pipelines  []*pipe
	principals []*principal
	accounts   map[string]*inAccount
	roleUses   map[*estate.Role][]use
	presumed   map[*estate.Role][]use // by name alone
	delegates  map[string]*iam.Set
	everything *iam.Set // an identity policy that allows everything

	// What several rules ask, answered once.
	approverCache map[*act][]access
	writerCache   map[string][]writer
	reachCache    map[reachKey][]reach
	prod          *production

	drafts     []*draft
	missed     []missed
	notApplied []string
}

func newScan(e *estate.Estate, opts Options) *scan {
	s := &scan{est: e, opts: opts, roleUses: map[*estate.Role][]use{}, presumed: map[*estate.Role][]use{}, delegates: map[string]*iam.Set{}, everything: allowEverything(), approverCache: map[*act][]access{}, writerCache: map[string][]writer{}, reachCache: map[reachKey][]reach{}, accounts: map[string]*inAccount{}}
	for r := range e.All() {
		if fromAccount(r.Base()) {
			s.live = true
			break
		}
	}
	for _, a := range e.Accounts {
		if a.Name != "" && !a.Foreign && !a.StandIn {
			s.configured = true
		}
	}
	for _, p := range e.Pipelines {
		s.pipelines = append(s.pipelines, s.newPipe(p))
	}
	s.readUses()
	s.presume()
	s.readPrincipals()
	return s
}

// fromAccount reports whether a resource was read from a live account: its place
// is an ARN and no line of a file.
func fromAccount(m *estate.Meta) bool {
	return m.Pos.Line == 0 && strings.HasPrefix(m.Pos.File, "arn:")
}

func allowEverything() *iam.Set {
	return iam.Compile("everything", iam.SideIdentity, &policy.Document{Version: "2012-10-17", Statements: []policy.Statement{{
		Effect: policy.EffectAllow, Actions: []policy.Text{{Value: "*"}}, Resources: []policy.Text{{Value: "*"}}, HasResource: true,
	}}})
}

// breakGlass reports whether a principal is left out of every count.
func (s *scan) breakGlass(who string) bool {
	for _, p := range s.est.BreakGlass {
		if arn.Glob(p, who) {
			return true
		}
	}
	return false
}

// use is one reason why a role matters to a pipeline.
type use struct {
	pipe *pipe
	kind roleKind
	act  *act // nil for the pipeline's own role
}

type roleKind int

const (
	pipelineRole roleKind = iota // the pipeline runs as it
	actionRole                   // an action runs as it
	deployRole                   // CloudFormation acts as it
	buildRole                    // builds run as it
)

func (k roleKind) String() string {
	return [...]string{"the pipeline's role", "an action role", "a CloudFormation role", "a build role"}[k]
}

func (s *scan) readUses() {
	add := func(r *estate.Role, u use) {
		if r != nil {
			s.roleUses[r] = append(s.roleUses[r], u)
		}
	}
	for _, p := range s.pipelines {
		add(p.role, use{p, pipelineRole, nil})
		for _, a := range p.acts {
			if a.RoleARN != "" {
				add(s.est.Role(a.RoleARN), use{p, actionRole, a})
			}
			if a.deployRole != "" {
				add(s.est.Role(a.deployRole), use{p, deployRole, a})
			}
			if a.project != nil {
				add(s.est.Role(a.project.ServiceRole), use{p, buildRole, a})
			}
		}
	}
}

// used is a role that pipelines use, with its uses.
type used struct {
	*estate.Role
	uses []use
}

// usedRoles returns, in the order of the estate, the roles that are used in one
// of the given ways and that the estate defines. Those that it only names are
// noted as not looked at.
func (s *scan) usedRoles(kinds ...roleKind) []used {
	var out []used
	for _, r := range s.est.Roles {
		var uses []use
		for _, u := range s.roleUses[r] {
			for _, k := range kinds {
				if u.kind == k {
					uses = append(uses, u)
				}
			}
		}
		if len(uses) == 0 {
			continue
		}
		if r.Missing {
			s.miss("role "+estate.Show(r.ARN), "nothing in the estate defines it", r.Pos)
			continue
		}
		if r.ServiceLinked || r.Reserved {
			continue
		}
		for _, p := range r.Policies {
			if p.Unknown != "" {
				s.miss("a policy of role "+estate.Show(r.ARN), p.Unknown, p.Pos)
			}
		}
		out = append(out, used{r, uses})
	}
	return out
}

// subject is what a finding about the role is about.
func (u *used) subject() finding.Subject { return subject(&u.Meta, u.Name) }

// production reports whether any use of the role is for production: a deploy
// action into production, or the role of a pipeline that has one.
func (u *used) production() bool {
	for _, x := range u.uses {
		if x.act == nil && len(x.pipe.prod) > 0 || x.act != nil && x.act.prod {
			return true
		}
	}
	return false
}

// title names the role and what it is for: "storefront-build, a build role of
// pipeline storefront".
func (u *used) title() string {
	x := u.uses[0]
	text := estate.Show(u.Name) + ", " + x.kind.String()
	if x.kind == pipelineRole {
		return estate.Show(u.Name) + ", the role of pipeline " + x.pipe.shown()
	}
	return text + " of pipeline " + x.pipe.shown()
}

// has reports whether the role is used in that way.
func (u *used) has(k roleKind) bool {
	for _, x := range u.uses {
		if x.kind == k {
			return true
		}
	}
	return false
}
