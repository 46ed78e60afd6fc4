package synthetic_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twokey/twokey/estate/synthetic"
)

func written(t *testing.T, o synthetic.Options) map[string]string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "estate")
	if err := synthetic.Write(dir, o); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		files[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestSameOptionsSameBytes(t *testing.T) {
	t.Parallel()
	o := synthetic.Options{Accounts: 3, Principals: 80, Pipelines: 4}
	first := written(t, o)
	if diff := cmp.Diff(first, written(t, o)); diff != "" {
		t.Error(diff)
	}
	o.Seed = 2
	if cmp.Equal(first, written(t, o)) {
		t.Error("another seed gives the same estate")
	}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	principals, pipelines := 0, 0
	for name, text := range written(t, synthetic.Options{Accounts: 2, Principals: 120, Pipelines: 10}) {
		if !strings.HasSuffix(name, ".json") {
			continue
		}
		var template struct {
			Resources map[string]struct{ Type string }
		}
		if err := json.Unmarshal([]byte(text), &template); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, r := range template.Resources {
			switch r.Type {
			case "AWS::IAM::Role", "AWS::IAM::User":
				principals++
			case "AWS::CodePipeline::Pipeline":
				pipelines++
			}
		}
	}
	if principals != 240 || pipelines != 20 {
		t.Errorf("%d principals and %d pipelines, want 240 and 20", principals, pipelines)
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]synthetic.Options{
		"one account":        {Accounts: 1},
		"too few principals": {Principals: 60},
		"too many pipelines": {Pipelines: 101},
	} {
		if err := synthetic.Write(t.TempDir(), o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "mine.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := synthetic.Write(full, synthetic.Options{}); err == nil {
		t.Error("wrote into a folder that holds something")
	}
}
