package cfn_test

import (
	"strings"
	"testing"

	"github.com/twokey/twokey/iam/policy"
)

const functionTemplate = `
Transform: AWS::LanguageExtensions
Parameters:
  Env: {Type: String, Default: prod}
  Account: {Type: Number, Default: 012345678901}
  Open: {Type: String}
  OpenList: {Type: CommaDelimitedList}
  Blocks: {Type: CommaDelimitedList, Default: "10.0.48.0/24, 10.0.112.0/24, 10.0.176.0/24"}
  Ports: {Type: List<Number>, Default: "80,20"}
  Blank: {Type: CommaDelimitedList, Default: ",,"}
  Image: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /golden/ami}
Mappings:
  RegionMap:
    us-east-1: {HVM64: ami-0ff8a91507f77f867, Zones: [a, b]}
    us-west-1: {HVM64: ami-0bdb828fd58c52235}
  Accounts:
    000000000012: {Name: zeros}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
  NotProd: !Not [!Condition IsProd]
  IsOpen: !Equals [!Ref Open, prod]
Resources:
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: artifacts}}
  Role: {Type: AWS::IAM::Role, Properties: {RoleName: deployer, Path: /ci/}}
  Nested: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: x}}
  Absent: {Type: AWS::SNS::Topic, Condition: NotProd}
Outputs:
  Out:
    Value: VALUE
`

