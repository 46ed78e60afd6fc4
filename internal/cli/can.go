package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/twokey/twokey/estate"
	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/catalog"
)

type canOptions struct {
	context []string // key=value
	without []string
	format  string
}

func (a *app) can() *cobra.Command {
	var o canOptions
	cmd := &cobra.Command{
		Use:   "can PRINCIPAL ACTION RESOURCE PATH",
		Short: "Say whether a principal may do an action on a resource, and why",
		Long: `Decide one request against all policies in the templates at PATH that bear on it:
identity policies, boundary, organization policies, and the resource's own.

The first line is the decision: allow, explicit-deny, implicit-deny, or if, where it
depends on something that nobody said: a condition key, an unresolved part of a
policy. After it come the statements that led to it, each with its place, what
was missing on which side, and what it depends on. The exit code is 0 only for allow.

PRINCIPAL is the ARN of a user, role, role session or account root, the name of a
service (codepipeline.amazonaws.com), or the name of a user or role in the estate,
as far as it is unique: storefront-build, role/storefront-build,
tools/role/storefront-build. RESOURCE is an ARN, or "*" for an action that is on no
resource. A session has no session policy.

A condition key that is neither given by --context nor follows from the request is
taken as unknown, not as absent; --without says that it is absent.`,
		Example: `  twokey can tools/role/storefront-build sts:AssumeRole \
      arn:aws:iam::444444444444:role/prod-deployer examples/storefront
  twokey can tools/user/alice codepipeline:PutApprovalResult \
      arn:aws:codepipeline:us-east-1:111111111111:storefront/ApproveProd/Approve \
      --context aws:MultiFactorAuthPresent=true examples/storefront`,
		GroupID: groupFind,
		Args:    exactly("PRINCIPAL", "ACTION", "RESOURCE", "PATH"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runCan(cmd.Context(), o, args[0], args[1], args[2], args[3])
		},
	}
	cmd.Flags().StringArrayVar(&o.context, "context", nil, "a condition key of the request, as `key=value`; several for one key make a list")
	cmd.Flags().StringArrayVar(&o.without, "without", nil, "a condition `key` that the request does not have")
	formatFlag(cmd, &o.format, "text", "json")
	return cmd
}

func (a *app) runCan(ctx context.Context, o canOptions, principal, action, resource, path string) error {
	keys, err := requestContext(o)
	if err != nil {
		return err
	}
	loaded, err := a.LoadEstate(ctx, path, estate.LoadOptions{})
	if err != nil {
		return err
	}
	a.warnOfProblems(loaded.Estate.Problems, path)
	arn, err := resolvePrincipal(loaded.Estate, principal)
	if err != nil {
		return err
	}
	action, notes, err := checkRequest(action, resource)
	if err != nil {
		return err
	}
	d, err := loaded.Estate.May(arn, action, resource, keys)
	if err != nil {
		return err
	}
	answer := newAnswer(arn, action, resource, notes, d)
	if o.format == "json" {
		err = writeJSON(a.Stdout, answer)
	} else {
		err = answer.text(a.Stdout, a.painter())
	}
	if err == nil && d.Outcome != iam.Allow {
		return Negative
	}
	return err
}

// requestContext makes the condition keys of --context and --without. Keys that
// are not named stay unknown.
func requestContext(o canOptions) (*iam.Context, error) {
	values := map[string][]string{}
	var order []string
	for _, kv := range o.context {
		key, value, ok := strings.Cut(kv, "=")
		if !ok || key == "" {
			return nil, failf("write it as key=value, for example --context aws:SourceIp=203.0.113.7", "--context %q has no key and value", kv)
		}
		key = strings.ToLower(key)
		if values[key] == nil {
			order = append(order, key)
		}
		values[key] = append(values[key], value)
	}
	c := iam.NewContext().UnknownUnlessSet(true)
	for _, key := range order {
		if len(values[key]) > 1 || catalog.Multivalued(key) {
			c.SetList(key, values[key]...)
		} else {
			c.Set(key, values[key]...)
		}
	}
	for _, key := range o.without {
		if values[strings.ToLower(key)] != nil {
			return nil, failf("", "--context and --without both name %s", key)
		}
		c.Absent(key)
	}
	return c, nil
}

// checkRequest looks the action up in the catalogue. It returns the action in
// AWS's spelling and what a reader should know of how it is decided. An action
// that the catalogue does not have may be newer than it, unless its service has
// one that is spelt nearly so.
func checkRequest(action, resource string) (string, []string, error) {
	service, name, ok := strings.Cut(action, ":")
	if !ok || service == "" || name == "" || strings.ContainsAny(action, "*?") {
		return "", nil, failf("write it as service:Action, for example s3:GetObject", "%q is not one action", action)
	}
	if resource != "*" && !strings.HasPrefix(resource, "arn:") {
		return "", nil, failf("name the resource by its ARN, for example arn:aws:s3:::BUCKET/KEY", "%q is not the ARN of a resource", resource)
	}
	known, found := catalog.Lookup(action)
	if !found {
		if near := nearest(action, catalog.Actions(service), 1); len(near) > 0 {
			return "", nil, failf("did you mean "+near[0]+"?", "there is no action %s", action)
		}
		return action, []string{fmt.Sprintf("the catalogue of %s does not have %s, so whether it has a resource is not known", catalog.Released(), action)}, nil
	}
	switch only, _ := catalog.WildcardOnly(action); {
	case only && resource != "*":
		return known.String(), []string{fmt.Sprintf("%s is on no resource, so it is decided on *, not on %s", known, resource)}, nil
	case !only && resource == "*":
		return known.String(), []string{fmt.Sprintf("%s is on a resource; on * only statements about every resource count", known)}, nil
	}
	return known.String(), nil, nil
}
