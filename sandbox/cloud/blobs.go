package cloud

import (
	"fmt"
	"sync"
)

// Blobs keeps bytes by key: the bodies of objects, too large for the rows of a
// Table. With a store they lie there and only what is not yet durable is in
// memory; without one they are all in memory. What Put was given and Get returns
// must not be changed. Blobs is safe for concurrent use.
type Blobs struct {
	name string
	log  *journal
	mu   sync.RWMutex
	// held are all blobs, or with a store those on their way there; a nil value is
	// a deletion.
	held map[string][]byte
	// queue are the held ones in the order of their writes, with a store.
	queue []heldBlob
}

type heldBlob struct {
	key  string
	data []byte
	seq  uint64
}

// NewBlobs opens a collection of blobs. The name must be unique among the tables
// of the world.
func NewBlobs(w *World, name string) *Blobs {
	return &Blobs{name: name, log: w.journal, held: map[string][]byte{}}
}

// Put keeps data under a key. It is durable once World.Flush has returned.
func (b *Blobs) Put(key string, data []byte) error {
	if data == nil {
		data = []byte{}
	}
	return b.write(key, data)
}

// Delete removes a blob; one that is not there is no error.
func (b *Blobs) Delete(key string) error { return b.write(key, nil) }

func (b *Blobs) write(key string, data []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.log == nil {
		if data == nil {
			delete(b.held, key)
		} else {
			b.held[key] = data
		}
		return nil
	}
	seq, err := b.log.enqueue(Write{b.name, key, data})
	if err != nil {
		return err
	}
	b.held[key] = data
	b.queue = append(b.queue, heldBlob{key, data, seq})
	b.release()
	return nil
}

// release forgets what the store has by now.
func (b *Blobs) release() {
	durable := b.log.committed()
	n := 0
	for ; n < len(b.queue) && b.queue[n].seq <= durable; n++ {
		h := b.queue[n]
		if now, ok := b.held[h.key]; ok && same(now, h.data) {
			delete(b.held, h.key)
		}
		b.queue[n] = heldBlob{}
	}
	if b.queue = b.queue[n:]; len(b.queue) == 0 {
		b.queue = nil
	}
}

// same reports whether two slices are one, so that a newer write of a key is not
// taken for the older.
func same(a, b []byte) bool {
	if len(a) != len(b) || (a == nil) != (b == nil) {
		return false
	}
	return len(a) == 0 || &a[0] == &b[0]
}

// Get returns the blob of a key.
func (b *Blobs) Get(key string) ([]byte, error) {
	b.mu.RLock()
	data, held := b.held[key]
	b.mu.RUnlock()
	if held && data != nil {
		return data, nil
	}
	if !held && b.log != nil {
		data, ok, err := b.log.store.Get(b.name, key)
		if err != nil || ok {
			return data, err
		}
	}
	return nil, fmt.Errorf("%s has no %q", b.name, key)
}
