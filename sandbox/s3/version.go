package s3

import (
	"slices"
	"sync"
	"time"
)

// version is one version of an object, or a delete marker. Versions are values:
// they are replaced, never changed.
type version struct {
	ID          string // of the row
	Bucket, Key string
	VersionID   string // "null" without versioning
	Seq         uint64 // later versions have higher ones
	Deleted     bool   // a delete marker
	Modified    time.Time
	Size        int64
	ETag        string // with its quotes
	Headers     headers
	Meta        map[string]string
	Tags        []*Tag
	Checksum    checksum
	Parts       []part // one where it was put whole
	Multipart   bool
	Sealed      *sealed // nil: not encrypted
	Retention   *ObjectLockRetention
	LegalHold   bool
}

// headers are those that come back with an object as they were given.
type headers struct {
	CacheControl, ContentDisposition, ContentEncoding, ContentLanguage, ContentType, Expires string
	StorageClass, Redirect                                                                   string
}

// part is one piece of an object's body.
type part struct {
	Blob     string
	Size     int64
	Checksum checksum // of a multipart upload
	Number   int64
}

const nullVersion = "null"

// index finds the versions of a bucket's objects.
type index struct {
	mu   sync.RWMutex
	keys map[string][]*version // newest first
	// order are the keys sorted, some of them perhaps gone; fresh those that came
	// since it was made.
	order, fresh []string
}

func newIndex() *index { return &index{keys: map[string][]*version{}} }

// add puts a version on top of its key's.
func (ix *index) add(v *version) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	ix.addLocked(v)
}

func (ix *index) addLocked(v *version) {
	old, ok := ix.keys[v.Key]
	if !ok {
		ix.fresh = append(ix.fresh, v.Key)
	}
	ix.keys[v.Key] = append([]*version{v}, old...)
}

// removeLocked takes a version away.
func (ix *index) removeLocked(v *version) {
	rest := slices.DeleteFunc(slices.Clone(ix.keys[v.Key]), func(o *version) bool { return o.ID == v.ID })
	if len(rest) == 0 {
		delete(ix.keys, v.Key)
		return
	}
	ix.keys[v.Key] = rest
}

// replaceLocked puts v where the version with its id stands.
func (ix *index) replaceLocked(v *version) {
	rest := slices.Clone(ix.keys[v.Key])
	for i := range rest {
		if rest[i].ID == v.ID {
			rest[i] = v
		}
	}
	ix.keys[v.Key] = rest
}

// find returns a version, the latest where none is named; nil where there is none.
func (ix *index) find(key, id string) *version {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	return ix.findLocked(key, id)
}

func (ix *index) findLocked(key, id string) *version {
	vs := ix.keys[key]
	if id == "" {
		if len(vs) == 0 {
			return nil
		}
		return vs[0]
	}
	for _, v := range vs {
		if v.VersionID == id {
			return v
		}
	}
	return nil
}

// walk calls f for each key from the first that is not before from, with its
// versions, newest first, until f returns false. f must not use the index.
func (ix *index) walk(from string, f func(key string, versions []*version) bool) {
	ix.mu.Lock()
	if len(ix.fresh) > 0 {
		order := slices.Concat(ix.order, ix.fresh) // anew: somebody may walk the old one
		slices.Sort(order)
		ix.order, ix.fresh = slices.Compact(order), nil
	}
	if len(ix.order) > 2*len(ix.keys)+64 {
		ix.order = slices.DeleteFunc(slices.Clone(ix.order), func(k string) bool { return ix.keys[k] == nil })
	}
	i, _ := slices.BinarySearch(ix.order, from)
	order := ix.order[i:]
	ix.mu.Unlock()
	for _, key := range order {
		ix.mu.RLock()
		versions := ix.keys[key]
		ix.mu.RUnlock()
		if len(versions) > 0 && !f(key, versions) {
			return
		}
	}
}
