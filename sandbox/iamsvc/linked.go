package iamsvc

import (
	"regexp"
	"strings"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

// Service-linked roles. AWS names each service's role and gives it a managed
// policy; the names known here are those of the services of the sandbox, others
// are made from the service's name. The managed policy is not attached where it
// is not known.

var linkedNames = map[string]string{
	"cloudtrail.amazonaws.com":                          "AWSServiceRoleForCloudTrail",
	"codestar-notifications.amazonaws.com":              "AWSServiceRoleForCodeStarNotifications",
	"member.org.stacksets.cloudformation.amazonaws.com": "AWSServiceRoleForCloudFormationStackSetsOrgMember",
	"stacksets.cloudformation.amazonaws.com":            "AWSServiceRoleForCloudFormationStackSetsOrgAdmin",
	"organizations.amazonaws.com":                       "AWSServiceRoleForOrganizations",
	"replicator.lambda.amazonaws.com":                   "AWSServiceRoleForLambdaReplicator",
	"sso.amazonaws.com":                                 "AWSServiceRoleForSSO",
	"support.amazonaws.com":                             "AWSServiceRoleForSupport",
}

var linkedService = regexp.MustCompile(`^([a-z0-9-]+\.)+amazonaws\.com$`)

func linkedName(service, suffix string) string {
	name, ok := linkedNames[service]
	if !ok {
		first, _, _ := strings.Cut(service, ".")
		name = "AWSServiceRoleFor"
		for part := range strings.SplitSeq(first, "-") {
			if part != "" {
				name += strings.ToUpper(part[:1]) + part[1:]
			}
		}
	}
	if suffix != "" {
		name += "_" + suffix
	}
	return name
}

func (s *service) linkedOps() []wire.Operation {
	return []wire.Operation{
		wire.Op[CreateServiceLinkedRoleRequest, CreateServiceLinkedRoleResponse]{Name: "CreateServiceLinkedRole", Auth: func(c *cloud.Call, in *CreateServiceLinkedRoleRequest) ([]cloud.Check, error) {
			if !linkedService.MatchString(in.AWSServiceName) {
				return nil, cloud.Errorf("InvalidInputException", "Service name %s is not a service principal.", in.AWSServiceName)
			}
			resource := holderARN(c.Account, role, linkedPath+in.AWSServiceName+"/", linkedName(in.AWSServiceName, in.CustomSuffix))
			return []cloud.Check{{Action: "iam:CreateServiceLinkedRole", Resource: resource, Context: iam.NewContext().Set("iam:AWSServiceName", in.AWSServiceName)}}, nil
		}, Do: s.createLinked}.Operation(),
		bindHolder(s, "DeleteServiceLinkedRole", role, func(in *DeleteServiceLinkedRoleRequest) string { return in.RoleName }, func(c *cloud.Call, in *DeleteServiceLinkedRoleRequest) (*DeleteServiceLinkedRoleResponse, error) {
			h, err := s.get(c, role, in.RoleName)
			if err != nil {
				return nil, err
			}
			service, linked := strings.CutPrefix(h.Path, linkedPath)
			if !linked {
				return nil, cloud.Errorf("InvalidInputException", "%s is not a service-linked role.", in.RoleName)
			}
			if err := s.holders.Delete(key(c.Account, role, h.Name)); err != nil {
				return nil, err
			}
			s.ids.Delete(h.ID)
			return &DeleteServiceLinkedRoleResponse{DeletionTaskId: "task" + linkedPath + service + h.Name + "/" + s.world.IDs.UUID()}, nil
		}),
		wire.Op[GetServiceLinkedRoleDeletionStatusRequest, GetServiceLinkedRoleDeletionStatusResponse]{Name: "GetServiceLinkedRoleDeletionStatus", Auth: func(c *cloud.Call, in *GetServiceLinkedRoleDeletionStatusRequest) ([]cloud.Check, error) {
			service, name, err := linkedTask(in.DeletionTaskId)
			if err != nil {
				return nil, err
			}
			return on("GetServiceLinkedRoleDeletionStatus", holderARN(c.Account, role, linkedPath+service+"/", name))
		}, Do: func(c *cloud.Call, in *GetServiceLinkedRoleDeletionStatusRequest) (*GetServiceLinkedRoleDeletionStatusResponse, error) {
			// Deletion is done by the time DeleteServiceLinkedRole answers.
			if _, _, err := linkedTask(in.DeletionTaskId); err != nil {
				return nil, err
			}
			return &GetServiceLinkedRoleDeletionStatusResponse{Status: "SUCCEEDED"}, nil
		}}.Operation(),
	}
}

func linkedTask(id string) (service, name string, err error) {
	parts := strings.Split(strings.TrimPrefix(id, "task"+linkedPath), "/")
	if !strings.HasPrefix(id, "task"+linkedPath) || len(parts) != 3 {
		return "", "", cloud.Errorf("NoSuchEntityException", "Deletion task %s cannot be found.", id)
	}
	return parts[0], parts[1], nil
}

func (s *service) createLinked(c *cloud.Call, in *CreateServiceLinkedRoleRequest) (*CreateServiceLinkedRoleResponse, error) {
	name := linkedName(in.AWSServiceName, in.CustomSuffix)
	if _, err := s.get(c, role, name); err == nil {
		return nil, cloud.Errorf("InvalidInputException", "Service role name %s has been taken in this account, please try a different suffix.", name)
	}
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + in.AWSServiceName + `"},"Action":"sts:AssumeRole"}]}`
	h, err := s.create(c, role, name, linkedPath+in.AWSServiceName+"/", nil, "", func(h *holder) {
		h.Trust, h.Text, h.Seconds = trust, in.Description, defaultSessionSecs
	})
	if err != nil {
		return nil, err
	}
	return &CreateServiceLinkedRoleResponse{Role: s.wireRole(h)}, nil
}
