package catalog_test

import (
	"fmt"

	"github.com/twokey/twokey/iam/catalog"
)

func ExampleLookup() {
	a, ok := catalog.Lookup("codepipeline:putapprovalresult")
	fmt.Println(a, a.AccessLevel, ok)
	for _, r := range a.ResourceTypes {
		fmt.Println(r.Name, r.ARNs[0])
	}
	// Output:
	// codepipeline:PutApprovalResult Write true
	// action arn:${Partition}:codepipeline:${Region}:${Account}:${PipelineName}/${StageName}/${ActionName}
}

func ExampleWildcardOnly() {
	fmt.Println(catalog.WildcardOnly("s3:ListAllMyBuckets"))
	fmt.Println(catalog.WildcardOnly("s3:GetObject"))
	fmt.Println(catalog.WildcardOnly("s3:NewSinceTheCatalogue"))
	// Output:
	// true true
	// false true
	// false false
}

func ExampleExpand() {
	for _, action := range catalog.Expand("codepipeline:*StageTransition") {
		fmt.Println(action)
	}
	// Output:
	// codepipeline:DisableStageTransition
	// codepipeline:EnableStageTransition
}

func ExampleApplies() {
	pipeline := "arn:aws:codepipeline:eu-west-1:111122223333:store"
	// An approval is granted on the action, so this statement grants nothing.
	fmt.Println(catalog.Applies("codepipeline:PutApprovalResult", pipeline))
	fmt.Println(catalog.Applies("codepipeline:PutApprovalResult", pipeline+"/*"))
	// The reference lists a pipeline; an action's ARN may be one in disguise.
	fmt.Println(catalog.Applies("codepipeline:StartPipelineExecution", pipeline+"/Approve/Manual"))
	// Output:
	// no
	// yes
	// maybe
}

func ExampleResourceTypeOf() {
	r, ok := catalog.ResourceTypeOf("arn:aws:s3:::bucket/deep/key")
	fmt.Println(r.Service, r.Name, ok)
	// Output: s3 object true
}

func ExampleConditionKey() {
	key, ok := catalog.ConditionKey("aws:principaltag/team")
	fmt.Println(key.Name, key.Type, ok)
	fmt.Println(catalog.Multivalued("aws:TagKeys"))
	// Output:
	// aws:PrincipalTag/${TagKey} String true
	// true
}

func ExampleManagedPolicy() {
	arn, _ := catalog.ManagedPolicyByName("AdministratorAccess")
	doc, version, updated, ok := catalog.ManagedPolicy(arn)
	fmt.Println(version, updated, ok)
	fmt.Println(string(doc))
	// Output:
	// v1 2015-02-06 true
	// {"Statement":[{"Action":"*","Effect":"Allow","Resource":"*"}],"Version":"2012-10-17"}
}
