package estate

import (
	"slices"

	"github.com/twokey/twokey/iam/catalog"
	"github.com/twokey/twokey/iam/policy"
)

// document reads the policy document under n: a Map, or JSON in a String. Where
// it cannot be read, unknown says why.
func (b *Builder) document(n *policy.Node) (doc *policy.Document, unknown string) {
	switch {
	case n == nil || n.Kind == policy.Null:
		return nil, "the document is missing"
	case n.Kind == policy.Unknown:
		return nil, reasonOf(n)
	case n.HasHole():
		return nil, reasonOf(n)
	}
	switch n.Kind {
	case policy.Map:
		doc = policy.FromNode(n)
	case policy.String:
		var err error
		if doc, err = policy.Parse(n.Pos.File, []byte(n.Text)); err != nil {
			return nil, "the text is not a policy document: " + err.Error()
		}
	default:
		return nil, "a policy document is a map"
	}
	for _, p := range doc.Problems {
		b.Problem(Problem{Message: "policy document: " + p.Message, Pos: p.Pos})
	}
	return doc, ""
}

// policyOf reads the document under n as a policy called name. maybe says that
// the whole policy may not be there, for the reason why.
func (b *Builder) policyOf(d *Declaration, name Text, n *policy.Node) Policy {
	p := Policy{Name: name, Pos: posOf(n, d.Pos)}
	p.Doc, p.Unknown = b.document(n)
	if p.Unknown != "" {
		b.Unknown(Unknown{What: "policy " + Show(firstText(name, "of "+d.title())), Why: p.Unknown, Pos: p.Pos})
	}
	if d.Maybe {
		p.Doc = uncertain(p.Doc, d.maybe())
	}
	return p
}

// maybe says why it is not known whether the declared resource exists.
func (d *Declaration) maybe() string {
	if d.Condition == "" {
		return "whether " + d.title() + " exists is not known"
	}
	return "whether " + d.title() + " exists depends on condition " + d.Condition + ", which could not be decided"
}

// uncertain returns doc with every statement marked as one whose presence is not
// known; nil for nil.
func uncertain(doc *policy.Document, why string) *policy.Document {
	if doc == nil {
		return nil
	}
	out := *doc
	out.Statements = slices.Clone(doc.Statements)
	for i := range out.Statements {
		if out.Statements[i].Unknown == "" {
			out.Statements[i].Unknown = why
		}
	}
	return &out
}

// merged returns one document with the statements of both, numbered anew.
func merged(a, c *policy.Document) *policy.Document {
	if a == nil {
		return c
	}
	if c == nil {
		return a
	}
	out := *a
	out.Statements = append(slices.Clone(a.Statements), c.Statements...)
	for i := range out.Statements {
		out.Statements[i].Index = i
	}
	out.Problems = append(slices.Clone(a.Problems), c.Problems...)
	return &out
}

// contend returns the policy of a resource for which two policies are written,
// where AWS keeps only one: the statements of both, none of them certain.
func contend(have, more *Policy, resource string) *Policy {
	if have == nil {
		return more
	}
	why := "two policies are written for " + resource + ", of which AWS keeps one"
	out := *have
	if have.Unknown != "" || more.Unknown != "" {
		out.Doc, out.Unknown = nil, firstText(have.Unknown, more.Unknown)
		return &out
	}
	out.Doc = merged(uncertain(have.Doc, why), uncertain(more.Doc, why))
	return &out
}

// awsManaged returns the AWS-managed policy with that ARN, from the catalogue.
func (b *Builder) awsManaged(arn string, pos policy.Pos) Policy {
	p := Policy{Name: lastSegment(arn), ARN: arn, Pos: pos}
	text, _, _, ok := catalog.ManagedPolicy(arn)
	if !ok {
		p.Unknown = arn + " is not in the catalogue of AWS-managed policies"
		return p
	}
	doc, err := policy.Parse(arn, text)
	if err != nil {
		p.Unknown = "the catalogue's text of " + arn + " cannot be read: " + err.Error()
		return p
	}
	p.Doc = doc
	return p
}

// isAWSManaged reports whether arn is that of an AWS-managed policy.
func isAWSManaged(arn Text) bool {
	f, ok := splitARN(arn)
	return ok && f[2] == "iam" && f[4] == "aws"
}

// node makers, for documents that AWS writes of what a template says otherwise.

func stringNode(text string, at *policy.Node, otherwise policy.Pos) *policy.Node {
	n := &policy.Node{Kind: policy.String, Text: text, Pos: posOf(at, otherwise)}
	if at != nil {
		n.Reason = at.Reason
	}
	return n
}

func mapNode(pos policy.Pos, entries ...policy.Entry) *policy.Node {
	return &policy.Node{Kind: policy.Map, Entries: entries, Pos: pos}
}

func entry(key string, value *policy.Node) policy.Entry {
	return policy.Entry{Key: key, KeyPos: value.Pos, Value: value}
}
