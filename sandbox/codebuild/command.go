package codebuild

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// commands runs the commands of a phase, and then, whatever came of them, those of
// its finally block.
func (j *job) commands(kind string) *fault {
	p, ok := j.spec.Phases[kind]
	if !ok {
		return nil
	}
	f := j.each(p.Commands)
	if j.ctx.Err() == nil {
		if g := j.each(p.Finally); f == nil {
			f = g
		}
	}
	return f
}

func (j *job) each(commands []string) *fault {
	for _, text := range commands {
		j.log.say("Running command %s", text)
		err := j.command(text)
		var exit *exec.ExitError
		switch {
		case err == nil:
		case errors.As(err, &exit):
			j.log.say("Command did not exit successfully %s %v", text, err)
			return failure("COMMAND_EXECUTION_ERROR", "Error while executing command: %s. Reason: %v", text, err)
		default:
			return &fault{"FAULT", "INTERNAL_SERVICE_ERROR", err.Error()}
		}
	}
	return nil
}

// wrapper runs a command in the surroundings that the one before left: exported
// variables and the working directory.
const wrapper = `if [ -f "$CODEBUILD_SANDBOX_STATE/env" ]; then . "$CODEBUILD_SANDBOX_STATE/env"; fi
if [ -f "$CODEBUILD_SANDBOX_STATE/dir" ]; then cd "$(cat "$CODEBUILD_SANDBOX_STATE/dir")" || exit 1; fi
export CODEBUILD_BUILD_SUCCEEDING="$1"
trap 'codebuild_status=$?; export -p > "$CODEBUILD_SANDBOX_STATE/env"; pwd > "$CODEBUILD_SANDBOX_STATE/dir"; exit $codebuild_status' EXIT
. "$CODEBUILD_SANDBOX_STATE/command"
`

// command runs one command. An error is an *exec.ExitError where the command
// itself failed.
func (j *job) command(text string) error {
	state := filepath.Join(j.dir, "state")
	if err := os.WriteFile(filepath.Join(state, "command"), []byte(text+"\n"), 0o600); err != nil {
		return err
	}
	succeeding := "1"
	if j.failed {
		succeeding = "0"
	}
	return j.group.run(j.ctx, j.source(), j.environment(), j.log.in, j.spec.Shell, "-c", wrapper, j.spec.Shell, succeeding)
}

func (j *job) source() string { return filepath.Join(j.dir, "src") }

// environment is the whole environment of a build's first command. Nothing of the
// sandbox's own is handed on but the search path: no credentials, no proxies, no
// settings of the AWS CLI.
func (j *job) environment() []string {
	b := &j.row.Build
	endpoint := j.service.world.Endpoint()
	if endpoint == "" {
		// Without an endpoint commands would turn to AWS itself.
		endpoint = "http://endpoint.invalid"
	}
	vars := []variable{
		{"PATH", os.Getenv("PATH")}, {"HOME", filepath.Join(j.dir, "home")}, {"TMPDIR", filepath.Join(j.dir, "tmp")}, {"LANG", "C.UTF-8"}, {"CI", "true"},
		{"AWS_ACCESS_KEY_ID", j.session.key}, {"AWS_SECRET_ACCESS_KEY", j.session.secret}, {"AWS_SESSION_TOKEN", j.session.token},
		{"AWS_REGION", j.row.Region}, {"AWS_DEFAULT_REGION", j.row.Region}, {"AWS_ENDPOINT_URL", endpoint},
		{"AWS_CONFIG_FILE", os.DevNull}, {"AWS_SHARED_CREDENTIALS_FILE", os.DevNull}, {"AWS_EC2_METADATA_DISABLED", "true"},
		{"CODEBUILD_CI", "true"}, {"CODEBUILD_BUILD_ARN", b.Arn}, {"CODEBUILD_BUILD_ID", b.Id}, {"CODEBUILD_BUILD_IMAGE", b.Environment.Image},
		{"CODEBUILD_BUILD_NUMBER", strconv.FormatInt(value(b.BuildNumber), 10)}, {"CODEBUILD_INITIATOR", b.Initiator}, {"CODEBUILD_KMS_KEY_ID", b.EncryptionKey},
		{"CODEBUILD_PROJECT_ARN", projectARN(j.row.Account, j.row.Region, b.ProjectName)}, {"CODEBUILD_SOURCE_REPO_URL", b.Source.Location},
		{"CODEBUILD_SOURCE_VERSION", b.SourceVersion}, {"CODEBUILD_RESOLVED_SOURCE_VERSION", j.row.Build.ResolvedSourceVersion},
		{"CODEBUILD_SRC_DIR", j.source()}, {"CODEBUILD_START_TIME", strconv.FormatInt(b.StartTime.UnixMilli(), 10)},
	}
	if b.Logs != nil && b.Logs.StreamName != "" {
		vars = append(vars, variable{"CODEBUILD_LOG_PATH", b.Logs.StreamName})
	}
	for id, dir := range j.folders {
		vars = append(vars, variable{"CODEBUILD_SRC_DIR_" + id, dir})
	}
	vars = append(vars, j.spec.Variables...)
	vars = append(vars, j.overrides...)
	// Last: nothing that a request sets may lead the wrapper elsewhere.
	vars = append(vars, variable{"CODEBUILD_SANDBOX_STATE", filepath.Join(j.dir, "state")})
	env := make([]string, len(vars))
	for i, v := range vars {
		env[i] = v.Name + "=" + strings.ReplaceAll(v.Value, "\x00", "")
	}
	return env
}

// maxExported bounds the value of an exported variable.
const maxExported = 10 << 10

// exports are the exported variables that the commands left.
func (j *job) exports() []*ExportedEnvironmentVariable {
	if j.spec == nil || j.ctx.Err() != nil {
		return nil
	}
	var out []*ExportedEnvironmentVariable
	for _, name := range j.spec.Exported {
		text, err := j.value(name)
		if err != nil {
			continue
		}
		out = append(out, &ExportedEnvironmentVariable{Name: name, Value: text})
	}
	return out
}

// value asks the shell for a variable. Its name is one (see parseSpec).
func (j *job) value(name string) (string, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer r.Close()
	text := make(chan []byte, 1)
	go func() {
		data, _ := io.ReadAll(io.LimitReader(r, maxExported)) // what was read counts
		_, _ = io.Copy(io.Discard, r)                         // lets the shell end
		text <- data
	}()
	ctx, cancel := context.WithTimeout(j.ctx, 10*time.Second)
	defer cancel()
	script := `if [ -f "$CODEBUILD_SANDBOX_STATE/env" ]; then . "$CODEBUILD_SANDBOX_STATE/env"; fi; printf %s "$` + name + `"`
	err = j.group.run(ctx, j.source(), j.environment(), w, j.spec.Shell, "-c", script)
	_ = w.Close()
	_ = r.SetReadDeadline(time.Now().Add(time.Second))
	return string(bytes.ToValidUTF8(<-text, nil)), err
}
