package reach_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam/policy"
	"github.com/twokey/twokey/reach"
)

func named(name string, groups []string, identities ...string) *estate.Person {
	return &estate.Person{Name: name, Groups: groups, Identities: identities}
}

// assigned gives the permission sets of those who push and of those who approve
// to two principals of Identity Center.
func assigned(kind, pushers, approvers string) *estate.Estate {
	e := gated(1)
	for _, x := range []struct{ set, who, statement string }{{"dev", pushers, pushes()}, {"lead", approvers, approves(1)}} {
		r := role(tools, "AWSReservedSSO_"+x.set+"_0000000000000000",
			`{"Effect":"Allow","Action":"sts:AssumeRoleWithSAML","Principal":{"Federated":"arn:aws:iam::`+tools+`:saml-provider/AWSSSO"}}`, x.statement)
		r.Path, r.Reserved = "/aws-reserved/sso.amazonaws.com/", true
		e.Roles = append(e.Roles, r)
		e.Assignments = append(e.Assignments, &estate.Assignment{PrincipalType: kind, PrincipalID: x.who, TargetAccount: tools, Role: r.ARN})
	}
	return e
}

// membered puts users into groups, in pairs of group and user.
func membered(e *estate.Estate, pairs ...string) *estate.Estate {
	for i := 0; i+1 < len(pairs); i += 2 {
		n := config("GroupId", pairs[i])
		n.Entries = append(n.Entries, policy.Entry{Key: "MemberId", Value: config("UserId", pairs[i+1])})
		e.Others["AWS::IdentityStore::GroupMembership"] = append(e.Others["AWS::IdentityStore::GroupMembership"], &estate.Simple{Meta: estate.Meta{Props: n}})
	}
	return e
}

