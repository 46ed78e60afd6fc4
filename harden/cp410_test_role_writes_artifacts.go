package harden

import (
	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
)

var cp410 = rule{describe("CP-410", "test-role-writes-artifacts", finding.High,
	"A test may overwrite what is deployed",
	"OWASP CICD-SEC-9", "NIST 800-53 SI-7"), checkTestRole}

func checkTestRole(s *scan) {
	for _, r := range s.usedRoles(buildRole) {
		var d *draft
		var what []string
		for _, x := range r.uses {
			st := x.pipe.storeFor(x.act)
			if x.act.Category != "Test" || st == nil || st.Bucket == "" || !estate.Known(st.Bucket) {
				continue
			}
			for _, artifact := range x.pipe.foreignArtifacts(func(a *act) bool { return a.project != nil && s.est.Role(a.project.ServiceRole) == r.Role }) {
				a := s.may(r.ARN, "s3:PutObject", x.pipe.placeARN(st, artifact), nil)
				if !a.granted() {
					continue
				}
				if d == nil {
					d = s.fail(r.subject(), r.Pos, "").
						mend("A test reads artifacts: take s3:PutObject from its role, or give it a prefix of its own.", "")
				}
				what = appendNew(what, estate.Show(artifact))
				d.cite(a, "this statement lets the test put artifact "+estate.Show(artifact))
				d.related(x.act.Pos, x.act.where()+" runs as it")
			}
		}
		if d != nil {
			d.f.Message = estate.Show(r.Name) + ", the role of a test of " + r.uses[0].pipe.title() + ", may overwrite " + listed(what)
			d.keyed(what...)
		}
	}
}
