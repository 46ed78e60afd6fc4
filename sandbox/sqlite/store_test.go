package sqlite_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/sqlite"
)

// writer, in the environment, makes the test program a process that writes until
// it is killed.
const writer = "SANDBOX_SQLITE_WRITER"

func TestMain(m *testing.M) {
	if path := os.Getenv(writer); path != "" {
		write(path)
		return
	}
	os.Exit(m.Run())
}

// write commits two rows and a blob of the same number at a time, and says each
// number once it is acknowledged.
func write(path string) {
	s, err := sqlite.Open(path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	last, _, err := s.Get("left", "n")
	if err != nil {
		os.Exit(1)
	}
	n, _ := strconv.Atoi(string(last))
	for {
		n++
		text := []byte(strconv.Itoa(n))
		if err := s.Commit([]cloud.Write{{Table: "left", Key: "n", Value: text}, {Table: "blob", Key: "b", Value: bytes.Repeat(text, 4000)}, {Table: "right", Key: "n", Value: text}}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(n)
	}
}

func open(t *testing.T, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func load(t *testing.T, s cloud.Store, table string) map[string]string {
	t.Helper()
	out := map[string]string{}
	if err := s.Load(table, func(key string, value []byte) error { out[key] = string(value); return nil }); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRowsAreThereAfterReopening(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a ?#%20 b.db") // must survive the DSN
	s := open(t, path)
	odd := "ключ/\x00\xff'\""
	if err := s.Commit([]cloud.Write{
		{Table: "t", Key: "a", Value: []byte("1")}, {Table: "t", Key: "b", Value: []byte("2")}, {Table: "u", Key: "a", Value: []byte("other")},
		{Table: "t", Key: odd, Value: []byte("\x00\x01")}, {Table: "t", Key: "empty", Value: []byte{}},
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit([]cloud.Write{{Table: "t", Key: "a", Value: []byte("3")}, {Table: "t", Key: "b"}, {Table: "t", Key: "never"}, {Table: "t", Key: "c", Value: []byte("x")}, {Table: "t", Key: "c"}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	want := map[string]string{"a": "3", odd: "\x00\x01", "empty": ""}
	if diff := cmp.Diff(want, load(t, s, "t")); diff != "" {
		t.Error(diff)
	}
	for key, value := range want {
		got, ok, err := s.Get("t", key)
		if err != nil || !ok || string(got) != value {
			t.Errorf("Get(%q) = %q, %v, %v", key, got, ok, err)
		}
	}
	if _, ok, err := s.Get("t", "b"); ok || err != nil {
		t.Errorf("a deleted row is there: %v, %v", ok, err)
	}
}

func TestACommitIsAllOrNothing(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "w.db"))
	if err := s.Commit([]cloud.Write{{Table: "t", Key: "a", Value: []byte("1")}}); err != nil {
		t.Fatal(err)
	}
	err := s.Load("t", func(string, []byte) error { return fmt.Errorf("no") })
	if err == nil || err.Error() != "no" {
		t.Errorf("Load returned %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit([]cloud.Write{{Table: "t", Key: "a", Value: []byte("2")}}); err == nil {
		t.Error("a closed store acknowledged a commit")
	}
}

func TestOneSandboxAtATime(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "w.db")
	first := open(t, path)
	if _, err := sqlite.Open(path); err == nil || !strings.Contains(err.Error(), "locked") {
		t.Fatalf("a second store opened the file: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, path)
}

func TestNewerAndForeignFilesAreRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "w.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("this is no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Open(path); err == nil {
		t.Error("a file that is no database was opened")
	}
	newer := filepath.Join(t.TempDir(), "n.db")
	if err := open(t, newer).Close(); err != nil {
		t.Fatal(err)
	}
	// The user version is the big-endian number at offset 60 of the header
	// (https://sqlite.org/fileformat2.html#the_database_header).
	data, err := os.ReadFile(newer)
	if err != nil {
		t.Fatal(err)
	}
	copy(data[60:], []byte{0, 0, 0, 99})
	if err := os.WriteFile(newer, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Open(newer); err == nil || !strings.Contains(err.Error(), "newer version") {
		t.Errorf("a file of a newer program: %v", err)
	}
	if _, err := sqlite.Open(filepath.Join(t.TempDir(), "missing", "w.db")); err == nil {
		t.Error("a file in a folder that is not there was opened")
	}
}

func TestWritersAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "w.db")
	world, err := cloud.New(cloud.Options{Accounts: []cloud.Account{{Name: "a", ID: "111111111111"}}, Store: open(t, path)})
	if err != nil {
		t.Fatal(err)
	}
	table, err := cloud.NewTable[int](world, "numbers")
	if err != nil {
		t.Fatal(err)
	}
	blobs := cloud.NewBlobs(world, "blobs")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 25 {
				key := fmt.Sprintf("%d-%d", i, j)
				if err := table.Put(key, i*100+j); err != nil {
					t.Error(err)
				}
				if err := blobs.Put(key, []byte(key)); err != nil {
					t.Error(err)
				}
				if got, err := blobs.Get(key); err != nil || string(got) != key {
					t.Errorf("Get(%q) before it is durable = %q, %v", key, got, err)
				}
				if err := world.Flush(); err != nil {
					t.Error(err)
				}
				if j%2 == 1 {
					if err := blobs.Delete(key); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	if err := world.Close(); err != nil {
		t.Fatal(err)
	}
	world, err = cloud.New(cloud.Options{Accounts: []cloud.Account{{Name: "a", ID: "111111111111"}}, Store: open(t, path)})
	if err != nil {
		t.Fatal(err)
	}
	if table, err = cloud.NewTable[int](world, "numbers"); err != nil {
		t.Fatal(err)
	}
	blobs = cloud.NewBlobs(world, "blobs")
	for i := range 8 {
		for j := range 25 {
			key := fmt.Sprintf("%d-%d", i, j)
			if n, ok := table.Get(key); !ok || n != i*100+j {
				t.Errorf("%s = %d, %v", key, n, ok)
			}
			got, err := blobs.Get(key)
			if deleted := j%2 == 1; deleted != (err != nil) || !deleted && string(got) != key {
				t.Errorf("blob %s = %q, %v", key, got, err)
			}
		}
	}
}

// TestKilledWriter kills a process that writes, over and over: what it said it had
// is there, and no commit is there by half.
func TestKilledWriter(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "w.db")
	acknowledged := 0
	for round := range 12 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), writer+"="+path)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for range 3 + 7*round { // a different place each time
			if !lines.Scan() {
				t.Fatal("the writer stopped by itself")
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for ok := true; ok; ok = lines.Scan() { // what it had said before it died
			if n, err := strconv.Atoi(lines.Text()); err == nil {
				acknowledged = n
			}
		}
		_ = cmd.Wait()
		checkWhole(t, path, acknowledged)
	}
}

// checkWhole holds a file to what write does: both rows and the blob carry one
// number, and it is not before the one acknowledged.
func checkWhole(t *testing.T, path string, acknowledged int) int {
	t.Helper()
	s := open(t, path)
	defer s.Close()
	left, right, blob := load(t, s, "left")["n"], load(t, s, "right")["n"], load(t, s, "blob")["b"]
	n, _ := strconv.Atoi(left)
	if left != right || blob != strings.Repeat(left, 4000) {
		t.Fatalf("half a commit: %q and %q", left, right)
	}
	if n < acknowledged {
		t.Fatalf("%d was acknowledged, %d is there", acknowledged, n)
	}
	return n
}

// TestTornLog cuts the write-ahead log off anywhere, as a crash of the machine
// would: some whole commits are there, and no half of one.
func TestTornLog(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "w.db")
	s := open(t, path)
	const commits = 20
	for n := 1; n <= commits; n++ {
		text := []byte(strconv.Itoa(n))
		if err := s.Commit([]cloud.Write{{Table: "left", Key: "n", Value: text}, {Table: "blob", Key: "b", Value: bytes.Repeat(text, 4000)}, {Table: "right", Key: "n", Value: text}}); err != nil {
			t.Fatal(err)
		}
	}
	db, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(path + "-wal")
	if err != nil || len(log) == 0 {
		t.Fatalf("there is no log: %v", err)
	}
	seen := map[int]bool{}
	for i := range 15 {
		torn := filepath.Join(dir, fmt.Sprintf("torn%d.db", i))
		cut := len(log) * (i + 1) / 15
		tail := bytes.Clone(log[:cut])
		if i%2 == 1 && cut > 200 { // a page that did not make it whole
			copy(tail[cut-100:], make([]byte, 100))
		}
		for name, data := range map[string][]byte{torn: db, torn + "-wal": tail} {
			if err := os.WriteFile(name, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		seen[tornCommits(t, torn)] = true
	}
	if len(seen) < 5 || !seen[commits] {
		t.Errorf("the cuts left %v commits; want several numbers, and all %d of the whole log", seen, commits)
	}
}

// tornCommits is the number of commits in a file, 0 where not even the schema is.
func tornCommits(t *testing.T, path string) int {
	t.Helper()
	return checkWhole(t, path, 0)
}
