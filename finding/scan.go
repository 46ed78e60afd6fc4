package finding

// Scan is the whole result of a scan, in the shape of its JSON output
// (schema twokey.scan/v1). Fields may be added; none is renamed or removed
// without a new schema version.
type Scan struct {
	Schema      string     `json:"schema"`
	Estate      Counts     `json:"estate"`
	Pipelines   []Pipeline `json:"pipelines"`
	Findings    []Finding  `json:"findings"`
	Assumptions []string   `json:"assumptions"`
	Coverage    Coverage   `json:"coverage"`
	// Accounts names the accounts of the estate, for the picture.
	Accounts []Account `json:"accounts,omitempty"`
}

// Counts is the size of the estate.
type Counts struct {
	Accounts   int `json:"accounts"`
	Principals int `json:"principals"`
	Pipelines  int `json:"pipelines"`
	People     int `json:"people"`
}

// Pipeline is what a scan says of one pipeline.
type Pipeline struct {
	Name    string `json:"name"`
	ARN     string `json:"arn"`
	Account string `json:"account"`
	// AccountName is the account's name in the estate file, if it has one.
	AccountName string   `json:"account_name,omitempty"`
	Region      string   `json:"region"`
	Location    Location `json:"location"`
	// PeopleToProduction is 1, 2 or 3; 4 means four or more, and 0 that it could
	// not be worked out (see Unknown).
	PeopleToProduction int `json:"people_to_production"`
	Want               int `json:"want"`
	// Unknown says why the number is not known or is only an upper bound.
	Unknown string `json:"unknown,omitempty"`
	// Production are the deploy actions that change production, "STAGE/ACTION".
	Production []string `json:"production"`
	// Inferred is true where nothing was marked production and it was inferred.
	Inferred bool    `json:"production_inferred"`
	Stages   []Stage `json:"stages"`
	Ways     []Way   `json:"ways"`
	// BreakGlass are the principals left out of the count.
	BreakGlass []string `json:"break_glass,omitempty"`
	// Buckets, Keys and People are what else is in the picture: where artifacts
	// lie, what encrypts them, and who has a hand in the pipeline.
	Buckets []Bucket `json:"buckets,omitempty"`
	Keys    []Key    `json:"keys,omitempty"`
	People  []Person `json:"people,omitempty"`
}

// Stage is one stage of a pipeline, for the picture.
type Stage struct {
	Name    string   `json:"name"`
	Actions []Action `json:"actions"`
}

// Action is one action of a stage, for the picture.
type Action struct {
	Name     string `json:"name"`
	Category string `json:"category"`
	Provider string `json:"provider"`
	RunOrder int    `json:"run_order"`
	// Role is the ARN it runs as; DeployRole the CloudFormation execution role
	// or build role behind it, if there is one.
	Role       string `json:"role,omitempty"`
	DeployRole string `json:"deploy_role,omitempty"`
	// Account is the account it acts in.
	Account    string `json:"account,omitempty"`
	Production bool   `json:"production,omitempty"`
	// Gate says how many people the gate wants; 0 where the action is no gate.
	Gate int `json:"gate,omitempty"`
	// GovernedBy is "twokey" for a governed gate, "native" for any other gate.
	GovernedBy string   `json:"governed_by,omitempty"`
	Location   Location `json:"location"`
}

// Way is one minimal way to change production.
type Way struct {
	// People are the members of the coalition: names of people, or, where they
	// are not known, "one person who can both push to X and approve Y".
	People []string `json:"people"`
	Title  string   `json:"title"` // one line, without a full stop
	Steps  []Step   `json:"steps"`
	Mend   string   `json:"mend"`
	// MendLocation is the statement that the mend names.
	MendLocation Location `json:"mend_location"`
	// Assumes are conditions under which the way works ("if on that network").
	Assumes     []string     `json:"assumes,omitempty"`
	Fingerprint string       `json:"fingerprint"`
	Suppressed  *Suppression `json:"suppressed,omitempty"`
}

// Step is one step of a way.
type Step struct {
	Technique string    `json:"technique"` // id of the row in the technique table
	Principal string    `json:"principal"` // ARN acted as
	Action    string    `json:"action"`
	Resource  string    `json:"resource"`
	Gains     string    `json:"gains"` // what is had after the step, a sentence
	Because   []Because `json:"because"`
	If        []string  `json:"if"`
	// At says where in the picture the step takes place: "STAGE/ACTION" of the
	// pipeline, or the ARN of a bucket, a key or a role. Empty where that is
	// outside the picture, or where Resource or Principal already say it.
	At string `json:"at,omitempty"`
}

// Because is a statement that allows a step.
type Because struct {
	Policy    string   `json:"policy"`
	Statement int      `json:"statement"`
	Location  Location `json:"location"`
}

// Coverage says what was read, what stayed unknown, and what was denied.
type Coverage struct {
	Read    []string  `json:"read"`
	Unknown []Unknown `json:"unknown"`
	Denied  []Unknown `json:"denied"`
	// Unmodelled counts resources read but of no use to Twokey, by type.
	Unmodelled map[string]int `json:"unmodelled,omitempty"`
}

// Unknown is something that a reader should know was not seen.
type Unknown struct {
	What     string   `json:"what"`
	Why      string   `json:"why"`
	Location Location `json:"location"`
}

// Short reports whether a pipeline speaks against the estate: fewer people than
// wanted change production by a way that nobody accepted, or it is not certain
// that it takes as many. A pipeline none of whose actions changes production is
// not short; that nothing is known to be production is told by Unknown.
func (p *Pipeline) Short() bool {
	if len(p.Production) == 0 {
		return false
	}
	if !p.below() {
		return p.uncertain()
	}
	for _, w := range p.Ways {
		if w.Suppressed == nil {
			return true
		}
	}
	return len(p.Ways) == 0
}

// Severity grades a pipeline that is Short: critical where one person is enough,
// high where more are but fewer than wanted, medium where only certainty is missing.
func (p *Pipeline) Severity() Severity {
	switch {
	case p.PeopleToProduction == 1:
		return Critical
	case p.below():
		return High
	}
	return Medium
}

// below: the number is known, as far as it goes, and is less than wanted.
func (p *Pipeline) below() bool {
	return p.PeopleToProduction > 0 && p.PeopleToProduction < p.Want && p.PeopleToProduction < manyPeople
}

// uncertain: the number could not be worked out, is only an upper bound, or is
// "four or more" where more than four are wanted.
func (p *Pipeline) uncertain() bool {
	return p.PeopleToProduction == 0 || p.Unknown != "" || p.PeopleToProduction >= manyPeople && p.Want > manyPeople
}

// manyPeople stands for "four or more".
const manyPeople = 4
