// Package codecommit is AWS CodeCommit in the sandbox: repositories of git objects
// that are changed through the API, with branches, pull requests and approval
// rules. There is no git over HTTP or SSH.
package codecommit

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// repository is a row.
type repository struct {
	Meta     RepositoryMetadata
	Region   string
	Tags     map[string]string
	Branches map[string]string // commit ids
}

type service struct {
	world        *cloud.World
	repositories *cloud.Table[repository]  // by ARN
	objects      *cloud.Blobs              // by repository id and object id
	requests     *cloud.Table[pullRequest] // by account, region and id
	// merging orders the changes of references among themselves, so that what a
	// pull request was approved for is what is merged.
	merging sync.Mutex
}

// Add puts the service into a world.
func Add(w *cloud.World, server *wire.Server) (func() error, error) {
	s := &service{world: w, objects: cloud.NewBlobs(w, "codecommit.objects")}
	var err error
	if s.repositories, err = cloud.NewTable[repository](w, "codecommit.repositories"); err != nil {
		return nil, err
	}
	if s.requests, err = cloud.NewTable[pullRequest](w, "codecommit.requests"); err != nil {
		return nil, err
	}
	s.registerArchives()
	return nil, server.Add(&model, slices.Concat(s.repositoryOps(), s.branchOps(), s.commitOps(), s.readOps(), s.requestOps(), s.approvalOps())...)
}

func repositoryARN(account, region, name string) string {
	return "arn:aws:codecommit:" + region + ":" + account + ":" + name
}

// on is the authorisation of an action on a repository; changes is the reference
// that the call would change, if any.
func (s *service) on(c *cloud.Call, action, name string, changes ...string) []cloud.Check {
	at := repositoryARN(c.Account, c.Region, name)
	ctx := iam.NewContext()
	if r, ok := s.repositories.Get(at); ok {
		for k, v := range r.Tags {
			ctx.Set("aws:ResourceTag/"+k, v)
		}
	}
	for _, ref := range changes {
		ctx.Set("codecommit:References", ref)
	}
	return []cloud.Check{{Action: "codecommit:" + action, Resource: at, Context: ctx}}
}

func (s *service) repository(c *cloud.Call, name string) (repository, error) {
	r, ok := s.repositories.Get(repositoryARN(c.Account, c.Region, name))
	if !ok {
		return r, noRepository(name)
	}
	return r, nil
}

func noRepository(name string) error {
	return cloud.Errorf("RepositoryDoesNotExistException", "%s does not exist", name)
}

func ref(branch string) string { return "refs/heads/" + strings.TrimPrefix(branch, "refs/heads/") }

// branchName is what git and CodeCommit take as the name of a branch.
var branchName = regexp.MustCompile(`^[A-Za-z0-9_+@%=,][A-Za-z0-9_+@%=,.-]*(/[A-Za-z0-9_+@%=,][A-Za-z0-9_+@%=,.-]*)*$`)

func checkBranchName(name string) error {
	if !branchName.MatchString(name) || strings.Contains(name, "..") || strings.HasSuffix(name, ".lock") || strings.HasSuffix(name, ".") || name == "@" || objectID.MatchString(name) {
		return cloud.Errorf("InvalidBranchNameException", "The branch name %s is not valid", name)
	}
	return nil
}

func ptr[T any](v T) *T { return &v }

func value[T any](p *T) T {
	var zero T
	if p == nil {
		return zero
	}
	return *p
}

// page cuts a list. The token is the number of items before the page.
func page[T any](items []T, token string, size *int64, standard int) ([]T, string, error) {
	from, n := 0, standard
	if token != "" {
		var err error
		if from, err = strconv.Atoi(token); err != nil || from < 0 || from > len(items) {
			return nil, "", cloud.Errorf("InvalidContinuationTokenException", "The continuation token is not valid")
		}
	}
	if size != nil {
		if *size < 1 || *size > 1000 {
			return nil, "", cloud.Errorf("InvalidMaxResultsException", "The number of results is not valid")
		}
		n = int(*size)
	}
	items = items[from:]
	if len(items) <= n {
		return items, "", nil
	}
	return items[:n], strconv.Itoa(from + n), nil
}
