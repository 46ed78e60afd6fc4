package reach_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/twokey/twokey/estate"
)

// randomEstate makes up to five people, eight principals and two gates.
func randomEstate(seed uint64) (*estate.Estate, string) {
	r := rand.New(rand.NewPCG(seed, 7))
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	e := gated(r.IntN(3))
	unanswered := r.IntN(4) == 0 // nobody may answer a gate but by Twokey
	var dump []string
	users := 1 + r.IntN(4)
	principals := []string{roleARN(tools, "build"), roleARN(tools, "r0"), roleARN(prod, "r1")}
	for i := range users {
		principals = append(principals, userARN(tools, fmt.Sprintf("u%d", i)))
	}
	resources := func(own ...string) string {
		switch r.IntN(4) {
		case 0:
			return "*"
		default:
			return pick(own...)
		}
	}
	one := func(effect func(string, string, ...string) string) string {
		cond := ""
		if r.IntN(8) == 0 {
			cond = `{"Bool":{"aws:MultiFactorAuthPresent":"true"}}`
		}
		iamOn := []string{roleARN(tools, "r0"), roleARN(tools, "build"), roleARN(tools, "*"), roleARN(prod, "r1"), roleARN(prod, "*"), userARN(tools, "u0"), userARN(tools, "*")}
		groupOn := []string{"arn:aws:iam::" + tools + ":group/g0", "arn:aws:iam::" + tools + ":group/*"}
		kind := r.IntN(20)
		if unanswered && slices.Contains([]int{3, 4, 5, 18, 19}, kind) {
			kind = 0
		}
		switch kind {
		case 0, 1, 2, 16, 17:
			return effect("codecommit:GitPush", resources(repoARN), cond)
		case 3, 4, 5, 18, 19:
			return effect("codepipeline:PutApprovalResult", resources(gateARN(1), gateARN(2), pipelineARN+"/*", pipelineARN, "arn:aws:codepipeline:*:*:sh*"), cond)
		case 6, 7:
			return effect("sts:AssumeRole", resources(roleARN(tools, "r0"), roleARN(prod, "r1"), roleARN(prod, "deploy"), roleARN(prod, "*")), cond)
		case 8:
			return effect("s3:PutObject", resources(objects, "arn:aws:s3:::artifacts/shop/Out/*", "arn:aws:s3:::artifacts/shop/Src/*"), cond)
		case 9:
			return effect(pick("iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:UpdateAssumeRolePolicy"), resources(iamOn...), cond)
		case 10:
			return effect(pick("iam:CreateAccessKey", "iam:UpdateLoginProfile", "iam:PutUserPolicy"), resources(iamOn...), cond)
		case 11:
			return effect(pick("iam:AddUserToGroup", "iam:RemoveUserFromGroup", "iam:PutGroupPolicy"), resources(groupOn...), cond)
		case 12:
			return effect("iam:PassRole lambda:CreateFunction lambda:InvokeFunction", resources(roleARN(tools, "r0")+" arn:aws:lambda:*:*:*", "arn:aws:lambda:*:*:* "+roleARN(tools, "build")), cond)
		case 13:
			return effect(pick("codebuild:StartBuild", "codebuild:UpdateProject"), resources(projectARN), cond)
		case 14:
			return effect(pick("iam:DeleteRolePermissionsBoundary", "iam:DetachRolePolicy", "iam:DeleteUserPolicy"), resources(iamOn...), cond)
		default:
			return effect(pick("cloudformation:UpdateStack", "codepipeline:UpdatePipeline", "codepipeline:GetPipeline", "iam:CreateRole"), resources(stackARN, pipelineARN, roleARN(prod, "*")), cond)
		}
	}
	some := func(most int) (out []string) {
		for range r.IntN(most + 1) {
			out = append(out, one(allow))
		}
		if r.IntN(4) == 0 && len(out) > 0 {
			out = append(out, deny(pick("sts:AssumeRole", "codepipeline:PutApprovalResult", "s3:PutObject", "codecommit:*"), resources(objects, pipelineARN+"/*", roleARN(prod, "*"))))
		}
		dump = append(dump, strings.Join(out, "\n    "))
		return out
	}
	e.Groups = []*estate.Group{group(tools, "g0", some(2)...)}
	trust := func() string {
		var who []string
		for range 1 + r.IntN(2) {
			who = append(who, pick(append([]string{"arn:aws:iam::" + tools + ":root", "lambda.amazonaws.com", "codebuild.amazonaws.com"}, principals...)...))
		}
		dump = append(dump, "trust "+strings.Join(who, " "))
		return trusts(who...)
	}
	e.Roles[1] = role(tools, "build", trusts("codebuild.amazonaws.com"), some(2)...)
	r0 := role(tools, "r0", trust(), some(2)...)
	r1 := role(prod, "r1", trust(), some(2)...)
	if r.IntN(4) == 0 {
		r0.Boundary = boundary("b", one(allow), one(allow))
		dump = append(dump, "r0 is bounded")
	}
	e.Roles = append(e.Roles, r0, r1)
	for i := range users {
		statements := some(1 + i%2)
		switch kind := r.IntN(5); {
		case kind < 2 || unanswered && kind < 4:
			statements = append(statements, pushes())
		case kind == 2:
			statements = append(statements, approves(1))
		case kind == 3:
			statements = append(statements, approves(2))
		}
		u := user(tools, fmt.Sprintf("u%d", i), statements...)
		if r.IntN(3) == 0 {
			u.Groups = []string{e.Groups[0].ARN}
		}
		dump[len(dump)-1] = fmt.Sprintf("u%d in %v: %s", i, u.Groups, strings.Join(statements, "\n    "))
		e.Users = append(e.Users, u)
	}
	if r.IntN(4) == 0 {
		statement := strings.Replace(allow("s3:PutObject", objects), `{"Effect"`, `{"Principal":{"AWS":"`+pick(principals...)+`"},"Effect"`, 1)
		e.Buckets[0].Policy = &inline("bucket", []string{statement})[0]
		dump = append(dump, "bucket "+statement)
	}
	owners := 1 + r.IntN(5)
	for i := range owners {
		p := &estate.Person{Name: fmt.Sprintf("p%d", i), Groups: []string{pick("red", "blue")}}
		if i < users {
			p.Identities = []string{userARN(tools, fmt.Sprintf("u%d", i))}
		} else {
			p.Identities = []string{userARN(tools, fmt.Sprintf("u%d", r.IntN(users)))}
		}
		if r.IntN(8) == 0 {
			p.Identities = append(p.Identities, pick(roleARN(tools, "r0"), userARN(tools, "u0")))
		}
		e.People = append(e.People, p)
		dump = append(dump, fmt.Sprintf("%s %v is %v", p.Name, p.Groups, p.Identities))
	}
	for i := owners; i < users; i++ { // every user is somebody's
		p := e.People[r.IntN(len(e.People))]
		p.Identities = append(p.Identities, userARN(tools, fmt.Sprintf("u%d", i)))
	}
	if unanswered || r.IntN(2) == 0 {
		g := estate.GateRule{Pipeline: "*", Stage: pick("*", "Approve1"), Action: "*", Approvals: 1 + r.IntN(3)}
		if r.IntN(2) == 0 {
			g.Exclude = []string{"author"}
		}
		if r.IntN(2) == 0 {
			g.Slots = []estate.GateSlot{{Group: "red", Count: 1}, {Group: "blue", Count: 1}}
		}
		e.Gates = []estate.GateRule{g}
		dump = append(dump, fmt.Sprintf("%+v", g))
	}
	return e, strings.Join(dump, "\n  ")
}
