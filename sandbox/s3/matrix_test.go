package s3_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

// operation is one row of the matrix: what a call needs, by the S3 user guide's
// "Required permissions for Amazon S3 API operations". B stands for the bucket, O
// for the object k in it, S for the object source.
type operation struct {
	name    string // of the operation, and after a space of the variant
	needs   string // "s3:PutObject O, s3:PutObjectTagging O"
	members in
	prepare func(t testing.TB, k *sandboxtest.Kit, members in)
}

// stored puts the object that the call is about.
func stored(t testing.TB, k *sandboxtest.Kit, _ in) {
	put(t, root(k, tools), "bucket-a", "k", "x")
}

// ofVersion puts the object and names its version.
func ofVersion(t testing.TB, k *sandboxtest.Kit, members in) {
	versioned(t, k, "bucket-a", "Enabled")
	members["VersionId"] = aws.ToString(put(t, root(k, tools), "bucket-a", "k", "x").VersionId)
}

// lockedObject puts the object into a bucket with object lock.
func lockedObject(t testing.TB, k *sandboxtest.Kit, _ in) {
	versioned(t, k, "bucket-a", "Enabled")
	k.Invoke(t, tools, "s3", "PutObjectLockConfiguration", in{"Bucket": "bucket-a", "ObjectLockConfiguration": in{"ObjectLockEnabled": "Enabled"}}, nil)
	stored(t, k, nil)
	k.Invoke(t, tools, "s3", "PutObjectRetention", in{"Bucket": "bucket-a", "Key": "k", "Retention": in{"Mode": "GOVERNANCE", "RetainUntilDate": float64(time.Now().Add(time.Hour).Unix())}}, nil)
}

func uploading(t testing.TB, k *sandboxtest.Kit, members in) {
	var out struct{ UploadId string }
	k.Invoke(t, tools, "s3", "CreateMultipartUpload", in{"Bucket": "bucket-a", "Key": "k"}, &out)
	members["UploadId"] = out.UploadId
}

func withSource(t testing.TB, k *sandboxtest.Kit, _ in) {
	put(t, root(k, tools), "bucket-a", "source", "x")
}

func invoked(operation string, more in) func(testing.TB, *sandboxtest.Kit, in) {
	return func(t testing.TB, k *sandboxtest.Kit, _ in) {
		members := in{"Bucket": "bucket-a"}
		maps.Copy(members, more)
		k.Invoke(t, tools, "s3", operation, members, nil)
	}
}