// The expected values of the documented examples are those of the "Intrinsic
// function reference" of the CloudFormation user guide.
func TestFunctions(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, value, want string }{
		{"ref parameter", `!Ref Env`, `"prod"`},
		{"ref number parameter keeps its text", `!Ref Account`, `"012345678901"`},
		{"ref long form", `{"Ref": "Env"}`, `"prod"`},
		{"ref resource", `!Ref Bucket`, `"artifacts"`},
		{"ref list parameter trims", `!Ref Blocks`, `["10.0.48.0/24","10.0.112.0/24","10.0.176.0/24"]`},
		{"ref list of numbers", `!Ref Ports`, `["80","20"]`},
		{"ref account", `!Ref AWS::AccountId`, `"111122223333"`},
		{"ref region", `!Ref "AWS::Region"`, `"us-east-1"`},
		{"ref partition", `!Ref AWS::Partition`, `"aws"`},
		{"ref url suffix", `!Ref AWS::URLSuffix`, `"amazonaws.com"`},
		{"ref stack name", `!Ref AWS::StackName`, `"demo"`},
		{"ref of what has no value", `!Ref Open`, `"?(parameter Open has no value)"`},
		{"ref of an ssm parameter", `!Ref Image`, `"?(parameter Image is not known: it is the value of the Systems Manager parameter /golden/ami, read at deployment)"`},

		{"getatt with a dot", `!GetAtt Role.Arn`, `"arn:aws:iam::111122223333:role/ci/deployer"`},
		{"getatt with a list", `!GetAtt [Role, Arn]`, `"arn:aws:iam::111122223333:role/ci/deployer"`},
		{"getatt long form", `{"Fn::GetAtt": ["Role", "Arn"]}`, `"arn:aws:iam::111122223333:role/ci/deployer"`},
		{"getatt long form with a dot", `{"Fn::GetAtt": "Role.Arn"}`, `"arn:aws:iam::111122223333:role/ci/deployer"`},
		{"getatt with a ref for the attribute", `{"Fn::GetAtt": [Role, !Sub "A${T}"]}`, `"?(the name of the attribute is not known`},
		{"getatt of a nested stack", `!GetAtt Nested.Outputs.BucketName`, `"?(Nested.Outputs.BucketName: it is an output of another stack)"`},
		{"getatt of what is made up", `!GetAtt Role.RoleId`, `"?(Role.RoleId: the attribute is not known before deployment)"`},

		{"sub", `!Sub arn:aws:iam::${Account}:role/x`, `"arn:aws:iam::012345678901:role/x"`},
		{"sub of an attribute", `!Sub "${Role.Arn}"`, `"arn:aws:iam::111122223333:role/ci/deployer"`},
		{"sub of a pseudo parameter", `!Sub 'arn:${AWS::Partition}:s3:::${Bucket}/*'`, `"arn:aws:s3:::artifacts/*"`},
		{"sub with a map", `!Sub ["www.${Domain}", {Domain: !Ref Env}]`, `"www.prod"`},
		{"sub with a map that shadows", `!Sub ["${Env}", {Env: mine}]`, `"mine"`},
		{"sub with a function in its map", `!Sub ["${X}", {X: !Join ["-", [a, !Ref Env]]}]`, `"a-prod"`},
		{"sub literal", `!Sub "${!Literal} ${Env}"`, `"${Literal} prod"`},
		{"sub without variables", `!Sub alias/codepipeline`, `"alias/codepipeline"`},
		{"sub with a dollar", `!Sub "$HOME $${Env} ${"`, `"$HOME $prod ${"`},
		{"sub of the unknown", `!Sub "arn:aws:s3:::${Open}/*"`, `"arn:aws:s3:::_/*"`},
		{"sub of a boolean in its map", `!Sub ["${X}", {X: true}]`, `"true"`},

		{"join", `!Join [":", [a, b, c]]`, `"a:b:c"`},
		{"join of a list parameter", `!Join ["|", !Ref Ports]`, `"80|20"`},
		{"join nested", `!Join ["", ["arn:", !Ref AWS::Partition, ":s3:::", !Join ["-", [!Ref Env, x]]]]`, `"arn:aws:s3:::prod-x"`},
		{"join leaves out NoValue", `!Join ["-", [a, !If [IsProd, !Ref "AWS::NoValue", x], b]]`, `"a-b"`},
		{"join of the unknown", `!Join ["", ["arn:aws:s3:::", !Ref Open, "/*"]]`, `"arn:aws:s3:::_/*"`},
		{"join of an unknown list", `!Join [",", !Ref OpenList]`, `"_"`},
		{"join of what may be absent", `!Join [",", [a, !If [IsOpen, x, !Ref "AWS::NoValue"], b]]`, `"a_b"`},
		{"join of numbers", `!Join ["", [1, 2.50, true]]`, `"12.50true"`},

		{"split", `!Split ["|", "a|b|c"]`, `["a","b","c"]`},
		{"split with an empty end", `!Split ["|", "a||c|"]`, `["a","","c",""]`},
		{"split of an import", `!Select [2, !Split [",", !ImportValue AccountSubnetIDs]]`, `"subnet-3"`},
		{"split of the partly known", `!Split ["/", !Sub "a/b/${Open}/c"]`, `["a","b","?(parameter Open has no value)"]`},
		{"select in front of the unknown", `!Select [1, !Split ["/", !Sub "a/b/${Open}/c"]]`, `"b"`},
		{"select behind the unknown", `!Select [3, !Split ["/", !Sub "a/b/${Open}/c"]]`, `"?(parameter Open has no value)"`},

		{"select", `!Select ["1", ["apples", "grapes", "oranges", "mangoes"]]`, `"grapes"`},
		{"select from a parameter", `!Select [0, !Ref Blocks]`, `"10.0.48.0/24"`},
		{"select from an empty parameter", `!Select [2, !Ref Blank]`, `""`},
		{"select of the account in an arn", `!Select [4, !Split [":", !GetAtt Role.Arn]]`, `"111122223333"`},
		{"select of the stack's id", `!Select [2, !Split ["/", !Ref AWS::StackId]]`, `"51af3dc0-da77-11e4-872e-1234567db123"`},
		{"select beside the unknown", `!Select [1, [!Ref Open, b]]`, `"b"`},
		{"select behind what may be absent", `!Select [1, [!If [IsOpen, a, !Ref "AWS::NoValue"], b, c]]`, `"?(condition IsOpen is open: parameter Open has no value)"`},

		{"if true", `!If [IsProd, a, b]`, `"a"`},
		{"if false", `!If [NotProd, a, b]`, `"b"`},
		{"if open", `!If [IsOpen, a, b]`, `"?(condition IsOpen is open: parameter Open has no value)"`},
		{"if open with equal branches", `!If [IsOpen, {A: [1]}, {A: [1]}]`, `{"A":[1]}`},
		{"if long form", `{"Fn::If": ["IsProd", {"Ref": "Env"}, 1]}`, `"prod"`},
		{"if in a list with NoValue", `[a, !If [NotProd, x, !Ref "AWS::NoValue"], b]`, `["a","b"]`},
		{"if in a map with NoValue", `{A: 1, B: !If [IsProd, !Ref "AWS::NoValue", x]}`, `{"A":1}`},
		{"if nested", `!If [IsProd, !If [NotProd, a, [b]], c]`, `["b"]`},

		{"findinmap", `!FindInMap [RegionMap, !Ref "AWS::Region", HVM64]`, `"ami-0ff8a91507f77f867"`},
		{"findinmap of a list", `!FindInMap [RegionMap, us-east-1, Zones]`, `["a","b"]`},
		{"findinmap by an account id", `!FindInMap [Accounts, "000000000012", Name]`, `"zeros"`},
		{"findinmap with a default", `!FindInMap [RegionMap, eu-west-1, HVM64, {DefaultValue: none}]`, `"none"`},
		{"findinmap by the unknown", `!FindInMap [RegionMap, !Ref Open, HVM64]`, `"?(a key of Fn::FindInMap is not known: parameter Open has no value)"`},

		{"import", `!ImportValue NetworkStackVPC`, `"vpc-1"`},
		{"import with sub", `Fn::ImportValue: !Sub "${Env}-vpc"`, `"vpc-prod"`},
		{"import of what is not there", `!ImportValue gone`, `"?(Fn::ImportValue gone: no stack that is known exports it)"`},
		{"import by an unknown name", `!ImportValue {"Fn::Sub": "${Open}-vpc"}`, `"?(Fn::ImportValue …-vpc: the name of the export is not known: parameter Open has no value)"`},

		{"base64", `Fn::Base64: "AWS CloudFormation"`, `"QVdTIENsb3VkRm9ybWF0aW9u"`},
		{"base64 of the unknown", `Fn::Base64: !Sub "x${Open}"`, `"?(parameter Open has no value)"`},
		{"cidr", `!Cidr ["192.168.0.0/24", 6, 5]`, `["192.168.0.0/27","192.168.0.32/27","192.168.0.64/27","192.168.0.96/27","192.168.0.128/27","192.168.0.160/27"]`},
		{"cidr of eight bits", `!Select [1, !Cidr ["10.0.0.0/16", "2", "8"]]`, `"10.0.1.0/24"`},
		{"cidr of ipv6", `!Cidr ["2001:db8::/56", 2, 64]`, `["2001:db8::/64","2001:db8:0:1::/64"]`},
		{"availability zones", `!Select [0, !GetAZs ""]`, `"?(Fn::GetAZs: which availability zones an account has is not in a template)"`},

		{"length", `!Length [a, b, c]`, `3`},
		{"length of a parameter", `Fn::Length: !Ref Ports`, `2`},
		{"length of the unknown", `!Length {Ref: OpenList}`, `"?(parameter OpenList has no value)"`},
		{"tojsonstring", `Fn::ToJsonString: {key1: value1, key2: !Ref Env, key3: [1, true]}`, `"{\"key1\":\"value1\",\"key2\":\"prod\",\"key3\":[1,true]}"`},
		{"tojsonstring of the unknown", `Fn::ToJsonString: {a: !Ref Open, b: !Sub "x${Open}\""}`, `"{\"a\":_,\"b\":\"x_\\\"\"}"`},
		{"foreach", `{"Fn::ForEach::Topics": [X, [a], {}], "Other": 1}`, `"?(Fn::ForEach::Topics: loops are not expanded)"`},
		{"transform", `Fn::Transform: {Name: AWS::Include, Parameters: {Location: "s3://x/y"}}`, `"?(Fn::Transform AWS::Include: macros are not run)"`},
		{"transform beside other keys", `{A: 1, "Fn::Transform": {Name: Mine}}`, `"?(Fn::Transform Mine: macros are not run)"`},

		{"dynamic reference to a secret", `"{{resolve:secretsmanager:prod/db:SecretString:password}}"`, `"?hole(dynamic reference {{resolve:secretsmanager:prod/db:SecretString:password}} is read at deployment)"`},
		{"dynamic reference inside", `!Sub "x{{resolve:ssm:/${Env}/name:2}}y"`, `"xansweredy"`},
		{"dynamic reference that is unknown", `!Sub "x{{resolve:ssm:/other}}y${Open}"`, `"x_y_"`},
		{"yes is text", `yes`, `"yes"`},
		{"a date is text", `2012-10-17`, `"2012-10-17"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			e := env()
			e.Import = func(name string) (*policy.Node, bool) {
				v, ok := map[string]string{"NetworkStackVPC": "vpc-1", "prod-vpc": "vpc-prod", "AccountSubnetIDs": "subnet-1,subnet-2,subnet-3"}[name]
				return &policy.Node{Kind: policy.String, Text: v}, ok
			}
			e.SSM = func(name string) (*policy.Node, bool) {
				return &policy.Node{Kind: policy.String, Text: "answered"}, name == "/prod/name:2"
			}
			value := tc.value
			if strings.HasPrefix(value, "Fn::") {
				value = "{" + value + "}"
			}
			s := mustParse(t, strings.Replace(functionTemplate, "VALUE", value, 1)).Resolve(e)
			v := s.Outputs[0].Value
			got := show(t, v)
			if v.HasHole() && v.Text == policy.Hole && strings.HasPrefix(tc.want, `"?hole`) {
				got = `"?hole(` + v.Reason + `)"`
			}
			if got != tc.want && !(strings.HasPrefix(tc.want, `"?(`) && !strings.HasSuffix(tc.want, `)"`) && strings.HasPrefix(got, tc.want)) {
				t.Errorf("%s\n got %s\nwant %s\n%s", tc.value, got, tc.want, messages(s.Problems))
			}
			if v.HasHole() && v.Reason == "" {
				t.Errorf("%s has a hole without a reason", tc.value)
			}
		})
	}
}

