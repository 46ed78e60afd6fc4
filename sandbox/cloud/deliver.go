package cloud

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Deliveries carry out, in the background and in bounded numbers, what a service
// does after its answer: handing messages to subscribers, events to targets, log
// files to buckets. No goroutine runs while there is nothing to deliver. What is
// under way when a world closes is lost.
type Deliveries struct {
	name    string
	world   *World
	workers int
	limit   int
	ctx     context.Context
	cancel  context.CancelFunc
	done    sync.WaitGroup

	mu      sync.Mutex
	waiting []Delivery
	running int
	closed  bool
	later   map[*func()]struct{} // what takes back the deliveries of After
}

// Delivery is one piece of work.
type Delivery struct {
	Account string // on whose behalf
	What    string // names it in the list of failures
	Do      func(ctx context.Context) error
}

// Failure is a delivery that did not succeed.
type Failure struct {
	Time    time.Time `json:"time"`
	Service string    `json:"service"`
	Account string    `json:"account"`
	What    string    `json:"what"`
	Error   string    `json:"error"`
}

// maxFailures bounds the failures remembered, oldest dropped first.
const maxFailures = 1000

// background is what a world knows of all its deliveries.
type background struct {
	mu       sync.Mutex
	open     int           // deliveries waiting or running
	idle     chan struct{} // closed when open falls to 0
	failures []Failure
}

// NewDeliveries returns the deliveries of a service: at most workers at a time and
// at most limit waiting. The service must Stop them.
func (w *World) NewDeliveries(name string, workers, limit int) *Deliveries {
	ctx, cancel := context.WithCancel(context.Background())
	return &Deliveries{name: name, world: w, workers: workers, limit: limit, ctx: ctx, cancel: cancel, later: map[*func()]struct{}{}}
}

// ErrBusy is the answer to a caller whose request cannot be taken up because too
// many deliveries wait.
var ErrBusy = &Error{Code: "ThrottlingException", Message: "Rate exceeded: too many deliveries are waiting", Status: 400}

// Add queues a delivery. The error is ErrBusy; a world that closes drops it
// silently. What cannot be queued is listed among the failures.
func (d *Deliveries) Add(job Delivery) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}
	if len(d.waiting) >= d.limit {
		d.world.Fail(Failure{Service: d.name, Account: job.Account, What: job.What, Error: ErrBusy.Error()})
		return ErrBusy
	}
	d.world.opened()
	d.waiting = append(d.waiting, job)
	if d.running < d.workers {
		d.running++
		d.done.Add(1)
		go d.work()
	}
	return nil
}

// Room reports whether n more deliveries can be queued.
func (d *Deliveries) Room(n int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.waiting)+n <= d.limit
}

// After queues a delivery once the world's clock has moved on by wait. World.Idle
// does not wait for it.
func (d *Deliveries) After(wait time.Duration, job Delivery) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return
	}
	take := new(func())
	*take = d.world.Clock.At(d.world.Clock.Now().Add(wait), func() {
		d.mu.Lock()
		_, due := d.later[take]
		delete(d.later, take)
		d.mu.Unlock()
		if due {
			_ = d.Add(job) // a full queue has listed it among the failures
		}
	})
	d.later[take] = struct{}{}
}

func (d *Deliveries) work() {
	defer d.done.Done()
	for {
		d.mu.Lock()
		if len(d.waiting) == 0 || d.closed {
			d.running--
			d.mu.Unlock()
			return
		}
		job := d.waiting[0]
		d.waiting[0] = Delivery{}
		d.waiting = d.waiting[1:]
		d.mu.Unlock()
		err := job.Do(d.ctx)
		if err != nil && d.ctx.Err() == nil {
			d.world.Fail(Failure{Service: d.name, Account: job.Account, What: job.What, Error: err.Error()})
		}
		d.world.settled(1)
	}
}

// Stop drops what waits, interrupts what runs and returns when nothing runs.
func (d *Deliveries) Stop() error {
	d.mu.Lock()
	d.closed = true
	dropped := len(d.waiting)
	d.waiting = nil
	for take := range d.later {
		(*take)()
	}
	clear(d.later)
	d.mu.Unlock()
	d.cancel()
	d.done.Wait()
	d.world.settled(dropped)
	return nil
}

func (w *World) opened() {
	b := &w.background
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open == 0 {
		b.idle = make(chan struct{})
	}
	b.open++
}

func (w *World) settled(n int) {
	b := &w.background
	b.mu.Lock()
	defer b.mu.Unlock()
	if n == 0 {
		return
	}
	b.open -= n
	if b.open == 0 {
		close(b.idle)
	}
}

// Fail notes a delivery that did not succeed, for services that find out later.
func (w *World) Fail(f Failure) {
	f.Time = w.Clock.Now().UTC()
	b := &w.background
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.failures) >= maxFailures {
		b.failures = append(b.failures[:0:0], b.failures[1:]...)
	}
	b.failures = append(b.failures, f)
}

// Failures lists the deliveries that failed, oldest first.
func (w *World) Failures() []Failure {
	w.background.mu.Lock()
	defer w.background.mu.Unlock()
	return append([]Failure{}, w.background.failures...)
}

// Idle returns once no delivery waits or runs, those that deliveries cause
// included; what waits for the clock does not count.
func (w *World) Idle(ctx context.Context) error {
	for {
		b := &w.background
		b.mu.Lock()
		open, idle := b.open, b.idle
		b.mu.Unlock()
		if open == 0 {
			return nil
		}
		select {
		case <-idle:
		case <-ctx.Done():
			return fmt.Errorf("%d deliveries are under way: %w", open, ctx.Err())
		}
	}
}
