package report_test

import (
	"fmt"
	"strings"

	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/report"
)

const (
	tools = "111111111111"
	test  = "222222222222"
	prod  = "333333333333"
)

func at(file string, line int) finding.Location {
	return finding.Location{File: file, Line: line, Column: 3}
}

func role(account, name string) string { return "arn:aws:iam::" + account + ":role/" + name }

// storefront is a pipeline as teams have it: five stages over three accounts, a
// native gate, and one person who can go around it.
func storefront() *finding.Scan {
	run := func(name, provider string, order int, account, roleName string) finding.Action {
		return finding.Action{Name: name, Category: "Deploy", Provider: provider, RunOrder: order, Account: account,
			Role: role(account, roleName), Location: at("pipeline.yaml", 60+order)}
	}
	source := finding.Action{Name: "Source", Category: "Source", Provider: "CodeCommit", RunOrder: 1, Account: tools,
		Role: role(tools, "storefront-pipeline"), Location: at("pipeline.yaml", 44)}
	build := finding.Action{Name: "Build", Category: "Build", Provider: "CodeBuild", RunOrder: 1, Account: tools,
		Role: role(tools, "storefront-pipeline"), DeployRole: role(tools, "storefront-build"), Location: at("pipeline.yaml", 57)}
	gate := finding.Action{Name: "ApproveProd", Category: "Approval", Provider: "Manual", RunOrder: 1, Account: tools,
		Gate: 1, GovernedBy: "native", Location: at("pipeline.yaml", 79)}
	changeSet := run("CreateChangeSet", "CloudFormation", 1, prod, "prod-crossaccount")
	changeSet.DeployRole = role(prod, "prod-deployer")
	execute := run("ExecuteChangeSet", "CloudFormation", 2, prod, "prod-crossaccount")
	execute.DeployRole, execute.Production = role(prod, "prod-deployer"), true
	deployTest := run("DeployTest", "CloudFormation", 1, test, "test-crossaccount")
	deployTest.DeployRole = role(test, "test-deployer")

	bucket := "arn:aws:s3:::storefront-artifacts"
	key := "arn:aws:kms:us-east-1:" + tools + ":key/6f1c"
	return &finding.Scan{
		Schema:   report.Schema,
		Estate:   finding.Counts{Accounts: 4, Principals: 11, Pipelines: 1, People: 3},
		Accounts: []finding.Account{{ID: tools, Name: "tools"}, {ID: test, Name: "test"}, {ID: prod, Name: "prod", Production: true}},
		Pipelines: []finding.Pipeline{{
			Name: "storefront", ARN: "arn:aws:codepipeline:us-east-1:" + tools + ":storefront",
			Account: tools, AccountName: "tools", Region: "us-east-1", Location: at("pipeline.yaml", 30),
			PeopleToProduction: 1, Want: 2, Production: []string{"DeployProd/ExecuteChangeSet"},
			Stages: []finding.Stage{
				{Name: "Source", Actions: []finding.Action{source}},
				{Name: "Build", Actions: []finding.Action{build}},
				{Name: "DeployTest", Actions: []finding.Action{deployTest}},
				{Name: "ApproveProd", Actions: []finding.Action{gate}},
				{Name: "DeployProd", Actions: []finding.Action{changeSet, execute}},
			},
			Ways: []finding.Way{
				{
					People: []string{"anyone who can push to CodeCommit dev/storefront"},
					Title:  "push a buildspec that assumes the production deployer",
					Steps: []finding.Step{
						{Technique: "push-source", Principal: role(tools, "developer"), Action: "codecommit:GitPush",
							Resource: "arn:aws:codecommit:us-east-1:" + tools + ":storefront", Gains: "push to storefront@main",
							Because: []finding.Because{{Policy: "developer/repository", Statement: 0, Location: at("roles.yaml", 41)}}, At: "Source/Source"},
						{Technique: "build-runs-source", Principal: role(tools, "storefront-build"),
							Gains: "Build runs buildspec.yml from that commit as role storefront-build", At: "Build/Build"},
						{Technique: "assume-role", Principal: role(tools, "storefront-build"), Action: "sts:AssumeRole",
							Resource: role(prod, "prod-deployer"), Gains: "storefront-build may assume prod-deployer",
							Because: []finding.Because{{Policy: "storefront-build/assume", Statement: 2, Location: at("pipeline.yaml", 88)}}},
						{Technique: "update-stack", Principal: role(prod, "prod-deployer"), Action: "cloudformation:UpdateStack",
							Resource: "arn:aws:cloudformation:us-east-1:" + prod + ":stack/storefront-prod/*",
							Gains:    "prod-deployer may update stack storefront-prod",
							Because:  []finding.Because{{Policy: "prod-deployer/deploy", Statement: 0, Location: at("deployer.yaml", 30)}},
							At:       "DeployProd/ExecuteChangeSet"},
					},
					Mend:         "remove sts:AssumeRole on prod-deployer from storefront-build",
					MendLocation: at("pipeline.yaml", 88), Fingerprint: "way0a1b2c3d4e5f60718293a4b5c6d7e8f9",
				},
				{
					People: []string{"one person who can both push to CodeCommit dev/storefront and approve ApproveProd"},
					Title:  "write the change and answer its gate",
					Steps: []finding.Step{
						{Technique: "push-source", Principal: role(tools, "developer"), Action: "codecommit:GitPush",
							Gains: "push to storefront@main", At: "Source/Source",
							Because: []finding.Because{{Policy: "developer/repository", Location: at("roles.yaml", 41)}}},
						{Technique: "answer-gate", Principal: role(tools, "release"), Action: "codepipeline:PutApprovalResult",
							Gains: "approve ApproveProd, because nothing keeps the two roles apart", At: "ApproveProd/ApproveProd",
							Because: []finding.Because{{Policy: "release/approve", Location: at("roles.yaml", 63)}}, If: []string{"the role is entered from network 10.0.0.0/8"}},
					},
					Mend: "let Twokey govern the gate ApproveProd with 2 people", MendLocation: at("pipeline.yaml", 79),
					Assumes: []string{"one person may hold both developer and release"}, Fingerprint: "way1f1e2d3c4b5a69788796a5b4c3d2e1f0",
				},
			},
			BreakGlass: []string{role(prod, "break-glass")},
			Buckets:    []finding.Bucket{{Name: "storefront-artifacts", ARN: bucket, Account: tools, Region: "us-east-1", Key: key, Location: at("pre-reqs.yaml", 78)}},
			Keys:       []finding.Key{{Name: "storefront-key", ARN: key, Account: tools, Location: at("pre-reqs.yaml", 12)}},
			People: []finding.Person{
				{Name: "alice", Named: true, Touches: []finding.Touch{{At: "Source/Source", Does: "pushes to main"}, {At: "ApproveProd/ApproveProd", Does: "answers the gate"}}},
				{Name: "bob", Named: true, Touches: []finding.Touch{{At: "ApproveProd/ApproveProd", Does: "answers the gate"}}},
				{Name: "anyone who can enter role developer", Touches: []finding.Touch{{At: "Source/Source", Does: "pushes to main"}}},
			},
		}},
		Findings: []finding.Finding{
			{Rule: "CP-203", Name: "artifact-bucket-versioning-off", Severity: finding.Medium, Confidence: "high", Status: finding.StatusFail,
				Subject:  finding.Subject{Type: "AWS::S3::Bucket", ID: "ArtifactBucket", Account: tools, Stack: "pre-reqs"},
				Location: at("pre-reqs.yaml", 78), Message: "the artifact bucket keeps no versions", Remediation: "set VersioningConfiguration to Enabled",
				Patch: "VersioningConfiguration:\n  Status: Enabled\n", Controls: []string{"OWASP CICD-SEC-9", "NIST SI-7"}, Fingerprint: "b203aa00112233445566778899aabbcc"},
			{Rule: "CP-502", Name: "approval-unscoped", Severity: finding.High, Confidence: "high", Status: finding.StatusFail,
				Subject:  finding.Subject{Type: "AWS::IAM::Role", ID: "ReleaseRole", Account: tools, Stack: "roles"},
				Location: at("roles.yaml", 63), Message: "PutApprovalResult is granted on every pipeline", Remediation: "name the gate: PIPELINE-ARN/STAGE/ACTION",
				Related:  []finding.Span{{Location: at("roles.yaml", 65), Message: "this resource covers every pipeline of the account"}},
				Evidence: []string{"release may call codepipeline:PutApprovalResult", "its resource is *", "so it may answer each gate of the account"},
				Controls: []string{"NIST AC-5"}, Fingerprint: "a502bb00112233445566778899aabbcc"},
			{Rule: "CP-701", Name: "trail-missing", Severity: finding.Low, Confidence: "low", Status: finding.StatusUnknown,
				Subject: finding.Subject{Type: "AWS::CloudTrail::Trail", ID: "Trail", Account: tools},
				Message: "no trail is among the templates; it may exist elsewhere", Remediation: "scan the live account", Fingerprint: "c701cc00112233445566778899aabbcc"},
			{Rule: "CP-708", Name: "notification-missing", Severity: finding.Low, Confidence: "high", Status: finding.StatusFail,
				Subject:  finding.Subject{Type: "AWS::CodePipeline::Pipeline", ID: "Pipeline", Account: tools, Stack: "pipeline", Part: "ApproveProd/ApproveProd"},
				Location: at("pipeline.yaml", 79), Message: "nobody is told that the gate waits", Remediation: "add a notification rule", Fingerprint: "d708dd00112233445566778899aabbcc",
				Suppressed: &finding.Suppression{Kind: "config", Reason: "the release desk watches the console", Until: "2027-01-31", Location: at("twokey.yaml", 21)}},
		},
		Assumptions: []string{"administrators of the accounts are left out of the count: templates do not say who they are"},
		Coverage: finding.Coverage{
			Read:       []string{"deployer.yaml", "pipeline.yaml", "pre-reqs.yaml", "roles.yaml"},
			Unknown:    []finding.Unknown{{What: "parameter VpcId of stack storefront-prod", Why: "it has no default and twokey.yaml gives no value", Location: at("deployer.yaml", 7)}},
			Unmodelled: map[string]int{"AWS::EC2::Subnet": 4, "AWS::Logs::LogGroup": 2},
		},
	}
}

