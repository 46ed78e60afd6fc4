// Package synthetic writes made-up estates of any size: for measuring, and for
// trying Twokey at scale without showing it a real organization.
//
// An estate of N accounts is N folders of CloudFormation templates in JSON and
// one twokey.yaml. It is a pure function of its Options: the same options give
// the same bytes. Every account holds
//
//   - 4 groups (developers, approvers, operators, readers) and 20 users in them;
//   - 10 pipelines with a CodeCommit source, a CodeBuild build, a deployment into
//     the account itself, a manual approval and a deployment into the next
//     account, each with a pipeline role, a build role, and in the target accounts
//     an action role and a CloudFormation execution role;
//   - one artifact bucket with its policy and one KMS key for all ten;
//   - workload roles up to the number of principals: of these about 70 in 100
//     trust Lambda, ECS or EC2, 20 trust the account's root, 10 trust another
//     account; 1 in 100 may pass any role of its account.
//
// It is not a secure estate and does not try to be: about one pipeline in ten
// has each of five usual faults (an approver who may push, a build role that may
// assume the deployment role, an action role that trusts a whole account).
package synthetic
