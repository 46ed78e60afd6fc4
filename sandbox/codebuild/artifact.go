package codebuild

import (
	"archive/zip"
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// placeAll finds out where the artifacts of a build will lie.
func (b *build) placeAll() error {
	number := b.Build.Id[strings.LastIndex(b.Build.Id, ":")+1:]
	var err error
	if b.Build.Artifacts, err = place(b.Artifacts, number); err != nil {
		return err
	}
	b.Build.SecondaryArtifacts = nil
	for _, a := range b.Secondary {
		placed, err := place(a, number)
		if err != nil {
			return err
		}
		b.Build.SecondaryArtifacts = append(b.Build.SecondaryArtifacts, placed)
	}
	return nil
}

// place is an artifact of a build; its location is an ARN of S3.
func place(a *ProjectArtifacts, number string) (*BuildArtifacts, error) {
	out := &BuildArtifacts{ArtifactIdentifier: a.ArtifactIdentifier, EncryptionDisabled: a.EncryptionDisabled, OverrideArtifactName: a.OverrideArtifactName, BucketOwnerAccess: a.BucketOwnerAccess}
	switch a.Type {
	case "CODEPIPELINE":
		if a.Location != "" && !strings.HasPrefix(a.Location, "arn:aws:s3:::") {
			return nil, invalid("Invalid artifacts: the location of an artifact of type CODEPIPELINE is the ARN of an object")
		}
		out.Location = a.Location
	case "S3":
		if a.Location == "" {
			return nil, invalid("Invalid artifacts: location must be specified for S3 artifacts")
		}
		out.Location = "arn:aws:s3:::" + a.key(number, a.Name)
	}
	return out, nil
}

// key is bucket and key of an S3 artifact ("ProjectArtifacts", CodeBuild API
// reference).
func (a *ProjectArtifacts) key(number, name string) string {
	parts := []string{strings.TrimPrefix(a.Location, "arn:aws:s3:::"), strings.Trim(a.Path, "/")}
	if a.NamespaceType == "BUILD_ID" {
		parts = append(parts, number)
	}
	return path.Join(append(parts, name)...)
}

// upload puts the artifacts into S3.
func (j *job) upload() *fault {
	if f := j.uploadOne(j.row.Artifacts, j.row.Build.Artifacts, j.spec.Artifacts); f != nil {
		return f
	}
	for i, a := range j.row.Secondary {
		if f := j.uploadOne(a, j.row.Build.SecondaryArtifacts[i], j.spec.Secondary[a.ArtifactIdentifier]); f != nil {
			return f
		}
	}
	return nil
}

func (j *job) uploadOne(a *ProjectArtifacts, placed *BuildArtifacts, want *artifactSpec) *fault {
	if a.Type == "NO_ARTIFACTS" || a.Type == "CODEPIPELINE" && a.Location == "" {
		return nil
	}
	if want == nil || len(want.Files) == 0 {
		if a.ArtifactIdentifier == "" && j.failed {
			return nil
		}
		return failure("CLIENT_ERROR", "no matching artifact paths found: the buildspec has no files for the artifact %s", a.ArtifactIdentifier)
	}
	files, f := j.gather(want)
	if f != nil {
		return f
	}
	j.log.say("Found %d file(s)", len(files))
	bucket, key, _ := strings.Cut(strings.TrimPrefix(placed.Location, "arn:aws:s3:::"), "/")
	if a.Type == "S3" && want.Name != "" && (value(a.OverrideArtifactName) || a.Name == "") {
		bucket, key, _ = strings.Cut(a.key(j.row.Build.Id[strings.LastIndex(j.row.Build.Id, ":")+1:], want.Name), "/")
	}
	if a.Type == "S3" && a.Packaging != "ZIP" {
		for _, file := range files {
			if err := j.put(a, bucket, path.Join(key, file.name), file.body, ""); err != nil {
				return failure("CLIENT_ERROR", "Error in UPLOAD_ARTIFACTS phase: %s", message(err))
			}
		}
		return j.placed(a.ArtifactIdentifier, bucket, key, nil)
	}
	body, err := pack(files)
	if err != nil {
		return failure("CLIENT_ERROR", "%v", err)
	}
	if err := j.put(a, bucket, key, body, "application/zip"); err != nil {
		return failure("CLIENT_ERROR", "Error in UPLOAD_ARTIFACTS phase: %s", message(err))
	}
	return j.placed(a.ArtifactIdentifier, bucket, key, body)
}

// placed notes where an artifact lies, and the digests of one that is one object.
func (j *job) placed(id, bucket, key string, body []byte) *fault {
	_, err := j.service.change(j.arn, func(b *build) {
		for _, a := range append([]*BuildArtifacts{b.Build.Artifacts}, b.Build.SecondaryArtifacts...) {
			if a.ArtifactIdentifier != id {
				continue
			}
			a.Location = "arn:aws:s3:::" + bucket + "/" + key
			if body != nil {
				sha, md := sha256.Sum256(body), md5.Sum(body)
				a.Sha256sum, a.Md5sum = hex.EncodeToString(sha[:]), hex.EncodeToString(md[:])
			}
		}
	})
	if err != nil {
		return &fault{"STOPPED", "", err.Error()}
	}
	return nil
}

// put writes an object under the build's key.
func (j *job) put(a *ProjectArtifacts, bucket, key string, body []byte, kind string) error {
	in := map[string]any{"Bucket": bucket, "Key": key, "Body": body}
	if kind != "" {
		in["ContentType"] = kind
	}
	if !value(a.EncryptionDisabled) {
		in["ServerSideEncryption"], in["SSEKMSKeyId"] = "aws:kms", j.row.Build.EncryptionKey
	}
	return j.call("s3", "PutObject", in, nil)
}

type file struct {
	name string
	body []byte
	mode fs.FileMode
}

// gather reads the files that an artifact wants, in the order of their names.
// Symbolic links are not followed.
func (j *job) gather(want *artifactSpec) ([]file, *fault) {
	base := j.source()
	if want.Base != "" {
		dirs, err := filepath.Glob(filepath.Join(base, want.Base))
		if filepath.IsAbs(want.Base) {
			dirs, err = filepath.Glob(want.Base)
		}
		dirs = slices.DeleteFunc(dirs, func(dir string) bool {
			info, err := os.Stat(dir)
			return err != nil || !info.IsDir()
		})
		if err != nil || len(dirs) == 0 {
			return nil, failure("CLIENT_ERROR", "no matching base directory path found for %s", want.Base)
		}
		base = dirs[0]
	}
	var files []file
	size := int64(0)
	err := filepath.WalkDir(base, func(at string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(base, at)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if !matchesAny(want.Files, name) || matchesAny(want.Exclude, name) {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if size += info.Size(); size > maxBytes || len(files) >= maxFiles {
			return errors.New("the artifact is too large")
		}
		body, err := os.ReadFile(at)
		if want.Discard {
			name = path.Base(name)
		}
		files = append(files, file{name, body, info.Mode().Perm()})
		return err
	})
	if err != nil {
		return nil, failure("CLIENT_ERROR", "%v", err)
	}
	if len(files) == 0 {
		return nil, failure("CLIENT_ERROR", "no matching artifact paths found")
	}
	return files, nil
}

func matchesAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		return matches(strings.Split(path.Clean(filepath.ToSlash(p)), "/"), strings.Split(name, "/"))
	})
}

// matches reports whether a path matches a pattern: * and ? within a name, ** any
// number of folders.
func matches(pattern, name []string) bool {
	for len(pattern) > 0 {
		if pattern[0] == "**" {
			if len(pattern) == 1 {
				return len(name) > 0
			}
			for i := range name {
				if matches(pattern[1:], name[i:]) {
					return true
				}
			}
			return false
		}
		if len(name) == 0 {
			return false
		}
		if ok, err := path.Match(pattern[0], name[0]); err != nil || !ok {
			return false
		}
		pattern, name = pattern[1:], name[1:]
	}
	return len(name) == 0
}

// pack makes a zip of files.
func pack(files []file) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	seen := map[string]bool{}
	for _, f := range files {
		if seen[f.name] {
			return nil, fmt.Errorf("two files of the artifact have the name %s", f.name)
		}
		seen[f.name] = true
		h := &zip.FileHeader{Name: f.name, Method: zip.Deflate}
		h.SetMode(f.mode)
		w, err := z.CreateHeader(h)
		if err == nil {
			_, err = w.Write(f.body)
		}
		if err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return b.Bytes(), err
}
