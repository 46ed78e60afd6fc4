package cloud

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// Store keeps the rows of a world over restarts.
type Store interface {
	// Load calls each for every row of a table, in no particular order.
	Load(table string, each func(key string, value []byte) error) error
	// Get returns one row; ok is false where there is none.
	Get(table, key string) (value []byte, ok bool, err error)
	// Commit makes the writes durable, in their order and all or none, before it
	// returns.
	Commit(writes []Write) error
	Close() error
}

// Write is one change of one row; a nil Value deletes it.
type Write struct {
	Table, Key string
	Value      []byte
}

// Table is a persistent map from string keys to rows. Rows are values: what Get
// returns must not be changed, but copied, changed and Put. A Table is safe for
// concurrent use, and holds no lock while a caller works with a row.
type Table[T any] struct {
	name string
	log  *journal
	mu   sync.RWMutex
	rows map[string]T
}

// NewTable opens a table of the world, loading what its store holds. The name
// must be unique in the world ("iam.users").
func NewTable[T any](w *World, name string) (*Table[T], error) {
	t := &Table[T]{name: name, log: w.journal, rows: map[string]T{}}
	if w.journal == nil {
		return t, nil
	}
	err := w.journal.store.Load(name, func(key string, value []byte) error {
		var v T
		if err := json.Unmarshal(value, &v); err != nil {
			return fmt.Errorf("%s %q: %w", name, key, err)
		}
		t.rows[key] = v
		return nil
	})
	return t, err
}

// Get returns the row of key.
func (t *Table[T]) Get(key string) (T, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	v, ok := t.rows[key]
	return v, ok
}

// Len is the number of rows.
func (t *Table[T]) Len() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.rows)
}

// Put writes a row. It is durable once World.Flush has returned.
func (t *Table[T]) Put(key string, v T) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.put(key, v)
}

func (t *Table[T]) put(key string, v T) error {
	if t.log != nil {
		data, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("%s %q: %w", t.name, key, err)
		}
		if err := t.log.append(Write{t.name, key, data}); err != nil {
			return err
		}
	}
	t.rows[key] = v
	return nil
}

// Delete removes a row; a row that is not there is no error.
func (t *Table[T]) Delete(key string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.rows[key]; !ok {
		return nil
	}
	if t.log != nil {
		if err := t.log.append(Write{Table: t.name, Key: key}); err != nil {
			return err
		}
	}
	delete(t.rows, key)
	return nil
}

// Update replaces a row by what change makes of it, under the table's lock: no
// other writer comes between. ok tells change whether the row is there; an error
// from it leaves the row as it was. change must not use the table.
func (t *Table[T]) Update(key string, change func(v T, ok bool) (T, error)) (T, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	old, ok := t.rows[key]
	v, err := change(old, ok)
	if err != nil {
		return old, err
	}
	return v, t.put(key, v)
}

// Move replaces the row of from by what change makes of it, under the key to: both
// writes become durable together. ok tells change whether from is there, taken
// whether another row is at to.
func (t *Table[T]) Move(from, to string, change func(v T, ok, taken bool) (T, error)) (T, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	old, ok := t.rows[from]
	_, taken := t.rows[to]
	v, err := change(old, ok, taken && to != from)
	if err != nil {
		return old, err
	}
	if to == from {
		return v, t.put(to, v)
	}
	if t.log != nil {
		data, err := json.Marshal(v)
		if err != nil {
			return old, fmt.Errorf("%s %q: %w", t.name, to, err)
		}
		if err := t.log.append(Write{t.name, to, data}, Write{Table: t.name, Key: from}); err != nil {
			return old, err
		}
	}
	t.rows[to] = v
	delete(t.rows, from)
	return v, nil
}

// Keys returns the keys that keep wants, sorted; nil keep wants all.
func (t *Table[T]) Keys(keep func(key string) bool) []string {
	t.mu.RLock()
	keys := make([]string, 0, len(t.rows))
	for k := range maps.Keys(t.rows) {
		if keep == nil || keep(k) {
			keys = append(keys, k)
		}
	}
	t.mu.RUnlock()
	slices.Sort(keys)
	return keys
}

// Select returns the rows that keep wants, in the order of their keys.
func (t *Table[T]) Select(keep func(key string, v T) bool) []T {
	t.mu.RLock()
	keys := make([]string, 0, len(t.rows))
	for k, v := range t.rows {
		if keep == nil || keep(k, v) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	out := make([]T, len(keys))
	for i, k := range keys {
		out[i] = t.rows[k]
	}
	t.mu.RUnlock()
	return out
}

// journal orders the writes of all tables and makes them durable in groups: one
// commit for whatever gathered while the one before was under way.
type journal struct {
	store Store

	mu      sync.Mutex
	moved   *sync.Cond
	pending []Write
	queued  uint64 // number of the last write queued
	durable uint64 // number of the last write committed
	busy    bool
	broken  error
}

func newJournal(s Store) *journal {
	j := &journal{store: s}
	j.moved = sync.NewCond(&j.mu)
	return j
}

// append queues writes that become durable together.
func (j *journal) append(ws ...Write) error {
	_, err := j.enqueue(ws...)
	return err
}

// enqueue is append that tells the number of the last write.
func (j *journal) enqueue(ws ...Write) (uint64, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken != nil {
		return 0, j.broken
	}
	j.pending = append(j.pending, ws...)
	j.queued += uint64(len(ws))
	return j.queued, nil
}

// committed is the number of the last write that is durable.
func (j *journal) committed() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.durable
}

// flush returns once everything queued before the call is durable. After a
// failed commit memory is ahead of the store, so the journal refuses whatever
// comes: a world that goes on would acknowledge what a restart forgets.
func (j *journal) flush() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	want := j.queued
	for j.durable < want && j.broken == nil {
		if j.busy {
			j.moved.Wait()
			continue
		}
		batch, upto := j.pending, j.queued
		j.pending, j.busy = nil, true
		j.mu.Unlock()
		err := j.store.Commit(batch)
		j.mu.Lock()
		j.busy = false
		if err != nil {
			j.broken = fmt.Errorf("the store failed, the world stands still: %w", err)
		} else {
			j.durable = upto
		}
		j.moved.Broadcast()
	}
	return j.broken
}
