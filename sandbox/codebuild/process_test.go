//go:build unix

package codebuild

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

const childVariable = "CODEBUILD_TEST_CHILD"

// TestMain makes the test binary a sandbox with one build, where it is asked to.
func TestMain(m *testing.M) {
	if os.Getenv(childVariable) == "" {
		os.Exit(m.Run())
	}
	g, err := newGroup()
	if err == nil {
		err = g.run(context.Background(), ".", []string{"PATH=" + os.Getenv("PATH")}, os.Stdout, shell, "-c", "echo $$; exec sleep 600")
	}
	os.Stderr.WriteString(err.Error())
	os.Exit(1)
}

// The processes of a build do not outlive the sandbox, even one that is killed.
func TestKilledSandbox(t *testing.T) {
	t.Parallel()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), binary)
	child.Env = append(os.Environ(), childVariable+"=1")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	child.Stdout = w
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(r)
	line, err := in.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, 0); err != nil {
		t.Fatalf("the build does not run: %v", err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := child.Wait(); !errors.As(err, &exit) {
		t.Fatal(err)
	}
	// The pipe ends when the last process that holds it has: the build's. Where it
	// lives on, the test times out.
	if rest, err := in.ReadString('\n'); err == nil {
		t.Errorf("the build went on: %q", rest)
	}
}
