import { CreateTableCommand, DescribeTableCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { DescribeStreamCommand, DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { createKclTable, kclRow, putRows, rowsOf } from '../leases/kcl/kcl-table.ts'
import { localTables } from '../support/local-table.ts'

const tables = localTables()
const printed: string[] = []
const environment = { ...process.env }

beforeEach(() => {
  printed.length = 0
  vi.spyOn(console, 'log').mockImplementation((text: unknown) => void printed.push(String(text)))
  vi.spyOn(console, 'error').mockImplementation(() => {})
})
afterEach(() => {
  vi.restoreAllMocks()
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name]
  Object.assign(process.env, environment)
})

/** A table with a stream, and KCL's lease table with that stream's shard in it. */
async function stopped(): Promise<{ shardId: string; after: string; coordination: string; options: string[] }> {
  const { client, server } = tables
  await client.send(
    new CreateTableCommand({
      TableName: 'orders',
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    }),
  )
  await client.send(new PutItemCommand({ TableName: 'orders', Item: { pk: { S: 'a' } } }))
  const { Table } = await client.send(new DescribeTableCommand({ TableName: 'orders' }))
  const streams = new DynamoDBStreamsClient(server.clientConfig)
  const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn: Table?.LatestStreamArn }))
  streams.destroy()
  const { ShardId = '', SequenceNumberRange } = StreamDescription?.Shards?.[0] ?? {}
  const after = SequenceNumberRange?.StartingSequenceNumber ?? ''
  await createKclTable(client, 'orders-app')
  await putRows(client, 'orders-app', [kclRow({ shardId: ShardId, checkpoint: after, owner: 'crashed' })])
  const coordination = await tables.create()
  process.env['AWS_ACCESS_KEY_ID'] = 'local'
  process.env['AWS_SECRET_ACCESS_KEY'] = 'local'
  const { endpoint } = server.clientConfig
  const options = ['--kcl-table', 'orders-app', '--table', 'orders', '--observe', '5s']
  options.push('--coordination-table', coordination, '--endpoint-url', endpoint, '--region', 'eu-central-1')
  return { shardId: ShardId, after, coordination, options }
}

test('shows the plan, then does it, and knows the way back', async () => {
  const { shardId, after, coordination, options } = await stopped()
  const receipts = ['--consumer', 'receipts']
  expect(await main(['leases', 'import', ...options, ...receipts])).toBe(0)
  expect(printed.join('\n')).toMatch(new RegExp(`${shardId} +${after} +a lease that goes on from there`))
  expect(printed.join('\n')).toContain('Nothing was changed')
  expect(printed.join('\n')).toContain('--apply')
  expect(await rowsOf(tables.client, coordination)).toEqual({})

  printed.length = 0
  expect(await main(['leases', 'import', ...options, ...receipts, '--apply', '--json'])).toBe(0)
  expect(printed.map((line): unknown => JSON.parse(line))).toEqual([
    expect.objectContaining({ direction: 'import', status: 'applied', writtenCount: 1 }),
  ])
  const leases = Object.keys(await rowsOf(tables.client, coordination)).filter((sk) => sk.startsWith('lease#'))
  expect(leases).toEqual([expect.stringContaining(shardId)])

  printed.length = 0
  expect(await main(['leases', 'export', ...options, ...receipts, '--apply'])).toBe(0)
  expect(printed.join('\n')).toContain("start KCL's fleet")
  const row = (await rowsOf(tables.client, 'orders-app'))[shardId]
  expect(row).toMatchObject({ checkpoint: { S: after }, leaseCounter: { N: '42' } })
  expect(row).not.toHaveProperty('leaseOwner')

  printed.length = 0
  expect(await main(['leases', 'export', ...options, '--consumer', 'other'])).toBe(1)
  expect(printed.join('\n')).toContain('refused: this consumer has no leases')
})
