package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/twokey/twokey/iam/catalog/internal/table"
)

// levels are the access levels as the package writes them.
var levels = map[string]table.Level{
	"List":                          table.List,
	"Read":                          table.Read,
	"Write":                         table.Write,
	"Permissions management":        table.PermissionsManagement,
	"Permissions management, Write": table.PermissionsManagement,
	"Tagging":                       table.Tagging,
	"Tagging, Write":                table.Tagging,
}

var keyTypes = map[string]table.Type{
	"String":        table.String,
	"ARN":           table.ARN,
	"Bool":          table.Bool,
	"Date":          table.Date,
	"IPAddress":     table.IPAddress,
	"Numeric":       table.Numeric,
	"ArrayOfString": table.ArrayOfString,
	"ArrayOfARN":    table.ArrayOfARN,
	"ArrayOfBool":   table.ArrayOfBool,
}

// builder turns the package's content into a table.
type builder struct {
	t     *table.Table
	keys  map[string]uint32 // by lower-case name
	lists map[string]uint32 // by the text of the list
}

func (p *iamData) table() (*table.Table, error) {
	b := &builder{t: &table.Table{}, keys: map[string]uint32{}, lists: map[string]uint32{}}
	if err := b.addKeys(p); err != nil {
		return nil, err
	}
	if _, err := b.list(nil); err != nil {
		return nil, err
	}
	services := slices.Clone(p.services)
	slices.SortFunc(services, func(x, y service) int { return table.FoldCompare(x.prefix, y.prefix) })
	dependent := 0
	for i, s := range services {
		if i > 0 && s.prefix == services[i-1].prefix {
			return nil, fmt.Errorf("service %s occurs twice", s.prefix)
		}
		n, err := b.addService(s)
		if err != nil {
			return nil, fmt.Errorf("service %s: %w", s.prefix, err)
		}
		dependent += n
	}
	if dependent > 0 {
		p.notes = append(p.notes, fmt.Sprintf("%d actions have dependent actions, which the catalogue leaves out", dependent))
	}
	return b.t, nil
}

// keyName makes one form of the two in which AWS writes variables of keys:
// s3:ExistingObjectTag/<key> becomes s3:ExistingObjectTag/${key}.
func keyName(name string) string {
	if before, after, ok := strings.Cut(name, "<"); ok {
		if inside, rest, ok := strings.Cut(after, ">"); ok {
			return before + "${" + inside + "}" + rest
		}
	}
	return name
}

// addKeys collects the keys of all services. Where they disagree on the type,
// the service in the key's prefix is right, else the list of global keys; a
// disagreement among others is an error.
func (b *builder) addKeys(p *iamData) error {
	type claim struct {
		key   table.Key
		owner string
		rank  int
	}
	claims := map[string]claim{}
	add := func(name, kind, owner string) error {
		typ, ok := keyTypes[kind]
		if !ok {
			return fmt.Errorf("condition key %s of %s: unknown type %q", name, owner, kind)
		}
		name = keyName(name)
		c := claim{key: table.Key{Name: name, Type: typ, Global: owner == ""}, owner: owner}
		if prefix, _, _ := strings.Cut(name, ":"); owner == prefix {
			c.rank = 2
		} else if owner == "" {
			c.rank = 1
		}
		folded := strings.ToLower(name)
		have, ok := claims[folded]
		switch {
		case !ok:
			claims[folded] = c
			return nil
		case have.key.Type != typ && have.rank == c.rank:
			return fmt.Errorf("condition key %s: %s and %s disagree on its type, %s", name, have.owner, owner, kind)
		case have.key.Type != typ:
			p.notes = append(p.notes, fmt.Sprintf("condition key %s: %q and %q disagree on its type", name, have.owner, owner))
		}
		global := have.key.Global || c.key.Global
		if c.rank > have.rank {
			have = c
		}
		have.key.Global = global
		claims[folded] = have
		return nil
	}
	for _, g := range p.global {
		if err := add(g.name, g.kind, ""); err != nil {
			return err
		}
	}
	for _, s := range p.services {
		for _, k := range sorted(s.keys) {
			if err := add(s.keys[k].Key, s.keys[k].Type, s.prefix); err != nil {
				return err
			}
		}
	}
	for _, name := range sorted(claims) {
		b.keys[name] = uint32(len(b.t.Keys))
		b.t.Keys = append(b.t.Keys, claims[name].key)
	}
	return nil
}

