// Package sandboxtest starts sandboxes inside tests and talks to them with the
// AWS SDK: a kit per test, credentials for any account, and a matrix that holds
// operations to the permissions they need.
package sandboxtest
