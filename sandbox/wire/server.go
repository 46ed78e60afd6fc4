package wire

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/twokey/twokey/sandbox/cloud"
)

// MaxBodyBytes bounds a request's body; S3's single PutObject may be larger on
// AWS (5 GiB).
const MaxBodyBytes = 256 << 20

// Server speaks to AWS clients for all services of a world on one endpoint.
type Server struct {
	world    *cloud.World
	services map[string]*service // by signing name
	order    []*service
}

type service struct {
	model  *Model
	ops    map[string]Operation
	routes []route
}

// NewServer returns a server without services.
func NewServer(w *cloud.World) *Server {
	return &Server{world: w, services: map[string]*service{}}
}

// Add adds a service: its model and the operations bound to it. An operation of
// the model that nothing is bound to counts as unsupported.
func (s *Server) Add(m *Model, ops ...Operation) error {
	svc := &service{model: m, ops: map[string]Operation{}}
	for _, op := range ops {
		if err := op.bind(m); err != nil {
			return err
		}
		svc.ops[op.Name()] = op
		s.world.Register(op)
	}
	if m.isRest() {
		for i := range m.Operations {
			svc.routes = append(svc.routes, newRoute(&m.Operations[i]))
		}
		for i := range m.Elsewhere {
			svc.routes = append(svc.routes, newRoute(&m.Elsewhere[i]))
		}
		sortRoutes(svc.routes)
	}
	s.services[m.Name] = svc
	s.order = append(s.order, svc)
	return nil
}

// Unsupported lists, for each service, the operations that AWS has and the
// sandbox does not.
func (s *Server) Unsupported() map[string][]string {
	out := map[string][]string{}
	for _, svc := range s.order {
		names := slices.Clone(svc.model.Unsupported)
		for _, op := range svc.model.Operations {
			if svc.ops[op.Name] == nil {
				names = append(names, op.Name)
			}
		}
		slices.Sort(names)
		out[svc.model.Name] = names
	}
	return out
}

// request is one request on its way through the layer.
type request struct {
	*http.Request
	writer  http.ResponseWriter
	id      string
	body    []byte
	form    url.Values // of a query request
	sig     *signature
	service *service
	op      Operation
	path    string            // of a REST request, escaped, a virtual host's bucket in front
	uri     map[string]string // labels of path
	trailer map[string]string
	caller  cloud.Identity
}

// ServeHTTP answers one request: bounded read, service, signature, principal,
// strict decoding, and from there cloud.Call.Do.
func (s *Server) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	r := &request{Request: hr, writer: w, id: s.world.IDs.UUID()}
	w.Header().Set("X-Amzn-Requestid", r.id)
	w.Header().Set("X-Amz-Request-Id", r.id)
	if err := s.serve(r); err != nil {
		var m *Model
		if r.service != nil {
			m = r.service.model
		}
		writeError(w, m, r.id, hr.URL.Path, err)
	}
}

func (s *Server) serve(r *request) error {
	if err := r.readBody(); err != nil {
		return err
	}
	sig, sigErr := readSignature(r.Request)
	r.sig = sig
	if err := s.route(r); err != nil {
		return err
	}
	if sigErr != nil {
		return sigErr
	}
	if err := s.authenticate(r); err != nil {
		return err
	}
	in := r.op.NewInput()
	present, err := r.decode(in)
	if err != nil {
		return err
	}
	if v := validate(in, present, validationCode(r.service.model)); v != nil {
		if r.service.model.Protocol == "rest-xml" && brokenBody.MatchString(v.Message) {
			return malformedXML()
		}
		return v
	}
	return s.run(r, in)
}

// brokenBody matches the complaint about a member inside the body, which S3
// answers as it does XML that does not fit its schema.
var brokenBody = regexp.MustCompile(`at '[^'.]*\.`)

