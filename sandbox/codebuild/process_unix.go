//go:build unix

package codebuild

import (
	"context"
	"os"
	"os/exec"
	"syscall"
)

// group is a process group in which the commands of one build run, so that all of
// them and what they left behind can be killed together. Its leader does nothing
// but live: it keeps the group's number from being given to others, and kills the
// group when the sandbox is gone and with it the other end of its input.
type group struct {
	leader *exec.Cmd
}

const shell = "/bin/sh"

func newGroup() (*group, error) {
	leader := exec.Command(shell, "-c", "read x; kill -9 0")
	leader.Env = []string{}
	leader.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if _, err := leader.StdinPipe(); err != nil { // open as long as leader is
		return nil, err
	}
	if err := leader.Start(); err != nil {
		return nil, err
	}
	return &group{leader}, nil
}

// run runs a program in the group until it ends; ctx kills the whole group.
func (g *group) run(ctx context.Context, dir string, env []string, out *os.File, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, env, out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pgid: g.leader.Process.Pid}
	cmd.Cancel = func() error { return syscall.Kill(-g.leader.Process.Pid, syscall.SIGKILL) }
	return cmd.Run()
}

// kill ends every process of the group.
func (g *group) kill() {
	// The leader is waited for only afterwards: until then its number is its own.
	_ = syscall.Kill(-g.leader.Process.Pid, syscall.SIGKILL)
	_ = g.leader.Wait() // it was killed, which is no news
}
