package codebuild

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/twokey/twokey/sandbox/cloud"
)

// log takes what a build and its commands print and hands it to CloudWatch Logs,
// phase by phase, as the project's role.
type log struct {
	job  *job
	in   *os.File // what is written here is read into lines
	out  *os.File
	done chan struct{}

	mu    sync.Mutex
	lines []logLine
	size  int // of all lines so far
	off   bool
}

type logLine struct {
	Timestamp int64  `json:"timestamp"`
	Message   string `json:"message"`
}

const (
	maxLog  = 16 << 20  // bytes of a build
	maxLine = 200 << 10 // under CloudWatch Logs' 256 KiB for an event
)

// newLog makes the stream of a build. In a world without the logs service nothing
// is kept.
func newLog(j *job) (*log, error) {
	l := &log{job: j, done: make(chan struct{})}
	to := j.row.Build.Logs
	if to == nil || to.GroupName == "" {
		l.off = true
	} else {
		err := j.call("logs", "CreateLogGroup", map[string]any{"logGroupName": to.GroupName}, nil)
		var e *cloud.Error
		switch {
		case errors.As(err, &e) && e.Code == "NotImplemented":
			l.off, err = true, nil
		case err == nil, errors.As(err, &e) && (e.Code == "ResourceAlreadyExistsException" || strings.HasPrefix(e.Code, "AccessDenied")):
			// A group that somebody else made needs no right to make it.
			err = j.call("logs", "CreateLogStream", map[string]any{"logGroupName": to.GroupName, "logStreamName": to.StreamName}, nil)
		}
		if err != nil {
			return nil, err
		}
	}
	var err error
	if l.out, l.in, err = os.Pipe(); err != nil {
		return nil, err
	}
	go l.read()
	return l, nil
}

// read takes lines until the writers are gone.
func (l *log) read() {
	defer close(l.done)
	r := bufio.NewReaderSize(l.out, maxLine)
	for {
		text, err := r.ReadSlice('\n')
		if len(text) > 0 {
			l.add(strings.ToValidUTF8(string(text), "\uFFFD"))
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
	}
}

func (l *log) add(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.off || l.size > maxLog {
		return
	}
	l.size += len(text)
	if l.size > maxLog {
		text = fmt.Sprintf("The sandbox keeps no more than %d bytes of the log of a build\n", maxLog)
	}
	l.lines = append(l.lines, logLine{l.job.service.world.Clock.Now().UnixMilli(), text})
}

// say writes a line of the service's own, in its place among those of commands.
func (l *log) say(format string, args ...any) {
	// Written to the same pipe as the commands' output; a closed one takes nothing.
	_, _ = fmt.Fprintf(l.in, "[Container] %s %s\n", l.job.service.world.Clock.Now().UTC().Format("2006/01/02 15:04:05.000000"), fmt.Sprintf(format, args...))
}

// flush hands over what has been read so far.
func (l *log) flush() {
	l.mu.Lock()
	lines := l.lines
	l.lines = nil
	l.mu.Unlock()
	to := l.job.row.Build.Logs
	as := cloud.Caller{Identity: l.job.session.identity, Region: l.job.row.Region, From: principal}
	for len(lines) > 0 {
		n, size := 0, 0
		for n < len(lines) && n < 10_000 && size+len(lines[n].Message)+26 <= 1<<20 {
			size += len(lines[n].Message) + 26
			n++
		}
		in := map[string]any{"logGroupName": to.GroupName, "logStreamName": to.StreamName, "logEvents": lines[:n]}
		// Not with the build's context: the log of one that was stopped is kept too.
		if l.job.service.world.Invoke(context.WithoutCancel(l.job.ctx), as, "logs", "PutLogEvents", in, nil) != nil {
			return // a build goes on without its log, as AWS's do
		}
		lines = lines[n:]
	}
}

// close reads what is still on its way, not waiting for processes that left the
// build's group and hold the pipe open.
func (l *log) close() {
	_ = l.in.Close()
	_ = l.out.SetReadDeadline(time.Now().Add(time.Second))
	<-l.done
	_ = l.out.Close()
	l.flush()
}
