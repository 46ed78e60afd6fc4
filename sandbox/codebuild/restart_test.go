package codebuild_test

import (
	"maps"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"github.com/twokey/twokey/sandbox"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/sandboxtest"
)

// store keeps rows in memory.
type store struct {
	mu   sync.Mutex
	rows map[[2]string][]byte
}

func (s *store) Load(table string, each func(key string, value []byte) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, v := range s.rows {
		if k[0] == table {
			if err := each(k[1], v); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *store) Get(table, key string) ([]byte, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.rows[[2]string{table, key}]
	return v, ok, nil
}

func (s *store) Commit(writes []cloud.Write) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range writes {
		if w.Value == nil {
			delete(s.rows, [2]string{w.Table, w.Key})
		} else {
			s.rows[[2]string{w.Table, w.Key}] = w.Value
		}
	}
	return nil
}

func (s *store) Close() error { return nil }

// killed is what a sandbox that was killed now leaves.
func (s *store) killed() *store {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &store{rows: maps.Clone(s.rows)}
}

// A build that was under way when the sandbox was killed is over, and says why;
// one that had ended stays as it was.
func TestRestart(t *testing.T) {
	t.Parallel()
	before := &store{rows: map[[2]string][]byte{}}
	k := sandboxtest.Start(t, sandbox.Options{Store: before})
	builder(t, k)
	newProject(t, k, "short", done, nil)
	newProject(t, k, "long", waits, nil)
	short := start(t, k, &codebuild.StartBuildInput{ProjectName: aws.String("short")})
	ended(t, k, short)
	long := start(t, k, &codebuild.StartBuildInput{ProjectName: aws.String("long")})
	again := sandboxtest.Start(t, sandbox.Options{Store: before.killed()})
	if b := get(t, again, short); b.BuildStatus != types.StatusTypeSucceeded {
		t.Errorf("the build that had ended is %s", b.BuildStatus)
	}
	b := get(t, again, long)
	if b.BuildStatus != types.StatusTypeFault || !b.BuildComplete {
		t.Errorf("the build that was under way is %s", b.BuildStatus)
	}
	interrupted := false
	for _, p := range b.Phases {
		for _, c := range p.Contexts {
			interrupted = interrupted || aws.ToString(c.Message) == "The sandbox was started anew while the build was under way"
		}
	}
	if !interrupted {
		t.Error("no phase says why")
	}
}
