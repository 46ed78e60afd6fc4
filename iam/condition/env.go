package condition

import "github.com/twokey/twokey/arn"

// Env is what a condition is evaluated against: two layers of context. A key
// that Request does not mention is looked up in Principal.
type Env struct {
	Request   *Context
	Principal *Context
}

// find returns the state of a key, and its entry where it is Present or Empty.
func (env *Env) find(hash uint64, key string) (State, *entry) {
	if e := env.Request.find(hash, key); e != nil {
		return e.state, e
	}
	if e := env.Principal.find(hash, key); e != nil {
		return e.state, e
	}
	if env.Request != nil && env.Request.open || env.Principal != nil && env.Principal.open {
		return Unknown, nil
	}
	return Absent, nil
}

// Equals compares the single value of a key, given by its hash and its name in
// lower case, with text.
func (env *Env) Equals(hash uint64, key, text string) arn.Verdict {
	state, e := env.find(hash, key)
	switch {
	case state == Unknown:
		return arn.Maybe
	case state != Present || e.multi:
		return arn.No
	}
	p := arn.LiteralPattern(text)
	return p.MatchPartial(e.values[0])
}
