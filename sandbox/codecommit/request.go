package codecommit

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// pullRequest is a row.
type pullRequest struct {
	Account, Region string
	Repository      string // ARN
	Request         PullRequest
	// Approvals are those of the revision that the request has now, by the ARN of
	// who gave them; OverriddenBy is who set its rules aside. Both end with the
	// revision.
	Approvals    map[string]string
	OverriddenBy string
}

func (p *pullRequest) key() string { return requestKey(p.Account, p.Region, p.Request.PullRequestId) }

func requestKey(account, region, id string) string { return account + "/" + region + "/" + id }

func (p *pullRequest) target() *PullRequestTarget { return p.Request.PullRequestTargets[0] }

func (s *service) requestOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[CreatePullRequestInput, CreatePullRequestOutput]{Name: "CreatePullRequest", Auth: func(c *cloud.Call, in *CreatePullRequestInput) (out []cloud.Check, err error) {
			if len(in.Targets) == 0 {
				return nil, cloud.Errorf("TargetsRequiredException", "A pull request target is required")
			}
			for _, t := range in.Targets {
				out = append(out, s.on(c, "CreatePullRequest", t.RepositoryName)...)
			}
			return out, nil
		}, Do: s.createRequest}.Operation(),
		wire.Op[GetPullRequestInput, GetPullRequestOutput]{Name: "GetPullRequest", Auth: func(c *cloud.Call, in *GetPullRequestInput) ([]cloud.Check, error) {
			return s.onRequest(c, "GetPullRequest", in.PullRequestId), nil
		}, Do: func(c *cloud.Call, in *GetPullRequestInput) (*GetPullRequestOutput, error) {
			p, err := s.request(c, in.PullRequestId)
			return &GetPullRequestOutput{PullRequest: &p.Request}, err
		}}.Operation(),
		wire.Op[ListPullRequestsInput, ListPullRequestsOutput]{Name: "ListPullRequests", Auth: func(c *cloud.Call, in *ListPullRequestsInput) ([]cloud.Check, error) {
			return s.on(c, "ListPullRequests", in.RepositoryName), nil
		}, Do: s.listRequests}.Operation(),
		wire.Op[UpdatePullRequestStatusInput, UpdatePullRequestStatusOutput]{Name: "UpdatePullRequestStatus", Auth: func(c *cloud.Call, in *UpdatePullRequestStatusInput) ([]cloud.Check, error) {
			return s.onRequest(c, "UpdatePullRequestStatus", in.PullRequestId), nil
		}, Do: func(c *cloud.Call, in *UpdatePullRequestStatusInput) (*UpdatePullRequestStatusOutput, error) {
			p, err := s.changeRequest(c, in.PullRequestId, "pullRequestStatusChanged", func(p *pullRequest) error {
				if p.Request.PullRequestStatus != "OPEN" || in.PullRequestStatus != "CLOSED" {
					return cloud.Errorf("InvalidPullRequestStatusUpdateException", "The only valid change of status is from OPEN to CLOSED")
				}
				p.Request.PullRequestStatus = "CLOSED"
				return nil
			})
			return &UpdatePullRequestStatusOutput{PullRequest: &p.Request}, err
		}}.Operation(),
		wire.Op[MergePullRequestByFastForwardInput, MergePullRequestByFastForwardOutput]{Name: "MergePullRequestByFastForward", Auth: func(c *cloud.Call, in *MergePullRequestByFastForwardInput) ([]cloud.Check, error) {
			return s.onMerge(c, "MergePullRequestByFastForward", in.RepositoryName, in.PullRequestId), nil
		}, Do: func(c *cloud.Call, in *MergePullRequestByFastForwardInput) (*MergePullRequestByFastForwardOutput, error) {
			p, err := s.merge(c, in.RepositoryName, in.PullRequestId, in.SourceCommitId, "FAST_FORWARD_MERGE", s.fastForward)
			return &MergePullRequestByFastForwardOutput{PullRequest: &p.Request}, err
		}}.Operation(),
		wire.Op[MergePullRequestBySquashInput, MergePullRequestBySquashOutput]{Name: "MergePullRequestBySquash", Auth: func(c *cloud.Call, in *MergePullRequestBySquashInput) ([]cloud.Check, error) {
			return s.onMerge(c, "MergePullRequestBySquash", in.RepositoryName, in.PullRequestId), nil
		}, Do: s.mergeBySquash}.Operation(),
	}
}

