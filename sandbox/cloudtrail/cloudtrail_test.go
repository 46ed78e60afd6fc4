package cloudtrail_test

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"go.uber.org/goleak"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type in = sandboxtest.In

func client(cfg aws.Config) *cloudtrail.Client { return cloudtrail.NewFromConfig(cfg) }

const (
	trails = "arn:aws:cloudtrail:" + sandboxtest.Region + ":" + sandboxtest.Tools + ":trail/"
	tr     = trails + "tr1"
	folder = "AWSLogs/" + sandboxtest.Tools + "/CloudTrail/"
)

// bucketPolicy is the one of "Amazon S3 bucket policy for CloudTrail" in the user
// guide, for the trails named.
func bucketPolicy(bucket string, arns string) string {
	return `{"Version":"2012-10-17","Statement":[
		{"Sid":"AWSCloudTrailAclCheck","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::` + bucket + `","Condition":{"StringLike":{"aws:SourceArn":"` + arns + `"}}},
		{"Sid":"AWSCloudTrailWrite","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::` + bucket + `/AWSLogs/` + sandboxtest.Tools + `/*",
		"Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control"},"StringLike":{"aws:SourceArn":"` + arns + `"}}}]}`
}

func bucket(t testing.TB, k *sandboxtest.Kit, name, policy string) {
	k.Invoke(t, sandboxtest.Tools, "s3", "CreateBucket", in{"Bucket": name, "CreateBucketConfiguration": in{"LocationConstraint": sandboxtest.Region}}, nil)
	if policy != "" {
		k.Invoke(t, sandboxtest.Tools, "s3", "PutBucketPolicy", in{"Bucket": name, "Policy": policy}, nil)
	}
}

func world(t testing.TB, k *sandboxtest.Kit) {
	bucket(t, k, "log", bucketPolicy("log", trails+"*"))
	k.Invoke(t, sandboxtest.Tools, "cloudtrail", "CreateTrail", in{"Name": "tr1", "S3BucketName": "log", "TagsList": []any{in{"Key": "team", "Value": "blue"}}}, nil)
}

// Actions and resources follow the service authorization reference.
func TestMatrix(t *testing.T) {
	t.Parallel()
	name, tags := in{"Name": "tr1"}, []any{in{"Key": "team", "Value": "v"}}
	rows := []struct {
		operation string
		in        in
		on        string
	}{
		{"CreateTrail", in{"Name": "new", "S3BucketName": "log"}, trails + "new"},
		{"UpdateTrail", in{"Name": "tr1", "IsMultiRegionTrail": true}, tr},
		{"DeleteTrail", name, tr},
		{"DescribeTrails", nil, "*"},
		{"GetTrail", name, tr},
		{"GetTrailStatus", in{"Name": tr}, tr},
		{"StartLogging", name, tr},
		{"StopLogging", name, tr},
		{"ListTrails", nil, "*"},
		{"PutEventSelectors", in{"TrailName": "tr1", "EventSelectors": []any{in{"ReadWriteType": "WriteOnly"}}}, tr},
		{"GetEventSelectors", in{"TrailName": "tr1"}, tr},
		{"AddTags", in{"ResourceId": tr, "TagsList": tags}, tr},
		{"RemoveTags", in{"ResourceId": tr, "TagsList": tags}, tr},
		{"ListTags", in{"ResourceIdList": []string{tr}}, tr},
		{"LookupEvents", nil, "*"},
	}
	listed := map[string]bool{}
	var cases []sandboxtest.Case
	for _, r := range rows {
		listed[r.operation] = true
		cases = append(cases, sandboxtest.Case{Operation: "cloudtrail:" + r.operation, Prepare: world, Call: sandboxtest.Calling(client, r.operation, r.in),
			Needs: []sandboxtest.Permission{{Action: "cloudtrail:" + r.operation, Resource: r.on}}})
	}
	cases = append(cases, sandboxtest.Case{Operation: "cloudtrail:CreateTrail with tags", Prepare: world, Call: sandboxtest.Calling(client, "CreateTrail", in{"Name": "new", "S3BucketName": "log", "TagsList": tags}),
		Needs: []sandboxtest.Permission{{Action: "cloudtrail:CreateTrail", Resource: trails + "new"}, {Action: "cloudtrail:AddTags", Resource: trails + "new"}}})
	sandboxtest.Matrix(t, cases)
	for _, o := range sandboxtest.Start(t).Sandbox.Support()["cloudtrail"] {
		if !listed[o] {
			t.Errorf("the matrix does not have %s", o)
		}
	}
}

