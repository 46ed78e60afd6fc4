package s3_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

// locked makes a bucket with object lock and an object in it.
func locked(t *testing.T, k *sandboxtest.Kit, in s3.PutObjectInput) (c *s3.Client, version *string) {
	t.Helper()
	c = root(k, tools)
	must[*s3.CreateBucketOutput](t)(c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("bucket-a"), ObjectLockEnabledForBucket: aws.Bool(true),
		CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: sandboxtest.Region}}))
	in.Bucket, in.Key, in.Body, in.ChecksumAlgorithm = aws.String("bucket-a"), aws.String("k"), strings.NewReader("x"), types.ChecksumAlgorithmSha256
	return c, must[*s3.PutObjectOutput](t)(c.PutObject(t.Context(), &in)).VersionId
}

func remove(t *testing.T, c *s3.Client, version *string, bypass bool) error {
	t.Helper()
	_, err := c.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String("bucket-a"), Key: aws.String("k"), VersionId: version, BypassGovernanceRetention: aws.Bool(bypass)})
	return err
}

func retain(t *testing.T, c *s3.Client, mode types.ObjectLockRetentionMode, until time.Time, bypass bool) error {
	t.Helper()
	_, err := c.PutObjectRetention(t.Context(), &s3.PutObjectRetentionInput{Bucket: aws.String("bucket-a"), Key: aws.String("k"), BypassGovernanceRetention: &bypass, Retention: &types.ObjectLockRetention{Mode: mode, RetainUntilDate: &until}})
	return err
}

func TestGovernance(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	day := time.Now().Add(24 * time.Hour)
	c, version := locked(t, k, s3.PutObjectInput{ObjectLockMode: types.ObjectLockModeGovernance, ObjectLockRetainUntilDate: &day})
	wantCode(t, remove(t, c, version, false), "AccessDenied")
	// A deletion without a version only puts a marker on top.
	if err := remove(t, c, nil, false); err != nil {
		t.Error(err)
	}
	user := client(k.Config(k.User(t, tools, "anna", sandboxtest.Allow("s3:DeleteObjectVersion", aObjects))))
	err := remove(t, user, version, true)
	wantCode(t, err, "AccessDenied")
	if err != nil && !strings.Contains(err.Error(), "s3:BypassGovernanceRetention") {
		t.Error(err)
	}
	k.Permit(t, tools, "anna", sandboxtest.Allow("s3:DeleteObjectVersion", aObjects), sandboxtest.Allow("s3:BypassGovernanceRetention", aObjects))
	wantCode(t, remove(t, user, version, false), "AccessDenied")
	if err := remove(t, user, version, true); err != nil {
		t.Errorf("with the permission to bypass: %v", err)
	}
}

func TestCompliance(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	day := time.Now().Add(24 * time.Hour)
	c, version := locked(t, k, s3.PutObjectInput{ObjectLockMode: types.ObjectLockModeCompliance, ObjectLockRetainUntilDate: &day})
	wantCode(t, remove(t, c, version, true), "AccessDenied") // not even the root user
	wantCode(t, retain(t, c, types.ObjectLockRetentionModeCompliance, day.Add(-time.Hour), true), "AccessDenied")
	wantCode(t, retain(t, c, types.ObjectLockRetentionModeGovernance, day.Add(time.Hour), true), "AccessDenied")
	if err := retain(t, c, types.ObjectLockRetentionModeCompliance, day.Add(24*time.Hour), false); err != nil {
		t.Errorf("to retain longer: %v", err)
	}
	k.Sandbox.World.Clock.Advance(47 * time.Hour)
	wantCode(t, remove(t, c, version, true), "AccessDenied")
	k.Sandbox.World.Clock.Advance(2 * time.Hour)
	if err := remove(t, c, version, false); err != nil {
		t.Errorf("after the retention: %v", err)
	}
}

