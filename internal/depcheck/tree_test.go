package depcheck

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../.."

// TestImports is the import table applied to this module.
func TestImports(t *testing.T) {
	t.Parallel()
	imports, err := Scan(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(imports) == 0 {
		t.Fatal("no import found: the check looked in the wrong place")
	}
	for _, v := range Check(module, imports) {
		t.Error(v)
	}
}

// The longest a hand-written file may be, and the entry point.
const (
	maxLines     = 500
	maxMainLines = 20
)

var generated = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

func TestFileLengths(t *testing.T) {
	t.Parallel()
	files := 0
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != root && skipped(d.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		files++
		head, _, _ := bytes.Cut(text, []byte("\npackage "))
		if generated.Match(head) {
			return nil
		}
		limit := maxLines
		if filepath.Base(name) == "main.go" && strings.Contains(filepath.ToSlash(name), "/cmd/") {
			limit = maxMainLines
		}
		if n := bytes.Count(text, []byte("\n")); n > limit {
			t.Errorf("%s has %d lines, at most %d: split it by noun, rule or operation", name, n, limit)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files == 0 {
		t.Fatal("no file found: the check looked in the wrong place")
	}
}

// TestDependenciesAreExplained wants a line with the reason for each module
// that go.mod requires directly, and for no other.
func TestDependenciesAreExplained(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("go", "mod", "edit", "-json")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
		Tool []struct{ Path string }
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(root + "/docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllSubmatch(page, -1) {
		named[string(m[1])] = false
	}
	for _, r := range mod.Require {
		isTool := false
		for _, tool := range mod.Tool {
			isTool = isTool || under(tool.Path, []string{r.Path})
		}
		if _, ok := named[r.Path]; ok {
			named[r.Path] = true
		} else if !r.Indirect || isTool {
			t.Errorf("docs/dependencies.md has no line for %s", r.Path)
		}
	}
	for path, required := range named {
		if !required {
			t.Errorf("docs/dependencies.md has a line for %s, which go.mod does not require", path)
		}
	}
}

// TestArchitectureNamesEveryRoom wants each room of the tree in
// docs/ARCHITECTURE.md, the rooms beneath internal by their first two parts, and
// no room there that does not exist.
func TestArchitectureNamesEveryRoom(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(root + "/docs/ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, line := range regexp.MustCompile("(?m)^\\|[^|]*\\| (`[^|]*) \\|").FindAllSubmatch(text, -1) {
		for _, room := range regexp.MustCompile("`([^`]+)`").FindAllSubmatch(line[1], -1) {
			named[string(room[1])] = false
		}
	}
	if len(named) == 0 {
		t.Fatal("docs/ARCHITECTURE.md has no table of rooms")
	}
	for _, r := range Rooms {
		parts := strings.Split(r.Path, "/")
		first := parts[0]
		if first == "internal" || first == "cmd" {
			first += "/" + parts[1]
		}
		if files, err := filepath.Glob(filepath.Join(root, r.Path, "*.go")); err != nil || len(files) == 0 {
			continue
		}
		if _, ok := named[first]; !ok {
			t.Errorf("docs/ARCHITECTURE.md does not say what %s does", first)
		}
		named[first] = true
	}
	for room, exists := range named {
		if !exists {
			t.Errorf("docs/ARCHITECTURE.md has the room %s, which has no Go file", room)
		}
	}
}
