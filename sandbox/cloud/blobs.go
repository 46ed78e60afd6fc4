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
	// held are all blobs, or with a store the writes on their way there.
	held map[string]heldBlob
	// queue are the held ones in the order of their writes, with a store.
	queue []heldBlob
}

type heldBlob struct {
	key  string
	data []byte // nil: a deletion
	seq  uint64 // of the write, with a store
}

// NewBlobs opens a collection of blobs. The name must be unique among the tables
// of the world.
func NewBlobs(w *World, name string) *Blobs {
	return &Blobs{name: name, log: w.journal, held: map[string]heldBlob{}}
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
			b.held[key] = heldBlob{key: key, data: data}
		}
		return nil
	}
	seq, err := b.log.enqueue(Write{b.name, key, data})
	if err != nil {
		return err
	}
	h := heldBlob{key, data, seq}
	b.held[key] = h
	b.queue = append(b.queue, h)
	b.release()
	return nil
}

// release forgets what the store has by now.
func (b *Blobs) release() {
	durable := b.log.committed()
	n := 0
	for ; n < len(b.queue) && b.queue[n].seq <= durable; n++ {
		if h := b.queue[n]; b.held[h.key].seq == h.seq {
			delete(b.held, h.key)
		}
		b.queue[n] = heldBlob{}
	}
	if b.queue = b.queue[n:]; len(b.queue) == 0 {
		b.queue = nil
	}
}

// Get returns the blob of a key.
func (b *Blobs) Get(key string) ([]byte, error) {
	b.mu.RLock()
	h, held := b.held[key]
	b.mu.RUnlock()
	if held && h.data != nil {
		return h.data, nil
	}
	if !held && b.log != nil {
		data, ok, err := b.log.store.Get(b.name, key)
		if err != nil || ok {
			return data, err
		}
	}
	return nil, fmt.Errorf("%s has no %q", b.name, key)
}
