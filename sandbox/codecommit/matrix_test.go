package codecommit_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

func TestMatrix(t *testing.T) {
	t.Parallel()
	on := func(action string) []sandboxtest.Permission {
		return []sandboxtest.Permission{{Action: "codecommit:" + action, Resource: repoARN}}
	}
	var cases []sandboxtest.Case
	for _, c := range []struct {
		operation string
		in        in
	}{
		{"GetRepository", in{"RepositoryName": "repo"}},
		{"BatchGetRepositories", in{"RepositoryNames": []string{"repo"}}},
		{"GetBranch", in{"RepositoryName": "repo", "BranchName": "main"}},
		{"ListBranches", in{"RepositoryName": "repo"}},
		{"DeleteBranch", in{"RepositoryName": "repo", "BranchName": "side"}},
		{"UpdateDefaultBranch", in{"RepositoryName": "repo", "DefaultBranchName": "side"}},
		{"GetFile", in{"RepositoryName": "repo", "FilePath": "README"}},
		{"GetFolder", in{"RepositoryName": "repo", "FolderPath": "/"}},
		{"GetBlob", in{"RepositoryName": "repo", "BlobId": "43dd47ea691c90a5fa7827892c70241913351963"}}, // "one", by git hash-object
		{"GetDifferences", in{"RepositoryName": "repo", "AfterCommitSpecifier": "main"}},
		{"ListPullRequests", in{"RepositoryName": "repo"}},
		{"DeleteRepository", in{"RepositoryName": "repo"}},
		{"GetPullRequest", in{"PullRequestId": "1"}},
		{"UpdatePullRequestStatus", in{"PullRequestId": "1", "PullRequestStatus": "CLOSED"}},
		{"CreatePullRequest", in{"Title": "x", "Targets": []any{in{"RepositoryName": "repo", "SourceReference": "side"}}}},
		{"CreatePullRequestApprovalRule", in{"PullRequestId": "1", "ApprovalRuleName": "a", "ApprovalRuleContent": `{"Version":"2018-11-08","Statements":[{"Type":"Approvers","NumberOfApprovalsNeeded":1}]}`}},
		{"DeletePullRequestApprovalRule", in{"PullRequestId": "1", "ApprovalRuleName": "a"}},
		{"MergePullRequestByFastForward", in{"PullRequestId": "1", "RepositoryName": "repo"}},
		{"MergePullRequestBySquash", in{"PullRequestId": "1", "RepositoryName": "repo"}},
	} {
		cases = append(cases, sandboxtest.Case{Operation: "codecommit:" + c.operation, Needs: on(c.operation), Call: sandboxtest.Calling(client, c.operation, c.in), Prepare: prepared})
	}
	cases = append(cases,
		sandboxtest.Case{Operation: "codecommit:ListRepositories", Needs: []sandboxtest.Permission{{Action: "codecommit:ListRepositories", Resource: "*"}}, Call: sandboxtest.Calling(client, "ListRepositories", nil)},
		sandboxtest.Case{Operation: "codecommit:CreateRepository", Needs: on("CreateRepository"), Call: sandboxtest.Calling(client, "CreateRepository", in{"RepositoryName": "repo"})},
		sandboxtest.Case{Operation: "codecommit:CreateRepository with tags", Needs: append(on("CreateRepository"), on("TagResource")...), Call: sandboxtest.Calling(client, "CreateRepository", in{"RepositoryName": "repo", "Tags": in{"a": "b"}})},
	)
	sandboxtest.Matrix(t, cases)
	for operation, more := range map[string]func(commit, revision string) in{
		"CreateBranch": func(commit, _ string) in {
			return in{"RepositoryName": "repo", "BranchName": "new", "CommitId": commit}
		},
		"GetCommit": func(commit, _ string) in { return in{"RepositoryName": "repo", "CommitId": commit} },
		"PutFile": func(commit, _ string) in {
			return in{"RepositoryName": "repo", "BranchName": "main", "FilePath": "x", "FileContent": []byte("x"), "ParentCommitId": commit}
		},
		"CreateCommit": func(commit, _ string) in {
			return in{"RepositoryName": "repo", "BranchName": "main", "ParentCommitId": commit, "PutFiles": []any{in{"FilePath": "x", "FileContent": []byte("x")}}}
		},
		"UpdatePullRequestApprovalState": func(_, revision string) in {
			return in{"PullRequestId": "1", "RevisionId": revision, "ApprovalState": "APPROVE"}
		},
		"GetPullRequestApprovalStates":     func(_, revision string) in { return in{"PullRequestId": "1", "RevisionId": revision} },
		"EvaluatePullRequestApprovalRules": func(_, revision string) in { return in{"PullRequestId": "1", "RevisionId": revision} },
		"OverridePullRequestApprovalRules": func(_, revision string) in {
			return in{"PullRequestId": "1", "RevisionId": revision, "OverrideStatus": "OVERRIDE"}
		},
	} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			k := sandboxtest.Start(t)
			commit, revision := preparedIDs(t, k)
			call := func(ctx context.Context, cfg aws.Config) error {
				_, err := sandboxtest.Operate(ctx, client(cfg), operation, more(commit, revision))
				return err
			}
			sandboxtest.Case{Operation: operation, Needs: on(operation), Call: call}.Run(t, k)
		})
	}
}

