package sandbox_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

// TestCLIMessaging sends a person's message all the way with the AWS CLI: rule,
// topic, queue, log group, trail. Version 1 of the CLI takes no endpoint for SQS
// from the environment, so that it is given on the command line.
func TestCLIMessaging(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	c := newCLI(t, k, sandboxtest.Root(sandboxtest.Tools))
	sqs := func(args ...string) map[string]any {
		t.Helper()
		return c.run(append([]string{"--endpoint-url", k.URL, "sqs"}, args...)...)
	}
	file := func(name, content string) string {
		t.Helper()
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return "file://" + path
	}
	const (
		queue = "arn:aws:sqs:eu-central-1:111111111111:inbox"
		topic = "arn:aws:sns:eu-central-1:111111111111:news"
	)
	url := text(t, sqs("create-queue", "--queue-name", "inbox"), "QueueUrl")
	if want := k.URL + "/111111111111/inbox"; url != want {
		t.Fatalf("queue URL %s, want %s", url, want)
	}
	if got := text(t, c.run("sns", "create-topic", "--name", "news"), "TopicArn"); got != topic {
		t.Fatal(got)
	}
	if got := text(t, c.run("sns", "subscribe", "--topic-arn", topic, "--protocol", "sqs", "--notification-endpoint", queue), "SubscriptionArn"); !strings.HasPrefix(got, topic+":") {
		t.Fatal(got)
	}
	if got := text(t, c.run("sns", "subscribe", "--topic-arn", topic, "--protocol", "email", "--notification-endpoint", "a@example.com"), "SubscriptionArn"); got != "pending confirmation" {
		t.Fatal(got)
	}
	sqs("set-queue-attributes", "--queue-url", url, "--attributes", file("queue.json",
		`{"Policy":"{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"sns.amazonaws.com\"},\"Action\":\"sqs:SendMessage\",\"Resource\":\"`+queue+`\",\"Condition\":{\"ArnEquals\":{\"aws:SourceArn\":\"`+topic+`\"}}}}"}`))
	c.run("sns", "set-topic-attributes", "--topic-arn", topic, "--attribute-name", "Policy", "--attribute-value", file("topic.json",
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sns:Publish","Resource":"`+topic+`"}}`))
	c.run("events", "put-rule", "--name", "users", "--event-pattern", `{"source":["aws.iam"],"detail":{"eventName":["CreateUser"]}}`)
	c.run("events", "put-targets", "--rule", "users", "--targets", file("targets.json",
		`[{"Id":"1","Arn":"`+topic+`","InputTransformer":{"InputPathsMap":{"who":"$.detail.requestParameters.userName"},"InputTemplate":"\"<who> is new\""}}]`))

	c.run("s3api", "create-bucket", "--bucket", "records", "--create-bucket-configuration", "LocationConstraint=eu-central-1")
	if got := c.fails("cloudtrail", "create-trail", "--name", "all", "--s3-bucket-name", "records"); !strings.Contains(got, "(InsufficientS3BucketPolicyException)") || !strings.Contains(got, "Incorrect S3 bucket policy is detected for bucket: records") {
		t.Fatal(got)
	}
	c.run("s3api", "put-bucket-policy", "--bucket", "records", "--policy", file("bucket.json",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::records"},
		{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::records/AWSLogs/111111111111/*","Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control"}}}]}`))
	c.run("cloudtrail", "create-trail", "--name", "all", "--s3-bucket-name", "records")
	c.run("cloudtrail", "start-logging", "--name", "all")

	c.run("iam", "create-user", "--user-name", "anna")
	k.Idle(t)
	got, _ := sqs("receive-message", "--queue-url", url)["Messages"].([]any)
	if len(got) != 1 {
		t.Fatalf("%d messages; failures: %v", len(got), k.Sandbox.World.Failures())
	}
	if body := text(t, got[0].(map[string]any), "Body"); !strings.Contains(body, `"Message":"\"anna is new\""`) {
		t.Fatal(body)
	}
	found := c.run("cloudtrail", "lookup-events", "--lookup-attributes", "AttributeKey=EventName,AttributeValue=CreateUser")
	if events, _ := found["Events"].([]any); len(events) != 1 {
		t.Fatal(found)
	}
	if got := c.fails("sns", "create-topic", "--name", "news.fifo", "--attributes", "FifoTopic=true"); !strings.Contains(got, "(NotImplemented)") || !strings.Contains(got, "FIFO topics") {
		t.Fatal(got)
	}

	c.run("logs", "create-log-group", "--log-group-name", "/app")
	c.run("logs", "create-log-stream", "--log-group-name", "/app", "--log-stream-name", "one")
	c.run("logs", "put-log-events", "--log-group-name", "/app", "--log-stream-name", "one", "--log-events", file("events.json", `[{"timestamp":`+millis(k)+`,"message":"ERROR it broke"}]`))
	lines, _ := c.run("logs", "filter-log-events", "--log-group-name", "/app", "--filter-pattern", "ERROR")["events"].([]any)
	if len(lines) != 1 || text(t, lines[0].(map[string]any), "message") != "ERROR it broke" {
		t.Fatal(lines)
	}
}

// millis is the world's time as log events have it.
func millis(k *sandboxtest.Kit) string {
	return strconv.FormatInt(k.Sandbox.World.Clock.Now().UnixMilli(), 10)
}
