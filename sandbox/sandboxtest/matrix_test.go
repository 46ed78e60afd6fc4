package sandboxtest_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/twokey/twokey/sandbox/sandboxtest"
)

func TestMatrix(t *testing.T) {
	t.Parallel()
	sandboxtest.Matrix(t, []sandboxtest.Case{
		{Operation: "sts:GetCallerIdentity", Free: true, Call: func(ctx context.Context, cfg aws.Config) error {
			_, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
			return err
		}},
		{Operation: "iam:CreateUser", Needs: []sandboxtest.Permission{{Action: "iam:CreateUser", Resource: "arn:aws:iam::111111111111:user/team/new"}}, Call: func(ctx context.Context, cfg aws.Config) error {
			_, err := iam.NewFromConfig(cfg).CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("new"), Path: aws.String("/team/")})
			return err
		}},
	})
}
