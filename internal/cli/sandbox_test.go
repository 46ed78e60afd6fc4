package cli_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twokey/twokey/internal/cli"
)

// box is a sandbox that says whether it was closed.
type box struct {
	http.Handler
	closed atomic.Bool
	err    error
}

func (b *box) Close() error { b.closed.Store(true); return b.err }

func TestSandboxPortInUse(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	w := newWorld(nil)
	w.NewSandbox = func(cli.SandboxOptions) (cli.Sandbox, error) {
		t.Error("the world is opened though the port is not to be had")
		return nil, io.EOF
	}
	if code := cli.Run(t.Context(), &w.Env, []string{"sandbox", "--listen", taken.Addr().String()}); code != cli.ExitFailed {
		t.Errorf("exit code %d, want %d", code, cli.ExitFailed)
	}
	got := w.err.String()
	if !strings.HasPrefix(got, "twokey: error: cannot listen on "+taken.Addr().String()) || !strings.Contains(got, "\nhint: something else may be answering there; --listen 127.0.0.1:0 takes a free port\n") {
		t.Errorf("got %q", got)
	}
}

// TestSandboxIsClosed wants what the sandbox keeps to be kept however it ends, and
// an end that did not go well to be told.
func TestSandboxIsClosed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		err  error
		code int
		text string
	}{
		{"in order", nil, cli.ExitOK, ""},
		{"with an error", errors.New("no space left"), cli.ExitFailed, "closing the sandbox: no space left"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			b := &box{Handler: http.NotFoundHandler(), err: tt.err}
			w := newWorld(nil)
			w.Stdout = stopper{cancel}
			w.NewSandbox = func(o cli.SandboxOptions) (cli.Sandbox, error) { return b, nil }
			if code := cli.Run(ctx, &w.Env, []string{"sandbox", "--listen", "127.0.0.1:0"}); code != tt.code {
				t.Errorf("exit code %d, want %d: %s", code, tt.code, &w.err)
			}
			if !b.closed.Load() {
				t.Error("it was not closed")
			}
			if got := w.err.String(); !strings.Contains(got, tt.text) || tt.text == "" && got != "" {
				t.Errorf("standard error has %q", got)
			}
		})
	}
}

// stopper interrupts once something is written.
type stopper struct{ stop func() }

func (s stopper) Write(p []byte) (int, error) { s.stop(); return len(p), nil }

func TestSandboxOptions(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var got cli.SandboxOptions
	w := newWorld(nil)
	w.Stdout = stopper{cancel}
	w.NewSandbox = func(o cli.SandboxOptions) (cli.Sandbox, error) {
		got = o
		return &box{Handler: http.NotFoundHandler()}, nil
	}
	cli.Run(ctx, &w.Env, []string{"sandbox", "--listen", "127.0.0.1:0", "--accounts", "a=000000000001, b=222222222222", "--data", "x"})
	want := []cli.SandboxAccount{{Name: "a", ID: "000000000001"}, {Name: "b", ID: "222222222222"}}
	if len(got.Accounts) != 2 || got.Accounts[0] != want[0] || got.Accounts[1] != want[1] || got.Data != "x" {
		t.Errorf("got %+v", got)
	}
}
