package s3

import (
	"strings"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

func badXML() *cloud.Error {
	return fault(400, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
}

// defaultEncryption is that of a bucket that has not been given another one.
func defaultEncryption() *ServerSideEncryptionConfiguration {
	return &ServerSideEncryptionConfiguration{Rules: []*ServerSideEncryptionRule{{
		ApplyServerSideEncryptionByDefault: &ServerSideEncryptionByDefault{SSEAlgorithm: "AES256"}, BucketKeyEnabled: ptr(false)}}}
}

func (s *service) putEncryption(_ *cloud.Call, b bucket, in *PutBucketEncryptionRequest) (*wire.Empty, error) {
	cfg := in.ServerSideEncryptionConfiguration
	if cfg == nil || len(cfg.Rules) != 1 {
		return nil, badXML()
	}
	d := cfg.Rules[0].ApplyServerSideEncryptionByDefault
	switch {
	case d == nil:
		return nil, badXML()
	case d.SSEAlgorithm == "AES256" && d.KMSMasterKeyID != "":
		return nil, invalidArgument("a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse")
	case d.SSEAlgorithm != "AES256" && d.SSEAlgorithm != "aws:kms":
		return nil, cloud.NotImplemented("default encryption with " + d.SSEAlgorithm)
	case cfg.Rules[0].BlockedEncryptionTypes != nil:
		return nil, cloud.NotImplemented("BlockedEncryptionTypes")
	}
	return nil, s.change(b.Name, func(b *bucket) error { b.Encryption = cfg; return nil })
}

func (s *service) putVersioning(_ *cloud.Call, b bucket, in *PutBucketVersioningRequest) (*wire.Empty, error) {
	cfg := in.VersioningConfiguration
	switch {
	case cfg == nil || cfg.Status == "":
		return nil, fault(400, "IllegalVersioningConfigurationException", "The Versioning element must be specified")
	case cfg.MFADelete == "Enabled":
		return nil, cloud.NotImplemented("MFA delete")
	}
	return nil, s.change(b.Name, func(b *bucket) error {
		if b.Lock != nil && cfg.Status != "Enabled" {
			return fault(409, "InvalidBucketState", "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.")
		}
		b.Versioning = cfg.Status
		return nil
	})
}

// checkLifecycle holds rules to what S3 refuses; nothing runs them.
func checkLifecycle(rules []*LifecycleRule) error {
	if len(rules) == 0 || len(rules) > 1000 {
		return badXML()
	}
	ids := map[string]bool{}
	for _, r := range rules {
		if r.ID != "" && ids[r.ID] {
			return invalidArgument("Rule ID must be unique. Found same ID for one or more rules")
		}
		ids[r.ID] = true
		if len(r.ID) > 255 {
			return invalidArgument("ID length should not exceed allowed limit of 255")
		}
		if r.Expiration == nil && r.Transitions == nil && r.NoncurrentVersionExpiration == nil && r.NoncurrentVersionTransitions == nil && r.AbortIncompleteMultipartUpload == nil {
			return invalidRequest("At least one action needs to be specified in a rule")
		}
		if e := r.Expiration; e != nil {
			if e.Days != nil && *e.Days <= 0 {
				return invalidArgument("'Days' for Expiration action must be a positive integer")
			}
			if e.Days != nil && !e.Date.IsZero() {
				return badXML()
			}
		}
		if r.Filter != nil && r.Prefix != "" {
			return badXML()
		}
	}
	return nil
}

func (s *service) putNotification(_ *cloud.Call, b bucket, in *PutBucketNotificationConfigurationRequest) (*wire.Empty, error) {
	cfg := in.NotificationConfiguration
	switch {
	case cfg == nil:
		return nil, badXML()
	case len(cfg.TopicConfigurations) > 0:
		return nil, cloud.NotImplemented("notifications to SNS topics: use EventBridgeConfiguration")
	case len(cfg.QueueConfigurations) > 0:
		return nil, cloud.NotImplemented("notifications to SQS queues: use EventBridgeConfiguration")
	case len(cfg.LambdaFunctionConfigurations) > 0:
		return nil, cloud.NotImplemented("notifications to Lambda functions: use EventBridgeConfiguration")
	}
	return nil, s.change(b.Name, func(b *bucket) error { b.EventBridge = cfg.EventBridgeConfiguration != nil; return nil })
}

func (s *service) putLockConfiguration(_ *cloud.Call, b bucket, in *PutObjectLockConfigurationRequest) (*PutObjectLockConfigurationOutput, error) {
	cfg := in.ObjectLockConfiguration
	if cfg == nil || cfg.ObjectLockEnabled != "Enabled" {
		return nil, badXML()
	}
	if cfg.Rule != nil {
		d := cfg.Rule.DefaultRetention
		if d == nil || d.Mode == "" || (d.Days == nil) == (d.Years == nil) {
			return nil, badXML()
		}
		for _, n := range []*int64{d.Days, d.Years} {
			if n != nil && *n <= 0 {
				return nil, invalidArgument("Default retention period must be a positive integer value.")
			}
		}
		if d.Days != nil && *d.Days > 36500 || d.Years != nil && *d.Years > 100 {
			return nil, invalidArgument("Default retention period too large")
		}
	}
	return nil, s.change(b.Name, func(b *bucket) error {
		if b.Versioning != "Enabled" {
			return fault(409, "InvalidBucketState", "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration")
		}
		b.Lock = cfg
		return nil
	})
}

func (s *service) configOps() []wire.Operation {
	return []wire.Operation{
		on(s, "GetBucketVersioning", "GetBucketVersioning", func(_ *cloud.Call, b bucket, _ *GetBucketVersioningRequest) (*GetBucketVersioningOutput, error) {
			return &GetBucketVersioningOutput{Status: b.Versioning}, nil
		}),
		on(s, "PutBucketVersioning", "PutBucketVersioning", s.putVersioning),
		on(s, "GetBucketEncryption", "GetEncryptionConfiguration", func(_ *cloud.Call, b bucket, _ *GetBucketEncryptionRequest) (*GetBucketEncryptionOutput, error) {
			if b.Encryption == nil {
				return &GetBucketEncryptionOutput{ServerSideEncryptionConfiguration: defaultEncryption()}, nil
			}
			return &GetBucketEncryptionOutput{ServerSideEncryptionConfiguration: b.Encryption}, nil
		}),
		on(s, "PutBucketEncryption", "PutEncryptionConfiguration", s.putEncryption),
		on(s, "DeleteBucketEncryption", "PutEncryptionConfiguration", func(_ *cloud.Call, b bucket, _ *DeleteBucketEncryptionRequest) (*wire.Empty, error) {
			return nil, s.change(b.Name, func(b *bucket) error { b.Encryption = nil; return nil })
		}),
		on(s, "GetBucketLifecycleConfiguration", "GetLifecycleConfiguration", func(_ *cloud.Call, b bucket, _ *GetBucketLifecycleConfigurationRequest) (*GetBucketLifecycleConfigurationOutput, error) {
			if b.Lifecycle == nil {
				return nil, fault(404, "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist")
			}
			return &GetBucketLifecycleConfigurationOutput{Rules: b.Lifecycle}, nil
		}),
		on(s, "PutBucketLifecycleConfiguration", "PutLifecycleConfiguration", func(_ *cloud.Call, b bucket, in *PutBucketLifecycleConfigurationRequest) (*PutBucketLifecycleConfigurationOutput, error) {
			if in.LifecycleConfiguration == nil {
				return nil, badXML()
			}
			if err := checkLifecycle(in.LifecycleConfiguration.Rules); err != nil {
				return nil, err
			}
			return nil, s.change(b.Name, func(b *bucket) error {
				b.Lifecycle = in.LifecycleConfiguration.Rules
				for _, r := range b.Lifecycle {
					if r.ID == "" {
						r.ID = s.world.IDs.UUID()
					}
				}
				return nil
			})
		}),
		on(s, "DeleteBucketLifecycle", "PutLifecycleConfiguration", func(_ *cloud.Call, b bucket, _ *DeleteBucketLifecycleRequest) (*wire.Empty, error) {
			return nil, s.change(b.Name, func(b *bucket) error { b.Lifecycle = nil; return nil })
		}),
		on(s, "GetPublicAccessBlock", "GetBucketPublicAccessBlock", func(_ *cloud.Call, b bucket, _ *GetPublicAccessBlockRequest) (*GetPublicAccessBlockOutput, error) {
			if b.PublicAccessBlock == nil {
				return nil, fault(404, "NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found")
			}
			return &GetPublicAccessBlockOutput{PublicAccessBlockConfiguration: b.PublicAccessBlock}, nil
		}),
		on(s, "PutPublicAccessBlock", "PutBucketPublicAccessBlock", func(_ *cloud.Call, b bucket, in *PutPublicAccessBlockRequest) (*wire.Empty, error) {
			cfg := in.PublicAccessBlockConfiguration
			if cfg == nil {
				return nil, badXML()
			}
			for _, f := range []**bool{&cfg.BlockPublicAcls, &cfg.IgnorePublicAcls, &cfg.BlockPublicPolicy, &cfg.RestrictPublicBuckets} {
				*f = ptr(isTrue(*f))
			}
			return nil, s.change(b.Name, func(b *bucket) error { b.PublicAccessBlock = cfg; return nil })
		}),
		on(s, "DeletePublicAccessBlock", "PutBucketPublicAccessBlock", func(_ *cloud.Call, b bucket, _ *DeletePublicAccessBlockRequest) (*wire.Empty, error) {
			return nil, s.change(b.Name, func(b *bucket) error { b.PublicAccessBlock = nil; return nil })
		}),
		on(s, "GetBucketOwnershipControls", "GetBucketOwnershipControls", func(_ *cloud.Call, b bucket, _ *GetBucketOwnershipControlsRequest) (*GetBucketOwnershipControlsOutput, error) {
			if b.Ownership == "" {
				return nil, fault(404, "OwnershipControlsNotFoundError", "The bucket ownership controls were not found")
			}
			return &GetBucketOwnershipControlsOutput{OwnershipControls: &OwnershipControls{Rules: []*OwnershipControlsRule{{ObjectOwnership: b.Ownership}}}}, nil
		}),
		on(s, "PutBucketOwnershipControls", "PutBucketOwnershipControls", func(_ *cloud.Call, b bucket, in *PutBucketOwnershipControlsRequest) (*wire.Empty, error) {
			if in.OwnershipControls == nil || len(in.OwnershipControls.Rules) != 1 {
				return nil, badXML()
			}
			return nil, s.change(b.Name, func(b *bucket) error {
				b.Ownership = in.OwnershipControls.Rules[0].ObjectOwnership
				return nil
			})
		}),
		on(s, "DeleteBucketOwnershipControls", "PutBucketOwnershipControls", func(_ *cloud.Call, b bucket, _ *DeleteBucketOwnershipControlsRequest) (*wire.Empty, error) {
			return nil, s.change(b.Name, func(b *bucket) error { b.Ownership = ""; return nil })
		}),
		on(s, "GetBucketTagging", "GetBucketTagging", func(_ *cloud.Call, b bucket, _ *GetBucketTaggingRequest) (*GetBucketTaggingOutput, error) {
			if len(b.Tags) == 0 {
				return nil, fault(404, "NoSuchTagSet", "The TagSet does not exist")
			}
			return &GetBucketTaggingOutput{TagSet: b.Tags}, nil
		}),
		on(s, "PutBucketTagging", "PutBucketTagging", func(_ *cloud.Call, b bucket, in *PutBucketTaggingRequest) (*wire.Empty, error) {
			if in.Tagging == nil {
				return nil, badXML()
			}
			if err := checkTags(in.Tagging.TagSet, 50); err != nil {
				return nil, err
			}
			return nil, s.change(b.Name, func(b *bucket) error { b.Tags = in.Tagging.TagSet; return nil })
		}),
		on(s, "DeleteBucketTagging", "PutBucketTagging", func(_ *cloud.Call, b bucket, _ *DeleteBucketTaggingRequest) (*wire.Empty, error) {
			return nil, s.change(b.Name, func(b *bucket) error { b.Tags = nil; return nil })
		}),
		on(s, "GetObjectLockConfiguration", "GetBucketObjectLockConfiguration", func(_ *cloud.Call, b bucket, _ *GetObjectLockConfigurationRequest) (*GetObjectLockConfigurationOutput, error) {
			if b.Lock == nil {
				return nil, fault(404, "ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket")
			}
			return &GetObjectLockConfigurationOutput{ObjectLockConfiguration: b.Lock}, nil
		}),
		on(s, "PutObjectLockConfiguration", "PutBucketObjectLockConfiguration", s.putLockConfiguration),
		on(s, "GetBucketNotificationConfiguration", "GetBucketNotification", func(_ *cloud.Call, b bucket, _ *GetBucketNotificationConfigurationRequest) (*NotificationConfiguration, error) {
			out := &NotificationConfiguration{}
			if b.EventBridge {
				out.EventBridgeConfiguration = &EventBridgeConfiguration{}
			}
			return out, nil
		}),
		on(s, "PutBucketNotificationConfiguration", "PutBucketNotification", s.putNotification),
	}
}

// checkACL lets pass what means "the owner, and nobody else": access control lists
// are disabled in new buckets, and the sandbox has no others.
func checkACL(canned string, grants ...string) error {
	if strings.Join(grants, "") != "" {
		return cloud.NotImplemented("grants in access control lists: use the bucket policy")
	}
	switch canned {
	case "", "private", "bucket-owner-full-control":
		return nil
	case "public-read", "public-read-write", "authenticated-read":
		return fault(400, "AccessControlListNotSupported", "The bucket does not allow ACLs")
	}
	return cloud.NotImplemented("the access control list " + canned)
}

// fullControl is the one access control list there is.
func fullControl(account string) []*Grant {
	return []*Grant{{Grantee: &Grantee{ID: canonicalID(account), Type: "CanonicalUser"}, Permission: "FULL_CONTROL"}}
}

func (s *service) aclOps() []wire.Operation {
	return []wire.Operation{
		on(s, "GetBucketAcl", "GetBucketAcl", func(_ *cloud.Call, b bucket, _ *GetBucketAclRequest) (*GetBucketAclOutput, error) {
			return &GetBucketAclOutput{Owner: owner(b.Account), Grants: fullControl(b.Account)}, nil
		}),
		on(s, "PutBucketAcl", "PutBucketAcl", func(_ *cloud.Call, b bucket, in *PutBucketAclRequest) (*wire.Empty, error) {
			if in.AccessControlPolicy != nil && !onlyOwner(in.AccessControlPolicy, b.Account) {
				return nil, cloud.NotImplemented("grants in access control lists: use the bucket policy")
			}
			return nil, checkACL(in.ACL, in.GrantFullControl, in.GrantRead, in.GrantReadACP, in.GrantWrite, in.GrantWriteACP)
		}),
		data(s, "GetObjectAcl", func(c *cloud.Call, b bucket, in *GetObjectAclRequest) ([]cloud.Check, error) {
			return s.onObject(c, b, in, versioned(in.VersionId, "GetObjectAcl", "GetObjectVersionAcl"))
		}, func(c *cloud.Call, b bucket, in *GetObjectAclRequest) (*GetObjectAclOutput, error) {
			if _, err := s.current(c, b, in.Key, in.VersionId); err != nil {
				return nil, err
			}
			return &GetObjectAclOutput{Owner: owner(b.Account), Grants: fullControl(b.Account)}, nil
		}),
		data(s, "PutObjectAcl", func(c *cloud.Call, b bucket, in *PutObjectAclRequest) ([]cloud.Check, error) {
			return s.onObject(c, b, in, versioned(in.VersionId, "PutObjectAcl", "PutObjectVersionAcl"))
		}, func(c *cloud.Call, b bucket, in *PutObjectAclRequest) (*PutObjectAclOutput, error) {
			if _, err := s.current(c, b, in.Key, in.VersionId); err != nil {
				return nil, err
			}
			if in.AccessControlPolicy != nil && !onlyOwner(in.AccessControlPolicy, b.Account) {
				return nil, cloud.NotImplemented("grants in access control lists: use the bucket policy")
			}
			return nil, checkACL(in.ACL, in.GrantFullControl, in.GrantRead, in.GrantReadACP, in.GrantWrite, in.GrantWriteACP)
		}),
	}
}

func onlyOwner(acl *AccessControlPolicy, account string) bool {
	for _, g := range acl.Grants {
		if g.Grantee == nil || g.Grantee.ID != canonicalID(account) || g.Permission != "FULL_CONTROL" {
			return false
		}
	}
	return true
}
