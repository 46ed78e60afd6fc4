package codepipeline

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"time"
)

// The statuses of executions, stages and actions, in the words of the API.
const (
	inProgress = "InProgress"
	succeeded  = "Succeeded"
	failed     = "Failed"
	stopping   = "Stopping"
	stopped    = "Stopped"
	cancelled  = "Cancelled"
	superseded = "Superseded"
	skipped    = "Skipped"
	abandoned  = "Abandoned"
	errored    = "Errored"
	overridden = "Overridden"
)

// The execution modes and types.
const (
	modeSuperseded = "SUPERSEDED"
	modeQueued     = "QUEUED"
	modeParallel   = "PARALLEL"

	standard = "STANDARD"
	rollback = "ROLLBACK"
)

// place says where an execution is with regard to its current stage.
type place string

const (
	waiting place = "waiting" // in front of the stage
	inside  place = "inside"  // in the stage, which is locked by it
	gone    place = "gone"    // no longer on its way
)

// pipeline is the row of a pipeline. Everything about its runs is in the rows of
// the executions, so that no two rows can contradict each other after a crash.
type pipeline struct {
	Account, Region, Name string
	ID                    string // of this pipeline, and not of the next one with its name
	Definition            *PipelineDeclaration
	Version               int64
	Created, Updated      time.Time
	Tags                  []*Tag
	// Inbound and Outbound are the transitions that were ever disabled, by stage.
	Inbound, Outbound map[string]transition
	// Revisions are what PutActionRevision last told, by stage and action.
	Revisions map[string]ActionRevision
}

type transition struct {
	Disabled  bool
	Reason    string
	ChangedBy string
	ChangedAt time.Time
}

// execution is the row of an execution.
type execution struct {
	ID string
	// Seed is the source of every id, token and key that the execution comes to
	// need: the machine draws no random numbers.
	Seed        string
	Number      int64 // the order in which the executions of a pipeline began
	Version     int64 // of the pipeline
	Mode, Type  string
	Trigger     string
	Detail      string
	ClientToken string
	Status      string
	Summary     string
	Started     time.Time
	Updated     time.Time
	Variables   []variable
	Overrides   []SourceRevisionOverride
	Target      string // execution that a rollback goes back to
	StopReason  string
	Abandoned   bool // StopPipelineExecution with abandon
	Attempt     int64
	Stage       int // index of the current stage
	Place       place
	Arrived     int64 // order of arrival in front of the current stage
	ArrivedAt   time.Time
	Stages      []stageRun
	Actions     []actionRun // every attempt, oldest first
	Rules       []ruleRun
	Artifacts   map[string]artifact
	Revisions   []revision
	// Inherited are the output variables that a rollback takes over.
	Inherited []inherited
}

type variable struct{ Name, Value string }

// artifact is where an output artifact was put.
type artifact struct {
	Name, Bucket, Key string
	KeyID             string // of the store's encryption key; empty for aws/s3
	Region            string
	Account           string // where it was made
}

// revision is what a source action took.
type revision struct {
	Action, Artifact                    string
	ID, Change, Summary, URL, VersionID string
	Created                             time.Time
}

// phase is how far a stage has come.
type phase string

const (
	phaseEntry   phase = "entry"
	phaseActions phase = "actions"
	phaseSuccess phase = "success"
	phaseFailure phase = "failure"
	phaseEnd     phase = "end"
)

// stageRun is the run of an execution through one stage.
type stageRun struct {
	Name    string
	Status  string
	Type    string
	Phase   phase
	Entered int64 // order of entry
	Started time.Time
	// Current are the attempts that count: action name → id of its actionRun.
	Current                 map[string]string
	Entry, Success, Failure *conditionRun
	AutoRetries, Retries    int64
	LastRetry               string
	RetriedAt               time.Time
}

// conditionRun is the check of one gate's condition.
type conditionRun struct {
	Status, Summary string
	Changed         time.Time
	Rules           []string // ids of ruleRuns, in the order of the declaration
}

