package cloud

import (
	"encoding/json"
	"errors"
	"time"
)

// Record is one CloudTrail record.
type Record struct {
	EventVersion      string          `json:"eventVersion"`
	UserIdentity      map[string]any  `json:"userIdentity"`
	EventTime         string          `json:"eventTime"`
	EventSource       string          `json:"eventSource"`
	EventName         string          `json:"eventName"`
	AWSRegion         string          `json:"awsRegion"`
	SourceIPAddress   string          `json:"sourceIPAddress"`
	UserAgent         string          `json:"userAgent"`
	ErrorCode         string          `json:"errorCode,omitempty"`
	ErrorMessage      string          `json:"errorMessage,omitempty"`
	RequestParameters json.RawMessage `json:"requestParameters"`
	ResponseElements  json.RawMessage `json:"responseElements"`
	RequestID         string          `json:"requestID"`
	EventID           string          `json:"eventID"`
	ReadOnly          bool            `json:"readOnly"`
	EventType         string          `json:"eventType"`
	ManagementEvent   bool            `json:"managementEvent"`
	RecipientAccount  string          `json:"recipientAccountId"`
	EventCategory     string          `json:"eventCategory"`
}

// maxTrail bounds the records kept for each account, oldest dropped first;
// CloudTrail's LookupEvents forgets after 90 days.
const maxTrail = 50_000

// trailSlack is how many records more there may be before the oldest are dropped,
// so that not every call copies them all.
const trailSlack = maxTrail / 4

// Redacted is implemented by inputs and outputs that hold secrets; what it
// returns goes into the trail instead.
type Redacted interface{ Redacted() any }

func (w *World) record(c *Call, in, out any, err error) {
	if c.Operation.Data() {
		return
	}
	r := Record{
		EventVersion: "1.11", UserIdentity: userIdentity(&c.Identity),
		EventTime:   c.Time.UTC().Format(time.RFC3339),
		EventSource: c.Operation.Service() + ".amazonaws.com", EventName: c.Operation.Name(),
		AWSRegion: c.Region, SourceIPAddress: c.SourceIP, UserAgent: c.UserAgent,
		RequestID: c.RequestID, EventID: c.EventID, ReadOnly: c.Operation.ReadOnly(),
		EventType: "AwsApiCall", ManagementEvent: true, RecipientAccount: c.Account, EventCategory: "Management",
		RequestParameters: trailJSON(in), ResponseElements: json.RawMessage("null"),
	}
	if err != nil {
		var e *Error
		if errors.As(err, &e) {
			r.ErrorCode, r.ErrorMessage = e.Code, e.Message
		} else {
			r.ErrorCode, r.ErrorMessage = "InternalFailure", err.Error()
		}
	} else if !r.ReadOnly {
		r.ResponseElements = trailJSON(out)
	}
	w.trailMu.Lock()
	rows := append(w.trail[c.Account], r)
	if len(rows) > maxTrail+trailSlack {
		rows = append([]Record(nil), rows[len(rows)-maxTrail:]...)
	}
	w.trail[c.Account] = rows
	listeners := w.onRecord
	w.trailMu.Unlock()
	for _, f := range listeners {
		f(r)
	}
}

// Trail returns the records of an account, oldest first; of all accounts where
// account is empty.
func (w *World) Trail(account string) []Record {
	w.trailMu.Lock()
	defer w.trailMu.Unlock()
	if account != "" {
		return append([]Record(nil), w.trail[account]...)
	}
	var all []Record
	for _, a := range w.Accounts() {
		all = append(all, w.trail[a.ID]...)
	}
	return all
}

// OnRecord has f called for every record, in the goroutine of the call.
func (w *World) OnRecord(f func(Record)) {
	w.trailMu.Lock()
	defer w.trailMu.Unlock()
	w.onRecord = append(w.onRecord, f)
}

// userIdentity is the element of that name ("CloudTrail userIdentity element").
func userIdentity(id *Identity) map[string]any {
	m := map[string]any{"type": string(id.Kind)}
	switch id.Kind {
	case AWSService:
		m["invokedBy"] = id.ARN
		return m
	case WebIdentityUser:
		m["principalId"], m["userName"], m["identityProvider"] = id.UserID, id.UserName, id.ARN
		return m
	case Anonymous:
		return map[string]any{"type": "Unknown", "principalId": "Anonymous"}
	}
	m["principalId"], m["arn"], m["accountId"] = id.UserID, id.ARN, id.Account
	if id.AccessKeyID != "" {
		m["accessKeyId"] = id.AccessKeyID
	}
	if id.Kind == IAMUser {
		m["userName"] = id.UserName
	}
	if id.InvokedBy != "" {
		m["invokedBy"] = id.InvokedBy
	}
	if !id.Temporary() {
		return m
	}
	mfa := "false"
	if id.MFA {
		mfa = "true"
	}
	session := map[string]any{"attributes": map[string]any{
		"creationDate": id.Issued.UTC().Format(time.RFC3339), "mfaAuthenticated": mfa,
	}}
	switch id.Kind {
	case AssumedRole:
		session["sessionIssuer"] = map[string]any{"type": "Role", "principalId": id.RoleID, "arn": id.RoleARN, "accountId": id.Account, "userName": id.UserName}
	case FederatedUser:
		issuer := "IAMUser"
		if id.IssuerID == id.Account {
			issuer = "Root"
		}
		session["sessionIssuer"] = map[string]any{"type": issuer, "principalId": id.IssuerID, "arn": id.UserARN, "accountId": id.Account, "userName": id.UserName}
	}
	if id.SourceIdentity != "" {
		session["sourceIdentity"] = id.SourceIdentity
	}
	m["sessionContext"] = session
	return m
}
