package s3

import (
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// target is what nearly every input names.
type target struct{ bucket, key, version, owner string }

// layout says where the members of an input are that several inputs have.
type layout struct {
	bucket, key, version, owner, tagging int // -1 where there is none
	// conditions are the members that are condition keys of the request.
	conditions []condition
}

type condition struct {
	field int
	key   string
}

// conditionHeaders are the headers and parameters that are condition keys, and
// their names where those are not "s3:" and the header. Source: the service
// authorization reference of Amazon S3.
var conditionHeaders = map[string]string{
	"x-amz-acl": "", "x-amz-copy-source": "", "x-amz-grant-full-control": "", "x-amz-grant-read": "", "x-amz-grant-read-acp": "",
	"x-amz-grant-write": "", "x-amz-grant-write-acp": "", "x-amz-metadata-directive": "", "x-amz-server-side-encryption": "",
	"x-amz-server-side-encryption-aws-kms-key-id": "", "x-amz-server-side-encryption-customer-algorithm": "", "x-amz-storage-class": "",
	"x-amz-website-redirect-location": "", "x-amz-object-ownership": "", "x-amz-bucket-namespace": "",
	"prefix": "", "delimiter": "", "max-keys": "", "If-Match": "s3:if-match", "If-None-Match": "s3:if-none-match",
	"versionId": "s3:versionid", "x-amz-object-lock-mode": "s3:object-lock-mode",
	"x-amz-object-lock-legal-hold": "s3:object-lock-legal-hold", "x-amz-object-lock-retain-until-date": "s3:object-lock-retain-until-date",
}

var layouts sync.Map // reflect.Type → *layout

func layoutOf(t reflect.Type) *layout {
	if l, ok := layouts.Load(t); ok {
		return l.(*layout)
	}
	l := &layout{bucket: -1, key: -1, version: -1, owner: -1, tagging: -1}
	for i := range t.NumField() {
		f := t.Field(i)
		text := f.Type.Kind() == reflect.String
		switch {
		case f.Name == "Bucket" && text:
			l.bucket = i
		case f.Name == "Key" && text:
			l.key = i
		case f.Name == "VersionId" && text:
			l.version = i
		case f.Name == "ExpectedBucketOwner":
			l.owner = i
		case f.Name == "Tagging":
			l.tagging = i
		}
		parts := strings.Split(f.Tag.Get("wire"), ";")
		if len(parts) < 2 {
			continue
		}
		if name, ok := conditionHeaders[parts[1]]; ok && (parts[0] == "header" || parts[0] == "querystring") {
			if name == "" {
				name = "s3:" + parts[1]
			}
			l.conditions = append(l.conditions, condition{i, name})
		}
	}
	actual, _ := layouts.LoadOrStore(t, l)
	return actual.(*layout)
}

func targetOf(in any) target {
	v := reflect.ValueOf(in).Elem()
	l := layoutOf(v.Type())
	get := func(i int) string {
		if i < 0 {
			return ""
		}
		return v.Field(i).String()
	}
	return target{get(l.bucket), get(l.key), get(l.version), get(l.owner)}
}

// conditions adds the condition keys that are in the request's own headers,
// parameters and tags.
func conditions(ctx *iam.Context, in any, now time.Time) (*iam.Context, error) {
	v := reflect.ValueOf(in).Elem()
	l := layoutOf(v.Type())
	for _, c := range l.conditions {
		switch f := v.Field(c.field).Interface().(type) {
		case string:
			if f != "" {
				ctx.Set(c.key, f)
			}
		case *int64:
			if f != nil {
				ctx.Set(c.key, strconv.FormatInt(*f, 10))
			}
		case wire.Time:
			if !f.IsZero() {
				ctx.Set(c.key, f.UTC().Format(time.RFC3339))
				ctx.Set("s3:object-lock-remaining-retention-days", strconv.Itoa(int(f.Sub(now).Hours()/24)))
			}
		}
	}
	if l.tagging < 0 {
		return ctx, nil
	}
	var tags []*Tag
	switch f := v.Field(l.tagging).Interface().(type) {
	case string:
		var err error
		if tags, err = parseTags(f); err != nil {
			return nil, err
		}
	case *Tagging:
		if f != nil {
			tags = f.TagSet
		}
	}
	if len(tags) > 0 {
		keys := make([]string, 0, len(tags))
		for _, t := range tags {
			ctx.Set("s3:RequestObjectTag/"+t.Key, t.Value)
			keys = append(keys, t.Key)
		}
		ctx.SetList("s3:RequestObjectTagKeys", keys...)
	}
	return ctx, nil
}

// parseTags reads the header x-amz-tagging, a query string.
func parseTags(header string) ([]*Tag, error) {
	if header == "" {
		return nil, nil
	}
	var tags []*Tag
	for part := range strings.SplitSeq(header, "&") {
		k, v, _ := strings.Cut(part, "=")
		key, err := url.QueryUnescape(k)
		if err != nil || key == "" {
			return nil, invalidArgument("The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.")
		}
		value, err := url.QueryUnescape(v)
		if err != nil {
			return nil, invalidArgument("The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.")
		}
		for _, t := range tags {
			if t.Key == key {
				return nil, invalidArgument("The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.")
			}
		}
		tags = append(tags, &Tag{Key: key, Value: value})
	}
	return tags, checkTags(tags, 10)
}

// onBucket is the check of one action on the bucket of an input.
func (s *service) onBucket(c *cloud.Call, in any, action string) ([]cloud.Check, error) {
	b, err := s.bucket(c, targetOf(in))
	if err != nil {
		return nil, err
	}
	if err := s.reachable(c, b); err != nil {
		return nil, err
	}
	ctx, err := conditions(contextOf(b), in, c.Time)
	if err != nil {
		return nil, err
	}
	return []cloud.Check{{Action: "s3:" + action, Resource: bucketARN(b.Name), ResourceAccount: b.Account, Context: ctx}}, nil
}

// onObject are the checks of actions on the object of an input. The tags of the
// object that is there, if any, are condition keys.
func (s *service) onObject(c *cloud.Call, b bucket, in any, actions ...string) ([]cloud.Check, error) {
	t := targetOf(in)
	ctx, err := conditions(contextOf(b), in, c.Time)
	if err != nil {
		return nil, err
	}
	if v := s.index(b.Name).find(t.key, t.version); v != nil {
		existingTags(ctx, v)
	}
	checks := make([]cloud.Check, len(actions))
	for i, a := range actions {
		checks[i] = cloud.Check{Action: "s3:" + a, Resource: objectARN(b.Name, t.key), ResourceAccount: b.Account, Context: ctx}
	}
	return checks, nil
}

func existingTags(ctx *iam.Context, v *version) {
	for _, t := range v.Tags {
		ctx.Set("s3:ExistingObjectTag/"+t.Key, t.Value)
	}
}

// versioned is the action on an object or, where a version is named, on a version.
func versioned(version, object, ofVersion string) string {
	if version != "" {
		return ofVersion
	}
	return object
}
