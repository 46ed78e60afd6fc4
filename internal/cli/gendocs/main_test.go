package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPagesAreUpToDate generates docs/cli anew and compares.
func TestPagesAreUpToDate(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cli")
	if err := run([]string{dir}); err != nil {
		t.Fatal(err)
	}
	want, got := pages(t, dir), pages(t, "../../../docs/cli")
	if len(want) == 0 {
		t.Fatal("no page was generated")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/cli is out of date: run make generate (-generated +committed):\n%s", diff)
	}
}

func pages(t *testing.T, dir string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		found[filepath.Base(name)] = string(text)
	}
	return found
}
