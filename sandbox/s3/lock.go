package s3

import (
	"time"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

const (
	governance = "GOVERNANCE"
	compliance = "COMPLIANCE"
)

func noLock() *cloud.Error { return invalidRequest("Bucket is missing Object Lock Configuration") }

// retention is that of a new object: what the request says, else the bucket's
// default.
func retention(c *cloud.Call, b bucket, mode string, until time.Time, hold string) (*ObjectLockRetention, error) {
	switch {
	case mode == "" && until.IsZero() && hold == "":
	case b.Lock == nil:
		return nil, noLock()
	case (mode == "") != until.IsZero():
		return nil, invalidArgument("x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied")
	case mode != "" && !until.After(c.Time):
		return nil, invalidArgument("The retain until date must be in the future!")
	}
	if mode != "" {
		return &ObjectLockRetention{Mode: mode, RetainUntilDate: wire.At(until)}, nil
	}
	if b.Lock == nil || b.Lock.Rule == nil {
		return nil, nil
	}
	d := b.Lock.Rule.DefaultRetention
	var years, days int
	if d.Years != nil {
		years = int(*d.Years)
	}
	if d.Days != nil {
		days = int(*d.Days)
	}
	return &ObjectLockRetention{Mode: d.Mode, RetainUntilDate: wire.At(c.Time.AddDate(years, 0, days))}, nil
}

// deletable refuses to delete a version that is protected. bypass lifts retention
// in governance mode, and nothing else.
func deletable(v *version, now time.Time, bypass bool) error {
	locked := v.LegalHold
	if r := v.Retention; r != nil && r.RetainUntilDate.After(now) && !(bypass && r.Mode == governance) {
		locked = true
	}
	if locked {
		return accessDenied("Access Denied because object protected by object lock.")
	}
	return nil
}

// shownLock are the headers of object lock, for those who may see them.
func (s *service) shownLock(c *cloud.Call, b bucket, v *version) (mode string, until wire.Time, hold string) {
	may := func(action string) bool {
		return c.Authorize(cloud.Check{Action: action, Resource: objectARN(b.Name, v.Key), ResourceAccount: b.Account, Context: contextOf(b)}) == nil
	}
	if v.Retention != nil && v.Retention.Mode != "" && may("s3:GetObjectRetention") {
		mode, until = v.Retention.Mode, v.Retention.RetainUntilDate
	}
	if v.LegalHold && may("s3:GetObjectLegalHold") {
		hold = "ON"
	}
	return mode, until, hold
}

// alter replaces a version by what f makes of a copy of it.
func (s *service) alter(c *cloud.Call, b bucket, key, id string, f func(v *version) error) (*version, error) {
	found, err := s.current(c, b, key, id)
	if err != nil {
		return nil, err
	}
	ix := s.index(b.Name)
	ix.mu.Lock()
	defer ix.mu.Unlock()
	v := ix.findLocked(key, found.VersionID)
	if v == nil || v.ID != found.ID {
		return nil, fault(409, "OperationAborted", "A conflicting conditional operation is currently in progress against this resource. Please try again.")
	}
	changed := *v
	if err := f(&changed); err != nil {
		return nil, err
	}
	if err := s.rows.Put(v.ID, &changed); err != nil {
		return nil, err
	}
	ix.replaceLocked(&changed)
	return &changed, nil
}

func (s *service) putRetention(c *cloud.Call, b bucket, in *PutObjectRetentionRequest) (*PutObjectRetentionOutput, error) {
	if b.Lock == nil {
		return nil, noLock()
	}
	r := in.Retention
	switch {
	case r == nil || (r.Mode == "") != r.RetainUntilDate.IsZero():
		return nil, badXML()
	case r.Mode != "" && !r.RetainUntilDate.After(c.Time):
		return nil, invalidArgument("The retain until date must be in the future!")
	}
	_, err := s.alter(c, b, in.Key, in.VersionId, func(v *version) error {
		have := v.Retention
		active := have != nil && have.Mode != "" && have.RetainUntilDate.After(c.Time)
		weaker := r.Mode == "" || active && (r.RetainUntilDate.Before(have.RetainUntilDate.Time) || have.Mode == compliance && r.Mode != compliance || have.Mode == governance && r.Mode != governance)
		if active && weaker && !(have.Mode == governance && isTrue(in.BypassGovernanceRetention)) {
			// From governance to compliance is no weakening where the date stays.
			if !(have.Mode == governance && r.Mode == compliance && !r.RetainUntilDate.Before(have.RetainUntilDate.Time)) {
				return accessDenied("Access Denied because object protected by object lock.")
			}
		}
		v.Retention = r
		if r.Mode == "" {
			v.Retention = nil
		}
		return nil
	})
	return nil, err
}

func (s *service) lockOps() []wire.Operation {
	return []wire.Operation{
		data(s, "GetObjectRetention", func(c *cloud.Call, b bucket, in *GetObjectRetentionRequest) ([]cloud.Check, error) {
			return s.onObject(c, b, in, "GetObjectRetention")
		}, func(c *cloud.Call, b bucket, in *GetObjectRetentionRequest) (*GetObjectRetentionOutput, error) {
			if b.Lock == nil {
				return nil, noLock()
			}
			v, err := s.current(c, b, in.Key, in.VersionId)
			if err != nil {
				return nil, err
			}
			if v.Retention == nil {
				return nil, fault(404, "NoSuchObjectLockConfiguration", "The specified object does not have a ObjectLock configuration")
			}
			return &GetObjectRetentionOutput{Retention: v.Retention}, nil
		}),
		data(s, "PutObjectRetention", func(c *cloud.Call, b bucket, in *PutObjectRetentionRequest) ([]cloud.Check, error) {
			actions := []string{"PutObjectRetention"}
			if isTrue(in.BypassGovernanceRetention) {
				actions = append(actions, "BypassGovernanceRetention")
			}
			checks, err := s.onObject(c, b, in, actions...)
			if r := in.Retention; err == nil && r != nil && r.Mode != "" {
				checks[0].Context.Set("s3:object-lock-mode", r.Mode).Set("s3:object-lock-retain-until-date", r.RetainUntilDate.UTC().Format(time.RFC3339)).
					Set("s3:object-lock-remaining-retention-days", wholeDays(r.RetainUntilDate.Sub(c.Time)))
			}
			return checks, err
		}, s.putRetention),
		data(s, "GetObjectLegalHold", func(c *cloud.Call, b bucket, in *GetObjectLegalHoldRequest) ([]cloud.Check, error) {
			return s.onObject(c, b, in, "GetObjectLegalHold")
		}, func(c *cloud.Call, b bucket, in *GetObjectLegalHoldRequest) (*GetObjectLegalHoldOutput, error) {
			if b.Lock == nil {
				return nil, noLock()
			}
			v, err := s.current(c, b, in.Key, in.VersionId)
			if err != nil {
				return nil, err
			}
			status := "OFF"
			if v.LegalHold {
				status = "ON"
			}
			return &GetObjectLegalHoldOutput{LegalHold: &ObjectLockLegalHold{Status: status}}, nil
		}),
		data(s, "PutObjectLegalHold", func(c *cloud.Call, b bucket, in *PutObjectLegalHoldRequest) ([]cloud.Check, error) {
			checks, err := s.onObject(c, b, in, "PutObjectLegalHold")
			if err == nil && in.LegalHold != nil {
				checks[0].Context.Set("s3:object-lock-legal-hold", in.LegalHold.Status)
			}
			return checks, err
		}, func(c *cloud.Call, b bucket, in *PutObjectLegalHoldRequest) (*PutObjectLegalHoldOutput, error) {
			if b.Lock == nil {
				return nil, noLock()
			}
			if in.LegalHold == nil || in.LegalHold.Status == "" {
				return nil, badXML()
			}
			_, err := s.alter(c, b, in.Key, in.VersionId, func(v *version) error { v.LegalHold = in.LegalHold.Status == "ON"; return nil })
			return nil, err
		}),
	}
}
