package codepipeline_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/twokey/twokey/sandbox/cloud"
	"github.com/twokey/twokey/sandbox/sandboxtest"
)

// post signs and sends a request as it stands.
func (k *kit) post(operation, body string) (int, string) {
	k.t.Helper()
	r, err := http.NewRequestWithContext(k.t.Context(), http.MethodPost, k.URL, bytes.NewBufferString(body))
	k.must(err)
	r.Header.Set("X-Amz-Target", "CodePipeline_20150709."+operation)
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	sum := sha256.Sum256([]byte(body))
	keys := sandboxtest.Root(tools)
	k.must(v4.NewSigner().SignHTTP(k.t.Context(), aws.Credentials{AccessKeyID: keys.ID, SecretAccessKey: keys.Secret}, r, hex.EncodeToString(sum[:]), "codepipeline", region, time.Now()))
	res, err := k.Server.Client().Do(r)
	k.must(err)
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	k.must(err)
	return res.StatusCode, string(data)
}

// TestNulls: what a client of its own may send is refused, not fallen over.
func TestNulls(t *testing.T) {
	t.Parallel()
	k, _ := prepared(t, nil)
	const head = `{"pipeline":{"name":"q","roleArn":"arn:aws:iam::111111111111:role/pipeline",`
	for operation, bodies := range map[string][]string{
		"CreatePipeline": {
			head + `"stages":[null,null]}}`, head + `"stages":[{"name":"A","actions":[null]},{"name":"B","actions":[]}]}}`,
			head + `"stages":[{"name":"A","actions":[{"name":"a"}]}]}}`, head + `"artifactStores":{"eu-central-1":null},"stages":[]}}`,
			head + `"stages":[],"triggers":[null]}}`, `{"pipeline":null}`, `{}`,
		},
		"UpdatePipeline":         {`{"pipeline":{"name":"p","roleArn":"arn:aws:iam::111111111111:role/pipeline","stages":[null]}}`, `{}`},
		"StartPipelineExecution": {`{"name":"p","variables":[null]}`, `{"name":"p","sourceRevisions":[null]}`},
		"PutApprovalResult":      {`{"pipelineName":"p","stageName":"Prod","actionName":"Approve","token":"` + noSuchID + `","result":null}`},
		"TagResource":            {`{"resourceArn":"` + onP + `","tags":[null]}`},
		"PutWebhook":             {`{"webhook":null}`, `{"webhook":{"name":"w","filters":[null]}}`},
		"PollForJobs":            {`{}`},
	} {
		for _, body := range bodies {
			status, answer := k.post(operation, body)
			if status != 400 || !strings.Contains(answer, `"__type":"ValidationException"`) {
				t.Errorf("%s %s: %d %s", operation, body, status, answer)
			}
		}
	}
	// Input that a rule passes on comes without these checks.
	for _, member := range []string{"variables", "sourceRevisions"} {
		as := cloud.Caller{Identity: cloud.RootIdentity(tools), Region: region, From: "events.amazonaws.com"}
		err := k.Sandbox.World.Invoke(context.Background(), as, "codepipeline", "StartPipelineExecution", map[string]any{"name": "p", member: []any{nil}}, nil)
		if sandboxtest.Code(err) != "ValidationException" {
			t.Errorf("%s: %v", member, err)
		}
	}
}
