package iam_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/twokey/twokey/iam"
	"github.com/twokey/twokey/iam/policy"
)

func mustDoc(tb testing.TB, text string) *policy.Document {
	tb.Helper()
	d, err := policy.Parse("test", []byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

func mustRequest(tb testing.TB, r iam.Request) *iam.Request {
	tb.Helper()
	out, err := iam.NewRequest(r)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

func mustPrincipal(tb testing.TB, text string) iam.Principal {
	tb.Helper()
	p, err := iam.ParsePrincipal(text)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// realistic is a role as delivery pipelines have them: five policies of six
// statements with conditions, a boundary, three levels of SCPs.
func realistic(tb testing.TB) (*iam.Request, *iam.Policies) {
	services := []string{"s3", "kms", "codebuild", "logs", "cloudformation", "iam"}
	var docs []iam.NamedDoc
	for p := range 5 {
		var b strings.Builder
		for s, service := range services {
			if s > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `{"Effect":"Allow","Action":["%[1]s:Get*","%[1]s:List*","%[1]s:Put%[2]d"],
				"Resource":["arn:aws:%[1]s:*:*:team-%[2]d*","arn:aws:%[1]s:::artifacts-%[2]d/*"],
				"Condition":{"StringEquals":{"aws:RequestedRegion":["eu-west-1","us-east-1"]},"Bool":{"aws:SecureTransport":"true"}}}`, service, p)
		}
		docs = append(docs, iam.NamedDoc{Name: fmt.Sprint("p", p), Doc: mustDoc(tb, `{"Version":"2012-10-17","Statement":[`+b.String()+`]}`)})
	}
	scp := iam.Compile("scp", iam.SideSCP, mustDoc(tb, `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"*","Resource":"*"},
		{"Effect":"Deny","Action":["organizations:LeaveOrganization","iam:CreateUser"],"Resource":"*"}]}`))
	full := iam.Compile("full", iam.SideSCP, mustDoc(tb, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`))
	policies := &iam.Policies{
		Identity: iam.NewSet(iam.SideIdentity, docs...),
		Boundary: iam.Compile("boundary", iam.SideBoundary, mustDoc(tb, `{"Version":"2012-10-17","Statement":[
			{"Effect":"Allow","Action":["s3:*","kms:*","codebuild:*"],"Resource":"*"},
			{"Effect":"Deny","Action":"s3:DeleteBucket","Resource":"*"}]}`)),
		SCPs: []*iam.Set{full, scp, full},
	}
	r := mustRequest(tb, iam.Request{
		Principal: mustPrincipal(tb, "arn:aws:sts::111122223333:assumed-role/deploy/run"),
		Action:    "s3:GetObject", Resource: "arn:aws:s3:::artifacts-3/build/app.zip", ResourceAccount: "111122223333",
		Context: iam.NewContext().Set("aws:RequestedRegion", "us-east-1").Set("aws:SecureTransport", "true"),
	})
	return r, policies
}

func BenchmarkDecide(b *testing.B) {
	b.Run("single", func(b *testing.B) {
		p := &iam.Policies{Identity: iam.Compile("p", iam.SideIdentity, mustDoc(b,
			`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}}`))}
		r := mustRequest(b, iam.Request{
			Principal: mustPrincipal(b, "arn:aws:iam::111122223333:user/alice"),
			Action:    "s3:GetObject", Resource: "arn:aws:s3:::b/k", ResourceAccount: "111122223333",
		})
		b.ReportAllocs()
		for b.Loop() {
			if iam.Decide(r, p) != iam.Allow {
				b.Fatal("not allowed")
			}
		}
	})
	b.Run("realistic", func(b *testing.B) {
		r, p := realistic(b)
		b.ReportAllocs()
		for b.Loop() {
			if iam.Decide(r, p) != iam.Allow {
				b.Fatal("not allowed")
			}
		}
	})
	b.Run("explain", func(b *testing.B) {
		r, p := realistic(b)
		b.ReportAllocs()
		for b.Loop() {
			if iam.Explain(r, p).Outcome != iam.Allow {
				b.Fatal("not allowed")
			}
		}
	})
}

func BenchmarkCompile(b *testing.B) {
	doc := mustDoc(b, `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["s3:Get*","s3:PutObject"],"Resource":["arn:aws:s3:::b","arn:aws:s3:::b/${aws:username}/*"],"Condition":{"StringLike":{"aws:SourceVpce":"vpce-*"}}},
		{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}},
		{"Effect":"Allow","Action":["kms:Decrypt","kms:GenerateDataKey*"],"Resource":"arn:aws:kms:us-east-1:111122223333:key/*"},
		{"Effect":"Allow","Action":"codepipeline:*","Resource":"arn:aws:codepipeline:*:111122223333:prod*"}]}`)
	b.ReportAllocs()
	for b.Loop() {
		iam.Compile("p", iam.SideIdentity, doc)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/4, "ns/statement")
}

// manyPrincipals are n roles and users with policies of their own and shared
// ones; about one in ten may approve in the pipeline prod.
func manyPrincipals(tb testing.TB, n int) []iam.IndexedPrincipal {
	shared := mustDoc(tb, `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["s3:Get*","s3:List*"],"Resource":"*"},
		{"Effect":"Allow","Action":"codepipeline:List*","Resource":"*"},
		{"Effect":"Deny","Action":"codepipeline:PutApprovalResult","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}}]}`)
	scp := iam.Compile("full", iam.SideSCP, mustDoc(tb, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`))
	out := make([]iam.IndexedPrincipal, n)
	for i := range out {
		text := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::home-%d/*"}]}`, i)
		if i%10 == 0 {
			text = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"codepipeline:Put*","Resource":"arn:aws:codepipeline:*:111122223333:prod/*"}]}`
		}
		out[i] = iam.IndexedPrincipal{
			Principal: mustPrincipal(tb, fmt.Sprintf("arn:aws:iam::111122223333:user/u%d", i)),
			Identity:  iam.NewSet(iam.SideIdentity, iam.NamedDoc{Name: "shared", Doc: shared}, iam.NamedDoc{Name: "own", Doc: mustDoc(tb, text)}),
			SCPs:      []*iam.Set{scp, scp},
		}
	}
	return out
}

func BenchmarkWhoCan(b *testing.B) {
	ix := iam.NewIndex(manyPrincipals(b, 10_000))
	approve := iam.Target{Action: "codepipeline:PutApprovalResult", Resource: "arn:aws:codepipeline:us-east-1:111122223333:prod/Gate/Approve"}
	bucket := iam.Target{
		Action: "s3:PutObject", Resource: "arn:aws:s3:::home-77/x", ResourceAccount: "111122223333",
		Policy: iam.Compile("bucket", iam.SideResource, mustDoc(b, `{"Version":"2012-10-17","Statement":[
			{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/u5"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::home-77/*"},
			{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::home-77/*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`)),
	}
	for _, bench := range []struct {
		name   string
		target iam.Target
		want   int
	}{{"identity", approve, 1000}, {"resource-policy", bucket, 2}} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				got, err := ix.WhoCan(bench.target)
				if err != nil || len(got) != bench.want {
					b.Fatal(len(got), err)
				}
			}
		})
	}
}
