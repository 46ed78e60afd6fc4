package main

import (
	"fmt"
	"slices"
	"strings"
)

// outputRoots are the XML elements of S3's answers, which botocore's model does
// not name and clients do not look at. Source: the S3 API reference.
var outputRoots = map[string]string{
	"ListBucketsOutput":             "ListAllMyBucketsResult",
	"ListObjectsOutput":             "ListBucketResult",
	"ListObjectsV2Output":           "ListBucketResult",
	"ListObjectVersionsOutput":      "ListVersionsResult",
	"ListMultipartUploadsOutput":    "ListMultipartUploadsResult",
	"ListPartsOutput":               "ListPartsResult",
	"CreateMultipartUploadOutput":   "InitiateMultipartUploadResult",
	"CompleteMultipartUploadOutput": "CompleteMultipartUploadResult",
	"DeleteObjectsOutput":           "DeleteResult",
	"GetBucketVersioningOutput":     "VersioningConfiguration",
	"GetBucketTaggingOutput":        "Tagging",
	"GetObjectTaggingOutput":        "Tagging",
	"GetBucketAclOutput":            "AccessControlPolicy",
	"GetObjectAclOutput":            "AccessControlPolicy",
	"GetBucketLocationOutput":       "LocationConstraint",

	"GetBucketLifecycleConfigurationOutput": "LifecycleConfiguration",
}

// bareOutputs are answers of which the only member is the root element.
var bareOutputs = map[string]bool{"GetBucketLocationOutput": true}

func (m *model) isREST() bool { return strings.HasPrefix(m.Metadata.Protocol, "rest-") }

// namespace is that of the service's XML: of the metadata, or of the bodies.
func (m *model) namespace() string {
	if ns := m.Metadata.XMLNamespace; ns != "" || !m.isREST() {
		return ns
	}
	for _, s := range m.Shapes {
		if ns := s.Members[s.Payload].XMLNamespace; s.Payload != "" && ns != nil {
			return ns.URI
		}
	}
	return ""
}

// needs writes what tells an operation from those that share its method and URI:
// its required parameters and headers.
func (w *writer) needs(op operation) string {
	if !w.model.isREST() || op.Input == nil || !w.shared(op) {
		return ""
	}
	s := w.model.Shapes[op.Input.Shape]
	var query, headers []string
	for _, name := range s.Required {
		switch m := s.Members[name]; m.Location {
		case "querystring":
			query = append(query, m.LocationName)
		case "header":
			headers = append(headers, m.LocationName)
		}
	}
	out := ""
	if len(query) > 0 {
		out += fmt.Sprintf(", Query: %#v", query)
	}
	if len(headers) > 0 {
		out += fmt.Sprintf(", Headers: %#v", headers)
	}
	return out
}

func (w *writer) shared(op operation) bool {
	for _, o := range w.model.Operations {
		if o.Name != op.Name && o.HTTP.Method == op.HTTP.Method && o.HTTP.RequestURI == op.HTTP.RequestURI {
			return true
		}
	}
	return false
}

// taken reports whether an operation that is generated answers the very requests
// of op: S3 has operations under an old and a new name.
func (w *writer) taken(op operation) bool {
	return slices.ContainsFunc(w.options.ops, func(name string) bool {
		o := w.model.Operations[name]
		return o.HTTP.Method == op.HTTP.Method && o.HTTP.RequestURI == op.HTTP.RequestURI && w.needs(o) == w.needs(op)
	})
}
