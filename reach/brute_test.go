package reach_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/reach"
)

// This file holds a second, naive answer to the same question: try every set of
// people, and let each do whatever call the evaluator allows, with every change
// of policy really made to a copy of the estate, until nothing is new. It shares
// no code with the package.

// TestBruteForce compares the two on random small estates.
func TestBruteForce(t *testing.T) {
	t.Parallel()
	const shards = 8
	estates := 10_000
	if testing.Short() {
		estates = 800
	}
	var seen [5]int
	counts := make(chan [5]int, shards)
	t.Run("shards", func(t *testing.T) {
		for shard := range shards {
			t.Run(fmt.Sprint(shard), func(t *testing.T) {
				t.Parallel()
				var mine [5]int
				for n := shard; n < estates; n += shards {
					mine[compareOne(t, uint64(n))]++
				}
				counts <- mine
			})
		}
	})
	close(counts)
	for c := range counts {
		for i := range seen {
			seen[i] += c[i]
		}
	}
	t.Logf("numbers seen: 1: %d, 2: %d, 3: %d, more or never: %d", seen[1], seen[2], seen[3], seen[4])
	for n := 1; n <= 3 && !t.Failed(); n++ {
		if seen[n] < estates/200 {
			t.Errorf("only %d of %d estates take %d people: the generator no longer tries what it is for", seen[n], estates, n)
		}
	}
}

func compareOne(t *testing.T, seed uint64) int {
	t.Helper()
	est, dump := randomEstate(seed)
	got := only(t, reach.Analyze(est, reach.Options{MaxWays: 1})).PeopleToProduction
	want := exhaustive(est)
	if got != want {
		t.Errorf("seed %d: %d people, exhaustive search says %d\n%s", seed, got, want, dump)
	}
	return want
}

// exhaustive returns the size of the smallest set of people that changes
// production, 4 for more than three.
func exhaustive(est *estate.Estate) int {
	n := len(est.People)
	m := newModel(est)
	for size := 1; size <= 3; size++ {
		for set := range 1 << n {
			var members []int
			for i := range n {
				if set&(1<<i) != 0 {
					members = append(members, i)
				}
			}
			if len(members) == size && m.tryAll(members) {
				return size
			}
		}
	}
	return 4
}

// version is what has become of a principal's policies.
type version struct {
	who     string
	extra   bool   // somebody wrote it a policy that allows anything
	freed   bool   // its boundary is gone
	left    bool   // its own inline policy is gone
	leaves  string // a group it was taken out of
	joins   string // a group it was put into
	newRole bool   // a role that somebody made in this account, named by who
}

type asked struct {
	v        version
	action   string
	resource string
}

// model answers what a version may do, once each.
type model struct {
	est   *estate.Estate
	known map[asked]bool
	made  map[version]*estate.Estate
}

func newModel(est *estate.Estate) *model {
	return &model{est: est, known: map[asked]bool{}, made: map[version]*estate.Estate{}}
}

// can asks the evaluator on an estate in which the version's changes were made.
func (m *model) can(v version, action, resource string, keys ...string) bool {
	q := asked{v, action, resource + strings.Join(keys, "|")}
	if a, ok := m.known[q]; ok {
		return a
	}
	e := m.made[v]
	if e == nil {
		e = m.with(v)
		m.made[v] = e
	}
	ctx := iam.NewContext().UnknownUnlessSet(true)
	for i := 0; i+1 < len(keys); i += 2 {
		ctx.Set(keys[i], keys[i+1])
	}
	o, err := e.Decide(v.who, action, resource, ctx)
	if err != nil {
		panic(err)
	}
	m.known[q] = o == iam.Allow || o == iam.If
	return m.known[q]
}

