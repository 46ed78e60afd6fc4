package iamsvc

import (
	"regexp"
	"strings"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// alias is AWS's pattern for account aliases, but for "--": RE2 has no lookahead.
var alias = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)

func (s *service) accountOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[CreateAccountAliasRequest, wire.Empty]{Name: "CreateAccountAlias", Do: func(c *cloud.Call, in *CreateAccountAliasRequest) (*wire.Empty, error) {
			if !alias.MatchString(in.AccountAlias) || strings.Contains(in.AccountAlias, "--") {
				return nil, cloud.Errorf("ValidationError", "1 validation error detected: Value '%s' at 'accountAlias' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$", in.AccountAlias)
			}
			if len(s.aliases.Select(func(account, name string) bool { return account != c.Account && name == in.AccountAlias })) > 0 {
				return nil, cloud.Errorf("EntityAlreadyExistsException", "The account alias %s already exists.", in.AccountAlias)
			}
			return nil, s.aliases.Put(c.Account, in.AccountAlias) // an account has one: the new replaces the old
		}}.Operation(),
		wire.Op[DeleteAccountAliasRequest, wire.Empty]{Name: "DeleteAccountAlias", Do: func(c *cloud.Call, in *DeleteAccountAliasRequest) (*wire.Empty, error) {
			if have, ok := s.aliases.Get(c.Account); !ok || have != in.AccountAlias {
				return nil, cloud.Errorf("NoSuchEntityException", "The account alias %s does not exist.", in.AccountAlias)
			}
			return nil, s.aliases.Delete(c.Account)
		}}.Operation(),
		wire.Op[ListAccountAliasesRequest, ListAccountAliasesResponse]{Name: "ListAccountAliases", Do: func(c *cloud.Call, in *ListAccountAliasesRequest) (out *ListAccountAliasesResponse, err error) {
			out = &ListAccountAliasesResponse{}
			names := []string{}
			if have, ok := s.aliases.Get(c.Account); ok {
				names = append(names, have)
			}
			out.AccountAliases, out.IsTruncated, out.Marker, err = page(names, in.Marker, in.MaxItems)
			return out, err
		}}.Operation(),
		wire.Op[wire.Empty, GetAccountSummaryResponse]{Name: "GetAccountSummary", Do: func(c *cloud.Call, _ *wire.Empty) (*GetAccountSummaryResponse, error) {
			return &GetAccountSummaryResponse{SummaryMap: s.summary(c.Account)}, nil
		}}.Operation(),
	}
}

// summary counts what an account has. The quotas are AWS's defaults ("IAM and AWS
// STS quotas"); they are not enforced where docs/sandbox does not say so.
func (s *service) summary(account string) map[string]int64 {
	m := map[string]int64{
		"Users": 0, "Groups": 0, "Roles": 0, "Policies": 0, "PolicyVersionsInUse": 0, "InstanceProfiles": 0, "Providers": 0, "MFADevices": 0, "MFADevicesInUse": 0,
		"ServerCertificates": 0, "AccountMFAEnabled": 0, "AccountAccessKeysPresent": 0, "AccountPasswordPresent": 1, "AccountSigningCertificatesPresent": 0,
		"UsersQuota": 5000, "GroupsQuota": 300, "RolesQuota": 1000, "PoliciesQuota": 1500, "PolicyVersionsInUseQuota": 10000, "InstanceProfilesQuota": 1000, "ServerCertificatesQuota": 20,
		"UserPolicySizeQuota": maxInlineUser, "GroupPolicySizeQuota": maxInlineGroup, "RolePolicySizeQuota": maxInlineRole, "PolicySizeQuota": maxManaged, "AssumeRolePolicySizeQuota": maxTrust,
		"GroupsPerUserQuota": maxGroupsForUser, "AccessKeysPerUserQuota": maxAccessKeys, "SigningCertificatesPerUserQuota": 2, "VersionsPerPolicyQuota": maxVersions,
		"AttachedPoliciesPerUserQuota": maxAttached, "AttachedPoliciesPerGroupQuota": maxAttached, "AttachedPoliciesPerRoleQuota": maxAttached, "GlobalEndpointTokenVersion": 2,
	}
	names := map[kind]string{user: "Users", group: "Groups", role: "Roles"}
	attached := map[string]bool{}
	for _, h := range s.holders.Select(func(_ string, h holder) bool { return h.Account == account }) {
		m[names[h.Kind]]++
		for _, a := range h.Attached {
			attached[a] = true
		}
	}
	m["PolicyVersionsInUse"] = int64(len(attached))
	m["Policies"] = int64(len(s.policies.Select(func(_ string, p managed) bool { return p.Account == account })))
	m["InstanceProfiles"] = int64(len(s.profiles.Select(func(_ string, p profile) bool { return p.Account == account })))
	m["Providers"] = int64(len(s.providers.Select(func(_ string, p provider) bool { return p.Account == account })))
	for _, d := range s.devices.Select(func(_ string, d device) bool { return d.Account == account }) {
		m["MFADevices"]++
		if d.UserID != "" {
			m["MFADevicesInUse"]++
		}
	}
	return m
}
