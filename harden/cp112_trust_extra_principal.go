package harden

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam"
)

var cp112 = rule{describe("CP-112", "trust-extra-principal", finding.High,
	"Somebody else than its one user may become the role",
	"OWASP CICD-SEC-2", "NIST 800-53 AC-3", "NIST 800-53 AC-6"), checkTrustExtra}

func checkTrustExtra(s *scan) {
	for _, r := range s.ownRoles(pipelineRole, actionRole, deployRole, buildRole) {
		var d *draft
		var who []string
		for _, e := range entries(r.Role) {
			if e.kind == entryUnread {
				s.miss("a principal that "+estate.Show(r.Name)+" trusts", "it could not be resolved", e.pos)
				continue
			}
			if s.expectedEntry(&r, e) || s.narrowed(r.Role, e) {
				continue
			}
			if d == nil {
				d = s.fail(r.subject(), r.Pos, "").mend("Leave in the trust policy only "+r.oneUser()+".", "")
			}
			if !slices.Contains(who, e.value) {
				who = append(who, e.value)
			}
			d.related(e.pos, "the trust policy lets "+e.value+" in")
		}
		if d != nil {
			d.f.Message = r.title() + ", may also be assumed by " + listed(who)
			d.keyed(who...)
		}
	}
}

// oneUser says who alone has to assume the role.
func (u *used) oneUser() string {
	var out []string
	for k, text := range map[roleKind]string{
		pipelineRole: "codepipeline.amazonaws.com", deployRole: "cloudformation.amazonaws.com", buildRole: "codebuild.amazonaws.com",
	} {
		if u.has(k) {
			out = append(out, text)
		}
	}
	for _, x := range u.uses {
		if x.kind == actionRole && !slices.Contains(out, x.pipe.RoleARN) {
			out = append(out, x.pipe.RoleARN)
		}
	}
	slices.Sort(out)
	return listed(out)
}

// expectedEntry reports whether one of the uses of a role needs that entry. An
// account that an action role trusts as a whole is left to CP-605.
func (s *scan) expectedEntry(r *used, e entry) bool {
	for _, x := range r.uses {
		switch {
		case e.kind == entryService && (x.kind == pipelineRole && service(e.value, "codepipeline") ||
			x.kind == deployRole && service(e.value, "cloudformation") ||
			x.kind == buildRole && service(e.value, "codebuild") ||
			x.kind == actionRole && service(e.value, "codepipeline")):
			return true
		case x.kind != actionRole:
		case e.kind == entryAccount && accountOf(e.value) == x.pipe.Account:
			return true
		case e.kind == entryRole && s.est.Role(e.value) != nil && s.est.Role(e.value) == x.pipe.role:
			return true
		case e.kind == entryRole && e.value == x.pipe.RoleARN:
			return true
		case (e.kind == entryRole || e.kind == entryAccount) && slices.Contains(s.presumed[r.Role], x):
			return true // who that is to this role, its account would say
		case e.kind == entryAccount && !estate.Known(accountOf(e.value)):
			return true
		}
	}
	return e.kind == entryRole && e.value == r.ARN
}

// narrowed reports whether an entry lets in only the roles of the pipelines, by
// a condition on who is calling: a stranger of the account is not let in.
func (s *scan) narrowed(r *estate.Role, e entry) bool {
	if e.kind != entryAccount && e.kind != entryAnyone {
		return false
	}
	account := accountOf(e.value)
	if e.kind == entryAnyone {
		account = r.Account
	}
	return !s.letsStrangerIn(r, account)
}

// letsStrangerIn reports whether the trust policy of a role would let in a role
// of an account that nobody has. Conditions that any caller of the account may
// meet, such as an external id or MFA, do not keep it out.
func (s *scan) letsStrangerIn(r *estate.Role, account string) bool {
	stranger := anyARN(partitionOf(r.ARN), "iam", "", account, "role/twokey-probe")
	d, err := s.strangerMay(stranger, r.ARN)
	if err != nil {
		return true
	}
	a := answer{d, nil}
	return a.granted() && !a.hangsOn("aws:principaltag/", "aws:userid", "aws:username", "aws:principalarn", "sts:sourceidentity", "aws:sourceidentity")
}

// strangerMay asks whether a principal with every permission may assume a role.
func (s *scan) strangerMay(who, role string) (iam.Decision, error) {
	q, err := s.est.Question(who, "sts:AssumeRole", role, nil)
	if err != nil {
		return iam.Decision{}, err
	}
	policies := *q.Policies
	policies.Identity, policies.Boundary, policies.SCPs = s.everything, nil, nil
	return iam.Explain(q.Request, &policies), nil
}

// service reports whether a service principal is that of a service, in any region.
func service(principal, name string) bool {
	return principal == name+".amazonaws.com" || strings.HasPrefix(principal, name+".") && strings.HasSuffix(principal, ".amazonaws.com")
}
