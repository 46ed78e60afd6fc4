package codebuild

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

func (s *service) projectOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[CreateProjectInput, CreateProjectOutput]{Name: "CreateProject", Auth: func(c *cloud.Call, in *CreateProjectInput) ([]cloud.Check, error) {
			return s.mayChange(c, "CreateProject", in.Name, in.ServiceRole, in, in.Tags)
		}, Do: s.createProject}.Operation(),
		wire.Op[UpdateProjectInput, UpdateProjectOutput]{Name: "UpdateProject", Auth: func(c *cloud.Call, in *UpdateProjectInput) ([]cloud.Check, error) {
			return s.mayChange(c, "UpdateProject", in.Name, in.ServiceRole, in, in.Tags)
		}, Do: s.updateProject}.Operation(),
		wire.Op[DeleteProjectInput, DeleteProjectOutput]{Name: "DeleteProject", Auth: func(c *cloud.Call, in *DeleteProjectInput) ([]cloud.Check, error) {
			return []cloud.Check{s.onProject(c, "DeleteProject", in.Name)}, nil
		}, Do: func(c *cloud.Call, in *DeleteProjectInput) (*DeleteProjectOutput, error) {
			// A project that is not there is no error.
			return nil, s.projects.Delete(s.onProject(c, "", in.Name).Resource)
		}}.Operation(),
		wire.Op[BatchGetProjectsInput, BatchGetProjectsOutput]{Name: "BatchGetProjects", Auth: func(c *cloud.Call, in *BatchGetProjectsInput) ([]cloud.Check, error) {
			var out []cloud.Check
			for _, n := range in.Names {
				out = append(out, s.onProject(c, "BatchGetProjects", n))
			}
			return out, nil
		}, Do: func(c *cloud.Call, in *BatchGetProjectsInput) (*BatchGetProjectsOutput, error) {
			out := &BatchGetProjectsOutput{Projects: []*Project{}, ProjectsNotFound: []string{}}
			for _, n := range in.Names {
				if p, ok := s.projects.Get(s.onProject(c, "", n).Resource); ok {
					out.Projects = append(out.Projects, &p.Project)
				} else {
					out.ProjectsNotFound = append(out.ProjectsNotFound, n)
				}
			}
			return out, nil
		}}.Operation(),
		wire.Op[ListProjectsInput, ListProjectsOutput]{Name: "ListProjects", Do: s.listProjects}.Operation(),
	}
}

// mayChange is the authorisation to make or change a project, and where a role is
// set, to hand it over.
func (s *service) mayChange(c *cloud.Call, action, name, role string, in any, tags []*Tag) ([]cloud.Check, error) {
	check := s.onProject(c, action, name)
	data, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	var members map[string]any
	if err := json.Unmarshal(data, &members); err != nil {
		return nil, err
	}
	delete(members, "tags")
	if err := requestKeys(check.Context, members, tags); err != nil {
		return nil, err
	}
	out := []cloud.Check{check}
	if role != "" {
		out = append(out, passRole(role))
	}
	return out, nil
}

