package cli

import (
	"context"
	"io"
	"time"

	"github.com/twokey/twokey/estate"
)

// Env is everything outside a command that it may touch. Commands read no
// global state, so a test can run one with streams, a clock and loaders of its
// own. What a verb loads or talks to is a function, called only when the verb
// runs, so that no other verb pays for it.
type Env struct {
	Stdin io.Reader
	// Stdout gets the result and nothing else; Stderr gets errors, hints,
	// warnings and progress.
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	Clock          func() time.Time
	// StdoutIsTerminal says whether a person looks at Stdout.
	StdoutIsTerminal func() bool

	// LoadEstate reads the estate at path, a file or folder. An error means that
	// there is no estate to speak of; what was wrong in part is in its Problems
	// and Unknowns.
	LoadEstate func(ctx context.Context, path string, o estate.LoadOptions) (*estate.Loaded, error)

	// NewSandbox makes a local AWS that answers at once.
	NewSandbox func(SandboxOptions) (Sandbox, error)
}
