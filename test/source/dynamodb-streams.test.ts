import { DescribeTableCommand } from '@aws-sdk/client-dynamodb'
import { DescribeStreamCommand } from '@aws-sdk/client-dynamodb-streams'
import { expect, test } from 'vitest'
import type { SdkCommand } from '../../src/embedded/embedded.ts'
import { ConfigurationError } from '../../src/errors.ts'
import { enabledStream, latestStreamArn } from '../../src/source/dynamodb-table-stream.ts'
import { streamReading, type StreamsSender } from '../../src/source/dynamodb-streams.ts'
import { StreamTable } from '../support/stream-table.ts'

/** The engine, with every request seen before it is answered. */
function seen(table: StreamTable, onDescribe: (input: DescribeStreamCommand['input']) => void): StreamsSender {
  return {
    send<Output>(command: SdkCommand<Output>): Promise<Output> {
      if (command instanceof DescribeStreamCommand) onDescribe(command.input)
      return table.engine.send(command)
    },
  }
}

async function after<Answer>(table: StreamTable, answer: Promise<Answer>): Promise<Answer> {
  await table.clock.advance(60_000)
  return await answer
}

test('a listing has all pages, with parents and what is closed', async () => {
  const table = await StreamTable.create({ initialShardCount: 250 })
  const parent = table.shardId()
  table.engine.splitShard('orders', parent)
  const listing = await after(table, table.reading.describe(table.streamArn))
  expect(listing?.status).toBe('ENABLED')
  expect(listing?.shards.map(({ shardId }) => shardId)).toEqual(table.shardIds())
  expect(listing?.shards.filter(({ closed }) => closed).map(({ shardId }) => shardId)).toEqual([parent])
  expect(listing?.shards.filter(({ parentShardId }) => parentShardId === parent)).toHaveLength(2)
})

test('a stream that does not exist has no listing and no children', async () => {
  const table = await StreamTable.create()
  const gone = table.streamArn.replace(table.streamLabel, '2020-01-01T00:00:00.000')
  expect(await table.reading.describe(gone)).toBeUndefined()
  expect(await after(table, table.reading.children(gone, table.shardId()))).toEqual([])
})

test('DescribeStream is called ten times a second and no oftener, however many ask at once', async () => {
  const table = await StreamTable.create({ initialShardCount: 101, enforceReadLimits: true })
  const at: number[] = []
  const { clock, random } = table
  const reading = streamReading(
    seen(table, () => at.push(clock.monotonic())),
    { clock, random },
  )
  const listings = Promise.all(Array.from({ length: 10 }, () => reading.describe(table.streamArn)))
  expect(await after(table, listings)).toHaveLength(10)
  expect(at).toEqual(Array.from({ length: 20 }, (_, index) => index * 100))
})

test('a description that is refused for its rate is asked for again', async () => {
  const table = await StreamTable.create({ initialShardCount: 1_201, enforceReadLimits: true })
  const { clock, random } = table
  const reading = streamReading(table.engine, { clock, random, describesPerSecond: Infinity })
  expect((await after(table, reading.describe(table.streamArn)))?.shards).toHaveLength(1_201)
})

test('children are asked for by filter, in one call', async () => {
  const table = await StreamTable.create({ initialShardCount: 3 })
  const [parent = ''] = table.shardIds()
  const children = table.engine.splitShard('orders', parent)
  const inputs: DescribeStreamCommand['input'][] = []
  const reading = streamReading(
    seen(table, (input) => inputs.push(input)),
    { clock: table.clock },
  )
  expect((await reading.children(table.streamArn, parent)).map(({ shardId }) => shardId)).toEqual(children)
  expect(inputs).toMatchObject([{ ShardFilter: { Type: 'CHILD_SHARDS', ShardId: parent } }])
})

test('a service that refuses the filter is asked for all shards, and never with the filter again', async () => {
  const table = await StreamTable.create({ initialShardCount: 3 })
  const [parent = '', other = ''] = table.shardIds()
  const children = table.engine.splitShard('orders', parent)
  const filters: boolean[] = []
  const client = seen(table, ({ ShardFilter }) => {
    filters.push(ShardFilter !== undefined)
    if (ShardFilter !== undefined) throw Object.assign(new Error('no such field'), { name: 'ValidationException' })
  })
  const reading = streamReading(client, { clock: table.clock })
  const found = await after(table, reading.children(table.streamArn, parent))
  expect(found.map(({ shardId }) => shardId)).toEqual(children)
  expect(await after(table, reading.children(table.streamArn, other))).toEqual([])
  expect(filters).toEqual([true, false, false])
})

test('a filter refused for a shard that is not listed says nothing about the service', async () => {
  const table = await StreamTable.create()
  const inputs: DescribeStreamCommand['input'][] = []
  const reading = streamReading(
    seen(table, (input) => inputs.push(input)),
    { clock: table.clock },
  )
  expect(await after(table, reading.children(table.streamArn, 'odd'))).toEqual([])
  await after(table, reading.children(table.streamArn, table.shardId()))
  expect(inputs.at(-1)?.ShardFilter?.ShardId).toBe(table.shardId())
})

test('a call without an answer is given up as a network error', async () => {
  const table = await StreamTable.create()
  const send = (_command: object, { abortSignal }: { abortSignal?: AbortSignal } = {}) =>
    new Promise<never>((_resolve, reject) => {
      abortSignal?.addEventListener('abort', () => reject(new Error('aborted')))
    })
  const silent = { send } as unknown as StreamsSender // the SDK's overloads can't be written down
  const answer = streamReading(silent, { clock: table.clock })
    .getRecords('iterator', 1_000)
    .catch((error: unknown) => error)
  expect(await after(table, answer)).toMatchObject({ name: 'TimeoutError' })
})

test('a call is given up with the signal of whoever asks', async () => {
  const table = await StreamTable.create()
  const send = (_command: object, { abortSignal }: { abortSignal?: AbortSignal } = {}) =>
    new Promise<never>((_resolve, reject) => {
      abortSignal?.addEventListener('abort', () => reject(new Error('aborted')))
    })
  const silent = { send } as unknown as StreamsSender // the SDK's overloads can't be written down
  const stopping = new AbortController()
  const answer = streamReading(silent, { clock: table.clock }).getRecords('iterator', 1_000, stopping.signal)
  stopping.abort()
  await expect(answer).rejects.toThrow('aborted')
})

test("a table's latest stream is named with what it holds, also when it is disabled", async () => {
  const table = await StreamTable.create()
  const { streamArn, streamLabel, engine } = table
  const stream = { streamArn, streamLabel, viewType: 'NEW_IMAGE', enabled: true }
  expect(await latestStreamArn(engine, 'orders')).toEqual(stream)
  expect(await enabledStream(engine, 'orders')).toEqual(stream)
  await table.setStream(false)
  expect(await latestStreamArn(engine, 'orders')).toEqual({ ...stream, viewType: undefined, enabled: false })
})

test('a missing table and a stream that is not enabled are errors that say what to do', async () => {
  const table = await StreamTable.create()
  await expect(latestStreamArn(table.engine, 'nowhere')).rejects.toThrow(ConfigurationError)
  await expect(latestStreamArn(table.engine, 'nowhere')).rejects.toThrow(/no table 'nowhere'.*region/s)
  await table.setStream(false)
  await expect(enabledStream(table.engine, 'orders')).rejects.toThrow(ConfigurationError)
  await expect(enabledStream(table.engine, 'orders')).rejects.toThrow(/enable one with UpdateTable/)
  await expect(table.engine.send(new DescribeTableCommand({ TableName: 'orders' }))).resolves.toBeDefined()
})
