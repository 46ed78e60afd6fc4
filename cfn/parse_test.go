package cfn_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twokey/twokey/cfn"
	"github.com/twokey/twokey/iam/policy"
)

func TestScalarsKeepTheirText(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		written string
		kind    policy.Kind
		text    string
	}{
		{"000000000000", policy.String, "000000000000"},
		{"012345678901", policy.String, "012345678901"},
		{"0123", policy.String, "0123"},
		{"123456789012", policy.Number, "123456789012"},
		{"0", policy.Number, "0"},
		{"-1.50", policy.Number, "-1.50"},
		{"1e3", policy.Number, "1e3"},
		{"1.", policy.String, "1."},
		{".5", policy.String, ".5"},
		{"+1", policy.String, "+1"},
		{"1_000", policy.String, "1_000"},
		{"0x1F", policy.String, "0x1F"},
		{"0o17", policy.String, "0o17"},
		{".inf", policy.String, ".inf"},
		{"190:20:30", policy.String, "190:20:30"},
		{"2012-10-17", policy.String, "2012-10-17"},
		{"2010-09-09T00:00:00Z", policy.String, "2010-09-09T00:00:00Z"},
		{"yes", policy.String, "yes"},
		{"No", policy.String, "No"},
		{"on", policy.String, "on"},
		{"off", policy.String, "off"},
		{"y", policy.String, "y"},
		{"true", policy.Bool, "true"},
		{"True", policy.Bool, "true"},
		{"FALSE", policy.Bool, "false"},
		{`"true"`, policy.String, "true"},
		{"'0123'", policy.String, "0123"},
		{"!!str 123", policy.String, "123"},
		{"arn:aws:iam::123456789012:root", policy.String, "arn:aws:iam::123456789012:root"},
		{"*", policy.String, ""}, // an alias without a name: not YAML
	} {
		t.Run(tc.written, func(t *testing.T) {
			t.Parallel()
			tm, err := cfn.Parse("t.yaml", []byte("Resources:\n  A:\n    Type: AWS::S3::Bucket\n    Properties:\n      X: "+tc.written+"\n"))
			if tc.written == "*" {
				if err == nil {
					t.Error("no error")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			v := tm.Resolve(env()).Resources[0].Props.Get("X")
			if v.Kind != tc.kind || v.Text != tc.text {
				t.Errorf("got kind %d, text %q", v.Kind, v.Text)
			}
		})
	}
}

func TestPositions(t *testing.T) {
	t.Parallel()
	yaml := "Resources:\n  Ärger:\n    Type: AWS::S3::Bucket\n    Properties:\n      'é': &a !Sub x${AWS::Region}\n      Tags:\n        - Key: k\n          Value: \"v\"\n"
	json := "{\"Resources\":\n  {\"Ärger\": {\n    \"Type\" : \"AWS::S3::Bucket\",\n\t\"Properties\": {\"é\": {\"Fn::Sub\": \"x\"}, \"Tags\": [\n      {\"Key\": \"k\", \"Value\": \"v\"}]}}}}"
	pos := func(p policy.Pos) string { return fmt.Sprintf("%d:%d", p.Line, p.Column) }
	for _, tc := range []struct {
		name, text string
		want       []string
	}{
		{"yaml", yaml, []string{"2:3", "5:7", "5:12", "7:9", "7:11", "7:16", "8:18"}},
		{"json", json, []string{"2:4", "4:17", "4:22", "4:48", "5:7", "5:15", "5:29"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tm := mustParse(t, tc.text)
			props := tm.Resources[0].Node.Get("Properties")
			tags := props.Get("Tags")
			got := []string{
				pos(tm.Resources[0].Pos), pos(props.Entries[0].KeyPos), pos(props.Entries[0].Value.Pos),
				pos(tags.Pos), pos(tags.Items[0].Pos), pos(tags.Items[0].Get("Key").Pos), pos(tags.Items[0].Get("Value").Pos),
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestUnreadable(t *testing.T) {
	t.Parallel()
	bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c <= 'i'; c++ {
		bomb += fmt.Sprintf("%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", c, c, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1)
	}
	mergeBomb := "a: &a {x: 1}\n"
	for c := 'b'; c <= 'z'; c++ {
		mergeBomb += fmt.Sprintf("%c: &%c {<<: [*%c, *%c], p: *%c, q: *%c}\n", c, c, c-1, c-1, c-1, c-1)
	}
	for _, tc := range []struct{ name, text, want string }{
		{"nothing", "", "t.yaml: is empty"},
		{"space", " \n\n", "t.yaml: is empty"},
		{"comments only", "# a\n# b\n", "t.yaml: holds no values, only comments"},
		{"two documents", "Resources: {}\n---\nResources: {}\n", "t.yaml:2:1: holds a second document; a template is one document"},
		{"a list", "- a\n- b\n", "t.yaml:1:1: a template is a map of sections, and this is a list"},
		{"a string", "just words\n", "t.yaml:1:1: a template is a map of sections, and this is a string"},
		{"json list", "[1, 2]", "t.yaml:1:1: a template is a map of sections, and this is a list"},
		{"tabs", "Resources:\n\tA:\n\t\tType: AWS::S3::Bucket\n", "t.yaml:2: is not valid YAML: found character that cannot start any token"},
		{"broken quote", "Resources:\n  A: \"x\n", "t.yaml:2: is not valid YAML: found unexpected end of stream"},
		{"unknown anchor", "Resources: *gone\n", "unknown anchor 'gone' referenced"},
		{"invalid utf-8", "Resources:\n  A: \xff\n", "t.yaml:2: is not UTF-8 text"},
		{"utf-16", "\xff\xfeR\x00e\x00", "t.yaml:1: is UTF-16 text"},
		{"control character", "Resources: \x01\n", "control characters are not allowed"},
		{"too long", "# " + strings.Repeat("x", cfn.MaxTemplateBytes), "more than the 8388608 that are read"},
		{"deep flow", strings.Repeat("{a: ", 300) + strings.Repeat("}", 300), "values are nested more than 256 deep"},
		{"deep json", strings.Repeat(`{"a":`, 300) + "1" + strings.Repeat("}", 300), "t.yaml:1:1286: values are nested more than 256 deep"},
		{"very deep json", strings.Repeat(`[`, 1<<20), "values are nested more than 256 deep"},
		{"very deep yaml", "a: " + strings.Repeat(`[`, 20_000), "exceeded max depth"},
		{"alias bomb", bomb, "the template holds more than 500000 values"},
		{"merge bomb", mergeBomb, "the template holds more than 500000 values"},
		{"alias of itself", "Resources: &a\n  B: *a\n", "t.yaml:2:6: anchor a contains itself"},
		{"aliases of each other", "a: &a {b: &b {c: *a}}\n", "anchor a contains itself"},
		{"many values", "a: [" + strings.Repeat("x,", 600_000) + "]", "the template holds more than 500000 values"},
		{"many marks", "a: |\n  " + strings.Repeat("::", 600_000), "the template holds more than 500000 values"},
		{"many values in json", `{"a": [` + strings.Repeat("1,", 600_000) + "1]}", "the template holds more than 500000 values"},
		{"json cut off", `{"Resources": {"A": {"Type": "AWS::S3::Bucket"`, "t.yaml:1:47: is not valid JSON: it ends in the middle of a value"},
		{"json with an error", "{\"Resources\": {\n  \"A\": {\"Type\": \"AWS::S3::Bucket\"} \"B\": 1}}", "t.yaml:2:36: is not valid JSON: invalid character '\"' after object key:value pair"},
		{"json with more behind it", `{"Resources": {}} {}`, "t.yaml:1:19: there is more after the end of the JSON document"},
		{"key is a map", "? {a: b}\n: c\n", "t.yaml:1:3: a key is not a string"},
		{"merge of a string", "a:\n  <<: x\n", "t.yaml:2:7: a merge key needs a map or a list of maps, and this is a string"},
		{"key with a NUL", "\"a\\0b\": c\n", "a key holds a NUL character"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			_, err := cfn.Parse("t.yaml", []byte(tc.text))
			if err == nil {
				t.Fatal("no error")
			}
			var e *cfn.Error
			if !errors.As(err, &e) {
				t.Errorf("%T is not a *cfn.Error", err)
			}
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %q, want %q", err, tc.want)
			}
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestTabHint(t *testing.T) {
	t.Parallel()
	_, err := cfn.Parse("t.yaml", []byte("Resources:\n\tA: 1\n"))
	var e *cfn.Error
	if !errors.As(err, &e) || !strings.Contains(e.Hint, "tabs") {
		t.Errorf("%#v", err)
	}
}

func TestReadable(t *testing.T) {
	t.Parallel()
	const want = `{"Type":"AWS::S3::Bucket"}`
	for _, tc := range []struct{ name, text string }{
		{"byte order mark", "\xef\xbb\xbfResources:\n  A: {Type: AWS::S3::Bucket}\n"},
		{"carriage returns", "Resources:\r\n  A:\r\n    Type: AWS::S3::Bucket\r\n"},
		{"document marks", "---\nResources:\n  A: {Type: AWS::S3::Bucket}\n...\n"},
		{"json", `{"Resources": {"A": {"Type": "AWS::S3::Bucket"}}}`},
		{"json with tabs", "{\n\t\"Resources\":\t{\n\t\t\"A\": {\t\"Type\": \"AWS::S3::Bucket\"}}}\n"},
		{"json with escapes", `{"Resources": {"A": {"Type": "AWS\u003a:S3::B\u0075cket"}}}`},
		{"json with a byte order mark", "\xef\xbb\xbf{\"Resources\": {\"A\": {\"Type\": \"AWS::S3::Bucket\"}}}"},
		{"a flow map", "{Resources: {A: {Type: AWS::S3::Bucket,}}}"},
		{"an alias", "Metadata: &b {Type: AWS::S3::Bucket}\nResources: {A: *b}\n"},
		{"a merge key", "Metadata: &b {Type: AWS::S3::Bucket}\nResources: {A: {<<: *b}}\n"},
		{"merge keys give way", "x: &x {Type: AWS::S3::Bucket}\ny: &y {Type: AWS::SNS::Topic}\nResources: {A: {<<: [*x, *y]}}\n"},
		{"what is written counts more", "y: &y {Type: AWS::SNS::Topic}\nResources: {A: {<<: *y, Type: AWS::S3::Bucket}}\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := show(t, mustParse(t, tc.text).Resources[0].Node); got != want {
				t.Error(got)
			}
		})
	}
}

func TestDuplicateKeys(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"yaml": "Resources:\n  A:\n    Type: AWS::SNS::Topic\n  B: {Type: AWS::SQS::Queue}\n  A:\n    Type: AWS::S3::Bucket\n    Properties:\n      BucketName: one\n      BucketName: two\n",
		"json": "{\"Resources\": {\n\n\"A\": {\"Type\": \"AWS::SNS::Topic\"},\n \"B\": {\"Type\": \"AWS::SQS::Queue\"},\n\"A\": {\"Type\": \"AWS::S3::Bucket\", \"Properties\": {\n\n\n \"BucketName\": \"one\",\n \"BucketName\": \"two\"}}}}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mustParse(t, text).Resolve(env())
			if len(s.Resources) != 2 || show(t, resource(t, s, "A").Props) != `{"BucketName":"two"}` {
				t.Errorf("%+v", s.Resources)
			}
			want := "key A stands twice, on lines 3 and 5; the last one counts (remove one of them)\n" +
				"key BucketName stands twice, on lines 8 and 9; the last one counts (remove one of them)"
			if name == "yaml" {
				want = strings.ReplaceAll(want, "lines 3 and 5", "lines 2 and 5")
			}
			if d := cmp.Diff(want, messages(s.Problems)); d != "" {
				t.Error(d)
			}
		})
	}
	// Three times, and in a long map.
	var b strings.Builder
	b.WriteString("Metadata:\n")
	for i := range 40 {
		fmt.Fprintf(&b, "  k%d: 1\n", i%38)
	}
	if got := messages(mustParse(t, b.String()+"Resources: {}\n").Problems); got !=
		"key k0 stands twice, on lines 2 and 40; the last one counts (remove one of them)\nkey k1 stands twice, on lines 3 and 41; the last one counts (remove one of them)" {
		t.Error(got)
	}
}

func TestStructureProblems(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, text, want string }{
		{"no resources", "Outputs: {}\n", "the template has no Resources section"},
		{"section misspelt", "Resorces: {}\nResources: {}\n", "Resorces is not a section of a template (did you mean Resources?)"},
		{"section is a list", "Resources: [a]\n", "the Resources section has to be a map and is a list"},
		{"resource is a string", "Resources: {A: x}\n", "resource A has to be a map and is a string"},
		{"no type", "Resources: {A: {Properties: {}}}\n", "resource A has no Type"},
		{"attribute misspelt", "Resources: {A: {Type: AWS::SNS::Topic, DependOn: B}}\n", "DependOn is not an attribute of a resource (did you mean DependsOn?)"},
		{"null", "Resources:\n  A:\n    Type: AWS::SNS::Topic\n    Properties:\n", "Properties is null, which CloudFormation refuses"},
		{"condition not a name", "Resources: {A: {Type: AWS::SNS::Topic, Condition: {Ref: X}}}\n", "the Condition of A has to be the name of a condition"},
		{"condition not defined", "Resources: {A: {Type: AWS::SNS::Topic, Condition: X}}\n", "unresolved condition dependency X in the Resources block of the template"},
		{"depends on nothing", "Resources: {A: {Type: AWS::SNS::Topic, DependsOn: [X]}}\n", "Unresolved resource dependencies [X] in the Resources block"},
		{"alias", "Metadata: &a {}\nResources: {}\nMappings: *a\n", "YAML aliases and merge keys are not accepted by CloudFormation itself"},
		{"parameter and resource", "Parameters: {A: {Type: String, Default: x}}\nResources: {A: {Type: AWS::SNS::Topic}}\n", "A is both a parameter and a resource"},
		{"output without value", "Resources: {}\nOutputs: {O: {Description: x}}\n", "output O has no Value"},
		{"nul", "Resources: {A: {Type: AWS::SNS::Topic, Properties: {TopicName: \"a\\0\"}}}\n", "the value holds a NUL character"},
		{"properties are a list", "Resources: {A: {Type: AWS::SNS::Topic, Properties: [a]}}\n", "the Properties of A have to be a map and are a list"},
		{"too many members", "Resources: {" + manyMembers(5001) + "}\n", "the Resources section has more than 5000 members; it is not read"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := mustParse(t, tc.text).Resolve(env())
			if got := messages(s.Problems); !strings.Contains(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func manyMembers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "R%d: {Type: AWS::SNS::Topic},", i)
	}
	return b.String()
}

func TestComments(t *testing.T) {
	t.Parallel()
	text := `# twokey: ignore[CP-001] reason="above all"
# and another comment

---
Resources:
  # twokey: ignore[CP-203] reason="moved" until=2027-01-31
  # twokey: ignore[CP-204]

  Bucket: # twokey: ignore[CP-205] trailing
    Type: AWS::S3::Bucket
    Properties:
      BucketName: "a # twokey: in quotes"
      Tag: 'it''s # twokey: in single quotes' # twokey: behind quotes
      Plain: a#twokey:glued
      Script: !Sub |
        # twokey: in a block
          echo

        more # twokey: still in it
      # twokey: behind the block
      Folded: >-
         text
      "quo # twokey: key": "multi
        # twokey: in a long quote
        line"
  # twokey: at the end
`
	tm := mustParse(t, text)
	var got []string
	for _, c := range tm.Comments {
		got = append(got, fmt.Sprintf("%d→%d %s", c.Line, c.AppliesTo, c.Text))
	}
	want := []string{
		`1→5 twokey: ignore[CP-001] reason="above all"`,
		`6→9 twokey: ignore[CP-203] reason="moved" until=2027-01-31`,
		`7→9 twokey: ignore[CP-204]`,
		`9→9 twokey: ignore[CP-205] trailing`,
		`13→13 twokey: behind quotes`,
		`20→21 twokey: behind the block`,
		`26→0 twokey: at the end`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if r := tm.ResourceAt(12); r == nil || r.LogicalID != "Bucket" {
		t.Errorf("%v", r)
	}
	if r := tm.ResourceAt(5); r != nil {
		t.Errorf("%v", r)
	}
}