// rules describes the rules of the scans in these tests.
func rules() []report.RuleInfo {
	return []report.RuleInfo{
		{ID: "CP-203", Name: "artifact-bucket-versioning-off", Short: "The artifact bucket keeps no versions.", Help: "Without versions an artifact can be replaced and nothing shows it.",
			Severity: finding.Medium, HelpURI: "https://example.com/rules/CP-203"},
		{ID: "CP-502", Name: "approval-unscoped", Short: "PutApprovalResult is granted on more gates than one.", Help: "Name the gate in `Resource`.",
			Severity: finding.High, HelpURI: "https://example.com/rules/CP-502"},
	}
}

// large is a scan at the limits of the service: 50 stages, three run orders
// in some, parallel actions in others, 12 accounts, and 200 findings.
func large() *finding.Scan {
	s := &finding.Scan{Schema: report.Schema, Estate: finding.Counts{Accounts: 12, Principals: 480, Pipelines: 2, People: 36}}
	account := func(i int) string { return fmt.Sprintf("%012d", 100000000000+i) }
	for i := range 12 {
		s.Accounts = append(s.Accounts, finding.Account{ID: account(i), Name: []string{"delivery-tools", "shared-security-services", "payments-staging-eu", "prod"}[i%4] + fmt.Sprintf("-%d", i), Production: i%4 == 3})
	}
	p := finding.Pipeline{Name: "payments-platform-continuous-delivery-to-all-regions", ARN: "arn:aws:codepipeline:eu-central-1:" + account(0) + ":payments",
		Account: account(0), AccountName: "delivery-tools-0", Region: "eu-central-1", PeopleToProduction: 2, Want: 2, Production: []string{"Stage-49/DeployRegionalStackSet"},
		Unknown: "two parameters have no value, so that two people are an upper bound",
		Buckets: []finding.Bucket{{Name: "payments-platform-artifacts-eu-central-1-100000000000", ARN: "arn:aws:s3:::b1", Account: account(0)}, {Name: "payments-us", ARN: "arn:aws:s3:::b2", Account: account(1)}},
		Keys:    []finding.Key{{Name: "artifact-key", ARN: "arn:aws:kms:eu-central-1:1:key/a", Account: account(0)}}}
	for i := range 50 {
		st := finding.Stage{Name: fmt.Sprintf("Stage-%02d", i)}
		if i%7 == 0 {
			st.Name += "-with-a-name-as-long-as-people-make-them-when-nobody-looks"
		}
		add := func(name, provider string, order, acct int) *finding.Action {
			st.Actions = append(st.Actions, finding.Action{Name: name, Category: "Deploy", Provider: provider, RunOrder: order, Account: account(acct),
				Role: role(account(acct), "delivery-crossaccount-deployment-role"), Location: at("pipelines/payments.yaml", 100+i*10)})
			return &st.Actions[len(st.Actions)-1]
		}
		switch {
		case i == 0:
			add("Source", "CodeStarSourceConnection", 1, 0)
			add("Config", "S3", 1, 0)
		case i%5 == 4:
			add("CreateChangeSet", "CloudFormation", 1, i%12)
			g := add("Approve", "Manual", 2, 0)
			g.Category, g.Gate, g.GovernedBy, g.Role = "Approval", 2, "twokey", ""
			add("ExecuteChangeSet", "CloudFormation", 3, i%12).Production = i > 40
		case i%5 == 2:
			for r := range 4 {
				add(fmt.Sprintf("DeployRegionalStackSet-%d", r), "CloudFormationStackSet", 1, (i+r)%12)
			}
		default:
			add("IntegrationTests", "CodeBuild", 1, i%12)
		}
		p.Stages = append(p.Stages, st)
	}
	for i := range 14 {
		p.People = append(p.People, finding.Person{Name: fmt.Sprintf("person-%02d", i), Named: true, Touches: []finding.Touch{{At: "Stage-04/Approve", Does: "answers the gate"}}})
	}
	for w := range 9 {
		way := finding.Way{People: []string{fmt.Sprintf("person-%02d", w), fmt.Sprintf("person-%02d", w+1)}, Title: "replace the artifact after the second gate has opened", Mend: "let only the pipeline's role write the artifact bucket",
			MendLocation: at("pipelines/bucket.yaml", 31), Fingerprint: fmt.Sprintf("%032x", w+1)}
		for i, target := range []string{"Stage-00-with-a-name-as-long-as-people-make-them-when-nobody-looks/Source", "Stage-04/Approve", "arn:aws:s3:::b1", "Stage-24/Approve", "Stage-44/ExecuteChangeSet"} {
			way.Steps = append(way.Steps, finding.Step{Technique: "step", Principal: role(account(0), "release-engineer"), Action: "codepipeline:PutApprovalResult",
				Gains: fmt.Sprintf("step %d of the way, told in a sentence that is as long as such sentences are in earnest", i+1), At: target,
				Because: []finding.Because{{Policy: "release-engineer/inline", Statement: i, Location: at("pipelines/roles/release-engineer.yaml", 40+i)}}})
		}
		p.Ways = append(p.Ways, way)
	}
	s.Pipelines = []finding.Pipeline{p, {Name: "website", Account: account(4), Region: "us-east-1", PeopleToProduction: 3, Want: 2, Production: []string{"Deploy/Site"},
		Stages: []finding.Stage{{Name: "Source", Actions: []finding.Action{{Name: "Source", Provider: "GitHub", Category: "Source", RunOrder: 1, Account: account(4)}}},
			{Name: "Deploy", Actions: []finding.Action{{Name: "Site", Provider: "S3", Category: "Deploy", RunOrder: 1, Account: account(7), Production: true}}}}}}
	s.Findings = manyFindings(200)
	s.Assumptions = []string{"two identities of one person are counted once", "an account's root user is not in the count"}
	for i := range 40 {
		s.Coverage.Read = append(s.Coverage.Read, fmt.Sprintf("pipelines/template-%02d.yaml", i))
	}
	s.Coverage.Denied = []finding.Unknown{{What: "codebuild:BatchGetProjects in " + account(2), Why: "AccessDenied for role twokey-reader"}}
	return s
}

