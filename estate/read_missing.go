package estate

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/iam/policy"
)

// readMissing adds what the estate uses and nothing in it defines: roles that
// something acts as, and what pipelines run, read and write.
func (b *Builder) readMissing() {
	for _, p := range b.e.Pipelines {
		b.actor(p.RoleARN, "pipeline "+Show(p.Name), p.RolePos)
		for i := range p.Stages {
			for j := range p.Stages[i].Actions {
				b.actionUses(p, &p.Stages[i], &p.Stages[i].Actions[j])
			}
		}
		for _, s := range p.Stores {
			b.storeUses(p, &s)
		}
	}
	for _, s := range slices.Clone(b.e.Stacks) {
		b.actor(s.RoleARN, "stack "+Show(s.Name), s.RolePos)
	}
	for _, p := range b.e.Projects {
		b.actor(p.ServiceRole, "build project "+Show(p.Name), p.RolePos)
	}
	for _, f := range b.e.Functions {
		b.actor(f.RoleARN, "function "+Show(f.Name), f.RolePos)
	}
	for _, r := range b.e.Rules {
		for _, t := range r.Targets {
			b.actor(t.RoleARN, "rule "+Show(r.Name), t.Pos)
		}
	}
	for _, p := range b.e.InstanceProfiles {
		for _, r := range p.Roles {
			b.actor(r, "instance profile "+Show(p.Name), p.Pos)
		}
	}
}

// actor makes sure that a role that something acts as is in the estate.
func (b *Builder) actor(arn Text, who string, pos policy.Pos) {
	if arn == "" {
		return
	}
	f, ok := splitARN(arn)
	if !ok || !Known(arn) {
		why := "its ARN could not be resolved"
		if Known(arn) {
			why = "it is not the ARN of a role"
		}
		if b.roleByText(arn) != nil {
			return
		}
		b.Unknown(Unknown{What: "role " + Show(arn) + ", which " + who + " acts as", Why: why, Pos: pos})
		return
	}
	if f[2] != "iam" || !strings.HasPrefix(f[5], "role/") {
		b.Problem(Problem{Message: who + " acts as " + arn + ", which is not the ARN of a role", Pos: pos})
		return
	}
	name := lastSegment(f[5])
	b.countDigits(arn, pos)
	if b.roles[within(f[4], name)] != nil {
		return
	}
	r := &Role{Name: name, Path: strings.TrimSuffix(strings.TrimPrefix(f[5], "role"), name), Missing: true}
	r.Meta = Meta{ARN: arn, Type: "AWS::IAM::Role", Account: f[4], Pos: pos}
	why := "nothing in the estate defines role " + arn
	r.TrustUnknown = why
	r.Policies = []Policy{{Name: name, Pos: pos, Unknown: why}}
	r.Reserved = strings.HasPrefix(r.Path, "/aws-reserved/")
	r.ServiceLinked = strings.HasPrefix(r.Path, "/aws-service-role/")
	b.roles[within(f[4], name)] = r
	b.e.Roles = append(b.e.Roles, r)
	b.Unknown(Unknown{What: "role " + arn + ", which " + who + " acts as", Why: "nothing in the estate defines it", Pos: pos})
}

// roleByText finds a role whose ARN is the same text, holes and all: two uses of
// one unresolved name.
func (b *Builder) roleByText(arn Text) *Role {
	for _, r := range b.e.Roles {
		if r.ARN == arn {
			return r
		}
	}
	return nil
}

