package s3_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

func TestBuckets(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	c, ctx := root(k, tools), t.Context()
	create := func(c *s3.Client, name, location string) error {
		in := &s3.CreateBucketInput{Bucket: &name}
		if location != "" {
			in.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(location)}
		}
		_, err := c.CreateBucket(ctx, in)
		return err
	}
	if err := create(c, "bucket-a", sandboxtest.Region); err != nil {
		t.Fatal(err)
	}
	wantCode(t, create(c, "bucket-a", sandboxtest.Region), "BucketAlreadyOwnedByYou")
	wantCode(t, create(root(k, prod), "bucket-a", sandboxtest.Region), "BucketAlreadyExists")
	wantCode(t, create(c, "bucket-b", ""), "IllegalLocationConstraintException")
	wantCode(t, create(c, "bucket-b", "eu-west-1"), "IllegalLocationConstraintException")
	// Source: "General purpose bucket naming rules", Amazon S3 user guide.
	for _, name := range []string{"Bucket", "buc_ket", "bucket..a", "192.168.5.4", "xn--bucket", "bucket-s3alias", "-bucket", "bucket-", "sthree-x", strings.Repeat("b", 64)} {
		t.Log(name)
		wantCode(t, create(c, name, sandboxtest.Region), "InvalidBucketName")
	}
	if got := must[*s3.GetBucketLocationOutput](t)(c.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: aws.String("bucket-a")})); got.LocationConstraint != sandboxtest.Region {
		t.Errorf("location %s", got.LocationConstraint)
	}
	if got := must[*s3.HeadBucketOutput](t)(c.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String("bucket-a")})); aws.ToString(got.BucketRegion) != sandboxtest.Region {
		t.Errorf("region %s", aws.ToString(got.BucketRegion))
	}
	makeBucket(t, k, prod, "bucket-p")
	if list := must[*s3.ListBucketsOutput](t)(c.ListBuckets(ctx, nil)).Buckets; len(list) != 1 || aws.ToString(list[0].Name) != "bucket-a" {
		t.Errorf("%+v", list)
	}
	_, err := c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("none")})
	wantCode(t, err, "NoSuchBucket")
	_, err = c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("bucket-a"), ExpectedBucketOwner: aws.String(prod)})
	wantCode(t, err, "AccessDenied")
	elsewhere := k.Config(sandboxtest.Root(tools))
	elsewhere.Region = "us-east-1"
	us := client(elsewhere)
	_, err = us.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("bucket-a")})
	wantCode(t, err, "AuthorizationHeaderMalformed")
	if err := create(us, "bucket-us", ""); err != nil {
		t.Fatal(err)
	}
	if err := create(us, "bucket-us", ""); err != nil {
		t.Errorf("us-east-1 makes a bucket twice: %v", err)
	}
	if got := must[*s3.GetBucketLocationOutput](t)(us.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: aws.String("bucket-us")})); got.LocationConstraint != "" {
		t.Errorf("location of us-east-1: %s", got.LocationConstraint)
	}
}

