package sns

import (
	"encoding/json"
	"strings"

	"github.com/twokey/twokey/sandbox/cloud/pattern"
)

// What a filter policy looks at.
const (
	scopeAttributes = "MessageAttributes"
	scopeBody       = "MessageBody"
)

// maxFilterKeys is the most attribute names in a filter policy.
const maxFilterKeys = 5

func checkFilter(text, scope string) error {
	if text == "" || text == "{}" {
		return nil
	}
	if _, err := pattern.Parse([]byte(text)); err != nil {
		return invalid("FilterPolicy: %s", err.Error())
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &fields); err != nil {
		return invalid("FilterPolicy: failed to parse JSON.")
	}
	if len(fields) > maxFilterKeys {
		return invalid("FilterPolicy: Filter policy can not have more than %d keys", maxFilterKeys)
	}
	for _, v := range fields {
		if scope != scopeBody && strings.HasPrefix(strings.TrimSpace(string(v)), "{") {
			return invalid("FilterPolicy: Filter policy scope MessageAttributes does not support nested filter policy")
		}
	}
	return nil
}

// wants reports whether a subscription's filter lets a message through.
func (sub subscription) wants(body string, attributes map[string]*MessageAttributeValue) bool {
	text := sub.Attributes["FilterPolicy"]
	if text == "" || text == "{}" {
		return true
	}
	p, err := pattern.Parse([]byte(text))
	if err != nil {
		return false
	}
	if sub.Attributes["FilterPolicyScope"] == scopeBody {
		return p.Holds([]byte(body))
	}
	return p.Match(attributeDocument(attributes))
}

// attributeDocument is what a filter on attributes sees: texts, numbers and arrays;
// binary values it cannot see.
func attributeDocument(attributes map[string]*MessageAttributeValue) map[string]any {
	out := map[string]any{}
	for name, a := range attributes {
		kind, _, _ := strings.Cut(a.DataType, ".")
		switch {
		case a.DataType == "String.Array":
			if list, err := pattern.Decode([]byte(a.StringValue)); err == nil {
				out[name] = list
			}
		case kind == "Number":
			out[name] = json.Number(a.StringValue)
		case kind == "String":
			out[name] = a.StringValue
		}
	}
	return out
}
