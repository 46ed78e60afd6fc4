package iamsvc

import (
	"crypto/hmac"
	"crypto/sha1" // RFC 6238 as authenticator apps and AWS use it
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// device is a virtual MFA device.
type device struct {
	Account, Serial, Path, Name string
	Seed                        string // base 32
	UserID                      string // of the user it is enabled for
	Enabled                     time.Time
	Step                        int64 // of the last code used: a code counts once
	Tags                        []tag
}

const (
	// seedLength is that of AWS's Base32StringSeed, in characters.
	seedLength = 64
	// codePeriod is RFC 6238's time step; codeDrift, in steps, is how far a device's
	// clock may be off.
	codePeriod    = 30
	codeDrift     = 1
	seedAlphabet  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	maxMFAForUser = 8
)

// totp is the code of a time step (RFC 6238: HMAC-SHA-1, six digits).
func totp(seed string, step int64) string {
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(seed)
	if err != nil || step < 0 {
		return ""
	}
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(step))
	mac := hmac.New(sha1.New, secret)
	mac.Write(counter[:])
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0x0f
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[at:])&0x7fffffff)%1_000_000)
}

// stepOf finds the time step near now whose code, and whose successors' codes,
// are those given; it must be later than after.
func (d *device) stepOf(now time.Time, after int64, drift int64, codes ...string) (int64, bool) {
	current := now.Unix() / codePeriod
	for step := current - drift; step <= current+drift; step++ {
		ok := step > after
		for i, code := range codes {
			ok = subtle.ConstantTimeCompare([]byte(totp(d.Seed, step+int64(i))), []byte(code)) == 1 && ok
		}
		if ok {
			return step + int64(len(codes)) - 1, true
		}
	}
	return 0, false
}

// CheckMFA uses up a code of a user's device.
func (s *service) CheckMFA(userID, serial, code string, now time.Time) error {
	denied := func(why string) error { return &cloud.Error{Code: "AccessDenied", Status: 403, Message: why} }
	if d, ok := s.devices.Get(serial); !ok || userID == "" || d.UserID != userID {
		return denied("MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.")
	}
	_, err := s.devices.Update(serial, func(d device, ok bool) (device, error) {
		step, good := d.stepOf(now, d.Step, codeDrift, code)
		if !ok || !good {
			return d, denied("MultiFactorAuthentication failed with invalid MFA one time pass code. ")
		}
		d.Step = step
		return d, nil
	})
	return err
}

func (s *service) devicesOf(h holder) []device {
	return s.devices.Select(func(_ string, d device) bool { return d.UserID == h.ID })
}

func serialOf(c *cloud.Call, path, name string) string {
	if path == "" {
		path = "/"
	}
	return "arn:aws:iam::" + c.Account + ":mfa" + path + name
}

func noDevice(serial string) *cloud.Error {
	return cloud.Errorf("NoSuchEntityException", "VirtualMFADevice with serial number %s does not exist.", serial)
}

// onDevice is the check of an operation on a device.
func (s *service) onDevice(action, serial string) ([]cloud.Check, error) {
	d, _ := s.devices.Get(serial)
	if !strings.HasPrefix(serial, "arn:") {
		return nil, noDevice(serial)
	}
	return []cloud.Check{{Action: "iam:" + action, Resource: serial, Context: resourceTags(iam.NewContext(), d.Tags)}}, nil
}

func (s *service) changeDevice(c *cloud.Call, serial string, f func(d *device) error) error {
	_, err := s.devices.Update(serial, func(d device, ok bool) (device, error) {
		if !ok || d.Account != c.Account {
			return d, noDevice(serial)
		}
		return d, f(&d)
	})
	return err
}

