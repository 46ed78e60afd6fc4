// Package estate is the model of what Twokey looks at: accounts, people,
// principals, policies, pipelines and what they touch, each with the place
// where it was written.
package estate
