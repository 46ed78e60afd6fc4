// Package cfn reads CloudFormation templates: the language, not the service.
package cfn
