package harden

import (
	"slices"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/policy"
)

var cp111 = rule{describe("CP-111", "trust-missing-source-condition", finding.Medium,
	"The trust policy lets a service use the role for anyone",
	"OWASP CICD-SEC-2", "NIST 800-53 AC-3", "Prowler iam_role_cross_service_confused_deputy_prevention"), checkTrustSource}

func checkTrustSource(s *scan) {
	for _, r := range s.ownRoles(pipelineRole, buildRole) {
		for _, service := range []string{"codepipeline.amazonaws.com", "codebuild.amazonaws.com"} {
			s.checkTrustOf(r.Role, r.subject(), r.title(), service)
		}
	}
	for _, rule := range s.est.Rules {
		for _, t := range rule.Targets {
			r := s.est.Role(t.RoleARN)
			if r == nil || r.Missing || !s.startsPipeline(t.ARN) {
				continue
			}
			s.checkTrustOf(r, subject(&r.Meta, r.Name), estate.Show(r.Name)+", with which rule "+estate.Show(rule.Name)+" starts a pipeline", "events.amazonaws.com")
		}
	}
}

// checkTrustOf reports a trust policy that lets a service in on behalf of anyone.
func (s *scan) checkTrustOf(r *estate.Role, about finding.Subject, title, service string) {
	stmt, ok := s.confused(r, service)
	if !ok || slices.ContainsFunc(s.drafts, func(d *draft) bool { return d.f.Rule == s.rule.ID && d.f.Subject == about }) {
		return
	}
	s.fail(about, stmt.Pos, title+", trusts "+service+" on behalf of anyone").confidence("medium").keyed(service).
		related(stmt.Pos, "this statement has no condition on aws:SourceArn or aws:SourceAccount").
		mend("Say for which account and resource the service may use the role.", `
Condition:
  StringEquals:
    aws:SourceAccount: "`+r.Account+`"
`)
}

// confused returns the statement by which a service may assume a role on behalf
// of an account that is not the role's own.
func (s *scan) confused(r *estate.Role, service string) (*policy.Statement, bool) {
	stranger := iam.NewContext().UnknownUnlessSet(true).
		Set("aws:SourceAccount", "999999999999").
		Set("aws:SourceArn", "arn:aws:twokey:us-east-1:999999999999:twokey-probe").
		Set("aws:SourceOrgID", "o-twokeyprobe").
		Set("aws:SourceOrgPaths", "o-twokeyprobe/")
	for _, e := range entries(r) {
		if e.kind == entryService && e.value == service && e.stmt.Unknown == "" {
			if s.may(service, "sts:AssumeRole", r.ARN, stranger).granted() {
				return e.stmt, true
			}
		}
	}
	return nil, false
}

// startsPipeline reports whether an ARN is that of a pipeline of the estate.
func (s *scan) startsPipeline(target estate.Text) bool {
	return slices.ContainsFunc(s.pipelines, func(p *pipe) bool { return p.ARN == target })
}
