package iamtest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/policy"
)

// MaxLineBytes is the longest line that ReadCases takes.
const MaxLineBytes = 1 << 20

// Case is one decision test.
type Case struct {
	Line int // in its file, from 1
	N    int
	Name string
	Why  string
	Conf string // how sure Want is: doc, test, design …
	Want string // Allow, ImplicitDeny, ExplicitDeny or If

	Principal       string
	Actions         []string
	Resource        string
	ResourceAccount string

	// Identity, Boundary, Session and ResourcePolicy are nil where the case has no such
	// policy, and empty where it has one without statements.
	Identity, Boundary, Session, ResourcePolicy []*policy.Document
	SCPs, RCPs                                  [][]*policy.Document
	Grants                                      []iam.Grant
	Context                                     *iam.Context

	ManagementAccount           bool
	ResourceInManagementAccount bool
	AWSManagedKey               bool
}

// ReadCases reads one JSON object a line; empty lines are skipped. A line that
// is not JSON, has a field that is unknown or twice there, or one of the wrong
// shape is an error, which names the line; the cases of the other lines are
// returned with it. Policies are not judged: what is wrong with them shows in the
// outcome.
func ReadCases(r io.Reader) ([]Case, error) {
	var cases []Case
	var errs []error
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 64<<10), MaxLineBytes)
	line := 1
	for ; s.Scan(); line++ {
		text := bytes.TrimSpace(s.Bytes())
		if line == 1 {
			text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
		}
		if len(text) == 0 {
			continue
		}
		c, err := readCase(line, text)
		if err != nil {
			errs = append(errs, fmt.Errorf("line %d: %w", line, err))
			continue
		}
		cases = append(cases, c)
	}
	if err := s.Err(); err != nil {
		errs = append(errs, fmt.Errorf("line %d: %w", line, err))
	}
	return cases, errors.Join(errs...)
}

func readCase(line int, text []byte) (Case, error) {
	n, err := policy.ParseNode("case", text)
	var syntax *policy.SyntaxError
	if errors.As(err, &syntax) {
		return Case{}, fmt.Errorf("column %d: %s", syntax.Pos.Column, syntax.Message)
	}
	if n.Kind != policy.Map {
		return Case{}, fmt.Errorf("is not a JSON object")
	}
	r := caseReader{c: Case{Line: line, Context: iam.NewContext()}, version: policy.Version2012}
	if v := n.Get("ver"); v != nil {
		if r.version, err = text1(v); err != nil {
			return Case{}, fmt.Errorf("ver: %w", err)
		}
	}
	seen := map[string]bool{}
	for _, e := range n.Entries {
		if seen[e.Key] {
			return Case{}, fmt.Errorf("field %q stands twice", e.Key)
		}
		seen[e.Key] = true
		if err := r.field(e.Key, e.Value); err != nil {
			return Case{}, fmt.Errorf("%s: %w", e.Key, err)
		}
	}
	for _, name := range []string{"principal", "action", "resource", "want"} {
		if !seen[name] {
			return Case{}, fmt.Errorf("field %q is missing", name)
		}
	}
	return r.c, nil
}

type caseReader struct {
	c       Case
	version string
}

func (r *caseReader) field(name string, v *policy.Node) (err error) {
	c := &r.c
	switch name {
	case "n":
		text, _ := v.Scalar()
		if c.N, err = strconv.Atoi(text); err != nil {
			return errors.New("must be a whole number")
		}
	case "name":
		c.Name, err = text1(v)
	case "why":
		c.Why, err = text1(v)
	case "conf":
		c.Conf, err = text1(v)
	case "want":
		if c.Want, err = text1(v); err == nil && !outcomeWord(c.Want) {
			err = fmt.Errorf("%q is not Allow, ImplicitDeny, ExplicitDeny or If", c.Want)
		}
	case "principal":
		c.Principal, err = text1(v)
	case "resource":
		c.Resource, err = text1(v)
	case "resourceAccount":
		c.ResourceAccount, err = text1(v)
	case "action":
		if c.Actions, err = texts(v); err == nil && len(c.Actions) == 0 {
			err = errors.New("must not be empty")
		}
	case "ver": // read before the others
	case "id":
		c.Identity, err = r.documents(v)
	case "pb":
		c.Boundary, err = r.documents(v)
	case "sess":
		c.Session, err = r.documents(v)
	case "rp":
		c.ResourcePolicy, err = r.documents(v)
	case "scp":
		c.SCPs, err = r.levels(v)
	case "rcp":
		c.RCPs, err = r.levels(v)
	case "resourceAccountScp":
		_, err = r.levels(v)
	case "grants":
		c.Grants, err = grants(v)
	case "ctx":
		err = readContext(c.Context, v)
	case "unknown":
		var keys []string
		keys, err = texts(v)
		c.Context.MarkUnknown(keys...)
	case "managementAccount":
		c.ManagementAccount, err = truth(v)
	case "resourceInManagementAccount":
		c.ResourceInManagementAccount, err = truth(v)
	case "awsManagedKey":
		c.AWSManagedKey, err = truth(v)
	default:
		return errors.New("unknown field")
	}
	return err
}

