package iam

import "github.com/twokey/twokey/iam/condition"

// Context holds the condition keys of a request; see condition.Context.
type Context = condition.Context

// NewContext returns a Context without keys.
func NewContext() *Context { return condition.NewContext() }
