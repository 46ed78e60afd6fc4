package codebuild

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/twokey/twokey/sandbox/cloud"
)

// The bounds of sources and artifacts.
const (
	maxFiles = 100_000
	maxBytes = 512 << 20
)

// supported refuses a build for what the sandbox cannot do, so that nobody takes
// it for done.
func supported(p *Project, in *StartBuildInput) error {
	if value(in.DebugSessionEnabled) {
		return cloud.NotImplemented("debug sessions")
	}
	for _, src := range append([]*ProjectSource{p.Source}, p.SecondarySources...) {
		switch src.Type {
		case "NO_SOURCE", "S3", "CODECOMMIT", "CODEPIPELINE":
		default:
			return cloud.NotImplemented("sources of type " + src.Type)
		}
	}
	if strings.HasPrefix(p.Environment.Type, "WINDOWS") {
		return cloud.NotImplemented("environments of type " + p.Environment.Type)
	}
	for _, v := range p.Environment.EnvironmentVariables {
		if v.Type != "" && v.Type != "PLAINTEXT" {
			return cloud.NotImplemented("environment variables of type " + v.Type)
		}
		if !variableName.MatchString(v.Name) {
			return invalid("Invalid environment variable name: %s", v.Name)
		}
	}
	if p.LogsConfig != nil && p.LogsConfig.S3Logs != nil && p.LogsConfig.S3Logs.Status == "ENABLED" {
		return cloud.NotImplemented("logs of builds in S3")
	}
	if len(p.FileSystemLocations) > 0 {
		return cloud.NotImplemented("file systems of builds")
	}
	return nil
}

// download gets the sources and reads the buildspec.
func (j *job) download() *fault {
	b := &j.row.Build
	resolved, err := j.get(b.Source, b.SourceVersion, j.source())
	if err != nil {
		return sourceFault(b.Source, err)
	}
	j.row.Build.ResolvedSourceVersion = resolved
	if _, err := j.service.change(j.arn, func(b *build) { b.Build.ResolvedSourceVersion = resolved }); err != nil {
		return failure("INTERNAL_SERVICE_ERROR", "%v", err)
	}
	j.folders = map[string]string{}
	for i, src := range b.SecondarySources {
		version := ""
		for _, v := range b.SecondarySourceVersions {
			if v.SourceIdentifier == src.SourceIdentifier {
				version = v.SourceVersion
			}
		}
		dir := filepath.Join(j.dir, fmt.Sprintf("src%d", i+2))
		if err := os.Mkdir(dir, 0o700); err != nil {
			return &fault{"FAULT", "INTERNAL_SERVICE_ERROR", err.Error()}
		}
		if _, err := j.get(src, version, dir); err != nil {
			return sourceFault(src, err)
		}
		j.folders[variableSafe(src.SourceIdentifier)] = dir
	}
	text, f := j.buildspec(b.Source.Buildspec)
	if f != nil {
		return f
	}
	if j.spec, err = parseSpec(text); err != nil {
		return failure("YAML_FILE_ERROR", "%v", err)
	}
	for _, n := range j.spec.Notices {
		j.log.say("%s", n)
	}
	return nil
}

// variableSafe is an identifier as part of the name of a variable.
func variableSafe(id string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, id)
}

func sourceFault(src *ProjectSource, err error) *fault {
	var e *cloud.Error
	if errors.As(err, &e) && strings.HasPrefix(e.Code, "AccessDenied") {
		return failure("CLIENT_ERROR", "AccessDenied: %s for primary source and source version %s", e.Message, src.Location)
	}
	return failure("CLIENT_ERROR", "%s for source %s", message(err), src.Location)
}

// buildspec is the text of the buildspec: inline, or a file of the source.
func (j *job) buildspec(text string) ([]byte, *fault) {
	if strings.ContainsAny(text, "\n{") || strings.HasPrefix(text, "version:") {
		return []byte(text), nil
	}
	name := text
	if name == "" {
		name = "buildspec.yml"
	}
	if strings.HasPrefix(name, "arn:") {
		body, err := j.object(name, "")
		if err != nil {
			return nil, failure("YAML_FILE_ERROR", "%s", message(err))
		}
		return body, nil
	}
	root, err := os.OpenRoot(j.source())
	if err != nil {
		return nil, &fault{"FAULT", "INTERNAL_SERVICE_ERROR", err.Error()}
	}
	defer root.Close()
	file, err := root.Open(name)
	if err != nil {
		return nil, failure("YAML_FILE_ERROR", "YAML file does not exist")
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxSpec+1))
	if err != nil {
		return nil, failure("YAML_FILE_ERROR", "%v", err)
	}
	return data, nil
}