// What CloudFormation would refuse is reported, and the value is unknown.
func TestMalformedFunctions(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, value, problem string }{
		{"ref to nothing", `!Ref Bukcet`, "Unresolved resource dependencies [Bukcet] in the Outputs block of the template (did you mean Bucket?)"},
		{"ref to a pseudo parameter that is none", `!Ref AWS::Acount`, "AWS::Acount is not a pseudo parameter (did you mean AWS::AccountId?)"},
		{"ref to what is not made", `!Ref Absent`, "its condition NotProd is false"},
		{"ref with a list", `!Ref [a]`, "Ref takes the name of a parameter or a resource"},
		{"getatt of nothing", `!GetAtt Rolle.Arn`, "(did you mean Role?)"},
		{"getatt of a parameter", `!GetAtt Env.Arn`, "Unresolved resource dependencies [Env]"},
		{"getatt without attribute", `!GetAtt Role`, "Fn::GetAtt takes a logical id and the name of an attribute"},
		{"getatt of three", `!GetAtt [Role, A, B]`, "Fn::GetAtt takes a logical id and the name of an attribute"},
		{"sub with spaces", `!Sub "${ Env }"`, "only alphanumeric characters, underscores, periods, and colons: ${ Env }"},
		{"sub of a list", `!Sub "${Ports}"`, "Fn::Sub needs ${Ports} to be a string, and it is a list"},
		{"sub of nothing", `!Sub "${Gone}"`, "Unresolved resource dependencies [Gone]"},
		{"sub with three", `!Sub [a, {}, b]`, "Fn::Sub takes a string, or a string and a map of variables"},
		{"join without list", `!Join ["", a]`, "Fn::Join needs a list and has a string"},
		{"join of lists", `!Join ["", [[a]]]`, "Fn::Join joins strings, and this is a list"},
		{"select out of bounds", `!Select [4, [a, b]]`, "Fn::Select cannot select nonexistent value at index 4"},
		{"select by a word", `!Select [first, [a]]`, "Fn::Select takes an index that is a number from 0"},
		{"split by nothing", `!Split ["", a]`, "takes a delimiter that is a string and not empty"},
		{"if on no condition", `!If [IsPord, a, b]`, "unresolved condition dependency IsPord in the Outputs block of the template (did you mean IsProd?)"},
		{"if with two", `!If [IsProd, a]`, "Fn::If takes the name of a condition and two values"},
		{"findinmap of nothing", `!FindInMap [RegionMap, us-esat-1, HVM64]`, "Unable to get mapping for RegionMap/us-esat-1 (did you mean us-east-1?)"},
		{"findinmap of no map", `!FindInMap [RegoinMap, us-east-1, HVM64]`, "Unable to get mapping for RegoinMap (did you mean RegionMap?)"},
		{"cidr of too many", `!Cidr ["10.0.0.0/24", 3, 7]`, "asks for more blocks than 10.0.0.0/24 holds"},
		{"cidr of no block", `!Cidr [ten, 1, 8]`, "Fn::Cidr takes an address block, and ten is none"},
		{"cidr of too large blocks", `!Cidr ["10.0.0.0/24", 1, 9]`, "takes a number of bits that fits the block"},
		{"cidr of none", `!Cidr ["10.0.0.0/24", 0, 4]`, "takes a count from 1 to 256"},
		{"split of a list", `!Split [",", !Ref Ports]`, "Fn::Split splits a string, and this is a list"},
		{"base64 of a map", `Fn::Base64: {A: 1}`, "Fn::Base64 takes a string, and this is a map"},
		{"import of a list", `!ImportValue [a]`, "Fn::ImportValue takes the name of an export"},
		{"a join with a list for its delimiter", `!Join [[a], [b]]`, "takes a delimiter that is a string"},
		{"a condition for a value", `!Equals [a, b]`, "belongs into the Conditions section"},
		{"no function", `{"Fn::Subb": x}`, "Fn::Subb is not a function that is known (did you mean Fn::Sub?)"},
		{"no tag", `!Reff x`, "tag !Reff is not one that CloudFormation knows"},
		{"a function beside other keys", `{"Fn::If": [IsProd, {}, {}], A: 1}`, "stands beside other keys"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			value := tc.value
			if strings.HasPrefix(value, "Fn::") {
				value = "{" + value + "}"
			}
			s := mustParse(t, strings.Replace(functionTemplate, "VALUE", value, 1)).Resolve(env())
			if got := messages(s.Problems); !strings.Contains(got, tc.problem) {
				t.Errorf("%s: problems are %q, want %q", tc.value, got, tc.problem)
			}
			for _, p := range s.Problems {
				if p.Pos.Line == 0 || p.Pos.File != "t.yaml" {
					t.Errorf("%q has no place: %v", p.Message, p.Pos)
				}
			}
			if v := s.Outputs[0].Value; !v.IsUnknown() && !v.HasHole() {
				t.Errorf("%s comes to %s, which is not unknown", tc.value, show(t, v))
			}
		})
	}
}