func TestRetentionChanges(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	day := time.Now().Add(24 * time.Hour)
	c, version := locked(t, k, s3.PutObjectInput{})
	_, err := c.GetObjectRetention(t.Context(), &s3.GetObjectRetentionInput{Bucket: aws.String("bucket-a"), Key: aws.String("k")})
	wantCode(t, err, "NoSuchObjectLockConfiguration")
	wantCode(t, retain(t, c, types.ObjectLockRetentionModeGovernance, time.Now().Add(-time.Hour), false), "InvalidArgument")
	if err := retain(t, c, types.ObjectLockRetentionModeGovernance, day, false); err != nil {
		t.Fatal(err)
	}
	wantCode(t, retain(t, c, types.ObjectLockRetentionModeGovernance, day.Add(-time.Hour), false), "AccessDenied")
	if err := retain(t, c, types.ObjectLockRetentionModeGovernance, day.Add(-time.Hour), true); err != nil {
		t.Errorf("to retain shorter with a bypass: %v", err)
	}
	got := must[*s3.GetObjectRetentionOutput](t)(c.GetObjectRetention(t.Context(), &s3.GetObjectRetentionInput{Bucket: aws.String("bucket-a"), Key: aws.String("k")})).Retention
	if got.Mode != types.ObjectLockRetentionModeGovernance || got.RetainUntilDate.Sub(day.Add(-time.Hour)).Abs() > time.Second {
		t.Errorf("%+v", got)
	}
	hold := func(status types.ObjectLockLegalHoldStatus) {
		t.Helper()
		must[*s3.PutObjectLegalHoldOutput](t)(c.PutObjectLegalHold(t.Context(), &s3.PutObjectLegalHoldInput{Bucket: aws.String("bucket-a"), Key: aws.String("k"), LegalHold: &types.ObjectLockLegalHold{Status: status}}))
	}
	hold(types.ObjectLockLegalHoldStatusOn)
	wantCode(t, remove(t, c, version, true), "AccessDenied") // nothing bypasses a legal hold
	if got := must[*s3.GetObjectLegalHoldOutput](t)(c.GetObjectLegalHold(t.Context(), &s3.GetObjectLegalHoldInput{Bucket: aws.String("bucket-a"), Key: aws.String("k")})); got.LegalHold.Status != types.ObjectLockLegalHoldStatusOn {
		t.Errorf("%+v", got)
	}
	hold(types.ObjectLockLegalHoldStatusOff)
	if err := remove(t, c, version, true); err != nil {
		t.Error(err)
	}
}

func TestLockConfiguration(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	c, _ := locked(t, k, s3.PutObjectInput{})
	ctx, bucket := t.Context(), aws.String("bucket-a")
	_, err := c.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: bucket, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusSuspended}})
	wantCode(t, err, "InvalidBucketState")
	must[*s3.PutObjectLockConfigurationOutput](t)(c.PutObjectLockConfiguration(ctx, &s3.PutObjectLockConfigurationInput{Bucket: bucket, ObjectLockConfiguration: &types.ObjectLockConfiguration{ObjectLockEnabled: types.ObjectLockEnabledEnabled,
		Rule: &types.ObjectLockRule{DefaultRetention: &types.DefaultRetention{Mode: types.ObjectLockRetentionModeCompliance, Days: aws.Int32(3)}}}}))
	stored := put(t, c, "bucket-a", "k", "y")
	head := must[*s3.HeadObjectOutput](t)(c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("k")}))
	if d := time.Until(aws.ToTime(head.ObjectLockRetainUntilDate)); head.ObjectLockMode != types.ObjectLockModeCompliance || (d-72*time.Hour).Abs() > time.Minute {
		t.Errorf("the default retention gave %s for %s", head.ObjectLockMode, d)
	}
	wantCode(t, remove(t, c, stored.VersionId, true), "AccessDenied")
	makeBucket(t, k, tools, "bucket-b")
	_, err = c.PutObjectLockConfiguration(ctx, &s3.PutObjectLockConfigurationInput{Bucket: aws.String("bucket-b"), ObjectLockConfiguration: &types.ObjectLockConfiguration{ObjectLockEnabled: types.ObjectLockEnabledEnabled}})
	wantCode(t, err, "InvalidBucketState")
	_, err = c.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: aws.String("bucket-b")})
	wantCode(t, err, "ObjectLockConfigurationNotFoundError")
}
