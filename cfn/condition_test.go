package cfn_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twokey/twokey/cfn"
	"github.com/twokey/twokey/iam/policy"
)

const conditionTemplate = `
Parameters:
  P: {Type: String}
  Q: {Type: String}
  Prod: {Type: String, Default: prod}
  Flag: {Type: String, Default: false}
  Count: {Type: Number, Default: 1}
Mappings: {M: {prod: {On: "true"}}}
Conditions:
  T: !Equals [a, a]
  F: !Equals [a, A]
  O: !Equals [!Ref P, x]
  C: CONDITION
Resources:
  A: {Type: AWS::SNS::Topic, Condition: C}
Outputs:
  Out: {Value: x, Condition: C}
`

// The three-valued tables are Kleene's.
func TestConditions(t *testing.T) {
	t.Parallel()
	const yes, no, open = "true", "false", "open"
	for _, tc := range []struct{ condition, want string }{
		{`!Equals [!Ref Prod, prod]`, yes},
		{`!Equals [!Ref Flag, false]`, yes},
		{`!Equals [!Ref Flag, "false"]`, yes},
		{`!Equals [!Ref Flag, "False"]`, no},
		{`!Equals [!Ref Count, 1]`, yes},
		{`!Equals [!Ref Count, "1"]`, yes},
		{`!Equals [!Ref Count, 1.0]`, no},
		{`!Equals [!Ref AWS::Region, us-east-1]`, yes},
		{`!Equals [!Ref AWS::AccountId, 111122223333]`, yes},
		{`!Equals [!FindInMap [M, !Ref Prod, On], true]`, yes},
		{`!Equals [!Select [0, !Split ["-", "a-b"]], a]`, yes},
		{`!Equals ["", !Ref P]`, open},
		{`!Equals [!Ref P, !Ref Q]`, open},
		{`!Equals [!Sub "a-${P}", b]`, no},
		{`!Equals [!Sub "${P}-a", x-b]`, no},
		{`!Equals [!Sub "ab${P}", a]`, no},
		{`!Equals [!Sub "a${P}", a]`, open},
		{`!Equals [!Sub "a${P}b", ab]`, open},
		{`!Equals [!Sub "a${P}a", a]`, no},
		{`!Not [!Condition T]`, no},
		{`!Not [!Condition F]`, yes},
		{`!Not [!Condition O]`, open},
		{`!And [!Condition T, !Condition T]`, yes},
		{`!And [!Condition T, !Condition F]`, no},
		{`!And [!Condition O, !Condition F]`, no},
		{`!And [!Condition F, !Condition O]`, no},
		{`!And [!Condition O, !Condition T]`, open},
		{`!And [!Condition O, !Condition O]`, open},
		{`!Or [!Condition F, !Condition F]`, no},
		{`!Or [!Condition O, !Condition T]`, yes},
		{`!Or [!Condition T, !Condition O]`, yes},
		{`!Or [!Condition O, !Condition F]`, open},
		{`!Or [!Condition O, !Condition O]`, open},
		{`{"Fn::And": [{"Fn::Equals": ["a", "a"]}, {"Fn::Not": [{"Condition": "F"}]}]}`, yes},
		{`{"Condition": "T"}`, yes},
	} {
		t.Run(tc.condition, func(t *testing.T) {
			t.Parallel()
			s := mustParse(t, strings.Replace(conditionTemplate, "CONDITION", tc.condition, 1)).Resolve(env())
			got := open
			if v, ok := s.Conditions["C"]; ok {
				got = fmt.Sprint(v)
			} else if !slices.Contains(s.Open, "C") {
				got = "neither"
			}
			if got != tc.want {
				t.Errorf("got %s, want %s: %s", got, tc.want, messages(s.Problems))
			}
			if len(s.Problems) > 0 {
				t.Error(messages(s.Problems))
			}
			made, maybe := len(s.Resources) == 1, len(s.Resources) == 1 && s.Resources[0].Maybe
			if made != (tc.want != no) || maybe != (tc.want == open) {
				t.Errorf("resource: made %v, maybe %v", made, maybe)
			}
			if made && (len(s.Outputs) != 1 || s.Outputs[0].Maybe != maybe) || !made && len(s.Outputs) != 0 {
				t.Errorf("outputs: %+v", s.Outputs)
			}
		})
	}
}

