package iamtest_test

import (
	"fmt"
	"strings"

	"github.com/twokey/twokey/iam/iamtest"
)

func ExampleReadCases() {
	const file = `{"name":"deploy role reads artifacts","principal":"arn:aws:sts::111122223333:assumed-role/deploy/run","action":"s3:GetObject","resource":"arn:aws:s3:::artifacts/a","resourceAccount":"111122223333","id":{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::artifacts/*"},"want":"Allow"}
{"name":"and does not write them","principal":"arn:aws:sts::111122223333:assumed-role/deploy/run","action":"s3:PutObject","resource":"arn:aws:s3:::artifacts/a","resourceAccount":"111122223333","id":{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::artifacts/*"},"want":"ImplicitDeny"}`
	cases, err := iamtest.ReadCases(strings.NewReader(file))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range cases {
		got, err := c.Run()
		fmt.Println(c.Name, got == c.Want, err)
	}
	// Output:
	// deploy role reads artifacts true <nil>
	// and does not write them true <nil>
}
