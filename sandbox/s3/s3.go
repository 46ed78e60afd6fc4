// Package s3 is the Simple Storage Service of the sandbox: buckets, versioned
// objects, multipart uploads, bucket policies and Block Public Access, object
// lock. Objects under SSE-KMS are encrypted under their key, with a data key that
// is asked for and opened with the caller's own permissions.
package s3

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// bucket is one bucket with its configuration.
type bucket struct {
	Name, Account, Region string
	Created               time.Time
	Versioning            string // "", Enabled or Suspended
	Policy                string
	Encryption            *ServerSideEncryptionConfiguration
	Lifecycle             []*LifecycleRule
	PublicAccessBlock     *PublicAccessBlockConfiguration
	Ownership             string // "" where the controls were deleted
	Tags                  []*Tag
	Lock                  *ObjectLockConfiguration
	EventBridge           bool
}

type service struct {
	world   *cloud.World
	buckets *cloud.Table[bucket]   // by name
	rows    *cloud.Table[*version] // by version.ID
	uploads *cloud.Table[*upload]  // by upload id
	blobs   *cloud.Blobs
	seq     atomic.Uint64

	mu      sync.RWMutex
	indexes map[string]*index
	// compiled bucket policies, by bucket name.
	compiled sync.Map
}

// Add puts the service into a world.
func Add(w *cloud.World, server *wire.Server) (func() error, error) {
	s := &service{world: w, blobs: cloud.NewBlobs(w, "s3.blobs"), indexes: map[string]*index{}}
	var err error
	if s.buckets, err = cloud.NewTable[bucket](w, "s3.buckets"); err != nil {
		return nil, err
	}
	if s.rows, err = cloud.NewTable[*version](w, "s3.versions"); err != nil {
		return nil, err
	}
	if s.uploads, err = cloud.NewTable[*upload](w, "s3.uploads"); err != nil {
		return nil, err
	}
	s.load()
	w.UseResourcePolicies("s3", s)
	return nil, server.Add(&model, slices.Concat(s.bucketOps(), s.configOps(), s.policyOps(), s.aclOps(), s.objectOps(), s.listOps(), s.uploadOps(), s.tagOps(), s.lockOps())...)
}

// load makes the indexes of what the store held.
func (s *service) load() {
	rows := s.rows.Select(nil)
	slices.SortFunc(rows, func(a, b *version) int { return compareUint(a.Seq, b.Seq) })
	for _, v := range rows {
		s.index(v.Bucket).add(v)
		s.seq.Store(max(s.seq.Load(), v.Seq))
	}
}

func compareUint(a, b uint64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// index is that of a bucket's objects, made where there is none.
func (s *service) index(name string) *index {
	s.mu.RLock()
	ix := s.indexes[name]
	s.mu.RUnlock()
	if ix != nil {
		return ix
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if ix = s.indexes[name]; ix == nil {
		ix = newIndex()
		s.indexes[name] = ix
	}
	return ix
}

func bucketARN(name string) string { return "arn:aws:s3:::" + name }

func objectARN(bucket, key string) string { return "arn:aws:s3:::" + bucket + "/" + key }

// canonicalID is the canonical user id of an account: 64 hexadecimal digits, here
// a hash of the account id.
func canonicalID(account string) string {
	sum := sha256.Sum256([]byte("canonical user of " + account))
	return hex.EncodeToString(sum[:])
}

func owner(account string) *Owner { return &Owner{ID: canonicalID(account)} }

func ptr[T any](v T) *T { return &v }

func isTrue(b *bool) bool { return b != nil && *b }

// fault is an error with a status of its own.
func fault(status int, code, message string) *cloud.Error {
	return &cloud.Error{Code: code, Message: message, Status: status}
}

func noSuchBucket(name string) *cloud.Error {
	e := fault(404, "NoSuchBucket", "The specified bucket does not exist")
	e.Fields = map[string]any{"BucketName": name}
	return e
}

func accessDenied(message string) *cloud.Error { return fault(403, "AccessDenied", message) }

func invalidArgument(message string) *cloud.Error { return fault(400, "InvalidArgument", message) }

func invalidRequest(message string) *cloud.Error { return fault(400, "InvalidRequest", message) }

// bucket finds a bucket for a call. A signed request from outside must be for the
// bucket's region and, where it says so, its owner.
func (s *service) bucket(c *cloud.Call, t target) (bucket, error) {
	b, ok := s.buckets.Get(t.bucket)
	if !ok {
		return b, noSuchBucket(t.bucket)
	}
	if b.Region != c.Region && c.Via == "" && c.Identity.Kind != cloud.Anonymous && c.Operation.Name() != "GetBucketLocation" {
		e := fault(400, "AuthorizationHeaderMalformed", "The authorization header is malformed; the region '"+c.Region+"' is wrong; expecting '"+b.Region+"'")
		e.Fields = map[string]any{"Region": b.Region}
		e.Headers = map[string]string{"x-amz-bucket-region": b.Region}
		return b, e
	}
	if t.owner != "" && t.owner != b.Account {
		return b, accessDenied("Access Denied")
	}
	return b, nil
}

// change replaces a bucket's row by what f makes of a copy of it.
func (s *service) change(name string, f func(b *bucket) error) error {
	_, err := s.buckets.Update(name, func(b bucket, ok bool) (bucket, error) {
		if !ok {
			return b, noSuchBucket(name)
		}
		return b, f(&b)
	})
	return err
}

// on binds an operation on a bucket that needs one action on it.
func on[In, Out any](s *service, name, action string, do func(c *cloud.Call, b bucket, in *In) (*Out, error)) wire.Operation {
	return wire.Op[In, Out]{Name: name, Auth: func(c *cloud.Call, in *In) ([]cloud.Check, error) {
		return s.onBucket(c, in, action)
	}, Do: func(c *cloud.Call, in *In) (*Out, error) {
		b, err := s.bucket(c, targetOf(in))
		if err != nil {
			return nil, err
		}
		return do(c, b, in)
	}}.Operation()
}

// data is on for an operation on objects, with checks of its own.
func data[In, Out any](s *service, name string, auth func(c *cloud.Call, b bucket, in *In) ([]cloud.Check, error), do func(c *cloud.Call, b bucket, in *In) (*Out, error)) wire.Operation {
	return wire.Op[In, Out]{Name: name, Data: true, Auth: func(c *cloud.Call, in *In) ([]cloud.Check, error) {
		b, err := s.bucket(c, targetOf(in))
		if err != nil {
			return nil, err
		}
		if err := s.reachable(c, b); err != nil {
			return nil, err
		}
		return auth(c, b, in)
	}, Do: func(c *cloud.Call, in *In) (*Out, error) {
		b, err := s.bucket(c, targetOf(in))
		if err != nil {
			return nil, err
		}
		return do(c, b, in)
	}}.Operation()
}

// contextOf starts the condition keys of a request on a bucket.
func contextOf(b bucket) *iam.Context {
	return iam.NewContext().Set("s3:ResourceAccount", b.Account)
}

// lastPart is what stands behind the last slash.
func lastPart(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }
