package codecommit

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

func (s *service) branchOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[CreateBranchInput, wire.Empty]{Name: "CreateBranch", Auth: func(c *cloud.Call, in *CreateBranchInput) ([]cloud.Check, error) {
			return s.on(c, "CreateBranch", in.RepositoryName, ref(in.BranchName)), nil
		}, Do: func(c *cloud.Call, in *CreateBranchInput) (*wire.Empty, error) {
			if err := checkBranchName(in.BranchName); err != nil {
				return nil, err
			}
			s.merging.Lock()
			defer s.merging.Unlock()
			r, err := s.repository(c, in.RepositoryName)
			if err != nil {
				return nil, err
			}
			if _, ok := r.Branches[in.BranchName]; ok {
				return nil, cloud.Errorf("BranchNameExistsException", "A branch with the name %s already exists", in.BranchName)
			}
			if !objectID.MatchString(in.CommitId) {
				return nil, cloud.Errorf("InvalidCommitIdException", "The commit ID %s is not valid", in.CommitId)
			}
			if _, err := s.readCommit(r.Meta.RepositoryId, in.CommitId); err != nil {
				return nil, cloud.Errorf("CommitDoesNotExistException", "Commit %s does not exist", in.CommitId)
			}
			return nil, s.move(c, &r, in.BranchName, "", in.CommitId)
		}}.Operation(),
		wire.Op[GetBranchInput, GetBranchOutput]{Name: "GetBranch", Auth: func(c *cloud.Call, in *GetBranchInput) ([]cloud.Check, error) {
			return s.on(c, "GetBranch", in.RepositoryName), nil
		}, Do: func(c *cloud.Call, in *GetBranchInput) (*GetBranchOutput, error) {
			if in.RepositoryName == "" {
				return nil, cloud.Errorf("RepositoryNameRequiredException", "A repository name is required")
			}
			if in.BranchName == "" {
				return nil, cloud.Errorf("BranchNameRequiredException", "A branch name is required")
			}
			r, err := s.repository(c, in.RepositoryName)
			if err != nil {
				return nil, err
			}
			tip, ok := r.Branches[in.BranchName]
			if !ok {
				return nil, noBranch(in.BranchName)
			}
			return &GetBranchOutput{Branch: &BranchInfo{BranchName: in.BranchName, CommitId: tip}}, nil
		}}.Operation(),
		wire.Op[ListBranchesInput, ListBranchesOutput]{Name: "ListBranches", Auth: func(c *cloud.Call, in *ListBranchesInput) ([]cloud.Check, error) {
			return s.on(c, "ListBranches", in.RepositoryName), nil
		}, Do: func(c *cloud.Call, in *ListBranchesInput) (*ListBranchesOutput, error) {
			r, err := s.repository(c, in.RepositoryName)
			if err != nil {
				return nil, err
			}
			out := &ListBranchesOutput{}
			out.Branches, out.NextToken, err = page(slices.Sorted(maps.Keys(r.Branches)), in.NextToken, nil, 1000)
			return out, err
		}}.Operation(),
		wire.Op[DeleteBranchInput, DeleteBranchOutput]{Name: "DeleteBranch", Auth: func(c *cloud.Call, in *DeleteBranchInput) ([]cloud.Check, error) {
			return s.on(c, "DeleteBranch", in.RepositoryName, ref(in.BranchName)), nil
		}, Do: func(c *cloud.Call, in *DeleteBranchInput) (*DeleteBranchOutput, error) {
			s.merging.Lock()
			defer s.merging.Unlock()
			r, err := s.repository(c, in.RepositoryName)
			if err != nil {
				return nil, err
			}
			if in.BranchName == r.Meta.DefaultBranch {
				return nil, cloud.Errorf("DefaultBranchCannotBeDeletedException", "The default branch %s cannot be deleted", in.BranchName)
			}
			tip, ok := r.Branches[in.BranchName]
			if !ok {
				return nil, nil // as AWS: no error
			}
			return &DeleteBranchOutput{DeletedBranch: &BranchInfo{BranchName: in.BranchName, CommitId: tip}}, s.move(c, &r, in.BranchName, tip, "")
		}}.Operation(),
		wire.Op[UpdateDefaultBranchInput, wire.Empty]{Name: "UpdateDefaultBranch", Auth: func(c *cloud.Call, in *UpdateDefaultBranchInput) ([]cloud.Check, error) {
			return s.on(c, "UpdateDefaultBranch", in.RepositoryName), nil
		}, Do: func(c *cloud.Call, in *UpdateDefaultBranchInput) (*wire.Empty, error) {
			_, err := s.repositories.Update(repositoryARN(c.Account, c.Region, in.RepositoryName), func(r repository, ok bool) (repository, error) {
				if !ok {
					return r, noRepository(in.RepositoryName)
				}
				if _, ok := r.Branches[in.DefaultBranchName]; !ok {
					return r, noBranch(in.DefaultBranchName)
				}
				r.Meta.DefaultBranch, r.Meta.LastModifiedDate = in.DefaultBranchName, wire.At(c.Time)
				return r, nil
			})
			return nil, err
		}}.Operation(),
	}
}

func noBranch(name string) error {
	return cloud.Errorf("BranchDoesNotExistException", "Branch %s does not exist", name)
}

// move sets a branch from one commit to another, tells the pull requests from it
// and the bus. An empty id stands for no branch. The caller holds merging.
func (s *service) move(c *cloud.Call, r *repository, branch, from, to string) error {
	row, err := s.repositories.Update(r.Meta.Arn, func(r repository, ok bool) (repository, error) {
		if !ok {
			return r, noRepository(r.Meta.RepositoryName)
		}
		if r.Branches[branch] != from {
			return r, cloud.Errorf("ConcurrentReferenceUpdateException", "The branch %s was changed at the same time", branch)
		}
		r.Branches = maps.Clone(r.Branches)
		if to == "" {
			delete(r.Branches, branch)
		} else {
			r.Branches[branch] = to
		}
		if r.Meta.DefaultBranch == "" {
			r.Meta.DefaultBranch = branch
		}
		r.Meta.LastModifiedDate = wire.At(c.Time)
		return r, nil
	})
	if err != nil {
		return err
	}
	*r = row
	detail := map[string]any{
		"event": "referenceUpdated", "repositoryName": r.Meta.RepositoryName, "repositoryId": r.Meta.RepositoryId, "referenceType": "branch",
		"referenceName": branch, "referenceFullName": ref(branch), "callerUserArn": c.Identity.ARN, "commitId": to, "oldCommitId": from,
	}
	switch {
	case from == "":
		detail["event"] = "referenceCreated"
		delete(detail, "oldCommitId")
	case to == "":
		detail["event"] = "referenceDeleted"
		detail["commitId"] = from
	}
	err = s.world.Publish(r.Meta.AccountId, r.Region, "aws.codecommit", "CodeCommit Repository State Change", []string{r.Meta.Arn}, detail)
	return errors.Join(err, s.sourceMoved(c, r, branch, to))
}

// resolve finds the commit that a name stands for: a branch, with or without
// refs/heads/, or a commit id; nothing stands for the default branch.
func (s *service) resolve(r *repository, name string) (string, error) {
	if name == "" {
		name = r.Meta.DefaultBranch
	}
	if tip, ok := r.Branches[strings.TrimPrefix(name, "refs/heads/")]; ok {
		return tip, nil
	}
	if _, err := s.readCommit(r.Meta.RepositoryId, name); err != nil {
		return "", cloud.Errorf("CommitDoesNotExistException", "Could not resolve commit specifier: %s", name)
	}
	return name, nil
}
