// Package wire is the one protocol layer of the sandbox: awsJson 1.0 and 1.1,
// awsQuery, restJson and restXml, Signature Version 4, errors and validation, for
// all services alike. A service describes itself with a Model (generated from
// AWS's own service model) and binds functions to its operations with Op; it
// never sees HTTP.
package wire