func TestBrokenConditions(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ condition, want string }{
		{`!Condition C`, "Circular dependency between conditions: [C]"},
		{`!Condition Nope`, "unresolved condition dependency Nope in the Conditions block of the template"},
		{`!Equals [a]`, "Fn::Equals takes a list of two values"},
		{`!Equals [[a], b]`, "Fn::Equals compares strings"},
		{`!And [!Condition T]`, "Fn::And takes 2 to 10 conditions and has 1"},
		{`!And x`, "Fn::And takes a list of conditions"},
		{`!Not [!Condition T, !Condition F]`, "Fn::Not takes a list of one condition"},
		{`yes`, "a condition has to be a condition function"},
		{`!Equals [!Ref A, x]`, "Cannot reference resources in the Conditions block of the template"},
		{`!Equals [!GetAtt A.TopicName, x]`, "Cannot reference resources in the Conditions block of the template"},
	} {
		t.Run(tc.condition, func(t *testing.T) {
			t.Parallel()
			s := mustParse(t, strings.Replace(conditionTemplate, "CONDITION", tc.condition, 1)).Resolve(env())
			if got := messages(s.Problems); !strings.Contains(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if _, decided := s.Conditions["C"]; decided && !strings.Contains(tc.condition, "And [") {
				t.Error("a broken condition was decided")
			}
		})
	}
}

func TestConditionCycle(t *testing.T) {
	t.Parallel()
	s := mustParse(t, `
Conditions:
  A: !Not [!Condition B]
  B: !Or [!Condition C, !Condition C]
  C: !And [!Condition A, !Equals [x, x]]
  D: !Condition A
Resources:
  T: {Type: AWS::SNS::Topic, Condition: D}
`).Resolve(env())
	if got := messages(s.Problems); got != "Circular dependency between conditions: [A, B, C]" {
		t.Error(got)
	}
	if d := cmp.Diff([]string{"A", "B", "C", "D"}, s.Open); d != "" {
		t.Error(d)
	}
	if !s.Resources[0].Maybe {
		t.Error("a resource whose condition is broken counts as certain")
	}
}

func TestForcedConditions(t *testing.T) {
	t.Parallel()
	tm := mustParse(t, strings.Replace(conditionTemplate, "CONDITION", "!Not [!Condition O]", 1))
	for _, o := range []bool{true, false} {
		e := env()
		e.Conditions = map[string]bool{"O": o}
		s := tm.Resolve(e)
		if s.Conditions["O"] != o || s.Conditions["C"] == o || len(s.Open) != 0 {
			t.Errorf("O forced to %v: %v, open %v", o, s.Conditions, s.Open)
		}
	}
	e := env()
	e.Conditions = map[string]bool{"Oh": true}
	if got := messages(tm.Resolve(e).Problems); got != "condition Oh is given a value but is not defined (did you mean O?)" {
		t.Error(got)
	}
}

func TestAssignments(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, text string
		limit      int
		want       []string
		complete   bool
	}{
		{"nothing open", "Conditions: {T: !Equals [a, a]}\n", 16, []string{"map[]"}, true},
		{"two of one parameter exclude each other", `
Parameters: {Env: {Type: String}}
Conditions:
  Prod: !Equals [!Ref Env, prod]
  Test: !Equals [test, !Ref Env]
`, 16, []string{"map[Prod:true Test:false]", "map[Prod:false Test:true]", "map[Prod:false Test:false]"}, true},
		{"allowed values", `
Parameters: {Env: {Type: String, AllowedValues: [prod, test]}}
Conditions:
  Prod: !Equals [!Ref Env, prod]
  Test: !Equals [!Ref Env, test]
  Both: !And [!Condition Prod, !Condition Test]
  Name: !Equals [!Sub "x-${Env}", x-prod]
`, 16, []string{"map[Both:false Name:true Prod:true Test:false]", "map[Both:false Name:false Prod:false Test:true]"}, true},
		{"two parameters", `
Parameters: {A: {Type: String}, B: {Type: String}}
Conditions:
  X: !Equals [!Ref A, "1"]
  Y: !Equals [!Ref B, "1"]
`, 16, []string{"map[X:true Y:true]", "map[X:true Y:false]", "map[X:false Y:true]", "map[X:false Y:false]"}, true},
		{"used in other ways", `
Parameters: {A: {Type: String}}
Conditions:
  X: !Equals [!Ref A, "1"]
  Y: !Equals [!Sub "${A}0", "10"]
`, 16, []string{"map[X:true Y:true]", "map[X:true Y:false]", "map[X:false Y:true]", "map[X:false Y:false]"}, true},
		{"what rests on another follows", `
Parameters: {A: {Type: CommaDelimitedList}}
Conditions:
  Y: !Not [!Condition X]
  X: !Equals [!Join ["", !Ref A], ""]
`, 16, []string{"map[X:true Y:false]", "map[X:false Y:true]"}, true},
		{"limit", `
Parameters: {A: {Type: String}, B: {Type: String}}
Conditions:
  X: !Equals [!Ref A, "1"]
  Y: !Equals [!Ref B, "1"]
`, 3, []string{"map[X:true Y:true]", "map[X:true Y:false]", "map[X:false Y:true]"}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tm := mustParse(t, tc.text+"Resources: {T: {Type: AWS::SNS::Topic}}\n")
			found, complete := tm.Assignments(env(), tc.limit)
			var got []string
			for _, a := range found {
				got = append(got, fmt.Sprint(a))
				e := env()
				e.Conditions = a
				if s := tm.Resolve(e); len(s.Open) > 0 {
					t.Errorf("%v leaves %v open", a, s.Open)
				}
			}
			if d := cmp.Diff(tc.want, got); d != "" || complete != tc.complete {
				t.Errorf("complete %v\n%s", complete, d)
			}
		})
	}
}

