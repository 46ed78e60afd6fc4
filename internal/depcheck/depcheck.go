// Package depcheck holds the rules of who may import whom, and checks Go source
// against them. Its tests apply the rules to this module.
package depcheck

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// Import is one import of one file.
type Import struct {
	Package string // the importing package, relative to the module; "" is its root
	Path    string // the imported path, as written
	Test    bool   // the importing file is a test file
	File    string // relative to the module's root, with slashes
	Line    int
}

// Violation is an import that a rule forbids.
type Violation struct {
	Import Import
	Rule   string
}

func (v Violation) String() string {
	return fmt.Sprintf("%s:%d: %s imports %s: %s", v.Import.File, v.Import.Line, v.Import.Package, v.Import.Path, v.Rule)
}

// Scan reads the imports of every Go file under root, whatever its build tags.
// Like the Go tool it leaves out testdata and folders whose name starts with "."
// or "_"; it leaves out node_modules too.
func Scan(root string) ([]Import, error) {
	var found []Import
	fset := token.NewFileSet()
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
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		file, err := parser.ParseFile(fset, name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		for _, spec := range file.Imports {
			p, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return fmt.Errorf("%s: %w", rel, err)
			}
			pkg := path.Dir(rel)
			if pkg == "." {
				pkg = ""
			}
			found = append(found, Import{
				Package: pkg,
				Path:    p,
				Test:    strings.HasSuffix(rel, "_test.go"),
				File:    rel,
				Line:    fset.Position(spec.Pos()).Line,
			})
		}
		return nil
	})
	return found, err
}

func skipped(folder string) bool {
	return folder == "testdata" || folder == "node_modules" || strings.HasPrefix(folder, ".") || strings.HasPrefix(folder, "_")
}

// Check returns the imports that the rules forbid, in the order given; of those
// that break a rule because a room is not in the table, the first.
func Check(module string, imports []Import) []Violation {
	var bad []Violation
	homeless := map[string]bool{}
	for _, im := range imports {
		rule := check(module, im)
		if rule == "" || homeless[rule] {
			continue
		}
		if strings.HasSuffix(rule, addToTable) {
			homeless[rule] = true
		}
		bad = append(bad, Violation{im, rule})
	}
	return bad
}

// check returns the rule that im breaks, or nothing.
func check(module string, im Import) string {
	from, ok := roomOf(im.Package)
	if !ok {
		return noFloor(im.Package)
	}
	if im.Path == module || strings.HasPrefix(im.Path, module+"/") {
		pkg := strings.TrimPrefix(strings.TrimPrefix(im.Path, module), "/")
		to, ok := roomOf(pkg)
		if !ok {
			return noFloor(pkg)
		}
		// A test may hold its room against any other: only what is shipped has a
		// direction.
		if im.Test || from.mayImportRoom(to) {
			return ""
		}
		return from.rule()
	}
	if isStandard(im.Path) {
		if im.Test || !under(im.Path, from.Floor.noStd()) {
			return ""
		}
		return from.rule()
	}
	switch {
	case from.Floor == FloorApp, under(im.Path, from.Foreign):
		return ""
	case im.Test && (under(im.Path, testLibraries) || from.Floor == FloorSandbox && under(im.Path, []string{sdk})):
		return ""
	case im.Test:
		return fmt.Sprintf("%s is not a test library: add it to testLibraries with its line in docs/dependencies.md", im.Path)
	}
	return from.rule()
}

func noFloor(pkg string) string {
	return fmt.Sprintf("room %s has no floor: %s", pkg, addToTable)
}

const addToTable = "add it to the table in internal/depcheck/table.go"

// isStandard reports whether an import path is of the standard library: the
// first part of any other has a dot.
func isStandard(p string) bool {
	first, _, _ := strings.Cut(p, "/")
	return !strings.Contains(first, ".")
}

// under reports whether p is one of the paths or lies beneath one.
func under(p string, paths []string) bool {
	for _, q := range paths {
		if p == q || strings.HasPrefix(p, q+"/") {
			return true
		}
	}
	return false
}
