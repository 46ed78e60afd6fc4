package codebuild

import (
	"strings"
	"testing"
)

func TestParseSpecMistakes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "the buildspec is empty",
		"version: 0.2\nphases:\n  build: {commands: [a]}\nfoo: 1": `line 4: unknown key "foo"`,
		"version: 0.3\nphases: {build: {commands: [a]}}":          `unsupported version: "0.3"`,
		"version: 0.1\nphases: {build: {commands: [a]}}":          "the sandbox does not support version 0.1",
		"version: 0.2": "phases is missing or empty",
		"version: 0.2\nphases: {deploy: {commands: [a]}}":                                       `line 2: unknown phase "deploy"`,
		"version: 0.2\nphases:\n  build: {commands: [{echo: x}]}":                               "line 3: an item of commands is no text",
		"version: 0.2\nversion: 0.2":                                                            "already defined",
		"version: 0.2\nenv: {secrets-manager: {A: b}}\nphases: {}":                              "line 2: the sandbox does not support secrets-manager",
		"version: 0.2\nenv: {exported-variables: ['A; rm']}":                                    "is no name of a variable",
		"version: 0.2\nphases: {build: {commands: [a], on-failure: RETRY-2}}":                   `does not support on-failure "RETRY-2"`,
		"version: 0.2\nrun-as: root":                                                            "does not support run-as",
		"version: 0.2\nphases: {build: {commands: [a]}}\nartifacts: {files: [a], s3-prefix: b}": "does not support s3-prefix",
		strings.Repeat("#", maxSpec+1):                                                          "over 1048576 bytes",
	} {
		_, err := parseSpec([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v, want %s", text, err, want)
		}
	}
}

// Patterns of artifacts, with the examples of the build specification reference.
func TestMatches(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"**/*", "a", true}, {"**/*", "a/b/c", true}, {"*", "a", true}, {"*", "a/b", false},
		{"my-subdirectory/*", "my-subdirectory/a", true}, {"my-subdirectory/*", "my-subdirectory/a/b", false},
		{"my-subdirectory/**/*", "my-subdirectory/a/b", true}, {"my-file.*", "my-file.txt", true}, {"my-file.*", "other.txt", false},
		{"**/*.jar", "x/y.jar", true}, {"**/*.jar", "x/y.war", false}, {"./a", "a", true},
	} {
		if got := matchesAny([]string{c.pattern}, c.name); got != c.want {
			t.Errorf("%s on %s: %v", c.pattern, c.name, got)
		}
	}
}

func FuzzParseSpec(f *testing.F) {
	f.Add([]byte("version: 0.2\nphases:\n  build: &b {commands: [a, [b, c]]}\n  post_build: *b\n"))
	f.Add([]byte(`{"version":"0.2","env":{"variables":{"A":"b"}},"phases":{"build":{"commands":null}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := parseSpec(data)
		if err == nil && len(s.Phases) == 0 {
			t.Error("a buildspec without phases was read")
		}
	})
}
