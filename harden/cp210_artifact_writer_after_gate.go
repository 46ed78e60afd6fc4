package harden

import (
	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
)

var cp210 = rule{describe("CP-210", "artifact-writer-after-gate", finding.Critical,
	"Somebody else than its maker may overwrite an artifact after the gate",
	"OWASP CICD-SEC-9", "NIST 800-53 SI-7", "NIST 800-53 CM-14"), checkArtifactWriters}

func checkArtifactWriters(s *scan) {
	for _, p := range s.pipelines {
		for _, c := range p.acts {
			st := p.storeFor(c)
			if !c.prod || !c.reads() || len(p.gatesBefore(c)) == 0 || st == nil {
				continue
			}
			if st.Bucket == "" || !estate.Known(st.Bucket) {
				s.miss("what is kept in the artifact store of "+p.title(), "its bucket could not be resolved", st.Pos)
				continue
			}
			var d *draft
			var who []string
			for _, artifact := range c.Inputs {
				made := p.producer(artifact)
				if made == nil {
					continue
				}
				for _, x := range s.whoMay("s3:PutObject", p.placeARN(st, artifact), nil) {
					if s.makes(made, x.principal) || !s.mayEncrypt(st, x.principal) {
						continue
					}
					if d == nil {
						d = s.fail(c.subject(), c.Pos, "").
							mend("Let only the role of "+made.where()+" put that artifact, and deny it to everyone else in the bucket's policy; or make the change set before the gate and carry it out after.", writerPatch(s, p, st, made, artifact))
					}
					who = appendNew(who, x.name())
					d.cite(x.answer, "this statement allows "+x.name()+" to put artifact "+estate.Show(artifact))
				}
			}
			if d != nil {
				d.f.Message = "what " + c.where() + " deploys after the gate can be overwritten by " + listed(who) + ", though " + p.producer(c.Inputs[0]).where() + " makes it"
				d.keyed(who...)
			}
		}
	}
}

// makes reports whether a principal is the one that makes an action's artifacts:
// the role of its builds, or the role that it runs as. The pipeline's own role
// moves artifacts for its actions, and only CodePipeline acts as it.
func (s *scan) makes(a *act, p *principal) bool {
	if p.role == nil {
		return false
	}
	if p.role == a.pipe.role || p.role == s.est.Role(a.runner) {
		return true
	}
	return a.project != nil && p.role == s.est.Role(a.project.ServiceRole)
}

// mayEncrypt reports whether a principal may use the key of a store to write, as
// far as the key is known.
func (s *scan) mayEncrypt(st *store, p *principal) bool {
	if st.keyARN == "" {
		return true
	}
	a := s.may(p.arn, "kms:GenerateDataKey", st.keyARN, nil)
	return a.granted() || a.unclear()
}

func writerPatch(s *scan, p *pipe, st *store, made *act, artifact estate.Text) string {
	maker := made.runner
	if made.project != nil {
		maker = made.project.ServiceRole
	}
	return `
- Effect: Deny
  Principal: "*"
  Action: s3:PutObject
  Resource: arn:` + partitionOf(p.ARN) + `:s3:::` + st.Bucket + `/` + cut(p.Name, 20) + `/` + cut(artifact, 10) + `/*
  Condition:
    ArnNotEquals:
      aws:PrincipalArn: ` + maker + `
`
}
