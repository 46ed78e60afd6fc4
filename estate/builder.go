package estate

import (
	"cmp"
	"slices"
	"strings"

	"github.com/twokey/twokey/iam/policy"
)

// Builder turns resources in CloudFormation's shape, from any number of stacks
// and accounts and in any order, into an Estate. It joins what is written apart:
// policies to their principals, bucket policies to their buckets, permissions to
// their functions, aliases to their keys, pipelines to the stacks they deploy.
//
// What it cannot resolve it keeps as unknown, with the reason; it never takes
// something unknown for something absent. A Builder is for one goroutine and one
// Build.
type Builder struct {
	e *Estate

	attachments   []attachment
	targeted      []targetedPolicy
	memberships   []membership
	permissions   []*Declaration
	subscriptions []*Declaration
	accessKeys    []*Declaration
	sets          map[string]*PermissionSet
	organization  organization

	// Those whose names are not wholly known.
	vagueUsers  []*User
	vagueGroups []*Group
	vagueRoles  []*Role

	users     map[string]*User  // by account and name
	groups    map[string]*Group // by account and name
	roles     map[string]*Role  // by account and name
	managed   map[string]*ManagedPolicy
	buckets   map[string]*Bucket // by name
	keys      map[string]*Key    // by ARN
	aliases   map[string]*Alias  // by ARN
	projects  map[string]*Project
	functions map[string]*Function
	repos     map[string]*Repository
	topics    map[string]*Topic
	queues    map[string]*Queue
	stacks    map[string]*StackResource
}

// NewBuilder returns a Builder of an empty estate.
func NewBuilder() *Builder {
	return &Builder{
		e:         &Estate{Others: map[string][]*Simple{}, WantPeople: 2},
		sets:      map[string]*PermissionSet{},
		users:     map[string]*User{},
		groups:    map[string]*Group{},
		roles:     map[string]*Role{},
		managed:   map[string]*ManagedPolicy{},
		buckets:   map[string]*Bucket{},
		keys:      map[string]*Key{},
		aliases:   map[string]*Alias{},
		projects:  map[string]*Project{},
		functions: map[string]*Function{},
		repos:     map[string]*Repository{},
		topics:    map[string]*Topic{},
		queues:    map[string]*Queue{},
		stacks:    map[string]*StackResource{},
	}
}

// Account adds an account. Accounts keep the order in which they were added; an
// id that was added before is added to: a name, and what is true of it.
func (b *Builder) Account(a Account) {
	for _, have := range b.e.Accounts {
		if have.ID != a.ID {
			continue
		}
		have.Name = firstText(have.Name, a.Name)
		have.Production = have.Production || a.Production
		have.Management = have.Management || a.Management
		have.FromTemplates = have.FromTemplates || a.FromTemplates
		have.StandIn = have.StandIn || a.StandIn
		have.OrgID = firstText(have.OrgID, a.OrgID)
		have.OrgPath = firstText(have.OrgPath, a.OrgPath)
		if a.SCPs != nil {
			have.SCPs = a.SCPs
		}
		if a.RCPs != nil {
			have.RCPs = a.RCPs
		}
		return
	}
	b.e.Accounts = append(b.e.Accounts, &a)
}

// Person adds a person.
func (b *Builder) Person(p Person) { b.e.People = append(b.e.People, &p) }

// BreakGlass adds patterns of principals left out of the count.
func (b *Builder) BreakGlass(patterns ...string) {
	b.e.BreakGlass = append(b.e.BreakGlass, patterns...)
}

// Gate adds a rule that governs gates.
func (b *Builder) Gate(g GateRule) { b.e.Gates = append(b.e.Gates, g) }

// WantPeople sets how many people production shall take.
func (b *Builder) WantPeople(n int) { b.e.WantPeople = n }

// Unknown adds something that could not be resolved.
func (b *Builder) Unknown(u Unknown) { b.e.Unknowns = append(b.e.Unknowns, u) }

// Problem adds something wrong with an input.
func (b *Builder) Problem(p Problem) { b.e.Problems = append(b.e.Problems, p) }

// Assume adds something taken for granted, a sentence without a full stop.
func (b *Builder) Assume(sentence string) {
	if !slices.Contains(b.e.Assumptions, sentence) {
		b.e.Assumptions = append(b.e.Assumptions, sentence)
	}
}

// Source adds an input that was read.
func (b *Builder) Source(s Source) { b.e.Read = append(b.e.Read, s) }

// PassedOver adds a file that is clearly not for Twokey.
func (b *Builder) PassedOver(file string) { b.e.PassedOver = append(b.e.PassedOver, file) }

// Add adds a resource. Its properties may have any shape; what does not fit is
// reported in the estate.
func (b *Builder) Add(d Declaration) { b.read(&d) }

// Stack adds a stack of the estate: one whose template was read. ARN and Type
// are filled in where they are empty.
func (b *Builder) Stack(s StackResource) {
	if s.Type == "" {
		s.Type = "AWS::CloudFormation::Stack"
	}
	b.addStack(&s)
}

// Build joins everything that was added. The Builder must not be used again.
func (b *Builder) Build() *Estate {
	b.readReserved()
	b.readDeployments()
	b.readMissing()
	b.noteVague()
	b.joinMemberships()
	b.joinAttachments()
	b.joinTargeted()
	b.joinPermissions()
	b.joinSubscriptions()
	b.joinAliases()
	b.joinOrganization()
	b.readMentions()
	b.sort()
	return b.e
}

