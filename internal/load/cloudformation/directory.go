package cloudformation

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/twokey/twokey/cfn"
	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/iam/policy"
	"github.com/twokey/twokey/internal/load/estatefile"
)

// found is a template that was come upon, not named.
type found struct {
	path     string
	template *cfn.Template
}

func (l *loader) loadDirectory(dir string) error {
	file := filepath.Join(dir, estatefile.Name)
	if _, err := os.Stat(file); err == nil {
		data, err := readBounded(file)
		if err != nil {
			return l.fileError(file, err)
		}
		return l.loadEstateFile(file, data)
	}
	if isAssembly(dir) {
		return l.loadAssembly(dir)
	}
	return l.loadTree(dir, "")
}

// loadTree loads every template under dir, each as a stack of one account.
// account is its id; empty where nobody knows it.
func (l *loader) loadTree(dir, account string) error {
	w := &walk{l: l, visited: map[string]bool{}}
	w.root = realPath(dir)
	if err := w.directory(dir); err != nil {
		return err
	}
	for _, a := range w.assemblies {
		if err := l.loadAssembly(a); err != nil {
			l.unreadable(a, err)
		}
	}
	if len(w.found) == 0 && len(w.assemblies) == 0 && len(w.broken) == 0 {
		return fmt.Errorf("%s holds no CloudFormation template and no %s", dir, estatefile.Name)
	}
	return l.loadInto(account, w.found)
}

// walk looks for templates.
type walk struct {
	l          *loader
	root       string          // real path
	visited    map[string]bool // real paths of directories, so that links do not lead in circles
	seen       []string
	found      []found
	assemblies []string
	broken     []string
}

// skippedDirectories hold what others wrote, or what was built.
var skippedDirectories = []string{"node_modules", "vendor", "venv", "__pycache__"}

func (w *walk) directory(dir string) error {
	if err := w.l.ctx.Err(); err != nil {
		return err
	}
	real := realPath(dir)
	if w.visited[real] {
		return nil
	}
	w.visited[real] = true
	entries, err := os.ReadDir(dir)
	if err != nil {
		w.l.unreadable(dir, w.l.fileError(dir, err))
		w.broken = append(w.broken, dir)
		return nil
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		mode := e.Type()
		if mode&fs.ModeSymlink != 0 {
			info, err := os.Stat(path)
			if err != nil {
				if candidate(e.Name()) {
					w.l.unreadable(path, w.l.fileError(path, err))
				}
				continue
			}
			if mode = info.Mode(); mode.IsDir() && !within(w.root, realPath(path)) {
				w.l.b.PassedOver(w.l.relative(path) + "/")
				continue
			}
		}
		switch {
		case mode.IsDir() && slices.Contains(skippedDirectories, e.Name()):
			w.l.b.PassedOver(w.l.relative(path) + "/")
		case mode.IsDir() && isAssembly(path):
			w.assemblies = append(w.assemblies, path)
			w.visited[realPath(path)] = true
		case mode.IsDir():
			if err := w.directory(path); err != nil {
				return err
			}
		case mode.IsRegular() && candidate(e.Name()):
			w.file(path)
		case mode.IsRegular():
			w.l.b.PassedOver(w.l.relative(path))
		}
	}
	return nil
}

// within reports whether path is dir or lies in it.
func within(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// candidate reports whether a file may be a template by its name.
func candidate(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".yaml", ".yml", ".json", ".template", ".cfn":
		return true
	}
	return false
}

func (w *walk) file(path string) {
	real := realPath(path)
	if slices.Contains(w.seen, real) {
		return
	}
	w.seen = append(w.seen, real)
	data, err := readBounded(path)
	if err != nil {
		w.l.unreadable(path, w.l.fileError(path, err))
		w.broken = append(w.broken, path)
		return
	}
	if !looksLikeTemplate(data) {
		w.l.b.PassedOver(w.l.relative(path))
		return
	}
	t, err := w.l.parse(path, data)
	if err != nil {
		w.l.unreadable(path, err)
		w.broken = append(w.broken, path)
		return
	}
	if len(t.Resources) == 0 {
		w.l.b.PassedOver(w.l.relative(path))
		return
	}
	w.found = append(w.found, found{path, t})
}