func manyFindings(n int) []finding.Finding {
	out := make([]finding.Finding, 0, n)
	for i := range n {
		f := finding.Finding{
			Rule: fmt.Sprintf("CP-%03d", 101+i%37), Name: []string{"pipeline-role-service-wildcard", "trust-missing-source-condition", "bucket-policy-open"}[i%3],
			Severity: finding.Severities()[(i*i+i/3)%5], Confidence: "medium", Status: finding.StatusFail,
			Subject:  finding.Subject{Type: "AWS::IAM::Role", ID: fmt.Sprintf("Role%03d", i), Account: fmt.Sprintf("%012d", 100000000000+i%12), Stack: "roles"},
			Location: at(fmt.Sprintf("pipelines/roles/team-%02d.yaml", i%23), 10+i), Controls: []string{"OWASP CICD-SEC-5"},
			Message:     fmt.Sprintf("the trust policy of Role%03d lets the service act for any pipeline, because it has no aws:SourceArn condition", i),
			Remediation: "add a condition on aws:SourceArn with the ARN of the pipeline", Fingerprint: fmt.Sprintf("%032x", 1000+i),
		}
		switch i % 20 {
		case 7:
			f.Suppressed = &finding.Suppression{Kind: "baseline", Reason: "in the baseline"}
		case 13:
			f.Status = finding.StatusUnknown
		}
		out = append(out, f)
	}
	return out
}