func (b *Builder) actionUses(p *Pipeline, s *Stage, a *Action) {
	by := Show(p.Name) + "/" + Show(s.Name) + "/" + Show(a.Name)
	b.actor(a.RoleARN, by, a.RolePos)
	account, region := p.ActionAccount(a), p.ActionRegion(a)
	meta := Meta{Account: account, Region: region, Pos: a.Pos}
	lost := func(what, name Text) bool {
		if name != "" && Known(name) && Known(account) && Known(region) {
			return false
		}
		b.Unknown(Unknown{What: what + " " + Show(name) + " of " + by, Why: "its name, account or region could not be resolved", Pos: a.Pos})
		return true
	}
	switch a.Category + "/" + a.Provider {
	case "Source/CodeCommit":
		name := a.ConfigText("RepositoryName")
		if !lost("repository", name) && b.repos[located(account, region, name)] == nil {
			meta.ARN, meta.Type = "arn:"+PartitionOf(region)+":codecommit:"+region+":"+account+":"+name, "AWS::CodeCommit::Repository"
			r := &Repository{Meta: meta, Name: name, Missing: true}
			b.repos[located(account, region, name)] = r
			b.e.Repositories = append(b.e.Repositories, r)
		}
	case "Source/S3":
		name := a.ConfigText("S3Bucket")
		if !lost("source bucket", name) && b.buckets[name] == nil {
			b.undefinedBucket(name, account, region, by, a.Pos)
		}
	case "Build/CodeBuild", "Test/CodeBuild":
		name := lastSegment(a.ConfigText("ProjectName"))
		if !lost("build project", name) && b.projects[located(account, region, name)] == nil {
			meta.ARN, meta.Type = "arn:"+PartitionOf(region)+":codebuild:"+region+":"+account+":project/"+name, "AWS::CodeBuild::Project"
			x := &Project{Meta: meta, Name: name, Missing: true}
			b.projects[located(account, region, name)] = x
			b.e.Projects = append(b.e.Projects, x)
			b.Unknown(Unknown{What: "build project " + name + ", which " + by + " runs", Why: "nothing in the estate defines it", Pos: a.Pos})
		}
	case "Invoke/Lambda", "Deploy/Lambda":
		inAccount, inRegion, name := functionName(a.ConfigText("FunctionName"), account, region)
		if !lost("function", name) && b.functions[located(inAccount, inRegion, name)] == nil {
			meta.Account, meta.Region = inAccount, inRegion
			meta.ARN, meta.Type = "arn:"+PartitionOf(inRegion)+":lambda:"+inRegion+":"+inAccount+":function:"+name, "AWS::Lambda::Function"
			b.addFunction(&Function{Meta: meta, Name: name, Missing: true})
			b.Unknown(Unknown{What: "function " + name + ", which " + by + " runs", Why: "nothing in the estate defines it", Pos: a.Pos})
		}
	}
}

func (b *Builder) storeUses(p *Pipeline, s *ArtifactStore) {
	who := "the artifact store of pipeline " + Show(p.Name)
	switch {
	case !Known(s.Bucket) || s.Bucket == "":
		if b.buckets[s.Bucket] == nil {
			b.Unknown(Unknown{What: "the bucket of " + who, Why: "its name could not be resolved", Pos: s.Pos})
		}
	case b.buckets[s.Bucket] == nil:
		b.undefinedBucket(s.Bucket, p.Account, s.Region, who, s.Pos)
	}
	if s.KeyID == "" {
		return
	}
	arn := keyARN(s.KeyID, p.Account, s.Region)
	b.countDigits(arn, s.KeyPos)
	if f, ok := splitARN(arn); ok && strings.HasPrefix(f[5], "alias/") {
		if a := b.aliases[arn]; a != nil {
			return
		}
		b.Unknown(Unknown{What: "key " + Show(arn) + " of " + who, Why: "nothing in the estate defines the alias", Pos: s.KeyPos})
		return
	}
	if !Known(arn) {
		if b.keys[arn] == nil {
			b.Unknown(Unknown{What: "the key of " + who, Why: "it could not be resolved", Pos: s.KeyPos})
		}
		return
	}
	if b.keys[arn] != nil {
		return
	}
	why := "nothing in the estate defines it"
	k := &Key{KeyID: lastSegment(arn), Missing: true, Policy: &Policy{Name: "key policy of " + arn, Pos: s.KeyPos, Unknown: why}}
	k.Meta = Meta{ARN: arn, Type: "AWS::KMS::Key", Account: AccountOf(arn), Region: s.Region, Pos: s.KeyPos}
	b.keys[arn] = k
	b.e.Keys = append(b.e.Keys, k)
	b.Unknown(Unknown{What: "key " + arn + " of " + who, Why: why, Pos: s.KeyPos})
}

// undefinedBucket adds a bucket that is used and nowhere defined. Its policy is
// unknown, unless the estate holds one for it.
func (b *Builder) undefinedBucket(name Text, account, region, who string, pos policy.Pos) {
	why := "nothing in the estate defines it"
	var p *Policy
	if !slices.ContainsFunc(b.targeted, func(t targetedPolicy) bool { return t.kind == "bucket" && t.name == name }) {
		p = &Policy{Name: "bucket policy of " + name, Pos: pos, Unknown: why}
	}
	b.missingBucket(name, account, region, pos, p)
	b.Unknown(Unknown{What: "bucket " + name + ", which " + who + " uses", Why: why, Pos: pos})
}

// keyARN turns what names a key or an alias, in an account and region, into the
// ARN of that key or alias.
func keyARN(text Text, account, region string) Text {
	if text == "" || text == policy.Hole || strings.HasPrefix(text, "arn:") {
		return text
	}
	prefix := "arn:" + PartitionOf(region) + ":kms:" + region + ":" + account + ":"
	if strings.HasPrefix(text, "alias/") {
		return prefix + text
	}
	return prefix + "key/" + text
}
