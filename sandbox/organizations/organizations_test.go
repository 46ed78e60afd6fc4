package organizations_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

type in = sandboxtest.In

func client(cfg aws.Config) *organizations.Client { return organizations.NewFromConfig(cfg) }

const (
	scp = "SERVICE_CONTROL_POLICY"
	rcp = "RESOURCE_CONTROL_POLICY"

	denyUsers = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"iam:ListUsers","Resource":"*"}]}`
	denyRole  = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}]}`
)

// stage is an organization: Tools manages it, Prod is a member.
type stage struct {
	t          testing.TB
	k          *sandboxtest.Kit
	org, root  string
	management *organizations.Client
}

func newStage(t testing.TB, k *sandboxtest.Kit) *stage {
	t.Helper()
	s := &stage{t: t, k: k, management: client(k.Config(sandboxtest.Root(sandboxtest.Tools)))}
	var org struct{ Organization struct{ Id string } }
	k.Invoke(t, sandboxtest.Tools, "organizations", "CreateOrganization", in{}, &org)
	var roots struct{ Roots []struct{ Id string } }
	k.Invoke(t, sandboxtest.Tools, "organizations", "ListRoots", in{}, &roots)
	s.org, s.root = org.Organization.Id, roots.Roots[0].Id
	return s
}

func (s *stage) do(operation string, members in) {
	s.t.Helper()
	s.k.Invoke(s.t, sandboxtest.Tools, "organizations", operation, members, nil)
}

func (s *stage) unit(parent, name string) string {
	s.t.Helper()
	var out struct{ OrganizationalUnit struct{ Id string } }
	s.k.Invoke(s.t, sandboxtest.Tools, "organizations", "CreateOrganizationalUnit", in{"ParentId": parent, "Name": name}, &out)
	return out.OrganizationalUnit.Id
}

func (s *stage) policy(kind, name, content string) string {
	s.t.Helper()
	var out struct {
		Policy struct{ PolicySummary struct{ Id string } }
	}
	s.k.Invoke(s.t, sandboxtest.Tools, "organizations", "CreatePolicy", in{"Type": kind, "Name": name, "Description": "", "Content": content}, &out)
	return out.Policy.PolicySummary.Id
}

func wants(t *testing.T, err error, code, message string) {
	t.Helper()
	if sandboxtest.Code(err) != code || !strings.Contains(sandboxtest.Message(err), message) {
		t.Fatalf("want %s with %q, got %v", code, message, err)
	}
}

func TestNoOrganization(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	c := client(k.Config(sandboxtest.Root(sandboxtest.Tools)))
	for _, operation := range []string{"DescribeOrganization", "ListAccounts", "ListRoots", "DeleteOrganization"} {
		_, err := sandboxtest.Operate(t.Context(), c, operation, nil)
		if sandboxtest.Code(err) != "AWSOrganizationsNotInUseException" {
			t.Errorf("%s: %v", operation, err)
		}
	}
}

