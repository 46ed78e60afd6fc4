package events

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/twokey/twokey/sandbox/cloud/pattern"
)

// step is one step of a path: a member of an object or an element of an array.
type step struct {
	name  string
	index int // where name is empty
}

var pathStep = regexp.MustCompile(`^(?:\.([A-Za-z0-9_-]+)|\[(\d{1,6})\]|\['([^']+)'\])`)

// parsePath reads the JSON paths that EventBridge takes: $ and then names and
// indices, without filters or wildcards.
func parsePath(text string) ([]step, error) {
	rest, ok := strings.CutPrefix(text, "$")
	if !ok {
		return nil, fmt.Errorf("the path %q does not begin with $", text)
	}
	var out []step
	for rest != "" {
		m := pathStep.FindStringSubmatch(rest)
		if m == nil {
			return nil, fmt.Errorf("the path %q cannot be read at %q", text, rest)
		}
		switch {
		case m[2] != "":
			n, err := strconv.Atoi(m[2])
			if err != nil {
				return nil, err
			}
			out = append(out, step{index: n})
		default:
			out = append(out, step{name: m[1] + m[3]})
		}
		rest = rest[len(m[0]):]
	}
	return out, nil
}

// at follows a path.
func at(v any, path []step) (any, bool) {
	for _, s := range path {
		if s.name != "" {
			m, _ := v.(map[string]any)
			next, ok := m[s.name]
			if !ok {
				return nil, false
			}
			v = next
			continue
		}
		list, _ := v.([]any)
		if s.index >= len(list) {
			return nil, false
		}
		v = list[s.index]
	}
	return v, true
}

func validJSON(text string) bool { return json.Valid([]byte(text)) }

// encode writes a value as JSON, without escapes for HTML.
func encode(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(v) != nil {
		return "null" // of a value that came from JSON: cannot fail
	}
	return strings.TrimRight(b.String(), "\n")
}

var placeholder = regexp.MustCompile(`<([^<>\s]+)>`)

// reserved are the variables that every template knows.
var reserved = map[string]bool{
	"aws.events.rule-arn": true, "aws.events.rule-name": true, "aws.events.event.ingestion-time": true, "aws.events.event": true, "aws.events.event.json": true,
}

// checkTemplate refuses a template that uses variables nobody defines, or that
// cannot become JSON.
func checkTemplate(t *InputTransformer) error {
	values := map[string]any{}
	for name := range t.InputPathsMap {
		if strings.HasPrefix(strings.ToLower(name), "aws.") {
			return fmt.Errorf("the variable %s is reserved", name)
		}
		values[name] = "x"
	}
	for name := range reserved {
		values[name] = "x"
	}
	for _, m := range placeholder.FindAllStringSubmatch(t.InputTemplate, -1) {
		if _, ok := values[m[1]]; !ok {
			return fmt.Errorf("the placeholder %s is not defined", m[1])
		}
	}
	if filled := fill(t.InputTemplate, values); strings.HasPrefix(strings.TrimSpace(filled), "{") && !validJSON(filled) {
		return fmt.Errorf("the template is not valid JSON")
	}
	return nil
}

// fill puts values in place of a template's variables: as JSON where they stand
// free, as text inside a string. What has no value is null, or nothing inside a
// string.
func fill(template string, values map[string]any) string {
	var b strings.Builder
	inString := false
	for i := 0; i < len(template); {
		switch ch := template[i]; {
		case inString && ch == '\\' && i+1 < len(template):
			b.WriteString(template[i : i+2])
			i += 2
			continue
		case ch == '"':
			inString = !inString
		case ch == '<':
			m := placeholder.FindStringSubmatchIndex(template[i:])
			if m == nil || m[0] != 0 {
				break
			}
			v, ok := values[template[i+m[2]:i+m[3]]]
			b.WriteString(asValue(v, ok, inString))
			i += m[1]
			continue
		}
		b.WriteByte(template[i])
		i++
	}
	return b.String()
}

func asValue(v any, ok, inString bool) string {
	if !inString {
		return encode(v)
	}
	if !ok || v == nil {
		return ""
	}
	text, isText := v.(string)
	if !isText {
		text = encode(v)
	}
	quoted := encode(text)
	return quoted[1 : len(quoted)-1]
}

// input is what a target gets of an event.
func input(r rule, t *Target, e *heard) (string, error) {
	switch {
	case t.Input != "":
		return t.Input, nil
	case t.InputPath != "":
		path, err := parsePath(t.InputPath)
		if err != nil {
			return "", err
		}
		v, _ := at(e.tree, path)
		return encode(v), nil
	case t.InputTransformer != nil:
		values := map[string]any{
			"aws.events.rule-arn": r.ARN, "aws.events.rule-name": r.Name, "aws.events.event.ingestion-time": e.at.UTC().Format(time.RFC3339),
			"aws.events.event": withoutDetail(e.tree), "aws.events.event.json": e.tree,
		}
		for name, p := range t.InputTransformer.InputPathsMap {
			path, err := parsePath(p)
			if err != nil {
				return "", err
			}
			if v, ok := at(e.tree, path); ok {
				values[name] = v
			}
		}
		return fill(t.InputTransformer.InputTemplate, values), nil
	}
	return string(e.text), nil
}

// withoutDetail is <aws.events.event>: the event without its detail.
func withoutDetail(tree any) any {
	m, _ := tree.(map[string]any)
	out := map[string]any{}
	for k, v := range m {
		if k != "detail" {
			out[k] = v
		}
	}
	return out
}

// decodeEvent reads an event for patterns and paths.
func decodeEvent(text []byte) (any, error) { return pattern.Decode(text) }
