package harden

import (
	"strings"

	"github.com/twokey/twokey/finding"
)

var cp715 = rule{describe("CP-715", "template-ambiguous", finding.Medium,
	"The template says two things, or names what is not there",
	"NIST 800-53 CM-2"), checkAmbiguous}

func checkAmbiguous(s *scan) {
	byFile := map[string]*draft{}
	for _, p := range s.est.Problems {
		if !ambiguous(p.Message) || p.Pos.File == "" {
			continue
		}
		d := byFile[p.Pos.File]
		if d == nil {
			mend := "Say it once. CloudFormation takes the last of two equal keys and drops the first without a word."
			switch {
			case strings.Contains(p.Message, "Unresolved"):
				mend = "Name something that the template defines."
			case strings.Contains(p.Message, "is not an ARN"):
				mend = "Name the resource by its ARN: !GetAtt RESOURCE.Arn, not !Ref."
			case strings.Contains(p.Message, "an account id has 12"):
				mend = "Write the account's id with all its 12 digits, in quotes: a leading 0 is lost without them."
			}
			d = s.fail(finding.Subject{Type: "template", ID: p.Pos.File}, p.Pos, p.Message).mend(mend, "")
			byFile[p.Pos.File] = d
		}
		d.related(p.Pos, p.Message).keyed(p.Message)
	}
}

// ambiguous reports whether a problem is of the kind that makes a template mean
// something else than it seems to: a key or name that stands twice, or a
// reference to what is not there.
func ambiguous(message string) bool {
	for _, sign := range []string{"stands twice", "declared twice", "both a parameter and a resource", "Unresolved", "an account id has 12", "is not an ARN, and AWS refuses"} {
		if strings.Contains(message, sign) {
			return true
		}
	}
	return false
}
