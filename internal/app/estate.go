package app

import (
	"context"
	"errors"

	"github.com/twokey/twokey/cfn"
	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/internal/cli"
	"github.com/twokey/twokey/internal/load/cloudformation"
	"github.com/twokey/twokey/internal/load/estatefile"
)

// loadEstate reads an estate from templates, and gives the errors of the rooms
// that read them the shape in which the command line prints a hint.
func loadEstate(ctx context.Context, path string, o estate.LoadOptions) (*estate.Loaded, error) {
	loaded, err := cloudformation.Load(ctx, path, o)
	limitMemory()
	return loaded, withHints(err)
}

func withHints(err error) error {
	var several estatefile.Errors
	if errors.As(err, &several) {
		all := make([]error, len(several))
		for i, e := range several {
			bare := *e // its text would hold the hint too
			bare.Hint = ""
			all[i] = hinted(&bare, e.Hint)
		}
		return errors.Join(all...)
	}
	var template *cfn.Error
	if errors.As(err, &template) {
		return hinted(err, template.Hint)
	}
	return err
}

func hinted(err error, hint string) error {
	if hint == "" {
		return err
	}
	return &cli.Error{Err: err, Hints: []string{hint}}
}