func operations(t testing.TB) []operation {
	tagging := &types.Tagging{TagSet: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}}
	hour := time.Now().Add(time.Hour)
	lifecycle := types.LifecycleRule{Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: aws.String("")}, Expiration: &types.LifecycleExpiration{Days: aws.Int32(1)}}
	someone := document(t, allow(in{"AWS": "arn:aws:iam::" + prod + ":root"}, "s3:GetObject", aObjects))
	return []operation{
		{name: "ListBuckets", needs: "s3:ListAllMyBuckets *"},
		{name: "DeleteBucket", needs: "s3:DeleteBucket B"},
		{name: "GetBucketLocation", needs: "s3:GetBucketLocation B"},
		{name: "GetBucketVersioning", needs: "s3:GetBucketVersioning B"},
		{name: "PutBucketVersioning", needs: "s3:PutBucketVersioning B", members: in{"VersioningConfiguration": &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}}},
		{name: "GetBucketEncryption", needs: "s3:GetEncryptionConfiguration B"},
		{name: "PutBucketEncryption", needs: "s3:PutEncryptionConfiguration B", members: in{"ServerSideEncryptionConfiguration": &types.ServerSideEncryptionConfiguration{Rules: []types.ServerSideEncryptionRule{{ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: types.ServerSideEncryptionAes256}}}}}},
		{name: "DeleteBucketEncryption", needs: "s3:PutEncryptionConfiguration B"},
		{name: "GetBucketLifecycleConfiguration", needs: "s3:GetLifecycleConfiguration B", prepare: invoked("PutBucketLifecycleConfiguration", in{"LifecycleConfiguration": in{"Rules": []any{in{"Status": "Enabled", "Expiration": in{"Days": 1}}}}})},
		{name: "PutBucketLifecycleConfiguration", needs: "s3:PutLifecycleConfiguration B", members: in{"LifecycleConfiguration": &types.BucketLifecycleConfiguration{Rules: []types.LifecycleRule{lifecycle}}}},
		{name: "DeleteBucketLifecycle", needs: "s3:PutLifecycleConfiguration B"},
		{name: "GetPublicAccessBlock", needs: "s3:GetBucketPublicAccessBlock B"},
		{name: "PutPublicAccessBlock", needs: "s3:PutBucketPublicAccessBlock B", members: in{"PublicAccessBlockConfiguration": &types.PublicAccessBlockConfiguration{BlockPublicAcls: aws.Bool(true)}}},
		{name: "DeletePublicAccessBlock", needs: "s3:PutBucketPublicAccessBlock B"},
		{name: "GetBucketOwnershipControls", needs: "s3:GetBucketOwnershipControls B"},
		{name: "PutBucketOwnershipControls", needs: "s3:PutBucketOwnershipControls B", members: in{"OwnershipControls": &types.OwnershipControls{Rules: []types.OwnershipControlsRule{{ObjectOwnership: types.ObjectOwnershipObjectWriter}}}}},
		{name: "DeleteBucketOwnershipControls", needs: "s3:PutBucketOwnershipControls B"},
		{name: "GetBucketTagging", needs: "s3:GetBucketTagging B", prepare: invoked("PutBucketTagging", in{"Tagging": in{"TagSet": []any{in{"Key": "a", "Value": "b"}}}})},
		{name: "PutBucketTagging", needs: "s3:PutBucketTagging B", members: in{"Tagging": tagging}},
		{name: "DeleteBucketTagging", needs: "s3:PutBucketTagging B"},
		{name: "GetObjectLockConfiguration", needs: "s3:GetBucketObjectLockConfiguration B", prepare: lockedObject},
		{name: "PutObjectLockConfiguration", needs: "s3:PutBucketObjectLockConfiguration B", prepare: lockedObject, members: in{"ObjectLockConfiguration": &types.ObjectLockConfiguration{ObjectLockEnabled: types.ObjectLockEnabledEnabled}}},
		{name: "GetBucketNotificationConfiguration", needs: "s3:GetBucketNotification B"},
		{name: "PutBucketNotificationConfiguration", needs: "s3:PutBucketNotification B", members: in{"NotificationConfiguration": &types.NotificationConfiguration{}}},
		{name: "GetBucketAcl", needs: "s3:GetBucketAcl B"},
		{name: "PutBucketAcl", needs: "s3:PutBucketAcl B", members: in{"ACL": types.BucketCannedACLPrivate}},
		{name: "GetBucketPolicy", needs: "s3:GetBucketPolicy B", prepare: invoked("PutBucketPolicy", in{"Policy": someone})},
		{name: "GetBucketPolicyStatus", needs: "s3:GetBucketPolicyStatus B", prepare: invoked("PutBucketPolicy", in{"Policy": someone})},
		{name: "PutBucketPolicy", needs: "s3:PutBucketPolicy B", members: in{"Policy": someone}},
		{name: "DeleteBucketPolicy", needs: "s3:DeleteBucketPolicy B"},
		{name: "ListObjects", needs: "s3:ListBucket B"},
		{name: "ListObjectsV2", needs: "s3:ListBucket B"},
		{name: "ListObjectVersions", needs: "s3:ListBucketVersions B"},
		{name: "ListMultipartUploads", needs: "s3:ListBucketMultipartUploads B"},

		{name: "PutObject", needs: "s3:PutObject O"},
		{name: "PutObject with tags", needs: "s3:PutObject O, s3:PutObjectTagging O", members: in{"Tagging": "a=b"}},
		{name: "PutObject with lock", needs: "s3:PutObject O, s3:PutObjectRetention O, s3:PutObjectLegalHold O", prepare: lockedObject,
			members: in{"ObjectLockMode": types.ObjectLockModeGovernance, "ObjectLockRetainUntilDate": &hour, "ObjectLockLegalHoldStatus": types.ObjectLockLegalHoldStatusOn, "ChecksumAlgorithm": types.ChecksumAlgorithmCrc32}},
		{name: "PutObject with ACL", needs: "s3:PutObject O, s3:PutObjectAcl O", members: in{"ACL": types.ObjectCannedACLPrivate}},
		{name: "GetObject", needs: "s3:GetObject O", prepare: stored},
		{name: "GetObject of a version", needs: "s3:GetObjectVersion O", prepare: ofVersion},
		{name: "GetObjectAttributes", needs: "s3:GetObject O, s3:GetObjectAttributes O", prepare: stored, members: in{"ObjectAttributes": []types.ObjectAttributes{types.ObjectAttributesEtag}}},
		{name: "GetObjectAttributes of a version", needs: "s3:GetObjectVersion O, s3:GetObjectVersionAttributes O", prepare: ofVersion, members: in{"ObjectAttributes": []types.ObjectAttributes{types.ObjectAttributesEtag}}},
		{name: "DeleteObject", needs: "s3:DeleteObject O", prepare: stored},
		{name: "DeleteObject of a version", needs: "s3:DeleteObjectVersion O", prepare: ofVersion},
		{name: "CopyObject", needs: "s3:GetObject S, s3:PutObject O", prepare: withSource, members: in{"CopySource": "bucket-a/source"}},
		{name: "CopyObject with tags", needs: "s3:GetObject S, s3:GetObjectTagging S, s3:PutObject O, s3:PutObjectTagging O", members: in{"CopySource": "bucket-a/source"}, prepare: func(t testing.TB, k *sandboxtest.Kit, _ in) {
			withSource(t, k, nil)
			k.Invoke(t, tools, "s3", "PutObjectTagging", in{"Bucket": "bucket-a", "Key": "source", "Tagging": in{"TagSet": []any{in{"Key": "a", "Value": "b"}}}}, nil)
		}},
		{name: "CreateMultipartUpload", needs: "s3:PutObject O"},
		{name: "UploadPart", needs: "s3:PutObject O", prepare: uploading, members: in{"PartNumber": aws.Int32(1)}},
		{name: "UploadPartCopy", needs: "s3:GetObject S, s3:PutObject O", members: in{"PartNumber": aws.Int32(1), "CopySource": "bucket-a/source"}, prepare: func(t testing.TB, k *sandboxtest.Kit, members in) {
			withSource(t, k, nil)
			uploading(t, k, members)
		}},
		{name: "CompleteMultipartUpload", needs: "s3:PutObject O", prepare: func(t testing.TB, k *sandboxtest.Kit, members in) {
			uploading(t, k, members)
			var out struct{ ETag string }
			k.Invoke(t, tools, "s3", "UploadPart", in{"Bucket": "bucket-a", "Key": "k", "UploadId": members["UploadId"], "PartNumber": 1, "Body": []byte("x")}, &out)
			members["MultipartUpload"] = &types.CompletedMultipartUpload{Parts: []types.CompletedPart{{PartNumber: aws.Int32(1), ETag: &out.ETag}}}
		}},
		{name: "AbortMultipartUpload", needs: "s3:AbortMultipartUpload O", prepare: uploading},
		{name: "ListParts", needs: "s3:ListMultipartUploadParts O", prepare: uploading},
		{name: "GetObjectTagging", needs: "s3:GetObjectTagging O", prepare: stored},
		{name: "GetObjectTagging of a version", needs: "s3:GetObjectVersionTagging O", prepare: ofVersion},
		{name: "PutObjectTagging", needs: "s3:PutObjectTagging O", prepare: stored, members: in{"Tagging": tagging}},
		{name: "PutObjectTagging of a version", needs: "s3:PutObjectVersionTagging O", prepare: ofVersion, members: in{"Tagging": tagging}},
		{name: "DeleteObjectTagging", needs: "s3:DeleteObjectTagging O", prepare: stored},
		{name: "DeleteObjectTagging of a version", needs: "s3:DeleteObjectVersionTagging O", prepare: ofVersion},
		{name: "GetObjectAcl", needs: "s3:GetObjectAcl O", prepare: stored},
		{name: "GetObjectAcl of a version", needs: "s3:GetObjectVersionAcl O", prepare: ofVersion},
		{name: "PutObjectAcl", needs: "s3:PutObjectAcl O", prepare: stored, members: in{"ACL": types.ObjectCannedACLPrivate}},
		{name: "PutObjectAcl of a version", needs: "s3:PutObjectVersionAcl O", prepare: ofVersion, members: in{"ACL": types.ObjectCannedACLPrivate}},
		{name: "GetObjectRetention", needs: "s3:GetObjectRetention O", prepare: lockedObject},
		{name: "PutObjectRetention", needs: "s3:PutObjectRetention O, s3:BypassGovernanceRetention O", prepare: lockedObject, members: in{"BypassGovernanceRetention": aws.Bool(true), "Retention": &types.ObjectLockRetention{Mode: types.ObjectLockRetentionModeGovernance, RetainUntilDate: &hour}}},
		{name: "GetObjectLegalHold", needs: "s3:GetObjectLegalHold O", prepare: lockedObject},
		{name: "PutObjectLegalHold", needs: "s3:PutObjectLegalHold O", prepare: lockedObject, members: in{"LegalHold": &types.ObjectLockLegalHold{Status: types.ObjectLockLegalHoldStatusOn}}},
	}
}

