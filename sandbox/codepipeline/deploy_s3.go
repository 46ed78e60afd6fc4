package codepipeline

import (
	"mime"
	"path"
	"strings"
)

// deployS3 puts the input artifact into a bucket: as it is under ObjectKey, or
// its files, ObjectKey being a prefix.
func deployS3(w *work) *actionDone {
	c := w.action.Resolved
	if len(w.action.Inputs) != 1 {
		return w.fail("ConfigurationError", "the action needs one input artifact")
	}
	in := w.action.Inputs[0]
	data, err := w.read(in)
	if err != nil {
		return w.storeRefused(err, in.Bucket)
	}
	files := []file{{c["ObjectKey"], data}}
	switch {
	case strings.EqualFold(c["Extract"], "true"):
		if files, err = unpack(data); err != nil {
			return w.fail("JobFailed", err.Error())
		}
		if prefix := strings.Trim(c["ObjectKey"], "/"); prefix != "" {
			for i := range files {
				files[i].Name = prefix + "/" + files[i].Name
			}
		}
	case c["ObjectKey"] == "":
		return w.fail("ConfigurationError", "ObjectKey is required where Extract is false")
	}
	if err := w.begun(progress{}); err != nil {
		return nil
	}
	for _, f := range files {
		put := s3Put{
			Bucket: c["BucketName"], Key: f.Name, Body: f.Body, ACL: c["CannedACL"], CacheControl: c["CacheControl"],
			ContentType: mime.TypeByExtension(path.Ext(f.Name)),
		}
		if key := c["KMSEncryptionKeyARN"]; key != "" {
			put.ServerSideEncryption, put.SSEKMSKeyId = "aws:kms", key
		}
		if err := w.call("s3", "PutObject", put, nil); err != nil {
			return w.sourceRefused(err, c["BucketName"])
		}
	}
	return &actionDone{Status: succeeded, Summary: "Deployment Succeeded", Variables: map[string]string{"BucketName": c["BucketName"], "ObjectKey": c["ObjectKey"]}}
}
