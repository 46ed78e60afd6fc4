package logs_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"go.uber.org/goleak"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type in = sandboxtest.In

func client(cfg aws.Config) *cloudwatchlogs.Client { return cloudwatchlogs.NewFromConfig(cfg) }

const (
	group  = "arn:aws:logs:" + sandboxtest.Region + ":" + sandboxtest.Tools + ":log-group:/g"
	stream = group + ":log-stream:s"
	policy = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":["logs:CreateLogStream","logs:PutLogEvents"],"Resource":"` + group + `:*"}}`
)

func world(t testing.TB, k *sandboxtest.Kit) {
	do := func(operation string, members in) { k.Invoke(t, sandboxtest.Tools, "logs", operation, members, nil) }
	do("CreateLogGroup", in{"logGroupName": "/g", "tags": map[string]string{"team": "blue"}})
	do("CreateLogStream", in{"logGroupName": "/g", "logStreamName": "s"})
	do("PutResourcePolicy", in{"policyName": "old", "policyDocument": policy})
}

// Groups are authorised on the ARN with ":log-stream:" behind, streams on their
// own ARN, tagging by ARN on the bare one ("Overview of managing access permissions
// to your CloudWatch Logs resources").
func TestMatrix(t *testing.T) {
	t.Parallel()
	onGroup := group + ":log-stream:"
	byName, byStream := in{"LogGroupName": "/g"}, in{"LogGroupName": "/g", "LogStreamName": "s"}
	with := func(base in, more in) in {
		out := in{}
		for _, m := range []in{base, more} {
			for k, v := range m {
				out[k] = v
			}
		}
		return out
	}
	tags := map[string]string{"k": "v"}
	rows := []struct {
		operation string
		in        in
		on        string
	}{
		{"CreateLogGroup", in{"LogGroupName": "/new"}, strings.TrimSuffix(group, "/g") + "/new:log-stream:"},
		{"DeleteLogGroup", byName, onGroup},
		{"DescribeLogGroups", nil, "*"},
		{"PutRetentionPolicy", with(byName, in{"RetentionInDays": 7}), onGroup},
		{"DeleteRetentionPolicy", byName, onGroup},
		{"CreateLogStream", in{"LogGroupName": "/g", "LogStreamName": "new"}, group + ":log-stream:new"},
		{"DeleteLogStream", byStream, stream},
		{"DescribeLogStreams", byName, onGroup},
		{"PutLogEvents", with(byStream, in{"LogEvents": []any{in{"Timestamp": time.Now().UnixMilli(), "Message": "m"}}}), stream},
		{"GetLogEvents", byStream, stream},
		{"FilterLogEvents", byName, onGroup},
		{"PutResourcePolicy", in{"PolicyName": "new", "PolicyDocument": policy}, "*"},
		{"DeleteResourcePolicy", in{"PolicyName": "old"}, "*"},
		{"DescribeResourcePolicies", nil, "*"},
		{"TagResource", in{"ResourceArn": group, "Tags": tags}, group},
		{"UntagResource", in{"ResourceArn": group, "TagKeys": []string{"team"}}, group},
		{"ListTagsForResource", in{"ResourceArn": group}, group},
		{"TagLogGroup", with(byName, in{"Tags": tags}), onGroup},
		{"UntagLogGroup", with(byName, in{"Tags": []string{"team"}}), onGroup},
		{"ListTagsLogGroup", byName, onGroup},
	}
	listed := map[string]bool{}
	var cases []sandboxtest.Case
	for _, r := range rows {
		listed[r.operation] = true
		cases = append(cases, sandboxtest.Case{Operation: "logs:" + r.operation, Prepare: world, Call: sandboxtest.Calling(client, r.operation, r.in),
			Needs: []sandboxtest.Permission{{Action: "logs:" + r.operation, Resource: r.on}}})
	}
	sandboxtest.Matrix(t, cases)
	for _, o := range sandboxtest.Start(t).Sandbox.Support()["logs"] {
		if !listed[o] {
			t.Errorf("the matrix does not have %s", o)
		}
	}
}

