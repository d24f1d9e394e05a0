import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createEmbeddedDynamoDB, createManualClock, type EmbeddedDynamoDB } from '../../src/testing.ts'
import { eventsTable, thingsTable } from './new-database.ts'

let folder = ''
let file = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-'))
  file = join(folder, 'state')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const TableName = 'things'
const item = (pk: string) => ({ pk: { S: pk }, b: { B: Uint8Array.of(1, 2) }, ns: { NS: ['1', '2.5'] } })

function put(embedded: EmbeddedDynamoDB, ...pks: string[]): void {
  for (const pk of pks) embedded.execute('PutItem', { TableName, Item: item(pk) })
}

interface Place {
  readonly shardId: string
  readonly iterator: string | undefined
}

function iterators(embedded: EmbeddedDynamoDB): Place[] {
  const { streamArn, shards } = embedded.describeStream(TableName)
  return shards.map(({ shardId }) => {
    const place = { StreamArn: streamArn, ShardId: shardId, ShardIteratorType: 'TRIM_HORIZON' }
    const output = embedded.execute('GetShardIterator', place) as { ShardIterator: string }
    return { shardId, iterator: output.ShardIterator }
  })
}

/** What all shards hold, whatever the iterators that come with it. */
function read(embedded: EmbeddedDynamoDB, places = iterators(embedded)): unknown[] {
  return places.map(({ iterator }) => {
    const output = embedded.execute('GetRecords', { ShardIterator: iterator }) as { Records: object[] }
    return output.Records
  })
}

test('everything is there again: tables, items, indexes, streams with their records, shards and iterators', async () => {
  const before = createEmbeddedDynamoDB({ persistTo: file })
  before.execute('CreateTable', thingsTable)
  before.execute('CreateTable', eventsTable)
  before.execute('UpdateTimeToLive', { TableName, TimeToLiveSpecification: { Enabled: true, AttributeName: 'until' } })
  before.execute('PutItem', { TableName: 'events', Item: { pk: { S: 'a' }, sk: { N: '1' }, kind: { S: 'k' } } })
  put(before, 'a', 'b', 'c')
  before.trimStream(TableName)
  put(before, 'd', 'e')
  before.splitShard(TableName)
  put(before, 'f', 'g', 'h')
  const places = iterators(before)
  await before.close()

  const after = createEmbeddedDynamoDB({ persistTo: file })
  const query = {
    TableName: 'events',
    IndexName: 'by-kind',
    KeyConditionExpression: 'kind = :k',
    ExpressionAttributeValues: { ':k': { S: 'k' } },
  }
  for (const [operation, input] of [
    ['DescribeTable', { TableName }],
    ['DescribeTable', { TableName: 'events' }],
    ['DescribeTimeToLive', { TableName }],
    ['Scan', { TableName }],
    ['Query', query],
    ['ListStreams', {}],
  ] as const)
    expect(after.execute(operation, input), operation).toEqual(before.execute(operation, input))
  expect(after.describeStream(TableName)).toEqual(before.describeStream(TableName))
  expect(read(after, places)).toEqual(read(before, places))
  expect(read(after)).toEqual(read(before, places))

  put(after, 'later')
  const numbers = (read(after) as { dynamodb: { SequenceNumber: string } }[][])
    .flat()
    .map((r) => r.dynamodb.SequenceNumber)
  expect(new Set(numbers).size).toBe(6)
  expect(after.rollShards(TableName)).toHaveLength(2)
  await after.close()
})

test('a token of a transaction is still known', async () => {
  const transaction = {
    TransactItems: [{ Put: { TableName, Item: item('a') } }],
    ClientRequestToken: 'token',
  }
  const before = createEmbeddedDynamoDB({ persistTo: file })
  before.execute('CreateTable', thingsTable)
  before.execute('TransactWriteItems', transaction)
  before.execute('DeleteItem', { TableName, Key: { pk: { S: 'a' } } })
  await before.close()
  const after = createEmbeddedDynamoDB({ persistTo: file })
  after.execute('TransactWriteItems', transaction)
  expect(after.execute('Scan', { TableName })).toMatchObject({ Count: 0 })
})

test('a stream without its table, and one that is disabled, are still readable', async () => {
  const before = createEmbeddedDynamoDB({ persistTo: file })
  before.execute('CreateTable', thingsTable)
  put(before, 'a')
  const places = iterators(before)
  before.execute('DeleteTable', { TableName })
  await before.close()
  const after = createEmbeddedDynamoDB({ persistTo: file })
  expect(read(after, places)).toEqual(read(before, places))
  expect(() => after.describeStream(TableName)).toThrow('not found')
})

test('it is written a second after a change, not for reads', async () => {
  const clock = createManualClock()
  const embedded = createEmbeddedDynamoDB({ persistTo: file, clock })
  embedded.execute('ListTables', {})
  await clock.advance(5_000)
  expect(existsSync(file)).toBe(false)
  embedded.execute('CreateTable', thingsTable)
  await clock.advance(999)
  expect(existsSync(file)).toBe(false)
  await clock.advance(1)
  await expect.poll(() => existsSync(file)).toBe(true)
  await embedded.close()
  expect(readdirSync(folder)).toEqual(['state'])
})

test('a process that is killed leaves a whole state, with what it did until a moment before', async () => {
  const child = fork(join(import.meta.dirname, 'persisting-program.ts'), [file], { execArgv: ['--import', 'tsx'] })
  let acknowledged = 0
  child.on('message', (count: number) => {
    acknowledged = count
  })
  await renewed() // what was written before may be of the time before there was a table
  await renewed()
  const atLeast = acknowledged
  await renewed() // this one may have been begun before
  await renewed()
  child.kill('SIGKILL')
  await once(child, 'exit')
  const embedded = createEmbeddedDynamoDB({ persistTo: file })
  const { Count } = embedded.execute('Scan', { TableName, Select: 'COUNT' }) as { Count: number }
  expect(atLeast).toBeGreaterThan(0)
  expect(Count).toBeGreaterThanOrEqual(atLeast)
  expect(Count).toBeLessThanOrEqual(acknowledged + 10)
  await embedded.close()
})

async function renewed(): Promise<void> {
  const inode = () => statSync(file, { throwIfNoEntry: false })?.ino
  const before = inode()
  await expect.poll(inode, { timeout: 10_000, interval: 10 }).not.toBe(before)
}

test('shards that time alone has opened are the same ones afterwards', async () => {
  const clock = createManualClock()
  const options = { persistTo: file, clock, streams: { rollEveryMs: 60_000 } }
  const before = createEmbeddedDynamoDB(options)
  before.execute('CreateTable', thingsTable)
  await clock.advance(2_000)
  await clock.advance(90_000)
  const shards = before.streamShards(TableName)
  expect(shards).toHaveLength(2)
  await before.close()
  expect(createEmbeddedDynamoDB(options).streamShards(TableName)).toEqual(shards)
})

test('what is no state is refused, and stays as it was', () => {
  writeFileSync(file, 'no state')
  expect(() => createEmbeddedDynamoDB({ persistTo: file })).toThrow("can't be read")
})

test('close tells when the state could not be written', async () => {
  const embedded = createEmbeddedDynamoDB({ persistTo: join(folder, 'no such folder', 'state') })
  embedded.execute('CreateTable', thingsTable)
  await expect(embedded.close()).rejects.toThrow('ENOENT')
})
