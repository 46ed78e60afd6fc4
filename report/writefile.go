package report

import (
	"bufio"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteFile writes a report to a file so that nobody ever sees half of it: into
// a new file beside it, which takes its place when all is written and on disk.
// An error, a panic or an interrupt leaves the old file as it was; what a kill
// can leave behind is a file whose name begins with a dot and ends in ".tmp". A
// file that exists keeps its permissions, and a link keeps its place: what it
// leads to is replaced. What is no regular file (a pipe, a terminal, /dev/null)
// is written to directly. The error names the path.
func WriteFile(path string, render func(io.Writer) error) (err error) {
	mode := fs.FileMode(0)
	if info, err := os.Stat(path); err == nil {
		if !info.Mode().IsRegular() {
			return writeThrough(path, render)
		}
		mode = info.Mode().Perm()
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	dir, base := filepath.Split(path)
	temp := filepath.Join(dir, "."+base+"-"+rand.Text()[:10]+".tmp")
	// The process's umask decides who may read a new report, as of any other file.
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	done := false
	defer func() {
		if !done {
			_ = f.Close()
			_ = os.Remove(temp)
		}
	}()
	if mode != 0 {
		if err := f.Chmod(mode); err != nil {
			return err
		}
	}
	buf := bufio.NewWriterSize(f, 64<<10)
	if err := render(buf); err != nil {
		return err
	}
	if err := errors.Join(buf.Flush(), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	done = true
	return nil
}

func writeThrough(path string, render func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	buf := bufio.NewWriter(f)
	return errors.Join(render(buf), buf.Flush(), f.Close())
}
