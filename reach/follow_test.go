package reach_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/reach"
)

// templates marks the accounts as known from templates alone.
func templates(e *estate.Estate) *estate.Estate {
	for _, a := range e.Accounts {
		a.FromTemplates = true
	}
	return e
}

// TestFollowing tries the rows behind which nobody's permission stands: an estate
// in which each is used, and one that differs in one thing, in which it is not.
func TestFollowing(t *testing.T) {
	t.Parallel()
	dev := func(e *estate.Estate) *estate.Estate { return people(e, user(tools, "a", pushes())) }
	commands := func(on bool) *estate.Estate {
		e := gated(1)
		// Both roles lead somewhere: the build's as the pipeline's.
		e.Roles[1] = role(tools, "build", trusts("codebuild.amazonaws.com"), allow("codepipeline:UpdatePipeline", "*"))
		if on {
			b := build()
			b.Category, b.Provider, b.Config = "Compute", "Commands", nil
			e.Pipelines[0].Stages[1].Actions[0] = b
		}
		return dev(e)
	}
	entered := func(trust string) *estate.Estate {
		e := templates(gated(1))
		e.Roles = append(e.Roles, key(trust))
		return e
	}
	saml := `{"Effect":"Allow","Action":"sts:AssumeRoleWithSAML","Principal":{"Federated":"arn:aws:iam::` + tools + `:saml-provider/corp"}}`
	selfAnswer := func(statements ...string) *estate.Estate {
		e := templates(gated(1))
		e.Roles[0] = role(tools, "pipeline", trusts("codepipeline.amazonaws.com"), append(statements, allow("sts:AssumeRole", roleARN(prod, "deploy")))...)
		return e
	}
	gitHub := func(provider string) *estate.Estate {
		e := gated(1)
		a := source()
		if provider != "" {
			a.Provider = provider
			a.Config = config("ConnectionArn", "arn:aws:codestar-connections:"+region+":"+tools+":connection/c", "FullRepositoryId", "corp/shop", "BranchName", "main")
		}
		e.Pipelines[0].Stages[0].Actions[0] = a
		return dev(e)
	}
	governed := func(on bool) *estate.Estate {
		e := dev(gated(1))
		if on {
			e.Gates = []estate.GateRule{{Approvals: 1}}
		}
		return e
	}
	bucket := func(account string) *estate.Estate {
		e := gated(1)
		statement := strings.Replace(allow("s3:PutObject", objects), `{"Effect"`, `{"Principal":{"AWS":"arn:aws:iam::`+account+`:root"},"Effect"`, 1)
		e.Buckets[0].Policy = &inline("bucket", []string{statement})[0]
		return e
	}
	tested := func(on bool) *estate.Estate {
		a := deployment(1)
		a.RoleARN = ""
		a.Config = config("ActionMode", "CREATE_UPDATE", "StackName", "test", "TemplatePath", "Out::t.yaml", "RoleArn", roleARN(tools, "key"))
		e := shop(stage("Test", a), stage("Approve1", approval("Gate", 1)), stage("Deploy", deployment(1)))
		if on {
			e.Roles = append(e.Roles, maker(trusts("cloudformation.amazonaws.com")))
		}
		return dev(e)
	}
	for id, c := range map[string]struct{ with, without func() *estate.Estate }{
		"repository-build":    {func() *estate.Estate { return commands(false) }, func() *estate.Estate { return commands(true) }},
		"repository-commands": {func() *estate.Estate { return commands(true) }, func() *estate.Estate { return commands(false) }},
		"repository-template": {func() *estate.Estate { return tested(true) }, nil},
		"G1-governed":         {func() *estate.Estate { return governed(true) }, func() *estate.Estate { return governed(false) }},
		"S6":                  {func() *estate.Estate { return gitHub("CodeStarSourceConnection") }, func() *estate.Estate { return gitHub("") }},
		"external-source":     {func() *estate.Estate { return templates(gated(1)) }, func() *estate.Estate { return dev(templates(gated(1))) }},
		"external-approver": {func() *estate.Estate { return templates(gated(1)) }, func() *estate.Estate {
			return people(templates(gated(1)), user(tools, "b", approves(1)))
		}},
		"D4":             {func() *estate.Estate { return selfAnswer(approves(1)) }, func() *estate.Estate { return selfAnswer() }},
		"sts-001-unseen": {func() *estate.Estate { return entered(trusts(toolsRoot)) }, func() *estate.Estate { return entered(trusts(roleARN(tools, "build"))) }},
		"sign-in":        {func() *estate.Estate { return entered(saml) }, func() *estate.Estate { return entered(noEntry) }},
		"A1-unseen":      {func() *estate.Estate { return bucket("999999999999") }, func() *estate.Estate { return bucket(prod) }},
		"D5-role":        {func() *estate.Estate { return dev(gated(1)) }, nil},
		"D5-stack":       {func() *estate.Estate { return dev(gated(1)) }, nil},
		"D5-account":     {func() *estate.Estate { return dev(gated(1)) }, nil},
		"flow":           {func() *estate.Estate { return dev(gated(1)) }, nil},
		"deploy":         {func() *estate.Estate { return dev(gated(1)) }, nil},
	} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			if len(reach.Instances(c.with(), id)) == 0 {
				t.Error("not used where it can be")
			}
			if c.without != nil && len(reach.Instances(c.without(), id)) > 0 {
				t.Error("used where it cannot be")
			}
		})
	}
	// Every followed row is tried here, in TestTechniques, or is made of others.
	tried := []string{"repository-build", "repository-commands", "repository-template", "G1-governed", "S6", "external-source", "external-approver", "D4",
		"sts-001-unseen", "sign-in", "A1-unseen", "D5-role", "D5-stack", "D5-account", "flow", "deploy"}
	for _, row := range reach.Techniques() {
		if row.Followed && len(row.Composed) == 0 && len(row.Needs) == 0 && !slices.Contains(tried, row.ID) {
			t.Errorf("%s is not tried", row.ID)
		}
	}
}

