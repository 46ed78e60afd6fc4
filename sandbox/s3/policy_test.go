package s3_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

const (
	aBucket  = "arn:aws:s3:::bucket-a"
	aObjects = "arn:aws:s3:::bucket-a/*"
)

func allow(principal any, action any, resource any) in {
	return in{"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource}
}

func with(statement in, condition in) in {
	statement["Condition"] = condition
	return statement
}

func unblock(t testing.TB, k *sandboxtest.Kit, bucket string) {
	t.Helper()
	k.Invoke(t, tools, "s3", "DeletePublicAccessBlock", in{"Bucket": bucket}, nil)
}

func TestBucketPolicyValidation(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	makeBucket(t, k, tools, "bucket-a")
	c, ctx := root(k, tools), t.Context()
	someone := in{"AWS": "arn:aws:iam::" + prod + ":root"}
	for name, x := range map[string]struct{ policy, message string }{
		"no JSON":         {"{", "Policies must be valid JSON"},
		"a list":          {"[]", "Policies must be valid JSON"},
		"no statement":    {`{"Version":"2012-10-17"}`, "Missing required field Statement"},
		"no principal":    {document(t, in{"Effect": "Allow", "Action": "s3:GetObject", "Resource": aObjects}), "Missing required field Principal"},
		"no effect":       {document(t, in{"Principal": someone, "Action": "s3:GetObject", "Resource": aObjects}), "Missing required field Effect"},
		"no action":       {document(t, in{"Effect": "Allow", "Principal": someone, "Resource": aObjects}), "Missing required field Action"},
		"no resource":     {document(t, in{"Effect": "Allow", "Principal": someone, "Action": "s3:GetObject"}), "Missing required field Resource"},
		"other bucket":    {document(t, allow(someone, "s3:GetObject", "arn:aws:s3:::bucket-b/*")), "Policy has invalid resource"},
		"no such action":  {document(t, allow(someone, "s3:Frobnicate", aObjects)), "Policy has invalid action"},
		"other service":   {document(t, allow(someone, "kms:Decrypt", aObjects)), "Policy has invalid action"},
		"no principal id": {document(t, allow(in{"AWS": "nobody"}, "s3:GetObject", aObjects)), "Invalid principal in policy"},
		"star in ARN":     {document(t, allow(in{"AWS": "arn:aws:iam::" + prod + ":role/*"}, "s3:GetObject", aObjects)), "Invalid principal in policy"},
		"object action":   {document(t, allow(someone, "s3:GetObject", aBucket)), "Action does not apply to any resource(s) in statement"},
		"bucket action":   {document(t, allow(someone, "s3:ListBucket", "arn:aws:s3:::bucket-a/x")), "Action does not apply to any resource(s) in statement"},
		"unknown element": {document(t, in{"Effect": "Allow", "Principal": someone, "Action": "s3:GetObject", "Resource": aObjects, "Colour": "red"}), ""},
	} {
		_, err := c.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: aws.String("bucket-a"), Policy: aws.String(x.policy)})
		wantCode(t, err, "MalformedPolicy")
		if err != nil && !strings.Contains(err.Error(), x.message) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := c.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: aws.String("bucket-a")})
	wantCode(t, err, "NoSuchBucketPolicy")
	good := document(t, allow(someone, []string{"s3:GetObject", "s3:List*"}, []string{aBucket, aObjects}), in{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": aObjects, "Condition": in{"Bool": in{"aws:SecureTransport": "false"}}})
	must[*s3.PutBucketPolicyOutput](t)(c.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: aws.String("bucket-a"), Policy: &good}))
	if got := must[*s3.GetBucketPolicyOutput](t)(c.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: aws.String("bucket-a")})); aws.ToString(got.Policy) != good {
		t.Errorf("the policy is %s", aws.ToString(got.Policy))
	}
	must[*s3.DeleteBucketPolicyOutput](t)(c.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: aws.String("bucket-a")}))
}

