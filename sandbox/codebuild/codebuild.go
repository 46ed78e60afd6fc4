// Package codebuild is AWS CodeBuild in the sandbox: projects, and builds that
// run the commands of their buildspecs.
//
// Builds are processes of this machine, not containers. They run as the user that
// the sandbox runs as, in a private directory, with a small environment of their
// own and the credentials of their project's role; nothing keeps them from the
// files and the network of that user. Whoever may start builds or change what is
// built can therefore run commands as that user: serve nobody else.
package codebuild

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

const principal = "codebuild.amazonaws.com"

// project is a row: a project as its account sees it.
type project struct {
	Account, Region string
	Project         Project
	LastNumber      int64 // of its builds
}

// build is a row.
type build struct {
	Account, Region string
	Build           Build
	Token, Request  string // the idempotency token, and a digest of what it came with
	Artifacts       *ProjectArtifacts
	Secondary       []*ProjectArtifacts
	Pipeline        bool // started by CodePipeline
}

type service struct {
	world    *cloud.World
	projects *cloud.Table[project] // by ARN
	builds   *cloud.Table[build]   // by ARN
	queue    *cloud.Deliveries

	mu      sync.Mutex
	running map[string]context.CancelCauseFunc // by ARN of the build
	closed  bool
}

// Builds run so many at a time; the others wait in the queue.
const (
	maxRunning = 4
	maxQueued  = 1000
)

// Add puts the service into a world. Builds that were under way when the world
// stopped end with the status FAULT.
func Add(w *cloud.World, server *wire.Server) (func() error, error) {
	s := &service{world: w, running: map[string]context.CancelCauseFunc{}}
	var err error
	if s.projects, err = cloud.NewTable[project](w, "codebuild.projects"); err != nil {
		return nil, err
	}
	if s.builds, err = cloud.NewTable[build](w, "codebuild.builds"); err != nil {
		return nil, err
	}
	for _, b := range s.builds.Select(func(_ string, b build) bool { return !complete(&b.Build) }) {
		if err := s.interrupted(b.Build.Arn); err != nil {
			return nil, err
		}
	}
	s.queue = w.NewDeliveries("codebuild", maxRunning, maxQueued)
	return s.stop, server.Add(&model, slices.Concat(s.projectOps(), s.buildOps())...)
}

func (s *service) stop() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	return s.queue.Stop()
}

func projectARN(account, region, name string) string {
	return "arn:aws:codebuild:" + region + ":" + account + ":project/" + name
}

func buildARN(account, region, id string) string {
	return "arn:aws:codebuild:" + region + ":" + account + ":build/" + id
}

// onProject is the authorisation on a project: of its name, or of an ARN whose
// project may be shared by another account.
func (s *service) onProject(c *cloud.Call, action, name string) cloud.Check {
	resource := name
	if !strings.HasPrefix(name, "arn:") {
		resource = projectARN(c.Account, c.Region, name)
	}
	ctx := iam.NewContext()
	if p, ok := s.projects.Get(resource); ok {
		for _, t := range p.Project.Tags {
			ctx.Set("aws:ResourceTag/"+t.Key, t.Value)
		}
	}
	return cloud.Check{Action: "codebuild:" + action, Resource: resource, Context: ctx}
}

// passRole is the authorisation to hand a role to the service.
func passRole(role string) cloud.Check {
	return cloud.Check{Action: "iam:PassRole", Resource: role, Context: iam.NewContext().Set("iam:PassedToService", principal)}
}

func invalid(format string, args ...any) error {
	return cloud.Errorf("InvalidInputException", format, args...)
}

func notFound(format string, args ...any) error {
	return cloud.Errorf("ResourceNotFoundException", format, args...)
}

// copyOf copies a value deeply, by its JSON.
func copyOf[T any](v T) (T, error) {
	var out T
	data, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(data, &out)
	}
	return out, err
}

func ptr[T any](v T) *T { return &v }

func value[T any](p *T) T {
	var zero T
	if p == nil {
		return zero
	}
	return *p
}

// page cuts a list into pages of 100. The token is the last item of the page
// before.
func page(items []string, token string) (out []string, next string, err error) {
	const size = 100
	if token != "" {
		i := slices.Index(items, token)
		if i < 0 {
			return nil, "", invalid("Invalid next token")
		}
		items = items[i+1:]
	}
	if len(items) > size {
		items = items[:size]
		next = items[size-1]
	}
	return items, next, nil
}