// with returns the estate with one principal's changes made.
func (m *model) with(v version) *estate.Estate {
	b := m.est
	e := &estate.Estate{Accounts: b.Accounts, Groups: b.Groups, Buckets: b.Buckets, Keys: b.Keys, Pipelines: b.Pipelines,
		Repositories: b.Repositories, Projects: b.Projects, Stacks: b.Stacks, Users: slices.Clone(b.Users), Roles: slices.Clone(b.Roles)}
	all := inline("written", []string{allow("*", "*")})
	for i, u := range e.Users {
		if u.ARN != v.who {
			continue
		}
		c := *u
		c.Policies, c.Groups = slices.Clone(u.Policies), slices.Clone(u.Groups)
		if v.left {
			c.Policies = nil
		}
		if v.extra {
			c.Policies = append(c.Policies, all...)
		}
		if v.freed {
			c.Boundary = nil
		}
		c.Groups = slices.DeleteFunc(c.Groups, func(g string) bool { return g == v.leaves })
		if v.joins != "" {
			c.Groups = append(c.Groups, v.joins)
		}
		e.Users[i] = &c
	}
	for i, r := range e.Roles {
		if r.ARN != v.who {
			continue
		}
		c := *r
		c.Policies = slices.Clone(r.Policies)
		if v.left {
			c.Policies = nil
		}
		if v.extra {
			c.Policies = append(c.Policies, all...)
		}
		if v.freed {
			c.Boundary = nil
		}
		e.Roles[i] = &c
	}
	if v.newRole {
		account := estate.AccountOf(v.who)
		e.Roles = append(e.Roles, role(account, v.who[strings.LastIndexByte(v.who, '/')+1:], trusts("codebuild.amazonaws.com"), allow("*", "*")))
	}
	return e
}

// tryAll plays the coalition with each choice of who keeps their hands off the
// change, so as to be able to vote.
func (m *model) tryAll(members []int) bool {
	for set := range 1 << len(members) {
		var voters []int
		for i, p := range members {
			if set&(1<<i) != 0 {
				voters = append(voters, p)
			}
		}
		if m.try(members, voters) {
			return true
		}
	}
	return false
}

// try plays a coalition until nothing is new. voters write nothing where a gate
// excludes authors.
func (m *model) try(members, voters []int) bool {
	s := &play{m: m, members: members, voters: voters, held: map[string]bool{}, versions: map[string][]version{}, content: map[string]bool{}, passed: map[string]bool{}}
	for _, p := range members {
		for _, arn := range m.est.People[p].Identities {
			s.hold(arn)
		}
	}
	for before := -1; before != s.progress; {
		before = s.progress
		s.round()
		if s.done {
			return true
		}
	}
	return false
}

type play struct {
	m               *model
	members, voters []int
	held            map[string]bool
	versions        map[string][]version // of every principal, held or not
	content, passed map[string]bool
	progress        int
	done            bool
}

func (s *play) hold(arn string) {
	if !s.held[arn] {
		s.held[arn] = true
		s.progress++
	}
}

func (s *play) become(v version) {
	if !slices.Contains(s.versions[v.who], v) {
		s.versions[v.who] = append(s.versions[v.who], v)
		s.progress++
	}
}

func (s *play) gain(set map[string]bool, what string) {
	if !set[what] {
		set[what] = true
		s.progress++
	}
}

// states returns the versions of a principal; as it is is always one.
func (s *play) states(arn string) []version {
	return append([]version{{who: arn}}, s.versions[arn]...)
}

func (s *play) round() {
	for _, arn := range sortedKeys(s.held) {
		for _, v := range s.states(arn) {
			if v.newRole || !strings.Contains(arn, "/made-here") {
				s.takeOver(v)
				s.edit(v)
				s.pipeline(v)
			}
		}
	}
	s.run()
}

