package catalog

import (
	"slices"
	"strings"
	"sync"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam/catalog/internal/table"
)

// KeyType is the type of a condition key's value.
type KeyType string

// The types of condition keys; an array may have several values in a request.
const (
	String        KeyType = "String"
	ARN           KeyType = "ARN"
	Bool          KeyType = "Bool"
	Date          KeyType = "Date"
	IPAddress     KeyType = "IPAddress"
	Numeric       KeyType = "Numeric"
	ArrayOfString KeyType = "ArrayOfString"
	ArrayOfARN    KeyType = "ArrayOfARN"
	ArrayOfBool   KeyType = "ArrayOfBool"
)

var keyTypes = [...]KeyType{
	table.String:        String,
	table.ARN:           ARN,
	table.Bool:          Bool,
	table.Date:          Date,
	table.IPAddress:     IPAddress,
	table.Numeric:       Numeric,
	table.ArrayOfString: ArrayOfString,
	table.ArrayOfARN:    ArrayOfARN,
	table.ArrayOfBool:   ArrayOfBool,
}

// Array reports whether the type has several values.
func (t KeyType) Array() bool { return strings.HasPrefix(string(t), "ArrayOf") }

// Key is a condition key.
type Key struct {
	// Name is AWS's spelling. A part that the policy's author chooses is a
	// variable: "aws:PrincipalTag/${TagKey}".
	Name string
	Type KeyType
	// Global keys are not bound to a service. Most begin with aws:.
	Global bool
}

// ConditionKey returns the key that a policy names, whatever its case:
// aws:principaltag/team is aws:PrincipalTag/${TagKey}. False means that the
// catalogue does not know it. The keys of OpenID Connect providers are listed
// for well-known ones only, and not all of them:
// token.actions.githubusercontent.com:sub is missing. Where services disagree on the type, that of
// the service in the key's prefix counts.
func ConditionKey(key string) (Key, bool) {
	t := load()
	i, ok := findKey(t, key)
	if !ok {
		return Key{}, false
	}
	return keyAt(t, i), true
}

// ConditionKeys returns the keys that a service lists, sorted; none where the
// catalogue does not have the service. Global keys are among them only where the
// service lists them (the aws: keys of tags).
func ConditionKeys(service string) []Key {
	t := load()
	s, ok := findService(t, service)
	if !ok {
		return nil
	}
	var out []Key
	for _, k := range t.Lists[t.Services[s].Keys] {
		out = append(out, keyAt(t, int(k)))
	}
	return out
}

// Multivalued reports whether a request may have several values for the key, so
// that a condition on it needs ForAllValues or ForAnyValue. It is false for a
// key that the catalogue does not know; ConditionKey tells.
func Multivalued(key string) bool {
	k, ok := ConditionKey(key)
	return ok && k.Type.Array()
}

// Supports reports whether a request of the action may have the condition key.
//
//   - Yes: the reference lists it for the action or one of its resource types, or
//     it is global.
//   - No: it belongs to a service, and the reference does not list it for the
//     action.
//   - Maybe: the catalogue does not have the action or the key; or the key is one
//     that the reference lists incompletely (the aws: keys of tags, keys of
//     identity providers, which a role session may carry along).
//
// Like Applies it repeats AWS's documentation: never leave out a Deny for it.
func Supports(action, key string) arn.Verdict {
	t := load()
	i, ok := findAction(t, action)
	if !ok {
		return arn.Maybe
	}
	k, ok := findKey(t, key)
	if !ok {
		return arn.Maybe
	}
	lists := func(list uint32) bool {
		_, ok := slices.BinarySearch(t.Lists[list], uint32(k))
		return ok
	}
	a := &t.Actions[i]
	if lists(a.Keys) {
		return arn.Yes
	}
	for _, u := range t.Uses[a.Uses:a.EndUse] {
		if lists(u.Keys) || lists(t.Resources[u.Resource].Keys) {
			return arn.Yes
		}
	}
	name := t.Keys[k].Name
	switch name {
	case "aws:RequestTag/${TagKey}", "aws:ResourceTag/${TagKey}", "aws:TagKeys":
		return arn.Maybe
	}
	if t.Keys[k].Global {
		return arn.Yes
	}
	prefix, _, _ := strings.Cut(name, ":")
	if _, ok := findService(t, prefix); !ok {
		return arn.Maybe
	}
	return arn.No
}

func keyAt(t *table.Table, i int) Key {
	k := t.Keys[i]
	return Key{Name: k.Name, Type: keyTypes[k.Type], Global: k.Global}
}

func keyNames(t *table.Table, list []uint32) []string {
	if len(list) == 0 {
		return nil
	}
	out := make([]string, len(list))
	for i, k := range list {
		out[i] = t.Keys[k].Name
	}
	return out
}

// keyTemplate is a key with a variable.
type keyTemplate struct {
	key      int
	prefix   string // what comes before the first variable
	symbols  []symbol
	literals int
}

// keyTemplates are the keys with variables, those that say most first.
var keyTemplates = sync.OnceValue(func() []keyTemplate {
	var out []keyTemplate
	for i, k := range load().Keys {
		prefix, _, ok := strings.Cut(k.Name, "${")
		if !ok {
			continue
		}
		symbols := fold(template(k.Name, false, true))
		plain := 0
		for _, s := range symbols {
			if s.class == literal {
				plain++
			}
		}
		out = append(out, keyTemplate{i, prefix, symbols, plain})
	}
	slices.SortStableFunc(out, func(a, b keyTemplate) int { return b.literals - a.literals })
	return out
})

// findKey returns the index of the key that a policy names.
func findKey(t *table.Table, key string) (int, bool) {
	i, ok := slices.BinarySearchFunc(t.Keys, key, func(k table.Key, n string) int {
		return table.FoldCompare(k.Name, n)
	})
	if ok {
		return i, true
	}
	var text []symbol
	for _, k := range keyTemplates() {
		if len(key) <= len(k.prefix) || table.FoldCompare(key[:len(k.prefix)], k.prefix) != 0 {
			continue
		}
		if text == nil {
			for j := range len(key) {
				text = append(text, symbol{char: table.Lower(key[j])})
			}
		}
		if intersect(k.symbols, text) {
			return k.key, true
		}
	}
	return 0, false
}