// TestComposed tries the paths that are made of others, each with its own
// permissions and no more: with all of them one person is enough, and without any
// one of them is not.
func TestComposed(t *testing.T) {
	t.Parallel()
	keyRole := func() *estate.Role { return role(tools, "key", trusts(toolsRoot)) }
	noTrust := func() *estate.Role { return role(tools, "key", noEntry) }
	managed := func(trust string) func() *estate.Role {
		return func() *estate.Role {
			r := role(tools, "key", trust)
			r.Policies = []estate.Policy{attached("key-policy", allow("s3:ListAllMyBuckets", "*"))}
			return r
		}
	}
	other := changed(func(e *estate.Estate, _ *estate.User) {
		y := user(tools, "y")
		people(e, y)
		e.BreakGlass = []string{y.ARN}
	})
	deployer := inTools(func(e *estate.Estate) {
		e.Roles[2].Trust = doc("trust-deploy.json", trusts(toolsRoot, roleARN(tools, "pipeline")))
	})
	for id, c := range map[string]struct {
		actions []string
		estate  setting
	}{
		"iam-014": {[]string{"iam:AttachRolePolicy", "sts:AssumeRole"}, withRole(keyRole)},
		"iam-015": {[]string{"iam:AttachUserPolicy", "iam:CreateAccessKey"}, onlyOn(userARN(tools, "y"), other)},
		"iam-016": {[]string{"iam:CreatePolicyVersion", "sts:AssumeRole"}, withRole(managed(trusts(toolsRoot)))},
		"iam-017": {[]string{"iam:PutRolePolicy", "sts:AssumeRole"}, withRole(keyRole)},
		"iam-018": {[]string{"iam:PutUserPolicy", "iam:CreateAccessKey"}, onlyOn(userARN(tools, "y"), other)},
		"iam-019": {[]string{"iam:AttachRolePolicy", "iam:UpdateAssumeRolePolicy"}, onlyOn(roleARN(tools, "key"), withRole(noTrust))},
		"iam-020": {[]string{"iam:CreatePolicyVersion", "iam:UpdateAssumeRolePolicy"}, onlyOn(roleARN(tools, "key")+" arn:aws:iam::"+tools+":policy/key-policy", withRole(managed(noEntry)))},
		"iam-021": {[]string{"iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy"}, onlyOn(roleARN(tools, "key"), withRole(noTrust))},
		"D1":      {[]string{"sts:AssumeRole"}, deployer},
		"G2":      {[]string{"codecommit:GitPush", "codepipeline:PutApprovalResult"}, changed(nothing)},
		"G4":      {[]string{"codecommit:GitPush", "iam:AddUserToGroup"}, changed(approvers)},
		"B2":      {[]string{"codebuild:StartBuild"}, onProject},
	} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			number := func(actions []string) int {
				return only(t, reach.Analyze(c.estate(allow(strings.Join(append(actions, "sts:GetCallerIdentity"), " "), "*")), reach.Options{MaxWays: 1})).PeopleToProduction
			}
			if n := number(slices.Clone(c.actions)); n != 1 {
				t.Errorf("with %v it takes %d people, want 1", c.actions, n)
			}
			for i := range c.actions {
				if n := number(slices.Delete(slices.Clone(c.actions), i, i+1)); n == 1 {
					t.Errorf("without %s it takes 1 person all the same", c.actions[i])
				}
			}
		})
	}
}

func approvers(e *estate.Estate, _ *estate.User) {
	e.Groups = []*estate.Group{group(tools, "approvers", approves(1))}
}

func inTools(change func(*estate.Estate)) setting {
	return changed(func(e *estate.Estate, _ *estate.User) { change(e) })
}

// onlyOn narrows x's statements to some resources.
func onlyOn(arns string, s setting) setting {
	return func(x ...string) *estate.Estate {
		narrow := make([]string, len(x))
		for i := range x {
			narrow[i] = strings.Replace(x[i], `["*"]`, quoted(arns), 1)
		}
		return s(narrow...)
	}
}
