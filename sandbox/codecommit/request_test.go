package codecommit_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codecommit/types"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

// request opens a pull request from side to main.
func request(t testing.TB, c *codecommit.Client) *types.PullRequest {
	t.Helper()
	out, err := c.CreatePullRequest(t.Context(), &codecommit.CreatePullRequestInput{Title: aws.String("Change"), Targets: []types.Target{{RepositoryName: aws.String("repo"), SourceReference: aws.String("side")}}})
	if err != nil {
		t.Fatal(err)
	}
	return out.PullRequest
}

// Two people: the author's approval does not count, one is not enough, and a new
// commit makes the approvals void ("Working with approval rules", CodeCommit user
// guide).
func TestApprovals(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	one := newRepo(t, k)
	branch(t, k, "side", one)
	two := put(t, k, "side", "README", "two", one)
	all := sandboxtest.Allow("codecommit:*", repoARN)
	anna := client(k.Config(k.User(t, sandboxtest.Tools, "anna", all)))
	berta := client(k.Config(k.User(t, sandboxtest.Tools, "berta", all)))
	carla := client(k.Config(k.User(t, sandboxtest.Tools, "carla", all)))
	outsider := client(k.Config(k.User(t, sandboxtest.Tools, "outsider", all)))
	pr := request(t, anna)
	id, revision := pr.PullRequestId, pr.RevisionId
	const rule = `{"Version": "2018-11-08", "Statements": [{"Type": "Approvers", "NumberOfApprovalsNeeded": 2, "ApprovalPoolMembers": ["arn:aws:iam::111111111111:user/berta", "CodeCommitApprovers:111111111111:c*", "CodeCommitApprovers:111111111111:anna"]}]}`
	if _, err := anna.CreatePullRequestApprovalRule(t.Context(), &codecommit.CreatePullRequestApprovalRuleInput{PullRequestId: id, ApprovalRuleName: aws.String("two"), ApprovalRuleContent: aws.String(rule)}); err != nil {
		t.Fatal(err)
	}
	approve := func(c *codecommit.Client, want string) {
		t.Helper()
		_, err := c.UpdatePullRequestApprovalState(t.Context(), &codecommit.UpdatePullRequestApprovalStateInput{PullRequestId: id, RevisionId: revision, ApprovalState: types.ApprovalStateApprove})
		if got := sandboxtest.Code(err); got != want {
			t.Errorf("approval: %v, want %s", err, want)
		}
	}
	merge := func(want string) {
		t.Helper()
		_, err := anna.MergePullRequestByFastForward(t.Context(), &codecommit.MergePullRequestByFastForwardInput{PullRequestId: id, RepositoryName: aws.String("repo")})
		if got := sandboxtest.Code(err); got != want {
			t.Errorf("merge: %v, want %q", err, want)
		}
	}
	const not = "PullRequestApprovalRulesNotSatisfiedException"
	merge(not)
	approve(anna, "PullRequestCannotBeApprovedByAuthorException")
	approve(berta, "")
	approve(berta, "")
	approve(outsider, "")
	merge(not)
	approve(carla, "")
	three := put(t, k, "side", "README", "three", two)
	merge(not)
	approve(carla, "RevisionNotCurrentException")
	got, err := anna.GetPullRequest(t.Context(), &codecommit.GetPullRequestInput{PullRequestId: id})
	if err != nil {
		t.Fatal(err)
	}
	if *got.PullRequest.RevisionId == *revision || *got.PullRequest.PullRequestTargets[0].SourceCommit != three {
		t.Errorf("the commit made no new revision: %v", got.PullRequest)
	}
	revision = got.PullRequest.RevisionId
	approve(berta, "")
	approve(carla, "")
	evaluation, err := anna.EvaluatePullRequestApprovalRules(t.Context(), &codecommit.EvaluatePullRequestApprovalRulesInput{PullRequestId: id, RevisionId: revision})
	if err != nil || !evaluation.Evaluation.Approved || evaluation.Evaluation.ApprovalRulesSatisfied[0] != "two" {
		t.Errorf("%v %v", evaluation, err)
	}
	merge("")
	if tip(t, k, "main") != three {
		t.Error("main was not moved")
	}
	merge("PullRequestAlreadyClosedException")
}

