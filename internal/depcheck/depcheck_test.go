package depcheck

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const module = "github.com/twokey/twokey"

// TestCheck holds the checker against imports that it must forbid or let pass.
func TestCheck(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		pkg  string
		path string
		test bool
		want string // part of the rule; empty where the import is allowed
	}{
		{"facts use std", "arn", "strings", false, ""},
		{"facts use facts", "iam/condition", module + "/arn", false, ""},
		{"facts never a library", "iam", "go.yaml.in/yaml/v3", false, "floor 0 may import"},
		{"facts never the model", "iam", module + "/estate", false, "floor 0 may import"},
		{"facts never HTTP", "finding", "net/http", false, "without SQL, HTTP"},
		{"HTTP's parts neither", "finding", "net/http/httputil", false, "without SQL, HTTP"},
		{"net/netip is not HTTP", "iam/condition", "net/netip", false, ""},
		{"cfn has YAML", "cfn", "go.yaml.in/yaml/v3", false, ""},
		{"estate has no YAML", "estate", "go.yaml.in/yaml/v3", false, "floor 1 may import"},
		{"model uses model", "estate", module + "/cfn", false, ""},
		{"model never the domain", "estate", module + "/reach", false, "floor 1 may import"},
		{"domain uses model", "reach", module + "/estate", false, ""},
		{"domain never its own floor", "gate", module + "/ledger", false, "floor 2 may import"},
		{"but for a named room", "rehearse", module + "/calls", false, ""},
		{"domain never the SDK", "gate", "github.com/aws/aws-sdk-go-v2/aws", false, "without SDK"},
		{"domain never SQL", "ledger", "database/sql", false, "without SDK, SQL"},
		{"domain never the sandbox", "calls", module + "/sandbox/cloud", false, "floor 2 may import"},
		{"service uses wire", "sandbox/s3", module + "/sandbox/wire", false, ""},
		{"service uses iam", "sandbox/sts", module + "/iam/policy", false, ""},
		{"service never a service", "sandbox/s3", module + "/sandbox/kms", false, "reach each other through"},
		{"service never finding", "sandbox/s3", module + "/finding", false, "the sandbox may import"},
		{"sandbox never estate", "sandbox/cloud", module + "/estate", false, "the sandbox may import"},
		{"sandbox never gate", "sandbox", module + "/gate", false, "the sandbox may import"},
		{"sandbox never ledger", "sandbox/codepipeline", module + "/ledger", false, "the sandbox may import"},
		{"sandbox never internal", "sandbox/wire", module + "/internal/cli", false, "the sandbox may import"},
		{"sandbox root holds the services", "sandbox", module + "/sandbox/s3", false, ""},
		{"service never the root", "sandbox/s3", module + "/sandbox", false, "the sandbox may import"},
		{"service never the SDK", "sandbox/s3", "github.com/aws/aws-sdk-go-v2/service/s3", false, "the sandbox may import"},
		{"its test does", "sandbox/s3", "github.com/aws/aws-sdk-go-v2/service/s3", true, ""},
		{"unknown service", "sandbox/dynamodb", "strings", false, "room sandbox/dynamodb has no floor"},
		{"loader has its technology", "internal/load/live", "github.com/aws/smithy-go", false, ""},
		{"loader has no other", "internal/load/cloudformation", "github.com/aws/aws-sdk-go-v2/aws", false, "one foreign technology"},
		{"but for the estate file", "internal/load/cloudformation", module + "/internal/load/estatefile", false, ""},
		{"adapters never each other", "internal/load/live", module + "/internal/load/cloudformation", false, "no other room of floor 3"},
		{"nor a store a channel", "internal/store/sqlite", module + "/internal/channel/mail", false, "no other room of floor 3"},
		{"adapter uses the domain", "internal/store/sqlite", module + "/gate", false, ""},
		{"adapter never the edge", "internal/store/sqlite", module + "/internal/cli", false, "floor 3 may import"},
		{"edge uses the domain", "internal/cli", module + "/reach", false, ""},
		{"edge has its library", "internal/cli/gendocs", "github.com/spf13/cobra/doc", false, ""},
		{"edge never a loader", "internal/cli", module + "/internal/load/live", false, "floor 4 may import"},
		{"edge never the sandbox", "internal/cli", module + "/sandbox", false, "floor 4 may import"},
		{"edge never the SDK", "internal/httpd", "github.com/aws/aws-sdk-go-v2/aws", false, "without SDK"},
		{"edge never SQL", "internal/httpd", "database/sql", false, "without SDK and SQL"},
		{"edge serves HTTP", "internal/httpd", "net/http", false, ""},
		{"edges never each other", "internal/cli", module + "/internal/httpd", false, "floor 4 may import"},
		{"app knows everything", "internal/app", module + "/internal/load/live", false, ""},
		{"app uses any library", "internal/app", "github.com/jackc/pgx/v5", false, ""},
		{"app never the tools", "internal/app", module + "/internal/depcheck", false, "everything but the tools"},
		{"tools stand alone", "internal/testrun", module + "/arn", false, "tools may import"},
		{"tests see other rooms", "estate", module + "/internal/load/cloudformation", true, ""},
		{"tests have their libraries", "iam", "github.com/google/go-cmp/cmp", true, ""},
		{"the program has not", "iam", "github.com/google/go-cmp/cmp", false, "floor 0 may import"},
		{"no assertion library", "gate", "github.com/stretchr/testify/assert", true, "not a test library"},
		{"unknown room imports", "util", "strings", false, "room util has no floor"},
		{"unknown room imported", "internal/cli", module + "/helpers", false, "room helpers has no floor"},
		{"unknown even by a test", "internal/cli", module + "/helpers", true, "room helpers has no floor"},
		{"a like name is not beneath", "armoury", "strings", false, "room armoury has no floor"},
		{"internal is no room", "internal/models", "strings", false, "room internal/models has no floor"},
		{"the root is no room", "", "strings", false, "has no floor"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := Check(module, []Import{{Package: tt.pkg, Path: tt.path, Test: tt.test, File: "x.go", Line: 3}})
			switch {
			case tt.want == "" && len(got) > 0:
				t.Errorf("forbidden: %v", got[0])
			case tt.want != "" && len(got) == 0:
				t.Errorf("%s may import %s; want a violation of %q", tt.pkg, tt.path, tt.want)
			case tt.want != "" && !strings.Contains(got[0].String(), tt.want):
				t.Errorf("got %q, want it to say %q", got[0], tt.want)
			}
		})
	}
}

// TestAdaptersHaveOneTechnology holds the table itself to the rule of floor 3.
func TestAdaptersHaveOneTechnology(t *testing.T) {
	t.Parallel()
	for _, r := range Rooms {
		if r.Floor == FloorAdapter && len(r.Foreign) > 1 {
			t.Errorf("%s has %d foreign technologies: %s", r.Path, len(r.Foreign), strings.Join(r.Foreign, ", "))
		}
	}
}

// TestScan reads a module in which every import is forbidden or in a place that
// must not be read.
func TestScan(t *testing.T) {
	t.Parallel()
	imports, err := Scan("testdata/module")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, v := range Check("example.com/m", imports) {
		got = append(got, v.String())
	}
	want := []string{
		"arn/arn.go:5: arn imports net/http: floor 0 may import floor 0 and the standard library, without SQL, HTTP and processes",
		"arn/arn_windows.go:4: arn imports example.com/m/estate: floor 0 may import floor 0 and the standard library, without SQL, HTTP and processes",
		"extra/extra_test.go:4: extra imports strings: room extra has no floor: add it to the table in internal/depcheck/table.go",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}
}
