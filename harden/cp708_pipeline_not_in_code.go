package harden

import (
	"strings"

	"github.com/twokey/twokey/finding"
)

var cp708 = rule{fromLive(describe("CP-708", "pipeline-not-in-code", finding.Medium,
	"The pipeline was made by hand",
	"NIST 800-53 CM-2", "NIST 800-53 CM-3", "CIS Software Supply Chain 2.3.1")), checkInCode}

func checkInCode(s *scan) {
	for _, p := range s.pipelines {
		if !p.live() || p.Props.Get("Tags").IsUnknown() {
			continue
		}
		managed := false
		for _, t := range p.Props.Get("Tags").Elements() {
			key := strings.ToLower(textOf(t.Get("Key")))
			managed = managed || key == "aws:cloudformation:stack-id" || strings.Contains(key, "terraform") || strings.Contains(key, "managed-by") || strings.Contains(key, "managedby")
		}
		if !managed {
			s.fail(p.subject(), p.Pos, p.title()+" belongs to no stack: whoever changed it last is in no history").
				mend("Write the pipeline as a template, import it into a stack, and review changes to it as you review code.", "aws codepipeline get-pipeline --name "+p.Name+"\n")
		}
	}
}

// live reports whether the pipeline was read from an account.
func (p *pipe) live() bool { return fromAccount(&p.Meta) }
