package harden

import (
	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
)

var cp702 = rule{describe("CP-702", "trail-writable-by-approver", finding.High,
	"Whoever approves may silence the trail",
	"NIST 800-53 AU-9", "NIST 800-53 AU-9(4)", "NIST 800-53 AC-5"), checkTrailWriters}

func checkTrailWriters(s *scan) {
	reports := map[*principal]*draft{}
	can := map[*principal][]string{}
	for _, p := range s.pipelines {
		var suspects []access
		for _, g := range p.gates() {
			suspects = append(suspects, humans(s.approvers(g))...)
		}
		if len(p.gates()) > 0 {
			suspects = append(suspects, humans(s.whoMay("codepipeline:UpdatePipeline", p.ARN, nil))...)
		}
		for _, x := range suspects {
			for _, c := range s.silencers(p, x.principal) {
				a := s.may(x.arn, c.action, c.resource, nil)
				if !a.granted() {
					continue
				}
				d := reports[x.principal]
				if d == nil {
					d = s.fail(subject(x.meta(), x.role0()), x.pos(), "").
						mend("Keep the trail and its bucket in an account that nobody who approves or changes pipelines can write to.", "")
					reports[x.principal] = d
				}
				can[x.principal] = appendNew(can[x.principal], c.action)
				d.cite(a, "this statement allows "+c.action)
				d.f.Message = x.name() + " answers or changes " + p.title() + " and may silence the trail that says so: " + listed(can[x.principal])
			}
		}
	}
	for x, d := range reports {
		d.keyed(can[x]...)
	}
}

// role0 is the name of a principal.
func (p *principal) role0() estate.Text {
	if p.user != nil {
		return p.user.Name
	}
	return p.role.Name
}

// silencers are the calls by which a principal could silence the trail of a
// pipeline's account: on the trails that the estate has, or, where it has none,
// on any.
func (s *scan) silencers(p *pipe, who *principal) []breaker {
	var out []breaker
	on := func(trail string) {
		for _, action := range []string{"cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "cloudtrail:PutEventSelectors", "cloudtrail:UpdateTrail"} {
			out = append(out, breaker{action, trail})
		}
	}
	found := false
	for _, t := range s.est.Others["AWS::CloudTrail::Trail"] {
		trail := t.ARN
		if trail == "" {
			trail = anyARN(partitionOf(p.ARN), "cloudtrail", regionOf(&t.Meta), t.Account, "trail/"+t.Name)
		}
		if t.Account == who.meta().Account {
			found = true
			on(trail)
		}
		if b := s.est.Bucket(textOf(t.Props.Get("S3BucketName"))); b != nil {
			found = true
			out = append(out, breaker{"s3:PutBucketPolicy", b.ARN}, breaker{"s3:DeleteObject", b.ARN + "/AWSLogs/twokey-probe"})
		}
	}
	if !found && who.meta().Account == p.Account {
		on(anyARN(partitionOf(p.ARN), "cloudtrail", regionOf(&p.Meta), p.Account, "trail/twokey-probe"))
	}
	return out
}
