package iamsvc

import (
	"strings"
	"sync"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/policy"
)

// named is a policy document with the name that reasons cite.
type named struct{ name, document string }

// compiler keeps compiled sets of policies by their text, so that a request does
// not compile its caller's policies anew.
type compiler struct {
	mu   sync.Mutex
	sets map[string]*iam.Set
}

// maxCompiled bounds the cache; a full one begins anew.
const maxCompiled = 4096

func (c *compiler) set(side iam.Side, docs []named) *iam.Set {
	var id strings.Builder
	id.WriteString(string(side))
	for _, d := range docs {
		id.WriteByte(0)
		id.WriteString(d.name)
		id.WriteByte(0)
		id.WriteString(d.document)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s, ok := c.sets[id.String()]; ok {
		return s
	}
	compiled := make([]iam.NamedDoc, len(docs))
	for i, d := range docs {
		doc, err := policy.Parse(d.name, []byte(d.document))
		compiled[i] = iam.NamedDoc{Name: d.name, Doc: doc}
		if err != nil {
			compiled[i] = iam.NamedDoc{Name: d.name, Unknown: err.Error()}
		}
	}
	s := iam.NewSet(side, compiled...)
	if c.sets == nil || len(c.sets) >= maxCompiled {
		c.sets = map[string]*iam.Set{}
	}
	c.sets[id.String()] = s
	return s
}

// documents are the inline and managed policies of one holder.
func (s *service) documents(h holder) []named {
	docs := make([]named, 0, len(h.Inline)+len(h.Attached))
	for _, i := range h.Inline {
		docs = append(docs, named{h.Name + "/" + i.Name, i.Document})
	}
	for _, a := range h.Attached {
		docs = append(docs, s.managedDocument(h.Account, a))
	}
	return docs
}