type kit struct {
	*sandboxtest.Kit
	*testing.T
	c *cloudtrail.Client
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

// files are the log files in the bucket: key → names of the events in it.
func (k kit) files() map[string][]string {
	k.Helper()
	k.Idle(k.T)
	c := s3.NewFromConfig(k.Config(sandboxtest.Root(sandboxtest.Tools)), func(o *s3.Options) { o.UsePathStyle = true })
	list, err := c.ListObjectsV2(k.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("log")})
	if err != nil {
		k.Fatal(err)
	}
	out := map[string][]string{}
	for _, o := range list.Contents {
		if *o.Key == folder {
			continue
		}
		got, err := c.GetObject(k.Context(), &s3.GetObjectInput{Bucket: aws.String("log"), Key: o.Key})
		if err != nil {
			k.Fatal(err)
		}
		z, err := gzip.NewReader(got.Body)
		if err != nil {
			k.Fatal(err)
		}
		data, err := io.ReadAll(z)
		if err != nil {
			k.Fatal(err)
		}
		var file struct {
			Records []struct{ EventName, EventSource string }
		}
		if err := json.Unmarshal(data, &file); err != nil {
			k.Fatal(err)
		}
		for _, r := range file.Records {
			out[*o.Key] = append(out[*o.Key], r.EventName)
		}
	}
	return out
}

// fileName follows "Finding your CloudTrail log files".
var fileName = regexp.MustCompile(`^AWSLogs/111111111111/CloudTrail/eu-central-1/\d{4}/\d{2}/\d{2}/111111111111_CloudTrail_eu-central-1_\d{8}T\d{4}Z_[A-Za-z0-9]{16}\.json\.gz$`)

// TestDelivery: what happens while the trail logs is in its files five minutes of
// the world's clock later, and not before; what happens outside is not.
func TestDelivery(t *testing.T) {
	t.Parallel()
	k := start(t)
	make := func(user string) { k.Invoke(t, sandboxtest.Tools, "iam", "CreateUser", in{"UserName": user}, nil) }
	make("before")
	k.do("StartLogging", in{"Name": "tr1"})
	make("during")
	k.Invoke(t, sandboxtest.Prod, "iam", "CreateUser", in{"UserName": "elsewhere"}, nil)
	if got := k.files(); len(got) != 0 {
		t.Fatal("delivered at once:", got)
	}
	k.Sandbox.World.Clock.Advance(5*time.Minute + time.Second)
	got := k.files()
	if len(got) != 1 {
		t.Fatal(got, k.Sandbox.World.Failures())
	}
	for key, events := range got {
		if !fileName.MatchString(key) {
			t.Errorf("key %s", key)
		}
		if n := strings.Count(strings.Join(events, " "), "CreateUser"); n != 1 {
			t.Errorf("%d CreateUser in %v", n, events)
		}
	}
	k.do("StopLogging", in{"Name": "tr1"})
	flush(k)
	before := len(k.files())
	make("after")
	flush(k)
	if got := k.files(); len(got) != before {
		t.Fatal("logged after StopLogging:", got)
	}
	status := k.do("GetTrailStatus", in{"Name": "tr1"}).(*cloudtrail.GetTrailStatusOutput)
	if *status.IsLogging || status.LatestDeliveryTime == nil || status.LatestDeliveryError != nil {
		t.Fatal(status)
	}
}

func flush(k kit) {
	k.Helper()
	answer, err := k.Server.Client().Post(k.URL+"/_sandbox/flush-trails", "application/json", nil)
	if err != nil {
		k.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		k.Fatal(answer.Status)
	}
}

func TestSelectors(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.do("PutEventSelectors", in{"TrailName": "tr1", "EventSelectors": []any{in{"ReadWriteType": "ReadOnly"}}})
	k.do("StartLogging", in{"Name": "tr1"})
	k.Invoke(t, sandboxtest.Tools, "iam", "CreateUser", in{"UserName": "anna"}, nil)
	k.Invoke(t, sandboxtest.Tools, "iam", "GetUser", in{"UserName": "anna"}, nil)
	k.Invoke(t, sandboxtest.Tools, "kms", "ListKeys", in{}, nil)
	k.do("PutEventSelectors", in{"TrailName": "tr1", "AdvancedEventSelectors": []any{in{"FieldSelectors": []any{
		in{"Field": "eventCategory", "Equals": []string{"Management"}}, in{"Field": "eventSource", "NotEquals": []string{"kms.amazonaws.com"}}}}}})
	k.Invoke(t, sandboxtest.Tools, "kms", "ListAliases", in{}, nil)
	k.Invoke(t, sandboxtest.Tools, "iam", "ListUsers", in{}, nil)
	flush(k)
	var all []string
	for _, events := range k.files() {
		all = append(all, events...)
	}
	got := strings.Join(all, " ")
	if got != "GetUser ListKeys PutEventSelectors ListUsers" {
		t.Fatal(got)
	}
}

