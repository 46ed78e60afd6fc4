package cloudformation

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twokey/twokey/estate"
)

const head = `-- twokey.yaml --
version: 1
accounts: [{name: a, id: "111111111111"}, {name: b, id: "222222222222"}]
stacks:
`

// bomb is YAML that comes to 9^9 values.
func bomb() string {
	var b strings.Builder
	b.WriteString("Metadata:\n  a0: &a0 [x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 10; i++ {
		b.WriteString("  a" + string(rune('0'+i)) + ": &a" + string(rune('0'+i)) + " [")
		for range 9 {
			b.WriteString("*a" + string(rune('0'+i-1)) + ", ")
		}
		b.WriteString("]\n")
	}
	return b.String() + "Resources:\n  B: {Type: AWS::S3::Bucket}\n"
}

// What cannot be read at all is an error that names the file, and the line where
// there is one.
func TestErrors(t *testing.T) {
	t.Parallel()
	const whole = "Resources: {B: {Type: AWS::S3::Bucket}}\nOutputs: {N: {Value: !Ref B}}\n"
	tests := []struct{ name, archive, path, want string }{
		{"no such path", "", "nowhere", "nowhere does not exist"},
		{"empty folder", "", ".", "holds no CloudFormation template and no twokey.yaml"},
		{"no template", "-- x.yaml --\na: b\n", "x.yaml", "x.yaml: is not a CloudFormation template: it has no Resources section"},
		{"broken template", "-- x.yaml --\nResources:\n  B: {Type: AWS::S3::Bucket\n", "x.yaml", "x.yaml:2: is not valid YAML: "},
		{"broken JSON", "-- x.json --\n{\"Resources\": {\n  \"B\": }\n", "x.json", "x.json:2:"},
		{"eleven digits", "-- twokey.yaml --\nversion: 1\naccounts:\n  - {name: a, id: \"11111111111\"}\n", ".",
			"twokey.yaml:3:19: account id 11111111111 has 11 digits, and an account id has 12"},
		{"unknown key", "-- twokey.yaml --\nversion: 1\nstakcs: []\n", ".", `twokey.yaml:2:1: the estate file has no key "stakcs" (did you mean "stacks"?)`},
		{"template that is not there", head + "  - {name: s, account: a, template: x.yaml}\n", ".", "twokey.yaml:4:37: template x.yaml: does not exist"},
		{"broken template of a stack", head + "  - {name: s, account: a, template: x.yaml}\n-- x.yaml --\nResources:\n  B: [\n", ".", "x.yaml:2: is not valid YAML: "},
		{"stacks in a circle", head + "  - {name: s, account: a, template: x.yaml, parameters: {P: !output b/s/N}}\n" +
			"  - {name: s, account: b, template: x.yaml, parameters: {P: !output a/s/N}}\n-- x.yaml --\n" + whole, ".",
			"twokey.yaml:5:58: these stacks wait for each other's outputs: a/s needs b/s needs a/s (give one of them the value itself)"},
		{"stack of itself", head + "  - {name: s, account: a, template: x.yaml, parameters: {P: !output a/s/N}}\n-- x.yaml --\n" + whole, ".",
			"twokey.yaml:4:58: these stacks wait for each other's outputs: a/s needs a/s"},
		{"output of no stack", head + "  - {name: s, account: a, template: x.yaml, parameters: {P: !output b/s/N}}\n-- x.yaml --\n" + whole, ".",
			"twokey.yaml:4:58: parameter P takes an output of b/s, and there is no such stack (stack s is in account a)"},
		{"YAML bomb", "-- x.yaml --\n" + bomb(), "x.yaml", "x.yaml:"},
		{"manifest without stacks", "-- manifest.json --\n{\"version\": \"1\", \"artifacts\": {\"t\": {\"type\": \"cdk:tree\"}}}\n", ".", "manifest.json: lists no stacks"},
		{"manifest without its template", "-- manifest.json --\n{\"artifacts\": {\"S\": {\"type\": \"aws:cloudformation:stack\", \"properties\": {\"templateFile\": \"S.json\"}}}}\n", ".",
			"S.json: does not exist"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := unpack(t, tt.archive)
			start := time.Now()
			_, err := Load(context.Background(), filepath.Join(dir, tt.path), estate.LoadOptions{})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error\n got %v\nwant %s", err, tt.want)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// What can be read in part is read in part, and the rest is listed with its line.
func TestProblems(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, archive string
		want          []string // beginnings of lines, in any order
	}{
		{"duplicate key", "-- x.yaml --\nResources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties:\n      BucketName: a\n      BucketName: b\n", []string{"x.yaml:006 "}},
		{"cyclic Ref", "-- x.yaml --\nResources:\n  A:\n    Type: AWS::S3::Bucket\n    Properties: {BucketName: !Ref B}\n  B:\n    Type: AWS::S3::Bucket\n    Properties: {BucketName: !Ref A}\n",
			[]string{"x.yaml:"}},
		{"missing parameter", head + "  - {name: s, account: a, template: x.yaml}\n-- x.yaml --\nParameters:\n  P: {Type: String}\nResources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties: {BucketName: !Ref P}\n",
			[]string{"x.yaml:00"}},
		{"parameter that the template lacks", head + "  - {name: s, account: a, template: x.yaml, parameters: {Q: x}}\n-- x.yaml --\nResources: {B: {Type: AWS::S3::Bucket}}\n",
			[]string{"twokey.yaml:004 "}},
		{"missing output", head + "  - {name: s, account: a, template: x.yaml}\n  - {name: t, account: a, template: y.yaml,\n     parameters: {P: !output a/s/M}}\n" +
			"-- x.yaml --\nResources: {B: {Type: AWS::S3::Bucket}}\nOutputs: {N: {Value: !Ref B}}\n-- y.yaml --\nParameters: {P: {Type: String}}\nResources: {B: {Type: AWS::S3::Bucket, Properties: {BucketName: !Ref P}}}\n",
			[]string{"twokey.yaml:006 parameter P takes output M of stack a/s, which has no such output (it has N)", "y.yaml:001 unknown parameter P: stack a/s has no output M"}},
		{"broken template in a folder", "-- x.yaml --\nResources:\n  B: {Type: AWS::S3::Bucket\n-- y.yaml --\nResources: {B: {Type: AWS::S3::Bucket}}\n",
			[]string{"x.yaml:002 unknown x.yaml: is not valid YAML", "x.yaml:002 is not valid YAML"}},
		{"bomb in a folder", "-- x.yaml --\n" + bomb() + "-- y.yaml --\nResources: {B: {Type: AWS::S3::Bucket}}\n", []string{"x.yaml:0"}},
		{"assembly without its list of assets", "-- manifest.json --\n{\"artifacts\": {\"S.assets\": {\"type\": \"cdk:asset-manifest\", \"properties\": {\"file\": \"S.assets.json\"}},\n" +
			"\"S\": {\"type\": \"aws:cloudformation:stack\", \"properties\": {\"templateFile\": \"S.json\"}}}}\n-- S.json --\n{\"Resources\": {\"B\": {\"Type\": \"AWS::S3::Bucket\"}}}\n",
			[]string{"S.assets.json:000 does not exist", "S.assets.json:000 unknown S.assets.json: does not exist"}},
		{"unknown macro", "-- x.yaml --\nTransform: OurMacro\nResources: {B: {Type: AWS::S3::Bucket}}\n", []string{"x.yaml:001 unknown "}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := load(t, unpack(t, tt.archive), estate.LoadOptions{}).Estate
			if len(e.Buckets) == 0 {
				t.Error("nothing was read")
			}
			got := lines(e)
			for _, want := range tt.want {
				if !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, want) }) {
					t.Errorf("%q is not said: %q", want, got)
				}
			}
		})
	}
}

