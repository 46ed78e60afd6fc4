package iam

import (
	"strings"

	"github.com/twokey/twokey/arn"
	"github.com/twokey/twokey/iam/condition"
)

// grants evaluates the KMS grants on the key.
func (e *evaluation) grants() arn.Verdict {
	out := arn.No
	for i := range e.p.Grants {
		g := &e.p.Grants[i]
		v := g.covers(e.r)
		if v == arn.No {
			continue
		}
		out = max(out, v)
		if e.trace == nil && out == arn.Yes {
			break
		}
		if e.trace != nil {
			e.trace.addGrant(i, g, v)
		}
	}
	return out
}

// covers reports whether the grant allows the request to its caller.
func (g *Grant) covers(r *compiledRequest) arn.Verdict {
	operation := false
	for _, o := range g.Operations {
		operation = operation || strings.EqualFold(o, r.name)
	}
	if !operation {
		return arn.No
	}
	v := g.grantee(r.principal)
	for k, want := range g.EncryptionContextEquals {
		v = min(v, encryptionContext(r, k, want))
	}
	for k, want := range g.EncryptionContextSubset {
		v = min(v, encryptionContext(r, k, want))
	}
	if v > arn.No && g.EncryptionContextEquals != nil {
		v = min(v, g.nothingElse(r))
	}
	return v
}

// grantee reports whether the grant names the caller: as itself, as its role, or
// by its account.
func (g *Grant) grantee(p *compiledPrincipal) arn.Verdict {
	f := g.form()
	return f.names(p).any()
}

func (g *Grant) form() (f principalForm) {
	if strings.HasSuffix(g.Grantee, ".amazonaws.com") {
		f.form = serviceForm
		f.text = g.Grantee
	} else {
		f.text = g.Grantee
		f.compileAWS(strings.Contains(g.Grantee, arn.Hole))
	}
	return f
}

const encryptionContextKey = "kms:encryptioncontext:"

func encryptionContext(r *compiledRequest, name, want string) arn.Verdict {
	key := encryptionContextKey + strings.ToLower(name)
	return r.env.Equals(condition.Hash(key), key, want)
}

// nothingElse reports whether the request's encryption context has no keys but
// those of EncryptionContextEquals.
func (g *Grant) nothingElse(r *compiledRequest) arn.Verdict {
	for _, c := range []*Context{r.env.Request, r.env.Principal} {
		for _, key := range c.Keys() {
			name, ok := strings.CutPrefix(key, encryptionContextKey)
			if !ok {
				continue
			}
			known := false
			for k := range g.EncryptionContextEquals {
				known = known || strings.EqualFold(k, name)
			}
			state, _ := c.Lookup(key)
			switch {
			case known || state == condition.Absent:
			case state == condition.Unknown:
				return arn.Maybe
			default:
				return arn.No
			}
		}
	}
	return arn.Yes
}
