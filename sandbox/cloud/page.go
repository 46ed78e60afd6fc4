package cloud

import "net/url"

// Page is what a GET of the sandbox's own answers.
type Page struct {
	ContentType string
	Body        []byte
}

// HandlePage adds GET /_sandbox/PATH; it is called like Register. Anybody who
// reaches the endpoint may read a page: it must hold no secret of the world.
func (w *World) HandlePage(path string, f func(query url.Values) (Page, error)) { w.pages[path] = f }

// Page finds a page.
func (w *World) Page(path string) (func(query url.Values) (Page, error), bool) {
	f, ok := w.pages[path]
	return f, ok
}

// Endpoint is the base URL under which clients reach the world: what SetEndpoint
// was given, or else what the first signed request came to; empty before.
func (w *World) Endpoint() string {
	if e := w.endpoint.Load(); e != nil {
		return *e
	}
	return ""
}

// SetEndpoint fixes the base URL that the world gives out: of queues,
// certificates, confirmations.
func (w *World) SetEndpoint(base string) { w.endpoint.Store(&base) }

// ReachedAt notes the base URL that a request came to, where none is known yet.
func (w *World) ReachedAt(base string) { w.endpoint.CompareAndSwap(nil, &base) }
