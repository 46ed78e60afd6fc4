package sqs_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

// start returns a kit, a client of root, and the
// URL of a new queue.
func start(t *testing.T, attributes map[string]string) (*sandboxtest.Kit, *sqs.Client, *string) {
	t.Helper()
	k := sandboxtest.Start(t)
	c := client(k.Config(sandboxtest.Root(sandboxtest.Tools)))
	return k, c, create(t, c, "q", attributes)
}

func create(t *testing.T, c *sqs.Client, name string, attributes map[string]string) *string {
	t.Helper()
	out, err := c.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		t.Fatal(err)
	}
	return out.QueueUrl
}

func send(t *testing.T, c *sqs.Client, url *string, body string) {
	t.Helper()
	if _, err := c.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: url, MessageBody: &body}); err != nil {
		t.Fatal(err)
	}
}

func receive(t *testing.T, c *sqs.Client, in sqs.ReceiveMessageInput) []types.Message {
	t.Helper()
	in.MessageSystemAttributeNames = []types.MessageSystemAttributeName{"All"}
	out, err := c.ReceiveMessage(t.Context(), &in)
	if err != nil {
		t.Fatal(err)
	}
	return out.Messages
}

// The digests are those of AWS's example in "SendMessage", SQS API reference, and
// of md5sum.
func TestMessages(t *testing.T) {
	t.Parallel()
	k, c, url := start(t, nil)
	if want := k.URL + "/" + sandboxtest.Tools + "/q"; *url != want {
		t.Fatalf("URL %s, want %s", *url, want)
	}
	sent, err := c.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("This is a test message")})
	if err != nil || *sent.MD5OfMessageBody != "fafb00f5732ab283681e124bf8747ed1" {
		t.Fatal(sent, err)
	}
	got := receive(t, c, sqs.ReceiveMessageInput{QueueUrl: url})
	if len(got) != 1 || *got[0].Body != "This is a test message" || got[0].Attributes["SenderId"] != sandboxtest.Tools || got[0].Attributes["ApproximateReceiveCount"] != "1" {
		t.Fatal(got)
	}
	if again := receive(t, c, sqs.ReceiveMessageInput{QueueUrl: url}); len(again) != 0 {
		t.Fatal("an invisible message is received")
	}
	k.Sandbox.World.Clock.Advance(31 * time.Second) // the default timeout is 30
	second := receive(t, c, sqs.ReceiveMessageInput{QueueUrl: url})
	if len(second) != 1 || second[0].Attributes["ApproximateReceiveCount"] != "2" {
		t.Fatal(second)
	}
	if _, err := c.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: got[0].ReceiptHandle}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ChangeMessageVisibility(t.Context(), &sqs.ChangeMessageVisibilityInput{QueueUrl: url, ReceiptHandle: second[0].ReceiptHandle, VisibilityTimeout: 0}); err != nil {
		t.Fatal(err)
	}
	third := receive(t, c, sqs.ReceiveMessageInput{QueueUrl: url})
	if len(third) != 1 {
		t.Fatal("the old handle deleted the message, or it did not become visible")
	}
	if _, err := c.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: third[0].ReceiptHandle}); err != nil {
		t.Fatal(err)
	}
	k.Sandbox.World.Clock.Advance(time.Minute)
	if left := receive(t, c, sqs.ReceiveMessageInput{QueueUrl: url}); len(left) != 0 {
		t.Fatal(left)
	}
}

func TestLongPoll(t *testing.T) {
	t.Parallel()
	k, c, url := start(t, nil)
	got := make(chan int)
	poll := func() {
		out, err := c.ReceiveMessage(context.Background(), &sqs.ReceiveMessageInput{QueueUrl: url, WaitTimeSeconds: 20})
		if err != nil {
			got <- -1
			return
		}
		got <- len(out.Messages)
	}
	go poll()
	send(t, c, url, "hello")
	if n := <-got; n != 1 {
		t.Fatalf("%d messages", n)
	}
	// The message becomes visible again while somebody waits: the world's clock
	// brings it about, not twenty real seconds.
	begin := time.Now()
	go poll()
	for done := false; !done; {
		select {
		case n := <-got:
			if n != 1 {
				t.Fatalf("%d messages", n)
			}
			done = true
		default:
			k.Sandbox.World.Clock.Advance(time.Second)
		}
	}
	if time.Since(begin) > 15*time.Second {
		t.Fatal("the poll waited for the real clock")
	}
}

