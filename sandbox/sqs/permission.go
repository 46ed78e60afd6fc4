package sqs

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// shared are the actions that AddPermission can grant ("AddPermission", SQS API
// reference).
var shared = []string{"*", "ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl", "ReceiveMessage", "SendMessage"}

var label = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

// document is a policy as AddPermission and RemovePermission edit it.
type document struct {
	Version   string           `json:"Version"`
	ID        string           `json:"Id,omitempty"`
	Statement []map[string]any `json:"Statement"`
}

func readDocument(q *queue) (document, error) {
	d := document{Version: "2012-10-17", ID: q.ARN + "/SQSDefaultPolicy"}
	text := q.Attributes["Policy"]
	if text == "" {
		return d, nil
	}
	var raw struct {
		Version   string
		ID        string `json:"Id"`
		Statement json.RawMessage
	}
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return d, err
	}
	d.Version, d.ID = raw.Version, raw.ID
	if json.Unmarshal(raw.Statement, &d.Statement) == nil {
		return d, nil
	}
	var one map[string]any
	err := json.Unmarshal(raw.Statement, &one)
	d.Statement = []map[string]any{one}
	return d, err
}

// editPolicy replaces the queue's policy by what f makes of its statements.
func (s *service) editPolicy(c *cloud.Call, q queue, f func(d *document) error) error {
	_, err := s.change(q, func(q *queue) error {
		d, err := readDocument(q)
		if err != nil {
			return err
		}
		if err := f(&d); err != nil {
			return err
		}
		now := maps.Clone(q.Attributes)
		if now == nil {
			now = map[string]string{}
		}
		delete(now, "Policy")
		if len(d.Statement) > 0 {
			data, err := json.Marshal(d)
			if err != nil {
				return err
			}
			now["Policy"] = string(data)
		}
		q.Attributes, q.Changed = now, c.Time
		return nil
	})
	return err
}

func (s *service) addPermission(c *cloud.Call, q queue, in *AddPermissionRequest) (*wire.Empty, error) {
	if !label.MatchString(in.Label) {
		return nil, cloud.Errorf("InvalidParameterValue", "Value %s for parameter Label is invalid. Reason: Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.", in.Label)
	}
	if len(in.Actions) == 0 || len(in.AWSAccountIds) == 0 {
		return nil, cloud.Errorf("MissingParameter", "The request must contain the parameter Actions and AWSAccountIds.")
	}
	var actions, principals []string
	for _, a := range in.Actions {
		if !slices.Contains(shared, a) {
			return nil, cloud.Errorf("InvalidParameterValue", "Value SQS:%s for parameter ActionName is invalid. Reason: Only the queue owner is allowed to invoke this action.", a)
		}
		actions = append(actions, "SQS:"+a)
	}
	for _, id := range in.AWSAccountIds {
		if len(id) != 12 {
			return nil, cloud.Errorf("InvalidParameterValue", "Value [%s] for parameter PrincipalId is invalid. Reason: Unable to verify.", id)
		}
		principals = append(principals, "arn:aws:iam::"+id+":root")
	}
	return nil, s.editPolicy(c, q, func(d *document) error {
		for _, st := range d.Statement {
			if st["Sid"] == in.Label {
				return cloud.Errorf("InvalidParameterValue", "Value %s for parameter Label is invalid. Reason: Already exists.", in.Label)
			}
		}
		d.Statement = append(d.Statement, map[string]any{"Sid": in.Label, "Effect": "Allow", "Principal": map[string]any{"AWS": principals}, "Action": actions, "Resource": q.ARN})
		return nil
	})
}

func (s *service) removePermission(c *cloud.Call, q queue, in *RemovePermissionRequest) (*wire.Empty, error) {
	return nil, s.editPolicy(c, q, func(d *document) error {
		rest := slices.DeleteFunc(d.Statement, func(st map[string]any) bool { return st["Sid"] == in.Label })
		if len(rest) == len(d.Statement) {
			return cloud.Errorf("InvalidParameterValue", "Value %s for parameter Label is invalid. Reason: can't find label on existing policy.", in.Label)
		}
		d.Statement = rest
		return nil
	})
}
