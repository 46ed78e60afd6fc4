package reach

import (
	"strings"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/iam/policy"
)

// frame holds the parts of one subject of a technique, by the names that the
// rows use: "role" → an ARN. A name that is absent is not known.
type frame map[string]string

// with returns a copy of f with one more part.
func (f frame) with(name, value string) frame {
	g := make(frame, len(f)+1)
	for k, v := range f {
		g[k] = v
	}
	g[name] = value
	delete(g, name+shownAs)
	return g
}

// expand fills in the {names} of a template with the subject's parts. {new} and
// names that are not known become holes. open reports whether the caller may
// choose a part.
func (f frame) expand(template string) (text string, open bool) {
	if !strings.Contains(template, "{") {
		return template, false
	}
	var b strings.Builder
	for rest := template; ; {
		before, after, found := strings.Cut(rest, "{")
		b.WriteString(before)
		if !found {
			return b.String(), open
		}
		name, tail, _ := strings.Cut(after, "}")
		value, known := f[name]
		if !known {
			value = policy.Hole
			open = open || name == "new" || name == "region"
		}
		b.WriteString(value)
		rest = tail
	}
}

// shownAs ends the name of a part that says how sentences call another part.
const shownAs = " as shown"

// call has sentences call a part by the logical id of its resource where nothing
// of its own name could be resolved.
func (f frame) call(name, logicalID string) {
	if logicalID != "" && short(f[name]) == estate.Show(policy.Hole) {
		f[name+shownAs] = logicalID
	}
}

// say fills in a sentence for people to read: ARNs are shortened to names.
func (f frame) say(template string) string {
	if !strings.Contains(template, "{") {
		return template
	}
	var b strings.Builder
	for rest := template; ; {
		before, after, found := strings.Cut(rest, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, tail, _ := strings.Cut(after, "}")
		text := f[name+shownAs]
		if text == "" {
			text = short(f[name])
		}
		b.WriteString(text)
		rest = tail
	}
}

// short returns the name in an ARN, for a sentence; other text as it is.
func short(text string) string {
	parts := strings.SplitN(text, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" {
		return estate.Show(text)
	}
	last := parts[5]
	switch parts[2] {
	case "iam":
		if last == "root" {
			return "account " + parts[4]
		}
		return estate.Show(last[strings.LastIndexByte(last, '/')+1:])
	case "sts":
		return estate.Show(strings.TrimPrefix(last, "assumed-role/"))
	case "cloudformation", "codebuild", "kms":
		_, name, _ := strings.Cut(last, "/")
		name, _, _ = strings.Cut(name, "/")
		return estate.Show(name)
	case "lambda":
		return estate.Show(strings.TrimPrefix(last, "function:"))
	}
	return estate.Show(last)
}

// partitionOf returns the partition of an ARN, "aws" where it has none.
func partitionOf(arn string) string {
	if parts := strings.SplitN(arn, ":", 3); len(parts) == 3 && parts[0] == "arn" && parts[1] != "" {
		return parts[1]
	}
	return "aws"
}