func TestPublicPolicies(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	makeBucket(t, k, tools, "bucket-a")
	c, ctx := root(k, tools), t.Context()
	read := func(principal any) in { return allow(principal, "s3:GetObject", aObjects) }
	// The examples of "The meaning of 'public'", Amazon S3 user guide.
	for name, x := range map[string]struct {
		policy string
		public bool
	}{
		"everybody":          {document(t, read("*")), true},
		"everybody in AWS":   {document(t, read(in{"AWS": "*"})), true},
		"an account":         {document(t, read(in{"AWS": "arn:aws:iam::" + prod + ":root"})), false},
		"a service":          {document(t, read(in{"Service": "cloudtrail.amazonaws.com"})), false},
		"a VPC":              {document(t, with(read("*"), in{"StringEquals": in{"aws:SourceVpc": "vpc-91237329"}})), false},
		"any VPC":            {document(t, with(read("*"), in{"StringLike": in{"aws:SourceVpc": "vpc-*"}})), true},
		"an address range":   {document(t, with(read("*"), in{"IpAddress": in{"aws:SourceIp": "203.0.113.0/24"}})), false},
		"half of the world":  {document(t, with(read("*"), in{"IpAddress": in{"aws:SourceIp": "0.0.0.0/1"}})), true},
		"one and the half":   {document(t, with(read("*"), in{"IpAddress": in{"aws:SourceIp": []string{"203.0.113.0/24", "0.0.0.0/1"}}})), true},
		"not an address":     {document(t, with(read("*"), in{"NotIpAddress": in{"aws:SourceIp": "203.0.113.0/24"}})), true},
		"an organization":    {document(t, with(read("*"), in{"StringEquals": in{"aws:PrincipalOrgID": "o-123"}})), false},
		"if it exists":       {document(t, with(read("*"), in{"StringEqualsIfExists": in{"aws:PrincipalOrgID": "o-123"}})), true},
		"over TLS":           {document(t, with(read("*"), in{"Bool": in{"aws:SecureTransport": "true"}})), true},
		"a session's id":     {document(t, with(read("*"), in{"StringLike": in{"aws:userid": "AROAEXAMPLE:*"}})), true},
		"one of two":         {document(t, with(read("*"), in{"StringEquals": in{"aws:SourceVpc": "vpc-1"}}), read("*")), true},
		"a denial":           {document(t, in{"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": aObjects}), false},
		"everybody but some": {document(t, in{"Effect": "Allow", "NotPrincipal": in{"AWS": "arn:aws:iam::" + prod + ":root"}, "Action": "s3:GetObject", "Resource": aObjects}), true},
	} {
		_, err := c.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: aws.String("bucket-a"), Policy: aws.String(x.policy)})
		if x.public {
			wantCode(t, err, "AccessDenied")
		} else if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	unblock(t, k, "bucket-a")
	for _, public := range []bool{true, false} {
		policy := document(t, read(map[bool]any{true: "*", false: in{"AWS": "arn:aws:iam::" + prod + ":root"}}[public]))
		must[*s3.PutBucketPolicyOutput](t)(c.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: aws.String("bucket-a"), Policy: &policy}))
		if got := must[*s3.GetBucketPolicyStatusOutput](t)(c.GetBucketPolicyStatus(ctx, &s3.GetBucketPolicyStatusInput{Bucket: aws.String("bucket-a")})); aws.ToBool(got.PolicyStatus.IsPublic) != public {
			t.Errorf("public: %v, want %v", aws.ToBool(got.PolicyStatus.IsPublic), public)
		}
	}
}