func TestOrganization(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	s := newStage(t, k)
	member := client(k.Config(sandboxtest.Root(sandboxtest.Prod)))
	out, err := member.DescribeOrganization(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	o := out.Organization
	if *o.MasterAccountId != sandboxtest.Tools || o.FeatureSet != "ALL" || !regexp.MustCompile(`^o-[a-z0-9]{10,32}$`).MatchString(*o.Id) || *o.Arn != "arn:aws:organizations::111111111111:organization/"+*o.Id {
		t.Fatalf("%+v", o)
	}
	_, err = member.ListAccounts(t.Context(), nil)
	wants(t, err, "AccessDeniedException", "You don't have permissions to access this resource.")
	accounts, err := s.management.ListAccounts(t.Context(), nil)
	if err != nil || len(accounts.Accounts) != 2 || accounts.Accounts[1].Status != "ACTIVE" || *accounts.Accounts[1].Arn != "arn:aws:organizations::111111111111:account/"+*o.Id+"/222222222222" {
		t.Fatal(accounts, err)
	}
	_, err = s.management.CreateOrganization(t.Context(), &organizations.CreateOrganizationInput{})
	wants(t, err, "AlreadyInOrganizationException", "")

	outer := s.unit(s.root, "workloads")
	inner := s.unit(outer, "prod")
	s.do("MoveAccount", in{"AccountId": sandboxtest.Prod, "SourceParentId": s.root, "DestinationParentId": inner})
	parents, err := s.management.ListParents(t.Context(), &organizations.ListParentsInput{ChildId: aws.String(sandboxtest.Prod)})
	if err != nil || *parents.Parents[0].Id != inner || parents.Parents[0].Type != types.ParentTypeOrganizationalUnit {
		t.Fatal(parents, err)
	}
	children, err := s.management.ListChildren(t.Context(), &organizations.ListChildrenInput{ParentId: &inner, ChildType: types.ChildTypeAccount})
	if err != nil || len(children.Children) != 1 || *children.Children[0].Id != sandboxtest.Prod {
		t.Fatal(children, err)
	}
	_, err = s.management.DeleteOrganizationalUnit(t.Context(), &organizations.DeleteOrganizationalUnitInput{OrganizationalUnitId: &inner})
	wants(t, err, "OrganizationalUnitNotEmptyException", "")
	_, err = s.management.DeleteOrganization(t.Context(), nil)
	wants(t, err, "OrganizationNotEmptyException", "")
}

// TestServiceControlPolicies: every level must allow, any level can deny, and the
// management account is spared.
func TestServiceControlPolicies(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	s := newStage(t, k)
	prod := k.User(t, sandboxtest.Prod, "berta", sandboxtest.Allow("*", "*"))
	tools := k.User(t, sandboxtest.Tools, "anna", sandboxtest.Allow("*", "*"))
	list := func(keys sandboxtest.Keys) error {
		_, err := iam.NewFromConfig(k.Config(keys)).ListUsers(t.Context(), nil)
		return err
	}
	roles := func(keys sandboxtest.Keys) error {
		_, err := iam.NewFromConfig(k.Config(keys)).ListRoles(t.Context(), nil)
		return err
	}
	works := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	unit := s.unit(s.root, "workloads")
	s.do("MoveAccount", in{"AccountId": sandboxtest.Prod, "SourceParentId": s.root, "DestinationParentId": unit})
	deny := s.policy(scp, "no-listing", denyUsers)
	_, err := s.management.AttachPolicy(t.Context(), &organizations.AttachPolicyInput{PolicyId: &deny, TargetId: &unit})
	wants(t, err, "PolicyTypeNotEnabledException", "")
	s.do("EnablePolicyType", in{"RootId": s.root, "PolicyType": scp})
	works(list(prod))
	for _, at := range []string{s.root, unit, sandboxtest.Prod} {
		s.do("AttachPolicy", in{"PolicyId": deny, "TargetId": at})
		wants(t, list(prod), "AccessDenied", "with an explicit deny in a service control policy")
		wants(t, list(sandboxtest.Root(sandboxtest.Prod)), "AccessDenied", "with an explicit deny in a service control policy")
		works(roles(prod))
		works(list(tools))
		s.do("DetachPolicy", in{"PolicyId": deny, "TargetId": at})
		works(list(prod))
	}
	// An allow list in the place of FullAWSAccess.
	allow := s.policy(scp, "users-only", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*"}]}`)
	s.do("AttachPolicy", in{"PolicyId": allow, "TargetId": unit})
	s.do("DetachPolicy", in{"PolicyId": "p-FullAWSAccess", "TargetId": unit})
	works(list(prod))
	wants(t, roles(prod), "AccessDenied", "because no service control policy allows the iam:ListRoles action")
	_, err = s.management.DetachPolicy(t.Context(), &organizations.DetachPolicyInput{PolicyId: &allow, TargetId: &unit})
	wants(t, err, "ConstraintViolationException", "You cannot remove the last policy")
	s.do("MoveAccount", in{"AccountId": sandboxtest.Prod, "SourceParentId": unit, "DestinationParentId": s.root})
	works(roles(prod))
	s.do("MoveAccount", in{"AccountId": sandboxtest.Prod, "SourceParentId": s.root, "DestinationParentId": unit})
	s.do("DisablePolicyType", in{"RootId": s.root, "PolicyType": scp})
	works(roles(prod))
}

func TestResourceControlPolicies(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	s := newStage(t, k)
	anna := k.User(t, sandboxtest.Tools, "anna", sandboxtest.Allow("sts:AssumeRole", "*"))
	role := k.Role(t, sandboxtest.Prod, "deploy", sandboxtest.Trust("arn:aws:iam::111111111111:user/anna"))
	assume := func() error {
		return sandboxtest.Calling(stsClient, "AssumeRole", in{"RoleArn": role, "RoleSessionName": "session"})(t.Context(), k.Config(anna))
	}
	if err := assume(); err != nil {
		t.Fatal(err)
	}
	s.do("EnablePolicyType", in{"RootId": s.root, "PolicyType": rcp})
	deny := s.policy(rcp, "no-assuming", denyRole)
	s.do("AttachPolicy", in{"PolicyId": deny, "TargetId": sandboxtest.Prod})
	wants(t, assume(), "AccessDenied", "with an explicit deny in a resource control policy")
	_, err := s.management.DetachPolicy(t.Context(), &organizations.DetachPolicyInput{PolicyId: aws.String("p-RCPFullAWSAccess"), TargetId: aws.String(sandboxtest.Prod)})
	wants(t, err, "InvalidInputException", "")
	s.do("DetachPolicy", in{"PolicyId": deny, "TargetId": sandboxtest.Prod})
	if err := assume(); err != nil {
		t.Fatal(err)
	}
}

// TestMembershipKeys: aws:PrincipalOrgID and aws:PrincipalOrgPaths.
func TestMembershipKeys(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	s := newStage(t, k)
	unit := s.unit(s.root, "people")
	s.do("MoveAccount", in{"AccountId": sandboxtest.Tools, "SourceParentId": s.root, "DestinationParentId": unit})
	anna := k.User(t, sandboxtest.Tools, "anna", sandboxtest.Allow("sts:AssumeRole", "*"))
	for condition, ok := range map[string]bool{
		`{"StringEquals":{"aws:PrincipalOrgID":"` + s.org + `"}}`:                                             true,
		`{"StringEquals":{"aws:PrincipalOrgID":"o-other00000"}}`:                                              false,
		`{"ForAnyValue:StringEquals":{"aws:PrincipalOrgPaths":"` + s.org + "/" + s.root + "/" + unit + `/"}}`: true,
		`{"StringEquals":{"aws:ResourceOrgID":"` + s.org + `"}}`:                                              true,
		`{"ForAnyValue:StringEquals":{"aws:ResourceOrgPaths":"` + s.org + "/" + s.root + `/"}}`:               true,
	} {
		name := "r" + regexp.MustCompile(`[^a-zA-Z]`).ReplaceAllString(condition, "")[:min(30, len(condition)-20)] + map[bool]string{true: "y", false: "n"}[ok]
		role := k.Role(t, sandboxtest.Prod, name, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Condition":`+condition+`}]}`)
		err := sandboxtest.Calling(stsClient, "AssumeRole", in{"RoleArn": role, "RoleSessionName": "session"})(t.Context(), k.Config(anna))
		if ok != (err == nil) {
			t.Errorf("%s: %v", condition, err)
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	k := sandboxtest.Start(t)
	s := newStage(t, k)
	s.do("EnablePolicyType", in{"RootId": s.root, "PolicyType": scp})
	s.unit(s.root, "taken")
	deny := s.policy(scp, "taken", denyUsers)
	s.do("AttachPolicy", in{"PolicyId": deny, "TargetId": s.root})
	ghost := "ou-" + s.root[2:] + "-aaaaaaaa"
	deep := s.root
	for _, n := range []string{"1", "2", "3", "4", "5"} {
		deep = s.unit(deep, n)
	}
	create := func(kind, content string) in {
		return in{"Type": kind, "Name": "new", "Description": "d", "Content": content}
	}
	for _, e := range []struct {
		operation string
		in        in
		code      string
	}{
		{"CreateOrganizationalUnit", in{"ParentId": s.root, "Name": "taken"}, "DuplicateOrganizationalUnitException"},
		{"CreateOrganizationalUnit", in{"ParentId": ghost, "Name": "x"}, "ParentNotFoundException"},
		{"CreateOrganizationalUnit", in{"ParentId": deep, "Name": "6"}, "ConstraintViolationException"},
		{"CreateOrganizationalUnit", in{"ParentId": "x", "Name": "x"}, "ValidationException"},
		{"DescribeOrganizationalUnit", in{"OrganizationalUnitId": ghost}, "OrganizationalUnitNotFoundException"},
		{"ListChildren", in{"ParentId": ghost, "ChildType": "ACCOUNT"}, "ParentNotFoundException"},
		{"ListParents", in{"ChildId": ghost}, "ChildNotFoundException"},
		{"DescribeAccount", in{"AccountId": "999999999999"}, "AccountNotFoundException"},
		{"MoveAccount", in{"AccountId": sandboxtest.Prod, "SourceParentId": deep, "DestinationParentId": s.root}, "SourceParentNotFoundException"},
		{"MoveAccount", in{"AccountId": sandboxtest.Prod, "SourceParentId": s.root, "DestinationParentId": ghost}, "DestinationParentNotFoundException"},
		{"MoveAccount", in{"AccountId": sandboxtest.Prod, "SourceParentId": s.root, "DestinationParentId": s.root}, "DuplicateAccountException"},
		{"MoveAccount", in{"AccountId": "999999999999", "SourceParentId": s.root, "DestinationParentId": deep}, "AccountNotFoundException"},
		{"CreatePolicy", in{"Type": scp, "Name": "taken", "Description": "d", "Content": denyUsers}, "DuplicatePolicyException"},
		{"CreatePolicy", create(scp, "{"), "MalformedPolicyDocumentException"},
		{"CreatePolicy", create(scp, denyRole), "MalformedPolicyDocumentException"},
		{"CreatePolicy", create(rcp, denyUsers), "MalformedPolicyDocumentException"},
		{"CreatePolicy", create(rcp, strings.Replace(denyRole, "Deny", "Allow", 1)), "MalformedPolicyDocumentException"},
		{"CreatePolicy", create(rcp, strings.Replace(denyRole, "sts:AssumeRole", "*", 1)), "MalformedPolicyDocumentException"},
		{"CreatePolicy", create(scp, strings.Replace(denyUsers, `"*"`, `"`+strings.Repeat("arn:", 1300)+`"`, 1)), "ConstraintViolationException"},
		{"CreatePolicy", create("TAG_POLICY", "{}"), "NotImplemented"},
		{"UpdatePolicy", in{"PolicyId": "p-FullAWSAccess", "Name": "x"}, "InvalidInputException"},
		{"UpdatePolicy", in{"PolicyId": "p-aaaaaaaa", "Name": "x"}, "PolicyNotFoundException"},
		{"DeletePolicy", in{"PolicyId": deny}, "PolicyInUseException"},
		{"DescribePolicy", in{"PolicyId": "p-aaaaaaaa"}, "PolicyNotFoundException"},
		{"AttachPolicy", in{"PolicyId": deny, "TargetId": s.root}, "DuplicatePolicyAttachmentException"},
		{"AttachPolicy", in{"PolicyId": deny, "TargetId": ghost}, "TargetNotFoundException"},
		{"DetachPolicy", in{"PolicyId": deny, "TargetId": sandboxtest.Prod}, "PolicyNotAttachedException"},
		{"EnablePolicyType", in{"RootId": s.root, "PolicyType": scp}, "PolicyTypeAlreadyEnabledException"},
		{"EnablePolicyType", in{"RootId": "r-zzzz", "PolicyType": rcp}, "RootNotFoundException"},
		{"DisablePolicyType", in{"RootId": s.root, "PolicyType": rcp}, "PolicyTypeNotEnabledException"},
		{"TagResource", in{"ResourceId": ghost, "Tags": []any{map[string]any{"Key": "a", "Value": "b"}}}, "TargetNotFoundException"},
		{"ListAccounts", in{"NextToken": "x"}, "InvalidInputException"},
	} {
		_, err := sandboxtest.Operate(t.Context(), s.management, e.operation, e.in)
		if sandboxtest.Code(err) != e.code {
			t.Errorf("%s %v: want %s, got %v", e.operation, e.in, e.code, err)
		}
	}
}
