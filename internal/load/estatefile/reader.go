package estatefile

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/twokey/twokey/iam/policy"
)

// reader collects what is wrong with a file while reading it.
type reader struct {
	file   *File
	tree   *tree
	errors Errors
}

// Parse reads an estate file. name is used for positions and messages. The error
// is an Errors with everything that is wrong.
func Parse(name string, data []byte) (*File, error) {
	t, err := readYAML(name, data)
	if err != nil {
		var e *Error
		if errors.As(err, &e) {
			return nil, Errors{e}
		}
		return nil, err
	}
	r := &reader{file: &File{Name: name, WantPeople: 2, Config: configOf(name)}, tree: t}
	r.top(t.root)
	if len(r.errors) > 0 {
		slices.SortStableFunc(r.errors, func(a, b *Error) int {
			if a.Pos.Line != b.Pos.Line {
				return a.Pos.Line - b.Pos.Line
			}
			return a.Pos.Column - b.Pos.Column
		})
		return nil, r.errors
	}
	return r.file, nil
}

func (r *reader) fail(pos policy.Pos, hint, format string, args ...any) {
	r.errors = append(r.errors, &Error{Pos: pos, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// field reads the value of one key.
type field struct {
	key      string
	required bool
	read     func(v *policy.Node, keyPos policy.Pos)
}

// fields reads a map whose keys are all known. what names it in messages. It
// reports unknown, repeated and missing keys, and returns false where n is no map.
func (r *reader) fields(n *policy.Node, what string, fields ...field) bool {
	if n == nil || n.Kind != policy.Map {
		r.wrongKind(n, what, "a map")
		return false
	}
	seen := map[string]policy.Pos{}
	for _, e := range n.Entries {
		i := slices.IndexFunc(fields, func(f field) bool { return f.key == e.Key })
		if i < 0 {
			r.fail(e.KeyPos, suggest(e.Key, fields), "%s has no key %q", what, e.Key)
			continue
		}
		if first, again := seen[e.Key]; again {
			r.fail(e.KeyPos, "", "key %q stands twice in %s; it stood in line %d before", e.Key, what, first.Line)
			continue
		}
		seen[e.Key] = e.KeyPos
		fields[i].read(e.Value, e.KeyPos)
	}
	for _, f := range fields {
		if _, ok := seen[f.key]; f.required && !ok {
			r.fail(n.Pos, "", "%s lacks %q", what, f.key)
		}
	}
	return true
}

// suggest says which keys there are, the likeliest first where one is near.
func suggest(key string, fields []field) string {
	keys := make([]string, len(fields))
	for i, f := range fields {
		keys[i] = f.key
		if strings.EqualFold(strings.Trim(key, "s_-"), strings.Trim(f.key, "s_-")) || distance(key, f.key) <= 2 {
			return fmt.Sprintf("did you mean %q?", f.key)
		}
	}
	return "it may have " + strings.Join(keys, ", ")
}

// distance is the number of characters to change, add or drop to get from a to b.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

func (r *reader) wrongKind(n *policy.Node, what, want string) {
	if n == nil {
		r.fail(policy.Pos{File: r.file.Name}, "", "%s has to be %s", what, want)
		return
	}
	r.fail(n.Pos, "", "%s has to be %s and is %s", what, want, kindWord(n.Kind))
}

func kindWord(k policy.Kind) string {
	switch k {
	case policy.Map:
		return "a map"
	case policy.List:
		return "a list"
	case policy.Null:
		return "empty"
	case policy.Bool:
		return "true or false"
	case policy.Number:
		return "a number"
	}
	return "a text"
}

// items calls read for each element of a list. An empty value is an empty list.
func (r *reader) items(n *policy.Node, what string, read func(item *policy.Node)) {
	if n.Kind == policy.Null {
		return
	}
	if n.Kind != policy.List {
		r.wrongKind(n, what, "a list")
		return
	}
	for _, item := range n.Items {
		read(item)
	}
}

// text reads a scalar that may not be empty.
func (r *reader) text(n *policy.Node, what string) string {
	t, ok := n.Scalar()
	if !ok {
		r.wrongKind(n, what, "a text")
		return ""
	}
	if strings.TrimSpace(t) == "" {
		r.fail(n.Pos, "", "%s is empty", what)
		return ""
	}
	return t
}

// texts reads a list of texts, or one text as a list of one.
func (r *reader) texts(n *policy.Node, what string) []string {
	if _, ok := n.Scalar(); ok {
		return []string{r.text(n, what)}
	}
	var out []string
	r.items(n, what, func(item *policy.Node) {
		if t := r.text(item, "an entry of "+what); t != "" {
			out = append(out, t)
		}
	})
	return out
}

// oneOf reads a list of words out of a fixed set.
func (r *reader) oneOf(n *policy.Node, what string, words ...string) []string {
	var out []string
	r.items(n, what, func(item *policy.Node) {
		t := r.text(item, "an entry of "+what)
		switch {
		case t == "":
		case !slices.Contains(words, t):
			r.fail(item.Pos, "it may be "+strings.Join(words, ", "), "%s has no %q", what, t)
		case slices.Contains(out, t):
			r.fail(item.Pos, "", "%q stands twice in %s", t, what)
		default:
			out = append(out, t)
		}
	})
	return out
}

func (r *reader) boolean(n *policy.Node, what string) bool {
	if n.Kind != policy.Bool {
		r.wrongKind(n, what, "true or false")
		return false
	}
	return strings.EqualFold(n.Text, "true")
}

// count reads a whole number from least to most.
func (r *reader) count(n *policy.Node, what string, least, most int) int {
	if n.Kind != policy.Number {
		r.wrongKind(n, what, "a number")
		return least
	}
	v, err := strconv.Atoi(n.Text)
	if err != nil || v < least || v > most {
		r.fail(n.Pos, "", "%s has to be a whole number from %d to %d and is %s", what, least, most, n.Text)
		return least
	}
	return v
}

// into makes a field that keeps a text.
func (r *reader) into(key string, required bool, what string, to *string) field {
	return field{key, required, func(v *policy.Node, _ policy.Pos) { *to = r.text(v, what) }}
}

// ignoring makes a field that has been read already.
func ignoring(key string) field {
	return field{key, false, func(*policy.Node, policy.Pos) {}}
}
