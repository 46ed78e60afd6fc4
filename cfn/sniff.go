package cfn

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/twokey/twokey/iam/policy"
)

// resourceLine and typeLine recognise a template that cannot be parsed, in YAML
// or JSON.
var (
	resourceLine = regexp.MustCompile(`(?m)^\s*[{,]?\s*["']?Resources["']?\s*:`)
	typeLine     = regexp.MustCompile(`["']?Type["']?\s*:\s*["']?(AWS|Custom|Alexa)::`)
)

// Sniff reports whether data is a CloudFormation template, so that a scan of a
// directory can tell it from other YAML and JSON (build specifications,
// Kubernetes manifests, package.json). A template is a map with Resources of
// which one has a Type like AWS::S3::Bucket; with AWSTemplateFormatVersion or
// Transform, Resources alone will do.
//
// What looks like a template but cannot be read is one too: Parse then says what
// is wrong with it, which is better than passing it over.
func Sniff(data []byte) bool {
	if !bytes.Contains(data, []byte("Resources")) && !bytes.Contains(data, []byte("AWSTemplateFormatVersion")) {
		return false
	}
	t, err := parseTree("", data)
	if err != nil {
		head := data[:min(len(data), MaxTemplateBytes)]
		return resourceLine.Match(head) && typeLine.Match(head)
	}
	resources := t.root.Get("Resources")
	if t.root.Get("AWSTemplateFormatVersion") != nil {
		return true
	}
	if resources == nil || resources.Kind != policy.Map {
		return false
	}
	if isTransform(t.root.Get("Transform")) {
		return true
	}
	for _, e := range resources.Entries {
		if typ, _ := e.Value.Get("Type").Scalar(); strings.Contains(typ, "::") {
			return true
		}
	}
	return false
}

func isTransform(n *policy.Node) bool {
	for _, item := range n.Elements() {
		if name, _ := item.Scalar(); strings.HasPrefix(name, "AWS::") {
			return true
		}
	}
	return false
}