// empty is a scan that found no pipeline.
func empty() *finding.Scan { return &finding.Scan{Schema: report.Schema} }

// evil is a text that breaks each format that does not escape it.
const evil = "\x1b[2J\x1b]0;owned\a</script></title><script>alert(1)</script><img src=x onerror=alert(2)> " +
	"\u202etxt.exe\u2066 | `code` <!-- @octocat #1 [x](javascript:alert(3)) https://evil.example {{.}} \r\nHIGH forged-line \u200b\x00\xff\u009b31m \U000e0041"

// hostile is storefront with evil in every text of it, and a name of 1 MB.
func hostile() *finding.Scan {
	s := storefront()
	p := &s.Pipelines[0]
	for _, t := range []*string{&p.Name, &p.AccountName, &p.Region, &p.Unknown, &p.ARN} {
		*t += evil
	}
	s.Accounts[0].Name += evil
	p.Production[0] += evil
	p.BreakGlass[0] += evil
	for i := range p.Stages {
		p.Stages[i].Name += evil
		for j := range p.Stages[i].Actions {
			a := &p.Stages[i].Actions[j]
			for _, t := range []*string{&a.Name, &a.Provider, &a.Category, &a.Role, &a.DeployRole, &a.Account, &a.GovernedBy, &a.Location.File} {
				*t += evil
			}
		}
	}
	p.Buckets[0].Name += evil
	p.Keys[0].Name += evil
	for i := range p.People {
		p.People[i].Name += evil
		for j := range p.People[i].Touches {
			p.People[i].Touches[j].Does += evil
			p.People[i].Touches[j].At += evil
		}
	}
	for i := range p.Ways {
		w := &p.Ways[i]
		w.People[0] += evil
		for _, t := range []*string{&w.Title, &w.Mend, &w.MendLocation.File, &w.Fingerprint} {
			*t += evil
		}
		for j := range w.Steps {
			st := &w.Steps[j]
			for _, t := range []*string{&st.Technique, &st.Principal, &st.Action, &st.Resource, &st.Gains, &st.At} {
				*t += evil
			}
			for k := range st.Because {
				st.Because[k].Policy += evil
				st.Because[k].Location.File += evil
			}
		}
	}
	for i := range s.Findings {
		f := &s.Findings[i]
		for _, t := range []*string{&f.Rule, &f.Name, &f.Confidence, &f.Subject.Type, &f.Subject.ID, &f.Subject.Account, &f.Subject.Stack,
			&f.Location.File, &f.Message, &f.Remediation, &f.Patch, &f.Fingerprint, &f.Needs} {
			*t += evil
		}
		for j := range f.Controls {
			f.Controls[j] += evil
		}
		for j := range f.Evidence {
			f.Evidence[j] += evil
		}
		if f.Suppressed != nil {
			f.Suppressed.Reason += evil
			f.Suppressed.Kind += evil
		}
	}
	s.Findings[0].Severity = finding.Severity("dire" + evil)
	s.Findings[1].Name = strings.Repeat("A", 1<<20)
	s.Assumptions[0] += evil
	s.Coverage.Unknown[0].What += evil
	s.Coverage.Read[0] += evil
	s.Coverage.Unmodelled = map[string]int{"AWS::X::" + evil: 3}
	return s
}
