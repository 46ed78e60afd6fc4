package s3

import (
	"errors"
	"time"

	"github.com/twokey/twokey/sandbox/cloud"
)

// removal is one deletion.
type removal struct {
	key, version string
	bypass       bool
	match        string
	size         *int64
	modified     time.Time
}

// removed is what a deletion did.
type removed struct {
	marker  *version // the delete marker that was put
	version *version // that is gone; nil where there was none
}

// remove deletes a version, or without a version id puts a delete marker on top,
// or without versioning deletes the object.
func (s *service) remove(c *cloud.Call, b bucket, r removal) (removed, error) {
	if r.version != "" && r.version != nullVersion && len(r.version) != 32 {
		return removed{}, invalidArgument("Invalid version id specified")
	}
	ix := s.index(b.Name)
	ix.mu.Lock()
	defer ix.mu.Unlock()
	b, ok := s.buckets.Get(b.Name)
	if !ok {
		return removed{}, noSuchBucket(b.Name)
	}
	v := ix.findLocked(r.key, r.version)
	if err := r.check(v); err != nil {
		return removed{}, err
	}
	if r.version != "" || b.Versioning == "" {
		if v == nil {
			return removed{}, nil
		}
		if err := deletable(v, c.Time, r.bypass); err != nil {
			return removed{}, err
		}
		return removed{version: v}, s.drop(ix, v)
	}
	marker := &version{ID: s.world.IDs.Hex(32), Bucket: b.Name, Key: r.key, VersionID: nullVersion, Seq: s.seq.Add(1), Deleted: true, Modified: c.Time.UTC().Truncate(time.Second)}
	var replaced *version
	if b.Versioning == "Enabled" {
		marker.VersionID = s.world.IDs.From(versionAlphabet, 32)
	} else {
		replaced = ix.findLocked(r.key, nullVersion)
	}
	if err := s.rows.Put(marker.ID, marker); err != nil {
		return removed{}, err
	}
	ix.addLocked(marker)
	if replaced != nil {
		if err := s.drop(ix, replaced); err != nil {
			return removed{}, err
		}
	}
	return removed{marker: marker}, nil
}

// check holds what is there to the conditions of a deletion.
func (r removal) check(v *version) error {
	if r.match == "" && r.size == nil && r.modified.IsZero() {
		return nil
	}
	there := v != nil && !v.Deleted
	switch {
	case !there && r.match != "" && r.match != "*":
		return fault(404, "NoSuchKey", "The specified key does not exist.")
	case !there, r.match != "" && r.match != "*" && unquoted(r.match) != unquoted(v.ETag):
		return preconditionFailed("If-Match")
	case r.size != nil && *r.size != v.Size:
		return preconditionFailed("x-amz-if-match-size")
	case !r.modified.IsZero() && !r.modified.Equal(v.Modified):
		return preconditionFailed("x-amz-if-match-last-modified-time")
	}
	return nil
}

func (s *service) deleteObject(c *cloud.Call, b bucket, in *DeleteObjectRequest) (*DeleteObjectOutput, error) {
	done, err := s.remove(c, b, removal{in.Key, in.VersionId, isTrue(in.BypassGovernanceRetention), in.IfMatch, in.IfMatchSize, in.IfMatchLastModifiedTime.Time})
	if err != nil {
		return nil, err
	}
	s.deleted(c, b, done, "DeleteObject")
	out := &DeleteObjectOutput{VersionId: in.VersionId}
	switch {
	case done.marker != nil:
		out.DeleteMarker, out.VersionId = ptr(true), done.marker.VersionID
	case done.version != nil && done.version.Deleted:
		out.DeleteMarker = ptr(true)
	}
	return out, nil
}

// deleteObjects authorises and deletes each object for itself; what one is refused
// does not hold up the others.
func (s *service) deleteObjects(c *cloud.Call, b bucket, in *DeleteObjectsRequest) (*DeleteObjectsOutput, error) {
	if n := len(in.Delete.Objects); n == 0 || n > 1000 {
		return nil, badXML()
	}
	out := &DeleteObjectsOutput{}
	for _, o := range in.Delete.Objects {
		done, err := s.deleteOne(c, b, in, o)
		if err != nil {
			var e *cloud.Error
			if !errors.As(err, &e) || e.Fault {
				return nil, err
			}
			code := e.Code
			if code == "AccessDeniedException" {
				code = "AccessDenied"
			}
			out.Errors = append(out.Errors, &Error{Key: o.Key, VersionId: o.VersionId, Code: code, Message: e.Message})
			continue
		}
		s.deleted(c, b, done, "DeleteObject")
		if in.Delete.Quiet != nil && *in.Delete.Quiet {
			continue
		}
		d := &DeletedObject{Key: o.Key, VersionId: o.VersionId}
		switch {
		case done.marker != nil:
			d.DeleteMarker, d.DeleteMarkerVersionId = ptr(true), done.marker.VersionID
		case done.version != nil && done.version.Deleted:
			d.DeleteMarker, d.DeleteMarkerVersionId = ptr(true), done.version.VersionID
		}
		out.Deleted = append(out.Deleted, d)
	}
	return out, nil
}

func (s *service) deleteOne(c *cloud.Call, b bucket, in *DeleteObjectsRequest, o *ObjectIdentifier) (removed, error) {
	one := &DeleteObjectRequest{Bucket: in.Bucket, Key: o.Key, VersionId: o.VersionId}
	actions := []string{versioned(o.VersionId, "DeleteObject", "DeleteObjectVersion")}
	if isTrue(in.BypassGovernanceRetention) {
		actions = append(actions, "BypassGovernanceRetention")
	}
	checks, err := s.onObject(c, b, one, actions...)
	if err != nil {
		return removed{}, err
	}
	for _, check := range checks {
		if err := c.Authorize(check); err != nil {
			return removed{}, err
		}
	}
	return s.remove(c, b, removal{o.Key, o.VersionId, isTrue(in.BypassGovernanceRetention), o.ETag, o.Size, o.LastModifiedTime.Time})
}
