// Package cloud is the world that the sandbox's services live in: accounts, a
// clock, identities, storage, the audit trail and the event bus. Services know
// this package and nothing of one another: what one needs of another it asks for
// as a principal, through World.Invoke, which passes the same IAM check as a
// request over the wire.
package cloud