func sortedKeys(m map[string]bool) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// takeOver becomes other principals.
func (s *play) takeOver(v version) {
	e := s.m.est
	account := estate.AccountOf(v.who)
	for _, r := range e.Roles {
		if s.m.can(v, "sts:AssumeRole", r.ARN) {
			s.hold(r.ARN)
		}
		if r.Account != account {
			continue
		}
		if s.m.can(v, "iam:UpdateAssumeRolePolicy", r.ARN) {
			s.hold(r.ARN)
		}
		pass := func(service string) bool {
			return s.m.can(version{who: service}, "sts:AssumeRole", r.ARN) && s.m.can(v, "iam:PassRole", r.ARN, "iam:PassedToService", service)
		}
		function := "arn:aws:lambda:" + region + ":" + account + ":function:mine"
		if pass("lambda.amazonaws.com") && s.m.can(v, "lambda:CreateFunction", function) && s.m.can(v, "lambda:InvokeFunction", function) {
			s.hold(r.ARN)
		}
		if account == tools && pass("codebuild.amazonaws.com") && s.m.can(v, "codebuild:UpdateProject", projectARN) && s.m.can(v, "codebuild:StartBuild", projectARN) {
			s.hold(r.ARN)
		}
	}
	for _, u := range e.Users {
		if u.Account != account {
			continue
		}
		for _, a := range []string{"CreateAccessKey", "CreateLoginProfile", "UpdateLoginProfile", "UploadSSHPublicKey"} {
			if s.m.can(v, "iam:"+a, u.ARN) {
				s.hold(u.ARN)
			}
		}
	}
	made := "arn:aws:iam::" + account + ":role/made-here"
	if s.m.can(v, "iam:CreateRole", made) && (s.m.can(v, "iam:PutRolePolicy", made) || s.m.can(v, "iam:AttachRolePolicy", made)) {
		s.hold(made)
		s.become(version{who: made, newRole: true})
	}
}

// edit changes what principals may do.
func (s *play) edit(v version) {
	e := s.m.est
	account := estate.AccountOf(v.who)
	each := func(arn string, change func(version) version) {
		for _, x := range s.states(arn) {
			s.become(change(x))
		}
	}
	extra := func(x version) version { x.extra = true; return x }
	for _, r := range e.Roles {
		if r.Account != account {
			continue
		}
		if s.m.can(v, "iam:PutRolePolicy", r.ARN) || s.m.can(v, "iam:AttachRolePolicy", r.ARN) {
			each(r.ARN, extra)
		}
		if r.Boundary != nil && (s.m.can(v, "iam:DeleteRolePermissionsBoundary", r.ARN) || s.m.can(v, "iam:PutRolePermissionsBoundary", r.ARN)) {
			each(r.ARN, func(x version) version { x.freed = true; return x })
		}
		if s.m.can(v, "iam:DeleteRolePolicy", r.ARN) || s.m.can(v, "iam:DetachRolePolicy", r.ARN) {
			each(r.ARN, func(x version) version { x.left = true; return x })
		}
	}
	for _, u := range e.Users {
		if u.Account != account {
			continue
		}
		if s.m.can(v, "iam:PutUserPolicy", u.ARN) || s.m.can(v, "iam:AttachUserPolicy", u.ARN) {
			each(u.ARN, extra)
		}
		if s.m.can(v, "iam:DeleteUserPolicy", u.ARN) || s.m.can(v, "iam:DetachUserPolicy", u.ARN) {
			each(u.ARN, func(x version) version { x.left = true; return x })
		}
		for _, g := range e.Groups {
			if g.Account != account {
				continue
			}
			in := slices.Contains(u.Groups, g.ARN)
			if in && (s.m.can(v, "iam:PutGroupPolicy", g.ARN) || s.m.can(v, "iam:AttachGroupPolicy", g.ARN)) {
				each(u.ARN, extra)
			}
			if in && s.m.can(v, "iam:RemoveUserFromGroup", g.ARN) {
				each(u.ARN, func(x version) version { x.leaves = g.ARN; return x })
			}
			if !in && s.m.can(v, "iam:AddUserToGroup", g.ARN) {
				each(u.ARN, func(x version) version { x.joins = g.ARN; return x })
			}
		}
	}
}

