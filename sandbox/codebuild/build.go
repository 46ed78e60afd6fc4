package codebuild

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

func (s *service) buildOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[StartBuildInput, StartBuildOutput]{Name: "StartBuild", Auth: func(c *cloud.Call, in *StartBuildInput) ([]cloud.Check, error) {
			check := s.onProject(c, "StartBuild", in.ProjectName)
			if err := requestKeys(check.Context, in.overrides(), nil); err != nil {
				return nil, err
			}
			out := []cloud.Check{check}
			if in.ServiceRoleOverride != "" {
				out = append(out, passRole(in.ServiceRoleOverride))
			}
			return out, nil
		}, Do: s.startBuild}.Operation(),
		wire.Op[RetryBuildInput, RetryBuildOutput]{Name: "RetryBuild", Auth: func(c *cloud.Call, in *RetryBuildInput) ([]cloud.Check, error) {
			return s.onBuilds(c, "RetryBuild", in.Id)
		}, Do: s.retryBuild}.Operation(),
		wire.Op[StopBuildInput, StopBuildOutput]{Name: "StopBuild", Auth: func(c *cloud.Call, in *StopBuildInput) ([]cloud.Check, error) {
			return s.onBuilds(c, "StopBuild", in.Id)
		}, Do: s.stopBuild}.Operation(),
		wire.Op[BatchGetBuildsInput, BatchGetBuildsOutput]{Name: "BatchGetBuilds", Auth: func(c *cloud.Call, in *BatchGetBuildsInput) ([]cloud.Check, error) {
			return s.onBuilds(c, "BatchGetBuilds", in.Ids...)
		}, Do: func(c *cloud.Call, in *BatchGetBuildsInput) (*BatchGetBuildsOutput, error) {
			out := &BatchGetBuildsOutput{Builds: []*Build{}, BuildsNotFound: []string{}}
			for _, id := range in.Ids {
				if b, ok := s.builds.Get(fullID(c, id)); ok {
					out.Builds = append(out.Builds, &b.Build)
				} else {
					out.BuildsNotFound = append(out.BuildsNotFound, id)
				}
			}
			return out, nil
		}}.Operation(),
		wire.Op[ListBuildsInput, ListBuildsOutput]{Name: "ListBuilds", Do: func(c *cloud.Call, in *ListBuildsInput) (*ListBuildsOutput, error) {
			ids, next, err := s.list(c.Account, c.Region, "", in.SortOrder, in.NextToken)
			return &ListBuildsOutput{Ids: ids, NextToken: next}, err
		}}.Operation(),
		wire.Op[ListBuildsForProjectInput, ListBuildsForProjectOutput]{Name: "ListBuildsForProject", Auth: func(c *cloud.Call, in *ListBuildsForProjectInput) ([]cloud.Check, error) {
			return []cloud.Check{s.onProject(c, "ListBuildsForProject", in.ProjectName)}, nil
		}, Do: func(c *cloud.Call, in *ListBuildsForProjectInput) (*ListBuildsForProjectOutput, error) {
			p, ok := s.projects.Get(s.onProject(c, "", in.ProjectName).Resource)
			if !ok {
				return nil, notFound("The provided project %s does not exist", in.ProjectName)
			}
			ids, next, err := s.list(p.Account, p.Region, p.Project.Name, in.SortOrder, in.NextToken)
			return &ListBuildsForProjectOutput{Ids: ids, NextToken: next}, err
		}}.Operation(),
	}
}

// fullID is the ARN of a build that is named by its id or ARN.
func fullID(c *cloud.Call, id string) string {
	if strings.HasPrefix(id, "arn:") {
		return id
	}
	return buildARN(c.Account, c.Region, id)
}

// onBuilds is the authorisation on builds: that on their projects.
func (s *service) onBuilds(c *cloud.Call, action string, ids ...string) ([]cloud.Check, error) {
	var out []cloud.Check
	for _, id := range ids {
		before, rest, ok := strings.Cut(fullID(c, id), ":build/")
		name, _, named := strings.Cut(rest, ":")
		if !ok || !named || name == "" {
			return nil, invalid("Invalid build ID: %s", id)
		}
		check := s.onProject(c, action, before+":project/"+name)
		if !slices.ContainsFunc(out, func(have cloud.Check) bool { return have.Resource == check.Resource }) {
			out = append(out, check)
		}
	}
	return out, nil
}

