package cfn

import (
	"strings"

	"github.com/twokey/twokey/iam/policy"
)

// subPart is a run of literal text of a Fn::Sub string, or a variable in it.
type subPart struct {
	text     string
	variable bool
}

// parseSub splits the string of Fn::Sub. ${Name} is a variable; ${!Name} stands
// for the text ${Name}; a ${ that is never closed is text. A variable may hold
// letters, digits, underscores, dots and colons: bad is the first that does not.
func parseSub(s string) (parts []subPart, bad string) {
	literal := func(t string) {
		if t == "" {
			return
		}
		if n := len(parts); n > 0 && !parts[n-1].variable {
			parts[n-1].text += t
			return
		}
		parts = append(parts, subPart{text: t})
	}
	for {
		i := strings.Index(s, "${")
		if i < 0 {
			break
		}
		end := strings.IndexByte(s[i:], '}')
		if end < 0 {
			break
		}
		literal(s[:i])
		name := s[i+2 : i+end]
		s = s[i+end+1:]
		if rest, ok := strings.CutPrefix(name, "!"); ok {
			literal("${" + rest + "}")
			continue
		}
		if !isSubName(name) && bad == "" {
			bad = "${" + name + "}"
		}
		parts = append(parts, subPart{text: name, variable: true})
	}
	literal(s)
	return parts, bad
}

func isSubName(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '.', c == ':':
		default:
			return false
		}
	}
	return s != ""
}

// subArgs returns the string of Fn::Sub and its map of variables, which is nil
// where there is none.
func subArgs(arg *policy.Node) (text string, variables *policy.Node, ok bool) {
	switch {
	case arg.Kind == policy.String:
		return arg.Text, nil, true
	case arg.Kind == policy.List && len(arg.Items) == 2 && arg.Items[0].Kind == policy.String && arg.Items[1].Kind == policy.Map:
		return arg.Items[0].Text, arg.Items[1], true
	}
	return "", nil, false
}

func (r *resolver) fnSub(arg *policy.Node, pos policy.Pos) *policy.Node {
	text, variables, ok := subArgs(arg)
	if !ok {
		return r.malformed(pos, "Fn::Sub", "takes a string, or a string and a map of variables")
	}
	parts, bad := parseSub(text)
	if bad != "" {
		r.problem(pos, "write ${!…} for text that is no variable", "variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, periods, and colons: %s", bad)
	}
	var b strings.Builder
	reason := ""
	values := make(map[string]*policy.Node, len(parts))
	for _, p := range parts {
		if !p.variable {
			b.WriteString(p.text)
			continue
		}
		// Each variable once: one that is used twice, in a variable that is used
		// twice, and so on, would double the work with every level.
		v, ok := values[p.text]
		if !ok {
			v = r.subVariable(p.text, variables, pos)
			values[p.text] = v
		}
		if t, ok := v.Scalar(); ok {
			b.WriteString(t)
		} else {
			b.WriteString(policy.Hole)
		}
		reason = joinReasons(reason, v.Reason)
	}
	if arg.Kind == policy.String && strings.Contains(arg.Text, policy.Hole) {
		reason = joinReasons(reason, arg.Reason)
	}
	return r.composed(b.String(), reason, pos)
}

// subVariable is what a variable of Fn::Sub comes to: a scalar or an unknown.
func (r *resolver) subVariable(name string, variables *policy.Node, pos policy.Pos) *policy.Node {
	var v *policy.Node
	switch given := variables.Get(name); {
	case given != nil:
		v = r.resolve(given)
	case !isSubName(name):
		return r.wrong(pos, "${"+name+"} is not a variable")
	case strings.HasPrefix(name, "AWS::"):
		v = r.ref(name, pos)
	default:
		if id, attribute, ok := strings.Cut(name, "."); ok {
			v = r.getAtt(id, attribute, pos)
		} else {
			v = r.ref(name, pos)
		}
	}
	if _, ok := v.Scalar(); ok || v.IsUnknown() {
		return v
	}
	what := kindWord(v.Kind)
	if v == noValue {
		what = "AWS::NoValue"
	}
	return r.malformed(pos, "Fn::Sub", "needs ${"+name+"} to be a string, and it is "+what)
}