// read dispatches a declaration by its type.
func (b *Builder) read(d *Declaration) {
	if d.Props == nil {
		d.Props = &policy.Node{Kind: policy.Map, Pos: d.Pos}
	}
	if d.Props.IsUnknown() {
		b.Unknown(Unknown{What: "the properties of " + d.title(), Why: reasonOf(d.Props), Pos: d.pos()})
	}
	if read, ok := readers[d.Type]; ok {
		read(b, d)
		return
	}
	if simpleTypes[d.Type] || strings.HasPrefix(d.Type, "Custom::") {
		b.readSimple(d)
		return
	}
	m := d.meta("")
	b.e.Unmodelled = append(b.e.Unmodelled, m)
}

// readers are the types with fields of their own.
var readers map[string]func(*Builder, *Declaration)

func init() {
	readers = map[string]func(*Builder, *Declaration){
		"AWS::IAM::User":                (*Builder).readUser,
		"AWS::IAM::Group":               (*Builder).readGroup,
		"AWS::IAM::Role":                (*Builder).readRole,
		"AWS::IAM::ServiceLinkedRole":   (*Builder).readServiceLinkedRole,
		"AWS::IAM::Policy":              (*Builder).readAttachedPolicy,
		"AWS::IAM::RolePolicy":          (*Builder).readAttachedPolicy,
		"AWS::IAM::UserPolicy":          (*Builder).readAttachedPolicy,
		"AWS::IAM::GroupPolicy":         (*Builder).readAttachedPolicy,
		"AWS::IAM::ManagedPolicy":       (*Builder).readManagedPolicy,
		"AWS::IAM::UserToGroupAddition": (*Builder).readMembership,
		"AWS::IAM::AccessKey":           func(b *Builder, d *Declaration) { b.accessKeys = append(b.accessKeys, d); b.readSimple(d) },
		"AWS::IAM::InstanceProfile":     (*Builder).readInstanceProfile,
		"AWS::SSO::PermissionSet":       (*Builder).readPermissionSet,
		"AWS::SSO::Assignment":          (*Builder).readAssignment,

		"AWS::Organizations::Organization":       (*Builder).readOrganization,
		"AWS::Organizations::OrganizationalUnit": (*Builder).readOrganization,
		"AWS::Organizations::Account":            (*Builder).readOrganization,
		"AWS::Organizations::Policy":             (*Builder).readOrganization,

		"AWS::CodePipeline::Pipeline": (*Builder).readPipeline,
		"AWS::CodeBuild::Project":     (*Builder).readProject,
		"AWS::CodeCommit::Repository": (*Builder).readRepository,

		"AWS::CodeStarConnections::Connection": (*Builder).readConnection,
		"AWS::CodeConnections::Connection":     (*Builder).readConnection,

		"AWS::S3::Bucket":       (*Builder).readBucket,
		"AWS::S3::BucketPolicy": (*Builder).readBucketPolicy,
		"AWS::KMS::Key":         (*Builder).readKey,
		"AWS::KMS::ReplicaKey":  (*Builder).readKey,
		"AWS::KMS::Alias":       (*Builder).readAlias,

		"AWS::Lambda::Function":     (*Builder).readFunction,
		"AWS::Serverless::Function": (*Builder).readServerlessFunction,
		"AWS::Lambda::Permission":   func(b *Builder, d *Declaration) { b.permissions = append(b.permissions, d) },

		"AWS::SNS::Topic":             (*Builder).readTopic,
		"AWS::SNS::Subscription":      func(b *Builder, d *Declaration) { b.subscriptions = append(b.subscriptions, d) },
		"AWS::SNS::TopicPolicy":       (*Builder).readTopicPolicy,
		"AWS::SNS::TopicInlinePolicy": (*Builder).readTopicPolicy,
		"AWS::SQS::Queue":             (*Builder).readQueue,
		"AWS::SQS::QueuePolicy":       (*Builder).readQueuePolicy,
		"AWS::SQS::QueueInlinePolicy": (*Builder).readQueuePolicy,
		"AWS::Events::Rule":           (*Builder).readRule,

		"AWS::CloudFormation::Stack": (*Builder).readStack,
	}
}

// sort puts what the joins appended into a stable order.
func (b *Builder) sort() {
	known := func(a *Account) bool { return !a.Foreign }
	slices.SortStableFunc(b.e.Accounts, func(x, y *Account) int {
		switch {
		case known(x) && known(y):
			return 0
		case known(x) != known(y):
			if known(x) {
				return -1
			}
			return 1
		}
		return cmp.Compare(x.ID, y.ID)
	})
	b.e.Unknowns = distinct(b.e.Unknowns)
	b.e.Problems = distinct(b.e.Problems)
	for _, m := range b.e.ManagedPolicies {
		slices.Sort(m.AttachedTo)
		m.AttachedTo = slices.Compact(m.AttachedTo)
	}
}

// distinct drops repetitions, such as those of a template that goes into several
// accounts.
func distinct[T comparable](list []T) []T {
	seen := make(map[T]bool, len(list))
	var out []T
	for _, v := range list {
		if !seen[v] {
			seen[v] = true
			out = append(out, v)
		}
	}
	return out
}

// within is the key of a name in an account.
func within(account string, name Text) string { return account + "\x01" + name }

// located is the key of a name in an account and region.
func located(account, region string, name Text) string {
	return account + "\x01" + region + "\x01" + name
}
