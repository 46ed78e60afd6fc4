package harden

import (
	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
)

var cp710 = rule{describe("CP-710", "type-v1", finding.Info,
	"The pipeline is of type V1",
	"NIST 800-53 CM-2"), checkTypeV1}

func checkTypeV1(s *scan) {
	for _, p := range s.pipelines {
		n := p.Props.Get("PipelineType")
		t := textOf(n)
		if n.IsUnknown() || !estate.Known(t) {
			s.miss("the type of "+p.title(), n.Reason, posOf(n, p.Pos))
			continue
		}
		if t == "V2" {
			continue
		}
		s.note(p.subject(), posOf(n, p.Pos), p.title()+" is of type V1, which has no stage conditions, no rollback and no triggers by branch").
			mend("Set the type.", "PipelineType: V2\n")
	}
}