// readBody reads the body, bounded.
func (r *request) readBody() error {
	var b bytes.Buffer
	if n := r.ContentLength; n > 0 && n <= MaxBodyBytes {
		b.Grow(int(n) + bytes.MinRead)
	}
	if _, err := b.ReadFrom(io.LimitReader(r.Body, MaxBodyBytes+1)); err != nil {
		return cloud.Errorf("RequestTimeout", "the body could not be read: %v", err)
	}
	if b.Len() > MaxBodyBytes {
		return cloud.Errorf("EntityTooLarge", "the body is over %d bytes", MaxBodyBytes)
	}
	r.body = b.Bytes()
	return nil
}

// validationCode is what a service calls a violated constraint.
func validationCode(m *Model) string {
	switch {
	case m.isQuery():
		return "ValidationError"
	case m.Protocol == "rest-xml":
		return "InvalidArgument"
	}
	return "ValidationException"
}

// route finds the service and the operation.
func (s *Server) route(r *request) error {
	if err := s.findService(r); err != nil {
		return err
	}
	svc := r.service
	name := ""
	switch {
	case svc.model.isJSON():
		_, name, _ = strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		if i := strings.LastIndexByte(name, '.'); i >= 0 {
			name = name[i+1:]
		}
	case svc.model.isQuery():
		name = r.form.Get("Action")
	default:
		r.path = r.URL.EscapedPath()
		if svc.model.Name == "s3" {
			if bucket := virtualHost(r.Host); bucket != "" {
				r.path = "/" + url.PathEscape(bucket) + r.path
			}
		}
		op, labels := matchRoute(svc.routes, r.Request, r.path)
		if op == nil && svc.model.Name == "s3" {
			return &cloud.Error{Code: "MethodNotAllowed", Message: "The specified method is not allowed against this resource.", Status: 405}
		}
		if op == nil {
			return cloud.Errorf("UnknownOperationException", "no operation answers %s %s", r.Method, r.URL.Path)
		}
		name, r.uri = op.Name, labels
	}
	if r.op = svc.ops[name]; r.op != nil {
		return nil
	}
	if svc.model.operation(name) != nil || slices.Contains(svc.model.Unsupported, name) {
		return cloud.NotImplemented(svc.model.Name + " " + name)
	}
	code := "UnknownOperationException"
	if svc.model.isQuery() {
		code = "InvalidAction"
	}
	return cloud.Errorf(code, "Could not find operation %s for version %s", name, svc.model.Version)
}

func (s *Server) findService(r *request) error {
	target, _, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") && r.Header.Get("X-Amz-Target") == "" {
		form, err := url.ParseQuery(string(r.body))
		if err != nil {
			return cloud.Errorf("MalformedQueryString", "the form cannot be read: %v", err)
		}
		r.form = form
	}
	if r.form == nil && r.URL.Query().Get("Action") != "" {
		r.form = r.URL.Query()
	}
	if r.sig != nil {
		if r.service = s.services[r.sig.service]; r.service != nil {
			if r.service.model.isQuery() && r.form == nil {
				r.form = r.URL.Query()
			}
			return nil
		}
		return cloud.NotImplemented("the service " + r.sig.service)
	}
	for _, svc := range s.order {
		m := svc.model
		switch {
		case m.isJSON() && target != "" && (m.TargetPrefix == target || strings.HasPrefix(r.Header.Get("X-Amz-Target"), m.TargetPrefix+".")),
			m.isQuery() && r.form != nil && m.Version == r.form.Get("Version") && m.operation(r.form.Get("Action")) != nil:
			r.service = svc
			return nil
		}
	}
	if svc := s.services["s3"]; svc != nil && target == "" && r.form == nil {
		r.service = svc
		return nil
	}
	return faultMissingToken.in(nil)
}

// Anonymous is implemented by operations that callers need not sign.
type anonymousOperation interface{ Anonymous() bool }