func TestParameters(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, declaration, value string
		want                     string // the value of Ref
		problem                  string
	}{
		{"given", `{Type: String}`, "x", `"x"`, ""},
		{"given over the default", `{Type: String, Default: y}`, "x", `"x"`, ""},
		{"account id of eleven digits", `{Type: String, AllowedPattern: '[0-9]{12}'}`, "12345678901", `"12345678901"`, "Parameter 'P' must match pattern [0-9]{12}"},
		{"account id of twelve digits", `{Type: String, AllowedPattern: '[0-9]{12}'}`, "012345678901", `"012345678901"`, ""},
		{"the whole value has to match", `{Type: String, AllowedPattern: '[a-z]|b'}`, "bb", `"bb"`, "must match pattern"},
		{"in the author's words", `{Type: String, AllowedPattern: '[0-9]{12}', ConstraintDescription: must be an account id}`, "1", `"1"`, "Parameter 'P' failed to satisfy constraint: must be an account id"},
		{"a pattern that cannot be checked", `{Type: String, AllowedPattern: '(?=a)b'}`, "1", `"1"`, "the AllowedPattern of parameter P is not one that can be checked here"},
		{"allowed", `{Type: String, AllowedValues: [true, false]}`, "true", `"true"`, ""},
		{"not allowed", `{Type: String, AllowedValues: [prod, test]}`, "dev", `"dev"`, "Parameter 'P' must be one of AllowedValues"},
		{"too short", `{Type: String, MinLength: 3}`, "ab", `"ab"`, "Parameter 'P' must contain at least 3 characters"},
		{"too long", `{Type: String, MaxLength: "3"}`, "abcd", `"abcd"`, "Parameter 'P' must contain at most 3 characters"},
		{"length in characters", `{Type: String, MaxLength: 3}`, "äöü", `"äöü"`, ""},
		{"number with a zero in front", `{Type: Number}`, "012345678901", `"012345678901"`, ""},
		{"no number", `{Type: Number}`, "ten", `"ten"`, "Parameter 'P' must be a number"},
		{"infinity is no number", `{Type: Number}`, "inf", `"inf"`, "Parameter 'P' must be a number"},
		{"too small", `{Type: Number, MinValue: 3}`, "2.5", `"2.5"`, "Parameter 'P' must be a number not less than 3"},
		{"too large", `{Type: Number, MaxValue: 3}`, "4", `"4"`, "Parameter 'P' must be a number not greater than 3"},
		{"list", `{Type: CommaDelimitedList}`, "a, b ,c", `["a","b","c"]`, ""},
		{"list of one", `{Type: List<Number>}`, "80", `["80"]`, ""},
		{"list with a bad member", `{Type: List<Number>}`, "80,x", `["80","x"]`, "Parameter 'P' must be a number"},
		{"list member not allowed", `{Type: CommaDelimitedList, AllowedValues: [a, b]}`, "a,c", `["a","c"]`, "must be one of AllowedValues"},
		{"list of an aws type", `{Type: 'List<AWS::EC2::Subnet::Id>'}`, "subnet-1,subnet-2", `["subnet-1","subnet-2"]`, ""},
		{"aws type", `{Type: 'AWS::EC2::VPC::Id'}`, "vpc-1", `"vpc-1"`, ""},
		{"unknown type", `{Type: Strin}`, "x", `"x"`, "Unrecognized parameter type: Strin (did you mean String?)"},
		{"no type", `{Default: x}`, "x", `"x"`, "parameter P has no Type"},
		{"attribute misspelt", `{Type: String, Defualt: x}`, "x", `"x"`, "Defualt is not an attribute of a parameter (did you mean Default?)"},
		{"ssm list", `{Type: 'AWS::SSM::Parameter::Value<List<String>>'}`, "/a", `"?(parameter P is not known: it is the value of the Systems Manager parameter /a, read at deployment)"`, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tm := mustParse(t, "Parameters: {P: "+tc.declaration+"}\nResources: {}\nOutputs: {O: {Value: !Ref P}}\n")
			e := env()
			e.Parameters = params("P", tc.value)
			s := tm.Resolve(e)
			if got := show(t, s.Outputs[0].Value); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
			if got := messages(s.Problems); tc.problem == "" && got != "" || !strings.Contains(got, tc.problem) {
				t.Errorf("got %q, want %q", got, tc.problem)
			}
		})
	}
}

