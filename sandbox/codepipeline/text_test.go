package codepipeline

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func testScope(namespace, key string) (string, bool) {
	v, ok := map[string]string{"a.b": "1", "a.c.d": "2", "a.long": strings.Repeat("x", 60<<10)}[namespace+"."+key]
	return v, ok
}

func TestResolve(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                  "",
		"plain #{ text":     "plain #{ text",
		"#{a.b}":            "1",
		"x#{a.b}y#{a.c.d}z": "x1y2z",
		"#{#{a.b}}":         "#{1}",
		"$#{a.b}":           "$1",
	} {
		if got, err := resolve(text, testScope); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"#{}", "#{a}", "#{a.x}", "#{x.b}", "#{a.B}"} {
		if _, err := resolve(text, testScope); err == nil {
			t.Errorf("%q resolved", text)
		}
	}
	if _, err := resolveAll(map[string]string{"k": "#{a.long}#{a.long}"}, testScope); err == nil {
		t.Error("120 KiB of configuration")
	}
}

func FuzzResolve(f *testing.F) {
	f.Add("x#{a.b}y")
	f.Add("#{#{a.b}.c}")
	f.Fuzz(func(t *testing.T, text string) {
		if got, err := resolve(text, testScope); err == nil && !strings.Contains(text, "#{") && got != text {
			t.Fatalf("%q became %q", text, got)
		}
	})
}

func archive(t testing.TB, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, n := range names {
		w, err := z.Create(n)
		if err == nil && !strings.HasSuffix(n, "/") {
			_, err = w.Write([]byte(n))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestUnpack(t *testing.T) {
	t.Parallel()
	got, err := unpack(archive(t, "a.txt", "dir/", "dir/b.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]file{{"a.txt", []byte("a.txt")}, {"dir/b.txt", []byte("dir/b.txt")}}, got); d != "" {
		t.Error(d)
	}
	for _, name := range []string{"../a", "/a", "a/../../b", `a\b`} {
		if _, err := unpack(archive(t, name)); err == nil {
			t.Errorf("%q was unpacked", name)
		}
	}
	if _, err := unpack([]byte("no zip")); err == nil {
		t.Error("what is no zip was unpacked")
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add(archive(f, "a.txt", "dir/b.txt"))
	f.Fuzz(func(t *testing.T, data []byte) {
		files, err := unpack(data)
		if err != nil {
			return
		}
		for _, x := range files {
			if strings.HasPrefix(x.Name, "/") || strings.Contains("/"+x.Name+"/", "/../") {
				t.Fatalf("%q leads out of the artifact", x.Name)
			}
		}
	})
}