// onRequest is the authorisation on a pull request: that on its repository. One
// that is not there stands in any.
func (s *service) onRequest(c *cloud.Call, action, id string) []cloud.Check {
	p, ok := s.requests.Get(requestKey(c.Account, c.Region, id))
	if !ok {
		return s.on(c, action, "*")
	}
	return s.on(c, action, p.target().RepositoryName)
}

// onMerge is the authorisation to merge: on the repository, for the reference that
// the pull request goes to.
func (s *service) onMerge(c *cloud.Call, action, repository, id string) []cloud.Check {
	if p, ok := s.requests.Get(requestKey(c.Account, c.Region, id)); ok {
		return s.on(c, action, repository, p.target().DestinationReference)
	}
	return s.on(c, action, repository)
}

func (s *service) request(c *cloud.Call, id string) (pullRequest, error) {
	p, ok := s.requests.Get(requestKey(c.Account, c.Region, id))
	if !ok {
		return p, noRequest(id)
	}
	return p, nil
}

func noRequest(id string) error {
	return cloud.Errorf("PullRequestDoesNotExistException", "Pull request %s does not exist", id)
}

func (s *service) createRequest(c *cloud.Call, in *CreatePullRequestInput) (*CreatePullRequestOutput, error) {
	if len(in.Targets) > 1 {
		return nil, cloud.Errorf("MultipleRepositoriesInPullRequestException", "A pull request has one target only")
	}
	t := in.Targets[0]
	s.merging.Lock()
	defer s.merging.Unlock()
	r, err := s.repository(c, t.RepositoryName)
	if err != nil {
		return nil, err
	}
	to := t.DestinationReference
	if to == "" {
		to = r.Meta.DefaultBranch
	}
	source, destination := ref(t.SourceReference), ref(to)
	tip, ok := r.Branches[strings.TrimPrefix(source, "refs/heads/")]
	if !ok {
		return nil, cloud.Errorf("ReferenceDoesNotExistException", "Reference %s does not exist", t.SourceReference)
	}
	onto, ok := r.Branches[strings.TrimPrefix(destination, "refs/heads/")]
	if !ok {
		return nil, cloud.Errorf("ReferenceDoesNotExistException", "Reference %s does not exist", to)
	}
	if source == destination {
		return nil, cloud.Errorf("SourceAndDestinationAreSameException", "The source branch and destination branch are the same")
	}
	last := 0
	for _, p := range s.requests.Select(func(_ string, p pullRequest) bool { return p.Account == c.Account && p.Region == c.Region }) {
		if n, err := strconv.Atoi(p.Request.PullRequestId); err == nil {
			last = max(last, n)
		}
		if in.ClientRequestToken == "" || p.Request.ClientRequestToken != in.ClientRequestToken {
			continue
		}
		if p.Request.Title != in.Title || p.Request.Description != in.Description || p.Repository != r.Meta.Arn || p.target().SourceReference != source || p.target().DestinationReference != destination {
			return nil, cloud.Errorf("IdempotencyParameterMismatchException", "The client request token was used before with other parameters")
		}
		return &CreatePullRequestOutput{PullRequest: &p.Request}, nil
	}
	meet, err := s.mergeBase(&r, tip, onto)
	if err != nil {
		return nil, err
	}
	now := wire.At(c.Time)
	p := pullRequest{Account: c.Account, Region: c.Region, Repository: r.Meta.Arn, Request: PullRequest{
		PullRequestId: strconv.Itoa(last + 1), Title: in.Title, Description: in.Description, LastActivityDate: now, CreationDate: now, PullRequestStatus: "OPEN",
		AuthorArn: c.Identity.ARN, ClientRequestToken: in.ClientRequestToken, RevisionId: s.world.IDs.Hex(64), ApprovalRules: []*ApprovalRule{},
		PullRequestTargets: []*PullRequestTarget{{RepositoryName: t.RepositoryName, SourceReference: source, DestinationReference: destination,
			SourceCommit: tip, DestinationCommit: onto, MergeBase: meet, MergeMetadata: &MergeMetadata{IsMerged: ptr(false)}}},
	}}
	if err := s.requests.Put(p.key(), p); err != nil {
		return nil, err
	}
	return &CreatePullRequestOutput{PullRequest: &p.Request}, s.tell(c, &p, "pullRequestCreated")
}

