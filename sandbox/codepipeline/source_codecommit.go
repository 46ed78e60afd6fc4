package codepipeline

// The members of CodeCommit's API that the source action uses. UploadArchive has
// no public model: the name is the IAM action's, and the sandbox's own answer
// carries the archive, which CodePipeline then puts into the store.
type (
	ccBranch struct {
		Branch struct {
			CommitID string `json:"commitId"`
		} `json:"branch"`
	}
	ccPerson struct {
		Name  string `json:"name"`
		Email string `json:"email"`
		Date  string `json:"date"`
	}
	ccCommit struct {
		Commit struct {
			CommitID  string   `json:"commitId"`
			Message   string   `json:"message"`
			Author    ccPerson `json:"author"`
			Committer ccPerson `json:"committer"`
		} `json:"commit"`
	}
	ccArchive struct {
		UploadID string `json:"uploadId"`
		Archive  []byte `json:"archive"`
	}
)

// sourceCodeCommit takes the tip of a branch, or the commit that the start of the
// execution named, from whatever branch it is.
func sourceCodeCommit(w *work) *actionDone {
	const service = "AWSCodeCommit"
	c := w.action.Resolved
	repository, branch, commit := c["RepositoryName"], c["BranchName"], ""
	for _, o := range w.execution.Overrides {
		if o.ActionName == w.action.Action && o.RevisionType == "COMMIT_ID" {
			commit = o.RevisionValue
		}
	}
	if commit == "" {
		var out ccBranch
		in := map[string]string{"repositoryName": repository, "branchName": branch}
		if err := w.call("codecommit", "GetBranch", in, &out); err != nil {
			return w.refused(err, service)
		}
		commit = out.Branch.CommitID
	}
	var got ccCommit
	in := map[string]string{"repositoryName": repository, "commitId": commit}
	if err := w.call("codecommit", "GetCommit", in, &got); err != nil {
		return w.refused(err, service)
	}
	if c["OutputArtifactFormat"] == "CODEBUILD_CLONE_REF" {
		return w.fail("ConfigurationError", "the sandbox does not support OutputArtifactFormat CODEBUILD_CLONE_REF")
	}
	var archive ccArchive
	if err := w.call("codecommit", "UploadArchive", in, &archive); err != nil {
		return w.refused(err, service)
	}
	m := got.Commit
	return w.writeOnly(archive.Archive, actionDone{
		ExternalID: commit, Summary: m.Message,
		Variables: nonEmpty(map[string]string{
			"AuthorDate": m.Author.Date, "BranchName": branch, "CommitId": commit, "CommitMessage": m.Message,
			"CommitterDate": m.Committer.Date, "RepositoryName": repository,
		}),
		Revision: &revision{ID: commit, Change: commit, Summary: m.Message},
	})
}

// nonEmpty drops the variables that have no value: a variable may be anything but
// empty.
func nonEmpty(m map[string]string) map[string]string {
	for k, v := range m {
		if v == "" {
			delete(m, k)
		}
	}
	return m
}