// list returns the ids of builds, newest first unless asked otherwise.
func (s *service) list(account, region, project, order, token string) ([]string, string, error) {
	rows := s.builds.Select(func(_ string, b build) bool {
		return b.Account == account && b.Region == region && (project == "" || b.Build.ProjectName == project)
	})
	slices.SortStableFunc(rows, func(a, b build) int {
		if n := a.Build.StartTime.Compare(b.Build.StartTime.Time); n != 0 {
			return n
		}
		return int(value(a.Build.BuildNumber) - value(b.Build.BuildNumber))
	})
	if order != "ASCENDING" {
		slices.Reverse(rows)
	}
	ids := make([]string, len(rows))
	for i := range rows {
		ids[i] = rows[i].Build.Id
	}
	return page(ids, token)
}

func complete(b *Build) bool { return value(b.BuildComplete) }

// tokenLife is how long an idempotency token holds.
const tokenLife = 5 * time.Minute

// startBuild puts a build into the queue.
func (s *service) startBuild(c *cloud.Call, in *StartBuildInput) (*StartBuildOutput, error) {
	at := s.onProject(c, "", in.ProjectName).Resource
	p, ok := s.projects.Get(at)
	if !ok {
		return nil, notFound("Project cannot be found: %s", at)
	}
	digest := ""
	if in.IdempotencyToken != "" {
		data, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(data)
		digest = hex.EncodeToString(sum[:])
		if have := s.builds.Select(func(_ string, b build) bool {
			return b.Token == in.IdempotencyToken && b.Account == p.Account && b.Region == p.Region && c.Time.Sub(b.Build.StartTime.Time) < tokenLife
		}); len(have) > 0 {
			if have[0].Request != digest {
				return nil, invalid("The idempotency token was used before with other parameters")
			}
			return &StartBuildOutput{Build: &have[0].Build}, nil
		}
	}
	b, err := s.newBuild(c, &p, in)
	if err != nil {
		return nil, err
	}
	b.Token, b.Request = in.IdempotencyToken, digest
	if err := s.enqueue(c, b, at); err != nil {
		return nil, err
	}
	return &StartBuildOutput{Build: &b.Build}, nil
}

