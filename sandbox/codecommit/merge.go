package codecommit

import (
	"maps"
	"slices"
	"strings"

	"github.com/twokey/twokey/sandbox/cloud"
)

// ancestors are a commit and all before it.
func (s *service) ancestors(r *repository, id string) (map[string]bool, error) {
	seen := map[string]bool{}
	for next := []string{id}; len(next) > 0; {
		id := next[0]
		if next = next[1:]; id == "" || seen[id] {
			continue
		}
		seen[id] = true
		k, err := s.readCommit(r.Meta.RepositoryId, id)
		if err != nil {
			return nil, err
		}
		next = append(next, k.Parents...)
	}
	return seen, nil
}

// mergeBase is the commit at which two histories part; empty where they have
// nothing in common. Commits made here have one parent at most, so there is one
// such commit only.
func (s *service) mergeBase(r *repository, source, destination string) (string, error) {
	seen, err := s.ancestors(r, destination)
	if err != nil {
		return "", err
	}
	for id := source; id != ""; {
		if seen[id] {
			return id, nil
		}
		k, err := s.readCommit(r.Meta.RepositoryId, id)
		if err != nil {
			return "", err
		}
		if id = ""; len(k.Parents) > 0 {
			id = k.Parents[0]
		}
	}
	return "", nil
}

// merger makes the commit that a pull request becomes.
type merger func(c *cloud.Call, r *repository, t *PullRequestTarget) (string, error)

// merge merges a pull request: if it is open, its rules are satisfied for the
// revision that the source branch has now, and the branches can be merged.
func (s *service) merge(c *cloud.Call, name, id, sourceCommit, option string, do merger) (pullRequest, error) {
	s.merging.Lock()
	defer s.merging.Unlock()
	r, err := s.repository(c, name)
	if err != nil {
		return pullRequest{}, err
	}
	p, err := s.request(c, id)
	if err != nil {
		return p, err
	}
	t := p.target()
	from, onto := strings.TrimPrefix(t.SourceReference, "refs/heads/"), strings.TrimPrefix(t.DestinationReference, "refs/heads/")
	switch {
	case p.Repository != r.Meta.Arn:
		return p, cloud.Errorf("RepositoryNotAssociatedWithPullRequestException", "Pull request %s is not of the repository %s", id, name)
	case p.Request.PullRequestStatus != "OPEN":
		return p, closed(id)
	case r.Branches[from] == "":
		return p, cloud.Errorf("ReferenceDoesNotExistException", "Reference %s does not exist", t.SourceReference)
	case r.Branches[onto] == "":
		return p, cloud.Errorf("ReferenceDoesNotExistException", "Reference %s does not exist", t.DestinationReference)
	case sourceCommit != "" && sourceCommit != r.Branches[from]:
		return p, cloud.Errorf("TipOfSourceReferenceIsDifferentException", "The tip of the source branch is not %s", sourceCommit)
	case r.Branches[from] != t.SourceCommit || r.Branches[onto] != t.DestinationCommit:
		return p, cloud.Errorf("ConcurrentReferenceUpdateException", "The branches were changed at the same time")
	}
	if e := p.evaluate(); !value(e.Approved) {
		return p, cloud.Errorf("PullRequestApprovalRulesNotSatisfiedException", "The pull request cannot be merged because one or more approval rules applied to the pull request have conditions that have not been met: %s", strings.Join(e.ApprovalRulesNotSatisfied, ", "))
	}
	merged, err := do(c, &r, t)
	if err != nil {
		return p, err
	}
	if merged != t.DestinationCommit {
		if err := s.move(c, &r, onto, t.DestinationCommit, merged); err != nil {
			return p, err
		}
	}
	p, err = s.changeRequest(c, id, "", func(p *pullRequest) error {
		p.Request.PullRequestStatus = "CLOSED"
		*p.target() = *t // as it was when it was merged
		p.target().MergeMetadata = &MergeMetadata{IsMerged: ptr(true), MergedBy: c.Identity.ARN, MergeCommitId: merged, MergeOption: option}
		return nil
	})
	if err != nil {
		return p, err
	}
	return p, s.tell(c, &p, "pullRequestMergeStatusUpdated")
}

func closed(id string) error {
	return cloud.Errorf("PullRequestAlreadyClosedException", "Pull request %s is closed", id)
}

func manual() error {
	return cloud.Errorf("ManualMergeRequiredException", "The pull request cannot be merged automatically into the destination branch. You must manually merge the branches and resolve any conflicts.")
}

func (s *service) fastForward(_ *cloud.Call, _ *repository, t *PullRequestTarget) (string, error) {
	if t.MergeBase != t.DestinationCommit {
		return "", manual()
	}
	return t.SourceCommit, nil
}

func (s *service) mergeBySquash(c *cloud.Call, in *MergePullRequestBySquashInput) (*MergePullRequestBySquashOutput, error) {
	switch {
	case in.ConflictResolution != nil:
		return nil, cloud.NotImplemented("conflictResolution")
	case in.ConflictResolutionStrategy == "AUTOMERGE" || in.ConflictDetailLevel == "LINE_LEVEL":
		return nil, cloud.NotImplemented("merges of lines within a file")
	case value(in.KeepEmptyFolders):
		return nil, cloud.NotImplemented("keepEmptyFolders")
	}
	p, err := s.merge(c, in.RepositoryName, in.PullRequestId, in.SourceCommitId, "SQUASH_MERGE", func(c *cloud.Call, r *repository, t *PullRequestTarget) (string, error) {
		files, err := s.mergeFiles(r, t, in.ConflictResolutionStrategy)
		if err != nil {
			return "", err
		}
		id, _, err := s.commit(c, r, t.DestinationCommit, files, author(c, in.AuthorName, in.Email), in.CommitMessage)
		return id, err
	})
	return &MergePullRequestBySquashOutput{PullRequest: &p.Request}, err
}

// mergeFiles takes of every file the side that changed it. A file that both
// changed, and not alike, is a conflict.
func (s *service) mergeFiles(r *repository, t *PullRequestTarget, strategy string) (map[string]entry, error) {
	var sides [3]map[string]entry
	for i, id := range []string{t.MergeBase, t.SourceCommit, t.DestinationCommit} {
		var err error
		if sides[i], err = s.filesOf(r, id); err != nil {
			return nil, err
		}
	}
	before, source, destination := sides[0], sides[1], sides[2]
	names := slices.Concat(slices.Collect(maps.Keys(source)), slices.Collect(maps.Keys(destination)))
	out := map[string]entry{}
	for _, name := range names {
		b, x, y := before[name], source[name], destination[name]
		take := x
		switch {
		case x == y, b == y:
		case b == x:
			take = y
		case strategy == "ACCEPT_SOURCE":
		case strategy == "ACCEPT_DESTINATION":
			take = y
		default:
			return nil, manual()
		}
		if take != (entry{}) {
			out[name] = take
		}
	}
	if conflicts(out) != nil {
		return nil, manual()
	}
	return out, nil
}
