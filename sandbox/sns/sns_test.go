package sns_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

const queue = "arn:aws:sqs:" + sandboxtest.Region + ":" + sandboxtest.Tools + ":q"

type kit struct {
	*sandboxtest.Kit
	*testing.T
	sns *sns.Client
}

// start returns a kit with the topic t and the queue q, whose policy lets the topic
// send.
func start(t *testing.T) kit {
	t.Helper()
	k := kit{sandboxtest.Start(t), t, nil}
	k.sns = client(k.Config(sandboxtest.Root(sandboxtest.Tools)))
	k.do(k.sns, "CreateTopic", in{"Name": "t"})
	policy := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"` + queue + `","Condition":{"ArnEquals":{"aws:SourceArn":"` + topic + `"}}}}`
	k.Invoke(t, sandboxtest.Tools, "sqs", "CreateQueue", in{"QueueName": "q", "Attributes": map[string]string{"Policy": policy, "VisibilityTimeout": "0"}}, nil)
	return k
}

func (k kit) do(c *sns.Client, operation string, members in) any {
	k.Helper()
	out, err := sandboxtest.Operate(k.Context(), c, operation, members)
	if err != nil {
		k.Fatalf("%s: %v", operation, err)
	}
	return out
}

func (k kit) subscribe(protocol, endpoint string, attributes map[string]string) string {
	k.Helper()
	out := k.do(k.sns, "Subscribe", in{"TopicArn": topic, "Protocol": protocol, "Endpoint": endpoint, "Attributes": attributes, "ReturnSubscriptionArn": true})
	return *out.(*sns.SubscribeOutput).SubscriptionArn
}

type received struct {
	Body              string
	MessageAttributes map[string]struct{ StringValue string }
}

// arrived are the messages in a queue once nothing is under way.
func (k kit) arrived(name string) []received {
	k.Helper()
	k.Idle(k.T)
	var out struct{ Messages []received }
	k.Invoke(k.T, sandboxtest.Tools, "sqs", "ReceiveMessage", in{"QueueUrl": "/" + sandboxtest.Tools + "/" + name, "MaxNumberOfMessages": 10, "MessageAttributeNames": []string{"All"}}, &out)
	return out.Messages
}

func (k kit) page(path string) []byte {
	k.Helper()
	answer, err := k.Server.Client().Get(path)
	if err != nil {
		k.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		k.Fatal(answer.Status, err, string(data))
	}
	return data
}

// verify checks a message as "Verifying the signatures of Amazon SNS messages"
// says: the values of the fields named, in that order, each with its name.
func (k kit) verify(m map[string]string) {
	k.Helper()
	block, _ := pem.Decode(k.page(m["SigningCertURL"]))
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		k.Fatal(err)
	}
	names := []string{"Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"}
	if m["Type"] != "Notification" {
		names = []string{"Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"}
	}
	text := ""
	for _, name := range names {
		if v, ok := m[name]; ok {
			text += name + "\n" + v + "\n"
		}
	}
	signature, err := base64.StdEncoding.DecodeString(m["Signature"])
	if err != nil {
		k.Fatal(err)
	}
	one, two := sha1.Sum([]byte(text)), sha256.Sum256([]byte(text))
	hash, sum := crypto.SHA1, one[:]
	if m["SignatureVersion"] == "2" {
		hash, sum = crypto.SHA256, two[:]
	}
	if err := rsa.VerifyPKCS1v15(certificate.PublicKey.(*rsa.PublicKey), hash, sum, signature); err != nil {
		k.Errorf("signature of version %s: %v", m["SignatureVersion"], err)
	}
}

func TestQueueDelivery(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.subscribe("sqs", queue, nil)
	k.do(k.sns, "Publish", in{"TopicArn": topic, "Message": "hello", "Subject": "greeting", "MessageAttributes": in{"n": in{"DataType": "Number", "StringValue": "5"}}})
	got := k.arrived("q")
	if len(got) != 1 {
		t.Fatalf("%v, failures %v", got, k.Sandbox.World.Failures())
	}
	var e struct {
		Type, MessageId, TopicArn, Subject, Message, UnsubscribeURL string
		MessageAttributes                                           map[string]struct{ Type, Value string }
	}
	if err := json.Unmarshal([]byte(got[0].Body), &e); err != nil {
		t.Fatal(err)
	}
	if e.Type != "Notification" || e.TopicArn != topic || e.Subject != "greeting" || e.Message != "hello" || e.MessageAttributes["n"].Value != "5" || e.UnsubscribeURL == "" {
		t.Fatal(got[0].Body)
	}
	var fields map[string]any
	if err := json.Unmarshal([]byte(got[0].Body), &fields); err != nil {
		t.Fatal(err)
	}
	k.verify(texts(fields))
}

func texts(fields map[string]any) map[string]string {
	out := map[string]string{}
	for name, v := range fields {
		if s, ok := v.(string); ok {
			out[name] = s
		}
	}
	return out
}

// TestQueueRefuses: without the queue's leave nothing arrives, and the failure is
// told; with another topic's leave neither.
func TestQueueRefuses(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.do(k.sns, "CreateTopic", in{"Name": "other"})
	other := strings.TrimSuffix(topic, "t") + "other"
	k.do(k.sns, "Subscribe", in{"TopicArn": other, "Protocol": "sqs", "Endpoint": queue})
	k.do(k.sns, "Publish", in{"TopicArn": other, "Message": "hello"})
	if got := k.arrived("q"); len(got) != 0 {
		t.Fatal(got)
	}
	failures := k.Sandbox.World.Failures()
	const want = "User: sns.amazonaws.com is not authorized to perform: sqs:SendMessage on resource: " + queue
	if len(failures) != 1 || !strings.Contains(failures[0].Error, want) {
		t.Fatal(failures)
	}
}

func TestRawAndFiltered(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.subscribe("sqs", queue, map[string]string{"RawMessageDelivery": "true", "FilterPolicy": `{"store":["shop"],"price":[{"numeric":[">=",100]}]}`})
	publish := func(store, price, message string) {
		k.do(k.sns, "Publish", in{"TopicArn": topic, "Message": message, "MessageAttributes": in{
			"store": in{"DataType": "String.Array", "StringValue": `["x","` + store + `"]`}, "price": in{"DataType": "Number", "StringValue": price}}})
	}
	publish("shop", "99.5", "cheap")
	publish("mart", "120", "elsewhere")
	publish("shop", "120", "wanted")
	got := k.arrived("q")
	if len(got) != 1 || got[0].Body != "wanted" || got[0].MessageAttributes["price"].StringValue != "120" {
		t.Fatal(got)
	}
}

func TestStructured(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.subscribe("sqs", queue, map[string]string{"RawMessageDelivery": "true", "FilterPolicyScope": "MessageBody", "FilterPolicy": `{"a":{"b":["c"]}}`})
	k.do(k.sns, "Publish", in{"TopicArn": topic, "MessageStructure": "json", "Message": `{"default":"d","sqs":"{\"a\":{\"b\":\"c\"}}"}`})
	k.do(k.sns, "Publish", in{"TopicArn": topic, "Message": `{"a":{"b":"x"}}`})
	if got := k.arrived("q"); len(got) != 1 || got[0].Body != `{"a":{"b":"c"}}` {
		t.Fatal(got)
	}
}

// TestHTTP: an endpoint is asked to confirm, gets nothing before it does, then
// signed messages, and those that fail again later.
func TestHTTP(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.do(k.sns, "SetTopicAttributes", in{"TopicArn": topic, "AttributeName": "SignatureVersion", "AttributeValue": "2"})
	type call struct {
		kind string
		body map[string]any
	}
	calls := make(chan call, 20)
	status := make(chan int, 20)
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body map[string]any
		_ = json.NewDecoder(r.Body).Decode(&body)
		calls <- call{r.Header.Get("x-amz-sns-message-type"), body}
		w.WriteHeader(<-status)
	}))
	t.Cleanup(endpoint.Close)
	status <- 200
	k.subscribe("http", endpoint.URL, nil)
	confirmation := <-calls
	if confirmation.kind != "SubscriptionConfirmation" {
		t.Fatal(confirmation)
	}
	k.verify(texts(confirmation.body))
	k.do(k.sns, "Publish", in{"TopicArn": topic, "Message": "too early"})
	k.Idle(t)
	k.page(confirmation.body["SubscribeURL"].(string))
	status <- 500
	k.do(k.sns, "Publish", in{"TopicArn": topic, "Message": "hello"})
	m := <-calls
	if m.kind != "Notification" || m.body["Message"] != "hello" {
		t.Fatal(m)
	}
	k.verify(texts(m.body))
	k.Idle(t)
	status <- 200
	k.Sandbox.World.Clock.Advance(20 * time.Second)
	if again := <-calls; again.body["MessageId"] != m.body["MessageId"] {
		t.Fatal(again)
	}
	k.Idle(t)
	k.page(m.body["UnsubscribeURL"].(string))
	k.do(k.sns, "Publish", in{"TopicArn": topic, "Message": "after the end"})
	k.Idle(t)
	select {
	case c := <-calls:
		t.Fatal("delivered after the end:", c)
	default:
	}
	if failures := k.Sandbox.World.Failures(); len(failures) != 0 {
		t.Fatal(failures)
	}
}

// TestNotIntoTheNetwork: 192.0.2.0/24 is nobody's (RFC 5737).
func TestNotIntoTheNetwork(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.subscribe("http", "http://192.0.2.1/", nil)
	for range 4 {
		k.Idle(t)
		k.Sandbox.World.Clock.Advance(21 * time.Second)
	}
	k.Idle(t)
	failures := k.Sandbox.World.Failures()
	if len(failures) != 1 || !strings.Contains(failures[0].Error, "delivers to this machine only") {
		t.Fatal(failures)
	}
}

func TestMail(t *testing.T) {
	t.Parallel()
	k := start(t)
	arn := k.subscribe("email", "a@example.com", nil)
	mails := func() (out []struct{ To, Subject, Body string }) {
		k.Idle(t)
		var page struct {
			Messages *[]struct{ To, Subject, Body string }
		}
		page.Messages = &out
		if err := json.Unmarshal(k.page(k.URL+"/_sandbox/outbox?to=a@example.com"), &page); err != nil {
			t.Fatal(err)
		}
		return out
	}
	k.do(k.sns, "Publish", in{"TopicArn": topic, "Message": "too early"})
	got := mails()
	if len(got) != 1 || got[0].Subject != "AWS Notification - Subscription Confirmation" {
		t.Fatal(got)
	}
	token := regexp.MustCompile(`Token=([0-9a-f]+)`).FindStringSubmatch(got[0].Body)[1]
	_, err := k.sns.ConfirmSubscription(t.Context(), &sns.ConfirmSubscriptionInput{TopicArn: aws.String(topic), Token: aws.String("0" + token[1:] + "0")})
	if sandboxtest.Code(err) != "InvalidParameter" {
		t.Fatal(err)
	}
	confirmed, err := k.sns.ConfirmSubscription(t.Context(), &sns.ConfirmSubscriptionInput{TopicArn: aws.String(topic), Token: &token, AuthenticateOnUnsubscribe: aws.String("true")})
	if err != nil || *confirmed.SubscriptionArn != arn {
		t.Fatal(confirmed, err)
	}
	k.do(k.sns, "Publish", in{"TopicArn": topic, "Message": "hello", "Subject": "s"})
	if got = mails(); len(got) != 2 || got[1].Subject != "s" || !strings.HasPrefix(got[1].Body, "hello\n") {
		t.Fatal(got)
	}
	// Whoever confirmed it asked that only a signed request should end it.
	answer, err := k.Server.Client().Get(k.URL + "/?Action=Unsubscribe&Version=2010-03-31&SubscriptionArn=" + arn)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusForbidden {
		t.Fatal(answer.Status)
	}
}

// TestTopicPolicy: another account needs the topic's policy, which can hold it to
// protocols and endpoints.
func TestTopicPolicy(t *testing.T) {
	t.Parallel()
	k := start(t)
	bob := client(k.Config(k.User(t, sandboxtest.Prod, "bob", sandboxtest.Allow("sns:*", "*"))))
	subscribe := func(address string) error {
		_, err := bob.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: aws.String(topic), Protocol: aws.String("email"), Endpoint: &address})
		return err
	}
	if err := subscribe("a@example.com"); sandboxtest.Code(err) != "AccessDenied" {
		t.Fatal(err)
	}
	k.do(k.sns, "SetTopicAttributes", in{"TopicArn": topic, "AttributeName": "Policy", "AttributeValue": `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"` + sandboxtest.Prod + `"},"Action":"sns:Subscribe","Resource":"` + topic + `",
		"Condition":{"StringEquals":{"sns:Protocol":"email"},"StringLike":{"sns:Endpoint":"*@example.com"}}}}`})
	if err := subscribe("a@example.com"); err != nil {
		t.Fatal(err)
	}
	if err := subscribe("a@example.org"); sandboxtest.Code(err) != "AccessDenied" {
		t.Fatal(err)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	k := start(t)
	sub := k.subscribe("sqs", queue, nil)
	for _, r := range []struct {
		operation, code, message string
		in                       in
	}{
		{"CreateTopic", "NotImplemented", "FIFO topics", in{"Name": "t.fifo", "Attributes": map[string]string{"FifoTopic": "true"}}},
		{"CreateTopic", "InvalidParameter", "Invalid parameter: Topic Name", in{"Name": "a b"}},
		{"CreateTopic", "InvalidParameter", "Topic already exists with different attributes", in{"Name": "t", "Attributes": map[string]string{"DisplayName": "x"}}},
		{"SetTopicAttributes", "InvalidParameter", "Policy Error: null", in{"TopicArn": topic, "AttributeName": "Policy", "AttributeValue": "{"}},
		{"SetTopicAttributes", "InvalidParameter", "Policy statement action out of service scope!", in{"TopicArn": topic, "AttributeName": "Policy", "AttributeValue": `{"Statement":{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*"}}`}},
		{"SetTopicAttributes", "InvalidParameter", "PrincipalNotFound", in{"TopicArn": topic, "AttributeName": "Policy", "AttributeValue": `{"Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:role/nobody"},"Action":"sns:Publish","Resource":"*"}}`}},
		{"GetTopicAttributes", "NotFound", "Topic does not exist", in{"TopicArn": topic + "x"}},
		{"Publish", "InvalidParameter", "Message too long", in{"TopicArn": topic, "Message": strings.Repeat("x", 256<<10+1)}},
		{"Publish", "InvalidParameter", "Subject", in{"TopicArn": topic, "Message": "m", "Subject": "a\nb"}},
		{"Publish", "InvalidParameter", "JSON message body failed to parse", in{"TopicArn": topic, "Message": "m", "MessageStructure": "json"}},
		{"Publish", "InvalidParameter", "No default entry", in{"TopicArn": topic, "Message": "{}", "MessageStructure": "json"}},
		{"Publish", "ParameterValueInvalid", "", in{"TopicArn": topic, "Message": "m", "MessageAttributes": in{"n": in{"DataType": "Number", "StringValue": "x"}}}},
		{"Publish", "NotImplemented", "phone numbers", in{"PhoneNumber": "+1", "Message": "m"}},
		{"Subscribe", "InvalidParameter", "Email address", in{"TopicArn": topic, "Protocol": "email", "Endpoint": "nobody"}},
		{"Subscribe", "InvalidParameter", "SQS endpoint ARN", in{"TopicArn": topic, "Protocol": "sqs", "Endpoint": "q"}},
		{"Subscribe", "NotImplemented", "sms", in{"TopicArn": topic, "Protocol": "sms", "Endpoint": "+1"}},
		{"SetSubscriptionAttributes", "InvalidParameter", "FilterPolicy", in{"SubscriptionArn": sub, "AttributeName": "FilterPolicy", "AttributeValue": `{"a":"b"}`}},
		{"SetSubscriptionAttributes", "InvalidParameter", "does not support nested", in{"SubscriptionArn": sub, "AttributeName": "FilterPolicy", "AttributeValue": `{"a":{"b":["c"]}}`}},
		{"PublishBatch", "EmptyBatchRequest", "", in{"TopicArn": topic, "PublishBatchRequestEntries": []any{}}},
	} {
		_, err := sandboxtest.Operate(t.Context(), k.sns, r.operation, r.in)
		if sandboxtest.Code(err) != r.code || !strings.Contains(sandboxtest.Message(err), r.message) {
			t.Errorf("%s %v: %v, want %s %s", r.operation, r.in, err, r.code, r.message)
		}
	}
}
