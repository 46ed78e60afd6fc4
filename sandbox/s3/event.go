package s3

import (
	"fmt"

	"github.com/twokey/twokey/sandbox/cloud"
)

// eventDetail is the detail of S3's events ("EventBridge event message structure",
// Amazon S3 user guide).
type eventDetail struct {
	Version         string            `json:"version"`
	Bucket          map[string]string `json:"bucket"`
	Object          eventObject       `json:"object"`
	RequestID       string            `json:"request-id"`
	Requester       string            `json:"requester"`
	SourceIPAddress string            `json:"source-ip-address,omitempty"`
	Reason          string            `json:"reason,omitempty"`
	DeletionType    string            `json:"deletion-type,omitempty"`
}

type eventObject struct {
	Key       string `json:"key"`
	Size      *int64 `json:"size,omitempty"`
	ETag      string `json:"etag,omitempty"`
	VersionID string `json:"version-id,omitempty"`
	Sequencer string `json:"sequencer,omitempty"`
}

func (s *service) publish(c *cloud.Call, b bucket, kind string, v *version, d eventDetail) {
	if !b.EventBridge {
		return
	}
	d.Version, d.Bucket, d.RequestID = "0", map[string]string{"name": b.Name}, c.RequestID
	d.Requester, d.SourceIPAddress = c.Identity.Account, c.SourceIP
	switch c.Identity.Kind {
	case cloud.AWSService:
		d.Requester = c.Identity.ARN
	case cloud.Anonymous:
		d.Requester = "anonymous"
	}
	d.Object.Key, d.Object.VersionID = v.Key, shownVersion(b, v)
	// The detail has no type that cannot be written as JSON.
	_ = s.world.Publish(b.Account, b.Region, "aws.s3", kind, []string{bucketARN(b.Name)}, d)
}

func sequencer(v *version) string { return fmt.Sprintf("%018X", v.Seq) }

// created tells of a new object.
func (s *service) created(c *cloud.Call, b bucket, v *version, reason string) {
	s.publish(c, b, "Object Created", v, eventDetail{Reason: reason, Object: eventObject{Size: &v.Size, ETag: unquoted(v.ETag), Sequencer: sequencer(v)}})
}

// deleted tells of a deletion that did something.
func (s *service) deleted(c *cloud.Call, b bucket, r removed, reason string) {
	switch {
	case r.marker != nil:
		s.publish(c, b, "Object Deleted", r.marker, eventDetail{Reason: reason, DeletionType: "Delete Marker Created", Object: eventObject{Sequencer: sequencer(r.marker)}})
	case r.version != nil:
		s.publish(c, b, "Object Deleted", r.version, eventDetail{Reason: reason, DeletionType: "Permanently Deleted", Object: eventObject{Sequencer: sequencer(r.version)}})
	}
}

// tagged tells of a change of an object's tags.
func (s *service) tagged(c *cloud.Call, b bucket, v *version, kind string) {
	s.publish(c, b, kind, v, eventDetail{Object: eventObject{ETag: unquoted(v.ETag)}})
}
