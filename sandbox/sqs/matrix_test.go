package sqs_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"go.uber.org/goleak"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type in = sandboxtest.In

func client(cfg aws.Config) *sqs.Client { return sqs.NewFromConfig(cfg) }

const (
	queueURL = "http://localhost/" + sandboxtest.Tools + "/q"
	queueARN = "arn:aws:sqs:" + sandboxtest.Region + ":" + sandboxtest.Tools + ":q"
	newARN   = "arn:aws:sqs:" + sandboxtest.Region + ":" + sandboxtest.Tools + ":new"
)

func world(t testing.TB, k *sandboxtest.Kit) {
	k.Invoke(t, sandboxtest.Tools, "sqs", "CreateQueue", in{"QueueName": "q", "tags": map[string]string{"team": "blue"}}, nil)
	k.Invoke(t, sandboxtest.Tools, "sqs", "AddPermission", in{"QueueUrl": queueURL, "Label": "old", "AWSAccountIds": []string{sandboxtest.Prod}, "Actions": []string{"GetQueueUrl"}}, nil)
}

// Actions and resources follow the service authorization reference; a batch needs
// the action of the single operation ("Actions" in the SQS API reference).
func TestMatrix(t *testing.T) {
	t.Parallel()
	q := func(more in) in {
		out := in{"QueueUrl": queueURL}
		for k, v := range more {
			out[k] = v
		}
		return out
	}
	rows := []struct {
		operation, action string
		in                in
		on                string
	}{
		{"CreateQueue", "", in{"QueueName": "new"}, newARN},
		{"DeleteQueue", "", q(nil), queueARN},
		{"ListQueues", "", nil, "*"},
		{"GetQueueUrl", "", in{"QueueName": "q"}, queueARN},
		{"GetQueueAttributes", "", q(in{"AttributeNames": []string{"All"}}), queueARN},
		{"SetQueueAttributes", "", q(in{"Attributes": map[string]string{"DelaySeconds": "1"}}), queueARN},
		{"AddPermission", "", q(in{"Label": "new", "AWSAccountIds": []string{sandboxtest.Prod}, "Actions": []string{"SendMessage"}}), queueARN},
		{"RemovePermission", "", q(in{"Label": "old"}), queueARN},
		{"SendMessage", "", q(in{"MessageBody": "hello"}), queueARN},
		{"SendMessageBatch", "SendMessage", q(in{"Entries": []any{in{"Id": "1", "MessageBody": "hello"}}}), queueARN},
		{"ReceiveMessage", "", q(nil), queueARN},
		{"DeleteMessageBatch", "DeleteMessage", q(in{"Entries": []any{in{"Id": "1", "ReceiptHandle": "x"}}}), queueARN},
		{"ChangeMessageVisibilityBatch", "ChangeMessageVisibility", q(in{"Entries": []any{in{"Id": "1", "ReceiptHandle": "x"}}}), queueARN},
		{"PurgeQueue", "", q(nil), queueARN},
		{"ListDeadLetterSourceQueues", "", q(nil), queueARN},
		{"TagQueue", "", q(in{"Tags": map[string]string{"k": "v"}}), queueARN},
		{"UntagQueue", "", q(in{"TagKeys": []string{"team"}}), queueARN},
		{"ListQueueTags", "", q(nil), queueARN},
	}
	// Those that need a receipt handle are in TestMessages.
	listed := map[string]bool{"DeleteMessage": true, "ChangeMessageVisibility": true}
	var cases []sandboxtest.Case
	for _, r := range rows {
		listed[r.operation] = true
		if r.action == "" {
			r.action = r.operation
		}
		cases = append(cases, sandboxtest.Case{Operation: "sqs:" + r.operation, Prepare: world, Call: sandboxtest.Calling(client, r.operation, r.in),
			Needs: []sandboxtest.Permission{{Action: "sqs:" + r.action, Resource: r.on}}})
	}
	cases = append(cases, sandboxtest.Case{Operation: "sqs:CreateQueue with tags", Call: sandboxtest.Calling(client, "CreateQueue", in{"QueueName": "new", "Tags": map[string]string{"k": "v"}}),
		Needs: []sandboxtest.Permission{{Action: "sqs:CreateQueue", Resource: newARN}, {Action: "sqs:TagQueue", Resource: newARN}}})
	sandboxtest.Matrix(t, cases)
	for _, o := range sandboxtest.Start(t).Sandbox.Support()["sqs"] {
		if !listed[o] {
			t.Errorf("the matrix does not have %s", o)
		}
	}
}