func outcomeWord(s string) bool {
	switch s {
	case "Allow", "ImplicitDeny", "ExplicitDeny", "If":
		return true
	}
	return false
}

func text1(v *policy.Node) (string, error) {
	if v.Kind != policy.String {
		return "", errors.New("must be a string")
	}
	return v.Text, nil
}

func texts(v *policy.Node) ([]string, error) {
	out := []string{}
	for _, item := range v.Elements() {
		t, err := text1(item)
		if err != nil {
			return nil, errors.New("must be a string or a list of strings")
		}
		out = append(out, t)
	}
	return out, nil
}

func truth(v *policy.Node) (bool, error) {
	if v.Kind != policy.Bool {
		return false, errors.New("must be true or false")
	}
	return v.Text == "true", nil
}

// documents reads a statement, a list of statements, a document or a list of
// documents.
func (r *caseReader) documents(v *policy.Node) ([]*policy.Document, error) {
	switch v.Kind {
	case policy.Null:
		return nil, nil
	case policy.Map, policy.List:
	default:
		return nil, errors.New("must be a statement, a policy, or a list of them")
	}
	docs := []*policy.Document{}
	var loose []*policy.Node
	for _, item := range v.Elements() {
		switch {
		case item.Kind == policy.List: // one policy as its statements
			docs = append(docs, r.document(item.Items))
		case item.Kind != policy.Map:
			return nil, errors.New("must be a statement, a policy, or a list of them")
		case item.Get("Statement") != nil:
			if item.Get("Version") == nil {
				docs = append(docs, r.withVersion(item))
			} else {
				docs = append(docs, policy.FromNode(item))
			}
		default:
			loose = append(loose, item)
		}
	}
	if len(loose) > 0 {
		docs = append(docs, r.document(loose))
	}
	return docs, nil
}

func (r *caseReader) document(statements []*policy.Node) *policy.Document {
	return r.withVersion(&policy.Node{Kind: policy.Map, Entries: []policy.Entry{
		{Key: "Statement", Value: &policy.Node{Kind: policy.List, Items: statements}},
	}})
}

func (r *caseReader) withVersion(n *policy.Node) *policy.Document {
	version := policy.Entry{Key: "Version", Value: &policy.Node{Kind: policy.String, Text: r.version}}
	return policy.FromNode(&policy.Node{Kind: policy.Map, Pos: n.Pos, Entries: append([]policy.Entry{version}, n.Entries...)})
}

func (r *caseReader) levels(v *policy.Node) ([][]*policy.Document, error) {
	if v.Kind == policy.Null {
		return nil, nil
	}
	if v.Kind != policy.List {
		return nil, errors.New("must be a list of levels")
	}
	levels := [][]*policy.Document{}
	for _, item := range v.Items {
		docs, err := r.documents(item)
		if err != nil {
			return nil, err
		}
		levels = append(levels, docs)
	}
	return levels, nil
}

func readContext(c *iam.Context, v *policy.Node) error {
	if v.Kind != policy.Map {
		return errors.New("must be an object of condition keys")
	}
	for _, e := range v.Entries {
		switch e.Value.Kind {
		case policy.Null:
			c.Absent(e.Key)
		case policy.List:
			values := []string{}
			for _, item := range e.Value.Items {
				t, ok := item.Scalar()
				if !ok {
					return fmt.Errorf("%s: must hold strings", e.Key)
				}
				values = append(values, t)
			}
			c.SetList(e.Key, values...)
		default:
			t, ok := e.Value.Scalar()
			if !ok {
				return fmt.Errorf("%s: must be a string or a list of strings", e.Key)
			}
			c.Set(e.Key, t)
		}
	}
	return nil
}

func grants(v *policy.Node) ([]iam.Grant, error) {
	var out []iam.Grant
	for _, item := range v.Elements() {
		if item.Kind != policy.Map {
			return nil, errors.New("must be a list of objects")
		}
		var g iam.Grant
		for _, e := range item.Entries {
			var err error
			switch e.Key {
			case "grantee":
				g.Grantee, err = text1(e.Value)
			case "operations":
				g.Operations, err = texts(e.Value)
			case "encryptionContextEquals":
				g.EncryptionContextEquals, err = pairs(e.Value)
			case "encryptionContextSubset":
				g.EncryptionContextSubset, err = pairs(e.Value)
			default:
				err = errors.New("unknown field")
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", e.Key, err)
			}
		}
		out = append(out, g)
	}
	return out, nil
}

func pairs(v *policy.Node) (map[string]string, error) {
	if v.Kind != policy.Map {
		return nil, errors.New("must be an object of strings")
	}
	out := map[string]string{}
	for _, e := range v.Entries {
		t, err := text1(e.Value)
		if err != nil {
			return nil, err
		}
		out[e.Key] = t
	}
	return out, nil
}