type kit struct {
	*sandboxtest.Kit
	*testing.T
	c *cloudwatchlogs.Client
}

func start(t *testing.T) kit {
	t.Helper()
	k := sandboxtest.Start(t)
	world(t, k)
	return kit{k, t, client(k.Config(sandboxtest.Root(sandboxtest.Tools)))}
}

func (k kit) do(operation string, members in) any {
	k.Helper()
	out, err := sandboxtest.Operate(k.Context(), k.c, operation, members)
	if err != nil {
		k.Fatalf("%s: %v", operation, err)
	}
	return out
}

func (k kit) put(messages ...string) {
	k.Helper()
	var events []any
	now := k.Sandbox.World.Clock.Now().UnixMilli()
	for i, m := range messages {
		events = append(events, in{"Timestamp": now + int64(i), "Message": m})
	}
	k.do("PutLogEvents", in{"LogGroupName": "/g", "LogStreamName": "s", "LogEvents": events})
}

func (k kit) get(members in) (messages []string, forward, backward string) {
	k.Helper()
	members["LogGroupName"], members["LogStreamName"] = "/g", "s"
	out := k.do("GetLogEvents", members).(*cloudwatchlogs.GetLogEventsOutput)
	for _, e := range out.Events {
		messages = append(messages, *e.Message)
	}
	return messages, *out.NextForwardToken, *out.NextBackwardToken
}

// TestPages: without StartFromHead the latest come first; the token of the end
// comes back unchanged ("GetLogEvents", API reference).
func TestPages(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.put("1", "2", "3", "4", "5")
	got, _, back := k.get(in{"Limit": 2})
	if !slices.Equal(got, []string{"4", "5"}) {
		t.Fatal(got)
	}
	if got, _, _ = k.get(in{"Limit": 2, "NextToken": back}); !slices.Equal(got, []string{"2", "3"}) {
		t.Fatal(got)
	}
	var all []string
	token := in{"Limit": 2, "StartFromHead": true}
	for {
		got, forward, _ := k.get(token)
		all = append(all, got...)
		if token["NextToken"] == forward {
			break
		}
		token["NextToken"] = forward
	}
	if !slices.Equal(all, []string{"1", "2", "3", "4", "5"}) {
		t.Fatal(all)
	}
}

// Patterns and outcomes follow "Filter pattern syntax for metric filters,
// subscription filters, filter log events, and Live Tail".
func TestFilter(t *testing.T) {
	t.Parallel()
	k := start(t)
	messages := []string{"[ERROR 400] BAD REQUEST", "[ERROR 401] UNAUTHORIZED REQUEST", "[ERROR 419] MISSING ARGUMENTS", "[ERROR 420] INVALID ARGUMENTS", "all fine"}
	k.put(messages...)
	for pattern, want := range map[string][]string{
		"":                              messages,
		"ERROR ARGUMENTS":               messages[2:4],
		"?ERROR ?fine":                  messages,
		"ERROR -ARGUMENTS":              messages[:2],
		`"INVALID ARGUMENTS"`:           messages[3:4],
		"error":                         nil,
		`ERROR -"UNAUTHORIZED REQUEST"`: {messages[0], messages[2], messages[3]},
	} {
		out := k.do("FilterLogEvents", in{"LogGroupName": "/g", "FilterPattern": pattern}).(*cloudwatchlogs.FilterLogEventsOutput)
		var got []string
		for _, e := range out.Events {
			got = append(got, *e.Message)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", pattern, got, want)
		}
	}
}

func TestRetention(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.do("PutRetentionPolicy", in{"LogGroupName": "/g", "RetentionInDays": 1})
	k.put("old")
	k.Sandbox.World.Clock.Advance(25 * time.Hour)
	k.put("new")
	if got, _, _ := k.get(in{}); !slices.Equal(got, []string{"new"}) {
		t.Fatal(got)
	}
}

