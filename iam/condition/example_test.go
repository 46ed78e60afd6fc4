package condition_test

import (
	"fmt"

	"github.com/twokey/twokey/iam/condition"
	"github.com/twokey/twokey/iam/policy"
)

func ExampleCompile() {
	program := condition.Compile([]policy.Condition{{
		Operator: "IpAddress", Key: "aws:SourceIp", Values: []policy.Text{{Value: "203.0.113.0/24"}},
	}}, condition.Options{Variables: true})
	for _, ctx := range []*condition.Context{
		condition.NewContext().Set("aws:sourceip", "203.0.113.7"),
		condition.NewContext(),
		condition.NewContext().MarkUnknown("aws:SourceIp"),
	} {
		fmt.Println(program.Eval(&condition.Env{Request: ctx}))
	}
	// Output:
	// yes
	// no
	// maybe
}

func ExampleContext() {
	ctx := condition.NewContext().
		Set("aws:SourceIp", "203.0.113.7").
		SetList("aws:TagKeys", "team", "cost").
		Absent("aws:username").
		UnknownUnlessSet(true)
	for _, key := range []string{"AWS:SOURCEIP", "aws:TagKeys", "aws:username", "aws:SourceVpc"} {
		state, values := ctx.Lookup(key)
		fmt.Println(state == condition.Unknown, state == condition.Absent, values)
	}
	// Output:
	// false false [203.0.113.7]
	// false false [team cost]
	// false true []
	// true false []
}

func ExampleKnownOperator() {
	fmt.Println(condition.KnownOperator("ForAnyValue:StringLikeIfExists"), condition.KnownOperator("ForAnyValues:StringLike"))
	// Output: true false
}

func ExampleCompileTemplate() {
	t := condition.CompileTemplate("home/${aws:username}/*", condition.Syntax{Wildcards: true, Variables: true})
	env := &condition.Env{Request: condition.NewContext().Set("aws:username", "alice")}
	v, _ := t.Match(env, "home/alice/notes")
	fmt.Println(v)
	// Output: yes
}

func ExampleCompileARN() {
	p, _ := condition.CompileARN("arn:aws:s3:::b/*", condition.ARNSyntax{})
	s := condition.NewSubject("arn:aws:s3:::b/" + policy.Hole)
	v, _ := p.Match(&condition.Env{}, &s)
	fmt.Println(v)
	// Output: yes
}