// list returns the index of the list of keys with those names, in any order.
func (b *builder) list(names []string) (uint32, error) {
	list := make([]uint32, 0, len(names))
	for _, n := range names {
		k, ok := b.keys[strings.ToLower(keyName(n))]
		if !ok {
			return 0, fmt.Errorf("condition key %s is not among those of any service", n)
		}
		list = append(list, k)
	}
	slices.Sort(list)
	list = slices.Compact(list)
	text := fmt.Sprint(list)
	if i, ok := b.lists[text]; ok {
		return i, nil
	}
	i := uint32(len(b.t.Lists))
	b.lists[text] = i
	b.t.Lists = append(b.t.Lists, list)
	return i, nil
}

// addService adds a service and returns how many of its actions have dependent
// actions.
func (b *builder) addService(s service) (dependent int, err error) {
	out := table.Service{
		Prefix:    s.prefix,
		Title:     s.title,
		Actions:   uint32(len(b.t.Actions)),
		Resources: uint32(len(b.t.Resources)),
	}
	var own []string
	for _, k := range sorted(s.keys) {
		own = append(own, s.keys[k].Key)
	}
	if out.Keys, err = b.list(own); err != nil {
		return 0, err
	}
	resources := map[string]uint32{}
	for _, name := range sorted(s.resources) {
		r := s.resources[name]
		resources[strings.ToLower(r.Key)] = uint32(len(b.t.Resources))
		res := table.Resource{Service: uint32(len(b.t.Services)), Name: r.Key}
		if res.Keys, err = b.list(r.ConditionKeys); err != nil {
			return 0, fmt.Errorf("resource type %s: %w", r.Key, err)
		}
		// A type with several forms of ARN has them in one text.
		for a := range strings.SplitSeq(r.ARN, ", ") {
			if !strings.HasPrefix(a, "arn:${Partition}:") || strings.Count(a, ":") < 5 {
				return 0, fmt.Errorf("resource type %s: %q is not the pattern of an ARN", r.Key, a)
			}
			res.ARNs = append(res.ARNs, a)
		}
		b.t.Resources = append(b.t.Resources, res)
	}
	for _, name := range sorted(s.actions) {
		a := s.actions[name]
		if !strings.EqualFold(name, a.Name) || strings.ContainsAny(a.Name, "*? :") {
			return 0, fmt.Errorf("action %s: is called %q", name, a.Name)
		}
		level, ok := levels[a.AccessLevel]
		if !ok {
			return 0, fmt.Errorf("action %s: unknown access level %q", a.Name, a.AccessLevel)
		}
		act := table.Action{Name: a.Name, Level: level, Uses: uint32(len(b.t.Uses))}
		if act.Keys, err = b.list(a.ConditionKeys); err != nil {
			return 0, fmt.Errorf("action %s: %w", a.Name, err)
		}
		needs := len(a.DependentActions)
		for _, u := range merged(a.ResourceTypes) {
			r, ok := resources[strings.ToLower(u.Name)]
			if !ok {
				return 0, fmt.Errorf("action %s: resource type %q does not exist", a.Name, u.Name)
			}
			use := table.Use{Resource: r, Required: u.Required}
			if use.Keys, err = b.list(u.ConditionKeys); err != nil {
				return 0, fmt.Errorf("action %s: %w", a.Name, err)
			}
			b.t.Uses = append(b.t.Uses, use)
			needs += len(u.DependentActions)
		}
		if needs > 0 {
			dependent++
		}
		act.EndUse = uint32(len(b.t.Uses))
		b.t.Actions = append(b.t.Actions, act)
	}
	out.EndAction, out.EndResource = uint32(len(b.t.Actions)), uint32(len(b.t.Resources))
	b.t.Services = append(b.t.Services, out)
	return dependent, nil
}

// merged makes one of the uses of an action that name one resource type, as a few
// do twice.
func merged(uses []actionUse) []actionUse {
	var out []actionUse
	for _, u := range uses {
		i := slices.IndexFunc(out, func(o actionUse) bool { return strings.EqualFold(o.Name, u.Name) })
		if i < 0 {
			out = append(out, u)
			continue
		}
		out[i].Required = out[i].Required || u.Required
		out[i].ConditionKeys = slices.Concat(out[i].ConditionKeys, u.ConditionKeys)
		out[i].DependentActions = slices.Concat(out[i].DependentActions, u.DependentActions)
	}
	return out
}

// sorted returns the keys of a map in the order of table.FoldCompare.
func sorted[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.SortFunc(out, table.FoldCompare)
	return out
}
