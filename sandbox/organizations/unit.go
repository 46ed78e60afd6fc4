package organizations

import (
	"slices"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

func (o *organization) wireUnit(u unit) *OrganizationalUnit {
	return &OrganizationalUnit{Id: u.ID, Arn: o.arn("ou", u.ID), Name: u.Name, Path: o.path(u.ID)}
}

func noParent() *cloud.Error {
	return cloud.Errorf("ParentNotFoundException", "You specified parent that doesn't exist.")
}

func noUnit() *cloud.Error {
	return cloud.Errorf("OrganizationalUnitNotFoundException", "You specified an organizational unit that doesn't exist.")
}

// isParent reports whether an id is the root or a unit.
func (o *organization) isParent(id string) bool { return id == o.Root || o.unit(id) != nil }

func (o *organization) units(parent string) []unit {
	var out []unit
	for _, u := range o.Units {
		if u.Parent == parent {
			out = append(out, u)
		}
	}
	return out
}

func (s *service) unitOps() []wire.Operation {
	return []wire.Operation{
		use(s, "CreateOrganizationalUnit", true, func(o *organization, in *CreateOrganizationalUnitRequest) ([]target, string) {
			return []target{o.entity(in.ParentId)}, ""
		}, s.createUnit),
		use(s, "UpdateOrganizationalUnit", true, func(o *organization, in *UpdateOrganizationalUnitRequest) ([]target, string) {
			return []target{o.entity(in.OrganizationalUnitId)}, ""
		}, func(_ *cloud.Call, o *organization, in *UpdateOrganizationalUnitRequest) (*UpdateOrganizationalUnitResponse, error) {
			u := o.unit(in.OrganizationalUnitId)
			if u == nil {
				return nil, noUnit()
			}
			if in.Name != "" && in.Name != u.Name {
				if err := o.freeName(u.Parent, in.Name); err != nil {
					return nil, err
				}
				u.Name = in.Name
			}
			return &UpdateOrganizationalUnitResponse{OrganizationalUnit: o.wireUnit(*u)}, nil
		}),
		use(s, "DeleteOrganizationalUnit", true, func(o *organization, in *DeleteOrganizationalUnitRequest) ([]target, string) {
			return []target{o.entity(in.OrganizationalUnitId)}, ""
		}, func(_ *cloud.Call, o *organization, in *DeleteOrganizationalUnitRequest) (*wire.Empty, error) {
			id := in.OrganizationalUnitId
			if o.unit(id) == nil {
				return nil, noUnit()
			}
			if len(o.units(id)) > 0 || len(o.accounts(id)) > 0 {
				return nil, cloud.Errorf("OrganizationalUnitNotEmptyException", "The specified organizational unit contains accounts or other organizational units.")
			}
			o.Units = slices.DeleteFunc(o.Units, func(u unit) bool { return u.ID == id })
			delete(o.Attached, id)
			delete(o.Tags, id)
			return nil, nil
		}),
		use(s, "DescribeOrganizationalUnit", false, func(o *organization, in *DescribeOrganizationalUnitRequest) ([]target, string) {
			return []target{o.entity(in.OrganizationalUnitId)}, ""
		}, func(_ *cloud.Call, o *organization, in *DescribeOrganizationalUnitRequest) (*DescribeOrganizationalUnitResponse, error) {
			u := o.unit(in.OrganizationalUnitId)
			if u == nil {
				return nil, noUnit()
			}
			return &DescribeOrganizationalUnitResponse{OrganizationalUnit: o.wireUnit(*u)}, nil
		}),
		use(s, "ListOrganizationalUnitsForParent", false, func(o *organization, in *ListOrganizationalUnitsForParentRequest) ([]target, string) {
			return []target{o.entity(in.ParentId)}, ""
		}, func(_ *cloud.Call, o *organization, in *ListOrganizationalUnitsForParentRequest) (*ListOrganizationalUnitsForParentResponse, error) {
			if !o.isParent(in.ParentId) {
				return nil, noParent()
			}
			out, all := &ListOrganizationalUnitsForParentResponse{}, []*OrganizationalUnit{}
			for _, u := range o.units(in.ParentId) {
				all = append(all, o.wireUnit(u))
			}
			var err error
			out.OrganizationalUnits, out.NextToken, err = page(all, in.NextToken, in.MaxResults)
			return out, err
		}),
		use(s, "ListAccountsForParent", false, func(o *organization, in *ListAccountsForParentRequest) ([]target, string) {
			return []target{o.entity(in.ParentId)}, ""
		}, func(_ *cloud.Call, o *organization, in *ListAccountsForParentRequest) (out *ListAccountsForParentResponse, err error) {
			if !o.isParent(in.ParentId) {
				return nil, noParent()
			}
			out = &ListAccountsForParentResponse{}
			out.Accounts, out.NextToken, err = page(o.accounts(in.ParentId), in.NextToken, in.MaxResults)
			return out, err
		}),
		use(s, "ListParents", false, func(o *organization, in *ListParentsRequest) ([]target, string) {
			return []target{o.entity(in.ChildId)}, ""
		}, func(_ *cloud.Call, o *organization, in *ListParentsRequest) (*ListParentsResponse, error) {
			parent := o.parent(in.ChildId)
			if parent == "" {
				return nil, cloud.Errorf("ChildNotFoundException", "You specified an account or organizational unit that doesn't exist.")
			}
			kind := "ORGANIZATIONAL_UNIT"
			if parent == o.Root {
				kind = "ROOT"
			}
			return &ListParentsResponse{Parents: []*Parent{{Id: parent, Type: kind}}}, nil
		}),
		use(s, "ListChildren", false, func(o *organization, in *ListChildrenRequest) ([]target, string) {
			return []target{o.entity(in.ParentId)}, ""
		}, listChildren),
		use(s, "MoveAccount", true, func(o *organization, in *MoveAccountRequest) ([]target, string) {
			return []target{o.entity(in.AccountId), o.entity(in.SourceParentId), o.entity(in.DestinationParentId)}, ""
		}, moveAccount),
	}
}

func (o *organization) freeName(parent, name string) error {
	if slices.ContainsFunc(o.units(parent), func(u unit) bool { return u.Name == name }) {
		return cloud.Errorf("DuplicateOrganizationalUnitException", "An OU with the same name already exists.")
	}
	return nil
}

func (s *service) createUnit(_ *cloud.Call, o *organization, in *CreateOrganizationalUnitRequest) (*CreateOrganizationalUnitResponse, error) {
	if !o.isParent(in.ParentId) {
		return nil, noParent()
	}
	if len(o.chain(in.ParentId)) > maxDepth {
		return nil, failed("ConstraintViolationException", "OU_DEPTH_LIMIT_EXCEEDED", "You have reached the maximum depth for organizational units in an organization.")
	}
	if err := o.freeName(in.ParentId, in.Name); err != nil {
		return nil, err
	}
	u := unit{ID: "ou-" + o.Root[len("r-"):] + "-" + s.world.IDs.From(lowerAlphabet, 8), Name: in.Name, Parent: in.ParentId}
	o.Units = append(o.Units, u)
	for _, t := range o.Enabled {
		o.Attached[u.ID] = append(slices.Clone(o.Attached[u.ID]), fullAccess[t].ID)
	}
	if err := o.tag(u.ID, in.Tags); err != nil {
		return nil, err
	}
	return &CreateOrganizationalUnitResponse{OrganizationalUnit: o.wireUnit(u)}, nil
}

func listChildren(_ *cloud.Call, o *organization, in *ListChildrenRequest) (*ListChildrenResponse, error) {
	if !o.isParent(in.ParentId) {
		return nil, noParent()
	}
	out, all := &ListChildrenResponse{}, []*Child{}
	if in.ChildType == "ACCOUNT" {
		for _, a := range o.accounts(in.ParentId) {
			all = append(all, &Child{Id: a.Id, Type: in.ChildType})
		}
	} else {
		for _, u := range o.units(in.ParentId) {
			all = append(all, &Child{Id: u.ID, Type: in.ChildType})
		}
	}
	var err error
	out.Children, out.NextToken, err = page(all, in.NextToken, in.MaxResults)
	return out, err
}

func moveAccount(_ *cloud.Call, o *organization, in *MoveAccountRequest) (*wire.Empty, error) {
	m := o.member(in.AccountId)
	switch {
	case m == nil:
		return nil, cloud.Errorf("AccountNotFoundException", "You specified an account that doesn't exist.")
	case m.Parent != in.SourceParentId:
		return nil, cloud.Errorf("SourceParentNotFoundException", "You specified a source parent that doesn't exist.")
	case !o.isParent(in.DestinationParentId):
		return nil, cloud.Errorf("DestinationParentNotFoundException", "You specified a destination parent that doesn't exist.")
	case in.SourceParentId == in.DestinationParentId:
		return nil, cloud.Errorf("DuplicateAccountException", "The specified account is already present in the specified destination.")
	}
	m.Parent = in.DestinationParentId
	return nil, nil
}