// TestNamedCases are estates whose number was worked out by hand.
func TestNamedCases(t *testing.T) {
	t.Parallel()
	const session = "arn:aws:sts::" + tools + ":assumed-role/ops/"
	ops := func(statements ...string) *estate.Role {
		return role(tools, "ops", trusts("arn:aws:iam::"+tools+":saml-provider/corp"), statements...)
	}
	update := allow("codepipeline:UpdatePipeline", pipelineARN)
	for name, c := range map[string]struct {
		want   int
		estate func() *estate.Estate
	}{
		"nobody may do anything": {4, func() *estate.Estate { return people(gated(1), user(tools, "a")) }},
		"no gate":                {1, func() *estate.Estate { return people(gated(0), user(tools, "a", pushes())) }},
		"one pushes, another approves": {2, func() *estate.Estate {
			return people(gated(1), user(tools, "a", pushes()), user(tools, "b", approves(1)))
		}},
		"one may both push and approve": {1, func() *estate.Estate {
			return people(gated(1), user(tools, "a", pushes(), approves(1)), user(tools, "b", approves(1)))
		}},
		"two gates, disjoint approvers": {3, func() *estate.Estate {
			return people(gated(2), user(tools, "a", pushes()), user(tools, "b", approves(1)), user(tools, "c", approves(2)))
		}},
		"two gates, one approver of both": {2, func() *estate.Estate {
			return people(gated(2), user(tools, "a", pushes()), user(tools, "b", approves(1)), user(tools, "c", approves(1), approves(2)))
		}},
		"two gates, the author may answer one": {2, func() *estate.Estate {
			return people(gated(2), user(tools, "a", pushes(), approves(1)), user(tools, "b", approves(2)))
		}},
		"three gates, disjoint approvers": {4, func() *estate.Estate {
			return people(gated(3), user(tools, "a", pushes()), user(tools, "b", approves(1)), user(tools, "c", approves(2)), user(tools, "d", approves(3)))
		}},
		"a gate beside the deployment does not hold it up": {1, func() *estate.Estate {
			return people(shop(stage("Deploy", approval("Gate", 1), deployment(1))), user(tools, "a", pushes()))
		}},
		"a gate before the deployment in its stage holds it up": {4, func() *estate.Estate {
			return people(shop(stage("Deploy", approval("Gate", 1), deployment(2))), user(tools, "a", pushes()))
		}},
		"a gate behind the deployment does not": {1, func() *estate.Estate {
			return people(shop(stage("Deploy", deployment(1)), stage("Approve1", approval("Gate", 1))), user(tools, "a", pushes()))
		}},
		"two sessions of one role are one person": {1, func() *estate.Estate {
			e := gated(1)
			e.Roles = append(e.Roles, ops(pushes(), approves(1)))
			e.People = []*estate.Person{named("a", nil, session+"a"), named("b", nil, session+"b")}
			return e
		}},
		"two roles that the same unknown people may enter": {1, func() *estate.Estate {
			e := gated(1)
			saml := `{"Effect":"Allow","Action":"sts:AssumeRoleWithSAML","Principal":{"Federated":"arn:aws:iam::` + tools + `:saml-provider/corp"}}`
			e.Roles = append(e.Roles, role(tools, "dev", saml, pushes()), role(tools, "lead", saml, approves(1)))
			return e
		}},
		"the same two roles, whose people are known": {2, func() *estate.Estate {
			e := gated(1)
			saml := `{"Effect":"Allow","Action":"sts:AssumeRoleWithSAML","Principal":{"Federated":"arn:aws:iam::` + tools + `:saml-provider/corp"}}`
			e.Roles = append(e.Roles, role(tools, "dev", saml, pushes()), role(tools, "lead", saml, approves(1)))
			e.People = []*estate.Person{named("a", nil, "arn:aws:sts::"+tools+":assumed-role/dev/*"), named("b", nil, "arn:aws:sts::"+tools+":assumed-role/lead/*")}
			return e
		}},
		"two permission sets of one Identity Center user": {1, func() *estate.Estate { return assigned("USER", "u-1", "u-1") }},
		"two permission sets of two":                      {2, func() *estate.Estate { return assigned("USER", "u-1", "u-2") }},
		"two groups whose members nobody shows":           {1, func() *estate.Estate { return assigned("GROUP", "g-1", "g-2") }},
		"two groups with one member each": {2, func() *estate.Estate {
			return membered(assigned("GROUP", "g-1", "g-2"), "g-1", "u-1", "g-2", "u-2")
		}},
		"two groups with a member in common": {1, func() *estate.Estate {
			return membered(assigned("GROUP", "g-1", "g-2"), "g-1", "u-1", "g-2", "u-2", "g-2", "u-1")
		}},
		"two users of one person": {1, func() *estate.Estate {
			e := people(gated(1), user(tools, "dev", pushes()), user(tools, "lead", approves(1)))
			e.People = []*estate.Person{named("a", nil, userARN(tools, "dev"), userARN(tools, "lead"))}
			return e
		}},
		"by group": {1, func() *estate.Estate {
			e := gated(1)
			e.Groups = []*estate.Group{group(tools, "approvers", approves(1))}
			a := user(tools, "a", pushes())
			a.Groups = []string{e.Groups[0].ARN}
			return people(e, a)
		}},
		"whoever may join the approvers": {1, func() *estate.Estate {
			e := gated(1)
			e.Groups = []*estate.Group{group(tools, "approvers", approves(1))}
			return people(e, user(tools, "a", pushes(), allow("iam:AddUserToGroup", e.Groups[0].ARN)))
		}},
		"a Deny that holds": {4, func() *estate.Estate {
			return people(gated(1), user(tools, "a", update, deny("codepipeline:UpdatePipeline", "*")))
		}},
		"a Deny that can be lost": {1, func() *estate.Estate {
			e := gated(1)
			e.Groups = []*estate.Group{group(tools, "careful", deny("codepipeline:UpdatePipeline", "*"))}
			a := user(tools, "a", update, allow("iam:RemoveUserFromGroup", e.Groups[0].ARN))
			a.Groups = []string{e.Groups[0].ARN}
			return people(e, a)
		}},
		"a boundary that holds": {4, func() *estate.Estate {
			a := user(tools, "a", update, allow("iam:PutUserPolicy", "*"))
			a.Boundary = boundary("b", allow("iam:PutUserPolicy", "*"))
			return people(gated(1), a)
		}},
		"a pipeline's ARN does not cover its gates": {4, func() *estate.Estate {
			return people(gated(1), user(tools, "a", pushes(), allow("codepipeline:PutApprovalResult", pipelineARN)))
		}},
		"a name with a star covers every stage and action under it": {1, func() *estate.Estate {
			return people(gated(1), user(tools, "a", pushes(), allow("codepipeline:PutApprovalResult", strings.TrimSuffix(pipelineARN, "op")+"*")))
		}},
		"a build role that assumes the deployment role": {1, func() *estate.Estate {
			e := gated(2)
			e.Roles[1] = role(tools, "build", trusts("codebuild.amazonaws.com"), allow("sts:AssumeRole", roleARN(prod, "deploy")))
			e.Roles[2].Trust = doc("trust-deploy.json", trusts(roleARN(tools, "build"), roleARN(tools, "pipeline")))
			return people(e, user(tools, "a", pushes()))
		}},
		"an artifact written after the approval": {1, func() *estate.Estate {
			return people(gated(2), user(tools, "a", allow("s3:PutObject", objects)))
		}},
		"only the artifact before the gates": {4, func() *estate.Estate {
			e := people(gated(2), user(tools, "a", allow("s3:PutObject", "arn:aws:s3:::artifacts/shop/Src/*")))
			return e
		}},
		"break glass is left out": {4, func() *estate.Estate {
			e := people(gated(1), user(tools, "root", allow("*", "*")))
			e.BreakGlass = []string{userARN(tools, "r*")}
			return e
		}},
		"governed by Twokey, two of anybody": {2, func() *estate.Estate {
			e := people(gated(1), user(tools, "a", pushes()), user(tools, "b"), user(tools, "c"))
			e.People = []*estate.Person{named("a", nil, userARN(tools, "a")), named("b", nil, userARN(tools, "b")), named("c", nil, userARN(tools, "c"))}
			e.Gates = []estate.GateRule{{Approvals: 2}}
			return e
		}},
		"governed by Twokey, two who are not the author": {3, func() *estate.Estate {
			e := people(gated(1), user(tools, "a", pushes()), user(tools, "b"), user(tools, "c"))
			e.People = []*estate.Person{named("a", nil, userARN(tools, "a")), named("b", nil, userARN(tools, "b")), named("c", nil, userARN(tools, "c"))}
			e.Gates = []estate.GateRule{{Approvals: 2, Exclude: []string{"author"}}}
			return e
		}},
		"governed by Twokey, and somebody may still answer it natively": {1, func() *estate.Estate {
			e := people(gated(1), user(tools, "a", pushes(), approves(1)), user(tools, "b"))
			e.People = []*estate.Person{named("a", nil, userARN(tools, "a")), named("b", nil, userARN(tools, "b"))}
			e.Gates = []estate.GateRule{{Approvals: 2}}
			return e
		}},
		"governed by Twokey, one person cannot fill two slots": {3, func() *estate.Estate {
			e := people(gated(1), user(tools, "a", pushes()), user(tools, "b"), user(tools, "c"))
			e.People = []*estate.Person{named("a", nil, userARN(tools, "a")), named("b", []string{"red", "blue"}, userARN(tools, "b")), named("c", []string{"red"}, userARN(tools, "c"))}
			e.Gates = []estate.GateRule{{Approvals: 1, Slots: []estate.GateSlot{{Group: "red", Count: 1}, {Group: "blue", Count: 1}}}}
			return e
		}},
		"the rule is for another stage": {4, func() *estate.Estate {
			e := people(gated(1), user(tools, "a", pushes()), user(tools, "b"))
			e.Gates = []estate.GateRule{{Stage: "Other", Approvals: 1}}
			return e
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := only(t, reach.Analyze(c.estate(), reach.Options{}))
			if p.PeopleToProduction != c.want {
				t.Errorf("takes %d people, want %d; %s", p.PeopleToProduction, c.want, p.Unknown)
				for _, w := range p.Ways {
					t.Log(w.People, w.Title)
				}
			}
			if p.PeopleToProduction < 4 && len(p.Ways) == 0 {
				t.Error("a number without a way")
			}
			for _, w := range p.Ways {
				if len(w.People) != p.PeopleToProduction {
					t.Errorf("a way of %v for %d people", w.People, p.PeopleToProduction)
				}
			}
		})
	}
}

