package harden

import (
	"github.com/twokey/twokey/finding"
)

var cp401 = rule{graded(describe("CP-401", "build-privileged", finding.High,
	"Builds run in privileged mode",
	"OWASP CICD-SEC-7", "Security Hub CodeBuild.5", "Checkov CKV_AWS_316"),
	"medium unless the build's role reaches production, IAM or the artifact key"), checkPrivileged}

func checkPrivileged(s *scan) {
	for _, b := range s.builds() {
		n := b.Props.Path("Environment", "PrivilegedMode")
		on, _, known := flag(n)
		switch {
		case !known:
			s.unknown(b.subject(), posOf(n, b.Pos), "whether "+b.title()+" runs privileged could not be resolved").severity(finding.Medium).mend("Set it in the template.", "PrivilegedMode: false\n")
		case on:
			d := s.fail(b.subject(), posOf(n, b.Pos), b.title()+" runs privileged: what it builds has root on the machine below its container").severity(finding.Medium).
				mend("Turn privileged mode off. To build container images without it, use a rootless builder.", "PrivilegedMode: false\n")
			if r := s.reaches(b, false); len(r) > 0 {
				d.severity(finding.High).cite(r[0].answer, "and its role may "+r[0].what)
			}
		}
	}
}
