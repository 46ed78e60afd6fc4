package sns_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"go.uber.org/goleak"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type in = sandboxtest.In

func client(cfg aws.Config) *sns.Client { return sns.NewFromConfig(cfg) }

const (
	topic = "arn:aws:sns:" + sandboxtest.Region + ":" + sandboxtest.Tools + ":t"
	fresh = "arn:aws:sns:" + sandboxtest.Region + ":" + sandboxtest.Tools + ":new"
)

func world(t testing.TB, k *sandboxtest.Kit) {
	do := func(operation string, members in) { k.Invoke(t, sandboxtest.Tools, "sns", operation, members, nil) }
	do("CreateTopic", in{"Name": "t", "Tags": []any{in{"Key": "team", "Value": "blue"}}})
	do("AddPermission", in{"TopicArn": topic, "Label": "old", "AWSAccountId": []string{sandboxtest.Prod}, "ActionName": []string{"Publish"}})
	do("Subscribe", in{"TopicArn": topic, "Protocol": "sqs", "Endpoint": "arn:aws:sqs:" + sandboxtest.Region + ":" + sandboxtest.Tools + ":q"})
}

// first is the ARN of the world's only subscription, asked for as the caller's
// account's root user.
func first(ctx context.Context, cfg aws.Config) string {
	root := cfg.Copy()
	keys := sandboxtest.Root(sandboxtest.Tools)
	root.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: keys.ID, SecretAccessKey: keys.Secret}, nil
	})
	out, err := client(root).ListSubscriptions(ctx, nil)
	if err != nil || len(out.Subscriptions) == 0 {
		return topic + ":gone"
	}
	return *out.Subscriptions[0].SubscriptionArn
}

// Actions and resources follow the service authorization reference.
func TestMatrix(t *testing.T) {
	t.Parallel()
	tags := []any{in{"Key": "k", "Value": "v"}}
	rows := []struct {
		operation, action string
		in                in
		on                string
	}{
		{"CreateTopic", "", in{"Name": "new"}, fresh},
		{"DeleteTopic", "", in{"TopicArn": topic}, topic},
		{"ListTopics", "", nil, "*"},
		{"GetTopicAttributes", "", in{"TopicArn": topic}, topic},
		{"SetTopicAttributes", "", in{"TopicArn": topic, "AttributeName": "DisplayName", "AttributeValue": "x"}, topic},
		{"AddPermission", "", in{"TopicArn": topic, "Label": "new", "AWSAccountId": []string{sandboxtest.Prod}, "ActionName": []string{"Publish"}}, topic},
		{"RemovePermission", "", in{"TopicArn": topic, "Label": "old"}, topic},
		{"Subscribe", "", in{"TopicArn": topic, "Protocol": "email", "Endpoint": "a@example.com"}, topic},
		{"ListSubscriptions", "", nil, "*"},
		{"ListSubscriptionsByTopic", "", in{"TopicArn": topic}, topic},
		{"Publish", "", in{"TopicArn": topic, "Message": "hello"}, topic},
		{"PublishBatch", "Publish", in{"TopicArn": topic, "PublishBatchRequestEntries": []any{in{"Id": "1", "Message": "hello"}}}, topic},
		{"TagResource", "", in{"ResourceArn": topic, "Tags": tags}, topic},
		{"UntagResource", "", in{"ResourceArn": topic, "TagKeys": []string{"team"}}, topic},
		{"ListTagsForResource", "", in{"ResourceArn": topic}, topic},
	}
	listed := map[string]bool{"ConfirmSubscription": true} // needs a token: TestMail
	var cases []sandboxtest.Case
	for _, r := range rows {
		listed[r.operation] = true
		if r.action == "" {
			r.action = r.operation
		}
		cases = append(cases, sandboxtest.Case{Operation: "sns:" + r.operation, Prepare: world, Call: sandboxtest.Calling(client, r.operation, r.in),
			Needs: []sandboxtest.Permission{{Action: "sns:" + r.action, Resource: r.on}}})
	}
	for operation, more := range map[string]in{"Unsubscribe": nil, "GetSubscriptionAttributes": nil, "SetSubscriptionAttributes": {"AttributeName": "RawMessageDelivery", "AttributeValue": "true"}} {
		listed[operation] = true
		cases = append(cases, sandboxtest.Case{Operation: "sns:" + operation, Prepare: world, Needs: []sandboxtest.Permission{{Action: "sns:" + operation, Resource: topic}},
			Call: func(ctx context.Context, cfg aws.Config) error {
				members := in{"SubscriptionArn": first(ctx, cfg)}
				for k, v := range more {
					members[k] = v
				}
				_, err := sandboxtest.Operate(ctx, client(cfg), operation, members)
				return err
			}})
	}
	cases = append(cases, sandboxtest.Case{Operation: "sns:CreateTopic with tags", Call: sandboxtest.Calling(client, "CreateTopic", in{"Name": "new", "Tags": tags}),
		Needs: []sandboxtest.Permission{{Action: "sns:CreateTopic", Resource: fresh}, {Action: "sns:TagResource", Resource: fresh}}})
	sandboxtest.Matrix(t, cases)
	for _, o := range sandboxtest.Start(t).Sandbox.Support()["sns"] {
		if !listed[o] {
			t.Errorf("the matrix does not have %s", o)
		}
	}
}
