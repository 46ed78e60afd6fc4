package codecommit

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

func (s *service) commitOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[CreateCommitInput, CreateCommitOutput]{Name: "CreateCommit", Auth: func(c *cloud.Call, in *CreateCommitInput) ([]cloud.Check, error) {
			return s.on(c, "CreateCommit", in.RepositoryName, ref(in.BranchName)), nil
		}, Do: s.createCommit}.Operation(),
		wire.Op[PutFileInput, PutFileOutput]{Name: "PutFile", Auth: func(c *cloud.Call, in *PutFileInput) ([]cloud.Check, error) {
			return s.on(c, "PutFile", in.RepositoryName, ref(in.BranchName)), nil
		}, Do: s.putFile}.Operation(),
	}
}

var modes = map[string]string{"": modeNormal, "NORMAL": modeNormal, "EXECUTABLE": modeExecutable, "SYMLINK": modeLink}

func modeName(mode string) string {
	switch mode {
	case modeExecutable:
		return "EXECUTABLE"
	case modeLink:
		return "SYMLINK"
	}
	return "NORMAL"
}

// author is who makes a commit: who the request says, or who calls.
func author(c *cloud.Call, name, email string) person {
	if name == "" {
		name = c.Identity.UserName
		if name == "" {
			name = c.Identity.ARN
		}
	}
	return person{name, email, gitDate(c.Time)}
}

// cleanPath checks the path of a file and drops a slash before it.
func cleanPath(name string) (string, error) {
	clean := strings.TrimPrefix(name, "/")
	if clean == "" || path.Clean(clean) != clean || clean == ".." || strings.HasPrefix(clean, "../") || strings.ContainsAny(clean, "\x00\\") || len(clean) > 4096 ||
		slices.ContainsFunc(strings.Split(clean, "/"), func(part string) bool { return strings.EqualFold(part, ".git") || len(part) > 255 }) {
		return "", cloud.Errorf("InvalidPathException", "The path %s is not valid", name)
	}
	return clean, nil
}

// base is the tip of a branch that a commit goes onto, after the checks of its
// parent; empty for the first of a repository.
func base(r *repository, branch, parent string) (string, error) {
	if err := checkBranchName(branch); err != nil {
		return "", err
	}
	tip, ok := r.Branches[branch]
	switch {
	case !ok && len(r.Branches) > 0:
		return "", noBranch(branch)
	case !ok && parent != "":
		return "", cloud.Errorf("ParentCommitDoesNotExistException", "The repository is empty: it has no commit %s", parent)
	case ok && parent == "":
		return "", cloud.Errorf("ParentCommitIdRequiredException", "A parent commit ID is required: the branch %s is not empty", branch)
	case ok && !objectID.MatchString(parent):
		return "", cloud.Errorf("InvalidParentCommitIdException", "The parent commit ID %s is not valid", parent)
	case parent != tip:
		return "", cloud.Errorf("ParentCommitIdOutdatedException", "The parent commit ID %s is not the tip of the branch %s", parent, branch)
	}
	return tip, nil
}

// createCommit makes a commit of changed files on a branch.
func (s *service) createCommit(c *cloud.Call, in *CreateCommitInput) (*CreateCommitOutput, error) {
	if value(in.KeepEmptyFolders) {
		return nil, cloud.NotImplemented("keepEmptyFolders")
	}
	s.merging.Lock()
	defer s.merging.Unlock()
	r, err := s.repository(c, in.RepositoryName)
	if err != nil {
		return nil, err
	}
	tip, err := base(&r, in.BranchName, in.ParentCommitId)
	if err != nil {
		return nil, err
	}
	before, err := s.filesOf(&r, tip)
	if err != nil {
		return nil, err
	}
	after, err := s.changed(&r, before, in)
	if err != nil {
		return nil, err
	}
	if maps.Equal(before, after) {
		return nil, cloud.Errorf("NoChangeException", "The commit changes nothing")
	}
	id, tree, err := s.commit(c, &r, tip, after, author(c, in.AuthorName, in.Email), in.CommitMessage)
	if err != nil {
		return nil, err
	}
	if err := s.move(c, &r, in.BranchName, tip, id); err != nil {
		return nil, err
	}
	out := &CreateCommitOutput{CommitId: id, TreeId: tree, FilesAdded: []*FileMetadata{}, FilesUpdated: []*FileMetadata{}, FilesDeleted: []*FileMetadata{}}
	for _, d := range differences(before, after) {
		m := &FileMetadata{AbsolutePath: d.path}
		switch {
		case d.after == nil:
			m.BlobId, m.FileMode = d.before.ID, modeName(d.before.Mode)
			out.FilesDeleted = append(out.FilesDeleted, m)
			continue
		case d.before == nil:
			out.FilesAdded = append(out.FilesAdded, m)
		default:
			out.FilesUpdated = append(out.FilesUpdated, m)
		}
		m.BlobId, m.FileMode = d.after.ID, modeName(d.after.Mode)
	}
	return out, nil
}

// filesOf are the files of a commit; none without one.
func (s *service) filesOf(r *repository, id string) (map[string]entry, error) {
	if id == "" {
		return map[string]entry{}, nil
	}
	k, err := s.readCommit(r.Meta.RepositoryId, id)
	if err != nil {
		return nil, err
	}
	return s.files(r.Meta.RepositoryId, k.Tree)
}