// newBuild is what a project and the overrides of a request come to.
func (s *service) newBuild(c *cloud.Call, p *project, in *StartBuildInput) (*build, error) {
	base, err := copyOf(p.Project)
	if err != nil {
		return nil, err
	}
	r, err := copyOf(*in)
	if err != nil {
		return nil, err
	}
	src, env := base.Source, base.Environment
	if r.SourceTypeOverride != "" && r.SourceTypeOverride != src.Type {
		// The rest of the source was meant for another type.
		*src = ProjectSource{Type: r.SourceTypeOverride, Buildspec: src.Buildspec}
	}
	replace(&src.Location, r.SourceLocationOverride, r.SourceLocationOverride != "")
	replace(&src.Buildspec, r.BuildspecOverride, r.BuildspecOverride != "")
	replace(&base.SecondarySources, r.SecondarySourcesOverride, r.SecondarySourcesOverride != nil)
	replace(&base.SecondarySourceVersions, r.SecondarySourcesVersionOverride, r.SecondarySourcesVersionOverride != nil)
	replace(&base.SourceVersion, r.SourceVersion, r.SourceVersion != "")
	replace(&base.Artifacts, r.ArtifactsOverride, r.ArtifactsOverride != nil)
	replace(&base.SecondaryArtifacts, r.SecondaryArtifactsOverride, r.SecondaryArtifactsOverride != nil)
	replace(&env.Type, r.EnvironmentTypeOverride, r.EnvironmentTypeOverride != "")
	replace(&env.Image, r.ImageOverride, r.ImageOverride != "")
	replace(&env.ComputeType, r.ComputeTypeOverride, r.ComputeTypeOverride != "")
	replace(&env.Certificate, r.CertificateOverride, r.CertificateOverride != "")
	replace(&env.PrivilegedMode, r.PrivilegedModeOverride, r.PrivilegedModeOverride != nil)
	replace(&env.ImagePullCredentialsType, r.ImagePullCredentialsTypeOverride, r.ImagePullCredentialsTypeOverride != "")
	replace(&env.RegistryCredential, r.RegistryCredentialOverride, r.RegistryCredentialOverride != nil)
	for _, v := range r.EnvironmentVariablesOverride {
		env.EnvironmentVariables = slices.DeleteFunc(env.EnvironmentVariables, func(have *EnvironmentVariable) bool { return have.Name == v.Name })
		env.EnvironmentVariables = append(env.EnvironmentVariables, v)
	}
	replace(&base.Cache, r.CacheOverride, r.CacheOverride != nil)
	replace(&base.ServiceRole, r.ServiceRoleOverride, r.ServiceRoleOverride != "")
	replace(&base.TimeoutInMinutes, r.TimeoutInMinutesOverride, r.TimeoutInMinutesOverride != nil)
	replace(&base.QueuedTimeoutInMinutes, r.QueuedTimeoutInMinutesOverride, r.QueuedTimeoutInMinutesOverride != nil)
	replace(&base.EncryptionKey, r.EncryptionKeyOverride, r.EncryptionKeyOverride != "")
	replace(&base.LogsConfig, r.LogsConfigOverride, r.LogsConfigOverride != nil)
	if err := supported(&base, in); err != nil {
		return nil, err
	}
	number := s.world.IDs.UUID()
	id := base.Name + ":" + number
	b := &build{Account: p.Account, Region: p.Region, Pipeline: c.Via == "codepipeline.amazonaws.com"}
	b.Build = Build{
		Id: id, Arn: buildARN(p.Account, p.Region, id), ProjectName: base.Name, StartTime: wire.At(c.Time), BuildStatus: "IN_PROGRESS", BuildComplete: ptr(false),
		CurrentPhase: "QUEUED", Source: base.Source, SecondarySources: base.SecondarySources, SourceVersion: base.SourceVersion, SecondarySourceVersions: base.SecondarySourceVersions,
		Environment: env, ServiceRole: base.ServiceRole, TimeoutInMinutes: base.TimeoutInMinutes, QueuedTimeoutInMinutes: base.QueuedTimeoutInMinutes,
		EncryptionKey: base.EncryptionKey, Cache: base.Cache, VpcConfig: base.VpcConfig, FileSystemLocations: base.FileSystemLocations, Initiator: initiator(c),
		Phases: []*BuildPhase{
			{PhaseType: "SUBMITTED", PhaseStatus: "SUCCEEDED", StartTime: wire.At(c.Time), EndTime: wire.At(c.Time), DurationInSeconds: ptr(int64(0))},
			{PhaseType: "QUEUED", StartTime: wire.At(c.Time)},
		},
		Logs: logsLocation(p.Account, p.Region, base.LogsConfig, base.Name, number),
	}
	b.Artifacts, b.Secondary = base.Artifacts, base.SecondaryArtifacts
	return b, b.placeAll()
}

// initiator is who started a build, as CodeBuild names it: a user or a role's
// session, without the ARN's first part.
func initiator(c *cloud.Call) string {
	if c.Via == "codepipeline.amazonaws.com" {
		return "codepipeline/" + c.Identity.UserName
	}
	_, name, ok := strings.Cut(c.Identity.ARN, ":user/")
	if ok {
		return name[strings.LastIndex(name, "/")+1:]
	}
	if _, name, ok = strings.Cut(c.Identity.ARN, ":assumed-role/"); ok {
		return name
	}
	return c.Identity.ARN
}