func TestDeadLetters(t *testing.T) {
	t.Parallel()
	k, c, dead := start(t, nil)
	source := create(t, c, "source", map[string]string{"VisibilityTimeout": "10", "RedrivePolicy": `{"deadLetterTargetArn":"` + queueARN + `","maxReceiveCount":"2"}`})
	send(t, c, source, "poison")
	for range 2 {
		if got := receive(t, c, sqs.ReceiveMessageInput{QueueUrl: source}); len(got) != 1 {
			t.Fatal(got)
		}
		k.Sandbox.World.Clock.Advance(11 * time.Second)
	}
	if got := receive(t, c, sqs.ReceiveMessageInput{QueueUrl: source}); len(got) != 0 {
		t.Fatal("received more than maxReceiveCount times")
	}
	got := receive(t, c, sqs.ReceiveMessageInput{QueueUrl: dead})
	if len(got) != 1 || got[0].Attributes["DeadLetterQueueSourceArn"] != strings.TrimSuffix(queueARN, "q")+"source" {
		t.Fatal(got)
	}
	list, err := c.ListDeadLetterSourceQueues(t.Context(), &sqs.ListDeadLetterSourceQueuesInput{QueueUrl: dead})
	if err != nil || len(list.QueueUrls) != 1 || list.QueueUrls[0] != *source {
		t.Fatal(list, err)
	}
	_, err = c.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: dead, Attributes: map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"` + queueARN + `x","maxReceiveCount":2}`}})
	if sandboxtest.Code(err) != "InvalidParameterValue" {
		t.Fatal(err)
	}
}

// TestQueuePolicy: another account needs the queue's policy and its own.
func TestQueuePolicy(t *testing.T) {
	t.Parallel()
	k, c, url := start(t, nil)
	other := client(k.Config(k.User(t, sandboxtest.Prod, "bob", sandboxtest.Allow("sqs:*", "*"))))
	in := &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("x")}
	if _, err := other.SendMessage(t.Context(), in); sandboxtest.Code(err) != "AccessDeniedException" {
		t.Fatalf("without the queue's policy: %v", err)
	}
	if _, err := c.AddPermission(t.Context(), &sqs.AddPermissionInput{QueueUrl: url, Label: aws.String("l"), AWSAccountIds: []string{sandboxtest.Prod}, Actions: []string{"SendMessage"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := other.SendMessage(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	k.Permit(t, sandboxtest.Prod, "bob", sandboxtest.Allow("sqs:ReceiveMessage", "*"))
	if _, err := other.SendMessage(t.Context(), in); sandboxtest.Code(err) != "AccessDeniedException" {
		t.Fatalf("without the caller's own policy: %v", err)
	}
	k.Permit(t, sandboxtest.Prod, "bob", sandboxtest.Allow("sqs:*", "*"))
	open := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*"}}`
	if _, err := c.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: url, Attributes: map[string]string{"Policy": open}}); err != nil {
		t.Fatal(err)
	}
	if _, err := other.DeleteQueue(t.Context(), &sqs.DeleteQueueInput{QueueUrl: url}); sandboxtest.Code(err) != "AccessDeniedException" {
		t.Fatalf("a queue's policy cannot admit others to DeleteQueue: %v", err)
	}
	for _, bad := range []string{`{`, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"sns:Publish","Resource":"*"}}`, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"*"}}`} {
		_, err := c.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: url, Attributes: map[string]string{"Policy": bad}})
		if sandboxtest.Code(err) != "InvalidAttributeValue" || sandboxtest.Message(err) != "Invalid value for the parameter Policy." {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	_, c, url := start(t, map[string]string{"MaximumMessageSize": "1024"})
	for _, r := range []struct {
		operation, code string
		in              in
	}{
		{"CreateQueue", "NotImplemented", in{"QueueName": "q.fifo"}},
		{"CreateQueue", "InvalidParameterValue", in{"QueueName": "a b"}},
		{"CreateQueue", "QueueNameExists", in{"QueueName": "q", "Attributes": map[string]string{"DelaySeconds": "5"}}},
		{"CreateQueue", "InvalidAttributeValue", in{"QueueName": "r", "Attributes": map[string]string{"VisibilityTimeout": "43201"}}},
		{"GetQueueUrl", "AWS.SimpleQueueService.NonExistentQueue", in{"QueueName": "nope"}},
		{"SendMessage", "InvalidParameterValue", in{"QueueUrl": *url, "MessageBody": strings.Repeat("x", 1025)}},
		{"SendMessage", "InvalidMessageContents", in{"QueueUrl": *url, "MessageBody": "a\x01b"}},
		{"SendMessage", "InvalidParameterValue", in{"QueueUrl": *url, "MessageBody": "a", "DelaySeconds": 901}},
		{"SendMessage", "NotImplemented", in{"QueueUrl": *url, "MessageBody": "a", "MessageGroupId": "g"}},
		{"SendMessage", "InvalidAddress", in{"QueueUrl": "http://localhost/q", "MessageBody": "a"}},
		{"ReceiveMessage", "InvalidParameterValue", in{"QueueUrl": *url, "MaxNumberOfMessages": 11}},
		{"DeleteMessage", "ReceiptHandleIsInvalid", in{"QueueUrl": *url, "ReceiptHandle": "x"}},
		{"SendMessageBatch", "EmptyBatchRequest", in{"QueueUrl": *url, "Entries": []any{}}},
		{"SendMessageBatch", "BatchEntryIdsNotDistinct", in{"QueueUrl": *url, "Entries": []any{in{"Id": "1", "MessageBody": "a"}, in{"Id": "1", "MessageBody": "a"}}}},
	} {
		if _, err := sandboxtest.Operate(t.Context(), c, r.operation, r.in); sandboxtest.Code(err) != r.code {
			t.Errorf("%s %v: %v, want %s", r.operation, r.in, err, r.code)
		}
	}
}

// TestRetention: what is older than the queue retains is gone, and so is what a
// purge or the queue's deletion took away.
func TestRetention(t *testing.T) {
	t.Parallel()
	k, c, url := start(t, map[string]string{"MessageRetentionPeriod": "60"})
	send(t, c, url, "old")
	k.Sandbox.World.Clock.Advance(61 * time.Second)
	send(t, c, url, "new")
	got, err := c.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: url, AttributeNames: []types.QueueAttributeName{"All"}})
	if err != nil || got.Attributes["ApproximateNumberOfMessages"] != "1" {
		t.Fatal(got, err)
	}
	if _, err := c.DeleteQueue(t.Context(), &sqs.DeleteQueueInput{QueueUrl: url}); err != nil {
		t.Fatal(err)
	}
	create(t, c, "q", nil)
	if left := receive(t, c, sqs.ReceiveMessageInput{QueueUrl: url}); len(left) != 0 {
		t.Fatal("a new queue has messages of the old one")
	}
}
