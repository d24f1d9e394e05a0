import { expect, test } from 'vitest'
import { DecodeError } from '../../src/errors.ts'
import { parseStreamArn } from '../../src/record/stream-arn.ts'

const path = 'eventSourceARN'
const label = '2024-01-01T00:00:00.000'

test.for([
  ['aws', 'us-east-1', '123456789012', 'orders'],
  ['aws-cn', 'cn-north-1', '123456789012', 'Orders_v2.archive-1'],
  ['aws-us-gov', 'us-gov-west-1', '123456789012', 'orders'],
  ['aws', 'ddblocal', '000000000000', 'T'],
  ['aws', 'us-east-1', 'account-id', 'ExampleTableWithStream'], // as Lambda's sample event has it
] as const)('takes an ARN of %s in %s apart', ([partition, region, accountId, tableName]) => {
  const streamArn = `arn:${partition}:dynamodb:${region}:${accountId}:table/${tableName}/stream/${label}`
  const parts = { streamArn, region, accountId, tableName, streamLabel: label }
  expect(parseStreamArn(streamArn, path)).toEqual(parts)
  expect(parseStreamArn(streamArn, path)).toEqual(parts)
})

test('a stream does not get the parts of the one before it', () => {
  const arn = (table: string) => `arn:aws:dynamodb:us-east-1:123456789012:table/${table}/stream/${label}`
  expect(['a', 'b', 'a'].map((table) => parseStreamArn(arn(table), path).tableName)).toEqual(['a', 'b', 'a'])
})

test.for([
  [undefined],
  [null],
  [''],
  [5],
  [{}],
  ['arn:aws:dynamodb:us-east-1:123456789012:table/orders'],
  ['arn:aws:dynamodb:us-east-1:123456789012:table/orders/stream/'],
  ['arn:aws:dynamodb:us-east-1:123456789012:table/orders/index/by-date'],
  ['arn:aws:kinesis:us-east-1:123456789012:stream/orders'],
  [`arn:aws:dynamodb::123456789012:table/orders/stream/${label}`],
  [` arn:aws:dynamodb:us-east-1:123456789012:table/orders/stream/${label}`],
])('refuses %o', ([arn]) => {
  expect(() => parseStreamArn(arn, path)).toThrow(DecodeError)
  expect(() => parseStreamArn(arn, path)).toThrow(/^eventSourceARN: expected the ARN of a DynamoDB stream/)
})
