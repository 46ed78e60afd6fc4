// Package sqlite keeps a sandbox's world in one SQLite file, so that it survives
// restarts and kills. What a commit has acknowledged is on the disk.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/twokey/twokey/sandbox/cloud"
)

// version is that of the schema.
const version = 1

const schema = `CREATE TABLE rows (
	tbl   TEXT NOT NULL,
	key   TEXT NOT NULL,
	value BLOB NOT NULL,
	UNIQUE (tbl, key)
)`

// Store is a cloud.Store. It holds its file locked: a second one cannot open it.
type Store struct {
	db               *sql.DB
	get, put, remove *sql.Stmt
}

var _ cloud.Store = (*Store)(nil)

// Open opens the file, or makes it. The folder must exist. The error says whether
// another sandbox has the file, or a newer program wrote it.
func Open(path string) (*Store, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	// A log written ahead and flushed at every commit: nothing acknowledged is lost
	// with the power, and a kill leaves no half of a commit. The exclusive lock is
	// taken with the first access and held until Close.
	dsn := url.URL{Scheme: "file", Path: filepath.ToSlash(abs), RawQuery: url.Values{
		"_pragma": {"busy_timeout(0)", "locking_mode(EXCLUSIVE)", "journal_mode(WAL)", "synchronous(FULL)"},
		"_txlock": {"immediate"},
	}.Encode()}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	db.SetMaxOpenConns(1)
	s := &Store{db: db}
	if err := s.prepare(); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

func (s *Store) prepare() error {
	if err := s.migrate(); err != nil {
		return err
	}
	var err error
	for _, p := range []struct {
		to   **sql.Stmt
		text string
	}{
		{&s.get, `SELECT value FROM rows WHERE tbl = ? AND key = ?`},
		{&s.put, `INSERT INTO rows (tbl, key, value) VALUES (?, ?, ?) ON CONFLICT (tbl, key) DO UPDATE SET value = excluded.value`},
		{&s.remove, `DELETE FROM rows WHERE tbl = ? AND key = ?`},
	} {
		if *p.to, err = s.db.Prepare(p.text); err != nil {
			return err
		}
	}
	return nil
}

// migrate makes the schema in a new file, and takes the lock in any.
func (s *Store) migrate() error {
	return s.within(func(tx *sql.Tx) error {
		var have int
		if err := tx.QueryRow(`PRAGMA user_version`).Scan(&have); err != nil {
			return err
		}
		switch {
		case have == version:
			return nil
		case have > version:
			return fmt.Errorf("written by a newer version of this program (schema %d, this one knows %d)", have, version)
		}
		if _, err := tx.Exec(schema); err != nil {
			return err
		}
		_, err := tx.Exec(fmt.Sprintf(`PRAGMA user_version = %d`, version))
		return err
	})
}

// within runs f in a transaction.
func (s *Store) within(f func(tx *sql.Tx) error) error {
	tx, err := s.db.BeginTx(context.Background(), nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// Load calls each for every row of a table; each must not use the store.
func (s *Store) Load(table string, each func(key string, value []byte) error) error {
	rows, err := s.db.Query(`SELECT key, value FROM rows WHERE tbl = ?`, table)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		var value []byte
		if err := rows.Scan(&key, &value); err != nil {
			return err
		}
		if err := each(key, value); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Get returns one row.
func (s *Store) Get(table, key string) (value []byte, ok bool, err error) {
	switch err := s.get.QueryRow(table, key).Scan(&value); {
	case errors.Is(err, sql.ErrNoRows):
		return nil, false, nil
	case err != nil:
		return nil, false, err
	}
	return value, true, nil
}

// Commit makes writes durable, all or none.
func (s *Store) Commit(writes []cloud.Write) error {
	if len(writes) == 0 {
		return nil
	}
	return s.within(func(tx *sql.Tx) error {
		put, remove := tx.Stmt(s.put), tx.Stmt(s.remove)
		for _, w := range writes {
			var err error
			if w.Value == nil {
				_, err = remove.Exec(w.Table, w.Key)
			} else {
				_, err = put.Exec(w.Table, w.Key, w.Value)
			}
			if err != nil {
				return fmt.Errorf("%s %q: %w", w.Table, w.Key, err)
			}
		}
		return nil
	})
}

// Close closes the file and gives the lock up.
func (s *Store) Close() error { return s.db.Close() }
