package iamsvc

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/twokey/twokey/iam/policy"
)

// FuzzReplacePrincipal: putting another name in the place of a principal changes
// that name and nothing else of the document.
func FuzzReplacePrincipal(f *testing.F) {
	f.Add(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["a","b"]},"Action":"sts:AssumeRole"}]}`)
	f.Add("{\"Statement\":\n {\"Sid\":\"äö\",\n\"Principal\":{\"AWS\":\"é\\\"\\\\\"},\"Condition\":{\"StringEquals\":{\"k\":\"b\"}}}}")
	f.Add(`{"Statement":[{"Principal":"*"}]}`)
	f.Fuzz(func(t *testing.T, document string) {
		doc, err := policy.Parse("d", []byte(document))
		if err != nil {
			return
		}
		for i, st := range doc.Statements {
			if st.Principals == nil {
				continue
			}
			for j, p := range st.Principals.List {
				if p.Type != policy.TypeAWS {
					continue // only these are looked up
				}
				out, ok := replaceString(document, p.Pos, "AIDAEXAMPLE")
				if !ok {
					continue
				}
				again, err := policy.Parse("d", []byte(out))
				if err != nil {
					t.Fatalf("%v in %s", err, out)
				}
				if got := again.Statements[i].Principals; got == nil || len(got.List) != len(st.Principals.List) || got.List[j].Value != "AIDAEXAMPLE" {
					t.Fatalf("%s became %s", document, out)
				}
				if !json.Valid([]byte(out)) || !strings.Contains(out, "AIDAEXAMPLE") {
					t.Fatalf("%s became %s", document, out)
				}
			}
		}
	})
}
