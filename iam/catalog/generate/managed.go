package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/twokey/twokey/iam/catalog/internal/table"
)

// managedFile is the file of managed policies.
type managedFile map[string]struct {
	Version  string          `json:"version"`
	Updated  string          `json:"updated"`
	Document json.RawMessage `json:"document"`
}

func readManaged(name string) (managedFile, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	text, err := readBounded(z, name)
	if err != nil {
		return nil, err
	}
	var out managedFile
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&out); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(out) == 0 {
		return nil, errors.New(name + " holds no policies")
	}
	return out, nil
}

var versionForm = regexp.MustCompile(`^v[1-9][0-9]*$`)

// encodeManaged returns the archive of the policies and the date of the newest.
func encodeManaged(in managedFile) (archive []byte, updated string, err error) {
	const prefix = "arn:aws:iam::aws:policy/"
	names := map[string]string{}
	var docs []table.Document
	for _, arn := range sorted(in) {
		p := in[arn]
		path, ok := strings.CutPrefix(arn, prefix)
		if !ok || path == "" {
			return nil, "", fmt.Errorf("%s is not the ARN of an AWS-managed policy", arn)
		}
		name := strings.ToLower(path[strings.LastIndexByte(path, '/')+1:])
		if other, ok := names[name]; ok {
			return nil, "", fmt.Errorf("%s and %s have one name", arn, other)
		}
		names[name] = arn
		if _, err := time.Parse(time.DateOnly, p.Updated); err != nil {
			return nil, "", fmt.Errorf("%s: updated: %w", arn, err)
		}
		if !versionForm.MatchString(p.Version) {
			return nil, "", fmt.Errorf("%s: version %q", arn, p.Version)
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, p.Document); err != nil {
			return nil, "", fmt.Errorf("%s: %w", arn, err)
		}
		if !bytes.HasPrefix(compact.Bytes(), []byte("{")) {
			return nil, "", fmt.Errorf("%s: its document is not an object", arn)
		}
		updated = max(updated, p.Updated)
		docs = append(docs, table.Document{Path: path, Version: p.Version, Updated: p.Updated, JSON: compact.Bytes()})
	}
	archive, err = table.EncodeArchive(docs)
	return archive, updated, err
}