func TestMatrix(t *testing.T) {
	t.Parallel()
	// The others: those without a body to say why, and the one that answers for each
	// of its objects, have tests of their own.
	seen := map[string]bool{"CreateBucket": true, "HeadBucket": true, "HeadObject": true, "DeleteObjects": true}
	for _, o := range operations(t) {
		name, _, _ := strings.Cut(o.name, " ")
		seen[name] = true
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			k := sandboxtest.Start(t)
			makeBucket(t, k, tools, "bucket-a")
			members := in{}
			if name != "ListBuckets" {
				members["Bucket"] = "bucket-a"
			}
			if strings.Contains(o.needs, " O") {
				members["Key"] = "k"
			}
			maps.Copy(members, o.members)
			if o.prepare != nil {
				o.prepare(t, k, members)
			}
			c := sandboxtest.Case{}
			for pair := range strings.SplitSeq(o.needs, ", ") {
				action, resource, _ := strings.Cut(pair, " ")
				c.Needs = append(c.Needs, sandboxtest.Permission{Action: action, Resource: map[string]string{"*": "*", "B": aBucket, "O": aBucket + "/k", "S": aBucket + "/source"}[resource]})
			}
			c.Call = sandboxtest.Calling(client, name, members)
			c.Run(t, k)
		})
	}
	for _, name := range sandboxtest.Start(t).Sandbox.Support()["s3"] {
		if !seen[name] {
			t.Errorf("%s is not in the matrix", name)
		}
	}
}

