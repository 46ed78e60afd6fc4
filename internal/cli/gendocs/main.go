// Command gendocs writes docs/cli: one Markdown page for each verb, made from
// the same text that --help prints.
//
//	go run ./internal/cli/gendocs docs/cli
package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/twokey/twokey/internal/cli"

	"github.com/spf13/cobra/doc"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "gendocs:", err)
		os.Exit(1)
	}
}

// run replaces the folder, so that the page of a verb that is gone goes too.
func run(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("want one argument, the folder to write, got %d", len(args))
	}
	if err := os.RemoveAll(args[0]); err != nil {
		return err
	}
	if err := os.MkdirAll(args[0], 0o755); err != nil {
		return err
	}
	env := &cli.Env{
		Stdin: os.Stdin, Stdout: io.Discard, Stderr: io.Discard,
		Getenv: func(string) string { return "" }, Clock: time.Now,
		StdoutIsTerminal: func() bool { return false },
	}
	return doc.GenMarkdownTree(cli.New(env), args[0])
}
