package codepipeline

import (
	"reflect"
	"slices"
	"strings"

	"github.com/twokey/twokey/sandbox/cloud"
)

func actionTypeNotFound(t *ActionTypeId) *cloud.Error {
	return cloud.Errorf("ActionTypeNotFoundException", "The action type (Category: '%s', Provider: '%s', Owner: '%s', Version: '%s') could not be found.", t.Category, t.Provider, t.Owner, t.Version)
}

func (s *service) customType(c *cloud.Call, t *ActionTypeId) (*actionType, bool) {
	row, ok := s.types.Get(typeKey(c.Account, c.Region, t))
	return row, ok && !row.Deleted
}

// maxCustomTypes is the quota of custom action types per region.
const maxCustomTypes = 50

func (s *service) createCustomActionType(c *cloud.Call, in *CreateCustomActionTypeInput) (*CreateCustomActionTypeOutput, error) {
	switch in.Category {
	case "Approval", "Compute":
		return nil, cloud.Errorf("ValidationException", "Custom actions of the category %s are not supported.", in.Category)
	}
	var queryable []string
	for _, p := range in.ConfigurationProperties {
		if p.Queryable != nil && *p.Queryable {
			queryable = append(queryable, p.Name)
			if p.Secret || !p.Required {
				return nil, cloud.Errorf("ValidationException", "The queryable configuration property '%s' must be required and must not be secret.", p.Name)
			}
		}
	}
	if len(queryable) > 1 {
		return nil, cloud.Errorf("ValidationException", "Multiple queryable configuration properties found with names '%s'. Up to one queryable property may be specified.", strings.Join(queryable, ", "))
	}
	for _, d := range []*ArtifactDetails{in.InputArtifactDetails, in.OutputArtifactDetails} {
		if d.MaximumCount < d.MinimumCount {
			return nil, cloud.Errorf("ValidationException", "Maximum Number of Artifacts (%d) has to be greater than or equal to minimum (%d).", d.MaximumCount, d.MinimumCount)
		}
	}
	if err := checkTags(nil, in.Tags); err != nil {
		return nil, err
	}
	id := &ActionTypeId{Category: in.Category, Owner: "Custom", Provider: in.Provider, Version: in.Version}
	row := &actionType{Account: c.Account, Region: c.Region, Tags: in.Tags, Type: ActionType{
		Id: id, Settings: in.Settings, ActionConfigurationProperties: in.ConfigurationProperties,
		InputArtifactDetails: in.InputArtifactDetails, OutputArtifactDetails: in.OutputArtifactDetails,
	}}
	prefix := c.Account + "/" + c.Region + "/Custom/"
	active := len(s.types.Select(func(key string, t *actionType) bool { return strings.HasPrefix(key, prefix) && !t.Deleted }))
	_, err := s.types.Update(typeKey(c.Account, c.Region, id), func(was *actionType, ok bool) (*actionType, error) {
		switch {
		case ok && !was.Deleted:
			return nil, cloud.Errorf("ActionTypeAlreadyExistsException", "The action type (Category: '%s', Provider: '%s', Owner: 'Custom', Version: '%s') already exists.", in.Category, in.Provider, in.Version)
		case ok && !reflect.DeepEqual(was.Type, row.Type):
			return nil, cloud.Errorf("ValidationException", "The version '%s' of the action type was deleted and cannot be used again with another definition.", in.Version)
		case active >= maxCustomTypes:
			return nil, cloud.Errorf("LimitExceededException", "The limit of %d custom action types has been reached.", maxCustomTypes)
		}
		return row, nil
	})
	if err != nil {
		return nil, err
	}
	return &CreateCustomActionTypeOutput{ActionType: &row.Type, Tags: in.Tags}, nil
}

func (s *service) deleteCustomActionType(c *cloud.Call, in *DeleteCustomActionTypeInput) (*struct{}, error) {
	id := &ActionTypeId{Category: in.Category, Owner: "Custom", Provider: in.Provider, Version: in.Version}
	row, ok := s.customType(c, id)
	if !ok {
		return nil, nil // deleting what is not there succeeds
	}
	deleted := *row
	deleted.Deleted = true
	return nil, s.types.Put(typeKey(c.Account, c.Region, id), &deleted)
}

const typePage = 100

func (s *service) listActionTypes(c *cloud.Call, in *ListActionTypesInput) (*ListActionTypesOutput, error) {
	region := c.Region
	if in.RegionFilter != "" {
		region = in.RegionFilter
	}
	var all []*ActionType
	for _, list := range [][]builtin{awsTypes, partnerTypes} {
		for i := range list {
			all = append(all, list[i].actionType())
		}
	}
	prefix := c.Account + "/" + region + "/Custom/"
	for _, row := range s.types.Select(func(key string, t *actionType) bool { return strings.HasPrefix(key, prefix) && !t.Deleted }) {
		all = append(all, &row.Type)
	}
	if in.ActionOwnerFilter != "" {
		all = slices.DeleteFunc(all, func(t *ActionType) bool { return t.Id.Owner != in.ActionOwnerFilter })
	}
	page, next, err := paged("ListActionTypes"+in.ActionOwnerFilter+region, all, nil, typePage, in.NextToken)
	return &ListActionTypesOutput{ActionTypes: page, NextToken: next}, err
}

