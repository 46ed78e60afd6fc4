package report_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/twokey/twokey/report"
)

func writes(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

// only fails the test unless dir holds exactly the named files.
func only(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if len(got) != len(names) {
		t.Fatalf("files %q, want %q", got, names)
	}
	for i := range names {
		if got[i] != names[i] {
			t.Fatalf("files %q, want %q", got, names)
		}
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestWriteFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "report.html")
	if err := report.WriteFile(path, writes("one")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := report.WriteFile(path, writes("two")); err != nil {
		t.Fatal(err)
	}
	if got := content(t, path); got != "two" {
		t.Errorf("content %q", got)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o640 {
		t.Errorf("permissions %v (%v), want those it had", info.Mode(), err)
	}
	only(t, dir, "report.html")
}

func TestWriteFileKeepsTheOldOne(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "report.html")
	if err := report.WriteFile(path, writes("old")); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	err := report.WriteFile(path, func(w io.Writer) error {
		// More than any buffer holds, so that a part has reached the disk.
		if _, err := w.Write(make([]byte, 1<<20)); err != nil {
			return err
		}
		if got := content(t, path); got != "old" {
			t.Errorf("half written, the file holds %d bytes of the new text", len(got))
		}
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	func() {
		defer func() { _ = recover() }()
		_ = report.WriteFile(path, func(io.Writer) error { panic("broken") })
	}()
	if got := content(t, path); got != "old" {
		t.Errorf("content %q", got)
	}
	only(t, dir, "report.html")
}

func TestWriteFileFollowsLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, link := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path, link); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	if err := report.WriteFile(link, writes("new")); err != nil {
		t.Fatal(err)
	}
	if got := content(t, path); got != "new" {
		t.Errorf("content %q", got)
	}
	if to, err := os.Readlink(link); err != nil || to != path {
		t.Errorf("the link leads to %q (%v)", to, err)
	}
}

func TestWriteFileToDevice(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(os.DevNull); err != nil || runtime.GOOS == "windows" {
		t.Skipf("no %s here", os.DevNull)
	}
	if err := report.WriteFile(os.DevNull, writes("x")); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Fatalf("%s was replaced: %v %v", os.DevNull, info.Mode(), err)
	}
}

func TestWriteFileNamesThePath(t *testing.T) {
	t.Parallel()
	err := report.WriteFile(filepath.Join(t.TempDir(), "no", "such", "dir"), writes("x"))
	var pe *os.PathError
	if !errors.As(err, &pe) {
		t.Errorf("error %v names no path", err)
	}
}
