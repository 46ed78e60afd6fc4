package codecommit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

func (s *service) approvalOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[UpdatePullRequestApprovalStateInput, wire.Empty]{Name: "UpdatePullRequestApprovalState", Auth: func(c *cloud.Call, in *UpdatePullRequestApprovalStateInput) ([]cloud.Check, error) {
			return s.onRequest(c, "UpdatePullRequestApprovalState", in.PullRequestId), nil
		}, Do: func(c *cloud.Call, in *UpdatePullRequestApprovalStateInput) (*wire.Empty, error) {
			_, err := s.changeRequest(c, in.PullRequestId, "pullRequestApprovalStateChanged", func(p *pullRequest) error {
				if err := p.open(in.RevisionId); err != nil {
					return err
				}
				if p.Request.AuthorArn == c.Identity.ARN {
					return cloud.Errorf("PullRequestCannotBeApprovedByAuthorException", "The approval cannot be applied because the user approving the pull request matches the user who created the pull request. You cannot approve a pull request that you created.")
				}
				if p.Approvals == nil {
					p.Approvals = map[string]string{}
				}
				p.Approvals[c.Identity.ARN] = in.ApprovalState
				return nil
			})
			return nil, err
		}}.Operation(),
		wire.Op[GetPullRequestApprovalStatesInput, GetPullRequestApprovalStatesOutput]{Name: "GetPullRequestApprovalStates", Auth: func(c *cloud.Call, in *GetPullRequestApprovalStatesInput) ([]cloud.Check, error) {
			return s.onRequest(c, "GetPullRequestApprovalStates", in.PullRequestId), nil
		}, Do: func(c *cloud.Call, in *GetPullRequestApprovalStatesInput) (*GetPullRequestApprovalStatesOutput, error) {
			p, err := s.request(c, in.PullRequestId)
			if err != nil {
				return nil, err
			}
			out := &GetPullRequestApprovalStatesOutput{Approvals: []*Approval{}}
			if in.RevisionId != p.Request.RevisionId {
				return out, nil
			}
			for _, who := range slices.Sorted(maps.Keys(p.Approvals)) {
				out.Approvals = append(out.Approvals, &Approval{UserArn: who, ApprovalState: p.Approvals[who]})
			}
			return out, nil
		}}.Operation(),
		wire.Op[EvaluatePullRequestApprovalRulesInput, EvaluatePullRequestApprovalRulesOutput]{Name: "EvaluatePullRequestApprovalRules", ReadOnly: true, Auth: func(c *cloud.Call, in *EvaluatePullRequestApprovalRulesInput) ([]cloud.Check, error) {
			return s.onRequest(c, "EvaluatePullRequestApprovalRules", in.PullRequestId), nil
		}, Do: func(c *cloud.Call, in *EvaluatePullRequestApprovalRulesInput) (*EvaluatePullRequestApprovalRulesOutput, error) {
			p, err := s.request(c, in.PullRequestId)
			if err != nil {
				return nil, err
			}
			if in.RevisionId != p.Request.RevisionId {
				return nil, notCurrent()
			}
			return &EvaluatePullRequestApprovalRulesOutput{Evaluation: p.evaluate()}, nil
		}}.Operation(),
		wire.Op[OverridePullRequestApprovalRulesInput, wire.Empty]{Name: "OverridePullRequestApprovalRules", Auth: func(c *cloud.Call, in *OverridePullRequestApprovalRulesInput) ([]cloud.Check, error) {
			return s.onRequest(c, "OverridePullRequestApprovalRules", in.PullRequestId), nil
		}, Do: func(c *cloud.Call, in *OverridePullRequestApprovalRulesInput) (*wire.Empty, error) {
			_, err := s.changeRequest(c, in.PullRequestId, "pullRequestApprovalRuleOverridden", func(p *pullRequest) error {
				if err := p.open(in.RevisionId); err != nil {
					return err
				}
				by := ""
				if in.OverrideStatus == "OVERRIDE" {
					by = c.Identity.ARN
				}
				if (p.OverriddenBy != "") == (by != "") {
					return cloud.Errorf("OverrideAlreadySetException", "The pull request has that override status already")
				}
				p.OverriddenBy = by
				return nil
			})
			return nil, err
		}}.Operation(),
		wire.Op[CreatePullRequestApprovalRuleInput, CreatePullRequestApprovalRuleOutput]{Name: "CreatePullRequestApprovalRule", Auth: func(c *cloud.Call, in *CreatePullRequestApprovalRuleInput) ([]cloud.Check, error) {
			return s.onRequest(c, "CreatePullRequestApprovalRule", in.PullRequestId), nil
		}, Do: s.createRule}.Operation(),
		wire.Op[DeletePullRequestApprovalRuleInput, DeletePullRequestApprovalRuleOutput]{Name: "DeletePullRequestApprovalRule", Auth: func(c *cloud.Call, in *DeletePullRequestApprovalRuleInput) ([]cloud.Check, error) {
			return s.onRequest(c, "DeletePullRequestApprovalRule", in.PullRequestId), nil
		}, Do: func(c *cloud.Call, in *DeletePullRequestApprovalRuleInput) (*DeletePullRequestApprovalRuleOutput, error) {
			out := &DeletePullRequestApprovalRuleOutput{}
			_, err := s.changeRequest(c, in.PullRequestId, "pullRequestApprovalRuleDeleted", func(p *pullRequest) error {
				if p.Request.PullRequestStatus != "OPEN" {
					return closed(in.PullRequestId)
				}
				p.Request.ApprovalRules = slices.DeleteFunc(p.Request.ApprovalRules, func(r *ApprovalRule) bool {
					if r.ApprovalRuleName != in.ApprovalRuleName {
						return false
					}
					out.ApprovalRuleId = r.ApprovalRuleId
					return true
				})
				return nil
			})
			return out, err
		}}.Operation(),
	}
}

