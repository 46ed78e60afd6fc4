// Package organizations is AWS Organizations in the sandbox: one organization of
// the world's accounts, its units, and its service and resource control policies,
// which every call in the world obeys.
package organizations

import (
	"slices"
	"strings"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/wire"
)

type service struct {
	world *cloud.World
	rows  *cloud.Table[organization] // one row, or none
	cache levelCache
}

// theOne is the key of the world's organization.
const theOne = "organization"

// Add puts the service into a world.
func Add(w *cloud.World, server *wire.Server) (func() error, error) {
	s := &service{world: w}
	var err error
	if s.rows, err = cloud.NewTable[organization](w, "organizations"); err != nil {
		return nil, err
	}
	w.UseOrganization(s)
	return nil, server.Add(&model, slices.Concat(s.organizationOps(), s.unitOps(), s.policyOps(), s.attachOps(), s.tagOps())...)
}

func notInUse() *cloud.Error {
	return cloud.Errorf("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
}

// managed returns the organization to its management account; members may look
// at little and change nothing.
func (s *service) managed(c *cloud.Call) (organization, error) {
	o, ok := s.rows.Get(theOne)
	if !ok {
		return o, notInUse()
	}
	if c.Account != o.Management {
		return o, cloud.Errorf("AccessDeniedException", "You don't have permissions to access this resource.")
	}
	return o, nil
}

// target is one resource that an operation is authorised on.
type target struct {
	arn  string
	tags []tag
}

// use makes an operation of the management account. on lists the resources, with
// the type of policy where the operation is about one; change tells whether what do
// makes of the organization is kept.
func use[In, Out any](s *service, name string, change bool, on func(o *organization, in *In) (resources []target, policyType string), do func(c *cloud.Call, o *organization, in *In) (*Out, error)) wire.Operation {
	return wire.Op[In, Out]{Name: name, Auth: func(c *cloud.Call, in *In) ([]cloud.Check, error) {
		o, err := s.managed(c)
		if err != nil {
			return nil, err
		}
		return checks(c, "organizations:"+name, &o, in, on), nil
	}, Do: func(c *cloud.Call, in *In) (out *Out, err error) {
		if !change {
			o, err := s.managed(c)
			if err != nil {
				return nil, err
			}
			return do(c, &o, in)
		}
		_, err = s.rows.Update(theOne, func(o organization, ok bool) (organization, error) {
			if !ok {
				return o, notInUse()
			}
			o = o.clone()
			o.Revision++
			var err error
			out, err = do(c, &o, in)
			return o, err
		})
		return out, err
	}}.Operation()
}

func checks[In any](_ *cloud.Call, action string, o *organization, in *In, on func(o *organization, in *In) ([]target, string)) []cloud.Check {
	var resources []target
	policyType := ""
	if on != nil {
		resources, policyType = on(o, in)
	}
	if len(resources) == 0 {
		resources = []target{{arn: "*"}}
	}
	out := make([]cloud.Check, len(resources))
	for i, r := range resources {
		ctx := requestTags(iam.NewContext(), in)
		for _, t := range r.tags {
			ctx.Set("aws:ResourceTag/"+t.Key, t.Value)
		}
		if policyType != "" {
			ctx.Set("organizations:PolicyType", policyType)
		}
		out[i] = cloud.Check{Action: action, Resource: r.arn, Context: ctx}
	}
	return out
}

// requestTags adds the keys of the tags that a request sets or takes away.
func requestTags(ctx *iam.Context, in any) *iam.Context {
	var tags []*Tag
	switch in := in.(type) {
	case *CreateOrganizationalUnitRequest:
		tags = in.Tags
	case *CreatePolicyRequest:
		tags = in.Tags
	case *TagResourceRequest:
		tags = in.Tags
	case *UntagResourceRequest:
		return ctx.SetList("aws:TagKeys", in.TagKeys...)
	}
	if len(tags) == 0 {
		return ctx
	}
	keys := make([]string, 0, len(tags))
	for _, t := range tags {
		ctx.Set("aws:RequestTag/"+t.Key, t.Value)
		keys = append(keys, t.Key)
	}
	return ctx.SetList("aws:TagKeys", keys...)
}

func failed(code, reason, format string, args ...any) *cloud.Error {
	e := cloud.Errorf(code, format, args...)
	if reason != "" {
		e.Fields = map[string]any{"Reason": reason}
	}
	return e
}

// maxPage is AWS's largest page, and its default here.
const maxPage = 20

func page[T any](items []T, token string, size *int64) ([]T, string, error) {
	start, n := 0, maxPage
	if token != "" {
		i, ok := parseIndex(token)
		if !ok || i > len(items) {
			return nil, "", failed("InvalidInputException", "INVALID_NEXT_TOKEN", "You specified an invalid value for nextToken. You must provide the correct value for this parameter.")
		}
		start = i
	}
	if size != nil {
		n = int(*size)
	}
	end, next := min(start+n, len(items)), ""
	if end < len(items) {
		next = formatIndex(end)
	}
	part := items[start:end]
	if part == nil {
		part = []T{}
	}
	return part, next, nil
}

// title is how AWS writes a policy type in an ARN.
func title(policyType string) string { return strings.ToLower(policyType) }
