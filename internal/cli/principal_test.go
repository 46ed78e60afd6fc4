package cli

import (
	"errors"
	"strings"
	"testing"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/iam/policy"
)

func TestResolvePrincipal(t *testing.T) {
	t.Parallel()
	meta := func(account, rest string) estate.Meta {
		return estate.Meta{Account: account, ARN: "arn:aws:iam::" + account + ":" + rest}
	}
	const tools, prod = "111111111111", "444444444444"
	e := &estate.Estate{
		Accounts: []*estate.Account{{ID: tools, Name: "tools"}, {ID: prod}},
		People:   []*estate.Person{{Name: "carol", Identities: []string{"arn:aws:iam::444444444444:user/c.doe"}}},
		Users: []*estate.User{
			{Name: "alice", Meta: meta(tools, "user/alice")},
			{Name: "alice", Meta: meta(prod, "user/alice")},
			{Name: "build", Meta: meta(tools, "user/build")},
			{Name: "svc-" + policy.Hole, Meta: meta(tools, "user/svc-"+policy.Hole)},
		},
		Roles: []*estate.Role{
			{Name: "build", Meta: meta(tools, "role/ci/build")},
			{Name: "deployer", Meta: meta(prod, "role/deployer")},
			{Name: "deployer", Meta: meta(prod, "role/deployer")}, // in two stacks
		},
	}
	tests := []struct {
		given string
		want  string // the ARN
		error string // part of the error
		hint  string // part of its hint
	}{
		{given: "arn:aws:iam::111111111111:user/alice", want: "arn:aws:iam::111111111111:user/alice"},
		{given: "arn:aws:sts::444444444444:assumed-role/deployer/s1", want: "arn:aws:sts::444444444444:assumed-role/deployer/s1"},
		{given: "arn:aws:iam::444444444444:root", want: "arn:aws:iam::444444444444:root"},
		{given: "444444444444", want: "arn:aws:iam::444444444444:root"},
		{given: "codepipeline.amazonaws.com", want: "codepipeline.amazonaws.com"},
		{given: "*", want: "*"},
		{given: "tools/user/alice", want: "arn:aws:iam::111111111111:user/alice"},
		{given: "tools/alice", want: "arn:aws:iam::111111111111:user/alice"},
		{given: "444444444444/alice", want: "arn:aws:iam::444444444444:user/alice"},
		{given: "deployer", want: "arn:aws:iam::444444444444:role/deployer"},
		{given: "role/build", want: "arn:aws:iam::111111111111:role/ci/build"},
		{given: "role/ci/build", want: "arn:aws:iam::111111111111:role/ci/build"},
		{given: "tools/role/ci/build", want: "arn:aws:iam::111111111111:role/ci/build"},

		{given: "alice", error: `"alice" names 2 principals`, hint: "tools/user/alice, 444444444444/user/alice"},
		{given: "build", error: `"build" names 2 principals`, hint: "tools/user/build, tools/role/build"},
		{given: "prod/alice", error: `has no principal "prod/alice"`, hint: "tools/user/alice or 444444444444/user/alice"},
		{given: "deploier", error: `has no principal "deploier"`, hint: "did you mean 444444444444/role/deployer?"},
		{given: "zebra", error: `has no principal "zebra"`, hint: "lists the principals"},
		{given: "carol", error: `"carol" is a person, not a principal`, hint: "arn:aws:iam::444444444444:user/c.doe"},
		{given: "user/other/alice", error: "has no principal"},
		{given: "", error: "has no principal"},
		{given: "arn:aws:iam::111111111111:role/nothing", error: "has no principal"},
		{given: "arn:aws:sts::111111111111:assumed-role/nothing/s", error: "has no principal"},
		{given: "arn:aws:s3:::bucket", error: "is not the ARN of a principal"},
		{given: "svc-" + policy.Hole, error: "has no principal"},
	}
	for _, tt := range tests {
		t.Run(tt.given, func(t *testing.T) {
			t.Parallel()
			got, err := resolvePrincipal(e, tt.given)
			if tt.error == "" {
				if err != nil || got != tt.want {
					t.Errorf("got %q, %v, want %q", got, err, tt.want)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.error) {
				t.Fatalf("got %q, %v, want an error with %q", got, err, tt.error)
			}
			var hinted *Error
			if tt.hint != "" && (!errors.As(err, &hinted) || !strings.Contains(strings.Join(hinted.Hints, "\n"), tt.hint)) {
				t.Errorf("the hint of %v lacks %q: %v", err, tt.hint, hinted)
			}
		})
	}
}
