package reach_test

import (
	"strings"
	"testing"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/iam/policy"
	"github.com/twokey/twokey/reach"
)

// TestOddEstates: what is missing or unknown is said, and never taken as safe.
func TestOddEstates(t *testing.T) {
	t.Parallel()
	hole := policy.Hole
	missing := func(account, name string) *estate.Role {
		r := role(account, name, noEntry)
		r.Missing, r.Trust, r.TrustUnknown = true, nil, "nothing in the estate defines it"
		r.Policies = []estate.Policy{{Name: name, Unknown: "nothing in the estate defines it"}}
		return r
	}
	for name, c := range map[string]struct {
		estate *estate.Estate
		number int
		says   string // part of Unknown
	}{
		"an empty estate but for a pipeline without stages": {&estate.Estate{Pipelines: []*estate.Pipeline{{Name: "p"}}}, 0, "not known what production is"},
		"a structure that could not be read": {func() *estate.Estate {
			e := gated(1)
			e.Pipelines[0].Stages, e.Pipelines[0].Incomplete = nil, "Fn::Transform"
			return e
		}(), 0, "Fn::Transform"},
		"nothing acts in production": {func() *estate.Estate {
			e := gated(1)
			e.Accounts[1].Production = false
			e.Accounts = append(e.Accounts, &estate.Account{ID: "333333333333", Production: true})
			return e
		}(), 0, "no action of it acts in an account marked as production"},
		"a build that deploys to production by itself": {func() *estate.Estate {
			e := shop(stage("Approve1", approval("Gate", 1)))
			e.Roles[1] = role(tools, "build", trusts("codebuild.amazonaws.com"), allow("sts:AssumeRole", roleARN(prod, "deploy")))
			e.Roles[2].Trust = doc("trust-deploy.json", trusts(roleARN(tools, "build")))
			return people(e, user(tools, "a", pushes()))
		}(), 1, ""},
		"a deployment role that the estate does not define": {func() *estate.Estate {
			e := people(gated(1), user(tools, "a", pushes()), user(tools, "b", approves(1)))
			e.Roles[3] = missing(prod, "stack")
			return e
		}(), 2, "nothing in the estate defines " + roleARN(prod, "stack")},
		"a technique that is not followed, held by somebody": {
			people(gated(1), user(tools, "a", pushes(), allow("iam:TagRole", "*")), user(tools, "b", approves(1))), 2, "E3",
		},
		"names that could not be resolved": {func() *estate.Estate {
			e := people(gated(1), user(tools, "a", pushes(), allow("codepipeline:PutApprovalResult", gateARN(1))))
			e.Pipelines[0].Name, e.Pipelines[0].ARN = hole, strings.Replace(pipelineARN, "shop", hole, 1)
			return e
		}(), 1, ""},
		"a policy that could not be read": {func() *estate.Estate {
			a := user(tools, "a", pushes())
			a.Policies = append(a.Policies, estate.Policy{Name: "mystery", Unknown: "not in the catalogue"})
			return people(gated(1), a)
		}(), 1, ""},
		"an action without configuration, store or role": {func() *estate.Estate {
			e := people(gated(1), user(tools, "a", pushes()))
			p := e.Pipelines[0]
			p.Stores, p.RoleARN = nil, ""
			for i := range p.Stages {
				for j := range p.Stages[i].Actions {
					p.Stages[i].Actions[j].Config = nil
				}
			}
			return e
		}(), 4, ""},
		"a role that anybody may assume": {func() *estate.Estate {
			e := gated(1)
			e.Roles = append(e.Roles, key(trusts("*")))
			return e
		}(), 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := only(t, reach.Analyze(c.estate, reach.Options{}))
			if p.PeopleToProduction != c.number || !strings.Contains(p.Unknown, c.says) {
				t.Errorf("takes %d (%s), want %d saying %q", p.PeopleToProduction, p.Unknown, c.number, c.says)
			}
		})
	}
}
