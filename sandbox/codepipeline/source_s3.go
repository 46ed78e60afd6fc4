package codepipeline

import "fmt"

// sourceS3 takes the newest version of an object, or the one that the start of
// the execution named.
func sourceS3(w *work) *actionDone {
	c := w.action.Resolved
	bucket, key, version := c["S3Bucket"], c["S3ObjectKey"], ""
	for _, o := range w.execution.Overrides {
		switch {
		case o.ActionName != w.action.Action:
		case o.RevisionType == "S3_OBJECT_VERSION_ID":
			version = o.RevisionValue
		case o.RevisionType == "S3_OBJECT_KEY" && c["AllowOverrideForS3ObjectKey"] == "true":
			key = o.RevisionValue
		}
	}
	var versioning struct{ Status string }
	if err := w.call("s3", "GetBucketVersioning", struct{ Bucket string }{bucket}, &versioning); err != nil {
		return w.sourceRefused(err, bucket)
	}
	if versioning.Status != "Enabled" {
		return w.fail("ConfigurationError", fmt.Sprintf("The Amazon S3 bucket named %s does not have versioning enabled. A bucket used as a source must be versioned.", bucket))
	}
	var out s3Object
	if err := w.call("s3", "GetObject", s3Get{bucket, key, version}, &out); err != nil {
		return w.sourceRefused(err, bucket)
	}
	summary := out.Metadata["codepipeline-artifact-revision-summary"]
	if summary == "" {
		summary = "Amazon S3 version id: " + out.VersionId
	}
	return w.writeOnly(out.Body, actionDone{
		ExternalID: out.VersionId, Summary: summary,
		Variables: map[string]string{"ETag": out.ETag, "VersionId": out.VersionId, "BucketName": bucket, "ObjectKey": key},
		Revision:  &revision{ID: out.VersionId, Change: out.VersionId, VersionID: out.VersionId, Summary: summary},
	})
}

func (w *work) sourceRefused(err error, bucket string) *actionDone {
	if denied(err) {
		return w.fail("PermissionError", bucketDenied(err, bucket))
	}
	return w.refused(err, "Amazon S3")
}
