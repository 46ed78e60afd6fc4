package policy

// Document is one policy document.
type Document struct {
	// Version is "2012-10-17" or "2008-10-17"; the latter where the document
	// does not say.
	Version    string
	ID         string
	Statements []Statement
	Pos        Pos
	// Problems are what is wrong with the document, in source order: duplicate
	// keys, unknown elements, bad shapes. A document with problems is still
	// evaluated, and fails closed where it cannot be understood.
	Problems []Problem
}

// Problem is one thing wrong with a document.
type Problem struct {
	Message string
	Pos     Pos
}

// Statement is one statement, as written.
type Statement struct {
	Index  int // in its document, from 0
	Sid    string
	Effect Effect
	// Principals is nil where the statement has neither Principal nor NotPrincipal.
	Principals *Principals
	Actions    []Text
	NotAction  bool // Actions stand under NotAction
	Resources  []Text
	// NotResource: Resources stand under NotResource. HasResource is false where
	// the statement has neither.
	NotResource bool
	HasResource bool
	Conditions  []Condition
	Pos         Pos
	// Broken says why the statement cannot be understood in part; such a Deny
	// always applies where the rest of it may, and such an Allow never grants.
	Broken string
	// Unknown says why the statement as a whole or its presence is not known
	// (an unresolved intrinsic): Allow and Deny then both count as "if".
	Unknown string
}

// Effect is Allow or Deny.
type Effect uint8

// The effects. EffectUnknown is an Effect that is absent, misspelt or
// unresolved; it counts as a Deny that may apply and as an Allow that grants nothing.
const (
	EffectUnknown Effect = iota
	EffectAllow
	EffectDeny
)

// Text is a string of a statement with its place; it may contain Holes.
type Text struct {
	Value  string
	Reason string // why it has holes
	Pos    Pos
}

// Principals is a Principal or NotPrincipal element.
type Principals struct {
	Not  bool
	List []Principal
	Pos  Pos
}

// Principal is one principal of a statement: Type is AWS, Service, Federated,
// CanonicalUser, or "*" for the bare star (Value is then "*" too).
type Principal struct {
	Type string
	Text
}

// Condition is one operator applied to one key.
type Condition struct {
	Operator string // as written, with modifiers: "ForAnyValue:StringLikeIfExists"
	Key      string // as written
	Values   []Text
	Pos      Pos
	// Unknown says why the condition could not be resolved; it is then neither
	// true nor false.
	Unknown string
}
