// A pipeline of CDK Pipelines that changes itself, with a gate before production
// in another account, and a stack whose account nobody says, with one nested in it.
const cdk = require('aws-cdk-lib');
const codecommit = require('aws-cdk-lib/aws-codecommit');
const lambda = require('aws-cdk-lib/aws-lambda');
const s3 = require('aws-cdk-lib/aws-s3');
const sns = require('aws-cdk-lib/aws-sns');
const { CodePipeline, CodePipelineSource, ManualApprovalStep, ShellStep } = require('aws-cdk-lib/pipelines');

const tools = { account: '111111111111', region: 'eu-west-1' };

class Shop extends cdk.Stage {
  constructor(scope, id, props) {
    super(scope, id, props);
    const stack = new cdk.Stack(this, 'Service');
    new lambda.Function(stack, 'Function', {
      runtime: lambda.Runtime.NODEJS_22_X, handler: 'index.handler', code: lambda.Code.fromInline('exports.handler = async () => 1'),
    });
  }
}

class Delivery extends cdk.Stack {
  constructor(scope, id, props) {
    super(scope, id, props);
    const repository = new codecommit.Repository(this, 'Repository', { repositoryName: 'shop' });
    const pipeline = new CodePipeline(this, 'Pipeline', {
      pipelineName: 'shop',
      crossAccountKeys: true,
      synth: new ShellStep('Synth', { input: CodePipelineSource.codeCommit(repository, 'main'), commands: ['npx cdk synth'] }),
    });
    pipeline.addStage(new Shop(this, 'Test', { env: { account: '222222222222', region: 'eu-west-1' } }));
    pipeline.addStage(new Shop(this, 'Prod', { env: { account: '333333333333', region: 'eu-west-1' } }), { pre: [new ManualApprovalStep('Approve')] });
  }
}

class Inner extends cdk.NestedStack {
  constructor(scope, id) {
    super(scope, id);
    this.bucket = new s3.Bucket(this, 'Bucket', { bucketName: 'inner-bucket-of-the-test' });
  }
}

const app = new cdk.App({ outdir: process.argv[2], analyticsReporting: false });
new Delivery(app, 'Delivery', { env: tools });
const loose = new cdk.Stack(app, 'Loose');
const inner = new Inner(loose, 'Inner');
new sns.Topic(loose, 'Topic', { topicName: 'notices-of-' + 'loose', displayName: inner.bucket.bucketName });
app.synth();
