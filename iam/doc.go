// Package iam decides whether AWS IAM allows a request, and says why.
package iam