func prepared(t testing.TB, k *sandboxtest.Kit) { preparedIDs(t, k) }

// preparedIDs makes a repository and a pull request and returns the tip of main
// and the request's revision.
func preparedIDs(t testing.TB, k *sandboxtest.Kit) (commit, revision string) {
	one := newRepo(t, k)
	branch(t, k, "side", one)
	put(t, k, "side", "README", "two", one)
	return one, *request(t, root(k)).RevisionId
}

// References of a branch in policies: the user guide's "Limit pushes and merges to
// branches".
func TestReferences(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	one, _ := preparedIDs(t, k)
	anna := client(k.Config(k.User(t, sandboxtest.Tools, "anna", sandboxtest.Allow("codecommit:*", repoARN), sandboxtest.Statement{
		Effect: "Deny", Resource: []string{repoARN}, Action: []string{"codecommit:GitPush", "codecommit:DeleteBranch", "codecommit:PutFile", "codecommit:CreateCommit", "codecommit:CreateBranch", "codecommit:Merge*"},
		Condition: map[string]map[string]any{"StringEqualsIfExists": {"codecommit:References": []string{"refs/heads/main"}}, "Null": {"codecommit:References": "false"}},
	})))
	for _, c := range []struct {
		operation string
		in        in
		denied    bool
	}{
		{"PutFile", in{"RepositoryName": "repo", "BranchName": "main", "FilePath": "x", "FileContent": []byte("x"), "ParentCommitId": one}, true},
		{"CreateCommit", in{"RepositoryName": "repo", "BranchName": "main", "ParentCommitId": one, "DeleteFiles": []any{in{"FilePath": "README"}}}, true},
		{"MergePullRequestByFastForward", in{"PullRequestId": "1", "RepositoryName": "repo"}, true},
		{"MergePullRequestBySquash", in{"PullRequestId": "1", "RepositoryName": "repo"}, true},
		{"CreateBranch", in{"RepositoryName": "repo", "BranchName": "main", "CommitId": one}, true},
		{"DeleteBranch", in{"RepositoryName": "repo", "BranchName": "main"}, true},
		{"CreateBranch", in{"RepositoryName": "repo", "BranchName": "other", "CommitId": one}, false},
		{"PutFile", in{"RepositoryName": "repo", "BranchName": "other", "FilePath": "x", "FileContent": []byte("x"), "ParentCommitId": one}, false},
		{"DeleteBranch", in{"RepositoryName": "repo", "BranchName": "other"}, false},
	} {
		_, err := sandboxtest.Operate(t.Context(), anna, c.operation, c.in)
		if denied := sandboxtest.Code(err) == "AccessDeniedException"; denied != c.denied || err != nil && !denied {
			t.Errorf("%s %v: %v", c.operation, c.in, err)
		}
	}
}
