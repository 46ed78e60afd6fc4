package harden

import (
	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
)

var cp612 = rule{graded(describe("CP-612", "env-not-separated", finding.High,
	"Production is not kept apart from the other environments",
	"NIST 800-53 AC-4", "NIST 800-53 SC-3"),
	"medium where the accounts differ and the roles are the same but for the account"), checkEnvironments}

func checkEnvironments(s *scan) {
	for _, p := range s.pipelines {
		var prod, other []*act
		for _, a := range p.acts {
			switch {
			case !a.deploys():
			case !estate.Known(a.account) || a.account == "":
				s.miss("the account of "+a.where(), "it could not be resolved", a.Pos)
			case a.prod:
				prod = append(prod, a)
			default:
				other = append(other, a)
			}
		}
		if d := s.sameAccount(p, prod, other); d == nil {
			s.sameRoles(p, prod, other)
		}
	}
}

// named names an account in a message, unless its id was made up.
func (s *scan) named(account string) string {
	if a := s.est.Account(account); a != nil && a.StandIn {
		return ""
	}
	return ", " + account
}

func (s *scan) sameAccount(p *pipe, prod, other []*act) *draft {
	var d *draft
	for _, a := range prod {
		for _, b := range other {
			if a.account != b.account {
				continue
			}
			if d == nil {
				d = s.fail(p.subject(), a.Pos, p.title()+" deploys production and other environments into one account"+s.named(a.account)).keyed(a.account).
					mend("Give production an account of its own.", "")
			}
			d.related(b.Pos, b.where()+" deploys into the account of production")
		}
	}
	return d
}

// sameRoles reports roles of production that have the name, the template and the
// pipeline of a role of another environment: whatever is widened for one is
// widened for the other.
func (s *scan) sameRoles(p *pipe, prod, other []*act) {
	var d *draft
	var names []string
	for _, a := range prod {
		for _, b := range other {
			for _, pair := range [][2]estate.Text{{a.RoleARN, b.RoleARN}, {a.deployRole, b.deployRole}} {
				x, y := s.est.Role(pair[0]), s.est.Role(pair[1])
				if x == nil || y == nil || x == y || x.Missing || y.Missing || x.Name != y.Name || x.Pos != y.Pos {
					continue
				}
				if d == nil {
					d = s.fail(p.subject(), x.Pos, "").severity(finding.Medium).confidence("medium").
						mend("Give production roles of its own, by name and by template, so that a right that a test environment needs does not reach it.", "")
				}
				names = appendNew(names, estate.Show(x.Name))
				d.related(x.Pos, estate.Show(x.Name)+" is made by this template in accounts "+x.Account+" and "+y.Account)
			}
		}
	}
	if d != nil {
		d.f.Message = p.title() + " deploys production with roles that are the same in other environments: " + listed(names)
		d.keyed(names...)
	}
}
