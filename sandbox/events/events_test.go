package events_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

type kit struct {
	*sandboxtest.Kit
	*testing.T
}

// start returns a kit with the queue q, to which rules of the account may send.
func start(t *testing.T) kit {
	t.Helper()
	k := kit{sandboxtest.Start(t), t}
	k.queue("q")
	return k
}

func (k kit) queue(name string) string {
	k.Helper()
	arn := strings.TrimSuffix(queue, "q") + name
	policy := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"` + arn + `","Condition":{"ArnLike":{"aws:SourceArn":"` + prefix + `rule/*"}}}}`
	k.Invoke(k.T, sandboxtest.Tools, "sqs", "CreateQueue", in{"QueueName": name, "Attributes": map[string]string{"Policy": policy}}, nil)
	return arn
}

func (k kit) do(account, operation string, members in) any {
	k.Helper()
	out, err := sandboxtest.Operate(k.Context(), client(k.Config(sandboxtest.Root(account))), operation, members)
	if err != nil {
		k.Fatalf("%s: %v", operation, err)
	}
	return out
}

// rule makes a rule of Tools with one target.
func (k kit) rule(name, pattern string, target in) {
	k.Helper()
	k.do(sandboxtest.Tools, "PutRule", in{"Name": name, "EventPattern": pattern})
	target["Id"] = "1"
	k.do(sandboxtest.Tools, "PutTargets", in{"Rule": name, "Targets": []any{target}})
}

func (k kit) put(account, bus, detail string) {
	k.Helper()
	out := k.do(account, "PutEvents", in{"Entries": []any{in{"Source": "my.app", "DetailType": "t", "Detail": detail, "EventBusName": bus, "Resources": []string{"arn:x"}}}})
	if n := out.(*eventbridge.PutEventsOutput).FailedEntryCount; n != 0 {
		k.Fatal(n)
	}
}

type message struct {
	Body              string
	MessageAttributes map[string]struct{ StringValue string }
}

func (k kit) arrived(name string) []message {
	k.Helper()
	k.Idle(k.T)
	var out struct{ Messages []message }
	k.Invoke(k.T, sandboxtest.Tools, "sqs", "ReceiveMessage", in{"QueueUrl": "/" + sandboxtest.Tools + "/" + name, "MaxNumberOfMessages": 10, "MessageAttributeNames": []string{"All"}}, &out)
	return out.Messages
}

// TestEnvelope: the event as "EventBridge events" in the user guide shows it, the
// numbers of its detail as they were sent.
func TestEnvelope(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.rule("r", byApp, in{"Arn": queue})
	k.put(sandboxtest.Tools, "default", `{"n":1.50}`)
	got := k.arrived("q")
	if len(got) != 1 {
		t.Fatalf("%v, failures %v", got, k.Sandbox.World.Failures())
	}
	var e struct {
		Version, ID, Source, Account, Time, Region string
		DetailType                                 string `json:"detail-type"`
		Resources                                  []string
		Detail                                     json.RawMessage
	}
	if err := json.Unmarshal([]byte(got[0].Body), &e); err != nil {
		t.Fatal(err)
	}
	if e.Version != "0" || e.ID == "" || e.Source != "my.app" || e.DetailType != "t" || e.Account != sandboxtest.Tools || e.Region != sandboxtest.Region || string(e.Detail) != `{"n":1.50}` || len(e.Resources) != 1 {
		t.Fatal(got[0].Body)
	}
	k.put(sandboxtest.Prod, "default", "{}")
	k.do(sandboxtest.Tools, "DisableRule", in{"Name": "r"})
	k.put(sandboxtest.Tools, "default", "{}")
	if got := k.arrived("q"); len(got) != 0 {
		t.Fatal("another account's event, or one of a disabled rule:", got)
	}
}

// TestTransformer follows the examples of "Amazon EventBridge input transformation".
func TestTransformer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ paths, template, want string }{
		{`{"instance":"$.detail.instance","state":"$.detail.state"}`, `"instance <instance> is in <state>"`, `"instance i-1 is in RUNNING"`},
		{`{"instance":"$.detail.instance","state":"$.detail.state"}`, `{"instance" : <instance>, "state": <state>}`, `{"instance" : "i-1", "state": "RUNNING"}`},
		{`{"list":"$.detail.list","second":"$.detail.list[1]"}`, `{"all": <list>, "second": <second>, "text": "<second>"}`, `{"all": [1,2.0], "second": 2.0, "text": "2.0"}`},
		{`{"quoted":"$.detail.quoted"}`, `{"q": <quoted>, "in": "say <quoted>"}`, `{"q": "a \"b\"", "in": "say a \"b\""}`},
		{`{}`, `{"rule": <aws.events.rule-name>, "arn": <aws.events.rule-arn>}`, `{"rule": "r", "arn": "` + ruleR + `"}`},
	} {
		t.Run(c.template, func(t *testing.T) {
			t.Parallel()
			k := start(t)
			var paths map[string]string
			if err := json.Unmarshal([]byte(c.paths), &paths); err != nil {
				t.Fatal(err)
			}
			k.rule("r", byApp, in{"Arn": queue, "InputTransformer": in{"InputPathsMap": paths, "InputTemplate": c.template}})
			k.put(sandboxtest.Tools, "default", `{"instance":"i-1","state":"RUNNING","list":[1,2.0],"quoted":"a \"b\""}`)
			if got := k.arrived("q"); len(got) != 1 || got[0].Body != c.want {
				t.Fatalf("%v\nwant %s", got, c.want)
			}
		})
	}
}

func TestInput(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.rule("constant", byApp, in{"Arn": queue, "Input": `{"a":1}`})
	k.put(sandboxtest.Tools, "default", `{"b":{"c":[1]}}`)
	if got := k.arrived("q"); len(got) != 1 || got[0].Body != `{"a":1}` {
		t.Fatal(got)
	}
	k.rule("constant", byApp, in{"Arn": queue, "InputPath": "$.detail.b"})
	k.put(sandboxtest.Tools, "default", `{"b":{"c":[1]}}`)
	if got := k.arrived("q"); len(got) != 1 || got[0].Body != `{"c":[1]}` {
		t.Fatal(got)
	}
}

// TestCalls: mutating management calls become events, those that read only for the
// rules that ask for them, data calls never.
func TestCalls(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.rule("calls", `{"detail-type":["AWS API Call via CloudTrail"],"source":["aws.iam","aws.sqs"],"detail":{"eventName":[{"anything-but":["CreateQueue"]}]}}`, in{"Arn": queue, "InputPath": "$.detail.eventName"})
	k.Invoke(t, sandboxtest.Tools, "iam", "CreateUser", in{"UserName": "anna"}, nil)
	k.Invoke(t, sandboxtest.Tools, "iam", "GetUser", in{"UserName": "anna"}, nil)
	k.Invoke(t, sandboxtest.Prod, "iam", "CreateUser", in{"UserName": "bob"}, nil)
	if got := k.arrived("q"); len(got) != 1 || got[0].Body != `"CreateUser"` {
		t.Fatal(got)
	}
	k.do(sandboxtest.Tools, "PutRule", in{"Name": "calls", "State": "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS", "EventPattern": `{"source":["aws.iam"],"detail":{"eventName":["GetUser"],"requestParameters":{"userName":["anna"]}}}`})
	k.Invoke(t, sandboxtest.Tools, "iam", "GetUser", in{"UserName": "anna"}, nil)
	if got := k.arrived("q"); len(got) != 1 || got[0].Body != `"GetUser"` {
		t.Fatal(got)
	}
}

// TestRole: a target with a role is called with that role's permissions, whatever
// the resource's policy says of EventBridge.
func TestRole(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.Invoke(t, sandboxtest.Tools, "sqs", "CreateQueue", in{"QueueName": "closed"}, nil)
	closed := strings.TrimSuffix(queue, "q") + "closed"
	k.Role(t, sandboxtest.Tools, "target", sandboxtest.Trust("events.amazonaws.com"), sandboxtest.Allow("sqs:SendMessage", closed))
	k.rule("r", byApp, in{"Arn": closed, "RoleArn": role})
	k.put(sandboxtest.Tools, "default", "{}")
	if got := k.arrived("closed"); len(got) != 1 {
		t.Fatal(got, k.Sandbox.World.Failures())
	}
	k.rule("r", byApp, in{"Arn": queue, "RoleArn": role})
	k.put(sandboxtest.Tools, "default", "{}")
	if got := k.arrived("q"); len(got) != 0 {
		t.Fatal("sent without the role's leave")
	}
	if f := k.Sandbox.World.Failures(); len(f) != 1 || !strings.Contains(f[0].Error, "assumed-role/target/") || !strings.Contains(f[0].Error, "sqs:SendMessage") {
		t.Fatal(f)
	}
}

// TestDeadLetter: what a target refuses goes to its dead-letter queue, with the
// attributes that "Using dead-letter queues to process undelivered events" names.
func TestDeadLetter(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.Invoke(t, sandboxtest.Tools, "sqs", "CreateQueue", in{"QueueName": "closed"}, nil)
	k.rule("r", byApp, in{"Arn": strings.TrimSuffix(queue, "q") + "closed", "DeadLetterConfig": in{"Arn": queue}})
	k.put(sandboxtest.Tools, "default", "{}")
	got := k.arrived("q")
	if len(got) != 1 || got[0].MessageAttributes["ERROR_CODE"].StringValue != "NO_PERMISSIONS" || got[0].MessageAttributes["RULE_ARN"].StringValue != ruleR {
		t.Fatal(got)
	}
}

// TestBuses: an event goes to another account's bus where that bus's policy admits
// the sender, keeps its account and source, and goes no further.
func TestBuses(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.do(sandboxtest.Prod, "PutRule", in{"Name": "on", "EventPattern": byApp})
	k.do(sandboxtest.Prod, "PutTargets", in{"Rule": "on", "Targets": []any{in{"Id": "1", "Arn": busB}}})
	k.do(sandboxtest.Tools, "CreateEventBus", in{"Name": "b"})
	k.do(sandboxtest.Tools, "PutRule", in{"Name": "r", "EventBusName": "b", "EventPattern": `{"account":["` + sandboxtest.Prod + `"]}`})
	k.do(sandboxtest.Tools, "PutTargets", in{"Rule": "r", "EventBusName": "b", "Targets": []any{in{"Id": "1", "Arn": queue, "InputPath": "$.source"}}})
	k.put(sandboxtest.Prod, "default", "{}")
	if got := k.arrived("q"); len(got) != 0 {
		t.Fatal("taken without the bus's leave")
	}
	if f := k.Sandbox.World.Failures(); len(f) != 1 || !strings.Contains(f[0].Error, "events:PutEvents") {
		t.Fatal(f)
	}
	k.do(sandboxtest.Tools, "PutPermission", in{"EventBusName": "b", "Action": "events:PutEvents", "Principal": sandboxtest.Prod, "StatementId": "s"})
	k.put(sandboxtest.Prod, "default", "{}")
	if got := k.arrived("q"); len(got) != 1 || got[0].Body != `"my.app"` {
		t.Fatal(got, k.Sandbox.World.Failures())
	}
	// Directly from the other account, by the same leave.
	k.put(sandboxtest.Prod, busB, "{}")
	if got := k.arrived("q"); len(got) != 1 {
		t.Fatal(got)
	}
}

// TestPutEventsConditions: a policy can hold PutEvents to sources.
func TestPutEventsConditions(t *testing.T) {
	t.Parallel()
	k := start(t)
	only := sandboxtest.Allow("events:PutEvents", "*")
	only.Condition = map[string]map[string]any{"StringEquals": {"events:source": "my.app", "events:detail-type": "t"}}
	c := client(k.Config(k.User(t, sandboxtest.Tools, "bob", only)))
	entry := func(source string) in {
		return in{"Entries": []any{in{"Source": source, "DetailType": "t", "Detail": "{}"}}}
	}
	if _, err := sandboxtest.Operate(t.Context(), c, "PutEvents", entry("my.app")); err != nil {
		t.Fatal(err)
	}
	if _, err := sandboxtest.Operate(t.Context(), c, "PutEvents", entry("other.app")); sandboxtest.Code(err) != "AccessDeniedException" {
		t.Fatal(err)
	}
}

// TestPipeline: a rule starts a pipeline as the target's role.
func TestPipeline(t *testing.T) {
	t.Parallel()
	k := start(t)
	pipeline := "arn:aws:codepipeline:" + sandboxtest.Region + ":" + sandboxtest.Tools + ":p"
	service := k.Role(t, sandboxtest.Tools, "pipeline", sandboxtest.Trust("codepipeline.amazonaws.com"), sandboxtest.Allow("s3:*", "*"))
	k.Role(t, sandboxtest.Tools, "target", sandboxtest.Trust("events.amazonaws.com"), sandboxtest.Allow("codepipeline:StartPipelineExecution", pipeline))
	k.Invoke(t, sandboxtest.Tools, "s3", "CreateBucket", in{"Bucket": "store", "CreateBucketConfiguration": in{"LocationConstraint": sandboxtest.Region}}, nil)
	action := func(name, category, provider string, configuration map[string]string, outputs ...any) in {
		return in{"name": name, "actions": []any{in{"name": name, "actionTypeId": in{"category": category, "owner": "AWS", "provider": provider, "version": "1"}, "configuration": configuration, "outputArtifacts": outputs}}}
	}
	k.Invoke(t, sandboxtest.Tools, "codepipeline", "CreatePipeline", in{"pipeline": in{"name": "p", "roleArn": service, "pipelineType": "V2", "artifactStore": in{"type": "S3", "location": "store"}, "stages": []any{
		action("Source", "Source", "S3", map[string]string{"S3Bucket": "store", "S3ObjectKey": "k.zip", "PollForSourceChanges": "false"}, in{"name": "src"}),
		action("Ask", "Approval", "Manual", nil),
	}}}, nil)
	count := func() int {
		k.Idle(t)
		var out struct{ PipelineExecutionSummaries []any }
		k.Invoke(t, sandboxtest.Tools, "codepipeline", "ListPipelineExecutions", in{"pipelineName": "p"}, &out)
		return len(out.PipelineExecutionSummaries)
	}
	before := count()
	k.rule("start", byApp, in{"Arn": pipeline, "RoleArn": role})
	k.put(sandboxtest.Tools, "default", "{}")
	if after := count(); after != before+1 {
		t.Fatalf("%d executions after %d: %v", after, before, k.Sandbox.World.Failures())
	}
}

func TestArchive(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.do(sandboxtest.Tools, "CreateArchive", in{"ArchiveName": "a", "EventSourceArn": prefix + "event-bus/default", "RetentionDays": 2, "EventPattern": `{"detail":{"keep":[true]}}`})
	k.put(sandboxtest.Tools, "default", `{"keep":true}`)
	k.put(sandboxtest.Tools, "default", `{"keep":false}`)
	events := func() int64 {
		return k.do(sandboxtest.Tools, "DescribeArchive", in{"ArchiveName": "a"}).(*eventbridge.DescribeArchiveOutput).EventCount
	}
	if n := events(); n != 1 {
		t.Fatalf("%d events", n)
	}
	k.Sandbox.World.Clock.Advance(49 * time.Hour)
	if n := events(); n != 0 {
		t.Fatalf("%d events after the retention", n)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.rule("r", byApp, in{"Arn": queue})
	target := func(t in) in { t["Id"] = "1"; return in{"Rule": "r", "Targets": []any{t}} }
	for _, r := range []struct {
		operation, code, message string
		in                       in
	}{
		{"PutRule", "InvalidEventPatternException", "Event pattern is not valid. Reason:", in{"Name": "x", "EventPattern": `{"a":"b"}`}},
		{"PutRule", "ValidationException", "EventPattern or ScheduleExpression", in{"Name": "x"}},
		{"PutRule", "NotImplemented", "schedule", in{"Name": "x", "ScheduleExpression": "rate(1 minute)"}},
		{"PutRule", "ResourceNotFoundException", "Event bus nope does not exist.", in{"Name": "x", "EventBusName": "nope", "EventPattern": byApp}},
		{"DescribeRule", "ResourceNotFoundException", "Rule nope does not exist on EventBus default.", in{"Name": "nope"}},
		{"DeleteRule", "ValidationException", "Rule can't be deleted since it has targets.", in{"Name": "r"}},
		{"PutTargets", "ValidationException", "RoleArn is required", target(in{"Arn": "arn:aws:codepipeline:eu-central-1:111111111111:p"})},
		{"PutTargets", "NotImplemented", "arn:aws:kinesis", target(in{"Arn": "arn:aws:kinesis:eu-central-1:111111111111:stream/s"})},
		{"PutTargets", "ValidationException", "JSON syntax error", target(in{"Arn": queue, "Input": "{"})},
		{"PutTargets", "ValidationException", "Only one of Input, InputPath, or InputTransformer", target(in{"Arn": queue, "Input": "{}", "InputPath": "$.detail"})},
		{"PutTargets", "ValidationException", "placeholder x is not defined", target(in{"Arn": queue, "InputTransformer": in{"InputTemplate": `"<x>"`}})},
		{"CreateEventBus", "ValidationException", "", in{"Name": "default"}},
		{"DeleteEventBus", "ValidationException", "Cannot delete event bus default.", in{"Name": "default"}},
		{"RemovePermission", "ResourceNotFoundException", "", in{"StatementId": "nope"}},
		{"TestEventPattern", "ValidationException", "", in{"EventPattern": byApp, "Event": `{}`}},
	} {
		_, err := sandboxtest.Operate(t.Context(), client(k.Config(sandboxtest.Root(sandboxtest.Tools))), r.operation, r.in)
		if sandboxtest.Code(err) != r.code || !strings.Contains(sandboxtest.Message(err), r.message) {
			t.Errorf("%s %v: %v, want %s %s", r.operation, r.in, err, r.code, r.message)
		}
	}
	out := k.do(sandboxtest.Tools, "PutEvents", in{"Entries": []any{in{"Source": "aws.x", "DetailType": "t", "Detail": "{}"}, in{"Source": "x", "DetailType": "t", "Detail": "[]"}, in{"Source": "x", "Detail": "{}"}}}).(*eventbridge.PutEventsOutput)
	for i, want := range []string{"NotAuthorizedForSourceException", "MalformedDetail", "InvalidArgument"} {
		if got := out.Entries[i].ErrorCode; got == nil || *got != want {
			t.Errorf("entry %d: %v, want %s", i, got, want)
		}
	}
}
