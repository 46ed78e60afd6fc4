package codebuild

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// job is a build under way.
type job struct {
	service   *service
	ctx       context.Context
	arn       string
	row       build // as it stood when the build began; what changes is in the table
	dir       string
	session   *session
	spec      *spec
	group     *group
	log       *log
	failed    bool              // a phase has failed
	folders   map[string]string // of secondary sources
	overrides []variable        // variables of the project and the request
}

// fault is why a phase did not succeed.
type fault struct{ Status, Code, Message string }

func failure(code, format string, args ...any) *fault {
	return &fault{"FAILED", code, fmt.Sprintf(format, args...)}
}

// run does a build, from its place in the queue to its end.
func (s *service) run(ctx context.Context, at string) error {
	row, ok := s.builds.Get(at)
	if !ok || complete(&row.Build) {
		return nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	now := s.world.Clock.Now()
	limit := time.Duration(value(row.Build.TimeoutInMinutes)) * time.Minute
	defer s.world.Clock.At(now.Add(limit), func() { cancel(errTimeout) })()
	j := &job{service: s, ctx: ctx, arn: at, row: row}
	status := j.phases(now)
	exported := j.exports()
	j.clean()
	if status == "" {
		return nil // it was stopped
	}
	_, err := s.finish(at, status, exported)
	return err
}

// phases does the phases of a build, each after the one before, and returns the
// status of the build ("Build phase transitions", AWS CodeBuild user guide).
func (j *job) phases(now time.Time) string {
	limit := time.Duration(value(j.row.Build.QueuedTimeoutInMinutes)) * time.Minute
	if now.Sub(j.row.Build.StartTime.Time) > limit {
		return j.end("QUEUED", &fault{"TIMED_OUT", "BUILD_QUEUED_TIMEOUT", "Build was in the queue for too long"})
	}
	j.end("QUEUED", nil)
	for _, p := range []struct {
		kind string
		do   func() *fault
	}{{"PROVISIONING", j.provision}, {"DOWNLOAD_SOURCE", j.download}} {
		if status := j.phase(p.kind, p.do); status != "SUCCEEDED" {
			j.phase("FINALIZING", func() *fault { return nil })
			return status
		}
	}
	for _, kind := range []string{"INSTALL", "PRE_BUILD", "BUILD", "POST_BUILD"} {
		status := j.phase(kind, func() *fault { return j.commands(kind) })
		if status == "SUCCEEDED" {
			continue
		}
		p := j.spec.Phases[kind]
		if status != "FAILED" {
			return status
		}
		j.failed = j.failed || !p.Continue
		if p.Abort || !p.Continue && (kind == "INSTALL" || kind == "PRE_BUILD") {
			j.phase("FINALIZING", func() *fault { return nil })
			return "FAILED"
		}
	}
	status := j.phase("UPLOAD_ARTIFACTS", j.upload)
	if status != "SUCCEEDED" && status != "FAILED" {
		return status
	}
	j.failed = j.failed || status == "FAILED"
	if status := j.phase("FINALIZING", func() *fault { return nil }); status != "SUCCEEDED" {
		return status
	}
	if j.failed {
		return "FAILED"
	}
	return "SUCCEEDED"
}

// phase does one phase and records it. The answer is its status; empty says that
// the build is over already.
func (j *job) phase(kind string, do func() *fault) string {
	_, err := j.service.change(j.arn, func(b *build) {
		b.Build.CurrentPhase = kind
		b.Build.Phases = append(b.Build.Phases, &BuildPhase{PhaseType: kind, StartTime: wire.At(j.service.world.Clock.Now())})
	})
	if err != nil {
		return ""
	}
	f := j.interrupted()
	if f == nil {
		f = do()
	}
	if why := j.interrupted(); why != nil {
		f = why
	}
	if j.log != nil {
		result := "SUCCEEDED"
		if f != nil {
			result = f.Status
		}
		j.log.say("Phase complete: %s State: %s", kind, result)
		if f != nil {
			j.log.say("Phase context status code: %s Message: %s", f.Code, f.Message)
		}
		j.log.flush()
	}
	return j.end(kind, f)
}

// interrupted is why the build cannot go on, if so.
func (j *job) interrupted() *fault {
	switch cause := context.Cause(j.ctx); {
	case cause == nil:
		return nil
	case errors.Is(cause, errTimeout):
		return &fault{"TIMED_OUT", "BUILD_TIMED_OUT", "Build has timed out. "}
	case errors.Is(cause, errStopped):
		return &fault{"STOPPED", "", cause.Error()}
	default:
		return &fault{"FAULT", "INTERNAL_SERVICE_ERROR", cause.Error()}
	}
}

// end closes the phase that is open.
func (j *job) end(kind string, f *fault) string {
	status := "SUCCEEDED"
	if f != nil {
		status = f.Status
	}
	_, err := j.service.change(j.arn, func(b *build) { closePhase(b, j.service.world.Clock.Now(), status, f) })
	if err != nil {
		return ""
	}
	return status
}

// closePhase ends the last phase of a build, if it is open.
func closePhase(b *build, now time.Time, status string, f *fault) {
	if len(b.Build.Phases) == 0 {
		return
	}
	p := b.Build.Phases[len(b.Build.Phases)-1]
	if p.PhaseStatus != "" || p.PhaseType == "COMPLETED" {
		return
	}
	p.PhaseStatus, p.EndTime = status, wire.At(now)
	p.DurationInSeconds = ptr(int64(now.Sub(p.StartTime.Time) / time.Second))
	p.Contexts = []*PhaseContext{{}}
	if f != nil {
		p.Contexts[0] = &PhaseContext{StatusCode: f.Code, Message: f.Message}
	}
}

var errComplete = errors.New("the build is complete")

// change changes the row of a build that is not complete.
func (s *service) change(at string, f func(b *build)) (build, error) {
	return s.builds.Update(at, func(row build, ok bool) (build, error) {
		if !ok || complete(&row.Build) {
			return row, errComplete
		}
		next, err := copyOf(row)
		if err != nil {
			return row, err
		}
		f(&next)
		return next, nil
	})
}

// finish completes a build, unless it is, and tells the bus.
func (s *service) finish(at, status string, exported []*ExportedEnvironmentVariable) (build, error) {
	row, err := s.change(at, func(b *build) {
		now := s.world.Clock.Now()
		closePhase(b, now, status, nil)
		b.Build.Phases = append(b.Build.Phases, &BuildPhase{PhaseType: "COMPLETED", StartTime: wire.At(now)})
		b.Build.CurrentPhase, b.Build.BuildStatus, b.Build.BuildComplete, b.Build.EndTime = "COMPLETED", status, ptr(true), wire.At(now)
		b.Build.ExportedEnvironmentVariables = exported
	})
	if errors.Is(err, errComplete) {
		return row, nil
	}
	if err == nil {
		err = s.world.Flush()
	}
	if err == nil {
		err = s.announce(&row)
	}
	return row, err
}

// interruptedMessage is the context of a build that a restart has ended.
const interruptedMessage = "The sandbox was started anew while the build was under way"

// interrupted ends a build that was under way when the sandbox ended: its process
// is gone.
func (s *service) interrupted(at string) error {
	if _, err := s.change(at, func(b *build) {
		closePhase(b, s.world.Clock.Now(), "FAULT", &fault{"FAULT", "INTERNAL_SERVICE_ERROR", interruptedMessage})
	}); err != nil {
		return err
	}
	_, err := s.finish(at, "FAULT", nil)
	return err
}

// provision gets the role's credentials, the directory and the log.
func (j *job) provision() *fault {
	b := &j.row.Build
	var err error
	number := b.Id[len(b.ProjectName)+1:]
	j.session, err = j.service.assume(j.ctx, j.row.Account, j.row.Region, projectARN(j.row.Account, j.row.Region, b.ProjectName), b.ServiceRole, "AWSCodeBuild-"+number)
	if err != nil {
		return failure("ACCESS_DENIED", "CodeBuild is not authorized to perform: sts:AssumeRole on %s: %v", b.ServiceRole, err)
	}
	if j.log, err = newLog(j); err != nil {
		return failure("ACCESS_DENIED", "Service role %s does not allow AWS CodeBuild to create Amazon CloudWatch Logs log streams for build %s. Error message: %s", b.ServiceRole, b.Arn, message(err))
	}
	if j.dir, err = os.MkdirTemp("", "codebuild-"); err == nil {
		j.group, err = newGroup()
	}
	for _, name := range []string{"src", "home", "tmp", "state"} {
		if err == nil {
			err = os.Mkdir(filepath.Join(j.dir, name), 0o700)
		}
	}
	if err != nil {
		return &fault{"FAULT", "INTERNAL_SERVICE_ERROR", err.Error()}
	}
	for _, v := range b.Environment.EnvironmentVariables {
		j.overrides = append(j.overrides, variable{v.Name, v.Value})
	}
	j.log.say("Waiting for agent ping")
	return nil
}

// clean ends the processes of a build and removes its directory.
func (j *job) clean() {
	if j.group != nil {
		j.group.kill()
	}
	if j.log != nil {
		j.log.close()
	}
	if j.dir == "" {
		return
	}
	if os.RemoveAll(j.dir) == nil {
		return
	}
	// Build tools write-protect folders of their own.
	_ = filepath.WalkDir(j.dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			err = os.Chmod(path, 0o700)
		}
		return err
	})
	_ = os.RemoveAll(j.dir)
}

// session is a role with whose permissions a build works.
type session struct {
	identity           cloud.Identity
	key, secret, token string
}

// assume becomes a project's role as the service, on behalf of the project.
func (s *service) assume(ctx context.Context, account, region, projectARN, role, name string) (*session, error) {
	in := struct{ RoleArn, RoleSessionName string }{role, name}
	var out struct {
		Credentials struct{ AccessKeyId, SecretAccessKey, SessionToken string }
	}
	as := cloud.AsService(principal, account, region, projectARN, account)
	if err := s.world.Invoke(ctx, as, "sts", "AssumeRole", in, &out); err != nil {
		return nil, err
	}
	c := out.Credentials
	_, id, err := s.world.Credential(c.AccessKeyId, c.SessionToken)
	return &session{id, c.AccessKeyId, c.SecretAccessKey, c.SessionToken}, err
}

// call calls a service as the project's role.
func (j *job) call(service, operation string, in, out any) error {
	as := cloud.Caller{Identity: j.session.identity, Region: j.row.Region, From: principal}
	return j.service.world.Invoke(j.ctx, as, service, operation, in, out)
}

// message is what an error of a service says.
func message(err error) string {
	var e *cloud.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return err.Error()
}
