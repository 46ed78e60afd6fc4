package wire

import "strings"

// Model is how a service speaks. It is generated.
type Model struct {
	Name         string // the signing name, and the first part of its IAM actions
	Version      string // the API version
	Protocol     string // json, query, rest-json or rest-xml
	JSONVersion  string
	TargetPrefix string // of X-Amz-Target
	Namespace    string // of XML
	Operations   []OperationModel
	// Unsupported are the operations that AWS has and the sandbox does not, and
	// Elsewhere the paths of those of a REST service: a request for one must not be
	// taken for another operation.
	Unsupported []string
	Elsewhere   []OperationModel
	Errors      map[string]ErrorModel
}

// OperationModel is one operation of a Model.
type OperationModel struct {
	Name         string
	Method, URI  string
	Status       int // of a success; 200 where zero
	InputPayload string
	InputRoot    string // XML element
	// Query and Headers must be there for the operation to be meant, where several
	// share method and URI.
	Query, Headers []string
	// OutputPayload is the field that is the body; OutputRoot its XML element, and
	// Wrapper the element around a query's output.
	OutputPayload, OutputRoot, Wrapper string
	HasOutput                          bool
	// Bare outputs are one element, that of their only member.
	Bare bool
}

// ErrorModel is how an error looks on the wire.
type ErrorModel struct {
	Code   string
	Status int
}

func (m *Model) operation(name string) *OperationModel {
	for i := range m.Operations {
		if m.Operations[i].Name == name {
			return &m.Operations[i]
		}
	}
	return nil
}

// restXML and the like keep the comparisons of protocols in one place.
func (m *Model) isJSON() bool  { return m.Protocol == "json" }
func (m *Model) isQuery() bool { return m.Protocol == "query" }
func (m *Model) isRest() bool  { return strings.HasPrefix(m.Protocol, "rest-") }
func (m *Model) isXML() bool   { return m.Protocol == "rest-xml" || m.Protocol == "query" }
