package codepipeline

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/sandbox/cloud"
)

const principal = "codepipeline.amazonaws.com"

// caller calls services for an action or rule: as its own role, assumed by the
// pipeline's, or as the pipeline's, in its region.
type caller struct {
	engine       *engine
	ctx          context.Context
	actor        *actor
	pipeline     *pipeline
	execution    *execution
	role, region string
	session      *session
}

// work is one attempt of an action under way.
type work struct {
	caller
	action *actionRun
}

// provider does an action. nil says that its end will come from elsewhere.
type provider func(w *work) *actionDone

// session is the role with whose permissions an action works.
type session struct {
	identity    cloud.Identity
	credentials AWSSessionCredentials
}

// providerOf finds what does an action of a type, nil where the sandbox has none.
func providerOf(t *ActionTypeId) provider {
	if t.Owner != "AWS" {
		return offerJob
	}
	switch t.Category + "/" + t.Provider {
	case "Source/S3":
		return sourceS3
	case "Source/CodeCommit":
		return sourceCodeCommit
	case "Build/CodeBuild", "Test/CodeBuild":
		return codeBuild
	case "Invoke/Lambda":
		return invokeLambda
	case "Approval/Manual":
		return askApproval
	case "Deploy/S3":
		return deployS3
	}
	return nil
}

// unsupported fails an action that the sandbox cannot do, and says so.
func unsupported(w *work) *actionDone {
	t := w.action.Type
	return w.fail("ConfigurationError", fmt.Sprintf("the sandbox does not support %s actions of the provider %s", t.Category, t.Provider))
}

// unsupportedTypes are the action and rule types that the sandbox accepts in a
// pipeline and fails when they are run.
func unsupportedTypes() []string {
	var out []string
	for i := range awsTypes {
		t := &awsTypes[i]
		if providerOf(t.id()) == nil {
			out = append(out, "running "+t.Category+" actions of the provider "+t.Provider)
		}
	}
	return append(out, "checking rules of the provider CloudWatchAlarm", "checking rules of the provider Commands", "receiving the calls of webhooks", "starting pipelines by triggers on connections")
}

func (w *work) fail(code, message string) *actionDone {
	return &actionDone{Status: failed, Code: code, Message: cut(message, 5000)}
}

// refused fails an action with what a service answered.
func (w *work) refused(err error, service string) *actionDone {
	code := "JobFailed"
	if denied(err) {
		code = "PermissionError"
	}
	return w.fail(code, serviceMessage(err, service))
}

func denied(err error) bool {
	var e *cloud.Error
	return errors.As(err, &e) && strings.HasPrefix(e.Code, "AccessDenied")
}

// serviceMessage words a service's error as the AWS SDK for Java does, which is
// what CodePipeline shows.
func serviceMessage(err error, service string) string {
	var e *cloud.Error
	var role *notAuthorized
	if errors.As(err, &role) || !errors.As(err, &e) {
		return err.Error()
	}
	if e.Code == "NotImplemented" {
		return e.Message
	}
	return fmt.Sprintf("%s (Service: %s; Status Code: %d; Error Code: %s)", e.Message, service, e.HTTPStatus(), e.Code)
}

// as returns the caller's session.
func (c *caller) as() (*session, error) {
	if c.session != nil {
		return c.session, nil
	}
	s, err := c.engine.assume(c.ctx, c.pipeline, c.role)
	if err == nil {
		c.session = s
	}
	return s, err
}

// assume becomes the pipeline's role as the service, and from there another role
// where one is given.
func (e *engine) assume(ctx context.Context, p *pipeline, role string) (*session, error) {
	account := p.Account
	if a, err := arn.Parse(p.Definition.RoleArn); err == nil {
		account = a.Account
	}
	s, err := e.assumeRole(ctx, cloud.AsService(principal, account, p.Region, p.arn(), p.Account), p.Definition.RoleArn)
	if err != nil {
		return nil, notAssumable("CodePipeline", p.Definition.RoleArn, err)
	}
	if role == "" || role == p.Definition.RoleArn {
		return s, nil
	}
	s, err = e.assumeRole(ctx, cloud.Caller{Identity: s.identity, Region: p.Region, From: principal}, role)
	if err != nil {
		return nil, notAssumable(p.Definition.RoleArn, role, err)
	}
	return s, nil
}

// notAssumable is CodePipeline's text for a role that cannot be assumed, whatever
// the reason; a world without the token service says so instead.
func notAssumable(who, role string, err error) error {
	var e *cloud.Error
	if errors.As(err, &e) && e.Code == "NotImplemented" {
		return err
	}
	return &notAuthorized{who + " is not authorized to perform AssumeRole on role " + role, err}
}

type notAuthorized struct {
	message string
	cause   error
}

func (e *notAuthorized) Error() string { return e.message }
func (e *notAuthorized) Unwrap() error { return e.cause }

// assumeRole calls sts:AssumeRole. CodePipeline names its sessions by the time in
// milliseconds.
func (e *engine) assumeRole(ctx context.Context, as cloud.Caller, role string) (*session, error) {
	in := struct{ RoleArn, RoleSessionName string }{role, strconv.FormatInt(e.world.Clock.Now().UnixMilli(), 10)}
	var out struct{ Credentials stsCredentials }
	if err := e.world.Invoke(ctx, as, "sts", "AssumeRole", in, &out); err != nil {
		return nil, err
	}
	c := out.Credentials
	_, id, err := e.world.Credential(c.AccessKeyId, c.SessionToken)
	if err != nil {
		return nil, err
	}
	return &session{identity: id, credentials: AWSSessionCredentials(c)}, nil
}

// stsCredentials are what sts answers with.
type stsCredentials struct{ AccessKeyId, SecretAccessKey, SessionToken string }

// call calls a service.
func (c *caller) call(service, operation string, in, out any) error {
	s, err := c.as()
	if err != nil {
		return err
	}
	as := cloud.Caller{Identity: s.identity, Region: c.region, From: principal}
	return c.engine.world.Invoke(c.ctx, as, service, operation, in, out)
}

// begun makes it durable that the provider is about to be called.
func (w *work) begun(p progress) error {
	p.Execution, p.Action, p.Begun = w.execution.ID, w.action.ID, true
	if err := w.engine.apply(w.actor, p); err != nil {
		return err
	}
	return w.engine.world.Flush()
}

// repeatable are the providers that may be called twice for one attempt: the
// second call comes to the same.
func repeatable(t *ActionTypeId) bool {
	switch t.Category + "/" + t.Provider {
	case "Source/S3", "Source/CodeCommit", "Deploy/S3", "Build/CodeBuild", "Test/CodeBuild":
		return true
	}
	return false
}

// afterRestart is how an action that was in progress goes on.
func (w *work) afterRestart(do provider) provider {
	a := w.action
	switch {
	case a.Type.Owner != "AWS":
		return nil // its job waits for a worker as before
	case !a.Begun:
		return do
	case a.Type.Provider == "Lambda" && a.Job.Continuation != "":
		return do // the function waits to be called again with its token
	case a.Type.Category == "Approval", a.Type.Provider == "Lambda":
		return nil // the topic or function has been told; the answer may still come
	case a.Type.Provider == "CodeBuild" && a.ExternalID != "":
		return awaitBuild
	case repeatable(&a.Type) && a.Restarts == 0:
		if w.begun(progress{Restarted: true}) != nil {
			return nil
		}
		return do
	}
	return func(w *work) *actionDone {
		return w.fail("SystemUnavailable", "the action was interrupted by a restart of the sandbox and cannot be taken up again")
	}
}