// partnerType finds an AWS or third-party type as GetActionType shows it.
func (s *service) partnerType(region string, t *ActionTypeId) (*ActionTypeDeclaration, bool) {
	if row, ok := s.types.Get(typeKey("", region, t)); ok && row.Partner != nil {
		return row.Partner, true
	}
	b := findBuiltin(t)
	if b == nil {
		return nil, false
	}
	d := &ActionTypeDeclaration{
		Id:                    &ActionTypeIdentifier{Category: t.Category, Owner: t.Owner, Provider: t.Provider, Version: t.Version},
		Executor:              &ActionTypeExecutor{Type: "JobWorker", Configuration: &ExecutorConfiguration{JobWorkerExecutorConfiguration: &JobWorkerExecutorConfiguration{PollingServicePrincipals: []string{principal}}}},
		InputArtifactDetails:  &ActionTypeArtifactDetails{MinimumCount: b.In[0], MaximumCount: b.In[1]},
		OutputArtifactDetails: &ActionTypeArtifactDetails{MinimumCount: b.Out[0], MaximumCount: b.Out[1]},
		Permissions:           &ActionTypePermissions{AllowedAccounts: []string{"*"}},
	}
	for _, p := range b.actionType().ActionConfigurationProperties {
		d.Properties = append(d.Properties, &ActionTypeProperty{Name: p.Name, Optional: !p.Required, Key: p.Key, NoEcho: p.Secret})
	}
	return d, true
}

func (s *service) getActionType(c *cloud.Call, in *GetActionTypeInput) (*GetActionTypeOutput, error) {
	t := &ActionTypeId{Category: in.Category, Owner: in.Owner, Provider: in.Provider, Version: in.Version}
	d, ok := s.partnerType(c.Region, t)
	if !ok {
		return nil, actionTypeNotFound(t)
	}
	return &GetActionTypeOutput{ActionType: d}, nil
}

// updateActionType changes a partner's type. On AWS only the account that owns
// the type may; the sandbox takes every account for a partner's.
func (s *service) updateActionType(c *cloud.Call, in *UpdateActionTypeInput) (*struct{}, error) {
	id := in.ActionType.Id
	t := &ActionTypeId{Category: id.Category, Owner: id.Owner, Provider: id.Provider, Version: id.Version}
	if _, ok := s.partnerType(c.Region, t); !ok {
		return nil, actionTypeNotFound(t)
	}
	if id.Owner == "AWS" {
		return nil, cloud.Errorf("RequestFailedException", "Action types that AWS owns cannot be updated.")
	}
	e := in.ActionType.Executor
	switch cfg := e.Configuration; {
	case e.Type == "Lambda" && cfg.LambdaExecutorConfiguration == nil, e.Type == "JobWorker" && cfg.JobWorkerExecutorConfiguration == nil,
		cfg.LambdaExecutorConfiguration != nil && cfg.JobWorkerExecutorConfiguration != nil:
		return nil, cloud.Errorf("ValidationException", "The configuration of the executor must be that of its type, %s, and no other.", e.Type)
	}
	for _, d := range []*ActionTypeArtifactDetails{in.ActionType.InputArtifactDetails, in.ActionType.OutputArtifactDetails} {
		if d.MaximumCount < d.MinimumCount {
			return nil, cloud.Errorf("ValidationException", "Maximum Number of Artifacts (%d) has to be greater than or equal to minimum (%d).", d.MaximumCount, d.MinimumCount)
		}
	}
	return nil, s.types.Put(typeKey("", c.Region, t), &actionType{Region: c.Region, Partner: in.ActionType, Type: ActionType{Id: t}})
}

func (s *service) listRuleTypes(_ *cloud.Call, _ *ListRuleTypesInput) (*ListRuleTypesOutput, error) {
	out := &ListRuleTypesOutput{RuleTypes: []*RuleType{}}
	for i := range ruleTypes {
		b := &ruleTypes[i]
		t := &RuleType{
			Id:                   &RuleTypeId{Category: "Rule", Owner: "AWS", Provider: b.Provider, Version: "1"},
			InputArtifactDetails: &ArtifactDetails{MinimumCount: b.In[0], MaximumCount: min(b.In[1], 5)},
		}
		for j, keys := range [][]string{b.Required, b.Optional} {
			for _, k := range keys {
				t.RuleConfigurationProperties = append(t.RuleConfigurationProperties, &RuleConfigurationProperty{Name: k, Required: j == 0})
			}
		}
		out.RuleTypes = append(out.RuleTypes, t)
	}
	return out, nil
}
