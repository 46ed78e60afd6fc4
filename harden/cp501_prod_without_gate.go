package harden

import (
	"slices"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
)

var cp501 = rule{graded(describe("CP-501", "prod-without-gate", finding.Critical,
	"Production is deployed without anybody being asked",
	"OWASP CICD-SEC-1", "NIST 800-53 CM-3", "NIST 800-53 AC-5"),
	"high where only its want of any other name makes a deployment production"), checkProdWithoutGate}

func checkProdWithoutGate(s *scan) {
	for _, p := range s.pipelines {
		if p.Incomplete != "" {
			s.unknown(p.subject(), p.Pos, "whether "+p.title()+" asks anybody before production is not known: "+p.Incomplete).mend("Give the scan the whole pipeline.", "")
			continue
		}
		if !p.marked && len(p.gates()) == 0 {
			s.ungated(p)
			continue
		}
		var d *draft
		for _, a := range p.prod {
			if len(p.gatesBefore(a)) > 0 || a.conditioned() || len(p.misplaced(a)) > 0 {
				continue
			}
			if d == nil {
				d = s.fail(p.subject(), a.Pos, "").
					mend("Put a manual approval before the first action that changes production, in an earlier stage or with a lower runOrder.", gatePatch)
			}
			d.related(a.Pos, a.where()+" changes production with no gate before it").keyed(a.where())
		}
		if d != nil {
			d.f.Message = p.title() + " changes production in " + listed(d.key) + " without a gate before it"
		}
	}
}

// ungated reports on a pipeline without any gate that nothing says to deploy
// production. Where a deploy action says by its name that it is for something
// else, or the estate says what production is, that is not known; otherwise the
// last deployment has to be taken for production, as the count of people does.
func (s *scan) ungated(p *pipe) {
	marks := slices.ContainsFunc(s.est.Accounts, func(a *estate.Account) bool { return a.Production })
	var deploys []*act
	elsewhere := marks
	for _, a := range p.acts {
		if !a.deploys() || !a.changes() {
			continue
		}
		deploys = append(deploys, a)
		for _, name := range []estate.Text{a.Name, a.stage.Name, a.ConfigText("StackName"), a.ConfigText("EnvironmentName")} {
			elsewhere = elsewhere || !estate.Known(name) || namedElsewhere(name)
		}
	}
	switch {
	case len(deploys) == 0:
	case elsewhere:
		s.unknown(p.subject(), p.Pos, p.title()+" deploys without a gate, and nothing says whether that is production").
			mend("Mark the production account in twokey.yaml.", "accounts:\n  - {name: prod, id: \"ACCOUNT\", production: true}\n")
	default:
		last := deploys[len(deploys)-1]
		s.fail(p.subject(), last.Pos, p.title()+" deploys in "+last.where()+" without any gate, and nothing says that this is not production").
			severity(finding.High).confidence("medium").keyed(last.where()).
			related(last.Pos, last.where()+" deploys with no gate before it").
			mend("Put a manual approval before it, or mark the production account in twokey.yaml if this is another.", gatePatch)
	}
}

// namedElsewhere reports whether a name says an environment that is not
// production.
func namedElsewhere(name estate.Text) bool {
	return slices.ContainsFunc(words(name), func(w string) bool {
		switch w {
		case "dev", "develop", "development", "test", "testing", "tst", "qa", "uat", "stage", "staging", "stg", "sandbox", "beta", "gamma", "integration", "demo", "preview", "preprod", "nonprod", "ephemeral", "pre", "non":
			return true
		}
		return false
	})
}

// misplaced returns the gates that look as if they guarded an action and do not:
// they run beside it or after it, and guard no other action of production either.
func (p *pipe) misplaced(a *act) []*act {
	var out []*act
	for _, g := range p.gates() {
		guards := slices.ContainsFunc(p.acts, func(c *act) bool { return c.prod && g.before(c) })
		if !g.before(a) && !guards {
			out = append(out, g)
		}
	}
	return out
}

const gatePatch = `
- Name: ApproveProd
  Actions:
    - Name: Approve
      ActionTypeId: {Category: Approval, Owner: AWS, Provider: Manual, Version: "1"}
`
