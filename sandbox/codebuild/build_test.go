package codebuild_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/google/go-cmp/cmp"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/sandboxtest"
)

// The order of phases and what becomes of a failure: "Build phase transitions" and
// "Build specification reference" of the CodeBuild user guide.
func TestPhases(t *testing.T) {
	t.Parallel()
	all := func(s string) map[string]string {
		m := map[string]string{"SUBMITTED": "SUCCEEDED", "QUEUED": "SUCCEEDED", "PROVISIONING": "SUCCEEDED", "DOWNLOAD_SOURCE": "SUCCEEDED", "FINALIZING": "SUCCEEDED", "COMPLETED": ""}
		for _, word := range strings.Fields(s) {
			kind, status, _ := strings.Cut(word, "=")
			m[kind] = status
		}
		return m
	}
	for _, c := range []struct {
		name, spec, status, phases, exported, code, message string
		at                                                  types.BuildPhaseType
	}{
		{"succeeds", `version: 0.2
env:
  variables: {GREETING: hello, OTHER: kept}
  exported-variables: [RESULT, WHERE, LATER]
phases:
  install:
    commands: ['mkdir sub', 'cd sub', 'export NAME="a b''c"']
  build:
    commands:
      - |
        export RESULT="$GREETING $NAME"
        export WHERE=$(basename "$PWD")
  post_build:
    commands: ['export LATER=$CODEBUILD_BUILD_SUCCEEDING']
    finally: ['export RESULT="$RESULT!"']
`, "SUCCEEDED", "INSTALL=SUCCEEDED PRE_BUILD=SUCCEEDED BUILD=SUCCEEDED POST_BUILD=SUCCEEDED UPLOAD_ARTIFACTS=SUCCEEDED", "RESULT=hello a b'c! WHERE=sub LATER=1", "", "", ""},
		{"build fails", `version: 0.2
env: {exported-variables: [DONE, OK, LAST]}
phases:
  build:
    commands: ['export DONE=1', 'exit 3', 'export DONE=2']
    finally: ['export LAST=finally']
  post_build:
    commands: ['export OK=$CODEBUILD_BUILD_SUCCEEDING']
`, "FAILED", "INSTALL=SUCCEEDED PRE_BUILD=SUCCEEDED BUILD=FAILED POST_BUILD=SUCCEEDED UPLOAD_ARTIFACTS=SUCCEEDED", "DONE=1 OK=0 LAST=finally", "COMMAND_EXECUTION_ERROR", "Error while executing command: exit 3. Reason: exit status 3", "BUILD"},
		{"install fails", `version: 0.2
phases:
  install: {commands: [false]}
  build: {commands: [true]}
`, "FAILED", "INSTALL=FAILED", "", "COMMAND_EXECUTION_ERROR", "Error while executing command: false. Reason: exit status 1", "INSTALL"},
		{"install continues", `{"version": "0.2", "phases": {"install": {"on-failure": "CONTINUE", "commands": ["false"]}, "build": {"commands": ["true"]}}}`,
			"SUCCEEDED", "INSTALL=FAILED PRE_BUILD=SUCCEEDED BUILD=SUCCEEDED POST_BUILD=SUCCEEDED UPLOAD_ARTIFACTS=SUCCEEDED", "", "COMMAND_EXECUTION_ERROR", "Error while executing command: false. Reason: exit status 1", "INSTALL"},
		{"build aborts", `version: 0.2
phases:
  build: {on-failure: ABORT, commands: [false]}
  post_build: {commands: [true]}
`, "FAILED", "INSTALL=SUCCEEDED PRE_BUILD=SUCCEEDED BUILD=FAILED", "", "COMMAND_EXECUTION_ERROR", "Error while executing command: false. Reason: exit status 1", "BUILD"},
		{"bash", "version: 0.2\nenv: {shell: bash, exported-variables: [A]}\nphases:\n  build: {commands: ['x=(one two); export A=${x[1]}', 'true']}\n",
			"SUCCEEDED", "INSTALL=SUCCEEDED PRE_BUILD=SUCCEEDED BUILD=SUCCEEDED POST_BUILD=SUCCEEDED UPLOAD_ARTIFACTS=SUCCEEDED", "A=two", "", "", ""},
		{"no yaml", "version: 0.2\nphases: {", "FAILED", "DOWNLOAD_SOURCE=FAILED", "", "YAML_FILE_ERROR", "yaml: line 2: did not find expected node content", "DOWNLOAD_SOURCE"},
		{"no file", "elsewhere.yml", "FAILED", "DOWNLOAD_SOURCE=FAILED", "", "YAML_FILE_ERROR", "YAML file does not exist", "DOWNLOAD_SOURCE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := sandboxtest.Start(t)
			builder(t, k)
			newProject(t, k, "project", c.spec, nil)
			b := ended(t, k, start(t, k, &codebuild.StartBuildInput{ProjectName: aws.String("project")}))
			if string(b.BuildStatus) != c.status || !b.BuildComplete || *b.BuildNumber != 1 {
				t.Errorf("the build is %s, want %s", b.BuildStatus, c.status)
			}
			if d := cmp.Diff(all(c.phases), phases(b)); d != "" {
				t.Errorf("phases (-want +got)\n%s", d)
			}
			code, message := phaseContext(b, c.at)
			if code != c.code || message != c.message {
				t.Errorf("the phase says %s %q, want %s %q", code, message, c.code, c.message)
			}
			got := exported(b)
			text := ""
			for _, name := range strings.Fields("DONE RESULT WHERE LATER A OK LAST") {
				if v, ok := got[name]; ok {
					text += " " + name + "=" + v
				}
			}
			if strings.TrimSpace(text) != c.exported {
				t.Errorf("exported%s, want %s", text, c.exported)
			}
		})
	}
}

