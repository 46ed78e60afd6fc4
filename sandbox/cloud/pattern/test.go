package pattern

import (
	"encoding/json"
	"fmt"
	"math/big"
	"net/netip"
	"slices"
	"strings"
)

// test is one alternative for the value of a field.
type test interface {
	match(v any, present bool) bool
}

// scalar is a test of one value; an array matches where any of its values does.
type scalar func(v any) bool

func (t scalar) match(v any, present bool) bool {
	if list, ok := v.([]any); ok {
		return slices.ContainsFunc(list, func(e any) bool { return t.match(e, true) })
	}
	if _, isObject := v.(map[string]any); !present || isObject {
		return false
	}
	return t(v)
}

// exists tests whether a field is there as a leaf.
type exists bool

func (t exists) match(v any, present bool) bool {
	if _, isObject := v.(map[string]any); isObject {
		present = false
	}
	if list, ok := v.([]any); ok {
		present = slices.ContainsFunc(list, func(e any) bool { return exists(true).match(e, true) })
	}
	return present == bool(t)
}

func parseTest(e any) (test, error) {
	switch e := e.(type) {
	case string, json.Number, bool, nil:
		return scalar(func(v any) bool { return v == e }), nil
	case map[string]any:
		if len(e) != 1 {
			return nil, fmt.Errorf("only one key is allowed in a match expression, found %d", len(e))
		}
		for operator, operand := range e {
			return parseOperator(operator, operand)
		}
	}
	return nil, fmt.Errorf("a match value must be a string, number, boolean, null or match expression")
}

func parseOperator(operator string, operand any) (test, error) {
	switch operator {
	case "exists":
		b, ok := operand.(bool)
		if !ok {
			return nil, fmt.Errorf("the value of exists must be true or false")
		}
		return exists(b), nil
	case "numeric":
		return parseNumeric(operand)
	case "cidr":
		return parseCIDR(operand)
	case "anything-but":
		return parseAnythingBut(operand)
	}
	match, err := parseText(operator, operand)
	if err != nil {
		return nil, err
	}
	return onText(match), nil
}

// onText tests the texts among values.
func onText(match func(string) bool) scalar {
	return func(v any) bool {
		s, ok := v.(string)
		return ok && match(s)
	}
}

// parseText reads the operators on texts: prefix, suffix, equals-ignore-case,
// wildcard.
func parseText(operator string, operand any) (func(string) bool, error) {
	if m, ok := operand.(map[string]any); ok && (operator == "prefix" || operator == "suffix") && len(m) == 1 {
		s, ok := m["equals-ignore-case"].(string)
		if !ok {
			return nil, fmt.Errorf("%s takes a string or equals-ignore-case", operator)
		}
		s = strings.ToLower(s)
		if operator == "prefix" {
			return func(v string) bool { return strings.HasPrefix(strings.ToLower(v), s) }, nil
		}
		return func(v string) bool { return strings.HasSuffix(strings.ToLower(v), s) }, nil
	}
	known := slices.Contains([]string{"prefix", "suffix", "equals-ignore-case", "wildcard"}, operator)
	if !known {
		return nil, fmt.Errorf("unrecognized match type %s", operator)
	}
	s, ok := operand.(string)
	if !ok {
		return nil, fmt.Errorf("%s match pattern must be a string", operator)
	}
	switch operator {
	case "prefix":
		return func(v string) bool { return strings.HasPrefix(v, s) }, nil
	case "suffix":
		return func(v string) bool { return strings.HasSuffix(v, s) }, nil
	case "equals-ignore-case":
		return func(v string) bool { return strings.EqualFold(v, s) }, nil
	}
	return parseWildcard(s)
}

// parseWildcard reads a text with stars; \* and \\ stand for themselves.
func parseWildcard(s string) (func(string) bool, error) {
	parts := []string{""}
	for i := 0; i < len(s); i++ {
		last := &parts[len(parts)-1]
		switch {
		case s[i] == '\\':
			i++
			if i == len(s) || s[i] != '*' && s[i] != '\\' {
				return nil, fmt.Errorf("invalid escape character in the wildcard %q", s)
			}
			*last += s[i : i+1]
		case s[i] == '*':
			if i > 0 && s[i-1] == '*' && *last == "" {
				return nil, fmt.Errorf("consecutive wildcard characters in %q", s)
			}
			parts = append(parts, "")
		default:
			*last += s[i : i+1]
		}
	}
	return func(v string) bool { return matchParts(parts, v) }, nil
}

