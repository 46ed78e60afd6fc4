// Package estatefile reads twokey.yaml, the estate file: which accounts there
// are, which template is deployed where, who the people are, which gates are
// governed. It reads strictly: whatever it does not know is an error with its
// line, and all errors are reported together.
package estatefile

import (
	"fmt"
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/iam/policy"
)

// Name is what the file is called where a directory is scanned.
const Name = "twokey.yaml"

// File is an estate file.
type File struct {
	Name     string
	Region   string // where stacks say none; empty where the file says none either
	Accounts []estate.Account
	Stacks   []Stack
	// HasStacks is false where the file has no stacks key: what is deployed where
	// is then for the caller to say.
	HasStacks  bool
	People     []estate.Person
	BreakGlass []string
	Gates      []estate.GateRule
	WantPeople int // 2 where not given
	Config     estate.Config
}

// Stack is an entry of stacks: one template in one or more accounts.
type Stack struct {
	Name       string
	Accounts   []string // names, at least one
	Region     string   // the file's where the entry has none
	Template   string   // a path, relative to the file's folder
	Parameters []Parameter
	Pos        policy.Pos
	// TemplatePos is where the template is named.
	TemplatePos policy.Pos
}

// Parameter is a parameter of a stack: a value, or the output of another stack.
type Parameter struct {
	Name string
	// Value is a String (a list is comma-delimited); nil for an output.
	Value  *policy.Node
	Output *Output
	Pos    policy.Pos
}

// Output names an output: "!output account/stack/Output".
type Output struct {
	Account, Stack, Name string
}

func (o Output) String() string { return o.Account + "/" + o.Stack + "/" + o.Name }

// Error is one thing wrong with an estate file.
type Error struct {
	Pos     policy.Pos
	Message string
	Hint    string // what to do about it; may be empty
}

func (e *Error) Error() string {
	at := e.Pos.File
	if e.Pos.Line > 0 {
		at += fmt.Sprintf(":%d", e.Pos.Line)
	}
	if e.Pos.Column > 0 {
		at += fmt.Sprintf(":%d", e.Pos.Column)
	}
	text := at + ": " + e.Message
	if e.Hint != "" {
		text += " (" + e.Hint + ")"
	}
	return text
}

// Errors is everything wrong with an estate file, in the order of its lines.
type Errors []*Error

func (es Errors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the errors one by one.
func (es Errors) Unwrap() []error {
	out := make([]error, len(es))
	for i, e := range es {
		out[i] = e
	}
	return out
}

// Apply tells a Builder what the file says of accounts, people and gates.
// fromTemplates says that the accounts are otherwise known from templates alone.
func (f *File) Apply(b *estate.Builder, fromTemplates bool) {
	for _, a := range f.Accounts {
		a.FromTemplates = fromTemplates
		b.Account(a)
	}
	for _, p := range f.People {
		b.Person(p)
	}
	for _, g := range f.Gates {
		b.Gate(g)
	}
	b.BreakGlass(f.BreakGlass...)
	b.WantPeople(f.WantPeople)
	b.Source(estate.Source{Name: f.Name, Kind: "estate-file"})
}

// Account returns the account with that name, or nil.
func (f *File) Account(name string) *estate.Account {
	for i := range f.Accounts {
		if f.Accounts[i].Name == name {
			return &f.Accounts[i]
		}
	}
	return nil
}