// TestMatrixOfHeads: HEAD has no body to say why it refuses.
func TestMatrixOfHeads(t *testing.T) {
	t.Parallel()
	for operation, action := range map[string]sandboxtest.Statement{"HeadBucket": sandboxtest.Allow("s3:ListBucket", aBucket), "HeadObject": sandboxtest.Allow("s3:GetObject", aBucket+"/k")} {
		k := sandboxtest.Start(t)
		makeBucket(t, k, tools, "bucket-a")
		stored(t, k, nil)
		members := in{"Bucket": "bucket-a"}
		if operation == "HeadObject" {
			members["Key"] = "k"
		}
		c := client(k.Config(k.User(t, tools, "anna")))
		_, err := sandboxtest.Operate(t.Context(), c, operation, members)
		wantCode(t, err, "Forbidden")
		k.Permit(t, tools, "anna", action)
		if _, err := sandboxtest.Operate(t.Context(), c, operation, members); err != nil {
			t.Errorf("%s: %v", operation, err)
		}
	}
}

func TestMatrixOfDeleteObjects(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	makeBucket(t, k, tools, "bucket-a")
	for _, key := range []string{"mine", "other"} {
		put(t, root(k, tools), "bucket-a", key, "x")
	}
	c := client(k.Config(k.User(t, tools, "anna", sandboxtest.Allow("s3:DeleteObject", aBucket+"/mine"))))
	got, err := sandboxtest.Operate(t.Context(), c, "DeleteObjects", in{"Bucket": "bucket-a", "Delete": &types.Delete{Objects: []types.ObjectIdentifier{{Key: aws.String("mine")}, {Key: aws.String("other")}}}})
	if err != nil {
		t.Fatal(err)
	}
	checkDeleted(t, got)
}

func TestMatrixOfCreateBucket(t *testing.T) {
	t.Parallel()
	location := &types.CreateBucketConfiguration{LocationConstraint: sandboxtest.Region}
	for name, x := range map[string]struct {
		members in
		actions []string
	}{
		"plain":     {in{}, []string{"s3:CreateBucket"}},
		"lock":      {in{"ObjectLockEnabledForBucket": aws.Bool(true)}, []string{"s3:CreateBucket", "s3:PutBucketObjectLockConfiguration", "s3:PutBucketVersioning"}},
		"acl":       {in{"ACL": types.BucketCannedACLPrivate}, []string{"s3:CreateBucket", "s3:PutBucketAcl"}},
		"ownership": {in{"ObjectOwnership": types.ObjectOwnershipBucketOwnerEnforced}, []string{"s3:CreateBucket", "s3:PutBucketOwnershipControls"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			members := in{"Bucket": "bucket-a", "CreateBucketConfiguration": location}
			maps.Copy(members, x.members)
			c := sandboxtest.Case{Call: sandboxtest.Calling(client, "CreateBucket", members)}
			for _, a := range x.actions {
				c.Needs = append(c.Needs, sandboxtest.Permission{Action: a, Resource: aBucket})
			}
			c.Run(t, sandboxtest.Start(t))
		})
	}
}
