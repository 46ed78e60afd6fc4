package sandboxtest

import (
	"strings"
	"sync"

	"github.com/twokey/twokey/sandbox/cloud"
)

// Store keeps a world's rows in memory, so that a test can start a second sandbox
// on what the first one left.
type Store struct {
	mu   sync.Mutex
	rows map[string][]byte // table, NUL, key
}

var _ cloud.Store = (*Store)(nil)

// Load calls each for every row of a table.
func (s *Store) Load(table string, each func(key string, value []byte) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, v := range s.rows {
		if key, ok := strings.CutPrefix(k, table+"\x00"); ok {
			if err := each(key, v); err != nil {
				return err
			}
		}
	}
	return nil
}

// Get returns one row.
func (s *Store) Get(table, key string) (value []byte, ok bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value, ok = s.rows[table+"\x00"+key]
	return value, ok, nil
}

// Commit keeps the writes.
func (s *Store) Commit(writes []cloud.Write) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rows == nil {
		s.rows = map[string][]byte{}
	}
	for _, w := range writes {
		if w.Value == nil {
			delete(s.rows, w.Table+"\x00"+w.Key)
			continue
		}
		s.rows[w.Table+"\x00"+w.Key] = w.Value
	}
	return nil
}

// Close does nothing: the rows stay.
func (s *Store) Close() error { return nil }
