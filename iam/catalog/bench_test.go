package catalog

import (
	"testing"

	"github.com/twokey/twokey/iam/catalog/internal/table"
)

// maxEmbeddedBytes is what the data may add to a program.
const maxEmbeddedBytes = 3 << 20

func TestEmbeddedSize(t *testing.T) {
	t.Parallel()
	if n := len(encoded) + len(encodedPolicies); n > maxEmbeddedBytes {
		t.Errorf("the embedded data have %d bytes, more than %d", n, maxEmbeddedBytes)
	}
}

// What an evaluator asks for each action must not allocate.
func TestQuestionsThatDoNotAllocate(t *testing.T) {
	for name, ask := range map[string]func(){
		"WildcardOnly": func() { WildcardOnly("codepipeline:putapprovalresult") },
		"Index":        func() { Index("codepipeline:putapprovalresult") },
		"Multivalued":  func() { Multivalued("AWS:TagKeys") },
	} {
		if n := testing.AllocsPerRun(100, ask); n != 0 {
			t.Errorf("%s makes %v allocations", name, n)
		}
	}
}

// BenchmarkLoad is what the first question costs.
func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := table.Decode(encoded); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLoadManaged is what the first question about managed policies costs,
// apart from the policy.
func BenchmarkLoadManaged(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := table.DecodeArchive(encodedPolicies); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkManagedPolicy(b *testing.B) {
	for _, name := range []string{"AdministratorAccess", "ReadOnlyAccess"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, _, ok := ManagedPolicy(managedPrefix + name); !ok {
					b.Fatal("not found")
				}
			}
		})
	}
}

func BenchmarkWildcardOnly(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		WildcardOnly("codepipeline:PutApprovalResult")
	}
}

func BenchmarkExpand(b *testing.B) {
	for _, pattern := range []string{"*", "s3:Get*", "codepipeline:PutApprovalResult"} {
		b.Run(pattern, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Expand(pattern)
			}
		})
	}
}

func BenchmarkApplies(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Applies("s3:GetObject", "arn:aws:s3:::bucket/deep/key")
	}
}

func BenchmarkTypesOf(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		TypesOf("arn:aws:ec2:eu-west-1:111122223333:instance/i-1234")
	}
}
