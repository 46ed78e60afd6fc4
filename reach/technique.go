package reach

import "slices"

// Subject is the kind of thing a technique is used on. The search takes every
// one of that kind that matters to the pipeline in hand.
type Subject string

// The subjects.
const (
	OnRole     Subject = "role"
	OnUser     Subject = "user"
	OnGroup    Subject = "group"             // a user and a group they may be put into
	OnMember   Subject = "group of a user"   // a user and a group they are in
	OnPolicy   Subject = "managed policy"    // a principal and a customer-managed policy attached to it
	OnFunction Subject = "function"          // a Lambda function and the role it runs as
	OnProject  Subject = "build project"     // a CodeBuild project and its service role
	OnStack    Subject = "stack"             // a CloudFormation stack and the role it keeps
	OnInstance Subject = "instance"          // EC2 instances and the role of their profile
	OnPipeline Subject = "pipeline"          // a pipeline
	OnGate     Subject = "manual approval"   // a manual approval action
	OnSource   Subject = "source"            // a source action
	OnInput    Subject = "input artifact"    // an artifact that an action reads, in the artifact bucket
	OnBuild    Subject = "build action"      // an action that runs a CodeBuild project
	OnInvoke   Subject = "invoke action"     // an action that runs a Lambda function
	OnWorker   Subject = "custom action"     // an action done by a job worker
	OnChange   Subject = "change set"        // an action that carries out a change set
	OnDeploy   Subject = "deploy action"     // an action that changes production
	OnAccount  Subject = "account"           // an account as a whole
	OnThing    Subject = "deployed resource" // a resource of a production account
)

// Gain is what a technique gains.
type Gain string

// The gains.
const (
	GainIs       Gain = "act as the principal"
	GainThrough  Gain = "have CloudFormation act as the role"
	GainAdd      Gain = "give the principal any permission its boundary and organization leave it"
	GainUndeny   Gain = "take the Denies of its policies off the principal"
	GainUnbound  Gain = "take the permissions boundary off the principal"
	GainJoin     Gain = "put the user into the group"
	GainAdmin    Gain = "administer the account"
	GainBranch   Gain = "put a commit on some branch of the repository"
	GainControl  Gain = "choose what the action works on"
	GainPass     Gain = "pass the gate"
	GainTemplate Gain = "choose the template of the stack"
	GainProd     Gain = "change production"
	GainNothing  Gain = "nothing that counts people"
)

// Permission is one thing that one principal must be allowed.
type Permission struct {
	Action string
	// On is the resource: an ARN or "*", with {names} of parts of the subject
	// filled in; {new} stands for a name that the caller chooses.
	On string
	// Keys are condition keys that the request carries, values filled in as On.
	Keys []Key
	// Eases: the technique works without it, with more trouble; where it is
	// missing the step says the Unless sentence.
	Eases  bool
	Unless string
}

// Key is a condition key of a request with its value.
type Key struct{ Name, Value string }

// Technique is one row of the table.
type Technique struct {
	ID      string
	Title   string
	Subject Subject
	// Holds says in words what the coalition must have besides the permissions.
	Holds string
	// Needs are the permissions that one principal must have: all of one of the lists.
	Needs [][]Permission
	// Service, where set, is the service that the trust policy of the role must admit.
	Service string
	Gains   Gain
	// Says is the sentence of the step, with {names} filled in.
	Says string
	// If is a condition that the estate never settles.
	If string
	// Through: CloudFormation can do it for whoever chooses a template.
	Through bool
	// Composed are the ids of rows that together are this one; the search finds it
	// by following them.
	Composed  []string
	Reference string
	Mend      string
	// Followed is false for a row whose gain Twokey does not follow; Why says why.
	Followed bool
	Why      string
	// Watched: a principal of the coalition that holds the permissions of a row
	// that is not followed makes the number an upper bound. Where it is false the
	// row could not lower the number.
	Watched bool
}

// Techniques returns the whole table: first the general rows, then those of
// pipelines. The rows that are not followed are among them. The caller may keep
// and change what it gets.
func Techniques() []Technique { return slices.Clone(table) }

// table is every row, in the order of the fact sheets it was made from.
var table = slices.Concat(principalRows, serviceRows, carriedRows, genericRows, gateRows, sourceRows, artifactRows, directRows)

// row returns the row called id, which must exist.
var row = func() func(id string) *Technique {
	byID := make(map[string]*Technique, len(table))
	for i := range table {
		byID[table[i].ID] = &table[i]
	}
	return func(id string) *Technique { return byID[id] }
}()

// allOf is one list of needs; anyOf one list for each action on the same resource.
func allOf(ps ...Permission) [][]Permission { return [][]Permission{ps} }

func anyOf(on string, actions ...string) [][]Permission {
	out := make([][]Permission, len(actions))
	for i, a := range actions {
		out[i] = []Permission{{Action: a, On: on}}
	}
	return out
}

func may(action, on string, keys ...Key) Permission {
	return Permission{Action: action, On: on, Keys: keys}
}

func pass(service string) Permission {
	return Permission{Action: "iam:PassRole", On: "{role}", Keys: []Key{{"iam:PassedToService", service}}}
}

// eases is a permission without which the technique still works.
func eases(action, on, unless string) Permission {
	return Permission{Action: action, On: on, Eases: true, Unless: unless}
}
