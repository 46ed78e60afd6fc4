package harden

import (
	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
)

var cp505 = rule{describe("CP-505", "pusher-can-approve", finding.High,
	"Whoever writes the change may approve it",
	"OWASP CICD-SEC-1", "NIST 800-53 AC-5"), checkPusherApproves}

func checkPusherApproves(s *scan) {
	for _, p := range s.pipelines {
		s.whole(p)
		var pushers []access
		var from *act
		for _, a := range p.acts {
			if repo, branch, ok := p.codeCommit(a); ok {
				for _, w := range s.branchWriters(repo, branch) {
					pushers = append(pushers, w.access)
				}
				from = a
			}
			if name, key := a.ConfigText("S3Bucket"), a.ConfigText("S3ObjectKey"); a.Category == "Source" && a.Provider == "S3" && name != "" && key != "" && estate.Known(name+key) {
				pushers = append(pushers, s.whoMay("s3:PutObject", "arn:"+partitionOf(p.ARN)+":s3:::"+name+"/"+key, nil)...)
				from = a
			}
		}
		if from == nil {
			continue
		}
		authors := s.people(humans(pushers))
		for _, a := range p.prod {
			native, governed := s.nativeGates(a)
			if len(native) == 0 || governed > 0 {
				continue
			}
			alone := common(authors, s.soloApprovers(native))
			if len(alone) == 0 {
				continue
			}
			last := native[len(native)-1]
			d := s.fail(p.subject(), last.Pos, listed(alone)+" may both write to the source of "+p.title()+" and answer "+last.where()).keyed(alone...).
				related(from.Pos, "the source").
				mend("Take codepipeline:PutApprovalResult from people who write to the source.", "")
			for _, x := range humans(pushers) {
				if len(common(s.peopleOf(x.principal), alone)) > 0 {
					d.cite(x.answer, "this statement lets "+x.name()+" write to the source")
				}
			}
			for _, x := range humans(s.approvers(last)) {
				if len(common(s.peopleOf(x.principal), alone)) > 0 {
					d.citeApprovers([]access{x}, last)
				}
			}
			break
		}
	}
}