// get puts a source into a folder and tells the version that it has.
func (j *job) get(src *ProjectSource, version, dir string) (string, error) {
	switch src.Type {
	case "S3":
		return version, j.getS3(src.Location, version, dir)
	case "CODEPIPELINE":
		if !strings.HasPrefix(version, "arn:aws:s3:::") {
			return "", errors.New("a source of type CODEPIPELINE needs the ARN of an object as its version: such builds are started by CodePipeline")
		}
		body, err := j.object(version, "")
		if err != nil {
			return "", err
		}
		return "", unpack(body, dir)
	case "CODECOMMIT":
		i := strings.LastIndex(src.Location, "/v1/repos/")
		if i < 0 {
			return "", fmt.Errorf("%s is no URL of a repository", src.Location)
		}
		in := map[string]string{"repositoryName": src.Location[i+len("/v1/repos/"):], "reference": version}
		var out struct {
			CommitID string `json:"commitId"`
			Archive  []byte `json:"archive"`
		}
		if err := j.call("codecommit", "GitPull", in, &out); err != nil {
			return "", err
		}
		return out.CommitID, unpack(out.Archive, dir)
	}
	return "", nil
}

// object reads an object by its ARN.
func (j *job) object(arn, version string) ([]byte, error) {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(arn, "arn:aws:s3:::"), "/")
	in := map[string]string{"Bucket": bucket, "Key": key}
	if version != "" {
		in["VersionId"] = version
	}
	var out struct{ Body []byte }
	err := j.call("s3", "GetObject", in, &out)
	return out.Body, err
}

// getS3 gets a zip file or, where the location ends with a slash, a folder.
func (j *job) getS3(location, version, dir string) error {
	location = strings.TrimPrefix(location, "arn:aws:s3:::")
	if !strings.HasSuffix(location, "/") {
		body, err := j.object(location, version)
		if err != nil {
			return err
		}
		return unpack(body, dir)
	}
	bucket, prefix, _ := strings.Cut(location, "/")
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	token, files, size := "", 0, 0
	for {
		in := map[string]string{"Bucket": bucket, "Prefix": prefix}
		if token != "" {
			in["ContinuationToken"] = token
		}
		var out struct {
			Contents              []struct{ Key string }
			NextContinuationToken string
		}
		if err := j.call("s3", "ListObjectsV2", in, &out); err != nil {
			return err
		}
		for _, o := range out.Contents {
			if strings.HasSuffix(o.Key, "/") {
				continue
			}
			body, err := j.object(bucket+"/"+o.Key, "")
			if err != nil {
				return err
			}
			if files, size = files+1, size+len(body); files > maxFiles || size > maxBytes {
				return errors.New("the source is too large")
			}
			if err := writeFile(root, strings.TrimPrefix(o.Key, prefix), body, 0o644); err != nil {
				return err
			}
		}
		if token = out.NextContinuationToken; token == "" {
			return nil
		}
	}
}

// unpack lays out the files of a zip in a folder. What would lie elsewhere is
// refused.
func unpack(data []byte, dir string) error {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return fmt.Errorf("the source is no zip file: %w", err)
	}
	if len(z.File) > maxFiles {
		return fmt.Errorf("the source has over %d files", maxFiles)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	left := int64(maxBytes)
	for _, f := range z.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return err
		}
		body, err := io.ReadAll(io.LimitReader(r, left+1))
		_ = r.Close() // it was only read
		if err != nil {
			return err
		}
		if left -= int64(len(body)); left < 0 {
			return fmt.Errorf("the files of the source are over %d bytes", maxBytes)
		}
		if f.Mode()&fs.ModeSymlink != 0 {
			err = writeLink(root, f.Name, string(body))
		} else {
			err = writeFile(root, f.Name, body, f.Mode().Perm()|0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func writeFile(root *os.Root, name string, body []byte, mode fs.FileMode) error {
	if err := root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return fmt.Errorf("file %q of the source: %w", name, err)
	}
	if err := root.WriteFile(name, body, mode); err != nil {
		return fmt.Errorf("file %q of the source: %w", name, err)
	}
	return nil
}

// writeLink makes a symbolic link. One that leads out of the source is of no use to
// what is unpacked after it: the root follows none.
func writeLink(root *os.Root, name, target string) error {
	err := root.MkdirAll(path.Dir(name), 0o700)
	if err == nil {
		err = root.Symlink(target, name)
	}
	return err
}