// TestConfigurations stores each configuration of a bucket and reads it back.
func TestConfigurations(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	makeBucket(t, k, tools, "bucket-a")
	c, ctx, bucket := root(k, tools), t.Context(), aws.String("bucket-a")
	do := func(operation string, members in) (any, error) {
		members["Bucket"] = *bucket
		return sandboxtest.Operate(ctx, c, operation, members)
	}
	fine := func(operation string, members in) {
		t.Helper()
		if _, err := do(operation, members); err != nil {
			t.Errorf("%s: %v", operation, err)
		}
	}
	absent := func(operation, code string) {
		t.Helper()
		_, err := do(operation, in{})
		wantCode(t, err, code)
	}
	absent("GetBucketLifecycleConfiguration", "NoSuchLifecycleConfiguration")
	rule := types.LifecycleRule{Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: aws.String("tmp/")}, Expiration: &types.LifecycleExpiration{Days: aws.Int32(7)}}
	fine("PutBucketLifecycleConfiguration", in{"LifecycleConfiguration": &types.BucketLifecycleConfiguration{Rules: []types.LifecycleRule{rule}}})
	if got := must[*s3.GetBucketLifecycleConfigurationOutput](t)(c.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: bucket})).Rules; len(got) != 1 || aws.ToString(got[0].Filter.Prefix) != "tmp/" || aws.ToInt32(got[0].Expiration.Days) != 7 || got[0].ID == nil {
		t.Errorf("%+v", got)
	}
	_, err := do("PutBucketLifecycleConfiguration", in{"LifecycleConfiguration": &types.BucketLifecycleConfiguration{Rules: []types.LifecycleRule{{Status: types.ExpirationStatusEnabled}}}})
	wantCode(t, err, "InvalidRequest")
	fine("DeleteBucketLifecycle", in{})
	absent("GetBucketLifecycleConfiguration", "NoSuchLifecycleConfiguration")

	absent("GetBucketTagging", "NoSuchTagSet")
	fine("PutBucketTagging", in{"Tagging": &types.Tagging{TagSet: []types.Tag{{Key: aws.String("a"), Value: aws.String("")}, {Key: aws.String("b"), Value: aws.String("a+b / ü")}}}})
	if got := must[*s3.GetBucketTaggingOutput](t)(c.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: bucket})).TagSet; len(got) != 2 || got[0].Value == nil || aws.ToString(got[1].Value) != "a+b / ü" {
		t.Errorf("%+v", got)
	}
	_, err = do("PutBucketTagging", in{"Tagging": &types.Tagging{TagSet: []types.Tag{{Key: aws.String("aws:x"), Value: aws.String("")}}}})
	wantCode(t, err, "InvalidTag")
	fine("DeleteBucketTagging", in{})
	absent("GetBucketTagging", "NoSuchTagSet")

	if got := must[*s3.GetBucketOwnershipControlsOutput](t)(c.GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: bucket})); got.OwnershipControls.Rules[0].ObjectOwnership != types.ObjectOwnershipBucketOwnerEnforced {
		t.Errorf("%+v", got)
	}
	fine("PutBucketOwnershipControls", in{"OwnershipControls": &types.OwnershipControls{Rules: []types.OwnershipControlsRule{{ObjectOwnership: types.ObjectOwnershipObjectWriter}}}})
	fine("DeleteBucketOwnershipControls", in{})
	absent("GetBucketOwnershipControls", "OwnershipControlsNotFoundError")

	if got := must[*s3.GetPublicAccessBlockOutput](t)(c.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: bucket})).PublicAccessBlockConfiguration; !aws.ToBool(got.BlockPublicPolicy) || !aws.ToBool(got.RestrictPublicBuckets) || !aws.ToBool(got.BlockPublicAcls) || !aws.ToBool(got.IgnorePublicAcls) {
		t.Errorf("a new bucket has %+v", got)
	}
	fine("DeletePublicAccessBlock", in{})
	absent("GetPublicAccessBlock", "NoSuchPublicAccessBlockConfiguration")

	fine("PutBucketAcl", in{"ACL": types.BucketCannedACLPrivate})
	_, err = do("PutBucketAcl", in{"ACL": types.BucketCannedACLPublicRead})
	wantCode(t, err, "AccessControlListNotSupported")
	acl := must[*s3.GetBucketAclOutput](t)(c.GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: bucket}))
	if len(acl.Grants) != 1 || acl.Grants[0].Permission != types.PermissionFullControl || aws.ToString(acl.Grants[0].Grantee.ID) != aws.ToString(acl.Owner.ID) || acl.Grants[0].Grantee.Type != types.TypeCanonicalUser {
		t.Errorf("%+v", acl)
	}
	_, err = do("PutBucketNotificationConfiguration", in{"NotificationConfiguration": &types.NotificationConfiguration{QueueConfigurations: []types.QueueConfiguration{{QueueArn: aws.String("arn:aws:sqs:eu-central-1:111111111111:q"), Events: []types.Event{types.EventS3ObjectCreated}}}}})
	wantCode(t, err, "NotImplemented")
	_, err = do("PutBucketVersioning", in{"VersioningConfiguration": &types.VersioningConfiguration{Status: "Perhaps"}})
	wantCode(t, err, "MalformedXML")
	_, err = do("PutBucketEncryption", in{"ServerSideEncryptionConfiguration": &types.ServerSideEncryptionConfiguration{Rules: []types.ServerSideEncryptionRule{{ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: types.ServerSideEncryptionAes256, KMSMasterKeyID: aws.String("k")}}}}})
	wantCode(t, err, "InvalidArgument")
	// What the sandbox does not have must not be taken for something else.
	for operation, members := range map[string]in{"GetBucketCors": {}, "GetBucketWebsite": {}, "DeleteBucketReplication": {}, "GetBucketLogging": {}, "GetBucketReplication": {}, "DeleteBucketCors": {}, "GetBucketAccelerateConfiguration": {},
		"PutBucketAccelerateConfiguration": {"AccelerateConfiguration": &types.AccelerateConfiguration{Status: types.BucketAccelerateStatusEnabled}}} {
		_, err := do(operation, members)
		t.Log(operation)
		wantCode(t, err, "NotImplemented")
	}
	must[*s3.HeadBucketOutput](t)(c.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: bucket}))
}