// TestBucketPolicy: CreateTrail refuses a bucket that CloudTrail could not write
// to, and a policy that is taken away later shows in the status.
func TestBucketPolicy(t *testing.T) {
	t.Parallel()
	k := start(t)
	bucket(t, k.Kit, "closed", "")
	bucket(t, k.Kit, "other", bucketPolicy("other", trails+"other"))
	for name, want := range map[string]string{"nowhere": "S3BucketDoesNotExistException", "closed": "InsufficientS3BucketPolicyException", "other": "InsufficientS3BucketPolicyException"} {
		_, err := k.c.CreateTrail(t.Context(), &cloudtrail.CreateTrailInput{Name: aws.String("tr2"), S3BucketName: &name})
		if sandboxtest.Code(err) != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
	k.do("StartLogging", in{"Name": "tr1"})
	k.Invoke(t, sandboxtest.Tools, "s3", "DeleteBucketPolicy", in{"Bucket": "log"}, nil)
	k.Sandbox.World.Clock.Advance(6 * time.Minute)
	k.Idle(t)
	status := k.do("GetTrailStatus", in{"Name": "tr1"}).(*cloudtrail.GetTrailStatusOutput)
	if status.LatestDeliveryError == nil || !strings.HasPrefix(*status.LatestDeliveryError, "AccessDenied") {
		t.Fatal(status)
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	k := start(t)
	for _, name := range []string{"a", "b", "c"} {
		k.Invoke(t, sandboxtest.Tools, "iam", "CreateUser", in{"UserName": name}, nil)
		k.Sandbox.World.Clock.Advance(time.Hour)
	}
	by := func(key types.LookupAttributeKey, value string, more func(*cloudtrail.LookupEventsInput)) []types.Event {
		t.Helper()
		q := &cloudtrail.LookupEventsInput{LookupAttributes: []types.LookupAttribute{{AttributeKey: key, AttributeValue: &value}}}
		if more != nil {
			more(q)
		}
		out, err := k.c.LookupEvents(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return out.Events
	}
	all := by("EventName", "CreateUser", nil)
	if len(all) != 3 || !strings.Contains(*all[0].CloudTrailEvent, `"userName":"c"`) || *all[0].Username != "root" || *all[0].ReadOnly != "false" {
		t.Fatal(all)
	}
	middle := by("EventName", "CreateUser", func(q *cloudtrail.LookupEventsInput) {
		from, to := all[2].EventTime.Add(time.Minute), all[0].EventTime.Add(-time.Minute)
		q.StartTime, q.EndTime = &from, &to
	})
	if len(middle) != 1 || *middle[0].EventId != *all[1].EventId {
		t.Fatal(middle)
	}
	if one := by("EventId", *all[2].EventId, nil); len(one) != 1 || *one[0].EventId != *all[2].EventId {
		t.Fatal(one)
	}
	if none := by("EventSource", "ec2.amazonaws.com", nil); len(none) != 0 {
		t.Fatal(none)
	}
	pages := cloudtrail.NewLookupEventsPaginator(k.c, &cloudtrail.LookupEventsInput{MaxResults: aws.Int32(2), LookupAttributes: []types.LookupAttribute{{AttributeKey: "EventName", AttributeValue: aws.String("CreateUser")}}})
	var ids []string
	for pages.HasMorePages() {
		p, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range p.Events {
			ids = append(ids, *e.EventId)
		}
	}
	if len(ids) != 3 || ids[0] != *all[0].EventId || ids[2] != *all[2].EventId {
		t.Fatal(ids)
	}
	k.Sandbox.World.Clock.Advance(91 * 24 * time.Hour)
	if old := by("EventName", "CreateUser", nil); len(old) != 0 {
		t.Fatal("seen after 90 days:", old)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	k := start(t)
	create := func(name string, more in) in {
		out := in{"Name": name, "S3BucketName": "log"}
		for k, v := range more {
			out[k] = v
		}
		return out
	}
	for _, r := range []struct {
		operation, code string
		in              in
	}{
		{"CreateTrail", "InvalidTrailNameException", create("ab", nil)},
		{"CreateTrail", "InvalidTrailNameException", create("a b c", nil)},
		{"CreateTrail", "InvalidTrailNameException", create("-abc", nil)},
		{"CreateTrail", "InvalidTrailNameException", create("a--b", nil)},
		{"CreateTrail", "TrailAlreadyExistsException", create("tr1", nil)},
		{"CreateTrail", "InvalidParameterCombinationException", create("tr2", in{"IsMultiRegionTrail": true, "IncludeGlobalServiceEvents": false})},
		{"CreateTrail", "NotImplemented", create("tr2", in{"EnableLogFileValidation": true})},
		{"CreateTrail", "NotImplemented", create("tr2", in{"KmsKeyId": "alias/x"})},
		{"GetTrail", "TrailNotFoundException", in{"Name": "nope"}},
		{"GetTrail", "CloudTrailARNInvalidException", in{"Name": "arn:aws:s3:::x"}},
		{"PutEventSelectors", "InvalidEventSelectorsException", in{"TrailName": "tr1"}},
		{"PutEventSelectors", "NotImplemented", in{"TrailName": "tr1", "EventSelectors": []any{in{"DataResources": []any{in{"Type": "AWS::S3::Object"}}}}}},
		{"LookupEvents", "NotImplemented", in{"LookupAttributes": []any{in{"AttributeKey": "ResourceName", "AttributeValue": "x"}}}},
	} {
		if _, err := sandboxtest.Operate(t.Context(), k.c, r.operation, r.in); sandboxtest.Code(err) != r.code {
			t.Errorf("%s %v: %v, want %s", r.operation, r.in, err, r.code)
		}
	}
}
