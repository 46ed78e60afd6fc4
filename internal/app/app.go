// Package app is the composition root: the only room that knows every adapter.
// It gives the command tree its surroundings and what it loads and serves with.
package app

import (
	"context"
	"os"
	"time"

	"github.com/twokey/twokey/internal/cli"
)

//go:generate go run ./gensupport ../../docs/sandbox/support.md

// Run carries out one command line on the process's own streams and returns
// the exit code.
func Run(ctx context.Context, args []string) int {
	return cli.Run(ctx, processEnv(), args)
}

// processEnv is the Env of a real process.
func processEnv() *cli.Env {
	return &cli.Env{
		Stdin:  os.Stdin,
		Stdout: os.Stdout,
		Stderr: os.Stderr,
		Getenv: os.Getenv,
		Clock:  time.Now,
		StdoutIsTerminal: func() bool {
			return isTerminal(os.Stdout)
		},
		LoadEstate: loadEstate,
		NewSandbox: newSandbox,
	}
}

// isTerminal reports whether f is a character device. The null device is one
// too; colour written to it harms nobody.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
