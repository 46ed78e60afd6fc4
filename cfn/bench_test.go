package cfn_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/twokey/twokey/cfn"
)

// benchTemplate is a template of about 400 lines in the style of a cross-account
// pipeline: roles with policies of a dozen statements.
func benchTemplate() []byte {
	var b bytes.Buffer
	b.WriteString("AWSTemplateFormatVersion: '2010-09-09'\nParameters:\n  Name: {Type: String, Default: demo}\n  Key: {Type: String}\nConditions:\n  Cross: !Equals [!Ref Name, demo]\nResources:\n")
	for i := 0; bytes.Count(b.Bytes(), []byte("\n")) < 400; i++ {
		fmt.Fprintf(&b, `  Role%[1]d:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Sub ${Name}-role-%[1]d
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement:
          - Effect: Allow
            Principal:
              Service:
                - codebuild.amazonaws.com
            Action: sts:AssumeRole
  Policy%[1]d:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: !Sub ${Name}-policy-%[1]d
      PolicyDocument:
        Version: 2012-10-17
        Statement:
          - Effect: Allow
            Action:
              - s3:GetObject
              - s3:PutObject
            Resource:
              - !Join ['', ['arn:aws:s3:::', !Ref Name, '/*']]
              - !Sub arn:aws:s3:::${Name}
          - Effect: Allow
            Action: kms:Decrypt
            Resource: !Ref Key
          - Fn::If:
              - Cross
              - Effect: Allow
                Action: sts:AssumeRole
                Resource: !GetAtt Role%[1]d.Arn
              - !Ref AWS::NoValue
      Roles:
        - !Ref Role%[1]d
`, i)
	}
	return b.Bytes()
}

func BenchmarkParse(b *testing.B) {
	data := benchTemplate()
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := cfn.Parse("t.yaml", data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkResolve(b *testing.B) {
	t, err := cfn.Parse("t.yaml", benchTemplate())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		t.Resolve(env())
	}
}

func BenchmarkParseAndResolve(b *testing.B) {
	data := benchTemplate()
	b.ReportAllocs()
	for b.Loop() {
		t, err := cfn.Parse("t.yaml", data)
		if err != nil {
			b.Fatal(err)
		}
		t.Resolve(env())
	}
}
