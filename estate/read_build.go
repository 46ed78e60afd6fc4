package estate

import (
	"regexp"
	"strconv"
	"strings"
)

func itoa(i int) string { return strconv.Itoa(i) }

func (b *Builder) readProject(d *Declaration) {
	p := &Project{Name: firstText(d.text("Name"), d.Ref, d.LogicalID)}
	p.Meta = d.meta(d.arn("codebuild", d.Region, "project/"+p.Name))
	p.ServiceRole = d.roleARN(d.text("ServiceRole"))
	p.RolePos = d.pos("ServiceRole")
	p.EncryptionKey = d.text("EncryptionKey")
	p.SourceType = d.text("Source", "Type")
	p.BuildSpec = d.text("Source", "BuildSpec")
	p.BuildSpecPos = d.pos("Source", "BuildSpec")
	p.BuildSpecInline = IsInlineBuildSpec(p.BuildSpec)
	p.Privileged = isTrue(d.get("Environment", "PrivilegedMode"))
	for _, n := range d.get("Environment", "EnvironmentVariables").Elements() {
		p.Environment = append(p.Environment, EnvVar{
			Name: textOf(at(n, "Name")), Value: textOf(at(n, "Value")), Type: firstText(textOf(at(n, "Type")), "PLAINTEXT"),
			Pos: posOf(n, d.Pos),
		})
	}
	b.projects[located(d.Account, d.Region, p.Name)] = p
	b.e.Projects = append(b.e.Projects, p)
}

var versionKey = regexp.MustCompile(`^\s*(#[^\n]*\n\s*)*["']?version["']?\s*:`)

// IsInlineBuildSpec reports whether the BuildSpec of a project is the
// specification itself, in YAML or JSON, and not the path of a file.
func IsInlineBuildSpec(text Text) bool {
	return strings.Contains(text, "\n") || strings.HasPrefix(strings.TrimSpace(text), "{") || versionKey.MatchString(text)
}

func (b *Builder) readRepository(d *Declaration) {
	r := &Repository{Name: firstText(d.text("RepositoryName"), afterColon(d.ARN), d.LogicalID)}
	r.Meta = d.meta(d.arn("codecommit", d.Region, r.Name))
	b.repos[located(d.Account, d.Region, r.Name)] = r
	b.e.Repositories = append(b.e.Repositories, r)
}

func (b *Builder) readConnection(d *Declaration) {
	c := &Connection{Name: firstText(d.text("ConnectionName"), d.LogicalID), Provider: d.text("ProviderType")}
	arn := d.Ref
	if !strings.HasPrefix(arn, "arn:") {
		service := "codeconnections"
		if d.Type == "AWS::CodeStarConnections::Connection" {
			service = "codestar-connections"
		}
		arn = d.arn(service, d.Region, "connection/"+c.Name)
	}
	c.Meta = d.meta(arn)
	b.e.Connections = append(b.e.Connections, c)
}
