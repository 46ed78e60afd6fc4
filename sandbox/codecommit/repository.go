package codecommit

import (
	"maps"
	"slices"
	"strings"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

func (s *service) repositoryOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[CreateRepositoryInput, CreateRepositoryOutput]{Name: "CreateRepository", Auth: func(c *cloud.Call, in *CreateRepositoryInput) ([]cloud.Check, error) {
			ctx := iam.NewContext()
			for k, v := range in.Tags {
				ctx.Set("aws:RequestTag/"+k, v)
			}
			if len(in.Tags) > 0 {
				ctx.SetList("aws:TagKeys", slices.Sorted(maps.Keys(in.Tags))...)
			}
			at := repositoryARN(c.Account, c.Region, in.RepositoryName)
			out := []cloud.Check{{Action: "codecommit:CreateRepository", Resource: at, Context: ctx}}
			if len(in.Tags) > 0 {
				out = append(out, cloud.Check{Action: "codecommit:TagResource", Resource: at, Context: ctx})
			}
			return out, nil
		}, Do: s.createRepository}.Operation(),
		wire.Op[GetRepositoryInput, GetRepositoryOutput]{Name: "GetRepository", Auth: func(c *cloud.Call, in *GetRepositoryInput) ([]cloud.Check, error) {
			return s.on(c, "GetRepository", in.RepositoryName), nil
		}, Do: func(c *cloud.Call, in *GetRepositoryInput) (*GetRepositoryOutput, error) {
			r, err := s.repository(c, in.RepositoryName)
			return &GetRepositoryOutput{RepositoryMetadata: &r.Meta}, err
		}}.Operation(),
		wire.Op[BatchGetRepositoriesInput, BatchGetRepositoriesOutput]{Name: "BatchGetRepositories", Auth: func(c *cloud.Call, in *BatchGetRepositoriesInput) (out []cloud.Check, err error) {
			for _, name := range in.RepositoryNames {
				out = append(out, s.on(c, "BatchGetRepositories", name)...)
			}
			return out, nil
		}, Do: func(c *cloud.Call, in *BatchGetRepositoriesInput) (*BatchGetRepositoriesOutput, error) {
			if len(in.RepositoryNames) == 0 {
				return nil, cloud.Errorf("RepositoryNamesRequiredException", "At least one repository name is required")
			}
			if len(in.RepositoryNames) > 100 {
				return nil, cloud.Errorf("MaximumRepositoryNamesExceededException", "At most 100 repositories can be asked for")
			}
			out := &BatchGetRepositoriesOutput{Repositories: []*RepositoryMetadata{}, RepositoriesNotFound: []string{}}
			for _, name := range in.RepositoryNames {
				if r, err := s.repository(c, name); err == nil {
					out.Repositories = append(out.Repositories, &r.Meta)
				} else {
					out.RepositoriesNotFound = append(out.RepositoriesNotFound, name)
				}
			}
			return out, nil
		}}.Operation(),
		wire.Op[ListRepositoriesInput, ListRepositoriesOutput]{Name: "ListRepositories", Do: s.listRepositories}.Operation(),
		wire.Op[DeleteRepositoryInput, DeleteRepositoryOutput]{Name: "DeleteRepository", Auth: func(c *cloud.Call, in *DeleteRepositoryInput) ([]cloud.Check, error) {
			return s.on(c, "DeleteRepository", in.RepositoryName), nil
		}, Do: s.deleteRepository}.Operation(),
	}
}

func (s *service) createRepository(c *cloud.Call, in *CreateRepositoryInput) (*CreateRepositoryOutput, error) {
	if in.KmsKeyId != "" {
		return nil, cloud.NotImplemented("customer managed keys of repositories")
	}
	if strings.HasSuffix(in.RepositoryName, ".git") {
		return nil, cloud.Errorf("InvalidRepositoryNameException", "The repository name %s is not valid: it ends with .git", in.RepositoryName)
	}
	at, now := repositoryARN(c.Account, c.Region, in.RepositoryName), wire.At(c.Time)
	r := repository{Region: c.Region, Tags: maps.Clone(in.Tags), Branches: map[string]string{}, Meta: RepositoryMetadata{
		AccountId: c.Account, RepositoryId: s.world.IDs.UUID(), RepositoryName: in.RepositoryName, RepositoryDescription: in.RepositoryDescription,
		LastModifiedDate: now, CreationDate: now, Arn: at, KmsKeyId: "arn:aws:kms:" + c.Region + ":" + c.Account + ":alias/aws/codecommit",
		CloneUrlHttp: "https://git-codecommit." + c.Region + ".amazonaws.com/v1/repos/" + in.RepositoryName,
		CloneUrlSsh:  "ssh://git-codecommit." + c.Region + ".amazonaws.com/v1/repos/" + in.RepositoryName,
	}}
	if _, err := s.repositories.Update(at, func(_ repository, taken bool) (repository, error) {
		if taken {
			return repository{}, cloud.Errorf("RepositoryNameExistsException", "Repository named %s already exists", in.RepositoryName)
		}
		return r, nil
	}); err != nil {
		return nil, err
	}
	return &CreateRepositoryOutput{RepositoryMetadata: &r.Meta}, nil
}

func (s *service) listRepositories(c *cloud.Call, in *ListRepositoriesInput) (*ListRepositoriesOutput, error) {
	rows := s.repositories.Select(func(_ string, r repository) bool { return r.Meta.AccountId == c.Account && r.Region == c.Region })
	if in.SortBy == "lastModifiedDate" {
		slices.SortStableFunc(rows, func(a, b repository) int { return a.Meta.LastModifiedDate.Compare(b.Meta.LastModifiedDate.Time) })
	}
	if in.Order == "descending" {
		slices.Reverse(rows)
	}
	pairs := make([]*RepositoryNameIdPair, len(rows))
	for i, r := range rows {
		pairs[i] = &RepositoryNameIdPair{RepositoryName: r.Meta.RepositoryName, RepositoryId: r.Meta.RepositoryId}
	}
	out := &ListRepositoriesOutput{}
	var err error
	out.Repositories, out.NextToken, err = page(pairs, in.NextToken, nil, 1000)
	return out, err
}

// deleteRepository deletes a repository with its pull requests; one that is not
// there is no error.
func (s *service) deleteRepository(c *cloud.Call, in *DeleteRepositoryInput) (*DeleteRepositoryOutput, error) {
	s.merging.Lock()
	defer s.merging.Unlock()
	r, err := s.repository(c, in.RepositoryName)
	if err != nil {
		return nil, nil
	}
	if err := s.repositories.Delete(r.Meta.Arn); err != nil {
		return nil, err
	}
	for _, p := range s.requests.Select(func(_ string, p pullRequest) bool { return p.Repository == r.Meta.Arn }) {
		if err := s.requests.Delete(p.key()); err != nil {
			return nil, err
		}
	}
	return &DeleteRepositoryOutput{RepositoryId: r.Meta.RepositoryId}, nil
}