// actionRun is one attempt of one action.
type actionRun struct {
	ID               string
	Stage, Action    string
	Namespace        string
	Attempt          int
	Status           string
	Started, Updated time.Time
	Deadline         time.Time
	Type             ActionTypeId
	Role, Region     string
	Configuration    map[string]string
	Resolved         map[string]string
	Commands         []string
	Inputs, Outputs  []artifact
	Variables        map[string]string
	Token            string // of a manual approval
	ExternalID       string
	URL, Summary     string
	LogStream        string
	ErrorCode, Error string
	UpdatedBy        string
	Percent          *int64
	Job              *job
	// Begun says that the provider was called, Restarts how often a new process took
	// the action up again from its start.
	Begun    bool
	Restarts int
}

// job is the part of an action that a job worker or function does.
type job struct {
	ID, Nonce, Status string
	ClientID          string // of a third-party job
	Continuation      string
	// Reply is when the next word from a function is due.
	Reply time.Time
}

// ruleRun is one check of one rule.
type ruleRun struct {
	ID, Stage, Gate, Name string
	Status                string
	Started, Updated      time.Time
	Deadline              time.Time
	Type                  RuleTypeId
	Role, Region          string
	Configuration         map[string]string
	Resolved              map[string]string
	Commands              []string
	Inputs                []artifact
	ExternalID            string
	URL, Summary          string
	ErrorCode, Error      string
	Job                   *job
	Begun                 bool
	Restarts              int
}

// clone copies what the machine changes in place. Values behind an actionRun's
// maps are replaced, never changed.
func (x *execution) clone() *execution {
	c := *x
	c.Stages = slices.Clone(x.Stages)
	for i := range c.Stages {
		c.Stages[i].Current = maps.Clone(c.Stages[i].Current)
		for _, p := range []**conditionRun{&c.Stages[i].Entry, &c.Stages[i].Success, &c.Stages[i].Failure} {
			if *p != nil {
				cond := **p
				*p = &cond
			}
		}
	}
	c.Actions = slices.Clone(x.Actions)
	c.Rules = slices.Clone(x.Rules)
	c.Artifacts = maps.Clone(x.Artifacts)
	c.Revisions = slices.Clone(x.Revisions)
	return &c
}

// derive makes the 32 bytes that belong to a purpose.
func (x *execution) derive(purpose string) []byte {
	m := hmac.New(sha256.New, []byte(x.Seed))
	m.Write([]byte(purpose))
	return m.Sum(nil)
}

// uuid is the version 4 UUID of a purpose: the same one however often the
// machine is run, and no one's guess who does not know the seed.
func (x *execution) uuid(purpose string) string {
	b := x.derive(purpose)
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:32]
}

const keyAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// keyPart is the random part of an artifact's key.
func (x *execution) keyPart(purpose string) string {
	b := x.derive(purpose)
	out := make([]byte, 7)
	for i := range out {
		out[i] = keyAlphabet[(int(b[2*i])<<8|int(b[2*i+1]))%len(keyAlphabet)]
	}
	return string(out)
}

func (x *execution) live() bool { return x.Place != gone }

// stage finds the run through a stage, nil if the execution has not come so far.
func (x *execution) stage(name string) *stageRun {
	for i := range x.Stages {
		if x.Stages[i].Name == name {
			return &x.Stages[i]
		}
	}
	return nil
}

func (x *execution) action(id string) *actionRun {
	for i := range x.Actions {
		if x.Actions[i].ID == id {
			return &x.Actions[i]
		}
	}
	return nil
}

func (x *execution) rule(id string) *ruleRun {
	for i := range x.Rules {
		if x.Rules[i].ID == id {
			return &x.Rules[i]
		}
	}
	return nil
}

// running reports whether an action of the stage is still in progress.
func (x *execution) running(stage string) bool {
	return slices.ContainsFunc(x.Actions, func(a actionRun) bool { return a.Stage == stage && a.Status == inProgress })
}

// inherited are output variables of a rollback's target.
type inherited struct {
	Stage, Namespace string
	Variables        map[string]string
}