func TestUnknownParametersAreListedOnce(t *testing.T) {
	t.Parallel()
	tm := mustParse(t, `
Parameters:
  CMKARN: {Type: String}
  Given: {Type: String}
  Unused: {Type: String}
Resources:
  A: {Type: AWS::S3::Bucket, Properties: {BucketName: !Ref CMKARN, X: !Sub "${CMKARN}-${Given}"}}
  B: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub "b-${CMKARN}"}}
`)
	e := env()
	e.Parameters = map[string]*policy.Node{
		"Given":  {Kind: policy.Unknown, Reason: "the stack that exports it is not known"},
		"CMKRAN": {Kind: policy.String, Text: "x"},
	}
	s := tm.Resolve(e)
	want := []cfn.Unknown{
		{What: "parameter CMKARN", Why: "it has no default and no value was given", Pos: policy.Pos{File: "t.yaml", Line: 3, Column: 3}},
		{What: "parameter Given", Why: "the stack that exports it is not known", Pos: policy.Pos{File: "t.yaml", Line: 4, Column: 3}},
	}
	if d := cmp.Diff(want, s.Unknowns); d != "" {
		t.Error(d)
	}
	if got := messages(s.Problems); got != "Parameters: [CMKRAN] do not exist in the template (did you mean CMKARN?)" {
		t.Error(got)
	}
	if got := s.Resources[1]; got.Ref.Text != "b-"+policy.Hole || got.ARN != "arn:aws:s3:::b-"+policy.Hole || got.Generated {
		t.Errorf("%+v", got)
	}
}

func TestListParameterGivenAsList(t *testing.T) {
	t.Parallel()
	tm := mustParse(t, "Parameters: {P: {Type: CommaDelimitedList}}\nResources: {}\nOutputs: {O: {Value: !Ref P}}\n")
	e := env()
	e.Parameters = map[string]*policy.Node{"P": {Kind: policy.List, Items: []*policy.Node{
		{Kind: policy.String, Text: "a"}, {Kind: policy.Unknown, Reason: "who knows"}, {Kind: policy.String, Text: "b"},
	}}}
	if got := show(t, tm.Resolve(e).Outputs[0].Value); got != `["a","?(who knows)"]` {
		t.Error(got) // the unknown member may hold commas, so what is behind it is part of it
	}
}

func TestParametersFromSystemsManager(t *testing.T) {
	t.Parallel()
	tm := mustParse(t, `
Parameters:
  One: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /one}
  Many: {Type: 'AWS::SSM::Parameter::Value<List<String>>', Default: /many}
Resources: {}
Outputs: {A: {Value: !Ref One}, B: {Value: !Ref Many}}
`)
	e := env()
	e.SSM = func(name string) (*policy.Node, bool) {
		v, ok := map[string]string{"/one": "1", "/many": "a, b"}[name]
		return &policy.Node{Kind: policy.String, Text: v}, ok
	}
	s := tm.Resolve(e)
	if a, b := show(t, s.Outputs[0].Value), show(t, s.Outputs[1].Value); a != `"1"` || b != `["a","b"]` {
		t.Errorf("%s %s", a, b)
	}
}
