package codepipeline

import (
	"net"
	"slices"
	"strings"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/sandbox/cloud"
)

// webhook is the row of a webhook. The sandbox keeps webhooks but receives no
// calls from outside, so that none of them ever starts an execution.
type webhook struct {
	Account, Region string
	Definition      *WebhookDefinition
	URL             string
	Registered      bool
	Tags            []*Tag
}

func (s *service) webhookARN(c *cloud.Call, name string) string {
	return "arn:aws:codepipeline:" + c.Region + ":" + c.Account + ":webhook:" + name
}

func webhookKey(account, region, name string) string { return account + "/" + region + "/" + name }

func (s *service) onWebhook(c *cloud.Call, action, name string) ([]cloud.Check, error) {
	ctx := iam.NewContext()
	if w, ok := s.webhooks.Get(webhookKey(c.Account, c.Region, name)); ok {
		resourceTags(ctx, w.Tags)
	}
	return s.one(c, action, s.webhookARN(c, name), ctx)
}

func (s *service) mayPutWebhook(c *cloud.Call, in *PutWebhookInput) ([]cloud.Check, error) {
	hook, err := s.onWebhook(c, "PutWebhook", in.Webhook.Name)
	if err != nil {
		return nil, err
	}
	target, err := s.onPipeline(c, "PutWebhook", in.Webhook.TargetPipeline)
	requestTags(hook[0].Context, in.Tags)
	return append(hook, target...), err
}

// maxWebhooks is the quota of webhooks per region.
const maxWebhooks = 300

func (s *service) putWebhook(c *cloud.Call, in *PutWebhookInput) (*PutWebhookOutput, error) {
	d := in.Webhook
	a, err := s.pipeline(c, d.TargetPipeline)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(a.view().pipeline.Definition.Stages[0].Actions, func(x *ActionDeclaration) bool { return x.Name == d.TargetAction }) {
		return nil, cloud.Errorf("ValidationException", "The pipeline '%s' does not have a source action with name '%s'.", d.TargetPipeline, d.TargetAction)
	}
	if err := checkWebhook(d); err != nil {
		return nil, err
	}
	if err := checkTags(nil, in.Tags); err != nil {
		return nil, err
	}
	prefix := c.Account + "/" + c.Region + "/"
	count := len(s.webhooks.Keys(func(k string) bool { return strings.HasPrefix(k, prefix) }))
	fresh := "https://" + c.Region + ".webhooks.aws/trigger?t=" + s.world.IDs.Hex(64) + "&v=1"
	row, err := s.webhooks.Update(webhookKey(c.Account, c.Region, d.Name), func(was *webhook, ok bool) (*webhook, error) {
		if !ok && count >= maxWebhooks {
			return nil, cloud.Errorf("LimitExceededException", "The limit of %d webhooks has been reached.", maxWebhooks)
		}
		w := &webhook{Account: c.Account, Region: c.Region, Definition: d, URL: fresh, Tags: in.Tags}
		if ok {
			w.URL, w.Registered = was.URL, was.Registered
		}
		return w, nil
	})
	if err != nil {
		return nil, err
	}
	return &PutWebhookOutput{Webhook: s.item(c, row)}, nil
}

func checkWebhook(d *WebhookDefinition) error {
	auth := d.AuthenticationConfiguration
	wants := ""
	switch d.Authentication {
	case "GITHUB_HMAC":
		if auth.SecretToken == "" || auth.AllowedIPRange != "" {
			wants = "'authenticationConfig' should contain only one property: 'SecretToken'"
		}
	case "IP":
		if auth.AllowedIPRange == "" || auth.SecretToken != "" {
			wants = "'authenticationConfig' should contain only one property: 'AllowedIPRange'"
		} else if _, _, err := net.ParseCIDR(auth.AllowedIPRange); err != nil {
			wants = "'AllowedIPRange' should be an IP address range in CIDR notation"
		}
	default:
		if auth.AllowedIPRange != "" || auth.SecretToken != "" {
			wants = "'authenticationConfig' should be empty"
		}
	}
	if wants != "" {
		return cloud.Errorf("InvalidWebhookAuthenticationParametersException", "Optional[%s]", wants)
	}
	if len(d.Filters) == 0 {
		return cloud.Errorf("InvalidWebhookFilterPatternException", "At least one filter rule must be specified")
	}
	for _, f := range d.Filters {
		if !strings.HasPrefix(f.JsonPath, "$") {
			return cloud.Errorf("InvalidWebhookFilterPatternException", "The JSON path '%s' is not valid", f.JsonPath)
		}
	}
	return nil
}

func (s *service) item(c *cloud.Call, w *webhook) *ListWebhookItem {
	d := *w.Definition
	if d.AuthenticationConfiguration.SecretToken != "" {
		auth := *d.AuthenticationConfiguration
		auth.SecretToken = hiddenSecret
		d.AuthenticationConfiguration = &auth
	}
	return &ListWebhookItem{Definition: &d, Url: w.URL, Arn: s.webhookARN(c, d.Name), Tags: w.Tags}
}

func (s *service) listWebhooks(c *cloud.Call, in *ListWebhooksInput) (*ListWebhooksOutput, error) {
	prefix := c.Account + "/" + c.Region + "/"
	all := []*ListWebhookItem{}
	for _, w := range s.webhooks.Select(func(k string, _ *webhook) bool { return strings.HasPrefix(k, prefix) }) {
		all = append(all, s.item(c, w))
	}
	page, next, err := paged("ListWebhooks", all, in.MaxResults, 100, in.NextToken)
	return &ListWebhooksOutput{Webhooks: page, NextToken: next}, err
}

func (s *service) deleteWebhook(c *cloud.Call, in *DeleteWebhookInput) (*DeleteWebhookOutput, error) {
	return nil, s.webhooks.Delete(webhookKey(c.Account, c.Region, in.Name))
}

func (s *service) register(c *cloud.Call, name string, on bool) error {
	_, err := s.webhooks.Update(webhookKey(c.Account, c.Region, name), func(was *webhook, ok bool) (*webhook, error) {
		if !ok {
			return nil, cloud.Errorf("WebhookNotFoundException", "The webhook with name '%s' could not be found.", name)
		}
		w := *was
		w.Registered = on
		return &w, nil
	})
	return err
}

func (s *service) registerWebhook(c *cloud.Call, in *RegisterWebhookWithThirdPartyInput) (*RegisterWebhookWithThirdPartyOutput, error) {
	return nil, s.register(c, in.WebhookName, true)
}

func (s *service) deregisterWebhook(c *cloud.Call, in *DeregisterWebhookWithThirdPartyInput) (*DeregisterWebhookWithThirdPartyOutput, error) {
	return nil, s.register(c, in.WebhookName, false)
}
