package sandboxtest

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Permission is one action on one resource that a call needs.
type Permission struct{ Action, Resource string }

// Case holds one operation to the permissions it needs.
type Case struct {
	// Operation names the subtest: "iam:CreateUser".
	Operation string
	// Needs are exactly the permissions. Where the operation has no resource type,
	// Resource is "*".
	Needs []Permission
	// Prepare puts in place what the call needs, as the root user of Tools.
	Prepare func(t testing.TB, k *Kit)
	// Call makes the call. It is made once for each way of refusing it, and then
	// once with the permissions.
	Call func(ctx context.Context, cfg aws.Config) error
	// Free operations need no permission at all and obey no Deny.
	Free bool
}

// matrixUser is the caller of every case.
const matrixUser = "matrix-caller"

// CallerARN is the ARN of the user who makes the calls of a matrix.
const CallerARN = "arn:aws:iam::" + Tools + ":user/" + matrixUser

// Matrix runs each case in a sandbox of its own as a user of Tools: with no
// permission, with all but one, and under an explicit Deny the call is refused in
// AWS's words; with exactly the permissions it works.
func Matrix(t *testing.T, cases []Case) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.Operation, func(t *testing.T) {
			t.Parallel()
			k := Start(t)
			if c.Prepare != nil {
				c.Prepare(t, k)
			}
			c.Run(t, k)
		})
	}
}

// Run runs one case in a kit that is prepared already, for cases whose permissions
// name what the sandbox makes up. A kit takes one case.
func (c Case) Run(t *testing.T, k *Kit) {
	t.Helper()
	cfg := k.Config(k.User(t, Tools, matrixUser))
	ctx := t.Context()
	if c.Free {
		k.Permit(t, Tools, matrixUser, Statement{Effect: "Deny", Action: []string{"*"}, Resource: []string{"*"}})
		if err := c.Call(ctx, cfg); err != nil {
			t.Fatalf("needs no permission, but was refused: %v", err)
		}
		return
	}
	if len(c.Needs) == 0 {
		t.Fatal("the case names no permission")
	}
	for i, without := range c.Needs {
		k.Permit(t, Tools, matrixUser, c.statements(i)...)
		refused(t, c.Call(ctx, cfg), without, " because no identity-based policy allows the "+without.Action+" action")
	}
	k.Permit(t, Tools, matrixUser)
	refused(t, c.Call(ctx, cfg), c.Needs[0], " because no identity-based policy allows the "+c.Needs[0].Action+" action")
	deny := Statement{Effect: "Deny", Action: []string{c.Needs[0].Action}, Resource: []string{"*"}}
	k.Permit(t, Tools, matrixUser, append(c.statements(-1), deny)...)
	refused(t, c.Call(ctx, cfg), c.Needs[0], " with an explicit deny in an identity-based policy")
	k.Permit(t, Tools, matrixUser, c.statements(-1)...)
	if err := c.Call(ctx, cfg); err != nil {
		t.Fatalf("with exactly %v it was refused: %v", c.Needs, err)
	}
}

// statements are a policy of the needs, but for one.
func (c Case) statements(without int) []Statement {
	var out []Statement
	for i, p := range c.Needs {
		if i != without {
			out = append(out, Allow(p.Action, p.Resource))
		}
	}
	return out
}

// refused checks that a call was refused for want of a permission, in AWS's words
// ("Troubleshoot access denied error messages", IAM user guide).
func refused(t testing.TB, err error, p Permission, why string) {
	t.Helper()
	if code := Code(err); code != "AccessDenied" && code != "AccessDeniedException" {
		t.Fatalf("without %v: want an access-denied error, got %v", p, err)
	}
	want := "User: " + CallerARN + " is not authorized to perform: " + p.Action
	if p.Resource != "*" {
		want += " on resource: " + p.Resource
	}
	if got := Message(err); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, why) {
		t.Fatalf("without %v the message is\n%s\nwant\n%s%s", p, got, want, why)
	}
}