// TestResourcePolicy: a rule of EventBridge writes where a resource policy lets it.
func TestResourcePolicy(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.do("DeleteResourcePolicy", in{"PolicyName": "old"})
	events := func(operation string, members in) { k.Invoke(t, sandboxtest.Tools, "events", operation, members, nil) }
	events("PutRule", in{"Name": "r", "EventPattern": `{"source":["my.app"]}`})
	events("PutTargets", in{"Rule": "r", "Targets": []any{in{"Id": "1", "Arn": group}}})
	emit := in{"Entries": []any{in{"Source": "my.app", "DetailType": "t", "Detail": `{"a":1}`}}}
	events("PutEvents", emit)
	k.Idle(t)
	if f := k.Sandbox.World.Failures(); len(f) != 1 || !strings.Contains(f[0].Error, "logs:CreateLogStream") {
		t.Fatal(f)
	}
	k.do("PutResourcePolicy", in{"PolicyName": "p", "PolicyDocument": policy})
	events("PutEvents", emit)
	k.Idle(t)
	out := k.do("FilterLogEvents", in{"LogGroupName": "/g"}).(*cloudwatchlogs.FilterLogEventsOutput)
	if len(out.Events) != 1 || !strings.Contains(*out.Events[0].Message, `"detail":{"a":1}`) {
		t.Fatal(out.Events, k.Sandbox.World.Failures())
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	k := start(t)
	now := k.Sandbox.World.Clock.Now().UnixMilli()
	put := func(events ...any) in { return in{"LogGroupName": "/g", "LogStreamName": "s", "LogEvents": events} }
	for _, r := range []struct {
		operation, code string
		in              in
	}{
		{"CreateLogGroup", "ResourceAlreadyExistsException", in{"LogGroupName": "/g"}},
		{"CreateLogStream", "ResourceNotFoundException", in{"LogGroupName": "/x", "LogStreamName": "s"}},
		{"CreateLogStream", "ResourceAlreadyExistsException", in{"LogGroupName": "/g", "LogStreamName": "s"}},
		{"PutLogEvents", "ResourceNotFoundException", in{"LogGroupName": "/g", "LogStreamName": "x", "LogEvents": []any{in{"Timestamp": now, "Message": "m"}}}},
		{"PutLogEvents", "InvalidParameterException", put(in{"Timestamp": now, "Message": "m"}, in{"Timestamp": now - 1, "Message": "m"})},
		{"PutLogEvents", "InvalidParameterException", put(in{"Timestamp": now, "Message": strings.Repeat("x", 1<<20)})},
		{"PutRetentionPolicy", "InvalidParameterException", in{"LogGroupName": "/g", "RetentionInDays": 8}},
		{"FilterLogEvents", "NotImplemented", in{"LogGroupName": "/g", "FilterPattern": "{ $.a = 1 }"}},
		{"FilterLogEvents", "InvalidParameterException", in{"LogGroupName": "/g", "FilterPattern": `"open`}},
		{"GetLogEvents", "InvalidParameterException", in{"LogGroupName": "/g", "LogStreamName": "s", "NextToken": "x"}},
		{"PutResourcePolicy", "InvalidParameterException", in{"PolicyName": "p", "PolicyDocument": "{"}},
	} {
		if _, err := sandboxtest.Operate(t.Context(), k.c, r.operation, r.in); sandboxtest.Code(err) != r.code {
			t.Errorf("%s %v: %v, want %s", r.operation, r.in, err, r.code)
		}
	}
	out := k.do("PutLogEvents", put(in{"Timestamp": now - 15*24*3600*1000, "Message": "old"})).(*cloudwatchlogs.PutLogEventsOutput)
	if out.RejectedLogEventsInfo == nil || *out.RejectedLogEventsInfo.TooOldLogEventEndIndex != 1 {
		t.Fatal(out.RejectedLogEventsInfo)
	}
}