// anonymous reads an object without a signature.
func anonymous(t *testing.T, k *sandboxtest.Kit, path string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, k.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := k.Server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func TestAnonymousAndRestrictPublicBuckets(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	makeBucket(t, k, tools, "bucket-a")
	c, ctx := root(k, tools), t.Context()
	put(t, c, "bucket-a", "k", "for all")
	if status, body := anonymous(t, k, "/bucket-a/k"); status != 403 || !strings.Contains(body, "<Code>AccessDenied</Code>") {
		t.Errorf("without a policy: %d %s", status, body)
	}
	unblock(t, k, "bucket-a")
	public := document(t, allow("*", "s3:GetObject", aObjects))
	must[*s3.PutBucketPolicyOutput](t)(c.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: aws.String("bucket-a"), Policy: &public}))
	if status, body := anonymous(t, k, "/bucket-a/k"); status != 200 || body != "for all" {
		t.Errorf("public: %d %s", status, body)
	}
	// What is not there is not told to those who may not list.
	if status, body := anonymous(t, k, "/bucket-a/none"); status != 403 || !strings.Contains(body, "s3:ListBucket") {
		t.Errorf("a key that is not there: %d %s", status, body)
	}
	if status, body := anonymous(t, k, "/bucket-a/k?response-content-type=x"); status != 400 || !strings.Contains(body, "<Code>InvalidRequest</Code>") {
		t.Errorf("with an override: %d %s", status, body)
	}
	other := client(k.Config(k.User(t, prod, "pia", sandboxtest.Allow("s3:*", "*"))))
	if body, _ := get(t, other, &s3.GetObjectInput{Bucket: aws.String("bucket-a"), Key: aws.String("k")}); body != "for all" {
		t.Errorf("another account reads %q", body)
	}
	k.Invoke(t, tools, "s3", "PutPublicAccessBlock", in{"Bucket": "bucket-a", "PublicAccessBlockConfiguration": in{"RestrictPublicBuckets": true}}, nil)
	if status, _ := anonymous(t, k, "/bucket-a/k"); status != 403 {
		t.Errorf("restricted: %d", status)
	}
	_, err := other.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("bucket-a"), Key: aws.String("k")})
	wantCode(t, err, "AccessDenied")
	if body, _ := get(t, c, &s3.GetObjectInput{Bucket: aws.String("bucket-a"), Key: aws.String("k")}); body != "for all" {
		t.Errorf("the owner reads %q", body)
	}
	got := must[*s3.GetPublicAccessBlockOutput](t)(c.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: aws.String("bucket-a")})).PublicAccessBlockConfiguration
	if !aws.ToBool(got.RestrictPublicBuckets) || aws.ToBool(got.BlockPublicPolicy) || got.BlockPublicAcls == nil {
		t.Errorf("%+v", got)
	}
}

// TestBothSides: across accounts the bucket policy and the caller's own must agree.
func TestBothSides(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	makeBucket(t, k, tools, "bucket-a")
	ctx := t.Context()
	put(t, root(k, tools), "bucket-a", "k", "x")
	read := func(c *s3.Client) error {
		_, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("bucket-a"), Key: aws.String("k")})
		return err
	}
	allowed, without := client(k.Config(k.User(t, prod, "allowed", sandboxtest.Allow("s3:*", "*")))), client(k.Config(k.User(t, prod, "without")))
	wantCode(t, read(allowed), "AccessDenied")
	policy := document(t, allow(in{"AWS": "arn:aws:iam::" + prod + ":root"}, "s3:*", []string{aBucket, aObjects}))
	k.Invoke(t, tools, "s3", "PutBucketPolicy", in{"Bucket": "bucket-a", "Policy": policy}, nil)
	if err := read(allowed); err != nil {
		t.Error(err)
	}
	wantCode(t, read(without), "AccessDenied")
	_, err := allowed.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: aws.String("bucket-a"), Policy: &policy})
	wantCode(t, err, "MethodNotAllowed")
	// In the bucket's account either side is enough.
	local := client(k.Config(k.User(t, tools, "local")))
	wantCode(t, read(local), "AccessDenied")
	k.Invoke(t, tools, "s3", "PutBucketPolicy", in{"Bucket": "bucket-a", "Policy": document(t, allow(in{"AWS": "arn:aws:iam::" + tools + ":user/local"}, "s3:GetObject", aObjects))}, nil)
	if err := read(local); err != nil {
		t.Error(err)
	}
	// A denial locks out everybody but the root user, who can repair it.
	k.Invoke(t, tools, "s3", "PutBucketPolicy", in{"Bucket": "bucket-a", "Policy": document(t, in{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": []string{aBucket, aObjects}})}, nil)
	admin := client(k.Config(k.User(t, tools, "admin", sandboxtest.Allow("s3:*", "*"))))
	wantCode(t, read(admin), "AccessDenied")
	_, err = admin.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: aws.String("bucket-a")})
	wantCode(t, err, "AccessDenied")
	must[*s3.DeleteBucketPolicyOutput](t)(root(k, tools).DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: aws.String("bucket-a")}))
}

