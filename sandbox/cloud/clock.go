package cloud

import (
	"crypto/rand"
	"encoding/hex"
	"io"
	"sync"
	"time"
)

// Clock tells and moves the time of a world. Advance wakes what waits for it.
type Clock struct {
	mu      sync.Mutex
	now     func() time.Time
	offset  time.Duration
	waiters []*waiter
}

type waiter struct {
	at   time.Time
	fire func()
	stop func() bool
	done bool
}

// NewClock returns a clock that follows now.
func NewClock(now func() time.Time) *Clock { return &Clock{now: now} }

// Now is the world's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now().Add(c.offset)
}

// Offset is how far Advance has moved the clock.
func (c *Clock) Offset() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offset
}

// Advance moves the clock forward by d and runs, in the order of their times,
// the functions that became due.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	c.offset += max(d, 0)
	now := c.now().Add(c.offset)
	var due []*waiter
	rest := c.waiters[:0]
	for _, w := range c.waiters {
		if !w.done && !w.at.After(now) {
			w.done = true
			w.stop()
			due = append(due, w)
			continue
		}
		if !w.done {
			rest = append(rest, w)
		}
	}
	c.waiters = rest
	c.mu.Unlock()
	sortWaiters(due)
	for _, w := range due {
		w.fire()
	}
}

func sortWaiters(ws []*waiter) {
	for i := 1; i < len(ws); i++ {
		for j := i; j > 0 && ws[j].at.Before(ws[j-1].at); j-- {
			ws[j], ws[j-1] = ws[j-1], ws[j]
		}
	}
}

// At runs f once the world's time is t or later, in its own goroutine unless
// Advance brings the time about. The returned function takes it back.
func (c *Clock) At(t time.Time, f func()) (cancel func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := &waiter{at: t, fire: f}
	timer := time.AfterFunc(t.Sub(c.now().Add(c.offset)), func() {
		c.mu.Lock()
		fire := !w.done
		w.done = true
		c.drop(w)
		c.mu.Unlock()
		if fire {
			f()
		}
	})
	w.stop = timer.Stop
	c.waiters = append(c.waiters, w)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		w.done = true
		timer.Stop()
		c.drop(w)
	}
}

func (c *Clock) drop(w *waiter) {
	for i, x := range c.waiters {
		if x == w {
			c.waiters = append(c.waiters[:i], c.waiters[i+1:]...)
			return
		}
	}
}

// IDs makes identifiers from a source of randomness.
type IDs struct {
	mu  sync.Mutex
	src io.Reader
}

// NewIDs returns IDs that draw from src; nil means crypto/rand.
func NewIDs(src io.Reader) *IDs {
	if src == nil {
		src = rand.Reader
	}
	return &IDs{src: src}
}

// Bytes returns n random bytes.
func (g *IDs) Bytes(n int) []byte {
	b := make([]byte, n)
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, err := io.ReadFull(g.src, b); err != nil {
		// Only an injected source can fail; an id that repeats would be worse.
		panic("cloud: source of randomness: " + err.Error())
	}
	return b
}

// UUID returns a version 4 UUID.
func (g *IDs) UUID() string {
	b := g.Bytes(16)
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// Hex returns n lower-case hexadecimal digits.
func (g *IDs) Hex(n int) string { return hex.EncodeToString(g.Bytes((n + 1) / 2))[:n] }

const upperAlphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

// Unique returns an IAM unique id: the prefix ("AIDA", "AROA", "AKIA", "ASIA")
// and characters of the base-32 alphabet up to 20 (AKIA and ASIA) or 21.
func (g *IDs) Unique(prefix string) string {
	n := 21
	if prefix == "AKIA" || prefix == "ASIA" {
		n = 20
	}
	return prefix + g.From(upperAlphanumeric, n-len(prefix))
}

// From returns n characters of alphabet, whose length must divide 256 for the
// choice to be even.
func (g *IDs) From(alphabet string, n int) string {
	b := g.Bytes(n)
	for i := range b {
		b[i] = alphabet[int(b[i])%len(alphabet)]
	}
	return string(b)
}