// A branch that is deleted and made anew does not bring its approvals back.
func TestApprovalsDoNotComeBack(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	one := newRepo(t, k)
	branch(t, k, "side", one)
	two := put(t, k, "side", "README", "two", one)
	pr := request(t, root(k))
	berta := client(k.Config(k.User(t, sandboxtest.Tools, "berta", sandboxtest.Allow("codecommit:*", repoARN))))
	if _, err := root(k).CreatePullRequestApprovalRule(t.Context(), &codecommit.CreatePullRequestApprovalRuleInput{PullRequestId: pr.PullRequestId, ApprovalRuleName: aws.String("one"),
		ApprovalRuleContent: aws.String(`{"Version":"2018-11-08","Statements":[{"Type":"Approvers","NumberOfApprovalsNeeded":1}]}`)}); err != nil {
		t.Fatal(err)
	}
	if _, err := berta.UpdatePullRequestApprovalState(t.Context(), &codecommit.UpdatePullRequestApprovalStateInput{PullRequestId: pr.PullRequestId, RevisionId: pr.RevisionId, ApprovalState: types.ApprovalStateApprove}); err != nil {
		t.Fatal(err)
	}
	k.Invoke(t, sandboxtest.Tools, "codecommit", "DeleteBranch", map[string]any{"repositoryName": "repo", "branchName": "side"}, nil)
	_, err := root(k).MergePullRequestByFastForward(t.Context(), &codecommit.MergePullRequestByFastForwardInput{PullRequestId: pr.PullRequestId, RepositoryName: aws.String("repo")})
	if sandboxtest.Code(err) != "ReferenceDoesNotExistException" {
		t.Errorf("without a source branch: %v", err)
	}
	branch(t, k, "side", two)
	_, err = root(k).MergePullRequestByFastForward(t.Context(), &codecommit.MergePullRequestByFastForwardInput{PullRequestId: pr.PullRequestId, RepositoryName: aws.String("repo")})
	if sandboxtest.Code(err) != "PullRequestApprovalRulesNotSatisfiedException" {
		t.Errorf("with a branch of the same name: %v", err)
	}
}

func TestSquash(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	one := newRepo(t, k)
	branch(t, k, "side", one)
	two := put(t, k, "side", "a", "side", one)
	put(t, k, "side", "README", "side", two)
	onto := put(t, k, "main", "b", "main", one)
	pr := request(t, root(k))
	if *pr.PullRequestTargets[0].MergeBase != one {
		t.Errorf("the merge base is %s", *pr.PullRequestTargets[0].MergeBase)
	}
	_, err := root(k).MergePullRequestByFastForward(t.Context(), &codecommit.MergePullRequestByFastForwardInput{PullRequestId: pr.PullRequestId, RepositoryName: aws.String("repo")})
	if sandboxtest.Code(err) != "ManualMergeRequiredException" {
		t.Errorf("fast forward: %v", err)
	}
	out, err := root(k).MergePullRequestBySquash(t.Context(), &codecommit.MergePullRequestBySquashInput{PullRequestId: pr.PullRequestId, RepositoryName: aws.String("repo"), CommitMessage: aws.String("All")})
	if err != nil {
		t.Fatal(err)
	}
	m := out.PullRequest.PullRequestTargets[0].MergeMetadata
	if !m.IsMerged || m.MergeOption != types.MergeOptionTypeEnumSquashMerge || *m.MergeCommitId != tip(t, k, "main") {
		t.Errorf("%+v", m)
	}
	commit, err := root(k).GetCommit(t.Context(), &codecommit.GetCommitInput{RepositoryName: aws.String("repo"), CommitId: m.MergeCommitId})
	if err != nil || len(commit.Commit.Parents) != 1 || commit.Commit.Parents[0] != onto || *commit.Commit.Message != "All" {
		t.Errorf("%+v %v", commit, err)
	}
	for path, want := range map[string]string{"a": "side", "b": "main", "README": "side"} {
		file, err := root(k).GetFile(t.Context(), &codecommit.GetFileInput{RepositoryName: aws.String("repo"), FilePath: &path})
		if err != nil || string(file.FileContent) != want {
			t.Errorf("%s: %v", path, err)
		}
	}
	// A conflict: both sides changed the same file.
	put(t, k, "main", "a", "main too", tip(t, k, "main"))
	put(t, k, "side", "a", "side again", tip(t, k, "side"))
	pr = request(t, root(k))
	_, err = root(k).MergePullRequestBySquash(t.Context(), &codecommit.MergePullRequestBySquashInput{PullRequestId: pr.PullRequestId, RepositoryName: aws.String("repo")})
	if sandboxtest.Code(err) != "ManualMergeRequiredException" {
		t.Errorf("a conflict: %v", err)
	}
}
