// Package reach answers how many people it takes to change production through a
// pipeline or around it, and by which ways.
//
// A coalition is a set of people. What it can do is a least fixpoint over facts
// ("acts as this role", "controls what this action works on", "passes this
// gate"), and the steps from fact to fact are instances of the rows of a table
// of techniques. The package never calls AWS: it asks the policies of an estate,
// in three values, and counts "if" as reachable, naming the condition.
//
// What it takes for granted is in Result.Assumptions and, for one way, in the
// way's Assumes. What it cannot follow is in Techniques, marked so, and a
// pipeline for which such a row may matter says that its number is an upper bound.
package reach