// TestPipelinesThatActOnEachOther: each of two pipelines deploys the stack that
// defines the other, before its gate, as a role that may change pipelines. Who
// pushes to one changes the other.
func TestPipelinesThatActOnEachOther(t *testing.T) {
	t.Parallel()
	e := gated(1)
	deployer := role(tools, "self", trusts("cloudformation.amazonaws.com"), allow("codepipeline:UpdatePipeline", "*"))
	e.Roles = append(e.Roles, deployer)
	other := *e.Pipelines[0]
	other.Name, other.ARN = "other", strings.Replace(pipelineARN, "shop", "other", 1)
	other.Stages = slices.Clone(other.Stages)
	update := func(stackName string) estate.Stage {
		a := deployment(1)
		a.Name, a.RoleARN = "Self", ""
		a.Config = config("ActionMode", "CREATE_UPDATE", "StackName", stackName, "TemplatePath", "Out::p.yaml", "RoleArn", deployer.ARN)
		return stage("Update", a)
	}
	src := source()
	src.Config = config("RepositoryName", "other", "BranchName", "main")
	other.Stages[0] = stage("Source", src)
	repo := *e.Repositories[0]
	repo.Name, repo.ARN = "other", strings.Replace(repoARN, ":shop", ":other", 1)
	e.Repositories = append(e.Repositories, &repo)
	e.Pipelines[0].Stages = slices.Insert(e.Pipelines[0].Stages, 2, update("other-pipeline"))
	other.Stages = slices.Insert(other.Stages, 2, update("shop-pipeline"))
	e.Pipelines[0].Stack, other.Stack = "shop-pipeline", "other-pipeline"
	e.Pipelines = append(e.Pipelines, &other)
	e.Stacks = append(e.Stacks, stack("shop-pipeline", "self"), stack("other-pipeline", "self"))
	people(e, user(tools, "a", allow("codecommit:GitPush", repo.ARN)))
	r := reach.Analyze(e, reach.Options{})
	for _, p := range r.Pipelines {
		want := 1
		if p.Name == "other" {
			want = 4 // a may push to it and not pass its gate
		}
		if p.PeopleToProduction != want {
			t.Errorf("%s takes %d, want %d", p.Name, p.PeopleToProduction, want)
		}
	}
	people(e, user(tools, "b", pushes()))
	for _, p := range reach.Analyze(fresh(e), reach.Options{}).Pipelines {
		if p.PeopleToProduction != 1 {
			t.Errorf("with somebody at either end %s takes %d, want 1", p.Name, p.PeopleToProduction)
		}
	}
}

