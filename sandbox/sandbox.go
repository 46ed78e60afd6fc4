// Package sandbox is a local AWS: several accounts behind one endpoint, the real
// wire protocol, IAM enforced on every call, and a CodePipeline engine that runs.
// It is an http.Handler without state outside itself, so tests can hold as many
// as they like.
//
// What it does not have it refuses by name (NotImplemented); see docs/sandbox.
// It runs the commands of the pipelines given to it, as the user it runs as: give
// it no pipeline that you would not run on your own machine.
package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// Options make a Sandbox.
type Options struct {
	// Accounts; one called "main", 000000000000, where none is given.
	Accounts []cloud.Account
	// Store keeps the world over restarts; nil means memory only.
	Store cloud.Store
	// Now and Random are injected by tests.
	Now    func() time.Time
	Random io.Reader
}

// Sandbox is a running local AWS.
type Sandbox struct {
	World *cloud.World
	wire  *wire.Server
	mux   *http.ServeMux
	// closers stop what services run in the background, in the order given.
	closers []func() error
}

// New puts a sandbox together.
func New(o Options) (*Sandbox, error) {
	if len(o.Accounts) == 0 {
		o.Accounts = []cloud.Account{{Name: "main", ID: "000000000000"}}
	}
	world, err := cloud.New(cloud.Options{Accounts: o.Accounts, Store: o.Store, Now: o.Now, Random: o.Random})
	if err != nil {
		return nil, err
	}
	s := &Sandbox{World: world, wire: wire.NewServer(world), mux: http.NewServeMux()}
	for _, add := range services {
		closer, err := add(world, s.wire)
		if err != nil {
			return nil, err
		}
		if closer != nil {
			s.closers = append(s.closers, closer)
		}
	}
	world.Ready()
	s.mux.HandleFunc("GET /_sandbox/health", s.health)
	s.mux.HandleFunc("POST /_sandbox/clock", s.clock)
	s.mux.HandleFunc("GET /_sandbox/trail", s.trail)
	s.mux.HandleFunc("GET /_sandbox/support", s.support)
	s.mux.HandleFunc("GET /_sandbox/failures", s.failures)
	s.mux.HandleFunc("GET /_sandbox/{page...}", s.page)
	s.mux.HandleFunc("POST /_sandbox/{control}", s.control)
	return s, nil
}

// ServeHTTP answers AWS clients, and the sandbox's own calls under /_sandbox/.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/_sandbox/") {
		s.mux.ServeHTTP(w, r)
		return
	}
	// Not through the mux, which would redirect keys such as "a//b" and "a/../b".
	s.wire.ServeHTTP(w, r)
}

// Close stops what runs in the background and closes the store.
func (s *Sandbox) Close() error {
	var errs []error
	for _, c := range s.closers {
		errs = append(errs, c())
	}
	return errors.Join(append(errs, s.World.Close())...)
}

func (s *Sandbox) health(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"status": "ok", "time": s.World.Clock.Now().UTC().Format(time.RFC3339)})
}

// maxControlBody bounds the body of the sandbox's own calls.
const maxControlBody = 64 << 10

func (s *Sandbox) clock(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Advance string `json:"advance"`
	}
	dec := json.NewDecoder(io.LimitReader(r.Body, maxControlBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		answer(w, http.StatusBadRequest, map[string]any{"error": err.Error()})
		return
	}
	d, err := time.ParseDuration(in.Advance)
	if err != nil || d < 0 {
		answer(w, http.StatusBadRequest, map[string]any{"error": fmt.Sprintf("advance %q is not a duration that goes forward, such as 168h", in.Advance)})
		return
	}
	s.World.Clock.Advance(d)
	s.health(w, r)
}

// control answers the calls that services add; see their pages in docs/sandbox.
func (s *Sandbox) control(w http.ResponseWriter, r *http.Request) {
	f, ok := s.World.Control(r.PathValue("control"))
	if !ok {
		answer(w, http.StatusNotFound, map[string]any{"error": fmt.Sprintf("the sandbox has no call %q", r.PathValue("control"))})
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxControlBody+1))
	if err == nil && len(body) > maxControlBody {
		err = fmt.Errorf("the body is over %d bytes", maxControlBody)
	}
	var out any
	if err == nil {
		out, err = f(body)
	}
	if err != nil {
		answer(w, http.StatusBadRequest, map[string]any{"error": err.Error()})
		return
	}
	answer(w, http.StatusOK, out)
}

// page answers what services show; see their pages in docs/sandbox.
func (s *Sandbox) page(w http.ResponseWriter, r *http.Request) {
	f, ok := s.World.Page(r.PathValue("page"))
	if !ok {
		answer(w, http.StatusNotFound, map[string]any{"error": fmt.Sprintf("the sandbox has no page %q", r.PathValue("page"))})
		return
	}
	p, err := f(r.URL.Query())
	if err != nil {
		answer(w, http.StatusBadRequest, map[string]any{"error": err.Error()})
		return
	}
	w.Header().Set("Content-Type", p.ContentType)
	_, _ = w.Write(p.Body)
}

// failures lists the deliveries to subscribers and targets that failed: what the
// services themselves tell nobody.
func (s *Sandbox) failures(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"failures": s.World.Failures()})
}

func (s *Sandbox) trail(w http.ResponseWriter, r *http.Request) {
	records := s.World.Trail(r.URL.Query().Get("account"))
	if records == nil {
		records = []cloud.Record{}
	}
	answer(w, http.StatusOK, map[string]any{"Records": records})
}

func (s *Sandbox) support(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"supported": s.World.Support(), "unsupported": s.wire.Unsupported(), "limits": s.World.Limits()})
}

// Support lists the operations of each service that the sandbox has.
func (s *Sandbox) Support() map[string][]string { return s.World.Support() }

// Unsupported lists those that AWS has and the sandbox does not.
func (s *Sandbox) Unsupported() map[string][]string { return s.wire.Unsupported() }

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