// commit writes a commit with one parent at most.
func (s *service) commit(c *cloud.Call, r *repository, parent string, files map[string]entry, by person, message string) (id, tree string, err error) {
	repo := r.Meta.RepositoryId
	if tree, err = s.writeTree(repo, files); err != nil {
		return "", "", err
	}
	k := &commit{Tree: tree, Author: by, Committer: by, Message: message}
	if parent != "" {
		k.Parents = []string{parent}
	}
	id, err = s.write(repo, "commit", k.content())
	return id, tree, err
}

// changed applies the changes of a request to the files of its parent.
func (s *service) changed(r *repository, before map[string]entry, in *CreateCommitInput) (map[string]entry, error) {
	if n := len(in.PutFiles) + len(in.DeleteFiles) + len(in.SetFileModes); n == 0 {
		return nil, cloud.Errorf("FileEntryRequiredException", "The commit changes no file")
	} else if n > 100 {
		return nil, cloud.Errorf("MaximumFileEntriesExceededException", "The commit changes more than 100 files")
	}
	after, seen := maps.Clone(before), map[string]bool{}
	take := func(name string) (string, error) {
		clean, err := cleanPath(name)
		if err == nil && seen[clean] {
			err = cloud.Errorf("SamePathRequestException", "The path %s stands twice in the request", name)
		}
		seen[clean] = true
		return clean, err
	}
	for _, f := range in.DeleteFiles {
		name, err := take(f.FilePath)
		if err != nil {
			return nil, err
		}
		if _, ok := before[name]; !ok {
			return nil, noFile(f.FilePath)
		}
		delete(after, name)
	}
	for _, f := range in.PutFiles {
		name, err := take(f.FilePath)
		if err != nil {
			return nil, err
		}
		e := entry{Mode: modes[f.FileMode]}
		switch {
		case f.SourceFile != nil && f.FileContent != nil:
			return nil, cloud.Errorf("FileContentAndSourceFileSpecifiedException", "The file %s has both content and a source file", f.FilePath)
		case f.SourceFile != nil:
			source, err := cleanPath(f.SourceFile.FilePath)
			if err != nil {
				return nil, err
			}
			from, ok := before[source]
			if !ok {
				return nil, cloud.Errorf("SourceFileOrContentRequiredException", "The source file %s does not exist", f.SourceFile.FilePath)
			}
			e.ID = from.ID
			if f.FileMode == "" {
				e.Mode = from.Mode
			}
			if value(f.SourceFile.IsMove) {
				delete(after, source)
			}
		default:
			if e.ID, err = s.write(r.Meta.RepositoryId, "blob", f.FileContent); err != nil {
				return nil, err
			}
		}
		after[name] = e
	}
	for _, f := range in.SetFileModes {
		name, err := take(f.FilePath)
		if err != nil {
			return nil, err
		}
		e, ok := after[name]
		if !ok {
			return nil, noFile(f.FilePath)
		}
		after[name] = entry{modes[f.FileMode], e.ID}
	}
	return after, conflicts(after)
}

func noFile(name string) error {
	return cloud.Errorf("FileDoesNotExistException", "The file %s does not exist", name)
}

// conflicts refuses a name that is of a file and of a folder.
func conflicts(files map[string]entry) error {
	for name := range files {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if _, ok := files[dir]; ok {
				return cloud.Errorf("DirectoryNameConflictsWithFileNameException", "The folder %s has the name of a file", dir)
			}
		}
	}
	return nil
}

func (s *service) putFile(c *cloud.Call, in *PutFileInput) (*PutFileOutput, error) {
	s.merging.Lock()
	defer s.merging.Unlock()
	r, err := s.repository(c, in.RepositoryName)
	if err != nil {
		return nil, err
	}
	tip, err := base(&r, in.BranchName, in.ParentCommitId)
	if err != nil {
		return nil, err
	}
	name, err := cleanPath(in.FilePath)
	if err != nil {
		return nil, err
	}
	before, err := s.filesOf(&r, tip)
	if err != nil {
		return nil, err
	}
	blob, err := s.write(r.Meta.RepositoryId, "blob", in.FileContent)
	if err != nil {
		return nil, err
	}
	e := entry{modes[in.FileMode], blob}
	if before[name] == e {
		return nil, cloud.Errorf("SameFileContentException", "The file %s has this content already", in.FilePath)
	}
	after := maps.Clone(before)
	after[name] = e
	if err := conflicts(after); err != nil {
		return nil, err
	}
	id, tree, err := s.commit(c, &r, tip, after, author(c, in.Name, in.Email), in.CommitMessage)
	if err != nil {
		return nil, err
	}
	return &PutFileOutput{CommitId: id, BlobId: blob, TreeId: tree}, s.move(c, &r, in.BranchName, tip, id)
}

// difference is one file that two commits do not have alike.
type difference struct {
	path          string
	before, after *entry
}

func differences(before, after map[string]entry) []difference {
	var out []difference
	for name, e := range before {
		if f, ok := after[name]; !ok {
			out = append(out, difference{name, &e, nil})
		} else if f != e {
			out = append(out, difference{name, &e, &f})
		}
	}
	for name, e := range after {
		if _, ok := before[name]; !ok {
			out = append(out, difference{name, nil, &e})
		}
	}
	slices.SortFunc(out, func(a, b difference) int { return strings.Compare(a.path, b.path) })
	return out
}
