// Package iam decides whether AWS IAM allows a request, and says why.
//
// [Compile] or [NewSet] turn policy documents into immutable Sets, [NewRequest]
// checks and compiles a request, [Decide] gives the [Outcome] without allocating,
// and [Explain] gives it with every statement that led to it, what was missing,
// and on what it still depends. Both run the same code. Everything compiled is
// safe for concurrent use.
//
// # Three values
//
// A request, a policy or a name may be known in part only: a condition key that
// was marked unknown (see Context), a [policy.Hole] in a resource, a part of a
// template that nobody could resolve. Every test then has one of three answers,
// and the outcome is [If] where it depends on what is unknown; Allow and the two
// denials hold however the unknown is filled in. A request that is known in full
// against policies that are known in full never gets If, but for a RolePrincipal
// (a role whatever its session is called) that a policy names by session, a
// statement without an Effect, and sts:AssumeRoot, which also depends on a setting
// of the organization.
//
// # What it decides
//
// Identity policies, permissions boundaries, session policies, service and
// resource control policies by level, resource policies by the way they name the
// caller, role trust policies, KMS key policies and grants, in one account and
// across two; iam:PassRole; service, federated and anonymous callers. The sources
// are the IAM user guide, the KMS developer guide and the Organizations guide.
//
// What AWS would refuse to store fails closed: a Deny that cannot be understood
// applies wherever the rest of it may, an Allow that cannot grants nothing. A
// condition that cannot be read (an unknown operator, a number that is none)
// counts as true under Deny; under Allow it counts as no match.
//
// Where AWS documents two readings, this is the one taken:
//
//   - A resource policy that names a session by its ARN is not limited by the
//     session policy.
//   - A trust policy that names a user bypasses the user's boundary.
//   - NotResource with a variable that has no value: a Deny applies, an Allow does not.
//   - …IfExists holds on an absent key under ForAnyValue too.
//   - A present but empty key is a value for the String operators and as good as
//     absent for all others, and for Null.
//   - Four digits under a Date operator are a year.
//   - A KMS grant across accounts takes the place of the key policy, not of the
//     caller's own.
//   - The root user cannot assume a role.
//
// # What it does not do
//
// VPC endpoint policies, S3 ACLs, Object Ownership, Block Public Access and access
// points, RAM shares, Lake Formation, service quotas and a service's own checks
// are not consulted; nor does it know that a root user may repair a bucket policy
// that locks everyone out. sts:GetSessionToken and other calls that need no
// permission, but for sts:GetCallerIdentity, are decided as any other. Whether the
// account has SCPs or RCPs enabled, who is the management account, and which
// actions take "*" only is for the caller to say.
//
// # Compatibility
//
// The exported names of iam, iam/policy, iam/condition, iam/iamtest and arn follow
// semantic versioning; structs may gain fields, so use field names in literals.
// Outcomes may change where AWS changes, or where this package was wrong about
// AWS; such a change is in the release notes. The order and wording of notes and
// the choice among several missing permissions may change in any release.
package iam