func (s *service) createProject(c *cloud.Call, in *CreateProjectInput) (*CreateProjectOutput, error) {
	now := wire.At(c.Time)
	p := Project{
		Name: in.Name, Arn: projectARN(c.Account, c.Region, in.Name), Description: in.Description,
		Source: in.Source, SecondarySources: in.SecondarySources, SourceVersion: in.SourceVersion, SecondarySourceVersions: in.SecondarySourceVersions,
		Artifacts: in.Artifacts, SecondaryArtifacts: in.SecondaryArtifacts, Cache: in.Cache, Environment: in.Environment, ServiceRole: in.ServiceRole,
		TimeoutInMinutes: in.TimeoutInMinutes, QueuedTimeoutInMinutes: in.QueuedTimeoutInMinutes, EncryptionKey: in.EncryptionKey, Tags: in.Tags,
		VpcConfig: in.VpcConfig, LogsConfig: in.LogsConfig, FileSystemLocations: in.FileSystemLocations, BuildBatchConfig: in.BuildBatchConfig,
		ConcurrentBuildLimit: in.ConcurrentBuildLimit, AutoRetryLimit: in.AutoRetryLimit, Created: now, LastModified: now, ProjectVisibility: "PRIVATE",
	}
	if p.TimeoutInMinutes == nil {
		p.TimeoutInMinutes = ptr(int64(60))
	}
	if p.QueuedTimeoutInMinutes == nil {
		p.QueuedTimeoutInMinutes = ptr(int64(480))
	}
	if p.EncryptionKey == "" {
		p.EncryptionKey = "arn:aws:kms:" + c.Region + ":" + c.Account + ":alias/aws/s3"
	}
	if p.Cache == nil {
		p.Cache = &ProjectCache{Type: "NO_CACHE"}
	}
	if value(in.BadgeEnabled) {
		return nil, cloud.NotImplemented("build badges")
	}
	if err := s.checkProject(c, &p, true); err != nil {
		return nil, err
	}
	row, err := s.projects.Update(p.Arn, func(_ project, taken bool) (project, error) {
		if taken {
			return project{}, cloud.Errorf("ResourceAlreadyExistsException", "Project already exists: %s", p.Arn)
		}
		return project{Account: c.Account, Region: c.Region, Project: p}, nil
	})
	if err != nil {
		return nil, err
	}
	return &CreateProjectOutput{Project: &row.Project}, nil
}

func (s *service) updateProject(c *cloud.Call, in *UpdateProjectInput) (*UpdateProjectOutput, error) {
	at := s.onProject(c, "", in.Name).Resource
	if value(in.BadgeEnabled) {
		return nil, cloud.NotImplemented("build badges")
	}
	if in.ServiceRole != "" {
		if err := s.checkRole(c, at, in.ServiceRole); err != nil {
			return nil, err
		}
	}
	row, err := s.projects.Update(at, func(row project, ok bool) (project, error) {
		if !ok {
			return row, notFound("Project cannot be found: %s", at)
		}
		p := &row.Project
		replace(&p.Source, in.Source, in.Source != nil)
		replace(&p.SecondarySources, in.SecondarySources, in.SecondarySources != nil)
		replace(&p.SecondarySourceVersions, in.SecondarySourceVersions, in.SecondarySourceVersions != nil)
		replace(&p.Artifacts, in.Artifacts, in.Artifacts != nil)
		replace(&p.SecondaryArtifacts, in.SecondaryArtifacts, in.SecondaryArtifacts != nil)
		replace(&p.Cache, in.Cache, in.Cache != nil)
		replace(&p.Environment, in.Environment, in.Environment != nil)
		replace(&p.TimeoutInMinutes, in.TimeoutInMinutes, in.TimeoutInMinutes != nil)
		replace(&p.QueuedTimeoutInMinutes, in.QueuedTimeoutInMinutes, in.QueuedTimeoutInMinutes != nil)
		replace(&p.Tags, in.Tags, in.Tags != nil)
		replace(&p.VpcConfig, in.VpcConfig, in.VpcConfig != nil)
		replace(&p.LogsConfig, in.LogsConfig, in.LogsConfig != nil)
		replace(&p.FileSystemLocations, in.FileSystemLocations, in.FileSystemLocations != nil)
		replace(&p.BuildBatchConfig, in.BuildBatchConfig, in.BuildBatchConfig != nil)
		replace(&p.ConcurrentBuildLimit, in.ConcurrentBuildLimit, in.ConcurrentBuildLimit != nil)
		replace(&p.AutoRetryLimit, in.AutoRetryLimit, in.AutoRetryLimit != nil)
		replace(&p.Description, in.Description, in.Description != "")
		replace(&p.SourceVersion, in.SourceVersion, in.SourceVersion != "")
		replace(&p.ServiceRole, in.ServiceRole, in.ServiceRole != "")
		replace(&p.EncryptionKey, in.EncryptionKey, in.EncryptionKey != "")
		p.LastModified = wire.At(c.Time)
		return row, s.checkProject(c, p, false)
	})
	if err != nil {
		return nil, err
	}
	return &UpdateProjectOutput{Project: &row.Project}, nil
}

