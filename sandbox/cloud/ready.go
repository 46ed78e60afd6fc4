package cloud

import (
	"slices"
	"sync"
)

// assembly is what services say while a world is put together.
type assembly struct {
	mu     sync.Mutex
	ready  []func()
	limits map[string][]string
}

// OnReady has f called once every service is in the world. A service that goes on
// with work of before a restart, and calls others for it, begins there.
func (w *World) OnReady(f func()) {
	w.assembly.mu.Lock()
	defer w.assembly.mu.Unlock()
	w.assembly.ready = append(w.assembly.ready, f)
}

// Ready says that every service is in the world.
func (w *World) Ready() {
	w.assembly.mu.Lock()
	ready := w.assembly.ready
	w.assembly.ready = nil
	w.assembly.mu.Unlock()
	for _, f := range ready {
		f()
	}
}

// Limit tells what a service does not do although it has the operation for it: a
// kind of action, a setting that is accepted and refused only when it is used.
func (w *World) Limit(service string, what ...string) {
	w.assembly.mu.Lock()
	defer w.assembly.mu.Unlock()
	if w.assembly.limits == nil {
		w.assembly.limits = map[string][]string{}
	}
	w.assembly.limits[service] = append(w.assembly.limits[service], what...)
}

// Limits lists, for each service, what Limit was told.
func (w *World) Limits() map[string][]string {
	w.assembly.mu.Lock()
	defer w.assembly.mu.Unlock()
	out := map[string][]string{}
	for service, what := range w.assembly.limits {
		out[service] = slices.Sorted(slices.Values(what))
	}
	return out
}

// Busy counts something under way, for Idle to wait for; Rest says that it has
// ended, or waits for the clock or for somebody outside.
func (w *World) Busy() { w.opened() }

// Rest takes back one Busy.
func (w *World) Rest() { w.settled(1) }
