package estate

import (
	"strings"

	"github.com/twokey/twokey/iam/policy"
)

// index answers the lookups of an Estate. It is built once, on first use.
type index struct {
	byARN     map[string]Resource
	roles     map[string][]*Role // by account and name: more than one where two stacks declare one name
	users     map[string][]*User
	groups    map[string][]*Group
	accounts  map[string]*Account // by id and by name
	people    map[string]*Person
	buckets   map[string][]*Bucket
	aliases   map[string]*Alias
	projects  map[string]*Project
	functions map[string]*Function
	repos     map[string]*Repository
	stacks    map[string]*StackResource
	pipelines map[string]*Pipeline
	topics    map[string]*Topic
	policies  map[string]*Policy // of resources kept as Simple, by ARN
}

func (e *Estate) index() *index {
	e.indexOnce.Do(func() { e.indexed = newIndex(e) })
	return e.indexed
}

func newIndex(e *Estate) *index {
	ix := &index{
		byARN: map[string]Resource{}, roles: map[string][]*Role{}, users: map[string][]*User{}, groups: map[string][]*Group{},
		accounts: map[string]*Account{}, people: map[string]*Person{}, buckets: map[string][]*Bucket{}, aliases: map[string]*Alias{},
		projects: map[string]*Project{}, functions: map[string]*Function{}, repos: map[string]*Repository{},
		stacks: map[string]*StackResource{}, pipelines: map[string]*Pipeline{}, topics: map[string]*Topic{}, policies: map[string]*Policy{},
	}
	for r := range e.All() {
		if arn := r.Base().ARN; arn != "" && ix.byARN[arn] == nil {
			ix.byARN[arn] = r
		}
	}
	for _, a := range e.Accounts {
		ix.accounts[a.ID] = a
	}
	for _, a := range e.Accounts {
		if a.Name != "" && ix.accounts[a.Name] == nil {
			ix.accounts[a.Name] = a
		}
	}
	for _, p := range e.People {
		ix.people[p.Name] = p
	}
	for _, r := range e.Roles {
		ix.roles[within(r.Account, r.Name)] = append(ix.roles[within(r.Account, r.Name)], r)
	}
	for _, u := range e.Users {
		ix.users[within(u.Account, u.Name)] = append(ix.users[within(u.Account, u.Name)], u)
	}
	for _, g := range e.Groups {
		ix.groups[g.ARN] = append(ix.groups[g.ARN], g)
	}
	for _, b := range e.Buckets {
		ix.buckets[b.Name] = append(ix.buckets[b.Name], b)
	}
	for _, a := range e.Aliases {
		put(ix.aliases, a.ARN, a)
	}
	for _, p := range e.Projects {
		put(ix.projects, located(p.Account, p.Region, p.Name), p)
	}
	for _, f := range e.Functions {
		put(ix.functions, located(f.Account, f.Region, f.Name), f)
	}
	for _, r := range e.Repositories {
		put(ix.repos, located(r.Account, r.Region, r.Name), r)
	}
	for _, s := range e.Stacks {
		put(ix.stacks, located(s.Account, s.Region, s.Name), s)
	}
	for _, p := range e.Pipelines {
		put(ix.pipelines, located(p.Account, p.Region, p.Name), p)
	}
	for _, t := range e.Topics {
		put(ix.topics, t.ARN, t)
	}
	for kind, list := range e.Others {
		for _, s := range list {
			if s.Policy == nil {
				continue
			}
			arn := s.ARN
			if kind == "AWS::SecretsManager::ResourcePolicy" {
				arn = textOf(at(s.Props, "SecretId"))
			}
			if arn != "" {
				ix.policies[arn] = contend(ix.policies[arn], s.Policy, Show(arn))
			}
		}
	}
	return ix
}

func put[T any](m map[string]*T, key string, v *T) {
	if m[key] == nil {
		m[key] = v
	}
}

// ByARN returns the resource with exactly that ARN, or nil.
func (e *Estate) ByARN(arn string) Resource { return e.index().byARN[arn] }

// Account returns an account by id or by name, or nil.
func (e *Estate) Account(idOrName string) *Account { return e.index().accounts[idOrName] }

// Person returns a person of the estate file by name, or nil.
func (e *Estate) Person(name string) *Person { return e.index().people[name] }

// Role returns the role that an ARN names, or nil: the ARN of the role, with or
// without its path, or of a session of it.
func (e *Estate) Role(arn string) *Role {
	roles := e.rolesNamed(arn)
	if len(roles) == 0 {
		return nil
	}
	return roles[0]
}

// rolesNamed returns every declaration of the role that an ARN names.
func (e *Estate) rolesNamed(arn string) []*Role {
	f, ok := splitARN(arn)
	if !ok {
		return nil
	}
	switch {
	case f[2] == "iam" && strings.HasPrefix(f[5], "role/"):
		return e.index().roles[within(f[4], lastSegment(f[5]))]
	case f[2] == "sts" && strings.HasPrefix(f[5], "assumed-role/"):
		name, _, _ := strings.Cut(strings.TrimPrefix(f[5], "assumed-role/"), "/")
		return e.index().roles[within(f[4], name)]
	}
	return nil
}

// User returns the user that an ARN names, with or without its path, or nil.
func (e *Estate) User(arn string) *User {
	users := e.usersNamed(arn)
	if len(users) == 0 {
		return nil
	}
	return users[0]
}

func (e *Estate) usersNamed(arn string) []*User {
	f, ok := splitARN(arn)
	if !ok || f[2] != "iam" || !strings.HasPrefix(f[5], "user/") {
		return nil
	}
	return e.index().users[within(f[4], lastSegment(f[5]))]
}

