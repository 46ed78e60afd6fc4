package main

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// running is a program that runs until it is stopped.
type running struct {
	cmd    *exec.Cmd
	url    string // what the first line it printed ends with
	stderr bytes.Buffer
	read   chan struct{} // closed once all it printed has been read
}

// start starts a program and waits for its first line.
func start(dir, program string, args ...string) (*running, error) {
	r := &running{cmd: exec.Command(program, args...), read: make(chan struct{})}
	r.cmd.Dir, r.cmd.Stderr = dir, &r.stderr
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := r.cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	go func() {
		defer close(r.read)
		_, _ = io.Copy(io.Discard, lines) // a pipe that nobody reads would block it
	}()
	if err != nil {
		_ = r.end(os.Kill)
		return nil, err
	}
	r.url = line[strings.LastIndexByte(line, ' ')+1 : len(line)-1]
	return r, nil
}

// end sends a signal and waits for the end; the error is that of the exit code.
func (r *running) end(signal os.Signal) error {
	err := r.cmd.Process.Signal(signal)
	<-r.read
	if waited := r.cmd.Wait(); err == nil {
		err = waited
	}
	return err
}

type runningKey struct{}

// runningCommands are script commands about programs that run on:
//
//	starts NAME program args...   $NAME is then the URL that ends its first line
//	fetches URL [BODY]            GET, or POST of a body; the answer is stdout
//	stops NAME                    Ctrl-C; wants exit code 0; its stderr is stderr
//	kills NAME                    leaves it no time for anything
func runningCommands() map[string]func(*testscript.TestScript, bool, []string) {
	all := func(ts *testscript.TestScript) map[string]*running {
		return ts.Value(runningKey{}).(map[string]*running)
	}
	end := func(ts *testscript.TestScript, args []string, signal os.Signal) (*running, error) {
		if len(args) != 1 || all(ts)[args[0]] == nil {
			ts.Fatalf("usage: stops|kills NAME of something started")
		}
		r := all(ts)[args[0]]
		delete(all(ts), args[0])
		return r, r.end(signal)
	}
	return map[string]func(*testscript.TestScript, bool, []string){
		"starts": func(ts *testscript.TestScript, neg bool, args []string) {
			if neg || len(args) < 2 {
				ts.Fatalf("usage: starts NAME program args...")
			}
			r, err := start(ts.MkAbs("."), args[1], args[2:]...)
			ts.Check(err)
			all(ts)[args[0]] = r
			ts.Defer(func() {
				if all(ts)[args[0]] == r {
					_ = r.end(os.Kill)
				}
			})
			ts.Setenv(args[0], r.url)
		},
		"fetches": func(ts *testscript.TestScript, neg bool, args []string) {
			var answer *http.Response
			var err error
			switch {
			case !neg && len(args) == 1:
				answer, err = http.Get(args[0])
			case !neg && len(args) == 2:
				answer, err = http.Post(args[0], "application/json", strings.NewReader(args[1]))
			default:
				ts.Fatalf("usage: fetches URL [BODY]")
			}
			ts.Check(err)
			defer answer.Body.Close()
			_, err = io.Copy(ts.Stdout(), answer.Body)
			ts.Check(err)
		},
		"stops": func(ts *testscript.TestScript, neg bool, args []string) {
			signal := os.Interrupt
			if runtime.GOOS == "windows" {
				signal = os.Kill // there is no other
			}
			r, err := end(ts, args, signal)
			if err != nil && signal == os.Interrupt {
				ts.Fatalf("%v: %s", err, &r.stderr)
			}
			_, err = ts.Stderr().Write(r.stderr.Bytes())
			ts.Check(err)
		},
		"kills": func(ts *testscript.TestScript, neg bool, args []string) {
			_, _ = end(ts, args, os.Kill) // killed is how it ends
		},
	}
}

// BenchmarkSandboxFirstAnswer is the time from the start of the program to its
// first answer, which is to stay under 150 ms.
func BenchmarkSandboxFirstAnswer(b *testing.B) {
	binary := filepath.Join(b.TempDir(), "twokey")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	for _, args := range [][]string{{}, {"--data", b.TempDir()}} {
		name := "memory"
		if len(args) > 0 {
			name = "data"
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				r, err := start(".", binary, append([]string{"sandbox", "--listen", "127.0.0.1:0"}, args...)...)
				if err != nil {
					b.Fatal(err)
				}
				answer, err := http.Get(r.url + "/_sandbox/health")
				if err != nil {
					b.Fatal(err)
				}
				answer.Body.Close()
				b.StopTimer()
				if answer.StatusCode != http.StatusOK {
					b.Errorf("health answers %s", answer.Status)
				}
				if err := r.end(os.Interrupt); err != nil {
					b.Fatalf("%v: %s", err, &r.stderr)
				}
				b.StartTimer()
			}
		})
	}
}
