package codecommit_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

// Codes of errors as the API reference lists them for each operation.
func TestMistakes(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	one, revision := preparedIDs(t, k)
	const none = "0123456789012345678901234567890123456789"
	file := func(path string) []any { return []any{in{"FilePath": path, "FileContent": []byte("x")}} }
	commit := func(change in) in {
		out := in{"RepositoryName": "repo", "BranchName": "main", "ParentCommitId": one, "PutFiles": file("x")}
		for k, v := range change {
			out[k] = v
		}
		return out
	}
	for _, c := range []struct {
		operation string
		in        in
		code      string
	}{
		{"CreateRepository", in{"RepositoryName": "repo"}, "RepositoryNameExistsException"},
		{"CreateRepository", in{"RepositoryName": "repo.git"}, "InvalidRepositoryNameException"},
		{"CreateRepository", in{"RepositoryName": "r", "KmsKeyId": "alias/a"}, "NotImplemented"},
		{"GetRepository", in{"RepositoryName": "nothing"}, "RepositoryDoesNotExistException"},
		{"GetBranch", in{"RepositoryName": "repo", "BranchName": "nothing"}, "BranchDoesNotExistException"},
		{"CreateBranch", in{"RepositoryName": "repo", "BranchName": "main", "CommitId": one}, "BranchNameExistsException"},
		{"CreateBranch", in{"RepositoryName": "repo", "BranchName": "a..b", "CommitId": one}, "InvalidBranchNameException"},
		{"CreateBranch", in{"RepositoryName": "repo", "BranchName": "new", "CommitId": none}, "CommitDoesNotExistException"},
		{"CreateBranch", in{"RepositoryName": "repo", "BranchName": "new", "CommitId": "xyz"}, "InvalidCommitIdException"},
		{"DeleteBranch", in{"RepositoryName": "repo", "BranchName": "main"}, "DefaultBranchCannotBeDeletedException"},
		{"UpdateDefaultBranch", in{"RepositoryName": "repo", "DefaultBranchName": "nothing"}, "BranchDoesNotExistException"},
		{"CreateCommit", commit(in{"ParentCommitId": nil}), "ParentCommitIdRequiredException"},
		{"CreateCommit", commit(in{"ParentCommitId": none}), "ParentCommitIdOutdatedException"},
		{"CreateCommit", commit(in{"BranchName": "nothing"}), "BranchDoesNotExistException"},
		{"CreateCommit", commit(in{"PutFiles": nil}), "FileEntryRequiredException"},
		{"CreateCommit", commit(in{"PutFiles": file("../x")}), "InvalidPathException"},
		{"CreateCommit", commit(in{"PutFiles": file("a/.git/config")}), "InvalidPathException"},
		{"CreateCommit", commit(in{"PutFiles": file("README/x")}), "DirectoryNameConflictsWithFileNameException"},
		{"CreateCommit", commit(in{"PutFiles": append(file("x"), file("x")...)}), "SamePathRequestException"},
		{"CreateCommit", commit(in{"PutFiles": []any{in{"FilePath": "README", "FileContent": []byte("one")}}}), "NoChangeException"},
		{"CreateCommit", commit(in{"DeleteFiles": []any{in{"FilePath": "nothing"}}}), "FileDoesNotExistException"},
		{"PutFile", in{"RepositoryName": "repo", "BranchName": "main", "FilePath": "README", "FileContent": []byte("one"), "ParentCommitId": one}, "SameFileContentException"},
		{"GetFile", in{"RepositoryName": "repo", "FilePath": "nothing"}, "FileDoesNotExistException"},
		{"GetFile", in{"RepositoryName": "repo", "FilePath": "README", "CommitSpecifier": "nothing"}, "CommitDoesNotExistException"},
		{"GetFolder", in{"RepositoryName": "repo", "FolderPath": "README"}, "FolderDoesNotExistException"},
		{"GetCommit", in{"RepositoryName": "repo", "CommitId": none}, "CommitIdDoesNotExistException"},
		{"GetBlob", in{"RepositoryName": "repo", "BlobId": one}, "BlobIdDoesNotExistException"}, // a commit
		{"GetPullRequest", in{"PullRequestId": "99"}, "PullRequestDoesNotExistException"},
		{"CreatePullRequest", in{"Title": "x", "Targets": []any{in{"RepositoryName": "repo", "SourceReference": "main"}}}, "SourceAndDestinationAreSameException"},
		{"CreatePullRequest", in{"Title": "x", "Targets": []any{in{"RepositoryName": "repo", "SourceReference": "nothing"}}}, "ReferenceDoesNotExistException"},
		{"UpdatePullRequestStatus", in{"PullRequestId": "1", "PullRequestStatus": "OPEN"}, "InvalidPullRequestStatusUpdateException"},
		{"CreatePullRequestApprovalRule", in{"PullRequestId": "1", "ApprovalRuleName": "a", "ApprovalRuleContent": `{"Version":"2018-11-08","Statements":[]}`}, "InvalidApprovalRuleContentException"},
		{"CreatePullRequestApprovalRule", in{"PullRequestId": "1", "ApprovalRuleName": "a", "ApprovalRuleContent": `{"Version":"2018-11-08","Statements":[{"Type":"Approvers","NumberOfApprovalsNeeded":0}]}`}, "InvalidApprovalRuleContentException"},
		{"OverridePullRequestApprovalRules", in{"PullRequestId": "1", "RevisionId": revision, "OverrideStatus": "REVOKE"}, "OverrideAlreadySetException"},
		{"EvaluatePullRequestApprovalRules", in{"PullRequestId": "1", "RevisionId": none}, "RevisionNotCurrentException"},
		{"MergePullRequestByFastForward", in{"PullRequestId": "1", "RepositoryName": "repo", "SourceCommitId": none}, "TipOfSourceReferenceIsDifferentException"},
		{"MergePullRequestBySquash", in{"PullRequestId": "1", "RepositoryName": "repo", "ConflictResolutionStrategy": "AUTOMERGE"}, "NotImplemented"},
		{"ListBranches", in{"RepositoryName": "repo", "NextToken": "x"}, "InvalidContinuationTokenException"},
	} {
		_, err := sandboxtest.Operate(t.Context(), root(k), c.operation, c.in)
		if got := sandboxtest.Code(err); got != c.code {
			t.Errorf("%s %v: %v, want %s", c.operation, c.in, err, c.code)
		}
	}
}