func replace[T any](dst *T, v T, there bool) {
	if there {
		*dst = v
	}
}

// checkProject holds a project to what CodeBuild checks before it stores one.
func (s *service) checkProject(c *cloud.Call, p *Project, role bool) error {
	if p.Source == nil || p.Artifacts == nil || p.Environment == nil {
		return invalid("Invalid project: source, artifacts and environment are required")
	}
	if p.Source.Type == "NO_SOURCE" && p.Source.Buildspec == "" {
		return invalid("Invalid project source: buildspec is required when the source type is NO_SOURCE")
	}
	if p.Source.Location == "" && p.Source.Type != "NO_SOURCE" && p.Source.Type != "CODEPIPELINE" {
		return invalid("Invalid project source: location must be specified for %s sources", p.Source.Type)
	}
	if (p.Source.Type == "CODEPIPELINE") != (p.Artifacts.Type == "CODEPIPELINE") {
		return invalid("Invalid artifacts: artifact type %s should not be used with source type %s", p.Artifacts.Type, p.Source.Type)
	}
	if p.Artifacts.Type == "S3" && p.Artifacts.Location == "" {
		return invalid("Invalid artifacts: location must be specified for S3 artifacts")
	}
	seen := map[string]bool{}
	for _, src := range p.SecondarySources {
		if src.SourceIdentifier == "" || seen["s/"+src.SourceIdentifier] {
			return invalid("Invalid secondary source: each needs a source identifier of its own")
		}
		seen["s/"+src.SourceIdentifier] = true
	}
	for _, a := range p.SecondaryArtifacts {
		if a.ArtifactIdentifier == "" || seen["a/"+a.ArtifactIdentifier] {
			return invalid("Invalid secondary artifact: each needs an artifact identifier of its own")
		}
		seen["a/"+a.ArtifactIdentifier] = true
	}
	if !role {
		return nil
	}
	return s.checkRole(c, p.Arn, p.ServiceRole)
}

// checkRole has the service assume a role, as CodeBuild does before it takes it
// for a project.
func (s *service) checkRole(c *cloud.Call, projectARN, role string) error {
	if !strings.HasPrefix(role, "arn:aws:iam::"+c.Account+":role/") {
		return invalid("Invalid service role: %s", role)
	}
	if _, err := s.assume(c.Context, c.Account, c.Region, projectARN, role, "CodeBuildValidation"); err != nil {
		return invalid("CodeBuild is not authorized to perform: sts:AssumeRole on service role. Please verify that: 1) The provided service role exists, 2) The role name is case-sensitive and matches exactly, and 3) The role has the necessary trust policy configured.")
	}
	return nil
}

func (s *service) listProjects(c *cloud.Call, in *ListProjectsInput) (*ListProjectsOutput, error) {
	rows := s.projects.Select(func(_ string, p project) bool { return p.Account == c.Account && p.Region == c.Region })
	slices.SortStableFunc(rows, func(a, b project) int {
		switch in.SortBy {
		case "CREATED_TIME":
			return a.Project.Created.Compare(b.Project.Created.Time)
		case "LAST_MODIFIED_TIME":
			return a.Project.LastModified.Compare(b.Project.LastModified.Time)
		}
		return strings.Compare(a.Project.Name, b.Project.Name)
	})
	if in.SortOrder == "DESCENDING" {
		slices.Reverse(rows)
	}
	names := make([]string, len(rows))
	for i, p := range rows {
		names[i] = p.Project.Name
	}
	out := &ListProjectsOutput{}
	var err error
	out.Projects, out.NextToken, err = page(names, in.NextToken)
	return out, err
}
