package catalog_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam/catalog"
)

func TestExpand(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern string
		want    []string
	}{
		{"codepipeline:PutApprovalResult", []string{"codepipeline:PutApprovalResult"}},
		{"CodePipeline:put*result", []string{
			"codepipeline:PutApprovalResult",
			"codepipeline:PutJobFailureResult",
			"codepipeline:PutJobSuccessResult",
			"codepipeline:PutThirdPartyJobFailureResult",
			"codepipeline:PutThirdPartyJobSuccessResult",
		}},
		{"codepipeline:??ableStageTransition", []string{"codepipeline:EnableStageTransition"}},
		{"codepipeline:????ableStageTransition", nil},
		{"codepipeline:??????StageTransition", []string{"codepipeline:EnableStageTransition"}},
		{"codepipeline:*StageTransition", []string{"codepipeline:DisableStageTransition", "codepipeline:EnableStageTransition"}},
		{"sts:AssumeRole?", nil},
		{"sts:AssumeRole?*", []string{"sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"}},
		{"sts:get**identity", []string{"sts:GetCallerIdentity"}},
		// IAM refuses these; a wildcard is only allowed in the name.
		{"*:Get*", nil},
		{"s?:GetObject", nil},
		{"**", nil},
		{"", nil},
		{"s3", nil},
		{"s3*", nil},
		{"nosuch:*", nil},
		// An inner or trailing blank, or a comma, makes a string match nothing.
		{"s3:GetObject ", nil},
		{"s3: GetObject", nil},
		{"s3:GetObject,s3:PutObject", nil},
	}
	for _, test := range tests {
		got := catalog.Expand(test.pattern)
		if len(got) == 0 {
			got = nil
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("Expand(%q) (-want +got):\n%s", test.pattern, diff)
		}
	}
	if n := len(catalog.Expand("*:*")); n != catalog.Count() {
		t.Errorf("*:* expands to %d of %d actions", n, catalog.Count())
	}
}

// FuzzExpand holds Expand against arn.Glob, which knows case, on lower-case text.
func FuzzExpand(f *testing.F) {
	for _, s := range []string{"*", "get*", "*result", "?ut*", "put?pproval*", "a**b", "*?*?*?*?*?*?*", "\xff*", "İ*"} {
		f.Add(s)
	}
	names := catalog.Actions("codepipeline")
	f.Fuzz(func(t *testing.T, name string) {
		// Beyond ASCII the two fold and count differently, and no action has such
		// a letter.
		for i := range len(name) {
			if name[i] >= 0x80 {
				if len(catalog.Expand("codepipeline:"+name)) > 0 {
					t.Fatalf("%q matches an action", name)
				}
				return
			}
		}
		var want []string
		for _, a := range names {
			if arn.Glob(strings.ToLower("codepipeline:"+name), strings.ToLower(a)) {
				want = append(want, a)
			}
		}
		got := catalog.Expand("codepipeline:" + name)
		if len(got) != len(want) || len(got) > 0 && !cmp.Equal(got, want) {
			t.Fatalf("Expand(%q) = %q, want %q", name, got, want)
		}
	})
}