func TestCLI(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("aws")
	if err != nil {
		t.Skip("the AWS CLI is not installed")
	}
	k := sandboxtest.Start(t)
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), path, append([]string{"codecommit"}, args...)...)
		cmd.Env = append(k.Env(sandboxtest.Root(sandboxtest.Tools)), "PATH="+os.Getenv("PATH"), "HOME="+os.Getenv("HOME"))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("aws codecommit %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	if got := run("create-repository", "--repository-name", "repo", "--query", "repositoryMetadata.Arn", "--output", "text"); got != repoARN {
		t.Errorf("create-repository: %s", got)
	}
	id := run("create-commit", "--repository-name", "repo", "--branch-name", "main", "--put-files", "filePath=README,fileContent=aGVsbG8=", "--query", "commitId", "--output", "text")
	if got := run("get-branch", "--repository-name", "repo", "--branch-name", "main", "--query", "branch.commitId", "--output", "text"); got != id {
		t.Errorf("get-branch: %s, want %s", got, id)
	}
	// Version 1 of the CLI sends the text as it stands, version 2 reads it as base64.
	if got := run("get-file", "--repository-name", "repo", "--file-path", "README", "--query", "fileSize", "--output", "text"); got != "5" && got != "8" {
		t.Errorf("get-file: %s", got)
	}
}