// enqueue numbers and stores a build and has it run.
func (s *service) enqueue(c *cloud.Call, b *build, projectARN string) error {
	if !s.queue.Room(1) {
		return cloud.Errorf("AccountLimitExceededException", "Cannot have more than %d builds in queue for the account", maxQueued)
	}
	row, err := s.projects.Update(projectARN, func(p project, ok bool) (project, error) {
		if !ok {
			return p, notFound("Project cannot be found: %s", projectARN)
		}
		if limit := p.Project.ConcurrentBuildLimit; limit != nil && int64(s.active(&p)) >= *limit {
			return p, cloud.Errorf("AccountLimitExceededException", "Project-level concurrent build limit cannot exceed %d", *limit)
		}
		p.LastNumber++
		return p, nil
	})
	if err != nil {
		return err
	}
	b.Build.BuildNumber = ptr(row.LastNumber)
	if err := s.builds.Put(b.Build.Arn, *b); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	s.mu.Lock()
	s.running[b.Build.Arn] = cancel
	s.mu.Unlock()
	if err := s.announce(b); err != nil {
		return err
	}
	return s.queue.Add(cloud.Delivery{Account: b.Account, What: "build " + b.Build.Id, Do: func(closing context.Context) error {
		stop := context.AfterFunc(closing, func() { cancel(errClosing) })
		defer stop()
		defer func() {
			cancel(nil)
			s.mu.Lock()
			delete(s.running, b.Build.Arn)
			s.mu.Unlock()
		}()
		return s.run(ctx, b.Build.Arn)
	}})
}

// active counts the builds of a project that are not complete.
func (s *service) active(p *project) int {
	return len(s.builds.Select(func(_ string, b build) bool {
		return b.Account == p.Account && b.Region == p.Region && b.Build.ProjectName == p.Project.Name && !complete(&b.Build)
	}))
}

// Why a build is interrupted.
var (
	errStopped = errors.New("the build was stopped")
	errClosing = errors.New("the sandbox ended while the build was under way")
	errTimeout = errors.New("the build timed out")
)

func (s *service) stopBuild(c *cloud.Call, in *StopBuildInput) (*StopBuildOutput, error) {
	at := fullID(c, in.Id)
	if _, ok := s.builds.Get(at); !ok {
		return nil, notFound("Build cannot be found: %s", in.Id)
	}
	row, err := s.finish(at, "STOPPED", nil)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	cancel := s.running[at]
	s.mu.Unlock()
	if cancel != nil {
		cancel(errStopped)
	}
	return &StopBuildOutput{Build: &row.Build}, nil
}

// retryBuild starts a build like another: with its settings and sources, and the
// commit that it built.
func (s *service) retryBuild(c *cloud.Call, in *RetryBuildInput) (*RetryBuildOutput, error) {
	if in.Id == "" {
		return nil, invalid("Invalid build ID: it is empty")
	}
	old, ok := s.builds.Get(fullID(c, in.Id))
	if !ok {
		return nil, notFound("Build cannot be found: %s", in.Id)
	}
	if !complete(&old.Build) {
		return nil, invalid("Build %s is in progress and cannot be retried", in.Id)
	}
	if old.Pipeline {
		return nil, invalid("Builds started by CodePipeline cannot be retried")
	}
	b, err := copyOf(old)
	if err != nil {
		return nil, err
	}
	number := s.world.IDs.UUID()
	x := &b.Build
	oldNumber := x.Id[strings.LastIndex(x.Id, ":")+1:]
	x.Id = x.ProjectName + ":" + number
	x.Arn = buildARN(b.Account, b.Region, x.Id)
	x.StartTime, x.EndTime, x.BuildStatus, x.BuildComplete, x.CurrentPhase = wire.At(c.Time), wire.Time{}, "IN_PROGRESS", ptr(false), "QUEUED"
	x.ExportedEnvironmentVariables, x.Initiator = nil, initiator(c)
	if x.ResolvedSourceVersion != "" {
		x.SourceVersion = x.ResolvedSourceVersion
	}
	x.Phases = []*BuildPhase{
		{PhaseType: "SUBMITTED", PhaseStatus: "SUCCEEDED", StartTime: x.StartTime, EndTime: x.StartTime, DurationInSeconds: ptr(int64(0))},
		{PhaseType: "QUEUED", StartTime: x.StartTime},
	}
	x.Logs = renumber(x.Logs, oldNumber, number)
	if err := b.placeAll(); err != nil {
		return nil, err
	}
	b.Token, b.Request = "", ""
	if err := s.enqueue(c, &b, projectARN(b.Account, b.Region, x.ProjectName)); err != nil {
		return nil, err
	}
	return &RetryBuildOutput{Build: x}, nil
}
