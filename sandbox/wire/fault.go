package wire

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"maps"
	"net/http"
	"slices"

	"github.com/twokey/twokey/sandbox/cloud"
)

func incomplete(message string) *cloud.Error {
	return cloud.Errorf("IncompleteSignature", "%s", message)
}

// The names under which the protocols know the faults of authentication.
var (
	faultMissingToken = fault{"MissingAuthenticationTokenException", "MissingAuthenticationToken", "AccessDenied", "Request is missing Authentication Token"}
	faultSignature    = fault{"InvalidSignatureException", "SignatureDoesNotMatch", "SignatureDoesNotMatch",
		"The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."}
	faultSkew       = fault{"InvalidSignatureException", "SignatureDoesNotMatch", "RequestTimeTooSkewed", "Signature expired: the difference between the request time and the current time is too large."}
	faultUnknownKey = fault{"UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId", "The security token included in the request is invalid."}
	faultExpired    = fault{"ExpiredTokenException", "ExpiredToken", "ExpiredToken", "The security token included in the request is expired"}
)

type fault struct{ json, query, s3, message string }

// unsignedHeader refuses a request with a header that its signature leaves out.
func unsignedHeader(name string) fault {
	return fault{"InvalidSignatureException", "SignatureDoesNotMatch", "AccessDenied", "'" + name + "' must be a 'SignedHeader' in the AWS Authorization."}
}

// in is the fault in the words of a service's protocol.
func (f fault) in(m *Model) *cloud.Error {
	switch {
	case m == nil || m.isJSON():
		return &cloud.Error{Code: f.json, Message: f.message, Status: 400}
	case m.Protocol == "rest-xml":
		return &cloud.Error{Code: f.s3, Message: f.message, Status: 403}
	case m.isQuery():
		return &cloud.Error{Code: f.query, Message: f.message, Status: 403}
	}
	return &cloud.Error{Code: f.json, Message: f.message, Status: 403}
}

// asError makes any error an Error in the words of the protocol.
func asError(err error, m *Model) *cloud.Error {
	var e *cloud.Error
	if !errors.As(err, &e) {
		return &cloud.Error{Code: "InternalFailure", Message: err.Error(), Fault: true}
	}
	if m == nil {
		return e
	}
	if e.Code == "MalformedInput" && m.Protocol == "rest-xml" {
		c := *e
		c.Code = "InvalidArgument"
		return &c
	}
	if e.Code == "AccessDeniedException" && m.isXML() {
		return &cloud.Error{Code: "AccessDenied", Message: e.Message, Status: 403}
	}
	if e.Code == "AccessDeniedException" && m.isRest() {
		return e.WithStatus(403)
	}
	if known, ok := m.Errors[e.Code]; ok && e.Status == 0 {
		c := *e
		c.Code, c.Status = known.Code, known.Status
		return &c
	}
	return e
}

// writeError answers with an error in the shape of the protocol.
func writeError(w http.ResponseWriter, m *Model, requestID, resource string, err error) {
	e := asError(err, m)
	h := w.Header()
	for name, value := range e.Headers {
		h.Set(name, value)
	}
	switch {
	case m != nil && m.Protocol == "rest-xml":
		h.Set("Content-Type", "application/xml")
		w.WriteHeader(e.HTTPStatus())
		_, _ = w.Write(xmlError("<Error>", e, "<Resource>"+escapeXML(resource)+"</Resource><RequestId>"+requestID+"</RequestId></Error>", ""))
	case m != nil && m.isQuery():
		kind := "Sender"
		if e.Fault {
			kind = "Receiver"
		}
		h.Set("Content-Type", "text/xml")
		w.WriteHeader(e.HTTPStatus())
		_, _ = w.Write(xmlError(`<ErrorResponse xmlns="`+m.Namespace+`"><Error>`, e, "</Error><RequestId>"+requestID+"</RequestId></ErrorResponse>", kind))
	default:
		h.Set("Content-Type", contentTypeJSON(m))
		h.Set("X-Amzn-Errortype", e.Code)
		body := map[string]any{"__type": e.Code, "message": e.Message}
		for k, v := range e.Fields {
			if k != cloud.Denial {
				body[k] = v
			}
		}
		data, _ := json.Marshal(body)
		w.WriteHeader(e.HTTPStatus())
		_, _ = w.Write(data)
	}
}

func contentTypeJSON(m *Model) string {
	if m == nil || !m.isJSON() {
		return "application/json"
	}
	return "application/x-amz-json-" + m.JSONVersion
}

func xmlError(head string, e *cloud.Error, tail, kind string) []byte {
	b := []byte(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + head)
	if kind != "" {
		b = append(b, "<Type>"+kind+"</Type>"...)
	}
	b = append(b, "<Code>"+escapeXML(e.Code)+"</Code><Message>"+escapeXML(e.Message)+"</Message>"...)
	for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
		if text, ok := e.Fields[name].(string); ok {
			b = append(b, "<"+name+">"+escapeXML(text)+"</"+name+">"...)
		}
	}
	return append(b, tail...)
}

func escapeXML(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}
