package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/twokey/twokey/arn"
)

// A Sandbox is a local AWS: it answers on any address that it is served at, and
// Close ends what it does in the background and keeps what it has to keep.
type Sandbox interface {
	http.Handler
	Close() error
}

// SandboxOptions make a Sandbox.
type SandboxOptions struct {
	Accounts []SandboxAccount
	// Data is the folder that keeps the world; empty means memory only.
	Data string
}

// SandboxAccount is an account of a sandbox. ID is twelve digits.
type SandboxAccount struct{ Name, ID string }

// Of the server in front of a sandbox. Bodies may be large and come from a slow
// disk, and a call such as SQS's ReceiveMessage waits for 20 seconds on purpose.
const (
	sandboxHeaderTimeout = 10 * time.Second
	sandboxBodyTimeout   = 5 * time.Minute
	sandboxIdleTimeout   = 2 * time.Minute
	// sandboxGrace is how long calls under way may take once it is to stop.
	sandboxGrace = 5 * time.Second
)

func (a *app) sandbox() *cobra.Command {
	var listen, accounts, data string
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Run a local AWS in which pipelines run and every call needs its permission",
		Long: `Run a local AWS: several accounts behind one endpoint, the wire protocol that AWS's own
tools speak, IAM decided on every call, and CodePipeline that runs. It needs no network
and calls nobody. What it does not have it refuses by name; docs/sandbox/support.md lists
both.

The access key id of an account's root user is the account's twelve digits, its secret
is "sandbox". Everybody else is made with IAM and STS. GET /_sandbox/health answers once
it runs; POST /_sandbox/clock {"advance":"168h"} moves its clock; GET
/_sandbox/trail?account=ID is what was called.

It runs the commands of builds as the user who started it, so give it no pipeline that
you would not run yourself, and leave it on this machine: whoever reaches its address
can run commands here. Ctrl-C stops it. With --data it goes on where it stopped, even
after a crash; without, all is forgotten.`,
		Example: `  twokey sandbox
  twokey sandbox --accounts tools=111111111111,prod=444444444444 --data ./world
  AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_ACCESS_KEY_ID=111111111111 \
    AWS_SECRET_ACCESS_KEY=sandbox AWS_REGION=us-east-1 aws sts get-caller-identity`,
		GroupID: groupTry,
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := sandboxAccounts(accounts)
			if err != nil {
				return err
			}
			return a.runSandbox(cmd.Context(), listen, SandboxOptions{Accounts: list, Data: data})
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:4566", "the `ADDRESS` to answer on; port 0 takes a free one")
	cmd.Flags().StringVar(&accounts, "accounts", "main=000000000000", "the accounts, as `NAME=ID,…` with ids of twelve digits")
	cmd.Flags().StringVar(&data, "data", "", "keep the world in this `FOLDER`")
	return cmd
}

// sandboxAccounts reads "tools=111111111111,prod=444444444444".
func sandboxAccounts(text string) ([]SandboxAccount, error) {
	const hint = "write them as --accounts tools=111111111111,prod=444444444444"
	var list []SandboxAccount
	for part := range strings.SplitSeq(text, ",") {
		name, id, ok := strings.Cut(strings.TrimSpace(part), "=")
		switch {
		case !ok || name == "":
			return nil, failf(hint, "account %q has no name or no id", part)
		case !arn.IsAccountID(id):
			return nil, failf("an account's id is twelve digits, leading zeros included", "account %s: %q is no account id", name, id)
		}
		for _, other := range list {
			if other.ID == id || other.Name == name {
				return nil, failf("give each account a name and an id of its own", "accounts %s=%s and %s=%s are not two", other.Name, other.ID, name, id)
			}
		}
		list = append(list, SandboxAccount{Name: name, ID: id})
	}
	return list, nil
}

func (a *app) runSandbox(ctx context.Context, address string, o SandboxOptions) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return failf("write an address and a port, such as 127.0.0.1:4566", "--listen %s: %w", address, err)
	}
	// The port is taken first: a second sandbox must not touch the first one's data.
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return failf("something else may be answering there; --listen 127.0.0.1:0 takes a free port", "cannot listen on %s: %w", address, err)
	}
	box, err := a.NewSandbox(o)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	if !isLoopback(host) {
		a.warnf("--listen %s can be reached from outside this machine: whoever reaches it can run commands as this user", address)
	}
	failed := a.serve(ctx, listener, box, o)
	a.stopped = true
	if err := box.Close(); err != nil {
		failed = errors.Join(failed, fmt.Errorf("closing the sandbox: %w", err))
	}
	return failed
}

// serve answers until the context ends, and then lets the calls under way end.
func (a *app) serve(ctx context.Context, listener net.Listener, handler http.Handler, o SandboxOptions) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: sandboxHeaderTimeout,
		ReadTimeout:       sandboxBodyTimeout,
		WriteTimeout:      sandboxBodyTimeout,
		IdleTimeout:       sandboxIdleTimeout,
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	if err := writeWelcome(a.Stdout, listener.Addr().String(), o); err != nil {
		return errors.Join(err, server.Close())
	}
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), sandboxGrace)
	defer cancel()
	err := server.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close()
	}
	return err
}

// writeWelcome says where the sandbox is and how to sign. Scripts read the
// address from the first line.
func writeWelcome(w io.Writer, address string, o SandboxOptions) error {
	var b strings.Builder
	url := "http://" + address
	fmt.Fprintf(&b, "sandbox on %s\n\n", url)
	width := 0
	for _, account := range o.Accounts {
		width = max(width, len(account.Name))
	}
	for _, account := range o.Accounts {
		fmt.Fprintf(&b, "  account %-*s  %s\n", width, account.Name, account.ID)
	}
	keeps := "kept in " + o.Data
	if o.Data == "" {
		keeps = "in memory, forgotten when it stops (--data DIR keeps it)"
	}
	fmt.Fprintf(&b, "  world   %s\n\nsign as the root user of an account:\n\n", keeps)
	fmt.Fprintf(&b, "  export AWS_ENDPOINT_URL=%s AWS_REGION=us-east-1\n", url)
	fmt.Fprintf(&b, "  export AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=sandbox\n", o.Accounts[0].ID)
	fmt.Fprintf(&b, "  aws sts get-caller-identity\n\nbuilds run their commands here, as you; Ctrl-C stops it\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// isLoopback reports whether a host of --listen is this machine alone.
func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return slices.Contains([]string{"localhost", "ip6-localhost"}, host)
	}
	return addr.Unmap().IsLoopback()
}
