//go:build !unix

package codebuild

import (
	"context"
	"errors"
	"os"
)

// group is what runs the commands of a build: nothing, on this system.
type group struct{}

const shell = ""

func newGroup() (*group, error) {
	return nil, errors.New("the sandbox runs builds on Unix systems only")
}

func (g *group) run(context.Context, string, []string, *os.File, string, ...string) error {
	return errors.New("the sandbox runs builds on Unix systems only")
}

func (g *group) kill() {}