// TestConditions: what a request says of itself reaches the policies.
func TestConditions(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	makeBucket(t, k, tools, "bucket-a")
	ctx, key := t.Context(), newKey(t, k, in{})
	must[*s3.PutObjectOutput](t)(root(k, tools).PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("bucket-a"), Key: aws.String("tagged"), Body: strings.NewReader("x"), Tagging: aws.String("team=a")}))
	write := func(in s3.PutObjectInput) func(c *s3.Client) error {
		return func(c *s3.Client) error {
			in.Bucket, in.Key, in.Body = aws.String("bucket-a"), aws.String("k"), strings.NewReader("x")
			_, err := c.PutObject(ctx, &in)
			return err
		}
	}
	list := func(in s3.ListObjectsV2Input) func(c *s3.Client) error {
		return func(c *s3.Client) error {
			in.Bucket = aws.String("bucket-a")
			_, err := c.ListObjectsV2(ctx, &in)
			return err
		}
	}
	read := func(c *s3.Client) error {
		_, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("bucket-a"), Key: aws.String("tagged")})
		return err
	}
	equals := func(key string, value any) map[string]map[string]any {
		return map[string]map[string]any{"StringEquals": {key: value}}
	}
	n := 0
	for name, x := range map[string]struct {
		condition map[string]map[string]any
		call      func(c *s3.Client) error
		want      bool
	}{
		"encryption given":      {equals("s3:x-amz-server-side-encryption", "aws:kms"), write(s3.PutObjectInput{ServerSideEncryption: types.ServerSideEncryptionAwsKms}), true},
		"encryption not given":  {equals("s3:x-amz-server-side-encryption", "aws:kms"), write(s3.PutObjectInput{}), false},
		"key given":             {equals("s3:x-amz-server-side-encryption-aws-kms-key-id", key), write(s3.PutObjectInput{ServerSideEncryption: types.ServerSideEncryptionAwsKms, SSEKMSKeyId: &key}), true},
		"storage class":         {equals("s3:x-amz-storage-class", "STANDARD_IA"), write(s3.PutObjectInput{StorageClass: types.StorageClassGlacier}), false},
		"acl":                   {equals("s3:x-amz-acl", "bucket-owner-full-control"), write(s3.PutObjectInput{ACL: types.ObjectCannedACLBucketOwnerFullControl}), true},
		"tag wanted":            {equals("s3:RequestObjectTag/team", "a"), write(s3.PutObjectInput{Tagging: aws.String("team=a")}), true},
		"other tag":             {equals("s3:RequestObjectTag/team", "a"), write(s3.PutObjectInput{Tagging: aws.String("team=b")}), false},
		"tag of the object":     {equals("s3:ExistingObjectTag/team", "a"), read, true},
		"other tag of it":       {equals("s3:ExistingObjectTag/team", "b"), read, false},
		"prefix":                {equals("s3:prefix", "home/"), list(s3.ListObjectsV2Input{Prefix: aws.String("home/")}), true},
		"other prefix":          {equals("s3:prefix", "home/"), list(s3.ListObjectsV2Input{Prefix: aws.String("etc/")}), false},
		"no prefix":             {equals("s3:prefix", "home/"), list(s3.ListObjectsV2Input{}), false},
		"delimiter":             {equals("s3:delimiter", "/"), list(s3.ListObjectsV2Input{Delimiter: aws.String("/")}), true},
		"few keys":              {map[string]map[string]any{"NumericLessThanEquals": {"s3:max-keys": "10"}}, list(s3.ListObjectsV2Input{MaxKeys: aws.Int32(10)}), true},
		"too many keys":         {map[string]map[string]any{"NumericLessThanEquals": {"s3:max-keys": "10"}}, list(s3.ListObjectsV2Input{MaxKeys: aws.Int32(11)}), false},
		"signed in the header":  {equals("s3:authType", "REST-HEADER"), read, true},
		"signed in the URL":     {equals("s3:authType", "REST-QUERY-STRING"), read, false},
		"signature version":     {equals("s3:signatureversion", "AWS4-HMAC-SHA256"), read, true},
		"owner of the bucket":   {equals("s3:ResourceAccount", tools), read, true},
		"another's bucket only": {equals("aws:ResourceAccount", prod), read, false},
	} {
		n++
		s := sandboxtest.Statement{Effect: "Allow", Action: []string{"s3:*"}, Resource: []string{"*"}, Condition: x.condition}
		err := x.call(client(k.Config(k.User(t, tools, "u"+string(rune('a'+n)), s, sandboxtest.Allow("kms:*", "*")))))
		if x.want != (err == nil) || err != nil && sandboxtest.Code(err) != "AccessDenied" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
