package condition

import (
	"strings"

	"github.com/twokey/twokey/arn"
)

// ARNPattern is a compiled ARN of a policy, matched field by field.
type ARNPattern struct {
	any   bool
	never bool
	// whole is set where Holes make the fields uncertain: the ARN as one glob.
	whole string
	// head is the text before the resource part where it is known in full, with
	// its five colons: nothing but a comparison is needed then.
	head   string
	fields *[5]Template // the fields before the resource part, where head is empty
	tail   Template
}

// ARNSyntax says how to compile an ARN pattern.
type ARNSyntax struct {
	Variables bool // the policy has variables at all (2012-10-17)
	// VariablesAnywhere: also before the fifth colon, as in ARN conditions. A
	// Resource has them only after it.
	VariablesAnywhere bool
	Completion        arn.Completion
}

// CompileARN compiles text; ok is false where it stays incomplete under the
// syntax's Completion and so matches nothing.
func CompileARN(text string, syntax ARNSyntax) (p ARNPattern, ok bool) {
	if syntax.Variables {
		text = widenHoles(text)
	}
	fields, ok := arn.SplitPattern(text, syntax.Completion)
	switch {
	case text != "" && strings.Trim(text, "*") == "":
		return ARNPattern{any: true}, true
	case !ok:
		return ARNPattern{never: true}, false
	}
	bare := text
	if syntax.Variables {
		bare = forgetVariables(text)
	}
	if strings.Count(bare, ":") < 5 && strings.Contains(text, arn.Hole) {
		// The hole may hold colons: an unresolved reference to a whole ARN.
		return ARNPattern{whole: bare + "*"}, true
	}
	p.tail = CompileTemplate(fields[5], Syntax{Wildcards: true, Variables: syntax.Variables})
	early := Syntax{Wildcards: true, Variables: syntax.Variables && syntax.VariablesAnywhere}
	exact := true
	p.fields = new([5]Template)
	for i := range p.fields {
		p.fields[i] = CompileTemplate(fields[i], early)
		_, one := p.fields[i].pattern.Exact()
		exact = exact && one && p.fields[i].static
	}
	if exact {
		p.head = strings.Join(fields[:5], ":") + ":"
	}
	return p, true
}

// Any reports whether p is "*".
func (p *ARNPattern) Any() bool { return p.any }

// Prefix returns text with which the resource part of everything that p matches
// begins; "" where nothing is certain of it.
func (p *ARNPattern) Prefix() string {
	if p.fields == nil {
		return ""
	}
	return p.tail.prefix()
}

// VariableKeys returns the keys of p's variables, in lower case.
func (p *ARNPattern) VariableKeys() []string {
	var out []string
	if p.fields != nil {
		for i := range p.fields {
			out = append(out, p.fields[i].VariableKeys()...)
		}
	}
	return append(out, p.tail.VariableKeys()...)
}

// Subject is a string to be matched against ARN patterns, cut once.
type Subject struct {
	Text   string
	fields [6]string
	n      int
	hole   bool
}

// NewSubject cuts text into its fields. text may have Holes.
func NewSubject(text string) Subject {
	s := Subject{Text: text, hole: strings.Contains(text, arn.Hole)}
	s.fields, s.n = arn.Split(text)
	return s
}

// Field returns field i, from 0: "arn", partition, service, region, account, resource.
func (s *Subject) Field(i int) string { return s.fields[i] }

// Known reports whether the text has no Holes.
func (s *Subject) Known() bool { return !s.hole }

// IsARN reports whether the text has six fields.
func (s *Subject) IsARN() bool { return s.n == 6 }

// Match matches a subject. resolved is false, and the verdict No, where only a
// variable without a value keeps p from matching.
func (p *ARNPattern) Match(env *Env, s *Subject) (v arn.Verdict, resolved bool) {
	switch {
	case p.any:
		return arn.Yes, true
	case p.never:
		return arn.No, true
	case p.whole != "":
		return min(arn.GlobVerdict(p.whole, s.Text), arn.Maybe), true
	case s.n < 6:
		return p.matchShort(s), true
	}
	if p.head != "" && !s.hole {
		if !strings.HasPrefix(s.Text, p.head) {
			return arn.No, true
		}
		if p.tail.static {
			return p.tail.pattern.Match(s.fields[5]), true
		}
		return p.tail.Match(env, s.fields[5])
	}
	// The resource part tells patterns apart soonest. A variable without a value
	// counts only where the rest of the pattern matches.
	v, resolved = p.tail.match(env, s.fields[5], s.hole)
	if v == arn.No && resolved {
		return arn.No, true
	}
	for i := range p.fields {
		f := &p.fields[i]
		if f.static && f.pattern.Any() {
			continue
		}
		w, ok := f.match(env, s.fields[i], s.hole)
		if w == arn.No && ok {
			return arn.No, true
		}
		v, resolved = min(v, w), resolved && ok
	}
	return v, resolved
}

// matchShort matches a subject that is no ARN: one whose Holes may hold the
// missing fields may match anything of which it can be part.
func (p *ARNPattern) matchShort(s *Subject) arn.Verdict {
	if !s.hole {
		return arn.No
	}
	var b strings.Builder
	for i := range p.fields {
		b.WriteString(p.fields[i].glob())
		b.WriteByte(':')
	}
	b.WriteString(p.tail.glob())
	return min(arn.GlobVerdict(b.String(), s.Text), arn.Maybe)
}
