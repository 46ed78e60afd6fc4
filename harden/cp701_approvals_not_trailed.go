package harden

import (
	"slices"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
)

var cp701 = rule{describe("CP-701", "approvals-not-trailed", finding.High,
	"No trail keeps who approved what",
	"OWASP CICD-SEC-10", "NIST 800-53 AU-2", "NIST 800-53 AU-12", "Security Hub CloudTrail.1", "Security Hub CloudTrail.4"), checkTrail}

func checkTrail(s *scan) {
	seen := map[string]bool{}
	for _, p := range s.pipelines {
		if len(p.gates()) == 0 || seen[p.Account] {
			continue
		}
		seen[p.Account] = true
		var trails []*estate.Simple
		for _, t := range s.est.Others["AWS::CloudTrail::Trail"] {
			if org, _, _ := flag(t.Props.Get("IsOrganizationTrail")); org || t.Account == p.Account {
				trails = append(trails, t)
			}
		}
		switch {
		case len(trails) == 0 && s.live:
			s.fail(finding.Subject{Type: "AWS::Account", ID: p.Account, Account: p.Account}, p.Pos, "account "+p.Account+" has no trail: nothing keeps who answered the gates of "+p.title()).
				mend("Make a trail of all regions, with log file validation, into a bucket of another account.", trailPatch)
		case len(trails) == 0:
			s.miss("trail of account "+p.Account, "nothing in the estate defines one; a trail of the organization is often kept elsewhere", p.Pos)
		case !slices.ContainsFunc(trails, func(t *estate.Simple) bool { return len(trailFaults(t)) == 0 }):
			t := trails[0]
			faults := trailFaults(t)
			s.fail(subject(&t.Meta, t.Name), t.Pos, "trail "+estate.Show(t.Name)+", which keeps who answered the gates of "+p.title()+", "+listed(faults)).keyed(faults...).
				mend("Let the trail log management events of all regions and validate its files.", trailPatch)
		}
	}
}

// trailFaults says what a trail lacks.
func trailFaults(t *estate.Simple) []string {
	var out []string
	if on, _, known := flag(t.Props.Get("IsMultiRegionTrail")); known && !on {
		out = append(out, "is of one region")
	}
	if on, _, known := flag(t.Props.Get("EnableLogFileValidation")); known && !on {
		out = append(out, "does not validate its files")
	}
	if on, given, known := flag(t.Props.Get("IsLogging")); known && given && !on {
		out = append(out, "does not log")
	}
	selectors := t.Props.Get("EventSelectors").Elements()
	keeps := len(selectors) == 0
	for _, e := range selectors {
		on, given, _ := flag(e.Get("IncludeManagementEvents"))
		kind := textOf(e.Get("ReadWriteType"))
		keeps = keeps || (on || !given) && kind != "ReadOnly"
	}
	if !keeps {
		out = append(out, "leaves management events out")
	}
	return out
}

const trailPatch = `
IsLogging: true
IsMultiRegionTrail: true
EnableLogFileValidation: true
`
