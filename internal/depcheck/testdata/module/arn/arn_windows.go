//go:build windows
package arn

import _ "example.com/m/estate"
