package s3

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// checkBucketName holds a name to AWS's rules ("General purpose bucket naming
// rules").
func checkBucketName(name string) error {
	_, notIP := netip.ParseAddr(name)
	bad := !bucketName.MatchString(name) || strings.Contains(name, "..") || notIP == nil
	for _, p := range []string{"xn--", "sthree-", "amzn-s3-demo-"} {
		bad = bad || strings.HasPrefix(name, p)
	}
	for _, x := range []string{"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"} {
		bad = bad || strings.HasSuffix(name, x)
	}
	if !bad {
		return nil
	}
	e := fault(400, "InvalidBucketName", "The specified bucket is not valid.")
	e.Fields = map[string]any{"BucketName": name}
	return e
}

func (s *service) createBucketChecks(c *cloud.Call, in *CreateBucketRequest) ([]cloud.Check, error) {
	ctx, err := conditions(iam.NewContext().Set("s3:ResourceAccount", c.Account), in, c.Time)
	if err != nil {
		return nil, err
	}
	actions := []string{"CreateBucket"}
	if cfg := in.CreateBucketConfiguration; cfg != nil {
		if cfg.LocationConstraint != "" {
			ctx.Set("s3:locationconstraint", cfg.LocationConstraint)
		}
		if len(cfg.Tags) > 0 {
			keys := make([]string, len(cfg.Tags))
			for i, t := range cfg.Tags {
				ctx.Set("aws:RequestTag/"+t.Key, t.Value)
				keys[i] = t.Key
			}
			ctx.SetList("aws:TagKeys", keys...)
			actions = append(actions, "TagResource")
		}
	}
	// Source: "Permissions" of CreateBucket in the S3 API reference.
	if isTrue(in.ObjectLockEnabledForBucket) {
		actions = append(actions, "PutBucketObjectLockConfiguration", "PutBucketVersioning")
	}
	if in.ACL != "" {
		actions = append(actions, "PutBucketAcl")
	}
	if in.ObjectOwnership != "" {
		actions = append(actions, "PutBucketOwnershipControls")
	}
	checks := make([]cloud.Check, len(actions))
	for i, a := range actions {
		checks[i] = cloud.Check{Action: "s3:" + a, Resource: bucketARN(in.Bucket), ResourceAccount: c.Account, Context: ctx}
	}
	return checks, nil
}

func (s *service) createBucket(c *cloud.Call, in *CreateBucketRequest) (*CreateBucketOutput, error) {
	if err := checkBucketName(in.Bucket); err != nil {
		return nil, err
	}
	if c.Account == "" {
		return nil, accessDenied("Access Denied")
	}
	b := bucket{Name: in.Bucket, Account: c.Account, Region: c.Region, Created: c.Time, Ownership: "BucketOwnerEnforced",
		PublicAccessBlock: &PublicAccessBlockConfiguration{BlockPublicAcls: ptr(true), IgnorePublicAcls: ptr(true), BlockPublicPolicy: ptr(true), RestrictPublicBuckets: ptr(true)}}
	if in.ObjectOwnership != "" {
		b.Ownership = in.ObjectOwnership
	}
	if in.BucketNamespace == "account-regional" {
		return nil, cloud.NotImplemented("buckets in an account's regional namespace")
	}
	constraint := ""
	if cfg := in.CreateBucketConfiguration; cfg != nil {
		if cfg.Location != nil || cfg.Bucket != nil {
			return nil, cloud.NotImplemented("directory buckets")
		}
		constraint, b.Tags = cfg.LocationConstraint, cfg.Tags
		if err := checkTags(b.Tags, 50); err != nil {
			return nil, err
		}
	}
	if err := checkLocation(c.Region, constraint); err != nil {
		return nil, err
	}
	if err := checkACL(in.ACL, in.GrantFullControl, in.GrantRead, in.GrantReadACP, in.GrantWrite, in.GrantWriteACP); err != nil {
		return nil, err
	}
	if isTrue(in.ObjectLockEnabledForBucket) {
		b.Versioning, b.Lock = "Enabled", &ObjectLockConfiguration{ObjectLockEnabled: "Enabled"}
	}
	_, err := s.buckets.Update(in.Bucket, func(have bucket, exists bool) (bucket, error) {
		switch {
		case exists && have.Account != c.Account:
			return have, fault(409, "BucketAlreadyExists", "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.")
		case exists && have.Region == "us-east-1" && c.Region == "us-east-1":
			return have, nil // us-east-1 answers as if it had been made
		case exists:
			return have, fault(409, "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.")
		}
		return b, nil
	})
	return &CreateBucketOutput{Location: "/" + in.Bucket, BucketArn: bucketARN(in.Bucket)}, err
}

