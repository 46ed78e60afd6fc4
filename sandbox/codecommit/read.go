package codecommit

import (
	"archive/zip"
	"bytes"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

func (s *service) readOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[GetCommitInput, GetCommitOutput]{Name: "GetCommit", Auth: func(c *cloud.Call, in *GetCommitInput) ([]cloud.Check, error) {
			return s.on(c, "GetCommit", in.RepositoryName), nil
		}, Do: s.getCommit}.Operation(),
		wire.Op[GetBlobInput, GetBlobOutput]{Name: "GetBlob", Auth: func(c *cloud.Call, in *GetBlobInput) ([]cloud.Check, error) {
			return s.on(c, "GetBlob", in.RepositoryName), nil
		}, Do: func(c *cloud.Call, in *GetBlobInput) (*GetBlobOutput, error) {
			r, err := s.repository(c, in.RepositoryName)
			if err != nil {
				return nil, err
			}
			if !objectID.MatchString(in.BlobId) {
				return nil, cloud.Errorf("InvalidBlobIdException", "The blob ID %s is not valid", in.BlobId)
			}
			content, err := s.read(r.Meta.RepositoryId, "blob", in.BlobId)
			if err != nil {
				return nil, cloud.Errorf("BlobIdDoesNotExistException", "Blob %s does not exist", in.BlobId)
			}
			return &GetBlobOutput{Content: content}, nil
		}}.Operation(),
		wire.Op[GetFileInput, GetFileOutput]{Name: "GetFile", Auth: func(c *cloud.Call, in *GetFileInput) ([]cloud.Check, error) {
			return s.on(c, "GetFile", in.RepositoryName), nil
		}, Do: s.getFile}.Operation(),
		wire.Op[GetFolderInput, GetFolderOutput]{Name: "GetFolder", Auth: func(c *cloud.Call, in *GetFolderInput) ([]cloud.Check, error) {
			return s.on(c, "GetFolder", in.RepositoryName), nil
		}, Do: s.getFolder}.Operation(),
		wire.Op[GetDifferencesInput, GetDifferencesOutput]{Name: "GetDifferences", Auth: func(c *cloud.Call, in *GetDifferencesInput) ([]cloud.Check, error) {
			return s.on(c, "GetDifferences", in.RepositoryName), nil
		}, Do: s.getDifferences}.Operation(),
	}
}

func (s *service) getCommit(c *cloud.Call, in *GetCommitInput) (*GetCommitOutput, error) {
	r, err := s.repository(c, in.RepositoryName)
	if err != nil {
		return nil, err
	}
	if !objectID.MatchString(in.CommitId) {
		return nil, cloud.Errorf("InvalidCommitIdException", "The commit ID %s is not valid", in.CommitId)
	}
	k, err := s.readCommit(r.Meta.RepositoryId, in.CommitId)
	if err != nil {
		return nil, cloud.Errorf("CommitIdDoesNotExistException", "Commit %s does not exist", in.CommitId)
	}
	user := func(p person) *UserInfo { return &UserInfo{Name: p.Name, Email: p.Email, Date: p.Date} }
	parents := k.Parents
	if parents == nil {
		parents = []string{}
	}
	return &GetCommitOutput{Commit: &Commit{CommitId: in.CommitId, TreeId: k.Tree, Parents: parents, Message: k.Message, Author: user(k.Author), Committer: user(k.Committer)}}, nil
}

// at finds the commit of a specifier and its files.
func (s *service) at(c *cloud.Call, repository, specifier string) (*repositoryAt, error) {
	r, err := s.repository(c, repository)
	if err != nil {
		return nil, err
	}
	id, err := s.resolve(&r, specifier)
	if err != nil {
		return nil, err
	}
	files, err := s.filesOf(&r, id)
	return &repositoryAt{r, id, files}, err
}

type repositoryAt struct {
	repository
	commit string
	files  map[string]entry
}

func (s *service) getFile(c *cloud.Call, in *GetFileInput) (*GetFileOutput, error) {
	r, err := s.at(c, in.RepositoryName, in.CommitSpecifier)
	if err != nil {
		return nil, err
	}
	name, err := cleanPath(in.FilePath)
	if err != nil {
		return nil, err
	}
	e, ok := r.files[name]
	if !ok {
		return nil, noFile(in.FilePath)
	}
	content, err := s.read(r.Meta.RepositoryId, "blob", e.ID)
	if err != nil {
		return nil, err
	}
	return &GetFileOutput{CommitId: r.commit, BlobId: e.ID, FilePath: name, FileMode: modeName(e.Mode), FileSize: int64(len(content)), FileContent: content}, nil
}

