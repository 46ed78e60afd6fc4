package codebuild_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

const loud = "version: 0.2\nphases:\n  build:\n    commands: ['echo to stdout', 'echo to stderr >&2', 'printf unfinished']\n"

// What commands print goes to CloudWatch Logs, in order, as the project's role.
func TestLog(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	builder(t, k)
	newProject(t, k, "project", loud, nil)
	b := ended(t, k, start(t, k, &codebuild.StartBuildInput{ProjectName: aws.String("project")}))
	if *b.Logs.GroupName != "/aws/codebuild/project" || "project:"+*b.Logs.StreamName != *b.Id {
		t.Errorf("the log is %s %s", *b.Logs.GroupName, *b.Logs.StreamName)
	}
	var out struct {
		Events []struct {
			Message string `json:"message"`
		} `json:"events"`
	}
	k.Invoke(t, sandboxtest.Tools, "logs", "GetLogEvents", map[string]any{"logGroupName": *b.Logs.GroupName, "logStreamName": *b.Logs.StreamName, "startFromHead": true}, &out)
	text := ""
	for _, e := range out.Events {
		text += e.Message
	}
	at := 0
	for _, want := range []string{"Running command echo to stdout\n", "to stdout\n", "Running command echo to stderr", "to stderr\n", "unfinished", "Phase complete: BUILD State: SUCCEEDED", "Phase complete: FINALIZING State: SUCCEEDED"} {
		i := strings.Index(text[at:], want)
		if i < 0 {
			t.Fatalf("%q is not in its place in\n%s", want, text)
		}
		at += i
	}
}

// A role that may not write a log fails its builds, and the phase says so.
func TestLogDenied(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	k.Role(t, sandboxtest.Tools, "builder", sandboxtest.Trust("codebuild.amazonaws.com"))
	newProject(t, k, "project", loud, nil)
	b := ended(t, k, start(t, k, &codebuild.StartBuildInput{ProjectName: aws.String("project")}))
	code, message := phaseContext(b, types.BuildPhaseTypeProvisioning)
	if b.BuildStatus != types.StatusTypeFailed || code != "ACCESS_DENIED" || !strings.Contains(message, "is not authorized to perform: logs:CreateLogStream") {
		t.Errorf("%s %s %s", b.BuildStatus, code, message)
	}
}
