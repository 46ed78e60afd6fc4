package sns

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// document is a policy as AddPermission and RemovePermission edit it.
type document struct {
	Version   string           `json:"Version,omitempty"`
	ID        string           `json:"Id,omitempty"`
	Statement []map[string]any `json:"Statement"`
}

func readDocument(text string) (document, error) {
	var raw struct {
		Version   string
		ID        string `json:"Id"`
		Statement json.RawMessage
	}
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return document{}, err
	}
	d := document{Version: raw.Version, ID: raw.ID}
	if json.Unmarshal(raw.Statement, &d.Statement) == nil {
		return d, nil
	}
	var one map[string]any
	err := json.Unmarshal(raw.Statement, &one)
	d.Statement = []map[string]any{one}
	return d, err
}

// editPolicy replaces the topic's policy by what f makes of its statements.
func (s *service) editPolicy(t topic, f func(d *document) error) error {
	return s.change(t.ARN, func(t *topic) error {
		d, err := readDocument(t.Attributes["Policy"])
		if err != nil {
			return err
		}
		if err := f(&d); err != nil {
			return err
		}
		data, err := json.Marshal(d)
		if err != nil {
			return err
		}
		t.Attributes = maps.Clone(t.Attributes)
		t.Attributes["Policy"] = string(data)
		return nil
	})
}

func (s *service) addPermission(_ *cloud.Call, t topic, in *AddPermissionInput) (*wire.Empty, error) {
	var actions, principals []string
	for _, a := range in.ActionName {
		if !slices.Contains(ownerActions, a) && a != "*" {
			return nil, invalid("Policy statement action out of service scope!")
		}
		actions = append(actions, "SNS:"+a)
	}
	for _, id := range in.AWSAccountId {
		if len(id) != 12 {
			return nil, invalid("AWSAccountId Reason: %s is not an account id", id)
		}
		principals = append(principals, "arn:aws:iam::"+id+":root")
	}
	if len(actions) == 0 || len(principals) == 0 {
		return nil, invalid("Policy Error: null")
	}
	return nil, s.editPolicy(t, func(d *document) error {
		for _, st := range d.Statement {
			if st["Sid"] == in.Label {
				return invalid("Statement already exists")
			}
		}
		d.Statement = append(d.Statement, map[string]any{"Sid": in.Label, "Effect": "Allow", "Principal": map[string]any{"AWS": principals}, "Action": actions, "Resource": t.ARN})
		return nil
	})
}

func (s *service) removePermission(_ *cloud.Call, t topic, in *RemovePermissionInput) (*wire.Empty, error) {
	return nil, s.editPolicy(t, func(d *document) error {
		rest := slices.DeleteFunc(d.Statement, func(st map[string]any) bool { return st["Sid"] == in.Label })
		if len(rest) == len(d.Statement) {
			return invalid("Statement does not exist")
		}
		d.Statement = rest
		return nil
	})
}