func TestExtensionsNeedTheirTransform(t *testing.T) {
	t.Parallel()
	s := mustParse(t, `
Resources:
  A:
    Type: AWS::S3::Bucket
    Properties: {BucketName: !Length [a]}
`).Resolve(env())
	if got := messages(s.Problems); !strings.Contains(got, "Fn::Length needs the transform AWS::LanguageExtensions") {
		t.Error(got)
	}
}

func TestNotificationARNs(t *testing.T) {
	t.Parallel()
	tm := mustParse(t, strings.Replace(functionTemplate, "VALUE", `!Join [",", !Ref "AWS::NotificationARNs"]`, 1))
	for _, tc := range []struct {
		given []string
		want  string
	}{{nil, `"_"`}, {[]string{}, `""`}, {[]string{"arn:a", "arn:b"}, `"arn:a,arn:b"`}} {
		e := env()
		e.NotificationARNs = tc.given
		if got := show(t, tm.Resolve(e).Outputs[0].Value); got != tc.want {
			t.Errorf("%v: %s", tc.given, got)
		}
	}
}

// A name that is made of two others, each made of two others, must neither take
// for ever nor fill the memory.
func TestTextsThatDouble(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("Resources:\n")
	for i := range 60 {
		next := string(rune('A'+(i+1)/26)) + string(rune('a'+(i+1)%26))
		name := string(rune('A'+i/26)) + string(rune('a'+i%26))
		b.WriteString("  " + name + ":\n    Type: AWS::S3::Bucket\n    Properties: {BucketName: !Sub \"${" + next + "}${" + next + "}\"}\n")
		if i == 59 {
			b.WriteString("  " + next + ": {Type: AWS::S3::Bucket, Properties: {BucketName: x}}\n")
		}
	}
	s := mustParse(t, b.String()).Resolve(env())
	if got := messages(s.Problems); !strings.Contains(got, "more than can be worked out") {
		t.Error(got)
	}
	deep := `!Sub ["${A}${A}", {A: ` + strings.Repeat(`!Sub ["${A}${A}", {A: `, 60) + `""` + strings.Repeat(`}]`, 60) + `}]`
	s = mustParse(t, strings.Replace(functionTemplate, "VALUE", deep, 1)).Resolve(env())
	if got := show(t, s.Outputs[0].Value); got != `""` {
		t.Error(got)
	}
}
