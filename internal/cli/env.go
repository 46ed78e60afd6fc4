package cli

import (
	"io"
	"time"
)

// Env is everything outside a command that it may touch. Commands read no
// global state, so a test can run one with streams, a clock and loaders of its own.
type Env struct {
	Stdin io.Reader
	// Stdout gets the result and nothing else; Stderr gets errors, hints,
	// warnings and progress.
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	Clock          func() time.Time
	// StdoutIsTerminal says whether a person looks at Stdout.
	StdoutIsTerminal func() bool
}
