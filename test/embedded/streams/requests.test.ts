import { expect, test } from 'vitest'
import type { StreamOperation } from '../../../src/embedded/streams/stream-reader.ts'
import { World } from './world.ts'

const world = new World()
const other = world.catalog.enable('customers', { hash: 'id' }, 'KEYS_ONLY').streamArn
world.put('a')
const StreamArn = world.streamArn
const ShardId = world.shardId()
const number = '1'.repeat(21)
const absent = 'arn:aws:dynamodb:eu-central-1:123456789012:table/none/stream/2026-01-01T00:00:00.000'

const one = (value: string, at: string, constraint: string) =>
  `1 validation error detected: Value ${value} at '${at}' failed to satisfy constraint: Member must ${constraint}`
const parameter = (what: string) => `One or more parameter values were invalid: ${what}`

const invalid: [StreamOperation, object, string][] = [
  ['ListStreams', { Limit: 0 }, one("'0'", 'limit', 'have value greater than or equal to 1')],
  ['ListStreams', { Limit: 101 }, parameter('Limit cannot be greater than the maximum allowed size: 100')],
  ['ListStreams', { TableName: 'a' }, one("'a'", 'tableName', 'have length greater than or equal to 3')],
  [
    'ListStreams',
    { ExclusiveStartStreamArn: 'x' },
    one("'x'", 'exclusiveStartStreamArn', 'have length greater than or equal to 37'),
  ],
  ['DescribeStream', {}, one('null', 'streamArn', 'not be null')],
  ['DescribeStream', { StreamArn: 'x' }, one("'x'", 'streamArn', 'have length greater than or equal to 37')],
  ['DescribeStream', { StreamArn, Limit: 101 }, parameter('Limit cannot be greater than the maximum: 100')],
  [
    'DescribeStream',
    { StreamArn, ShardFilter: { Type: 'X', ShardId } },
    one("'X'", 'shardFilter.type', 'satisfy enum value set: [CHILD_SHARDS]'),
  ],
  [
    'DescribeStream',
    { StreamArn, ShardFilter: { Type: 'CHILD_SHARDS' } },
    parameter('ShardFilter needs a Type and a ShardId'),
  ],
  [
    'DescribeStream',
    { Limit: 0, ExclusiveStartShardId: 'x'.repeat(66) },
    '3 validation errors detected: ' +
      "Value null at 'streamArn' failed to satisfy constraint: Member must not be null; " +
      "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1; " +
      `Value '${'x'.repeat(66)}' at 'exclusiveStartShardId' failed to satisfy constraint: ` +
      'Member must have length less than or equal to 65',
  ],
  ['GetShardIterator', { StreamArn, ShardId }, one('null', 'shardIteratorType', 'not be null')],
  [
    'GetShardIterator',
    { StreamArn, ShardId, ShardIteratorType: 'FIRST' },
    one(
      "'FIRST'",
      'shardIteratorType',
      'satisfy enum value set: [AFTER_SEQUENCE_NUMBER, LATEST, AT_SEQUENCE_NUMBER, TRIM_HORIZON]',
    ),
  ],
  [
    'GetShardIterator',
    { StreamArn, ShardId, ShardIteratorType: 'AT_SEQUENCE_NUMBER' },
    parameter('Invalid SequenceNumber'),
  ],
  [
    'GetShardIterator',
    { StreamArn, ShardId, ShardIteratorType: 'AT_SEQUENCE_NUMBER', SequenceNumber: 'x'.repeat(21) },
    parameter('Invalid SequenceNumber'),
  ],
  [
    'GetShardIterator',
    { StreamArn, ShardId, ShardIteratorType: 'LATEST', SequenceNumber: number },
    parameter('SequenceNumber should not be passed for this iterator type'),
  ],
  ['GetRecords', {}, one('null', 'shardIterator', 'not be null')],
  ['GetRecords', { ShardIterator: 'x', Limit: 0 }, one("'0'", 'limit', 'have value greater than or equal to 1')],
  ['GetRecords', { ShardIterator: 'x', Limit: 1001 }, parameter('Limit should be less than or equal to 1000')],
]

test.each(invalid)('%s refuses %o', (operation, input, message) => {
  expect(() => world.catalog.execute(operation, input)).toThrow(
    expect.objectContaining({ name: 'ValidationException', message }),
  )
})

test.each<[StreamOperation, object, string]>([
  ['DescribeStream', { StreamArn: absent }, `Stream: ${absent} not found`],
  ['GetShardIterator', { StreamArn: absent, ShardId, ShardIteratorType: 'LATEST' }, `Stream: ${absent} not found`],
  ['GetShardIterator', { StreamArn, ShardId: 's'.repeat(28), ShardIteratorType: 'LATEST' }, 'Shard does not exist'],
])('%s does not find %o', (operation, input, what) => {
  const message = `Requested resource not found: ${what}`
  expect(() => world.catalog.execute(operation, input)).toThrow(
    expect.objectContaining({ name: 'ResourceNotFoundException', message }),
  )
})

test('ListStreams lists all or a table’s, page by page', () => {
  const orders = { StreamArn, TableName: 'orders', StreamLabel: '2026-01-01T00:00:00.000' }
  const customers = { StreamArn: other, TableName: 'customers', StreamLabel: '2026-01-01T00:00:00.000' }
  expect(world.catalog.execute('ListStreams', {})).toEqual({ Streams: [customers, orders] })
  expect(world.catalog.execute('ListStreams', { TableName: 'orders' })).toEqual({ Streams: [orders] })
  expect(world.catalog.execute('ListStreams', { TableName: 'none' })).toEqual({ Streams: [] })
  expect(world.catalog.execute('ListStreams', { Limit: 1 })).toEqual({
    Streams: [customers],
    LastEvaluatedStreamArn: other,
  })
  expect(world.catalog.execute('ListStreams', { Limit: 1, ExclusiveStartStreamArn: other })).toEqual({
    Streams: [orders],
  })
})

test('DescribeStream goes page by page, also when the shard it stopped at is gone, and by parent', () => {
  const world = new World({ trimmedShardLingerMs: 0 })
  const parent = world.shardId()
  const children = world.catalog.split('orders')
  const first = world.describe({ Limit: 1 })
  expect(first).toMatchObject({ Shards: [{ ShardId: parent }], LastEvaluatedShardId: parent })
  const rest = world.describe({ Limit: 2, ExclusiveStartShardId: parent })
  expect(rest.Shards.map((shard) => shard.ShardId)).toEqual(children)
  expect(rest).not.toHaveProperty('LastEvaluatedShardId')
  expect(world.shardIds({ ShardFilter: { Type: 'CHILD_SHARDS', ShardId: parent } })).toEqual(children)
  expect(world.shardIds({ ShardFilter: { Type: 'CHILD_SHARDS', ShardId: children[0] } })).toEqual([])
  world.catalog.trim('orders', { shardId: parent })
  expect(world.shardIds({ ExclusiveStartShardId: parent })).toEqual(children)
})