// Group returns the group with that ARN, or nil.
func (e *Estate) Group(arn string) *Group {
	if groups := e.index().groups[arn]; len(groups) > 0 {
		return groups[0]
	}
	return nil
}

// Bucket returns a bucket by name, by ARN, or by the ARN of one of its objects,
// or nil.
func (e *Estate) Bucket(nameOrARN string) *Bucket {
	if f, ok := splitARN(nameOrARN); ok {
		nameOrARN, _, _ = strings.Cut(f[5], "/")
	}
	if buckets := e.index().buckets[nameOrARN]; len(buckets) > 0 {
		return buckets[0]
	}
	return nil
}

// ResolveKey resolves what names a key, its id, its ARN, an alias or the ARN of
// an alias, as somebody in account and region means it. It returns the key, nil
// where the estate does not have it, and the key's ARN, empty where an alias is
// not in the estate or the text has holes.
func (e *Estate) ResolveKey(text Text, account, region string) (*Key, string) {
	arn := keyARN(text, account, region)
	if f, ok := splitARN(arn); ok && strings.HasPrefix(f[5], "alias/") {
		alias := e.index().aliases[arn]
		if alias == nil {
			return nil, ""
		}
		arn = alias.TargetKey
	}
	if k, ok := e.index().byARN[arn].(*Key); ok {
		return k, k.ARN
	}
	if arn == "" || !Known(arn) || !strings.HasPrefix(arn, "arn:") {
		return nil, ""
	}
	return nil, arn
}

// Pipeline returns a pipeline by name, or nil. An empty account or region
// matches any.
func (e *Estate) Pipeline(name, account, region string) *Pipeline {
	return lookup(e.index().pipelines, e.Pipelines, name, account, region, func(p *Pipeline) Text { return p.Name })
}

// Project returns a build project by name, or nil; see Pipeline.
func (e *Estate) Project(name, account, region string) *Project {
	return lookup(e.index().projects, e.Projects, lastSegment(name), account, region, func(p *Project) Text { return p.Name })
}

// Repository returns a CodeCommit repository by name, or nil; see Pipeline.
func (e *Estate) Repository(name, account, region string) *Repository {
	return lookup(e.index().repos, e.Repositories, name, account, region, func(r *Repository) Text { return r.Name })
}

// Stack returns a stack by name or ARN, or nil; see Pipeline.
func (e *Estate) Stack(name, account, region string) *StackResource {
	if f, ok := splitARN(name); ok {
		account, region = f[4], f[3]
	}
	return lookup(e.index().stacks, e.Stacks, stackName(name), account, region, func(s *StackResource) Text { return s.Name })
}

// Function returns a function by name, ARN or partial ARN, with or without a
// version or alias, or nil; see Pipeline.
func (e *Estate) Function(name, account, region string) *Function {
	account, region, name = functionName(name, account, region)
	return lookup(e.index().functions, e.Functions, name, account, region, func(f *Function) Text { return f.Name })
}

// Topic returns the topic with that ARN, or nil.
func (e *Estate) Topic(arn string) *Topic { return e.index().topics[arn] }

// Alias returns the KMS alias with that ARN, or nil.
func (e *Estate) Alias(arn string) *Alias { return e.index().aliases[arn] }

// lookup finds a resource by name in an account and region, or in any where
// those are empty. A name with holes names nothing but itself.
func lookup[T any, R interface {
	*T
	Resource
}](m map[string]*T, all []*T, name, account, region string, nameOf func(*T) Text) *T {
	if account != "" && region != "" {
		return m[located(account, region, name)]
	}
	for _, r := range all {
		meta := R(r).Base()
		if nameOf(r) == name && (account == "" || meta.Account == account) && (region == "" || meta.Region == region) {
			return r
		}
	}
	return nil
}

// Owner returns the resource that an ARN names or lies in: the bucket of an
// object, the function of a version, the pipeline of a stage or action, the
// stack whatever its id, the role of a session, the key of an alias. It returns
// nil for what the estate does not have.
func (e *Estate) Owner(arn string) Resource {
	if r := e.index().byARN[arn]; r != nil {
		if a, ok := r.(*Alias); ok {
			if k, ok := e.index().byARN[a.TargetKey].(*Key); ok {
				return k
			}
		}
		return r
	}
	f, ok := splitARN(arn)
	if !ok {
		return nil
	}
	first, _, _ := strings.Cut(f[5], "/")
	switch f[2] {
	case "s3":
		return resource(e.Bucket(first))
	case "iam", "sts":
		if r := e.Role(arn); r != nil {
			return r
		}
		return resource(e.User(arn))
	case "lambda":
		if strings.HasPrefix(f[5], "function:") {
			return resource(e.Function(arn, "", ""))
		}
	case "codepipeline":
		return resource(e.Pipeline(first, f[4], f[3]))
	case "cloudformation":
		if first == "stack" {
			return resource(e.Stack(arn, "", ""))
		}
	case "kms":
		k, _ := e.ResolveKey(arn, f[4], f[3])
		return resource(k)
	}
	return nil
}

// resource returns r, or an untyped nil.
func resource[T any, R interface {
	*T
	Resource
}](r R) Resource {
	if r == nil {
		return nil
	}
	return r
}

// ResourceAccount returns the account that owns what an ARN names: the account
// in the ARN, or for a bucket or object that of the bucket. It is empty where
// the estate does not say.
func (e *Estate) ResourceAccount(arn string) string {
	if account := AccountOf(arn); account != "" && account != "aws" {
		if strings.Contains(account, policy.Hole) {
			return ""
		}
		return account
	}
	if owner := e.Owner(arn); owner != nil {
		return owner.Base().Account
	}
	return ""
}
