package iamsvc

import (
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

func wireLogin(h holder) *LoginProfile {
	reset := h.Login.Reset
	return &LoginProfile{UserName: h.Name, CreateDate: at(h.Login.Created), PasswordResetRequired: &reset}
}

func noLogin(name string) *cloud.Error {
	return cloud.Errorf("NoSuchEntityException", "Login Profile for User %s cannot be found.", name)
}

// loginOps are the operations of console passwords. There is no console here, so
// a password is accepted and forgotten; that a user has one is kept.
func (s *service) loginOps() []wire.Operation {
	return []wire.Operation{
		bindUser(s, "CreateLoginProfile", func(in *CreateLoginProfileRequest) string { return in.UserName }, func(c *cloud.Call, h holder, in *CreateLoginProfileRequest) (*CreateLoginProfileResponse, error) {
			if in.Password == "" {
				return nil, cloud.Errorf("ValidationError", "Must specify a password.")
			}
			err := s.change(c, user, h.Name, func(h *holder) error {
				if h.Login != nil {
					return cloud.Errorf("EntityAlreadyExistsException", "Login Profile for user %s already exists.", h.Name)
				}
				h.Login = &login{Created: c.Time, Reset: in.PasswordResetRequired != nil && *in.PasswordResetRequired}
				return nil
			})
			if err != nil {
				return nil, err
			}
			h, err = s.get(c, user, h.Name)
			return &CreateLoginProfileResponse{LoginProfile: wireLogin(h)}, err
		}),
		bindUser(s, "GetLoginProfile", func(in *GetLoginProfileRequest) string { return in.UserName }, func(_ *cloud.Call, h holder, _ *GetLoginProfileRequest) (*GetLoginProfileResponse, error) {
			if h.Login == nil {
				return nil, noLogin(h.Name)
			}
			return &GetLoginProfileResponse{LoginProfile: wireLogin(h)}, nil
		}),
		bindUser(s, "UpdateLoginProfile", func(in *UpdateLoginProfileRequest) string { return in.UserName }, func(c *cloud.Call, h holder, in *UpdateLoginProfileRequest) (*wire.Empty, error) {
			return nil, s.change(c, user, h.Name, func(h *holder) error {
				if h.Login == nil {
					return noLogin(h.Name)
				}
				if in.PasswordResetRequired != nil {
					h.Login = &login{Created: h.Login.Created, Reset: *in.PasswordResetRequired}
				}
				return nil
			})
		}),
		bindUser(s, "DeleteLoginProfile", func(in *DeleteLoginProfileRequest) string { return in.UserName }, func(c *cloud.Call, h holder, _ *DeleteLoginProfileRequest) (*wire.Empty, error) {
			return nil, s.change(c, user, h.Name, func(h *holder) error {
				if h.Login == nil {
					return noLogin(h.Name)
				}
				h.Login = nil
				return nil
			})
		}),
	}
}

// Redacted keeps the password out of the trail.
func (r *CreateLoginProfileRequest) Redacted() any {
	return redactLogin(r.UserName, r.PasswordResetRequired)
}

// Redacted keeps the password out of the trail.
func (r *UpdateLoginProfileRequest) Redacted() any {
	return redactLogin(r.UserName, r.PasswordResetRequired)
}

func redactLogin(name string, reset *bool) map[string]any {
	m := map[string]any{"userName": name}
	if reset != nil {
		m["passwordResetRequired"] = *reset
	}
	return m
}
