package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The tests run testrun on small modules of their own, with the real go test.

func module(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	files["go.mod"] = "module example.com/m\n\ngo 1.26\n"
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func testrun(t *testing.T, files map[string]string, args ...string) (ok bool, out string) {
	t.Helper()
	var buf, stderr bytes.Buffer
	ok, err := run(t.Context(), module(t, files), append(args, "./..."), &buf, &stderr)
	if err != nil {
		buf.WriteString("testrun: " + err.Error() + "\n")
	}
	return ok && err == nil, stderr.String() + buf.String()
}

const passing = "package a\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) { t.Run(\"x\", func(t *testing.T) {}) }\n"

func TestRun(t *testing.T) {
	t.Parallel()
	skipping := "package b\n\nimport \"testing\"\n\nfunc TestB(t *testing.T) { t.Skip(\"no postgres here\") }\n"
	failing := "package c\n\nimport \"testing\"\n\nfunc TestC(t *testing.T) { t.Error(\"seven is not eight\") }\n"
	tests := []struct {
		name   string
		files  map[string]string
		args   []string
		ok     bool
		want   []string
		absent string
		last   string
	}{
		{
			name: "all pass", ok: true,
			files: map[string]string{"a/a_test.go": passing},
			want:  []string{"example.com/m/a"}, absent: "Left out",
			last: "2 passed, 0 failed, 0 skipped",
		},
		{
			name: "a skip is named", ok: true,
			files: map[string]string{"a/a_test.go": passing, "b/b_test.go": skipping},
			want:  []string{"Left out on this machine:\n  example.com/m/b.TestB: no postgres here\n"},
			last:  "2 passed, 0 failed, 1 skipped",
		},
		{
			name: "a skip fails where none may be", ok: false, args: []string{"-no-skips"},
			files: map[string]string{"a/a_test.go": passing, "b/b_test.go": skipping},
			want:  []string{"2 passed, 0 failed, 1 skipped"},
			last:  "testrun: 1 tests were skipped, and this machine should run them all",
		},
		{
			name: "a failure is shown", ok: false,
			files: map[string]string{"a/a_test.go": passing, "c/c_test.go": failing},
			want:  []string{"seven is not eight", "FAIL\texample.com/m/c"},
			last:  "2 passed, 1 failed, 0 skipped",
		},
		{
			name: "what does not build fails", ok: false,
			files: map[string]string{"a/a_test.go": passing, "d/d.go": "package d\n\nvar x int = \"\"\n", "d/d_test.go": "package d\n"},
			want:  []string{"Did not build, or ended early:\n  example.com/m/d\n"},
			last:  "2 passed, 1 failed, 0 skipped",
		},
		{
			name: "an early exit fails", ok: false,
			files: map[string]string{"a/a_test.go": passing, "e/e_test.go": "package e\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestE(t *testing.T) { os.Exit(0) }\n"},
			last:  "2 passed, 1 failed, 0 skipped",
		},
		{
			name: "no test is no success", ok: false,
			files: map[string]string{"f/f.go": "package f\n"},
			want:  []string{"0 passed, 0 failed, 0 skipped"},
			last:  "testrun: no test ran",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ok, out := testrun(t, tt.files, tt.args...)
			if ok != tt.ok {
				t.Errorf("ok = %v, want %v", ok, tt.ok)
			}
			for _, w := range tt.want {
				if !strings.Contains(out, w) {
					t.Errorf("output lacks %q", w)
				}
			}
			if tt.absent != "" && strings.Contains(out, tt.absent) {
				t.Errorf("output has %q", tt.absent)
			}
			lines := strings.Split(strings.TrimRight(out, "\n"), "\n")
			if last := lines[len(lines)-1]; last != tt.last {
				t.Errorf("last line is %q, want %q", last, tt.last)
			}
			if t.Failed() {
				t.Log(out)
			}
		})
	}
}
