package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/twokey/twokey/internal/cli"
	"github.com/twokey/twokey/sandbox"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/sqlite"
)

// worldFile is the file that keeps a sandbox's world, in the folder of --data.
const worldFile = "world.db"

// newSandbox puts a sandbox together, over a file where its world is to be kept.
func newSandbox(o cli.SandboxOptions) (cli.Sandbox, error) {
	var options sandbox.Options
	for _, a := range o.Accounts {
		options.Accounts = append(options.Accounts, cloud.Account{Name: a.Name, ID: a.ID})
	}
	if o.Data == "" {
		return sandbox.New(options)
	}
	// It holds secret keys, so it is nobody else's to read.
	if err := os.MkdirAll(o.Data, 0o700); err != nil {
		return nil, err
	}
	store, err := sqlite.Open(filepath.Join(o.Data, worldFile))
	if err != nil {
		return nil, hinted(fmt.Errorf("cannot open the world: %w", err), "another sandbox may have it open; name another folder with --data")
	}
	options.Store = store
	box, err := sandbox.New(options)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return box, nil
}
