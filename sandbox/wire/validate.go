package wire

import (
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/twokey/twokey/sandbox/cloud"
)

// validate checks an input against the constraints of its model and answers, as
// AWS does, with every violation at once: "N validation errors detected: Value
// at 'pipeline.name' failed to satisfy constraint: …". Lists are numbered from 1,
// as "stages.1.member.name". present tells which members were sent, so that ""
// is not taken for absent.
func validate(in any, present map[string]bool, code string) *cloud.Error {
	var v violations
	v.present = present
	v.structure("", reflect.ValueOf(in).Elem())
	if len(v.found) == 0 {
		return nil
	}
	plural := "error"
	if len(v.found) > 1 {
		plural = "errors"
	}
	return cloud.Errorf(code, "%d validation %s detected: %s", len(v.found), plural, strings.Join(v.found, "; "))
}

type violations struct {
	found   []string
	present map[string]bool
}

func (v *violations) add(path string, value reflect.Value, constraint string) {
	if value.IsValid() && value.Kind() == reflect.String {
		v.found = append(v.found, fmt.Sprintf("Value '%s' at '%s' failed to satisfy constraint: %s", value.String(), path, constraint))
		return
	}
	v.found = append(v.found, fmt.Sprintf("Value at '%s' failed to satisfy constraint: %s", path, constraint))
}

func (v *violations) structure(path string, s reflect.Value) {
	t := s.Type()
	for i := range t.NumField() {
		f, tag := s.Field(i), t.Field(i).Tag
		name := lowerFirst(memberName(t.Field(i)))
		if path != "" {
			name = path + "." + name
		}
		if f.IsZero() && !v.present[name] {
			if tag.Get("required") == "true" {
				v.found = append(v.found, fmt.Sprintf("Value null at '%s' failed to satisfy constraint: Member must not be null", name))
			}
			continue
		}
		v.value(name, f, limitsOf(tag, ""), tag)
	}
}

func (v *violations) value(path string, f reflect.Value, l limits, tag reflect.StructTag) {
	for f.Kind() == reflect.Pointer {
		if f.IsNil() {
			return
		}
		f = f.Elem()
	}
	switch f.Kind() {
	case reflect.String:
		v.length(path, f, utf8.RuneCountInString(f.String()), l)
		if l.pattern != "" && !fullMatch(l.pattern, f.String()) {
			v.add(path, f, "Member must satisfy regular expression pattern: "+l.pattern)
		}
		if len(l.enum) > 0 && !contains(l.enum, f.String()) {
			v.add(path, f, "Member must satisfy enum value set: ["+strings.Join(l.enum, ", ")+"]")
		}
	case reflect.Int64:
		if l.min != nil && float64(f.Int()) < *l.min {
			v.found = append(v.found, fmt.Sprintf("Value '%d' at '%s' failed to satisfy constraint: Member must have value greater than or equal to %s", f.Int(), path, number(*l.min)))
		}
		if l.max != nil && float64(f.Int()) > *l.max {
			v.found = append(v.found, fmt.Sprintf("Value '%d' at '%s' failed to satisfy constraint: Member must have value less than or equal to %s", f.Int(), path, number(*l.max)))
		}
	case reflect.Slice:
		if f.Type().Elem().Kind() == reflect.Uint8 {
			v.length(path, reflect.Value{}, f.Len(), l)
			return
		}
		v.length(path, reflect.Value{}, f.Len(), l)
		element := limitsOf(tag, "member")
		for i := range f.Len() {
			v.element(fmt.Sprintf("%s.%d.member", path, i+1), f.Index(i), element)
		}
	case reflect.Map:
		v.length(path, reflect.Value{}, f.Len(), l)
		keys, values := limitsOf(tag, "key"), limitsOf(tag, "value")
		for _, k := range sortedKeys(f) {
			if !keys.allow(k.String()) {
				v.add(path, reflect.Value{}, "Map keys must satisfy constraint: ["+keys.String()+"]")
			}
			e := f.MapIndex(k)
			if e.Kind() == reflect.String {
				if !values.allow(e.String()) {
					v.add(path, reflect.Value{}, "Map value must satisfy constraint: ["+values.String()+"]")
				}
				continue
			}
			v.element(path+"."+k.String()+".member", e, values)
		}
	case reflect.Struct:
		if f.Type() != reflect.TypeFor[Time]() {
			v.structure(path, f)
		}
	}
}

// element checks a member of a list or a value of a map, which must be there:
// services take none of them for nil.
func (v *violations) element(path string, f reflect.Value, l limits) {
	if f.Kind() == reflect.Pointer && f.IsNil() {
		v.found = append(v.found, fmt.Sprintf("Value null at '%s' failed to satisfy constraint: Member must not be null", path))
		return
	}
	v.value(path, f, l, "")
}

func (v *violations) length(path string, shown reflect.Value, n int, l limits) {
	if l.min != nil && float64(n) < *l.min {
		v.add(path, shown, "Member must have length greater than or equal to "+number(*l.min))
	}
	if l.max != nil && float64(n) > *l.max {
		v.add(path, shown, "Member must have length less than or equal to "+number(*l.max))
	}
}

// limits are the constraints of one shape.
type limits struct {
	min, max *float64
	pattern  string
	enum     []string
}

func limitsOf(tag reflect.StructTag, prefix string) limits {
	var l limits
	for key, dst := range map[string]**float64{"min": &l.min, "max": &l.max} {
		if s, ok := tag.Lookup(prefix + key); ok {
			if n, err := strconv.ParseFloat(s, 64); err == nil {
				*dst = &n
			}
		}
	}
	l.pattern = tag.Get(prefix + "pattern")
	if s := tag.Get(prefix + "enum"); s != "" {
		l.enum = strings.Split(s, "|")
	}
	return l
}

func (l limits) allow(s string) bool {
	n := float64(utf8.RuneCountInString(s))
	return (l.min == nil || n >= *l.min) && (l.max == nil || n <= *l.max) &&
		(l.pattern == "" || fullMatch(l.pattern, s)) && (len(l.enum) == 0 || contains(l.enum, s))
}

// String writes the constraints as AWS lists them for maps: the most first.
func (l limits) String() string {
	var parts []string
	if l.max != nil {
		parts = append(parts, "Member must have length less than or equal to "+number(*l.max))
	}
	if l.min != nil {
		parts = append(parts, "Member must have length greater than or equal to "+number(*l.min))
	}
	if l.pattern != "" {
		parts = append(parts, "Member must satisfy regular expression pattern: "+l.pattern)
	}
	if len(l.enum) > 0 {
		parts = append(parts, "Member must satisfy enum value set: ["+strings.Join(l.enum, ", ")+"]")
	}
	return strings.Join(parts, ", ")
}

var patterns sync.Map // pattern → *regexp.Regexp, nil where Go cannot compile it

// fullMatch reports whether a pattern of a service model matches all of s. The
// few patterns with Java-only syntax cannot be checked here and let all pass.
func fullMatch(pattern, s string) bool {
	re, ok := patterns.Load(pattern)
	if !ok {
		compiled, err := regexp.Compile(`^(?:` + pattern + `)$`)
		if err != nil {
			compiled = nil
		}
		re, _ = patterns.LoadOrStore(pattern, compiled)
	}
	compiled := re.(*regexp.Regexp)
	return compiled == nil || compiled.MatchString(s)
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