// pipeline does what a principal may do to the pipeline and to production.
func (s *play) pipeline(v version) {
	can := s.m.can
	branch := []string{"codecommit:References", "refs/heads/main"}
	if s.mayWrite(v.who) && (can(v, "codecommit:GitPush", repoARN, branch...) || can(v, "codecommit:CreateCommit", repoARN, branch...) || can(v, "codecommit:PutFile", repoARN, branch...)) {
		s.gain(s.content, "Build")
	}
	for artifact, reader := range map[string]string{"Src": "Build", "Out": "Deploy"} {
		object := "arn:aws:s3:::artifacts/shop/" + artifact + "/abc1234"
		if can(v, "s3:PutObject", object) || can(v, "s3:PutBucketPolicy", "arn:aws:s3:::artifacts") {
			s.gain(s.content, reader)
		}
	}
	if can(v, "codebuild:UpdateProject", projectARN) {
		s.hold(roleARN(tools, "build"))
		s.gain(s.content, "BuildOutput")
	}
	if can(v, "codebuild:StartBuild", projectARN) {
		s.hold(roleARN(tools, "build"))
	}
	for _, g := range gatesOf(s.m.est) {
		if can(v, "codepipeline:PutApprovalResult", pipelineARN+"/"+g+"/Gate") {
			s.gain(s.passed, g)
		}
	}
	stack := strings.TrimSuffix(stackARN, "*") + "0"
	if can(v, "codepipeline:UpdatePipeline", pipelineARN) || can(v, "cloudformation:UpdateStack", stack) ||
		can(v, "cloudformation:CreateChangeSet", stack) && can(v, "cloudformation:ExecuteChangeSet", stack) {
		s.done = true
	}
	// A role made in the production account, or one with every permission there,
	// changes what it likes.
	if v.newRole && estate.AccountOf(v.who) == prod {
		s.done = true
	}
}

// mayWrite reports whether a principal may bring in a change without making a
// voter its author.
func (s *play) mayWrite(arn string) bool {
	if !excludesAuthors(s.m.est) {
		return true
	}
	mine := false
	for _, p := range s.members {
		if slices.Contains(s.m.est.People[p].Identities, arn) {
			mine = true
			if !slices.Contains(s.voters, p) {
				return true
			}
		}
	}
	return !mine
}

func excludesAuthors(e *estate.Estate) bool {
	return slices.ContainsFunc(e.Gates, func(g estate.GateRule) bool { return slices.Contains(g.Exclude, "author") })
}

func gatesOf(e *estate.Estate) (out []string) {
	for _, st := range e.Pipelines[0].Stages {
		if strings.HasPrefix(st.Name, "Approve") {
			out = append(out, st.Name)
		}
	}
	return out
}

// run lets the pipeline run with what the coalition has put into it.
func (s *play) run() {
	if s.held[roleARN(prod, "stack")] {
		s.done = true
	}
	if s.content["Build"] {
		s.hold(roleARN(tools, "build"))
		s.gain(s.content, "BuildOutput")
	}
	if s.content["Deploy"] {
		s.done = true
	}
	if !s.content["BuildOutput"] {
		return
	}
	for _, g := range gatesOf(s.m.est) {
		if !s.passed[g] && !s.voted(g) {
			return
		}
	}
	s.done = true
}

// voted reports whether a gate is governed and the voters open it.
func (s *play) voted(g string) bool {
	for _, r := range s.m.est.Gates {
		if r.Stage != g && r.Stage != "*" {
			continue
		}
		voters := s.members
		if slices.Contains(r.Exclude, "author") {
			voters = s.voters
		}
		if len(voters) < r.Approvals {
			return false
		}
		if len(r.Slots) == 0 {
			return true
		}
		return s.slots(r.Slots, voters)
	}
	return false
}

// slots tries every way to seat voters.
func (s *play) slots(slots []estate.GateSlot, voters []int) bool {
	if len(slots) == 0 {
		return true
	}
	for i, p := range voters {
		if slices.Contains(s.m.est.People[p].Groups, slots[0].Group) {
			rest := slices.Delete(slices.Clone(voters), i, i+1)
			if s.slots(slots[1:], rest) {
				return true
			}
		}
	}
	return false
}
