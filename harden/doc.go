// Package harden holds the rules that look at an estate for faults around its
// pipelines: one file, one test archive and one documentation page for each rule.
package harden