// looksLikeTemplate reports whether data may be a template, before it is parsed:
// it has to hold the name of the one section that every template has, and either
// the version of the format or a type.
func looksLikeTemplate(data []byte) bool {
	return bytes.Contains(data, []byte("Resources")) &&
		(bytes.Contains(data, []byte("AWSTemplateFormatVersion")) || bytes.Contains(data, []byte("AWS::")) || bytes.Contains(data, []byte("Custom::")))
}

// unreadable notes a file that may be a template and could not be read.
func (l *loader) unreadable(path string, err error) {
	pos := policy.Pos{File: l.relative(path)}
	message, hint := err.Error(), ""
	var ce *cfn.Error
	if errors.As(err, &ce) {
		pos, message, hint = ce.Pos, ce.Message, ce.Hint
	}
	l.b.Problem(estate.Problem{Message: message, Hint: hint, Pos: pos})
	l.b.Unknown(estate.Unknown{What: l.relative(path), Why: message, Pos: pos})
	if ce == nil {
		err = fmt.Errorf("%s: %w", l.relative(path), err)
	}
	l.failures = append(l.failures, err)
}

// loadAlone loads templates without an estate file.
func (l *loader) loadAlone(list []found) error { return l.loadInto("", list) }

// loadInto makes each template a stack of one account. Nested templates are left
// out: they come with their parents.
func (l *loader) loadInto(account string, list []found) error {
	list = l.withoutNested(list)
	if len(list) == 0 {
		return nil
	}
	if account == "" {
		account = l.standIn(list)
	}
	names := map[string]bool{}
	for _, f := range list {
		u := &unit{name: stackNameOf(f.path, names), account: account, accountName: l.accountNames[account], template: f.template, path: f.path, alone: true}
		u.pos = policy.Pos{File: l.relative(f.path)}
		l.addUnit(u)
	}
	l.b.Account(estate.Account{ID: account, FromTemplates: true})
	if len(list) > 1 {
		l.b.Assume(fmt.Sprintf("all %d templates are stacks of one account, since no %s says otherwise", len(list), estatefile.Name))
	} else {
		l.b.Assume(fmt.Sprintf("the template is one stack of one account, since no %s says otherwise", estatefile.Name))
	}
	return nil
}

// standIn picks an account id for the one account that is not known: one that no
// template mentions, so that ids in the templates stay other accounts.
func (l *loader) standIn(list []found) string {
	var all strings.Builder
	for _, f := range list {
		writeTexts(&all, f.template.Root)
	}
	text := all.String()
	for i := range 1_000_000 {
		id := fmt.Sprintf("%012d", i)
		if !strings.Contains(text, id) {
			l.b.Account(estate.Account{ID: id, FromTemplates: true, StandIn: true})
			l.b.Assume(id + " stands for the account that the templates go into, since nothing says which it is")
			return id
		}
	}
	return ""
}

func writeTexts(to *strings.Builder, n *policy.Node) {
	if n == nil {
		return
	}
	to.WriteString(n.Text)
	to.WriteByte('\n')
	for _, item := range n.Items {
		writeTexts(to, item)
	}
	for _, e := range n.Entries {
		to.WriteString(e.Key)
		to.WriteByte('\n')
		writeTexts(to, e.Value)
	}
}

// stackNameOf makes the name of a stack out of the name of a file, with that of
// its folder where it is taken.
func stackNameOf(path string, taken map[string]bool) string {
	base := filepath.Base(path)
	for _, ext := range []string{".yaml", ".yml", ".json", ".template", ".cfn"} {
		base = strings.TrimSuffix(base, ext)
	}
	base = strings.TrimSuffix(base, ".template")
	name := cleanName(base)
	if taken[name] {
		name = cleanName(filepath.Base(filepath.Dir(path)) + "-" + base)
	}
	for i := 2; taken[name]; i++ {
		name = fmt.Sprintf("%s-%d", cleanName(base), i)
	}
	taken[name] = true
	return name
}

// cleanName turns text into what a stack may be called.
func cleanName(text string) string {
	out := []byte(text)
	for i, c := range out {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9') {
			out[i] = '-'
		}
	}
	name := strings.Trim(string(out), "-")
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		name = "stack-" + name
	}
	return strings.TrimSuffix(name, "-")
}
