package estate

import (
	"sync"
	"time"

	"github.com/twokey/twokey/iam/policy"
)

// Text is a property that may hold policy.Hole for a part that could not be
// resolved. Compare it only after checking Known.
type Text = string

// Meta is what every resource carries.
type Meta struct {
	ARN       string // unique in the estate; synthesised where AWS would generate the name
	Type      string // the CloudFormation type, "AWS::S3::Bucket"
	LogicalID string // in its template; empty for a live resource
	Stack     string // the stack's name in the estate; empty for a live resource
	Account   string // 12 digits; empty where unknown
	Region    string
	// Generated is true where the name is a stand-in for one that AWS makes up
	// at creation.
	Generated bool
	// Maybe is true where a template condition that could not be decided says
	// whether the resource exists; Condition is its name.
	Maybe     bool
	Condition string
	Pos       policy.Pos
	// Props are the resolved properties in CloudFormation's shape, whatever the
	// resource was loaded from; rules read details that the typed fields leave out.
	Props *policy.Node
	// Attributes outside Properties: DeletionPolicy, UpdateReplacePolicy, Metadata.
	Attrs *policy.Node
}

// Policy is a policy document attached somewhere.
type Policy struct {
	Name string
	ARN  string // of a managed policy; empty for inline
	Doc  *policy.Document
	Pos  policy.Pos
	// Unknown says why the document could not be read (an AWS-managed policy
	// that is not in the catalogue, an unresolved ARN). Doc is then nil, and no
	// reader may take the policy as granting nothing.
	Unknown string
}

// Estate is everything Twokey knows of a set of accounts. It is built by a
// Builder and read-only afterwards.
type Estate struct {
	Accounts []*Account // in the order of the estate file, then by id
	People   []*Person
	// BreakGlass are ARN patterns of principals left out of the count.
	BreakGlass []string
	Gates      []GateRule
	WantPeople int // 2 where not said

	Users            []*User
	Groups           []*Group
	Roles            []*Role
	ManagedPolicies  []*ManagedPolicy
	InstanceProfiles []*InstanceProfile
	Pipelines        []*Pipeline
	Buckets          []*Bucket
	Keys             []*Key
	Aliases          []*Alias
	Repositories     []*Repository
	Projects         []*Project
	Functions        []*Function
	Stacks           []*StackResource
	Topics           []*Topic
	Queues           []*Queue
	Rules            []*Rule
	Connections      []*Connection
	PermissionSets   []*PermissionSet
	Assignments      []*Assignment
	// Others are the modelled resources kept as Simple, by CloudFormation type.
	Others map[string][]*Simple
	// Unmodelled are resources read but of no use to Twokey: type, id, place.
	Unmodelled []Meta

	Unknowns    []Unknown
	Problems    []Problem
	Assumptions []string
	Read        []Source
	// PassedOver are files of a scanned directory that are clearly not templates.
	PassedOver []string

	indexOnce sync.Once
	indexed   *index
	compiled  sync.Map // see policies.go
}

// Account is an AWS account.
type Account struct {
	Name       string // empty where the estate only names its id
	ID         string
	Production bool
	Management bool
	// SCPs and RCPs by level, root to account; nil where the estate says nothing
	// of organization policies (which is then an assumption, stated).
	SCPs, RCPs [][]Policy
	OrgID      string
	OrgPath    string
	// FromTemplates: the account is known from templates alone, so it may hold
	// principals and policies that the estate does not show.
	FromTemplates bool
	// Foreign: nothing of the account is in the estate; it is only named, in an ARN.
	Foreign bool
	// StandIn: the id is made up, because nothing says which account it is.
	StandIn bool
	Pos     policy.Pos
}

// Person is one human.
type Person struct {
	Name       string
	Groups     []string
	Identities []string // ARNs (patterns with * in a session name), "oidc:…"
	Pos        policy.Pos
}

// GateRule is an entry of gates: in the estate file.
type GateRule struct {
	Pipeline, Stage, Action string // globs; "*" where not given
	Approvals               int    // distinct people, at least 1
	Slots                   []GateSlot
	Exclude                 []string      // author, committer, starter, pipeline-editor
	Require                 []string      // comment, passkey
	Open                    string        // "Mon-Fri 09:00-17:00 Europe/Berlin"; empty for always
	Expires                 time.Duration // 0 where not given
	Rejections              int           // how many rejections close it; 1 where not given
	BreakGlass              bool
	Pos                     policy.Pos
}

// GateSlot is one slot of a gate rule.
type GateSlot struct {
	Group string
	Count int
}

// Unknown is something that could not be resolved.
type Unknown struct {
	What string
	Why  string
	Pos  policy.Pos
}

// Problem is something wrong with an input that did not stop the reading of it.
type Problem struct {
	Message string
	Hint    string
	Pos     policy.Pos
}

// Source is one input that was read.
type Source struct {
	Name    string // a file, relative to the scanned root, or an account and region
	Kind    string // template, estate-file, cdk-manifest, …
	Stack   string
	Account string
	Region  string
}
