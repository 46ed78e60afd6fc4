package sandbox_test

import (
	"encoding/json"
	"testing"

	"github.com/twokey/twokey/sandbox"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/sandboxtest"
)

// TestRestartMessaging: messages wait, topics deliver, rules hear, logs can be
// read and trails log as before.
func TestRestartMessaging(t *testing.T) {
	t.Parallel()
	type in = map[string]any
	options := sandbox.Options{Store: &sandboxtest.Store{}, Accounts: []cloud.Account{{Name: "tools", ID: sandboxtest.Tools}}}
	k := sandboxtest.Start(t, options)
	do := func(service, operation string, members in, out any) {
		t.Helper()
		k.Invoke(t, sandboxtest.Tools, service, operation, members, out)
	}
	const (
		queue = "arn:aws:sqs:eu-central-1:111111111111:q"
		topic = "arn:aws:sns:eu-central-1:111111111111:t"
		url   = "/111111111111/q"
	)
	open := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":["sns.amazonaws.com","events.amazonaws.com"]},"Action":"sqs:SendMessage","Resource":"*"}}`
	do("sqs", "CreateQueue", in{"QueueName": "q", "Attributes": in{"Policy": open, "VisibilityTimeout": "0"}}, nil)
	do("sqs", "SendMessage", in{"QueueUrl": url, "MessageBody": "first"}, nil)
	do("sqs", "SendMessage", in{"QueueUrl": url, "MessageBody": "second"}, nil)
	do("sns", "CreateTopic", in{"Name": "t"}, nil)
	do("sns", "Subscribe", in{"TopicArn": topic, "Protocol": "sqs", "Endpoint": queue, "Attributes": in{"RawMessageDelivery": "true"}}, nil)
	do("events", "PutRule", in{"Name": "r", "EventPattern": `{"source":["my.app"]}`}, nil)
	do("events", "PutTargets", in{"Rule": "r", "Targets": []any{in{"Id": "1", "Arn": queue, "Input": `"event"`}}}, nil)
	do("events", "CreateArchive", in{"ArchiveName": "a", "EventSourceArn": "arn:aws:events:eu-central-1:111111111111:event-bus/default"}, nil)
	do("logs", "CreateLogGroup", in{"logGroupName": "g"}, nil)
	do("logs", "CreateLogStream", in{"logGroupName": "g", "logStreamName": "s"}, nil)
	do("logs", "PutLogEvents", in{"logGroupName": "g", "logStreamName": "s", "logEvents": []any{in{"timestamp": k.Sandbox.World.Clock.Now().UnixMilli(), "message": "line"}}}, nil)

	k = sandboxtest.Start(t, options)
	do("sns", "Publish", in{"TopicArn": topic, "Message": "third"}, nil)
	k.Idle(t)
	do("events", "PutEvents", in{"Entries": []any{in{"Source": "my.app", "DetailType": "t", "Detail": "{}"}}}, nil)
	k.Idle(t)
	var got struct{ Messages []struct{ Body string } }
	do("sqs", "ReceiveMessage", in{"QueueUrl": url, "MaxNumberOfMessages": 10}, &got)
	want := []string{"first", "second", "third", `"event"`}
	if len(got.Messages) != len(want) {
		t.Fatalf("%v, want %v; failures: %v", got, want, k.Sandbox.World.Failures())
	}
	for i, w := range want {
		if got.Messages[i].Body != w {
			t.Errorf("message %d: %s, want %s", i, got.Messages[i].Body, w)
		}
	}
	var lines struct {
		Events []struct {
			Message string `json:"message"`
		} `json:"events"`
	}
	do("logs", "GetLogEvents", in{"logGroupName": "g", "logStreamName": "s"}, &lines)
	if len(lines.Events) != 1 || lines.Events[0].Message != "line" {
		t.Error(lines)
	}
	var archive struct{ EventCount json.Number }
	do("events", "DescribeArchive", in{"ArchiveName": "a"}, &archive)
	if n, err := archive.EventCount.Int64(); err != nil || n == 0 {
		t.Errorf("the archive has %s events", archive.EventCount)
	}
}
