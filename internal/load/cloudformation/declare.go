package cloudformation

import (
	"cmp"
	"slices"

	"github.com/twokey/twokey/cfn"
	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/finding"
	"github.com/twokey/twokey/iam/policy"
)

// declareUnit hands a resolved stack and those nested in it to the Builder.
func (l *loader) declareUnit(u *unit) {
	file := l.relative(u.path)
	l.b.Source(estate.Source{Name: file, Kind: "template", Stack: u.name, Account: u.account, Region: u.region})
	l.b.Stack(estate.StackResource{
		Meta:    estate.Meta{Account: u.account, Region: u.region, Pos: u.pos},
		Name:    u.name,
		RoleARN: u.role, RolePos: u.pos,
		Template: file,
	})
	for _, p := range u.stack.Problems {
		l.b.Problem(estate.Problem{Message: p.Message, Hint: p.Hint, Pos: p.Pos})
	}
	for _, x := range u.stack.Unknowns {
		l.b.Unknown(estate.Unknown{What: x.What, Why: x.Why, Pos: x.Pos})
	}
	for _, t := range u.template.Transforms {
		switch t.Name {
		case cfn.TransformServerless, cfn.TransformLanguageExtensions:
		default:
			l.b.Unknown(estate.Unknown{
				What: "what macro " + t.Name + " makes of " + file, Why: "a macro may change anything in a template, and only AWS runs it", Pos: t.Pos,
			})
		}
	}
	for i := range u.stack.Resources {
		r := &u.stack.Resources[i]
		ref, _ := r.Ref.Scalar()
		if r.Ref.IsUnknown() {
			ref = policy.Hole
		}
		l.b.Add(estate.Declaration{
			Type: r.Type, LogicalID: r.LogicalID, Stack: u.name, Account: u.account, Region: u.region,
			ARN: r.ARN, Ref: ref, Props: r.Props, Attrs: r.Attrs, Generated: r.Generated,
			Maybe: r.Maybe, Condition: r.Condition, Pos: r.Pos,
		})
		l.metadataIgnores(u, r)
		if nestsRemote(u, r) {
			l.b.Unknown(estate.Unknown{
				What: "the stack that " + u.name + "/" + r.LogicalID + " nests", Why: "its template is not a local file that could be read", Pos: r.Pos,
			})
		}
	}
	if !l.commented[file] {
		l.commented[file] = true
		l.commentIgnores(u.template)
	}
	for _, c := range u.children {
		l.declareUnit(c)
	}
}

// nestsRemote reports whether a resource nests a stack whose template was not read.
func nestsRemote(u *unit, r *cfn.Resource) bool {
	if r.Type != stackType && r.Type != applicationType {
		return false
	}
	return !slices.ContainsFunc(u.children, func(c *unit) bool { return c.logical == r.LogicalID })
}

// metadataIgnores reads the ignores in a resource's metadata:
//
//	Metadata:
//	  twokey:
//	    ignore: [{rule: CP-203, reason: "…", until: 2027-01-31}]
func (l *loader) metadataIgnores(u *unit, r *cfn.Resource) {
	list := r.Attrs.Path("Metadata", "twokey", "ignore")
	for _, n := range list.Elements() {
		ig := finding.Ignore{Kind: "metadata", Stack: u.name, LogicalID: r.LogicalID, Location: location(n.Pos)}
		for _, rule := range n.Get("rule").Elements() {
			if text, ok := rule.Scalar(); ok {
				ig.Rules = append(ig.Rules, text)
			}
		}
		ig.Reason, _ = n.Get("reason").Scalar()
		ig.Until, _ = n.Get("until").Scalar()
		if len(ig.Rules) == 0 {
			l.b.Problem(estate.Problem{Message: "an ignore of " + r.LogicalID + " names no rule", Hint: "rule: CP-203", Pos: n.Pos})
			continue
		}
		l.config.Ignores = append(l.config.Ignores, ig)
	}
}

// commentIgnores reads the ignores in a template's comments. One covers the value
// it stands above or beside, with everything in that value.
func (l *loader) commentIgnores(t *cfn.Template) {
	for _, c := range t.Comments {
		pos := policy.Pos{File: t.File, Line: c.Line, Column: 1}
		ig, ok, err := finding.ParseIgnoreComment(c.Text)
		switch {
		case err != nil:
			l.b.Problem(estate.Problem{Message: err.Error(), Pos: pos})
			continue
		case !ok:
			continue
		}
		ig.Location = location(pos)
		ig.FromLine, ig.ToLine = min(c.Line, cmp.Or(c.AppliesTo, c.Line)), c.AppliesTo
		if c.AppliesTo != 0 {
			ig.ToLine = max(c.AppliesTo, lastLineOf(t.Root, c.AppliesTo))
		}
		l.config.Ignores = append(l.config.Ignores, ig)
	}
}

func location(p policy.Pos) finding.Location {
	return finding.Location{File: p.File, Line: p.Line, Column: p.Column}
}

// lastLineOf returns the last line of the outermost value whose key or first
// line is line; 0 where there is none.
func lastLineOf(n *policy.Node, line int) int {
	for _, e := range n.Entries {
		if e.KeyPos.Line == line {
			return lastLine(e.Value)
		}
		if last := lastLineOf(e.Value, line); last != 0 {
			return last
		}
	}
	for _, item := range n.Items {
		if item.Pos.Line == line {
			return lastLine(item)
		}
		if last := lastLineOf(item, line); last != 0 {
			return last
		}
	}
	return 0
}

func lastLine(n *policy.Node) int {
	last := n.Pos.Line
	for _, item := range n.Items {
		last = max(last, lastLine(item))
	}
	for _, e := range n.Entries {
		last = max(last, e.KeyPos.Line, lastLine(e.Value))
	}
	return last
}
