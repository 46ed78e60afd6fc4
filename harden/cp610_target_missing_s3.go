package harden

import (
	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
)

var cp610 = rule{describe("CP-610", "target-missing-s3", finding.Medium,
	"An action cannot read its artifact",
	"NIST 800-53 AC-3"), checkTargetS3}

func checkTargetS3(s *scan) {
	for _, p := range s.pipelines {
		for _, a := range p.acts {
			st := p.storeFor(a)
			if st == nil || st.bucket == nil || st.bucket.Missing && st.bucket.Policy == nil || !estate.Known(p.Name) {
				continue
			}
			for _, n := range a.needs("s3:GetObject", "s3:PutObject") {
				r := s.est.Role(n.role)
				if r == nil || r.Missing {
					continue
				}
				artifacts := a.Inputs
				if n.action == "s3:PutObject" {
					artifacts = a.Outputs
				}
				object := p.objectARN(st, artifacts[0])
				ans := s.may(r.ARN, n.action, object, nil)
				if ans.err != nil || ans.granted() || ans.unclear() {
					continue
				}
				d := s.fail(a.subject(), a.Pos, a.where()+" will fail: "+estate.Show(r.Name)+" may not "+n.action+" on artifact "+estate.Show(artifacts[0])).keyed(n.action, n.role).
					related(r.Pos, "the role").related(st.bucket.Pos, "the bucket").
					mend("Allow it in the role's policy, and for a role of another account in the bucket's as well.", "")
				citeMissing(d, ans)
				break
			}
		}
	}
}
