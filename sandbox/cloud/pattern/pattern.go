// Package pattern matches JSON documents against the patterns of EventBridge rules
// and SNS filter policies. Facts: "Creating Amazon EventBridge event patterns" and
// "Comparison operators for use in event patterns" (EventBridge user guide).
package pattern

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// Limits of a pattern.
const (
	maxDepth    = 20
	maxElements = 2000 // fields and alternatives together
)

// Pattern is a compiled pattern.
type Pattern struct{ root object }

// object is a set of fields that must all match, and of alternatives ($or) of
// each of which one must.
type object struct {
	fields map[string]field
	ors    [][]object
}

// field is what a field must be: one of the tests, or an object.
type field struct {
	tests  []test
	object *object
}

// Parse reads a pattern. The error says what is wrong with it.
func Parse(text []byte) (*Pattern, error) {
	tree, err := decode(text)
	if err != nil {
		return nil, fmt.Errorf("filter is not valid JSON: %w", err)
	}
	m, ok := tree.(map[string]any)
	if !ok {
		return nil, errors.New("filter is not an object")
	}
	p := parser{}
	root, err := p.object(m, 0)
	if err != nil {
		return nil, err
	}
	return &Pattern{root}, nil
}

// Decode reads a document for Match: numbers keep their text.
func Decode(text []byte) (any, error) { return decode(text) }

func decode(text []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var tree any
	if err := dec.Decode(&tree); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is text after the document")
	}
	return tree, nil
}

type parser struct{ elements int }

func (p *parser) count(n int) error {
	if p.elements += n; p.elements > maxElements {
		return fmt.Errorf("the pattern has more than %d elements", maxElements)
	}
	return nil
}

func (p *parser) object(m map[string]any, depth int) (object, error) {
	o := object{fields: map[string]field{}}
	if depth > maxDepth {
		return o, fmt.Errorf("the pattern is nested more than %d deep", maxDepth)
	}
	if len(m) == 0 {
		return o, errors.New("empty objects are not allowed")
	}
	if err := p.count(len(m)); err != nil {
		return o, err
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		list, isList := m[name].([]any)
		if name == "$or" && isList && alternatives(list) {
			ors, err := p.or(list, depth)
			if err != nil {
				return o, err
			}
			o.ors = append(o.ors, ors)
			continue
		}
		f, err := p.field(name, m[name], depth)
		if err != nil {
			return o, err
		}
		o.fields[name] = f
	}
	return o, nil
}

// alternatives reports whether the value of "$or" is the operator and not a field
// of that name: at least two objects.
func alternatives(list []any) bool {
	for _, e := range list {
		if _, ok := e.(map[string]any); !ok {
			return false
		}
	}
	return len(list) >= 2
}

func (p *parser) or(list []any, depth int) ([]object, error) {
	out := make([]object, len(list))
	for i, e := range list {
		var err error
		if out[i], err = p.object(e.(map[string]any), depth+1); err != nil {
			return nil, err
		}
	}
	return out, p.count(len(list))
}

func (p *parser) field(name string, v any, depth int) (field, error) {
	switch v := v.(type) {
	case map[string]any:
		o, err := p.object(v, depth+1)
		return field{object: &o}, err
	case []any:
		if len(v) == 0 {
			return field{}, fmt.Errorf("%q: empty arrays are not allowed", name)
		}
		if err := p.count(len(v)); err != nil {
			return field{}, err
		}
		var f field
		for _, e := range v {
			t, err := parseTest(e)
			if err != nil {
				return f, fmt.Errorf("%q: %w", name, err)
			}
			f.tests = append(f.tests, t)
		}
		return f, nil
	}
	return field{}, fmt.Errorf("%q must be an object or an array", name)
}

// Match reports whether a document (of Decode) matches.
func (p *Pattern) Match(document any) bool {
	m, ok := document.(map[string]any)
	return ok && p.root.match(m)
}

// Holds reports whether a JSON text matches; text that is no JSON does not.
func (p *Pattern) Holds(text []byte) bool {
	document, err := decode(text)
	return err == nil && p.Match(document)
}

func (o *object) match(m map[string]any) bool {
	for name, f := range o.fields {
		v, present := m[name]
		if !f.match(v, present) {
			return false
		}
	}
	for _, ors := range o.ors {
		if !slices.ContainsFunc(ors, func(alternative object) bool { return alternative.match(m) }) {
			return false
		}
	}
	return true
}

func (f *field) match(v any, present bool) bool {
	if f.object != nil {
		return f.object.matchValue(v)
	}
	for _, t := range f.tests {
		if t.match(v, present) {
			return true
		}
	}
	return false
}

// matchValue matches an object, any of an array of objects, or nothing at all:
// fields that must not exist do not exist in what is not there.
func (o *object) matchValue(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		return o.match(v)
	case []any:
		return slices.ContainsFunc(v, o.matchValue)
	}
	return o.match(nil)
}