// The commands have the credentials of the project's role and nothing of the
// sandbox's own surroundings.
func TestEnvironment(t *testing.T) {
	k := sandboxtest.Start(t)
	t.Setenv("SECRET_OF_THE_HOST", "leaked")
	t.Setenv("AWS_PROFILE", "leaked")
	builder(t, k)
	spec := `version: 0.2
env:
  variables: {FROM: spec, BOTH: spec}
  exported-variables: [SECRET_OF_THE_HOST, AWS_PROFILE, AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, FROM, BOTH, OVER, CODEBUILD_BUILD_ID, CODEBUILD_INITIATOR, CODEBUILD_BUILD_NUMBER, MINE]
phases:
  build:
    commands: ['export MINE=$(stat -c %a "$HOME/..")']
`
	newProject(t, k, "project", spec, func(in *codebuild.CreateProjectInput) {
		in.Environment.EnvironmentVariables = []types.EnvironmentVariable{{Name: aws.String("BOTH"), Value: aws.String("project")}, {Name: aws.String("OVER"), Value: aws.String("project")}}
	})
	anna := k.User(t, sandboxtest.Tools, "anna", sandboxtest.Allow("codebuild:StartBuild", project+"project"))
	out, err := client(k.Config(anna)).StartBuild(t.Context(), &codebuild.StartBuildInput{ProjectName: aws.String("project"), EnvironmentVariablesOverride: []types.EnvironmentVariable{{Name: aws.String("OVER"), Value: aws.String("request")}}})
	if err != nil {
		t.Fatal(err)
	}
	b := ended(t, k, *out.Build.Id)
	got := exported(b)
	if !strings.HasPrefix(got["AWS_ACCESS_KEY_ID"], "ASIA") {
		t.Errorf("the build has no session: %v", got)
	}
	delete(got, "AWS_ACCESS_KEY_ID")
	want := map[string]string{"SECRET_OF_THE_HOST": "", "AWS_PROFILE": "", "AWS_ENDPOINT_URL": k.URL, "FROM": "spec", "BOTH": "project", "OVER": "request",
		"CODEBUILD_BUILD_ID": *b.Id, "CODEBUILD_INITIATOR": "anna", "CODEBUILD_BUILD_NUMBER": "1", "MINE": "700"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

const waits = "version: 0.2\nphases:\n  build:\n    commands:\n      - 'sleep 600 & sleep 600'\n"

// states collects the states that the bus tells of.
func states(k *sandboxtest.Kit) func(func(cloud.Event)) {
	return func(f func(cloud.Event)) {
		k.Sandbox.World.OnEvent(func(e cloud.Event) {
			if e.Source == "aws.codebuild" && e.DetailType == "CodeBuild Build State Change" {
				f(e)
			}
		})
	}
}

func TestStop(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	builder(t, k)
	newProject(t, k, "project", waits, nil)
	events := make(chan string, 10)
	states(k)(func(e cloud.Event) {
		_, after, _ := strings.Cut(string(e.Detail), `"build-status":"`)
		status, _, _ := strings.Cut(after, `"`)
		events <- status
	})
	id := start(t, k, &codebuild.StartBuildInput{ProjectName: aws.String("project")})
	out, err := client(k.Config(sandboxtest.Root(sandboxtest.Tools))).StopBuild(t.Context(), &codebuild.StopBuildInput{Id: &id})
	if err != nil {
		t.Fatal(err)
	}
	if out.Build.BuildStatus != types.StatusTypeStopped {
		t.Errorf("the answer says %s", out.Build.BuildStatus)
	}
	if b := ended(t, k, id); b.BuildStatus != types.StatusTypeStopped || !b.BuildComplete {
		t.Errorf("the build is %s", b.BuildStatus)
	}
	if one, two := <-events, <-events; one != "IN_PROGRESS" || two != "STOPPED" {
		t.Errorf("the bus said %s, %s", one, two)
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	builder(t, k)
	newProject(t, k, "project", waits, func(in *codebuild.CreateProjectInput) { in.TimeoutInMinutes = aws.Int32(7) })
	id := start(t, k, &codebuild.StartBuildInput{ProjectName: aws.String("project")})
	for {
		if get(t, k, id).CurrentPhase != nil && *get(t, k, id).CurrentPhase == "BUILD" {
			break
		}
	}
	k.Sandbox.World.Clock.Advance(8 * time.Minute)
	b := ended(t, k, id)
	if b.BuildStatus != types.StatusTypeTimedOut {
		t.Errorf("the build is %s", b.BuildStatus)
	}
	if got := phases(b)["BUILD"]; got != "TIMED_OUT" {
		t.Errorf("the phase is %s", got)
	}
}

// Closing the sandbox ends its builds, and what they left running.
func TestClose(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	builder(t, k)
	newProject(t, k, "project", waits, nil)
	start(t, k, &codebuild.StartBuildInput{ProjectName: aws.String("project")})
	// The test ends: Close must return at once.
}
