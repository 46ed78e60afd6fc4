package table

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// archiveMagic opens the encoded archive; its last byte is the version of the
// format.
const archiveMagic = "twokey aws managed policies\x00\x01"

// maxDocumentBytes bounds one decompressed document. The largest in the
// archive is 140 kB.
const maxDocumentBytes = 1 << 20

// Document is a managed policy that is put into an Archive.
type Document struct {
	Path    string // what follows policy/ in the ARN
	Version string // "v3"
	Updated string // "2026-05-01"
	JSON    []byte
}

// Entry is a managed policy in an Archive.
type Entry struct {
	Path, Version, Updated string
	size                   int    // of the document, in bytes
	packed                 string // the compressed document
}

// Archive is a set of documents, each compressed for itself with a dictionary
// that all of them share: one can be read without reading the others.
type Archive struct {
	Entries    []Entry // sorted by Path
	dictionary []byte
}

// EncodeArchive returns the bytes of an archive of docs, which it sorts by
// Path. The same documents yield the same bytes; another version of Go may
// compress differently.
func EncodeArchive(docs []Document) ([]byte, error) {
	slices.SortFunc(docs, func(a, b Document) int { return strings.Compare(a.Path, b.Path) })
	dictionary := sharedStrings(docs)
	w := &writer{b: []byte(archiveMagic)}
	w.string(string(dictionary))
	w.uint(len(docs))
	var all bytes.Buffer
	for i, d := range docs {
		if i > 0 && d.Path == docs[i-1].Path {
			return nil, fmt.Errorf("managed policy %s occurs twice", d.Path)
		}
		if len(d.JSON) > maxDocumentBytes {
			return nil, fmt.Errorf("managed policy %s has %d bytes, more than %d", d.Path, len(d.JSON), maxDocumentBytes)
		}
		start := all.Len()
		z, err := flate.NewWriterDict(&all, flate.BestCompression, dictionary)
		if err != nil {
			return nil, err
		}
		if _, err := z.Write(d.JSON); err != nil {
			return nil, err
		}
		if err := z.Close(); err != nil {
			return nil, err
		}
		w.string(d.Path)
		w.string(d.Version)
		w.string(d.Updated)
		w.uint(len(d.JSON))
		w.uint(all.Len() - start)
	}
	w.b = append(w.b, all.Bytes()...)
	return w.b, nil
}

// sharedStrings makes a dictionary of the quoted strings that save most: the
// compressor looks back 32 kB and reaches what comes last best.
func sharedStrings(docs []Document) []byte {
	const window = 32 << 10
	uses := map[string]int{}
	for _, d := range docs {
		seen := map[string]bool{}
		for i, part := range strings.Split(string(d.JSON), `"`) {
			if i%2 == 1 && !seen[part] {
				seen[part] = true
				uses[part]++
			}
		}
	}
	type candidate struct {
		text   string
		saving int
	}
	var all []candidate
	for text, n := range uses {
		if n > 2 {
			all = append(all, candidate{text, n * (len(text) + 2)})
		}
	}
	slices.SortFunc(all, func(a, b candidate) int {
		if a.saving != b.saving {
			return b.saving - a.saving
		}
		return strings.Compare(a.text, b.text)
	})
	var chosen []string
	size := 0
	for _, c := range all {
		if size+len(c.text)+3 > window {
			break
		}
		size += len(c.text) + 3
		chosen = append(chosen, `"`+c.text+`"`)
	}
	slices.Reverse(chosen)
	return []byte(strings.Join(chosen, ","))
}

// DecodeArchive reads the index of what EncodeArchive wrote. It never panics:
// data that are cut off or inconsistent yield an error.
func DecodeArchive(s string) (*Archive, error) {
	rest, ok := strings.CutPrefix(s, archiveMagic)
	if !ok {
		return nil, errors.New("managed policies: not the encoded form, or another version of it")
	}
	r := &reader{s: rest}
	a := &Archive{dictionary: []byte(r.string())}
	a.Entries = make([]Entry, r.count(5))
	sizes := make([]int, len(a.Entries))
	for i := range a.Entries {
		e := &a.Entries[i]
		e.Path, e.Version, e.Updated = r.string(), r.string(), r.string()
		e.size = int(r.index(maxDocumentBytes + 1))
		sizes[i] = int(r.uint())
	}
	for i := range a.Entries {
		if sizes[i] > len(r.s) {
			r.fail(errTruncated)
			break
		}
		a.Entries[i].packed, r.s = r.s[:sizes[i]], r.s[sizes[i]:]
	}
	if r.err == nil && r.s != "" {
		r.fail(fmt.Errorf("%d bytes too many", len(r.s)))
	}
	if r.err != nil {
		return nil, fmt.Errorf("managed policies: %w", r.err)
	}
	return a, nil
}

// Find returns the index of the entry with that path.
func (a *Archive) Find(path string) (int, bool) {
	return slices.BinarySearchFunc(a.Entries, path, func(e Entry, p string) int { return strings.Compare(e.Path, p) })
}

// JSON returns the document of entry i. The caller owns it.
func (a *Archive) JSON(i int) ([]byte, error) {
	e := a.Entries[i]
	z := flate.NewReaderDict(strings.NewReader(e.packed), a.dictionary)
	// One byte more than expected tells a document that is too long.
	doc, err := readAtMost(z, e.size+1)
	if err != nil {
		return nil, fmt.Errorf("managed policy %s: %w", e.Path, err)
	}
	if len(doc) != e.size {
		return nil, fmt.Errorf("managed policy %s: the document has not the %d bytes that the index says", e.Path, e.size)
	}
	return doc, nil
}

func readAtMost(r io.Reader, n int) ([]byte, error) {
	b := make([]byte, n)
	got, err := io.ReadFull(r, b)
	if err == io.EOF || err == io.ErrUnexpectedEOF && got < n {
		err = nil
	}
	return b[:got:got], err
}
