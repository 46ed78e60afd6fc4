package wire

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/twokey/twokey/sandbox/cloud"
)

// xmlEncoder writes outputs as AWS's XML protocols do.
type xmlEncoder struct{ b bytes.Buffer }

func (e *xmlEncoder) open(name, attributes string) { e.b.WriteString("<" + name + attributes + ">") }
func (e *xmlEncoder) shut(name string)             { e.b.WriteString("</" + name + ">") }

func (e *xmlEncoder) leaf(name, value string) {
	e.open(name, "")
	_ = xml.EscapeText(&e.b, []byte(value))
	e.shut(name)
}

// members writes the members of a structure that belong into the body.
func (e *xmlEncoder) members(v reflect.Value) {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	for _, f := range fieldsOf(v.Type()) {
		if f.location == "" && !f.attr {
			e.value(f.name, v.Field(f.index), f)
		}
	}
}

// attributes writes the members of a structure that are XML attributes.
func attributes(v reflect.Value, f field) string {
	var b strings.Builder
	if prefix, uri, ok := strings.Cut(f.xmlns, "="); ok {
		fmt.Fprintf(&b, ` xmlns:%s="%s"`, prefix, uri)
	}
	for _, m := range fieldsOf(v.Type()) {
		if s, ok := text(v.Field(m.index), m.time); m.attr && ok {
			var esc bytes.Buffer
			_ = xml.EscapeText(&esc, []byte(s))
			fmt.Fprintf(&b, ` %s="%s"`, m.name, esc.String())
		}
	}
	return b.String()
}

func (e *xmlEncoder) value(name string, v reflect.Value, f field) {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	switch {
	case v.Kind() == reflect.Struct && v.Type() != reflect.TypeFor[Time]():
		e.open(name, attributes(v, f))
		e.members(v)
		e.shut(name)
	case v.Kind() == reflect.Slice && v.Type() != reflect.TypeFor[[]byte]():
		e.list(name, v, f)
	case v.Kind() == reflect.Map:
		if v.IsNil() {
			return
		}
		if !f.flat {
			e.open(name, "")
		}
		for _, k := range sortedKeys(v) {
			entry := "entry"
			if f.flat {
				entry = name
			}
			e.open(entry, "")
			e.leaf(f.key, k.String())
			e.value(f.value, v.MapIndex(k), field{member: "member", key: "key", value: "value"})
			e.shut(entry)
		}
		if !f.flat {
			e.shut(name)
		}
	default:
		if s, ok := text(v, f.time); ok || f.required && v.Kind() == reflect.String {
			e.leaf(name, s)
		}
	}
}

func (e *xmlEncoder) list(name string, v reflect.Value, f field) {
	if v.IsNil() {
		return
	}
	inner := field{member: "member", key: "key", value: "value", xmlns: f.xmlns, required: true}
	if f.flat {
		for i := range v.Len() {
			e.value(name, v.Index(i), inner)
		}
		return
	}
	e.open(name, "")
	for i := range v.Len() {
		e.value(f.member, v.Index(i), inner)
	}
	e.shut(name)
}

// element is a parsed XML element; enough for the small documents of S3.
type element struct {
	name     string
	attrs    []xml.Attr
	text     string
	children []*element
	used     bool
}

// maxXMLDepth bounds the nesting of a request's XML.
const maxXMLDepth = 32

func parseXML(body []byte) (*element, error) {
	dec := xml.NewDecoder(bytes.NewReader(body))
	var stack []*element
	var root *element
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		switch t := tok.(type) {
		case xml.StartElement:
			if len(stack) > maxXMLDepth {
				return nil, fmt.Errorf("nested more than %d deep", maxXMLDepth)
			}
			e := &element{name: t.Name.Local, attrs: t.Attr}
			if len(stack) > 0 {
				top := stack[len(stack)-1]
				top.children = append(top.children, e)
			} else if root == nil {
				root = e
			}
			stack = append(stack, e)
		case xml.CharData:
			if len(stack) > 0 {
				stack[len(stack)-1].text += string(t)
			}
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		}
	}
	if root == nil {
		return nil, errors.New("there is no element")
	}
	return root, nil
}

// decodeXML reads an XML body into a structure, strictly, and marks the paths of
// the members that were sent.
func decodeXML(root *element, v reflect.Value, path string, present map[string]bool) error {
	v = deref(v)
	for _, f := range fieldsOf(v.Type()) {
		if f.location != "" {
			continue
		}
		at := join(path, lowerFirst(f.json))
		if f.attr {
			for _, a := range root.attrs {
				_, local, ok := strings.Cut(f.name, ":")
				if a.Name.Local == f.name || ok && a.Name.Local == local {
					present[at] = true
					if err := setText(v.Field(f.index), a.Value, f.time, f.name); err != nil {
						return err
					}
				}
			}
			continue
		}
		for _, c := range root.children {
			if c.name != f.name {
				continue
			}
			c.used, present[at] = true, true
			if err := decodeElement(c, v.Field(f.index), f, at, present); err != nil {
				return err
			}
		}
	}
	for _, c := range root.children {
		if !c.used {
			return cloud.NotImplemented("the element " + c.name)
		}
	}
	return nil
}

func decodeElement(c *element, v reflect.Value, f field, path string, present map[string]bool) error {
	v = deref(v)
	switch {
	case v.Kind() == reflect.Struct && v.Type() != reflect.TypeFor[Time]():
		return decodeXML(c, v, path, present)
	case v.Kind() == reflect.Slice && v.Type() != reflect.TypeFor[[]byte]():
		items := c.children
		if f.flat {
			items = []*element{c}
		} else if v.IsNil() {
			v.Set(reflect.MakeSlice(v.Type(), 0, len(items)))
		}
		for _, item := range items {
			item.used = true
			e := reflect.New(v.Type().Elem()).Elem()
			at := fmt.Sprintf("%s.%d.member", path, v.Len()+1)
			if err := decodeElement(item, e, field{member: "member", key: "key", value: "value"}, at, present); err != nil {
				return err
			}
			v.Set(reflect.Append(v, e))
		}
		return nil
	}
	if v.Kind() == reflect.String {
		v.SetString(c.text) // the key of an object may begin or end with a space
		return nil
	}
	return setText(v, strings.TrimSpace(c.text), f.time, c.name)
}