func (s *service) listRequests(c *cloud.Call, in *ListPullRequestsInput) (*ListPullRequestsOutput, error) {
	r, err := s.repository(c, in.RepositoryName)
	if err != nil {
		return nil, err
	}
	rows := s.requests.Select(func(_ string, p pullRequest) bool {
		return p.Repository == r.Meta.Arn && (in.AuthorArn == "" || p.Request.AuthorArn == in.AuthorArn) && (in.PullRequestStatus == "" || p.Request.PullRequestStatus == in.PullRequestStatus)
	})
	ids := make([]string, len(rows))
	for i := range rows {
		ids[i] = rows[i].Request.PullRequestId
	}
	slices.SortFunc(ids, func(a, b string) int { // numbers, newest first
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(b, a)
	})
	out := &ListPullRequestsOutput{}
	out.PullRequestIds, out.NextToken, err = page(ids, in.NextToken, in.MaxResults, 100)
	return out, err
}

// copyRow copies what changes of a row.
func copyRow(p pullRequest) pullRequest {
	p.Approvals = maps.Clone(p.Approvals)
	p.Request.ApprovalRules = slices.Clone(p.Request.ApprovalRules)
	t := *p.target()
	if t.MergeMetadata != nil {
		m := *t.MergeMetadata
		t.MergeMetadata = &m
	}
	p.Request.PullRequestTargets = []*PullRequestTarget{&t}
	return p
}

// changeRequest changes a pull request and tells the bus. change works on a copy.
func (s *service) changeRequest(c *cloud.Call, id, event string, change func(p *pullRequest) error) (pullRequest, error) {
	p, err := s.requests.Update(requestKey(c.Account, c.Region, id), func(p pullRequest, ok bool) (pullRequest, error) {
		if !ok {
			return p, noRequest(id)
		}
		next := copyRow(p)
		if err := change(&next); err != nil {
			return p, err
		}
		next.Request.LastActivityDate = wire.At(c.Time)
		return next, nil
	})
	if err == nil {
		err = s.tell(c, &p, event)
	}
	return p, err
}

// sourceMoved tells the open pull requests of a branch that it moved. A new source
// is a new revision: what was approved is not what would be merged.
func (s *service) sourceMoved(c *cloud.Call, r *repository, branch, tip string) error {
	for _, p := range s.requests.Select(func(_ string, p pullRequest) bool {
		return p.Repository == r.Meta.Arn && p.Request.PullRequestStatus == "OPEN"
	}) {
		from, onto := p.target().SourceReference == ref(branch), p.target().DestinationReference == ref(branch)
		if !from && (!onto || tip == "") {
			continue
		}
		event := "pullRequestSourceBranchUpdated"
		if onto {
			event = ""
		}
		_, err := s.changeRequest(c, p.Request.PullRequestId, event, func(p *pullRequest) (err error) {
			t := p.target()
			if onto {
				t.DestinationCommit = tip
			} else {
				p.Request.RevisionId, p.Approvals, p.OverriddenBy = s.world.IDs.Hex(64), nil, ""
				if tip == "" {
					return nil
				}
				t.SourceCommit = tip
			}
			t.MergeBase, err = s.mergeBase(r, t.SourceCommit, t.DestinationCommit)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// tell publishes what happened to a pull request.
func (s *service) tell(c *cloud.Call, p *pullRequest, event string) error {
	if event == "" {
		return nil
	}
	const stamp = "Mon Jan 02 15:04:05 UTC 2006"
	t := p.target()
	merged := "False"
	if t.MergeMetadata != nil && value(t.MergeMetadata.IsMerged) {
		merged = "True"
	}
	status := map[string]string{"OPEN": "Open", "CLOSED": "Closed"}[p.Request.PullRequestStatus]
	return s.world.Publish(p.Account, p.Region, "aws.codecommit", "CodeCommit Pull Request State Change", []string{p.Repository}, map[string]any{
		"event": event, "pullRequestId": p.Request.PullRequestId, "title": p.Request.Title, "author": p.Request.AuthorArn, "callerUserArn": c.Identity.ARN,
		"pullRequestStatus": status, "isMerged": merged, "revisionId": p.Request.RevisionId, "repositoryNames": []string{t.RepositoryName},
		"sourceReference": t.SourceReference, "sourceCommit": t.SourceCommit, "destinationReference": t.DestinationReference, "destinationCommit": t.DestinationCommit,
		"creationDate": p.Request.CreationDate.UTC().Format(stamp), "lastModifiedDate": p.Request.LastActivityDate.UTC().Format(stamp),
	})
}
