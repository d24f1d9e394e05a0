/** What `--print` prints, by the word behind it: a text that makes the table, or lets programs use it. */
export const templates: { readonly [What in 'cloudformation' | 'terraform' | 'iam']: (tableName: string) => string } = {
  cloudformation: (tableName) => `Resources:
  TidemarkTable:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain # it holds the checkpoints: without them every change of a day runs again
    UpdateReplacePolicy: Retain
    Properties:
      TableName: ${tableName}
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions:
        - { AttributeName: pk, AttributeType: S }
        - { AttributeName: sk, AttributeType: S }
      KeySchema:
        - { AttributeName: pk, KeyType: HASH }
        - { AttributeName: sk, KeyType: RANGE }
      TimeToLiveSpecification: { AttributeName: expiresAt, Enabled: true }`,

  terraform: (tableName) => `resource "aws_dynamodb_table" "tidemark" {
  name         = "${tableName}"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "pk"
  range_key    = "sk"

  attribute {
    name = "pk"
    type = "S"
  }

  attribute {
    name = "sk"
    type = "S"
  }

  ttl {
    attribute_name = "expiresAt"
    enabled        = true
  }

  lifecycle {
    prevent_destroy = true # it holds the checkpoints: without them every change of a day runs again
  }
}`,

  iam: (tableName) => JSON.stringify(policy(tableName), undefined, 2),
}

// Of the table whose changes are consumed nothing is known here but that it is one.
function policy(tableName: string): object {
  const table = (name: string) => `arn:aws:dynamodb:*:*:table/${name}`
  return {
    Version: '2012-10-17',
    Statement: [
      statement('Describe', table('*'), ['DescribeTable']),
      statement('ReadStreams', table('*/stream/*'), ['DescribeStream', 'GetShardIterator', 'GetRecords']),
      statement('LeasesAndLedgers', table(tableName), [
        ...['Query', 'GetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'ConditionCheckItem'],
        ...['BatchGetItem', 'BatchWriteItem'],
      ]),
      statement('Init', table(tableName), ['CreateTable', 'DescribeTimeToLive', 'UpdateTimeToLive']),
    ],
  }
}

function statement(Sid: string, Resource: string, actions: readonly string[]): object {
  return { Sid, Effect: 'Allow', Action: actions.map((action) => `dynamodb:${action}`), Resource }
}
