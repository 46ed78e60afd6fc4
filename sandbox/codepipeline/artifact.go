package codepipeline

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"
)

// The members of S3's API that the providers use.
type (
	s3Get struct {
		Bucket, Key string
		VersionId   string `json:",omitzero"`
	}
	s3Object struct {
		Body            []byte
		ETag, VersionId string
		Metadata        map[string]string
	}
	s3Put struct {
		Bucket, Key          string
		Body                 []byte
		ACL                  string `json:",omitzero"`
		CacheControl         string `json:",omitzero"`
		ContentType          string `json:",omitzero"`
		ServerSideEncryption string `json:",omitzero"`
		SSEKMSKeyId          string `json:",omitzero"`
	}
)

// read gets an input artifact, as the action's role.
func (w *caller) read(a artifact) ([]byte, error) {
	var out s3Object
	err := w.call("s3", "GetObject", s3Get{Bucket: a.Bucket, Key: a.Key}, &out)
	return out.Body, err
}

// write puts an output artifact into the store as the action's role, under the
// store's key or, where it has none, under the account's own key for S3.
func (w *work) write(a artifact, body []byte) error {
	return w.call("s3", "PutObject", s3Put{
		Bucket: a.Bucket, Key: a.Key, Body: body, ContentType: "application/zip",
		ServerSideEncryption: "aws:kms", SSEKMSKeyId: a.KeyID,
	}, nil)
}

// writeOnly writes the one output artifact of a source action and ends it.
func (w *work) writeOnly(body []byte, done actionDone) *actionDone {
	if len(w.action.Outputs) != 1 {
		return w.fail("ConfigurationError", "the action needs one output artifact")
	}
	out := w.action.Outputs[0]
	if err := w.write(out, body); err != nil {
		return w.storeRefused(err, out.Bucket)
	}
	if s, err := w.as(); err == nil {
		done.Account = s.identity.Account
	}
	if done.Revision != nil {
		done.Revision.Action, done.Revision.Artifact, done.Revision.Created = w.action.Action, out.Name, w.engine.world.Clock.Now()
	}
	done.Status = succeeded
	return &done
}

// storeRefused words what the artifact bucket answered.
func (w *work) storeRefused(err error, bucket string) *actionDone {
	if !denied(err) {
		return w.refused(err, "Amazon S3")
	}
	return w.fail("PermissionError", bucketDenied(err, bucket))
}

// bucketDenied is CodePipeline's text for a bucket that a role may not use.
func bucketDenied(err error, bucket string) string {
	return fmt.Sprintf("The service role or action role doesn’t have the permissions required to access the Amazon S3 bucket named %s. Update the IAM role permissions, and then try again. Error: %s", bucket, serviceMessage(err, "Amazon S3"))
}

// The bounds of an artifact that is unpacked: CodePipeline's number of files,
// and a size that memory can hold.
const (
	maxFiles         = 100_000
	maxUnpackedBytes = 512 << 20
)

// file is one file of an artifact.
type file struct {
	Name string
	Body []byte
}

// unpack reads the files of a zip. Names that lead out of it are refused.
func unpack(data []byte) ([]file, error) {
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("the artifact is no zip file: %w", err)
	}
	if len(r.File) > maxFiles {
		return nil, fmt.Errorf("the artifact has more than %d files", maxFiles)
	}
	var files []file
	left := int64(maxUnpackedBytes)
	for _, f := range r.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		if strings.HasPrefix(f.Name, "/") || strings.Contains("/"+f.Name+"/", "/../") || strings.Contains(f.Name, `\`) {
			return nil, fmt.Errorf("the artifact holds a file whose name leads out of it: %q", f.Name)
		}
		body, err := unpackFile(f, left)
		if err != nil {
			return nil, fmt.Errorf("the artifact's file %q: %w", f.Name, err)
		}
		left -= int64(len(body))
		files = append(files, file{f.Name, body})
	}
	return files, nil
}

func unpackFile(f *zip.File, limit int64) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	body, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(body)) > limit {
		err = fmt.Errorf("the files are over %d bytes together", int64(maxUnpackedBytes))
	}
	return body, err
}