func (s *Server) authenticate(r *request) error {
	m := r.service.model
	if r.sig == nil {
		a, ok := r.op.(anonymousOperation)
		if m.Name != "s3" && (!ok || !a.Anonymous()) {
			return faultMissingToken.in(m)
		}
		r.caller = cloud.AnonymousIdentity()
		return nil
	}
	secret, id, err := s.world.Credential(r.sig.accessKeyID, r.sig.token)
	if err != nil {
		var e *cloud.Error
		if errors.As(err, &e) && e.Code == "ExpiredToken" {
			return faultExpired.in(m)
		}
		return faultUnknownKey.in(m)
	}
	sum := sha256.Sum256(r.body)
	bodyHash := hex.EncodeToString(sum[:])
	if m.Name == "s3" && r.sig.payloadHash != "" {
		bodyHash = r.sig.payloadHash // S3 tells a wrong hash from a wrong signature
	}
	if !r.sig.matches(r.Request, secret, bodyHash) {
		return faultSignature.in(m)
	}
	if name, ok := r.sig.covers(r.Request); !ok {
		return unsignedHeader(name).in(m)
	}
	if !r.sig.fresh(s.world.Clock.Now().Add(-s.world.Clock.Offset())) {
		if m.Name == "s3" && r.sig.presigned {
			return &cloud.Error{Code: "AccessDenied", Message: "Request has expired", Status: 403}
		}
		return faultSkew.in(m)
	}
	if strings.HasPrefix(r.sig.payloadHash, "STREAMING-") {
		if r.body, r.trailer, err = r.sig.unchunk(r.body, secret); err != nil {
			return faultSignature.in(m)
		}
	}
	if m.Name == "s3" {
		if err := r.checkPayloadHash(sum); err != nil {
			return err
		}
	}
	r.caller = id
	return nil
}

func (r *request) decode(in any) (map[string]bool, error) {
	m := r.service.model
	switch {
	case m.isJSON():
		return decodeJSON(r.body, in)
	case m.isQuery():
		return decodeQuery(r.form, in)
	}
	return r.decodeRest(in)
}

func (s *Server) run(r *request, in any) error {
	region := "us-east-1"
	if r.sig != nil {
		region = r.sig.region
	}
	call := s.world.NewCall(context.WithoutCancel(r.Context()), r.caller, r.caller.Account, region, r.op)
	call.RequestID = r.id
	if r.sig != nil {
		s.world.Used(&r.caller, r.service.model.Name, region, call.Time)
		if r.service.model.Name != "s3" { // S3's hosts may name a bucket
			s.world.ReachedAt(r.base())
		}
	}
	if r.service.model.Name == "s3" {
		call.Vouched = r.s3Context()
	}
	call.UserAgent = r.UserAgent()
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		call.SourceIP = host
	}
	out, err := call.Do(in)
	if err != nil {
		return err
	}
	return r.encode(out)
}

// base is the URL that the request came to, without its path.
func (r *request) base() string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

func (r *request) encode(out any) error {
	m, op := r.service.model, r.op.model()
	status := op.Status
	if status == 0 {
		status = 200
	}
	h := r.writer.Header()
	switch {
	case m.isJSON():
		h.Set("Content-Type", contentTypeJSON(m))
		if !op.HasOutput {
			r.writer.WriteHeader(status)
			return nil
		}
		data, err := encodeJSON(out)
		if err != nil {
			return err
		}
		r.writer.WriteHeader(status)
		_, err = r.writer.Write(data)
		return ignoreWrite(err)
	case m.isQuery():
		var e xmlEncoder
		e.b.WriteString("<" + op.Name + `Response xmlns="` + m.Namespace + `">`)
		if op.Wrapper != "" {
			e.open(op.Wrapper, "")
			e.members(valueOf(out))
			e.shut(op.Wrapper)
		}
		e.b.WriteString("<ResponseMetadata><RequestId>" + r.id + "</RequestId></ResponseMetadata></" + op.Name + "Response>")
		h.Set("Content-Type", "text/xml")
		r.writer.WriteHeader(status)
		_, err := io.Copy(r.writer, bytes.NewReader(e.b.Bytes()))
		return ignoreWrite(err)
	}
	return r.encodeRest(out, status)
}

// ignoreWrite drops the error of writing to a client that has gone: the call has
// happened, and there is nobody to tell.
func ignoreWrite(error) error { return nil }