// TestOrderDoesNotMatter: the same principals in another order give the same
// number and the same ways.
func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	e := load(t, "../examples/storefront")
	before := reach.Analyze(e, reach.Options{})
	turned := fresh(e)
	turned.Roles, turned.Users = slices.Clone(e.Roles), slices.Clone(e.Users)
	slices.Reverse(turned.Roles)
	slices.Reverse(turned.Users)
	after := reach.Analyze(turned, reach.Options{})
	if a, b := before.Pipelines[0].PeopleToProduction, after.Pipelines[0].PeopleToProduction; a != b {
		t.Errorf("%d people, then %d", a, b)
	}
	again := reach.Analyze(fresh(e), reach.Options{})
	if a, b := prints(before.Pipelines[0]), prints(again.Pipelines[0]); !slices.Equal(a, b) {
		t.Errorf("the same estate gives other ways:\n%v\n%v", a, b)
	}
}

func prints(p finding.Pipeline) (out []string) {
	for _, w := range p.Ways {
		out = append(out, w.Fingerprint+" "+strings.Join(w.People, ","))
	}
	return out
}

// Members who can do the same are still different people.
func TestMembersAlike(t *testing.T) {
	t.Parallel()
	e := people(gated(1), user(tools, "a", pushes()), user(tools, "b"), user(tools, "c"))
	e.People = []*estate.Person{named("ada", nil, userARN(tools, "a")), named("bob", nil, userARN(tools, "b")), named("cyd", nil, userARN(tools, "c"))}
	e.Gates = []estate.GateRule{{Approvals: 2, Exclude: []string{"author"}}}
	p := only(t, reach.Analyze(e, reach.Options{}))
	if len(p.Ways) != 1 || !slices.Equal(p.Ways[0].People, []string{"ada", "bob", "cyd"}) {
		t.Fatalf("ways %+v", p.Ways)
	}
	for _, s := range p.Ways[0].Steps {
		if s.Technique == "G1-governed" && s.Principal != "bob and cyd" {
			t.Errorf("%s answers the gate", s.Principal)
		}
	}
}

func TestPersonFilter(t *testing.T) {
	t.Parallel()
	p := only(t, reach.Analyze(load(t, "../examples/storefront"), reach.Options{Person: "carol", Pipeline: "store*"}))
	if p.PeopleToProduction != 1 || len(p.Ways) == 0 {
		t.Fatalf("takes %d people by %d ways", p.PeopleToProduction, len(p.Ways))
	}
	for _, w := range p.Ways {
		if !slices.Contains(w.People, "carol") && !slices.ContainsFunc(w.People, func(s string) bool { return strings.Contains(s, "carol") }) {
			t.Errorf("a way of %v", w.People)
		}
	}
	if r := reach.Analyze(load(t, "../examples/storefront"), reach.Options{Pipeline: "nothing"}); len(r.Pipelines) != 0 {
		t.Errorf("%d pipelines called nothing", len(r.Pipelines))
	}
}

func TestWhoCan(t *testing.T) {
	t.Parallel()
	got := reach.WhoCan(load(t, "../examples/storefront"), "codepipeline:PutApprovalResult", "arn:aws:codepipeline:us-east-1:111111111111:storefront/ApproveProd/ApproveProd")
	var who []string
	for _, a := range got {
		who = append(who, a.Principal[strings.LastIndexByte(a.Principal, '/')+1:]+"="+a.Outcome+strings.Join(a.People, "+"))
	}
	slices.Sort(who)
	// roles.yaml gives it to developers and release in the tools account, and
	// pipeline.yaml gives the pipeline's own role codepipeline:*.
	want := []string{"alice=allowalice", "bob=allowbob", "carol=allowcarol", "storefront-pipeline=allow"}
	if !slices.Equal(who, want) {
		t.Errorf("got %v\nwant %v", who, want)
	}
}