func notCurrent() error {
	return cloud.Errorf("RevisionNotCurrentException", "The revision ID provided in the request does not match the current revision ID. Use GetPullRequest to retrieve the current revision ID.")
}

// open refuses what is closed, or meant for another revision.
func (p *pullRequest) open(revision string) error {
	if p.Request.PullRequestStatus != "OPEN" {
		return closed(p.Request.PullRequestId)
	}
	if revision != p.Request.RevisionId {
		return notCurrent()
	}
	return nil
}

func (s *service) createRule(c *cloud.Call, in *CreatePullRequestApprovalRuleInput) (*CreatePullRequestApprovalRuleOutput, error) {
	if _, err := parseRule(in.ApprovalRuleContent); err != nil {
		return nil, cloud.Errorf("InvalidApprovalRuleContentException", "The content of the approval rule is not valid: %v", err)
	}
	sum := sha256.Sum256([]byte(in.ApprovalRuleContent))
	now := wire.At(c.Time)
	rule := &ApprovalRule{
		ApprovalRuleId: s.world.IDs.UUID(), ApprovalRuleName: in.ApprovalRuleName, ApprovalRuleContent: in.ApprovalRuleContent,
		RuleContentSha256: hex.EncodeToString(sum[:]), LastModifiedDate: now, CreationDate: now, LastModifiedUser: c.Identity.ARN,
	}
	_, err := s.changeRequest(c, in.PullRequestId, "pullRequestApprovalRuleCreated", func(p *pullRequest) error {
		if p.Request.PullRequestStatus != "OPEN" {
			return closed(in.PullRequestId)
		}
		if slices.ContainsFunc(p.Request.ApprovalRules, func(r *ApprovalRule) bool { return r.ApprovalRuleName == in.ApprovalRuleName }) {
			return cloud.Errorf("ApprovalRuleNameAlreadyExistsException", "An approval rule with the name %s already exists", in.ApprovalRuleName)
		}
		if len(p.Request.ApprovalRules) >= 30 {
			return cloud.Errorf("NumberOfRulesExceededException", "A pull request has at most 30 approval rules")
		}
		p.Request.ApprovalRules = append(p.Request.ApprovalRules, rule)
		return nil
	})
	return &CreatePullRequestApprovalRuleOutput{ApprovalRule: rule}, err
}

