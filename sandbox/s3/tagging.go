package s3

import (
	"strconv"
	"time"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

func wholeDays(d time.Duration) string { return strconv.Itoa(int(d.Hours() / 24)) }

func (s *service) tagOps() []wire.Operation {
	return []wire.Operation{
		data(s, "GetObjectTagging", func(c *cloud.Call, b bucket, in *GetObjectTaggingRequest) ([]cloud.Check, error) {
			return s.onObject(c, b, in, versioned(in.VersionId, "GetObjectTagging", "GetObjectVersionTagging"))
		}, func(c *cloud.Call, b bucket, in *GetObjectTaggingRequest) (*GetObjectTaggingOutput, error) {
			v, err := s.current(c, b, in.Key, in.VersionId)
			if err != nil {
				return nil, err
			}
			tags := v.Tags
			if tags == nil {
				tags = []*Tag{}
			}
			return &GetObjectTaggingOutput{VersionId: shownVersion(b, v), TagSet: tags}, nil
		}),
		data(s, "PutObjectTagging", func(c *cloud.Call, b bucket, in *PutObjectTaggingRequest) ([]cloud.Check, error) {
			return s.onObject(c, b, in, versioned(in.VersionId, "PutObjectTagging", "PutObjectVersionTagging"))
		}, func(c *cloud.Call, b bucket, in *PutObjectTaggingRequest) (*PutObjectTaggingOutput, error) {
			if in.Tagging == nil {
				return nil, badXML()
			}
			if err := checkTags(in.Tagging.TagSet, 10); err != nil {
				return nil, err
			}
			v, err := s.alter(c, b, in.Key, in.VersionId, func(v *version) error { v.Tags = in.Tagging.TagSet; return nil })
			if err != nil {
				return nil, err
			}
			s.tagged(c, b, v, "Object Tags Added")
			return &PutObjectTaggingOutput{VersionId: shownVersion(b, v)}, nil
		}),
		data(s, "DeleteObjectTagging", func(c *cloud.Call, b bucket, in *DeleteObjectTaggingRequest) ([]cloud.Check, error) {
			return s.onObject(c, b, in, versioned(in.VersionId, "DeleteObjectTagging", "DeleteObjectVersionTagging"))
		}, func(c *cloud.Call, b bucket, in *DeleteObjectTaggingRequest) (*DeleteObjectTaggingOutput, error) {
			v, err := s.alter(c, b, in.Key, in.VersionId, func(v *version) error { v.Tags = nil; return nil })
			if err != nil {
				return nil, err
			}
			s.tagged(c, b, v, "Object Tags Deleted")
			return &DeleteObjectTaggingOutput{VersionId: shownVersion(b, v)}, nil
		}),
	}
}