func matchParts(parts []string, v string) bool {
	if len(parts) == 1 {
		return v == parts[0]
	}
	v, ok := strings.CutPrefix(v, parts[0])
	if !ok {
		return false
	}
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(v, part)
		if i < 0 {
			return false
		}
		v = v[i+len(part):]
	}
	return strings.HasSuffix(v, parts[len(parts)-1])
}

func parseCIDR(operand any) (test, error) {
	s, ok := operand.(string)
	if !ok {
		return nil, fmt.Errorf("the value of cidr must be a string")
	}
	network, err := netip.ParsePrefix(s)
	if err != nil {
		return nil, fmt.Errorf("malformed CIDR %q", s)
	}
	return onText(func(v string) bool {
		a, err := netip.ParseAddr(v)
		return err == nil && network.Contains(a)
	}), nil
}

// parseAnythingBut reads what a value must not be: one or several values, or what
// an operator on texts matches. A field that is not there does not match.
func parseAnythingBut(operand any) (test, error) {
	list, isList := operand.([]any)
	if !isList {
		list = []any{operand}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("empty arrays are not allowed")
	}
	if m, ok := operand.(map[string]any); ok {
		return parseAnythingButMatched(m)
	}
	for _, e := range list {
		switch e.(type) {
		case string, json.Number:
		default:
			return nil, fmt.Errorf("inside anything-but there may be only strings and numbers")
		}
	}
	return scalar(func(v any) bool { return !slices.Contains(list, v) }), nil
}

func parseAnythingButMatched(m map[string]any) (test, error) {
	if len(m) != 1 {
		return nil, fmt.Errorf("only one key is allowed in a match expression, found %d", len(m))
	}
	var matches []func(string) bool
	for operator, operand := range m {
		list, isList := operand.([]any)
		if !isList {
			list = []any{operand}
		}
		if len(list) == 0 {
			return nil, fmt.Errorf("empty arrays are not allowed")
		}
		for _, e := range list {
			match, err := parseText(operator, e)
			if err != nil {
				return nil, fmt.Errorf("anything-but: %w", err)
			}
			matches = append(matches, match)
		}
	}
	return scalar(func(v any) bool {
		s, ok := v.(string)
		return !ok || !slices.ContainsFunc(matches, func(match func(string) bool) bool { return match(s) })
	}), nil
}

// bound is one comparison of a numeric test.
type bound struct {
	operator string
	value    *big.Rat
}

// maxNumber is the largest absolute value that a numeric test takes.
var maxNumber = big.NewRat(5_000_000_000, 1)

func parseNumeric(operand any) (test, error) {
	list, ok := operand.([]any)
	if !ok || len(list) == 0 || len(list)%2 != 0 || len(list) > 4 {
		return nil, fmt.Errorf("the value of numeric must be an array of operators and numbers")
	}
	var bounds []bound
	for i := 0; i < len(list); i += 2 {
		operator, ok := list[i].(string)
		if !ok || !slices.Contains([]string{"=", "<", "<=", ">", ">="}, operator) {
			return nil, fmt.Errorf("unrecognized numeric range operator: %v", list[i])
		}
		n, ok := number(list[i+1])
		if !ok || n.Cmp(maxNumber) > 0 || n.Cmp(new(big.Rat).Neg(maxNumber)) < 0 {
			return nil, fmt.Errorf("value of %s must be numeric and between -5.0E9 and 5.0E9", operator)
		}
		bounds = append(bounds, bound{operator, n})
	}
	if len(bounds) == 2 && (bounds[0].operator[0] != '>' || bounds[1].operator[0] != '<') {
		return nil, fmt.Errorf("a numeric range must have a lower bound and then an upper bound")
	}
	if len(bounds) == 2 && bounds[0].value.Cmp(bounds[1].value) >= 0 {
		return nil, fmt.Errorf("bottom must be less than top")
	}
	return scalar(func(v any) bool {
		n, ok := number(v)
		return ok && !slices.ContainsFunc(bounds, func(b bound) bool { return !b.holds(n) })
	}), nil
}

// maxNumberText bounds the text of a number that is compared.
const maxNumberText = 40

func number(v any) (*big.Rat, bool) {
	n, ok := v.(json.Number)
	if !ok || len(n) > maxNumberText {
		return nil, false
	}
	if f, err := n.Float64(); err != nil || f > 1e30 || f < -1e30 || f != 0 && f < 1e-30 && f > -1e-30 {
		return nil, false
	}
	return new(big.Rat).SetString(n.String())
}

func (b bound) holds(n *big.Rat) bool {
	switch c := n.Cmp(b.value); b.operator {
	case "=":
		return c == 0
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	default:
		return c >= 0
	}
}
