// Package iamtest reads and runs decision tests for IAM policies: files with one
// JSON object a line, each a request, the policies that bear on it and the
// outcome that is wanted.
//
// The fields of a line:
//
//	n, name, why, conf   number, name, reason and source of the case; for people
//	principal            ARN of a user, role, session, federated user, root or
//	                     identity provider; a service; "*" for anonymous
//	action               one action, or a list of actions that are all needed
//	resource             an ARN, or "*"
//	resourceAccount      whose the resource is
//	ver                  Version of policies that do not say; 2012-10-17 if absent
//	id, pb, sess         identity, boundary and session policies
//	rp                   policy of the resource: bucket, key or trust policy
//	scp, rcp             a list of levels, root to account, each with its policies
//	resourceAccountScp   as scp, of the resource's account: never applies
//	grants               KMS grants: {grantee, operations, encryptionContextEquals,
//	                     encryptionContextSubset}
//	ctx                  condition keys; a list is a multivalued key, null an absent one
//	unknown              condition keys of which nothing is known (leads to If)
//	managementAccount, resourceInManagementAccount, awsManagedKey
//	                     true where that is so; see iam.Principal and iam.Request
//	want                 Allow, ImplicitDeny, ExplicitDeny or If
//
// Policies are written as a statement, a list of statements, a document (with
// Statement) or a list of documents. An absent pb, sess, scp or rcp means that
// there is no such policy, an empty one that it allows nothing.
//
// A condition key that ctx does not mention is not in the request, but for
// aws:PrincipalArn, aws:PrincipalAccount and aws:PrincipalType, which follow from
// the principal. Where the case does not show it, a role is taken to have no
// path, the user behind a federated user to have the same name, and a session of
// a role called AWSServiceRoleFor… to be a service-linked role's.
//
// The shape of Case and the fields of a line only grow; a field keeps its meaning.
package iamtest
