// Package iamsvc is the IAM service of the sandbox: users, groups, roles and
// their policies, access keys, MFA devices, instance profiles and identity
// providers; and the world's source of identity policies, trust policies and
// long-term credentials.
package iamsvc