func (s *service) getFolder(c *cloud.Call, in *GetFolderInput) (*GetFolderOutput, error) {
	r, err := s.at(c, in.RepositoryName, in.CommitSpecifier)
	if err != nil {
		return nil, err
	}
	repo := r.Meta.RepositoryId
	k, err := s.readCommit(repo, r.commit)
	if err != nil {
		return nil, err
	}
	folder, tree := strings.Trim(in.FolderPath, "/"), k.Tree
	level, err := s.readTree(repo, tree)
	for _, part := range strings.Split(folder, "/") {
		if folder == "" || err != nil {
			break
		}
		e, ok := level[part]
		if !ok || e.Mode != modeTree {
			return nil, cloud.Errorf("FolderDoesNotExistException", "The folder %s does not exist", in.FolderPath)
		}
		tree = e.ID
		level, err = s.readTree(repo, tree)
	}
	if err != nil {
		return nil, err
	}
	out := &GetFolderOutput{CommitId: r.commit, FolderPath: folder, TreeId: tree, SubFolders: []*Folder{}, Files: []*File{}, SymbolicLinks: []*SymbolicLink{}, SubModules: []*SubModule{}}
	for _, name := range slices.Sorted(maps.Keys(level)) {
		e, whole := level[name], strings.TrimPrefix(folder+"/"+name, "/")
		switch e.Mode {
		case modeTree:
			out.SubFolders = append(out.SubFolders, &Folder{TreeId: e.ID, AbsolutePath: whole, RelativePath: name})
		case modeLink:
			out.SymbolicLinks = append(out.SymbolicLinks, &SymbolicLink{BlobId: e.ID, AbsolutePath: whole, RelativePath: name, FileMode: "SYMLINK"})
		default:
			out.Files = append(out.Files, &File{BlobId: e.ID, AbsolutePath: whole, RelativePath: name, FileMode: modeName(e.Mode)})
		}
	}
	return out, nil
}

func (s *service) getDifferences(c *cloud.Call, in *GetDifferencesInput) (*GetDifferencesOutput, error) {
	after, err := s.at(c, in.RepositoryName, in.AfterCommitSpecifier)
	if err != nil {
		return nil, err
	}
	before := map[string]entry{}
	if in.BeforeCommitSpecifier != "" {
		b, err := s.at(c, in.RepositoryName, in.BeforeCommitSpecifier)
		if err != nil {
			return nil, err
		}
		before = b.files
	}
	beneath := func(files map[string]entry, prefix string) map[string]entry {
		prefix = strings.Trim(prefix, "/")
		out := map[string]entry{}
		for name, e := range files {
			if prefix == "" || name == prefix || strings.HasPrefix(name, prefix+"/") {
				out[name] = e
			}
		}
		return out
	}
	list := []*Difference{}
	for _, d := range differences(beneath(before, in.BeforePath), beneath(after.files, in.AfterPath)) {
		x := &Difference{ChangeType: "M"}
		if d.before != nil {
			x.BeforeBlob = &BlobMetadata{BlobId: d.before.ID, Path: d.path, Mode: d.before.Mode}
		} else {
			x.ChangeType = "A"
		}
		if d.after != nil {
			x.AfterBlob = &BlobMetadata{BlobId: d.after.ID, Path: d.path, Mode: d.after.Mode}
		} else {
			x.ChangeType = "D"
		}
		list = append(list, x)
	}
	out := &GetDifferencesOutput{}
	out.Differences, out.NextToken, err = page(list, in.NextToken, in.MaxResults, 100)
	return out, err
}

// archive is a zip of the files of a commit.
func (s *service) archive(r *repository, files map[string]entry) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		e := files[name]
		content, err := s.read(r.Meta.RepositoryId, "blob", e.ID)
		if err != nil {
			return nil, err
		}
		h := &zip.FileHeader{Name: name, Method: zip.Deflate}
		switch e.Mode {
		case modeExecutable:
			h.SetMode(0o755)
		case modeLink:
			h.SetMode(fs.ModeSymlink | 0o777)
		default:
			h.SetMode(0o644)
		}
		w, err := z.CreateHeader(h)
		if err == nil {
			_, err = w.Write(content)
		}
		if err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return b.Bytes(), err
}
