package codepipeline

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/twokey/twokey/sandbox/cloud"
)

// The members of CodeBuild's API that the action uses. A project that builds for
// a pipeline has source and artifacts of type CODEPIPELINE; where they are, the
// pipeline says as ARNs of objects.
type (
	cbStart struct {
		ProjectName string       `json:"projectName"`
		Token       string       `json:"idempotencyToken,omitzero"`
		Version     string       `json:"sourceVersion,omitzero"`
		Sources     []cbSource   `json:"secondarySourcesOverride,omitzero"`
		Versions    []cbVersion  `json:"secondarySourcesVersionOverride,omitzero"`
		Artifacts   *cbArtifact  `json:"artifactsOverride,omitzero"`
		Secondary   []cbArtifact `json:"secondaryArtifactsOverride,omitzero"`
		Environment []cbVariable `json:"environmentVariablesOverride,omitzero"`
	}
	cbSource struct {
		Type       string `json:"type"`
		Identifier string `json:"sourceIdentifier"`
	}
	cbVersion struct {
		Identifier string `json:"sourceIdentifier"`
		Version    string `json:"sourceVersion"`
	}
	cbArtifact struct {
		Type       string `json:"type"`
		Location   string `json:"location"`
		Identifier string `json:"artifactIdentifier,omitzero"`
	}
	cbVariable struct {
		Name  string `json:"name"`
		Value string `json:"value"`
		Type  string `json:"type,omitzero"`
	}
	cbBuild struct {
		ID       string       `json:"id"`
		Status   string       `json:"buildStatus"`
		Complete bool         `json:"buildComplete"`
		Exported []cbVariable `json:"exportedEnvironmentVariables"`
		Phases   []struct {
			Type     string `json:"phaseType"`
			Status   string `json:"phaseStatus"`
			Contexts []struct {
				Code    string `json:"statusCode"`
				Message string `json:"message"`
			} `json:"contexts"`
		} `json:"phases"`
		Logs struct {
			Link  string `json:"deepLink"`
			Group string `json:"groupName"`
		} `json:"logs"`
	}
)

const codeBuildName = "AWSCodeBuild"

// codeBuild starts a build and waits for its end.
func codeBuild(w *work) *actionDone {
	if strings.EqualFold(w.action.Resolved["BatchEnabled"], "true") {
		return w.fail("ConfigurationError", "the sandbox does not support BatchEnabled")
	}
	in := cbStart{ProjectName: w.action.Resolved["ProjectName"], Token: w.action.ID}
	if text := w.action.Resolved["EnvironmentVariables"]; text != "" {
		if err := json.Unmarshal([]byte(text), &in.Environment); err != nil {
			return w.fail("ConfigurationError", "EnvironmentVariables is no JSON list of variables: "+err.Error())
		}
	}
	primary := w.action.Resolved["PrimarySource"]
	for i, a := range w.action.Inputs {
		at := "arn:aws:s3:::" + a.Bucket + "/" + a.Key
		if a.Name == primary || primary == "" && i == 0 {
			in.Version = at
			continue
		}
		in.Sources = append(in.Sources, cbSource{"CODEPIPELINE", a.Name})
		in.Versions = append(in.Versions, cbVersion{a.Name, at})
	}
	for _, a := range w.action.Outputs {
		out := cbArtifact{Type: "CODEPIPELINE", Location: "arn:aws:s3:::" + a.Bucket + "/" + a.Key}
		if len(w.action.Outputs) == 1 {
			in.Artifacts = &out
			break
		}
		out.Identifier = a.Name
		in.Secondary = append(in.Secondary, out)
	}
	if err := w.begun(progress{}); err != nil {
		return nil
	}
	var out struct {
		Build cbBuild `json:"build"`
	}
	if err := w.call("codebuild", "StartBuild", in, &out); err != nil {
		return w.refused(err, codeBuildName)
	}
	if err := w.begun(progress{ExternalID: out.Build.ID, URL: out.Build.Logs.Link}); err != nil {
		return nil
	}
	w.action.ExternalID = out.Build.ID
	return awaitBuild(w)
}

// awaitBuild waits for the end of the build that the action has started.
func awaitBuild(w *work) *actionDone {
	b, err := w.build(w.action.ExternalID)
	if err != nil {
		return w.refused(err, codeBuildName)
	}
	if b == nil {
		return nil
	}
	if b.Status != "SUCCEEDED" {
		done := w.fail("JobFailed", b.why())
		done.ExternalID, done.URL = b.ID, b.Logs.Link
		return done
	}
	variables := map[string]string{}
	for _, v := range b.Exported {
		variables[v.Name] = v.Value
	}
	done := &actionDone{Status: succeeded, ExternalID: b.ID, URL: b.Logs.Link, Variables: nonEmpty(variables)}
	if s, err := w.as(); err == nil {
		done.Account = s.identity.Account
	}
	return done
}

// why is the reason of a build's failure, phase by phase.
func (b *cbBuild) why() string {
	text := "Build terminated with state: " + b.Status
	for _, p := range b.Phases {
		if p.Status != "FAILED" && p.Status != "FAULT" && p.Status != "TIMED_OUT" {
			continue
		}
		for _, c := range p.Contexts {
			text += fmt.Sprintf(". Phase: %s, Code: %s, Message: %s", p.Type, c.Code, c.Message)
		}
	}
	return text
}

// buildPoll is how often a build is asked for that no event speaks of.
const buildPoll = 30 * time.Second

// build waits until a build is complete: an event or the clock wakes it to look.
// nil means that the action has ended meanwhile.
func (c *caller) build(id string) (*cbBuild, error) {
	wake, release := c.engine.waker(id)
	defer release()
	for {
		var out struct {
			Builds []cbBuild `json:"builds"`
		}
		if err := c.call("codebuild", "BatchGetBuilds", map[string]any{"ids": []string{id}}, &out); err != nil {
			return nil, err
		}
		if len(out.Builds) != 1 {
			return nil, fmt.Errorf("the build %s does not exist", id)
		}
		if out.Builds[0].Complete {
			return &out.Builds[0], nil
		}
		due := make(chan struct{})
		cancel := c.engine.world.Clock.At(c.engine.world.Clock.Now().Add(buildPoll), func() { close(due) })
		c.engine.pause(func() {
			select {
			case <-wake:
			case <-due:
			case <-c.ctx.Done():
			}
		})
		cancel()
		if c.ctx.Err() != nil {
			return nil, nil
		}
	}
}

// waker returns a channel that is written to when a build's state changes.
func (e *engine) waker(id string) (<-chan struct{}, func()) {
	ch := make(chan struct{}, 1)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.wakers[id] == nil {
		e.wakers[id] = map[chan struct{}]bool{}
	}
	e.wakers[id][ch] = true
	return ch, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		if delete(e.wakers[id], ch); len(e.wakers[id]) == 0 {
			delete(e.wakers, id)
		}
	}
}

// buildChanged wakes what waits for the build that an event speaks of.
func (e *engine) buildChanged(ev cloud.Event) {
	var d struct {
		Build string `json:"build-id"`
	}
	if json.Unmarshal(ev.Detail, &d) != nil {
		return
	}
	_, id, _ := strings.Cut(d.Build, ":build/")
	e.mu.Lock()
	defer e.mu.Unlock()
	for ch := range e.wakers[id] {
		select {
		case ch <- struct{}{}:
		default: // it has been told already
		}
	}
}
