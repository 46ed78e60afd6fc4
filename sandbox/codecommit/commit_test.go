package codecommit_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codecommit/types"
	"github.com/google/go-cmp/cmp"

	"github.com/twokey/twokey/sandbox"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/sandboxtest"
)

const repoARN = "arn:aws:codecommit:eu-central-1:111111111111:repo"

type in = sandboxtest.In

func client(cfg aws.Config) *codecommit.Client { return codecommit.NewFromConfig(cfg) }

func root(k *sandboxtest.Kit) *codecommit.Client {
	return client(k.Config(sandboxtest.Root(sandboxtest.Tools)))
}

// newRepo makes a repository with one commit on main.
func newRepo(t testing.TB, k *sandboxtest.Kit) string {
	t.Helper()
	k.Invoke(t, sandboxtest.Tools, "codecommit", "CreateRepository", map[string]any{"repositoryName": "repo"}, nil)
	return put(t, k, "main", "README", "one", "")
}

// put commits one file as the root user.
func put(t testing.TB, k *sandboxtest.Kit, branch, path, text, parent string) string {
	t.Helper()
	in := &codecommit.PutFileInput{RepositoryName: aws.String("repo"), BranchName: &branch, FilePath: &path, FileContent: []byte(text)}
	if parent != "" {
		in.ParentCommitId = &parent
	}
	out, err := root(k).PutFile(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return *out.CommitId
}

func branch(t testing.TB, k *sandboxtest.Kit, name, commit string) {
	t.Helper()
	if _, err := root(k).CreateBranch(t.Context(), &codecommit.CreateBranchInput{RepositoryName: aws.String("repo"), BranchName: &name, CommitId: &commit}); err != nil {
		t.Fatal(err)
	}
}

func tip(t testing.TB, k *sandboxtest.Kit, name string) string {
	t.Helper()
	out, err := root(k).GetBranch(t.Context(), &codecommit.GetBranchInput{RepositoryName: aws.String("repo"), BranchName: &name})
	if err != nil {
		t.Fatal(err)
	}
	return *out.Branch.CommitId
}

// Commits have the ids that git gives them.
func TestObjectsAreGits(t *testing.T) {
	t.Parallel()
	git, err := exec.LookPath("git")
	if err != nil {
		t.Skip("git is not installed")
	}
	now := time.Now().UTC().Truncate(time.Second) // signatures must be of this time
	k := sandboxtest.Start(t, sandbox.Options{Now: func() time.Time { return now }})
	k.Invoke(t, sandboxtest.Tools, "codecommit", "CreateRepository", map[string]any{"repositoryName": "repo"}, nil)
	files := map[string]string{"README": "hello\n", "a/b/c.txt": "deep", "a.txt": "before the folder a", "a0": "after it", "run.sh": "#!/bin/sh\n", "empty": ""}
	commit := &codecommit.CreateCommitInput{RepositoryName: aws.String("repo"), BranchName: aws.String("main"), AuthorName: aws.String("Anna"), Email: aws.String("anna@example.com"), CommitMessage: aws.String("First\n")}
	dir := t.TempDir()
	for name, text := range files {
		f := types.PutFileEntry{FilePath: aws.String(name), FileContent: []byte(text)}
		mode := os.FileMode(0o644)
		if name == "run.sh" {
			f.FileMode, mode = types.FileModeTypeEnumExecutable, 0o755
		}
		commit.PutFiles = append(commit.PutFiles, f)
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) string {
		cmd := exec.Command(git, args...)
		cmd.Dir = dir
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=Anna", "GIT_AUTHOR_EMAIL=anna@example.com", "GIT_COMMITTER_NAME=Anna", "GIT_COMMITTER_EMAIL=anna@example.com",
			"GIT_AUTHOR_DATE=" + now.Format(time.RFC3339), "GIT_COMMITTER_DATE=" + now.Format(time.RFC3339)}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	run("init", "-q", "-b", "main")
	run("add", "-A")
	run("commit", "-q", "--cleanup=verbatim", "-m", "First\n")
	out, err := root(k).CreateCommit(t.Context(), commit)
	if err != nil {
		t.Fatal(err)
	}
	if want := run("rev-parse", "HEAD^{tree}"); *out.TreeId != want {
		t.Errorf("the tree is %s, git says %s", *out.TreeId, want)
	}
	if want := run("rev-parse", "HEAD"); *out.CommitId != want {
		t.Errorf("the commit is %s, git says %s", *out.CommitId, want)
	}
	file, err := root(k).GetFile(t.Context(), &codecommit.GetFileInput{RepositoryName: aws.String("repo"), FilePath: aws.String("a/b/c.txt")})
	if err != nil || string(file.FileContent) != "deep" || *file.BlobId != run("rev-parse", "HEAD:a/b/c.txt") {
		t.Errorf("GetFile: %v %v", file, err)
	}
	folder, err := root(k).GetFolder(t.Context(), &codecommit.GetFolderInput{RepositoryName: aws.String("repo"), FolderPath: aws.String("a/b")})
	if err != nil || len(folder.Files) != 1 || *folder.TreeId != run("rev-parse", "HEAD:a/b") {
		t.Errorf("GetFolder: %v %v", folder, err)
	}
}

func TestDifferences(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	one := newRepo(t, k)
	out, err := root(k).CreateCommit(t.Context(), &codecommit.CreateCommitInput{RepositoryName: aws.String("repo"), BranchName: aws.String("main"), ParentCommitId: &one,
		PutFiles: []types.PutFileEntry{{FilePath: aws.String("b/new"), FileContent: []byte("x")}, {FilePath: aws.String("moved"), SourceFile: &types.SourceFileSpecifier{FilePath: aws.String("README"), IsMove: true}}}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := root(k).GetDifferences(t.Context(), &codecommit.GetDifferencesInput{RepositoryName: aws.String("repo"), BeforeCommitSpecifier: &one, AfterCommitSpecifier: aws.String("main")})
	if err != nil {
		t.Fatal(err)
	}
	list := ""
	for _, d := range got.Differences {
		if d.AfterBlob != nil {
			list += string(d.ChangeType) + aws.ToString(d.AfterBlob.Path) + " "
		} else {
			list += string(d.ChangeType) + aws.ToString(d.BeforeBlob.Path) + " "
		}
	}
	if list != "DREADME Ab/new Amoved " {
		t.Errorf("differences: %s", list)
	}
	if len(out.FilesAdded) != 2 || len(out.FilesDeleted) != 1 || len(out.FilesUpdated) != 0 {
		t.Errorf("the answer lists %v", out)
	}
}

// What the bus says of references: "CodeCommit Repository State Change".
func TestEvents(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	var got []map[string]any
	k.Sandbox.World.OnEvent(func(e cloud.Event) {
		if e.DetailType == "CodeCommit Repository State Change" {
			var d map[string]any
			if err := json.Unmarshal(e.Detail, &d); err != nil || e.Resources[0] != repoARN {
				t.Errorf("%v %v", e, err)
			}
			delete(d, "repositoryId")
			got = append(got, d)
		}
	})
	one := newRepo(t, k)
	two := put(t, k, "main", "README", "two", one)
	branch(t, k, "side", one)
	k.Invoke(t, sandboxtest.Tools, "codecommit", "DeleteBranch", map[string]any{"repositoryName": "repo", "branchName": "side"}, nil)
	event := func(kind, name string, more ...string) map[string]any {
		m := map[string]any{"event": kind, "repositoryName": "repo", "referenceType": "branch", "referenceName": name, "referenceFullName": "refs/heads/" + name, "callerUserArn": "arn:aws:iam::111111111111:root"}
		for i := 0; i < len(more); i += 2 {
			m[more[i]] = more[i+1]
		}
		return m
	}
	want := []map[string]any{
		event("referenceCreated", "main", "commitId", one), event("referenceUpdated", "main", "commitId", two, "oldCommitId", one),
		event("referenceCreated", "side", "commitId", one), event("referenceDeleted", "side", "commitId", one, "oldCommitId", one),
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// CodePipeline and CodeBuild get the files of a commit through actions of IAM that
// nobody can call over the wire.
func TestArchive(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	one := newRepo(t, k)
	put(t, k, "main", "README", "two", one)
	var out struct {
		CommitID string `json:"commitId"`
		Archive  []byte `json:"archive"`
	}
	k.Invoke(t, sandboxtest.Tools, "codecommit", "UploadArchive", map[string]any{"repositoryName": "repo", "commitId": one}, &out)
	if out.CommitID != one || !strings.HasPrefix(string(out.Archive), "PK") {
		t.Errorf("%v", out)
	}
	k.Invoke(t, sandboxtest.Tools, "codecommit", "GitPull", map[string]any{"repositoryName": "repo"}, &out)
	if out.CommitID != tip(t, k, "main") {
		t.Errorf("%v", out)
	}
}