// A huge file is not read: its size alone tells.
func TestHugeFile(t *testing.T) {
	t.Parallel()
	dir := unpack(t, "-- small.yaml --"+bucketTemplate)
	huge := filepath.Join(dir, "huge.yaml")
	f, err := os.Create(huge)
	if err == nil {
		err = errors.Join(f.Truncate(200<<20), f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	want := "huge.yaml: is too large: it has 200 MB, and at most 8 MB are read"
	if _, err := Load(context.Background(), huge, estate.LoadOptions{}); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if got := lines(load(t, dir, estate.LoadOptions{}).Estate); len(got) != 2 || !strings.HasPrefix(got[0], "huge.yaml:000 unknown huge.yaml: is too large") {
		t.Errorf("in a folder: %q", got)
	}
}

// A folder of which nothing could be read is no estate without faults.
func TestNothingReadable(t *testing.T) {
	t.Parallel()
	dir := unpack(t, "-- broken.yaml --\nResources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties: [\n-- sub/broken.json --\n{\"Resources\": {\"B\": {\"Type\": \"AWS::S3::Bucket\"\n")
	_, err := Load(context.Background(), dir, estate.LoadOptions{})
	if err == nil || !strings.Contains(err.Error(), "broken.yaml:") || !strings.Contains(err.Error(), "sub/broken.json:") {
		t.Errorf("error %v, want one that names both files", err)
	}
}

// A file that is there and cannot be read is listed, never taken as absent.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	dir := unpack(t, "-- small.yaml --"+bucketTemplate)
	if err := os.Symlink("circle.yaml", filepath.Join(dir, "circle.yaml")); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(context.Background(), filepath.Join(dir, "circle.yaml"), estate.LoadOptions{}); err == nil || !strings.Contains(err.Error(), "circle.yaml cannot be read: ") {
		t.Errorf("error %v", err)
	}
	if got := lines(load(t, dir, estate.LoadOptions{}).Estate); len(got) != 2 || !strings.HasPrefix(got[0], "circle.yaml:000 unknown circle.yaml: cannot be read: ") {
		t.Errorf("in a folder: %q", got)
	}
	if os.Geteuid() == 0 {
		return // permissions do not hold for root
	}
	if err := os.Chmod(filepath.Join(dir, "small.yaml"), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(context.Background(), filepath.Join(dir, "small.yaml"), estate.LoadOptions{}); err == nil || !strings.Contains(err.Error(), "small.yaml: cannot be read: permission denied") {
		t.Errorf("error %v", err)
	}
}

func TestDevice(t *testing.T) {
	t.Parallel()
	if _, err := Load(context.Background(), os.DevNull, estate.LoadOptions{}); err == nil || !strings.Contains(err.Error(), "neither a file nor a directory") {
		t.Errorf("error %v", err)
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Load(ctx, unpack(t, "-- x.yaml --"+bucketTemplate), estate.LoadOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}