// rule is the content of an approval rule of a pull request.
type rule struct {
	Version    string
	Statements []struct {
		Type                    string
		NumberOfApprovalsNeeded int
		ApprovalPoolMembers     []string
	}
}

func parseRule(text string) (*rule, error) {
	var r rule
	dec := json.NewDecoder(bytes.NewReader([]byte(text)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the content")
	}
	if r.Version != "2018-11-08" || len(r.Statements) == 0 {
		return nil, errors.New("it needs the Version 2018-11-08 and Statements")
	}
	for _, st := range r.Statements {
		if st.Type != "Approvers" || st.NumberOfApprovalsNeeded < 1 {
			return nil, errors.New("a statement needs the Type Approvers and a positive NumberOfApprovalsNeeded")
		}
	}
	return &r, nil
}

// satisfied reports whether every statement has the approvals that it needs.
func (r *rule) satisfied(approvers []string) bool {
	for _, st := range r.Statements {
		n := 0
		for _, who := range approvers {
			if len(st.ApprovalPoolMembers) == 0 || slices.ContainsFunc(st.ApprovalPoolMembers, func(m string) bool { return isMember(m, who) }) {
				n++
			}
		}
		if n < st.NumberOfApprovalsNeeded {
			return false
		}
	}
	return true
}

// isMember reports whether an entry of an approval pool means a caller. An entry is
// an ARN, or "CodeCommitApprovers:ACCOUNT:NAME" for users and federated users of
// that name and for "ROLE/SESSION" of assumed roles; both may have the wildcard *.
func isMember(entry, who string) bool {
	short, ok := strings.CutPrefix(entry, "CodeCommitApprovers:")
	if !ok {
		return wild(entry, who)
	}
	account, name, ok := strings.Cut(short, ":")
	parts := strings.SplitN(who, ":", 6)
	if !ok || len(parts) != 6 || parts[4] != account {
		return false
	}
	kind, rest, _ := strings.Cut(parts[5], "/")
	switch parts[2] + "/" + kind {
	case "iam/user", "sts/federated-user", "sts/assumed-role":
		return wild(name, rest)
	}
	return false
}

// wild matches a pattern in which * stands for any characters.
func wild(pattern, text string) bool {
	head, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == text
	}
	text, ok := strings.CutPrefix(text, head)
	if !ok {
		return false
	}
	parts := strings.Split(rest, "*")
	for _, part := range parts[:len(parts)-1] {
		_, after, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = after
	}
	return strings.HasSuffix(text, parts[len(parts)-1])
}

// evaluate decides whether a pull request may be merged. A rule that cannot be read
// is not satisfied.
func (p *pullRequest) evaluate() *Evaluation {
	e := &Evaluation{Overridden: ptr(p.OverriddenBy != ""), ApprovalRulesSatisfied: []string{}, ApprovalRulesNotSatisfied: []string{}}
	var approvers []string
	for who, state := range p.Approvals {
		if state == "APPROVE" {
			approvers = append(approvers, who)
		}
	}
	for _, rule := range p.Request.ApprovalRules {
		if r, err := parseRule(rule.ApprovalRuleContent); err == nil && r.satisfied(approvers) {
			e.ApprovalRulesSatisfied = append(e.ApprovalRulesSatisfied, rule.ApprovalRuleName)
		} else {
			e.ApprovalRulesNotSatisfied = append(e.ApprovalRulesNotSatisfied, rule.ApprovalRuleName)
		}
	}
	e.Approved = ptr(len(e.ApprovalRulesNotSatisfied) == 0 || p.OverriddenBy != "")
	return e
}
