// Command testrun runs go test and closes with what go test keeps to itself:
// every skipped test by name, why it was skipped, and how many tests there were.
//
//	go run ./internal/testrun [-no-skips] [flags and packages of go test]
//
// With -no-skips a skipped test counts as a failure: a machine that should have
// every tool uses it, so that a missing one cannot pass unnoticed.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	ok, err := run(ctx, ".", os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "testrun:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// run runs go test in dir and reports whether every test passed and, with
// -no-skips, none was skipped.
func run(ctx context.Context, dir string, args []string, stdout, stderr io.Writer) (bool, error) {
	noSkips := len(args) > 0 && args[0] == "-no-skips"
	if noSkips {
		args = args[1:]
	}
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-json"}, args...)...)
	cmd.Dir = dir
	cmd.Stderr = stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return false, err
	}
	if err := cmd.Start(); err != nil {
		return false, err
	}
	sum, readErr := follow(pipe, stdout)
	if readErr != nil {
		// The rest is read and dropped, so that go test does not wait for ever.
		if _, err := io.Copy(io.Discard, pipe); err != nil {
			readErr = errors.Join(readErr, err)
		}
	}
	waitErr := cmd.Wait()
	sum.print(stdout)
	var exit *exec.ExitError
	switch {
	case readErr != nil:
		return false, readErr
	case waitErr != nil && !errors.As(waitErr, &exit):
		return false, waitErr
	case waitErr != nil || sum.failed > 0:
		return false, nil
	case sum.passed == 0:
		return false, errors.New("no test ran")
	case noSkips && len(sum.skips) > 0:
		return false, fmt.Errorf("%d tests were skipped, and this machine should run them all", len(sum.skips))
	}
	return true, nil
}
