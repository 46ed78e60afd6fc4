package codecommit

import "github.com/twokey/twokey/sandbox/cloud"

// archiveOp is an IAM action of CodeCommit that is no operation of its API: what
// CodePipeline and CodeBuild call to get the files of a commit. It cannot be
// called over the wire. How AWS's services exchange the files is not published;
// here the answer holds them.
type archiveOp struct {
	service *service
	name    string // UploadArchive or GitPull
}

type archiveInput struct {
	RepositoryName string `json:"repositoryName"`
	CommitID       string `json:"commitId"`  // or
	Reference      string `json:"reference"` // a branch, or a commit id; empty is the default branch
}

type archiveOutput struct {
	UploadID string `json:"uploadId"`
	CommitID string `json:"commitId"`
	Archive  []byte `json:"archive"`
}

// Redacted keeps the files out of the trail.
func (o *archiveOutput) Redacted() any {
	return map[string]string{"uploadId": o.UploadID, "commitId": o.CommitID}
}

func (s *service) registerArchives() {
	s.world.Register(&archiveOp{s, "UploadArchive"}, &archiveOp{s, "GitPull"})
}

func (o *archiveOp) Service() string { return "codecommit" }
func (o *archiveOp) Name() string    { return o.name }
func (o *archiveOp) ReadOnly() bool  { return o.name == "GitPull" }
func (o *archiveOp) Data() bool      { return false }
func (o *archiveOp) NewInput() any   { return &archiveInput{} }

func (o *archiveOp) Checks(c *cloud.Call, in any) ([]cloud.Check, error) {
	return o.service.on(c, o.name, in.(*archiveInput).RepositoryName), nil
}

func (o *archiveOp) Run(c *cloud.Call, input any) (any, error) {
	in := input.(*archiveInput)
	specifier := in.CommitID
	if specifier == "" {
		specifier = in.Reference
	}
	r, err := o.service.at(c, in.RepositoryName, specifier)
	if err != nil {
		return nil, err
	}
	data, err := o.service.archive(&r.repository, r.files)
	return &archiveOutput{UploadID: c.RequestID, CommitID: r.commit, Archive: data}, err
}