func (s *service) deviceOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[CreateVirtualMFADeviceRequest, CreateVirtualMFADeviceResponse]{Name: "CreateVirtualMFADevice", Auth: func(c *cloud.Call, in *CreateVirtualMFADeviceRequest) ([]cloud.Check, error) {
			checks := []cloud.Check{{Action: "iam:CreateVirtualMFADevice", Resource: serialOf(c, in.Path, in.VirtualMFADeviceName), Context: tagContext(iam.NewContext(), in.Tags)}}
			return withTagging("TagMFADevice", checks, in.Tags), nil
		}, Do: s.createDevice}.Operation(),
		wire.Op[DeleteVirtualMFADeviceRequest, wire.Empty]{Name: "DeleteVirtualMFADevice", Auth: func(_ *cloud.Call, in *DeleteVirtualMFADeviceRequest) ([]cloud.Check, error) {
			return s.onDevice("DeleteVirtualMFADevice", in.SerialNumber)
		}, Do: func(c *cloud.Call, in *DeleteVirtualMFADeviceRequest) (*wire.Empty, error) {
			d, ok := s.devices.Get(in.SerialNumber)
			switch {
			case !ok || d.Account != c.Account:
				return nil, noDevice(in.SerialNumber)
			case d.UserID != "":
				return nil, cloud.Errorf("DeleteConflictException", "MFA VirtualDevice is in use. Must deactivate MFA device first.")
			}
			return nil, s.devices.Delete(in.SerialNumber)
		}}.Operation(),
		bindHolder(s, "EnableMFADevice", user, func(in *EnableMFADeviceRequest) string { return in.UserName }, s.enableDevice),
		bindHolder(s, "ResyncMFADevice", user, func(in *ResyncMFADeviceRequest) string { return in.UserName }, func(c *cloud.Call, in *ResyncMFADeviceRequest) (*wire.Empty, error) {
			h, err := s.get(c, user, in.UserName)
			if err != nil {
				return nil, err
			}
			return nil, s.changeDevice(c, in.SerialNumber, func(d *device) error {
				if d.UserID != h.ID {
					return noDevice(in.SerialNumber)
				}
				return d.synchronise(c.Time, in.AuthenticationCode1, in.AuthenticationCode2)
			})
		}),
		bindUser(s, "DeactivateMFADevice", func(in *DeactivateMFADeviceRequest) string { return in.UserName }, func(c *cloud.Call, h holder, in *DeactivateMFADeviceRequest) (*wire.Empty, error) {
			return nil, s.changeDevice(c, in.SerialNumber, func(d *device) error {
				if d.UserID != h.ID {
					return noDevice(in.SerialNumber)
				}
				d.UserID, d.Enabled = "", time.Time{}
				return nil
			})
		}),
		bindUser(s, "ListMFADevices", func(in *ListMFADevicesRequest) string { return in.UserName }, func(_ *cloud.Call, h holder, in *ListMFADevicesRequest) (out *ListMFADevicesResponse, err error) {
			out = &ListMFADevicesResponse{}
			all := []*MFADevice{}
			for _, d := range s.devicesOf(h) {
				all = append(all, &MFADevice{UserName: h.Name, SerialNumber: d.Serial, EnableDate: at(d.Enabled)})
			}
			out.MFADevices, out.IsTruncated, out.Marker, err = page(all, in.Marker, in.MaxItems)
			return out, err
		}),
		wire.Op[ListVirtualMFADevicesRequest, ListVirtualMFADevicesResponse]{Name: "ListVirtualMFADevices", Do: s.listDevices}.Operation(),
	}
}

func (s *service) createDevice(c *cloud.Call, in *CreateVirtualMFADeviceRequest) (*CreateVirtualMFADeviceResponse, error) {
	tags, err := mergeTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	serial := serialOf(c, in.Path, in.VirtualMFADeviceName)
	d, err := s.devices.Update(serial, func(d device, exists bool) (device, error) {
		if exists {
			return d, cloud.Errorf("EntityAlreadyExistsException", "MFADevice entity at the same path and name already exists.")
		}
		return device{Account: c.Account, Serial: serial, Path: in.Path, Name: in.VirtualMFADeviceName, Seed: s.world.IDs.From(seedAlphabet, seedLength), Tags: tags}, nil
	})
	if err != nil {
		return nil, err
	}
	return &CreateVirtualMFADeviceResponse{VirtualMFADevice: &VirtualMFADevice{SerialNumber: serial, Base32StringSeed: []byte(d.Seed), Tags: wireTags(tags)}}, nil
}

// Redacted keeps the seed out of the trail.
func (r *CreateVirtualMFADeviceResponse) Redacted() any {
	if r.VirtualMFADevice == nil {
		return r
	}
	return map[string]any{"virtualMFADevice": map[string]any{"serialNumber": r.VirtualMFADevice.SerialNumber}}
}

// synchronise proves possession of a device by two consecutive codes.
func (d *device) synchronise(now time.Time, first, second string) error {
	// As AWS, a device that starts may be further off than one in use.
	step, ok := d.stepOf(now, d.Step, 4*codeDrift, first, second)
	if !ok {
		return cloud.Errorf("InvalidAuthenticationCodeException", "Authentication code for device is not valid.")
	}
	d.Step = step
	return nil
}

func (s *service) enableDevice(c *cloud.Call, in *EnableMFADeviceRequest) (*wire.Empty, error) {
	h, err := s.get(c, user, in.UserName)
	if err != nil {
		return nil, err
	}
	if len(s.devicesOf(h)) >= maxMFAForUser {
		return nil, cloud.Errorf("LimitExceededException", "Cannot exceed quota for MFADevicesPerUser: %d", maxMFAForUser)
	}
	return nil, s.changeDevice(c, in.SerialNumber, func(d *device) error {
		if d.UserID != "" {
			return cloud.Errorf("EntityAlreadyExistsException", "Device with serial number %s is already in use.", in.SerialNumber)
		}
		if err := d.synchronise(c.Time, in.AuthenticationCode1, in.AuthenticationCode2); err != nil {
			return err
		}
		d.UserID, d.Enabled = h.ID, c.Time
		return nil
	})
}

func (s *service) listDevices(c *cloud.Call, in *ListVirtualMFADevicesRequest) (out *ListVirtualMFADevicesResponse, err error) {
	out = &ListVirtualMFADevicesResponse{}
	all := []*VirtualMFADevice{}
	for _, d := range s.devices.Select(func(_ string, d device) bool { return d.Account == c.Account }) {
		assigned := d.UserID != ""
		if in.AssignmentStatus == "Assigned" && !assigned || in.AssignmentStatus == "Unassigned" && assigned {
			continue
		}
		v := &VirtualMFADevice{SerialNumber: d.Serial}
		if h, ok := s.find(d.UserID); ok {
			v.User, v.EnableDate = wireUser(h), at(d.Enabled)
		}
		all = append(all, v)
	}
	out.VirtualMFADevices, out.IsTruncated, out.Marker, err = page(all, in.Marker, in.MaxItems)
	return out, err
}
