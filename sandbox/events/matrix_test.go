package events_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"go.uber.org/goleak"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type in = sandboxtest.In

func client(cfg aws.Config) *eventbridge.Client { return eventbridge.NewFromConfig(cfg) }

const (
	prefix = "arn:aws:events:" + sandboxtest.Region + ":" + sandboxtest.Tools + ":"
	ruleR  = prefix + "rule/r"
	busB   = prefix + "event-bus/b"
	ruleB  = prefix + "rule/b/r"
	byApp  = `{"source":["my.app"]}`
	queue  = "arn:aws:sqs:" + sandboxtest.Region + ":" + sandboxtest.Tools + ":q"
	role   = "arn:aws:iam::" + sandboxtest.Tools + ":role/target"
)

func world(t testing.TB, k *sandboxtest.Kit) {
	do := func(operation string, members in) {
		k.Invoke(t, sandboxtest.Tools, "events", operation, members, nil)
	}
	tags := []any{in{"Key": "team", "Value": "blue"}}
	k.Role(t, sandboxtest.Tools, "target", sandboxtest.Trust("events.amazonaws.com"))
	do("CreateEventBus", in{"Name": "b", "Tags": tags})
	do("PutPermission", in{"EventBusName": "b", "Action": "events:PutEvents", "Principal": sandboxtest.Prod, "StatementId": "old"})
	do("PutRule", in{"Name": "r", "EventPattern": byApp, "Tags": tags})
	do("PutRule", in{"Name": "bare", "EventPattern": byApp})
	do("PutTargets", in{"Rule": "r", "Targets": []any{in{"Id": "1", "Arn": queue}}})
	do("CreateArchive", in{"ArchiveName": "a", "EventSourceArn": busB})
}

// Actions and resources follow the service authorization reference.
func TestMatrix(t *testing.T) {
	t.Parallel()
	type need = sandboxtest.Permission
	tags := []any{in{"Key": "k", "Value": "v"}}
	event := `{"id":"1","source":"x","account":"1","time":"2017-04-11T20:11:04Z","region":"x","resources":[],"detail-type":"x","detail":{}}`
	rows := []struct {
		operation string
		in        in
		needs     []need
	}{
		{"PutRule", in{"Name": "new", "EventPattern": byApp}, []need{{Action: "events:PutRule", Resource: prefix + "rule/new"}}},
		{"PutRule", in{"Name": "r", "EventBusName": "b", "EventPattern": byApp, "RoleArn": role, "Tags": tags}, []need{{Action: "events:PutRule", Resource: ruleB}, {Action: "events:TagResource", Resource: ruleB}, {Action: "iam:PassRole", Resource: role}}},
		{"DeleteRule", in{"Name": "bare"}, []need{{Action: "events:DeleteRule", Resource: prefix + "rule/bare"}}},
		{"DescribeRule", in{"Name": "r"}, []need{{Action: "events:DescribeRule", Resource: ruleR}}},
		{"EnableRule", in{"Name": "r"}, []need{{Action: "events:EnableRule", Resource: ruleR}}},
		{"DisableRule", in{"Name": "r"}, []need{{Action: "events:DisableRule", Resource: ruleR}}},
		{"ListRules", nil, []need{{Action: "events:ListRules", Resource: "*"}}},
		{"PutTargets", in{"Rule": "r", "Targets": []any{in{"Id": "2", "Arn": queue, "RoleArn": role}}}, []need{{Action: "events:PutTargets", Resource: ruleR}, {Action: "iam:PassRole", Resource: role}}},
		{"RemoveTargets", in{"Rule": "r", "Ids": []string{"1"}}, []need{{Action: "events:RemoveTargets", Resource: ruleR}}},
		{"ListTargetsByRule", in{"Rule": "r"}, []need{{Action: "events:ListTargetsByRule", Resource: ruleR}}},
		{"ListRuleNamesByTarget", in{"TargetArn": queue}, []need{{Action: "events:ListRuleNamesByTarget", Resource: "*"}}},
		{"PutEvents", in{"Entries": []any{in{"Source": "my.app", "DetailType": "t", "Detail": "{}", "EventBusName": "b"}}}, []need{{Action: "events:PutEvents", Resource: busB}}},
		{"PutPermission", in{"EventBusName": "b", "Action": "events:PutEvents", "Principal": sandboxtest.Prod, "StatementId": "new"}, []need{{Action: "events:PutPermission", Resource: "*"}}},
		{"RemovePermission", in{"EventBusName": "b", "StatementId": "old"}, []need{{Action: "events:RemovePermission", Resource: "*"}}},
		{"CreateEventBus", in{"Name": "new", "Tags": tags}, []need{{Action: "events:CreateEventBus", Resource: prefix + "event-bus/new"}, {Action: "events:TagResource", Resource: prefix + "event-bus/new"}}},
		{"DeleteEventBus", in{"Name": "b"}, []need{{Action: "events:DeleteEventBus", Resource: busB}}},
		{"DescribeEventBus", in{"Name": "b"}, []need{{Action: "events:DescribeEventBus", Resource: busB}}},
		{"ListEventBuses", nil, []need{{Action: "events:ListEventBuses", Resource: "*"}}},
		{"CreateArchive", in{"ArchiveName": "new", "EventSourceArn": busB}, []need{{Action: "events:CreateArchive", Resource: prefix + "archive/new"}, {Action: "events:CreateArchive", Resource: busB}}},
		{"DescribeArchive", in{"ArchiveName": "a"}, []need{{Action: "events:DescribeArchive", Resource: prefix + "archive/a"}}},
		{"UpdateArchive", in{"ArchiveName": "a", "RetentionDays": 3}, []need{{Action: "events:UpdateArchive", Resource: prefix + "archive/a"}}},
		{"DeleteArchive", in{"ArchiveName": "a"}, []need{{Action: "events:DeleteArchive", Resource: prefix + "archive/a"}}},
		{"ListArchives", nil, []need{{Action: "events:ListArchives", Resource: "*"}}},
		{"TestEventPattern", in{"EventPattern": byApp, "Event": event}, []need{{Action: "events:TestEventPattern", Resource: "*"}}},
		{"TagResource", in{"ResourceARN": ruleR, "Tags": tags}, []need{{Action: "events:TagResource", Resource: ruleR}}},
		{"UntagResource", in{"ResourceARN": busB, "TagKeys": []string{"team"}}, []need{{Action: "events:UntagResource", Resource: busB}}},
		{"ListTagsForResource", in{"ResourceARN": ruleR}, []need{{Action: "events:ListTagsForResource", Resource: ruleR}}},
	}
	listed := map[string]bool{}
	var cases []sandboxtest.Case
	for _, r := range rows {
		listed[r.operation] = true
		cases = append(cases, sandboxtest.Case{Operation: "events:" + r.operation, Prepare: world, Call: sandboxtest.Calling(client, r.operation, r.in), Needs: r.needs})
	}
	sandboxtest.Matrix(t, cases)
	for _, o := range sandboxtest.Start(t).Sandbox.Support()["events"] {
		if !listed[o] {
			t.Errorf("the matrix does not have %s", o)
		}
	}
}
