package arn_test

import (
	"fmt"

	"github.com/twokey/twokey/arn"
)

func ExampleParse() {
	a, err := arn.Parse("arn:aws:logs:eu-west-1:111122223333:log-group:/app:*")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(a.Service, a.Region, a.Account, a.Resource)
	// Output: logs eu-west-1 111122223333 log-group:/app:*
}

func ExampleGlob() {
	fmt.Println(arn.Glob("arn:aws:s3:::b/*/test/*", "arn:aws:s3:::b/1/2/test/3"))
	fmt.Println(arn.Glob("rol?", "role"), arn.Glob("rol?", "rol"))
	// Output:
	// true
	// true false
}

func ExampleGlobVerdict() {
	// The bucket's name is not known, so neither is the answer; that every name in
	// it matches "arn:aws:s3:::*" is certain.
	object := "arn:aws:s3:::" + arn.Hole + "/k"
	fmt.Println(arn.GlobVerdict("arn:aws:s3:::b/*", object))
	fmt.Println(arn.GlobVerdict("arn:aws:s3:::*", object))
	fmt.Println(arn.GlobVerdict("arn:aws:sqs:*", object))
	// Output:
	// maybe
	// yes
	// no
}

func ExampleSplitPattern() {
	_, identity := arn.SplitPattern("arn:aws:sqs", arn.CompleteAlways)
	_, resource := arn.SplitPattern("arn:aws:sqs", arn.CompleteWithStar)
	fmt.Println(identity, resource)
	// Output: true false
}

func ExampleCompilePattern() {
	p := arn.CompilePattern("team-*")
	fmt.Println(p.Match("team-a"), p.MatchPartial("team-"+arn.Hole), p.MatchPartial(arn.Hole))
	// Output: yes yes maybe
}
