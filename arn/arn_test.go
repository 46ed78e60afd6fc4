package arn

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		want ARN
	}{
		{"arn:aws:s3:::b/k", ARN{"aws", "s3", "", "", "b/k"}},
		{"arn:aws:s3:::b/2020:01:01", ARN{"aws", "s3", "", "", "b/2020:01:01"}},
		{"arn:aws:logs:eu-west-1:111122223333:log-group:/x:log-stream:y", ARN{"aws", "logs", "eu-west-1", "111122223333", "log-group:/x:log-stream:y"}},
		{"arn:aws-cn:iam::111122223333:root", ARN{"aws-cn", "iam", "", "111122223333", "root"}},
		{"arn:aws:iam::aws:policy/AdministratorAccess", ARN{"aws", "iam", "", "aws", "policy/AdministratorAccess"}},
	} {
		got, err := Parse(test.text)
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.text, diff)
		}
		if got.String() != test.text {
			t.Errorf("%s: String is %s", test.text, got)
		}
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                    "does not begin with \"arn:\"",
		"*":                   "does not begin with \"arn:\"",
		"ARN:aws:s3:::b":      "does not begin with \"arn:\"",
		"arn:aws:s3":          "has 3 of 6 fields",
		"arn:aws:s3:::":       "may not be empty",
		"arn::s3:::b":         "may not be empty",
		"arn:aws::eu:1:thing": "may not be empty",
	} {
		_, err := Parse(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q): error %v, want one with %q", text, err, want)
		}
	}
}

func TestSplitPattern(t *testing.T) {
	t.Parallel()
	always, star, trailing, never := CompleteAlways, CompleteWithStar, CompleteTrailingStar, CompleteNever
	for _, test := range []struct {
		text string
		rule Completion
		ok   bool
		last string
	}{
		{"arn:aws:s3:::b/a:b", never, true, "b/a:b"},
		{"arn:aws:sqs", always, true, "*"},
		{"arn:aws:sqs", star, false, "*"},
		{"arn:aws:sqs", trailing, false, "*"},
		{"arn:aws:sqs", never, false, "*"},
		{"arn:*:sqs", star, true, "*"},
		{"arn:*:sqs", trailing, false, "*"},
		{"arn:aws:sqs:*", star, true, "*"},
		{"arn:aws:sqs:*", trailing, true, "*"},
		{"arn:aws:sqs:*", never, false, "*"},
		{"*", never, true, "*"},
		{"**", never, true, "*"},
		{"", always, true, "*"},
		{"arn:aws:s3:::b-${aws:PrincipalTag/team, 'x:y'}/*", never, true, "b-${aws:PrincipalTag/team, 'x:y'}/*"},
		{"arn:aws:s3:::${a", never, true, "${a"},
	} {
		fields, ok := SplitPattern(test.text, test.rule)
		if ok != test.ok || fields[5] != test.last {
			t.Errorf("SplitPattern(%q, %d) = %q, %t; want last %q, %t", test.text, test.rule, fields, ok, test.last, test.ok)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("arn:aws:s3:::b/k:x")
	f.Add("arn:aws:iam::111122223333:root")
	f.Fuzz(func(t *testing.T, s string) {
		a, err := Parse(s)
		if err == nil && a.String() != s {
			t.Errorf("%q came back as %q", s, a)
		}
		for rule := CompleteAlways; rule <= CompleteNever; rule++ {
			if fields, ok := SplitPattern(s, rule); ok && strings.Count(s, ":") >= 5 && !strings.Contains(s, "${") {
				if got := strings.Join(fields[:], ":"); got != s {
					t.Errorf("SplitPattern(%q) lost text: %q", s, got)
				}
			}
		}
	})
}
