package finding

// Account is one account of the estate, so that a report can name its lane.
type Account struct {
	ID   string `json:"id"`             // 12 digits
	Name string `json:"name,omitempty"` // as the estate file has it
	// Production is true where the estate marks the account production, or it
	// was inferred to be (see Pipeline.Inferred).
	Production bool `json:"production,omitempty"`
}

// Bucket is a bucket that a pipeline keeps its artifacts in, one per region.
type Bucket struct {
	Name    string `json:"name"`
	ARN     string `json:"arn"`
	Account string `json:"account,omitempty"`
	Region  string `json:"region,omitempty"`
	// Key is the ARN of the key that encrypts the artifacts, as in Key.ARN;
	// empty where none is named (the service's own key is used then).
	Key      string   `json:"key,omitempty"`
	Location Location `json:"location"`
}

// Key is a key that encrypts a pipeline's artifacts.
type Key struct {
	Name     string   `json:"name"` // alias without "alias/", or logical id, or key id
	ARN      string   `json:"arn"`
	Account  string   `json:"account,omitempty"`
	Location Location `json:"location"`
}

// Person is somebody who touches a pipeline: a named person, or everybody who
// can do one thing where no names are known.
type Person struct {
	// Name is a person's name ("alice"), or a phrase that describes a class
	// ("anyone who can enter role release").
	Name string `json:"name"`
	// Named is true where the name is that of one human.
	Named bool `json:"named,omitempty"`
	// Touches says where the person has a hand in the pipeline, in the order
	// of its stages.
	Touches []Touch `json:"touches"`
}

// Touch is one place where a person has a hand in a pipeline.
type Touch struct {
	// At is what is touched, in the form of Step.At.
	At string `json:"at"`
	// Does is a verb phrase: "pushes to main", "answers the gate".
	Does string `json:"does"`
}
