package cloud

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// memory is a Store that can fail, and that shows in which groups it was written.
type memory struct {
	mu      sync.Mutex
	rows    map[string][]byte // table + "\x00" + key
	commits [][]Write
	fail    error
	entered chan struct{} // told of each Commit, where set
	proceed chan struct{} // awaited by each Commit, where set
}

func (m *memory) Load(table string, each func(string, []byte) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for k, v := range m.rows {
		if name, key, _ := splitKey(k); name == table {
			if err := each(key, v); err != nil {
				return err
			}
		}
	}
	return nil
}

func splitKey(k string) (table, key string, ok bool) {
	for i := range len(k) {
		if k[i] == 0 {
			return k[:i], k[i+1:], true
		}
	}
	return k, "", false
}

func (m *memory) Commit(writes []Write) error {
	if m.entered != nil {
		m.entered <- struct{}{}
		<-m.proceed
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	if m.rows == nil {
		m.rows = map[string][]byte{}
	}
	for _, w := range writes {
		if w.Value == nil {
			delete(m.rows, w.Table+"\x00"+w.Key)
			continue
		}
		m.rows[w.Table+"\x00"+w.Key] = w.Value
	}
	m.commits = append(m.commits, writes)
	return nil
}

func (m *memory) Get(table, key string) ([]byte, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.rows[table+"\x00"+key]
	return v, ok, nil
}

func (m *memory) Close() error { return nil }

type row struct{ N int }

func open(t *testing.T, s Store) (*World, *Table[row]) {
	t.Helper()
	w, err := New(Options{Accounts: []Account{{ID: "111111111111"}}, Store: s})
	if err != nil {
		t.Fatal(err)
	}
	table, err := NewTable[row](w, "rows")
	if err != nil {
		t.Fatal(err)
	}
	return w, table
}

func TestTableSurvives(t *testing.T) {
	t.Parallel()
	store := &memory{}
	w, table := open(t, store)
	for i := range 5 {
		if err := table.Put(fmt.Sprint("k", i), row{i}); err != nil {
			t.Fatal(err)
		}
	}
	if err := table.Delete("k0"); err != nil {
		t.Fatal(err)
	}
	if _, err := table.Move("k1", "moved", func(v row, ok, taken bool) (row, error) {
		if !ok || taken {
			t.Errorf("ok %v, taken %v", ok, taken)
		}
		return row{v.N * 10}, nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := table.Move("k2", "k3", func(v row, ok, taken bool) (row, error) {
		if !ok || !taken {
			t.Errorf("ok %v, taken %v", ok, taken)
		}
		return v, errors.New("no")
	}); err == nil {
		t.Error("an error of change is lost")
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	_, again := open(t, store)
	got := map[string]int{}
	for _, k := range again.Keys(nil) {
		v, _ := again.Get(k)
		got[k] = v.N
	}
	if d := cmp.Diff(map[string]int{"k2": 2, "k3": 3, "k4": 4, "moved": 10}, got); d != "" {
		t.Error(d)
	}
}

// TestMoveIsOneCommit: a store never sees half of a move.
func TestMoveIsOneCommit(t *testing.T) {
	t.Parallel()
	store := &memory{}
	w, table := open(t, store)
	if err := table.Put("a", row{1}); err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	work.Add(1)
	go func() {
		defer work.Done()
		for range 200 {
			if err := w.Flush(); err != nil {
				t.Error(err)
			}
		}
	}()
	from, to := "a", "b"
	for range 200 {
		if _, err := table.Move(from, to, func(v row, _, _ bool) (row, error) { return v, nil }); err != nil {
			t.Fatal(err)
		}
		from, to = to, from
	}
	work.Wait()
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, commit := range store.commits {
		puts, deletes := 0, 0
		for _, c := range commit {
			if c.Value == nil {
				deletes++
			} else {
				puts++
			}
		}
		if deletes != puts && deletes != puts-1 { // the first Put stands alone
			t.Fatalf("a commit of %d puts and %d deletes", puts, deletes)
		}
	}
}

func TestUpdateIsExclusive(t *testing.T) {
	t.Parallel()
	w, table := open(t, &memory{})
	const workers, each = 8, 250
	var work sync.WaitGroup
	for range workers {
		work.Add(1)
		go func() {
			defer work.Done()
			for range each {
				if _, err := table.Update("n", func(v row, _ bool) (row, error) { return row{v.N + 1}, nil }); err != nil {
					t.Error(err)
				}
				if err := w.Flush(); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	work.Wait()
	if v, _ := table.Get("n"); v.N != workers*each {
		t.Fatalf("%d updates of %d", v.N, workers*each)
	}
}

// TestFlushInGroups: what gathers while one commit is under way goes into the next
// together, and nobody returns before their own write is durable.
func TestFlushInGroups(t *testing.T) {
	t.Parallel()
	store := &memory{entered: make(chan struct{}), proceed: make(chan struct{})}
	w, table := open(t, store)
	flushed := make(chan error, 1)
	if err := table.Put("first", row{1}); err != nil {
		t.Fatal(err)
	}
	go func() { flushed <- w.Flush() }()
	<-store.entered // the first commit is under way
	for i := range 3 {
		if err := table.Put(fmt.Sprint("later", i), row{i}); err != nil {
			t.Fatal(err)
		}
	}
	later := make(chan error, 2)
	for range 2 {
		go func() { later <- w.Flush() }()
	}
	select {
	case <-later:
		t.Fatal("a flush returned before its write was durable")
	default:
	}
	store.proceed <- struct{}{}
	if err := <-flushed; err != nil {
		t.Fatal(err)
	}
	<-store.entered
	store.proceed <- struct{}{}
	for range 2 {
		if err := <-later; err != nil {
			t.Fatal(err)
		}
	}
	store.mu.Lock()
	defer store.mu.Unlock()
	sizes := []int{}
	for _, c := range store.commits {
		sizes = append(sizes, len(c))
	}
	if !slices.Equal(sizes, []int{1, 3}) {
		t.Fatalf("commits of %v writes", sizes)
	}
}

// TestBrokenStoreStopsTheWorld: after a failed commit nothing is acknowledged.
func TestBrokenStoreStopsTheWorld(t *testing.T) {
	t.Parallel()
	store := &memory{fail: errors.New("disk full")}
	w, table := open(t, store)
	if err := table.Put("a", row{1}); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err == nil {
		t.Fatal("a failed commit was acknowledged")
	}
	store.mu.Lock()
	store.fail = nil
	store.mu.Unlock()
	if err := table.Put("b", row{2}); err == nil {
		t.Fatal("a world ahead of its store takes writes")
	}
	if err := w.Flush(); err == nil {
		t.Fatal("a world ahead of its store acknowledges")
	}
}