func checkLocation(region, constraint string) error {
	if constraint == "EU" {
		constraint = "eu-west-1"
	}
	switch {
	case constraint == region, constraint == "" && region == "us-east-1":
		return nil
	case constraint == "":
		return fault(400, "IllegalLocationConstraintException", "The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.")
	}
	return fault(400, "IllegalLocationConstraintException", "The "+constraint+" location constraint is incompatible for the region specific endpoint this request was sent to.")
}

func (s *service) deleteBucket(_ *cloud.Call, b bucket, _ *DeleteBucketRequest) (*wire.Empty, error) {
	ix := s.index(b.Name)
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if len(ix.keys) > 0 {
		e := fault(409, "BucketNotEmpty", "The bucket you tried to delete is not empty. You must delete all versions in the bucket.")
		e.Fields = map[string]any{"BucketName": b.Name}
		return nil, e
	}
	for _, u := range s.uploads.Select(func(_ string, u *upload) bool { return u.Bucket == b.Name }) {
		if err := s.dropUpload(u); err != nil {
			return nil, err
		}
	}
	s.compiled.Delete(b.Name)
	return nil, s.buckets.Delete(b.Name)
}

func (s *service) listBuckets(c *cloud.Call, in *ListBucketsRequest) (*ListBucketsOutput, error) {
	limit := 10_000
	if in.MaxBuckets != nil {
		if limit = int(*in.MaxBuckets); limit < 1 || limit > 10_000 {
			return nil, invalidArgument("Argument max-buckets must be an integer between 1 and 10000")
		}
	}
	out := &ListBucketsOutput{Owner: owner(c.Account), Prefix: in.Prefix, Buckets: []*Bucket{}}
	after, err := token(in.ContinuationToken)
	if err != nil {
		return nil, err
	}
	for _, b := range s.buckets.Select(func(name string, b bucket) bool {
		return b.Account == c.Account && name > after && strings.HasPrefix(name, in.Prefix) && (in.BucketRegion == "" || b.Region == in.BucketRegion)
	}) {
		if len(out.Buckets) == limit {
			out.ContinuationToken = makeToken(out.Buckets[limit-1].Name)
			break
		}
		out.Buckets = append(out.Buckets, &Bucket{Name: b.Name, CreationDate: wire.At(b.Created), BucketRegion: b.Region, BucketArn: bucketARN(b.Name)})
	}
	return out, nil
}

func (s *service) bucketOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[CreateBucketRequest, CreateBucketOutput]{Name: "CreateBucket", Auth: s.createBucketChecks, Do: s.createBucket}.Operation(),
		on(s, "DeleteBucket", "DeleteBucket", s.deleteBucket),
		data(s, "HeadBucket", func(c *cloud.Call, _ bucket, in *HeadBucketRequest) ([]cloud.Check, error) {
			return s.onBucket(c, in, "ListBucket")
		}, func(_ *cloud.Call, b bucket, _ *HeadBucketRequest) (*HeadBucketOutput, error) {
			return &HeadBucketOutput{BucketRegion: b.Region, BucketArn: bucketARN(b.Name), AccessPointAlias: ptr(false)}, nil
		}),
		wire.Op[ListBucketsRequest, ListBucketsOutput]{Name: "ListBuckets", Auth: func(*cloud.Call, *ListBucketsRequest) ([]cloud.Check, error) {
			return []cloud.Check{{Action: "s3:ListAllMyBuckets", Resource: "*"}}, nil
		}, Do: s.listBuckets}.Operation(),
		on(s, "GetBucketLocation", "GetBucketLocation", func(_ *cloud.Call, b bucket, _ *GetBucketLocationRequest) (*GetBucketLocationOutput, error) {
			if b.Region == "us-east-1" {
				return &GetBucketLocationOutput{}, nil
			}
			return &GetBucketLocationOutput{LocationConstraint: b.Region}, nil
		}),
	}
}

// checkTags holds tags to S3's rules.
func checkTags(tags []*Tag, limit int) error {
	if len(tags) > limit {
		if limit == 10 {
			return fault(400, "BadRequest", "Object tags cannot be greater than 10")
		}
		return fault(400, "BadRequest", "Bucket tag count cannot be greater than 50")
	}
	for i, t := range tags {
		switch {
		case t.Key == "" || len([]rune(t.Key)) > 128 || !tagText.MatchString(t.Key):
			return fault(400, "InvalidTag", "The TagKey you have provided is invalid")
		case len([]rune(t.Value)) > 256 || !tagText.MatchString(t.Value):
			return fault(400, "InvalidTag", "The TagValue you have provided is invalid")
		case strings.HasPrefix(strings.ToLower(t.Key), "aws:"):
			return fault(400, "InvalidTag", "System tags cannot be added/updated by requester")
		case slices.ContainsFunc(tags[:i], func(o *Tag) bool { return o.Key == t.Key }):
			return fault(400, "InvalidTag", "Cannot provide multiple Tags with the same key")
		}
	}
	return nil
}

var tagText = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)
