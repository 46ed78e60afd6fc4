package cli_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/iam/policy"
	"github.com/twokey/twokey/internal/cli"
)

// world is an Env of a test: nobody looks, and the estate is the one given.
type world struct {
	cli.Env
	out, err bytes.Buffer
}

func newWorld(e *estate.Estate) *world {
	w := &world{}
	w.Env = cli.Env{
		Stdin: strings.NewReader(""), Stdout: &w.out, Stderr: &w.err,
		Getenv: func(string) string { return "" }, Clock: func() time.Time { return time.Unix(0, 0).UTC() },
		StdoutIsTerminal: func() bool { return false },
		LoadEstate: func(context.Context, string, estate.LoadOptions) (*estate.Loaded, error) {
			if e == nil {
				return nil, errors.New("no estate here")
			}
			return &estate.Loaded{Estate: e, Config: &estate.Config{}}, nil
		},
	}
	return w
}

func TestEveryVerbIsDocumented(t *testing.T) {
	t.Parallel()
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		if c.HasParent() {
			if c.Short == "" || c.Long == "" {
				t.Errorf("%q has no short or no long description", c.CommandPath())
			}
			if c.Example == "" {
				t.Errorf("%q has no example", c.CommandPath())
			}
			if strings.HasSuffix(c.Short, ".") {
				t.Errorf("%q: the short description ends with a full stop", c.CommandPath())
			}
		}
		if c.Args == nil && c.Name() != "help" {
			t.Errorf("%q does not check its arguments", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			visit(sub)
		}
	}
	visit(cli.New(&newWorld(nil).Env))
}

func TestColor(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		args     []string
		terminal bool
		env      map[string]string
		want     bool
	}{
		{name: "not a terminal"},
		{name: "a terminal", terminal: true, want: true},
		{name: "NO_COLOR", terminal: true, env: map[string]string{"NO_COLOR": "1"}},
		{name: "an empty NO_COLOR is none", terminal: true, env: map[string]string{"NO_COLOR": ""}, want: true},
		{name: "a dumb terminal", terminal: true, env: map[string]string{"TERM": "dumb"}},
		{name: "--no-color", terminal: true, args: []string{"--no-color"}},
		{name: "--color never", terminal: true, args: []string{"--color", "never"}},
		{name: "--color always", args: []string{"--color", "always"}, want: true},
		{name: "a flag beats NO_COLOR", args: []string{"--color=always"}, env: map[string]string{"NO_COLOR": "1"}, want: true},
		{name: "--no-color beats all", args: []string{"--color=always", "--no-color"}, terminal: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := &estate.Estate{Accounts: []*estate.Account{{ID: "111111111111", Name: "tools"}}}
			w := newWorld(e)
			w.Getenv = func(k string) string { return tt.env[k] }
			w.StdoutIsTerminal = func() bool { return tt.terminal }
			if code := cli.Run(t.Context(), &w.Env, append([]string{"estate", "x"}, tt.args...)); code != cli.ExitOK {
				t.Fatalf("exit code %d: %s", code, &w.err)
			}
			if got := strings.Contains(w.out.String(), "\x1b["); got != tt.want {
				t.Errorf("coloured = %v, want %v: %q", got, tt.want, &w.out)
			}
		})
	}
}

// TestHostileText wants no terminal escape from an input on either stream.
func TestHostileText(t *testing.T) {
	t.Parallel()
	evil := "a\x1b]0;owned\x07\u202eb\nc"
	e := &estate.Estate{
		Accounts: []*estate.Account{{ID: "111111111111", Name: evil}},
		Pipelines: []*estate.Pipeline{{Name: evil, Stages: []estate.Stage{
			{Name: evil, Actions: []estate.Action{{Name: evil, Provider: evil, Category: evil}}}}}},
		Roles:    []*estate.Role{{Name: evil, Meta: estate.Meta{ARN: "arn:aws:iam::111111111111:role/" + evil, Account: "111111111111"}}},
		Unknowns: []estate.Unknown{{What: evil, Why: evil, Pos: policy.Pos{File: evil, Line: 1}}},
		Problems: []estate.Problem{{Message: evil, Hint: evil}},
	}
	for _, args := range [][]string{
		{"estate", "x"},
		{"can", "nobody\x1b[31m", "s3:GetObject", "arn:aws:s3:::b/k", "x"},
		{"can", "a", "s3:GetObject", "arn:aws:s3:::b/k", "x"},
		{evil},
		{"estate", "--" + evil},
	} {
		w := newWorld(e)
		cli.Run(t.Context(), &w.Env, args)
		if got := w.out.String() + w.err.String(); strings.ContainsAny(got, "\x1b\x07\u202e") {
			t.Errorf("%q prints %q", args, got)
		}
	}
}

func TestResultThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(&estate.Estate{})
	w.Stdout = fullDisk{}
	if code := cli.Run(t.Context(), &w.Env, []string{"version"}); code != cli.ExitFailed {
		t.Errorf("exit code %d, want %d", code, cli.ExitFailed)
	}
	if got, want := w.err.String(), "twokey: error: could not write the result: no space left\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	w := newWorld(nil)
	w.LoadEstate = func(ctx context.Context, _ string, _ estate.LoadOptions) (*estate.Loaded, error) {
		cancel()
		return nil, ctx.Err()
	}
	if code := cli.Run(ctx, &w.Env, []string{"estate", "x"}); code != cli.ExitFailed {
		t.Errorf("exit code %d, want %d", code, cli.ExitFailed)
	}
	if got, want := w.err.String(), "twokey: error: interrupted\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestNothingIsLoadedNeedlessly wants the loader called by verbs that need it alone.
func TestNothingIsLoadedNeedlessly(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"version"}, {"help", "can"}, {"can", "--help"}, {"completion", "bash"}, {"can", "x"}, {"estate"}, {"estate", "--format", "pdf", "x"}} {
		w := newWorld(nil)
		w.LoadEstate = func(context.Context, string, estate.LoadOptions) (*estate.Loaded, error) {
			t.Errorf("%q loads an estate", args)
			return nil, io.ErrUnexpectedEOF
		}
		cli.Run(t.Context(), &w.Env, args)
	}
}
