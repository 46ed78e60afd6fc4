package codepipeline

import (
	"encoding/json"
	"strings"

	"github.com/twokey/twokey/sandbox/cloud"
)

// heard takes what other services put on the bus: the end of a build, and changes
// of sources. It only queues.
func (s *service) heard(ev cloud.Event) {
	switch ev.Source + "/" + ev.DetailType {
	case "aws.codebuild/CodeBuild Build State Change":
		s.buildChanged(ev)
	case "aws.s3/Object Created":
		var d struct {
			Bucket struct {
				Name string `json:"name"`
			} `json:"bucket"`
			Object struct {
				Key string `json:"key"`
			} `json:"object"`
		}
		if json.Unmarshal(ev.Detail, &d) == nil {
			s.changed("S3", func(_ *pipeline, c map[string]string) bool {
				return c["S3Bucket"] == d.Bucket.Name && c["S3ObjectKey"] == d.Object.Key
			})
		}
	case "aws.codecommit/CodeCommit Repository State Change":
		var d struct {
			Event      string `json:"event"`
			Repository string `json:"repositoryName"`
			Type       string `json:"referenceType"`
			Name       string `json:"referenceName"`
		}
		if json.Unmarshal(ev.Detail, &d) == nil && d.Type == "branch" && (d.Event == "referenceUpdated" || d.Event == "referenceCreated") {
			s.changed("CodeCommit", func(p *pipeline, c map[string]string) bool {
				return p.Region == ev.Region && c["RepositoryName"] == d.Repository && c["BranchName"] == d.Name
			})
		}
	}
}

// changed starts the pipelines that poll a source that has changed. AWS asks
// about once a minute; the sandbox hears of a change when it happens.
func (s *service) changed(provider string, is func(p *pipeline, config map[string]string) bool) {
	s.mu.Lock()
	actors := make([]*actor, 0, len(s.actors))
	for _, a := range s.actors {
		actors = append(actors, a)
	}
	s.mu.Unlock()
	for _, a := range actors {
		s.spawn(func() {
			p := a.view().pipeline
			for _, decl := range p.Definition.Stages[0].Actions {
				t, c := decl.ActionTypeId, decl.Configuration
				if t.Owner != "AWS" || t.Provider != provider || strings.EqualFold(c["PollForSourceChanges"], "false") || !is(p, c) {
					continue
				}
				// A pipeline at its limit of executions takes no more, and nobody waits for
				// the answer.
				_, _ = s.begin(a, &execution{Trigger: "PollForSourceChanges", Detail: decl.Name}, nil)
				_ = s.world.Flush()
				return
			}
		})
	}
}
