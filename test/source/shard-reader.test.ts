import { expect, test } from 'vitest'
import type { SequenceNumber } from '../../src/record/sequence-number.ts'
import type { SdkRecord } from '../../src/source/sdk-record.ts'
import { type ReaderAnswer, ShardReader, type ShardReaderOptions } from '../../src/source/shard-reader.ts'
import type { StreamReading } from '../../src/source/stream-reading.ts'
import type { StreamOptions } from '../../src/testing.ts'
import { answerWithin, StreamTable } from '../support/stream-table.ts'

interface Reading {
  readonly table: StreamTable
  readonly reader: ShardReader
  readonly trouble: unknown[]
  readonly stop: () => void
  /** Monotonic ms of every GetRecords. */
  readonly reads: number[]
}

async function readerOf(
  options: Partial<ShardReaderOptions> = {},
  streams: Partial<StreamOptions> = {},
  before: (table: StreamTable) => Promise<void> = async () => {},
): Promise<Reading> {
  const table = await StreamTable.create(streams)
  await before(table)
  const stopping = new AbortController()
  const trouble: unknown[] = []
  const reads: number[] = []
  const reader = new ShardReader({
    reading: counting(table, reads),
    streamArn: table.streamArn,
    shardId: table.shardId(),
    position: { type: 'TRIM_HORIZON' },
    clock: table.clock,
    random: table.random,
    signal: stopping.signal,
    onTrouble: (error) => trouble.push(error),
    ...options,
  })
  return { table, reader, trouble, reads, stop: () => stopping.abort() }
}

function counting({ reading, clock }: StreamTable, reads: number[]): StreamReading {
  return {
    describe: (arn) => reading.describe(arn),
    children: (arn, id) => reading.children(arn, id),
    openIterator: (arn, id, position, signal) => reading.openIterator(arn, id, position, signal),
    getRecords(iterator, limit, signal) {
      reads.push(clock.monotonic())
      return reading.getRecords(iterator, limit, signal)
    },
  }
}

/** The answer, once as much time has passed as the pace wants. */
function answerOf({ reader, table: { clock } }: Reading): Promise<ReaderAnswer> {
  return answerWithin(60_000, clock, reader.read())
}

function idsOf(answer: ReaderAnswer): string[] {
  if (answer.status !== 'records') throw new Error(`expected records, got ${answer.status}`)
  return answer.records.map((record) => changeOf(record).Keys.id.S)
}

function changeOf(record: SdkRecord | undefined): { SequenceNumber: SequenceNumber; Keys: { id: { S: string } } } {
  return record?.dynamodb as ReturnType<typeof changeOf>
}

test('records come in order, a thousand at a time, and no faster than five calls a second', async () => {
  const reading = await readerOf()
  const ids = await reading.table.put(2_500)
  const pages = [await answerOf(reading), await answerOf(reading), await answerOf(reading)].map(idsOf)
  expect(pages.map((page) => page.length)).toEqual([1_000, 1_000, 500])
  expect(pages.flat()).toEqual(ids)
  for (const [index, at] of reading.reads.entries()) expect(at).toBeGreaterThanOrEqual(index * 200)
})

test('the service never has to refuse a reader at its default pace', async () => {
  const reading = await readerOf({}, { enforceReadLimits: true })
  await reading.table.put(9_500)
  for (let read = 0; read < 10; read += 1) await answerOf(reading)
  expect(reading.trouble).toEqual([])
})

test('an idle shard is looked at ever more seldom, down to the idle interval', async () => {
  const reading = await readerOf()
  for (let read = 0; read < 7; read += 1) expect(await answerOf(reading)).toEqual({ status: 'records', records: [] })
  const gaps = reading.reads.slice(1).map((at, index) => at - (reading.reads[index] ?? 0))
  expect(gaps).toEqual([200, 400, 800, 1_600, 2_000, 2_000])
})

test('a record ends the idleness: the next look comes at full pace', async () => {
  const reading = await readerOf()
  for (let read = 0; read < 6; read += 1) await answerOf(reading)
  const ids = await reading.table.put(2)
  expect(idsOf(await answerOf(reading))).toEqual(ids)
  const [last = 0] = reading.reads.slice(-1)
  await answerOf(reading)
  expect((reading.reads.at(-1) ?? 0) - last).toBe(200)
})

test('a shard that another has read just now is read at the distance that the rate demands', async () => {
  const reading = await readerOf({ hasJustBeenRead: true })
  await answerOf(reading)
  await answerOf(reading)
  expect(reading.reads).toEqual([200, 400])
})

test('without a limit there is no wait between pages, and no timer', async () => {
  const reading = await readerOf({ maxReadsPerSecond: Infinity })
  await reading.table.put(3_000)
  for (let read = 0; read < 3; read += 1)
    expect(await reading.reader.read()).toMatchObject({ status: 'records', records: { length: 1_000 } })
  expect(reading.table.clock.monotonic()).toBe(0)
})

test('the last page of a closed shard comes as records, then the end, again and again', async () => {
  const reading = await readerOf()
  const ids = await reading.table.put(3)
  reading.table.engine.rollShards('orders')
  expect(idsOf(await answerOf(reading))).toEqual(ids)
  expect(await answerOf(reading)).toEqual({ status: 'end' })
  expect(await reading.reader.read()).toEqual({ status: 'end' })
})

test('a closed shard without records is at its end at once', async () => {
  const reading = await readerOf()
  reading.table.engine.rollShards('orders')
  expect(await answerOf(reading)).toEqual({ status: 'end' })
})

test('reading begins behind the record that it is told to begin after', async () => {
  const table = await StreamTable.create()
  const [, second, third] = await table.put(3)
  const first = new ShardReader({ ...(await readerOptions(table)), position: { type: 'TRIM_HORIZON' } })
  const page = await first.read()
  const after = changeOf(page.status === 'records' ? page.records[0] : undefined).SequenceNumber
  const position = { type: 'AFTER_SEQUENCE_NUMBER', after } as const
  expect(idsOf(await new ShardReader({ ...(await readerOptions(table)), position }).read())).toEqual([second, third])
})

async function readerOptions(table: StreamTable): Promise<Omit<ShardReaderOptions, 'position'>> {
  const { reading, streamArn, clock, random } = table
  const signal = new AbortController().signal
  return { reading, streamArn, shardId: table.shardId(), clock, random, signal, onTrouble: () => {} }
}

test('an iterator that has expired is opened again behind the last record read', async () => {
  const reading = await readerOf()
  await reading.table.put(3)
  await answerOf(reading)
  await reading.table.clock.advance(16 * 60_000)
  const ids = await reading.table.put(2)
  expect(idsOf(await answerOf(reading))).toEqual(ids)
})

test('an iterator that has expired before anything was read begins again where it began', async () => {
  const reading = await readerOf()
  await answerOf(reading)
  const ids = await reading.table.put(2)
  await reading.table.clock.advance(16 * 60_000)
  expect(idsOf(await answerOf(reading))).toEqual(ids)
})

test('LATEST means what comes after the first look, and nothing of that is passed over when the iterator expires', async () => {
  const before: string[] = []
  const reading = await readerOf({ position: { type: 'LATEST' } }, {}, async (table) => {
    before.push(...(await table.put(2)))
  })
  expect(idsOf(await answerOf(reading))).toEqual([])
  expect(reading.reader.isBehindLatest).toBe(true)
  const after = await reading.table.put(2)
  await reading.table.clock.advance(16 * 60_000)
  // From the beginning: who knows since when records are wanted drops the older ones.
  expect(idsOf(await answerOf(reading))).toEqual([...before, ...after])
  expect(reading.reader.isBehindLatest).toBe(false)
})

test('trimmed data is said, not skipped', async () => {
  const reading = await readerOf()
  await reading.table.put(3)
  await answerOf(reading)
  await reading.table.put(3)
  reading.table.engine.trimStream('orders')
  expect(await answerOf(reading)).toEqual({ status: 'trimmed' })
})

test('a shard that does not exist is missing, and so is a stream', async () => {
  const shard = await readerOf({ shardId: `shardId-${'0'.repeat(20)}-00000000` })
  expect(await answerOf(shard)).toEqual({ status: 'missing' })
  const stream = await readerOf({
    streamArn: 'arn:aws:dynamodb:local:000000000000:table/orders/stream/2020-01-01T00:00',
  })
  expect(await answerOf(stream)).toEqual({ status: 'missing' })
})

test('throttling is waited out with growing patience and told, and no record is missing after it', async () => {
  const reading = await readerOf({ maxReadsPerSecond: Infinity }, { enforceReadLimits: true })
  const ids = await reading.table.put(8_000)
  const read: string[] = []
  while (read.length < ids.length) read.push(...idsOf(await answerOf(reading)))
  expect(read).toEqual(ids)
  expect(reading.trouble.length).toBeGreaterThan(0)
  expect(reading.trouble[0]).toMatchObject({ name: 'LimitExceededException' })
})

test('what somebody has to mend is thrown', async () => {
  const denied = Object.assign(new Error('not authorized'), { name: 'AccessDeniedException' })
  const reading = await readerOf()
  const refusing = { ...counting(reading.table, []), openIterator: () => Promise.reject(denied) }
  const options = await readerOptions(reading.table)
  const reader = new ShardReader({ ...options, reading: refusing, position: { type: 'TRIM_HORIZON' } })
  await expect(reader.read()).rejects.toBe(denied)
})

test('pages that hold nothing back the iterator all the same', async () => {
  const reading = await readerOf({}, { emptyPageChance: 0.7 })
  const ids = await reading.table.put(50)
  reading.table.engine.rollShards('orders')
  const read: string[] = []
  for (let answer = await answerOf(reading); answer.status !== 'end'; answer = await answerOf(reading))
    read.push(...idsOf(answer))
  expect(read).toEqual(ids)
})

test('it stops in the middle of a wait, and stays stopped', async () => {
  const reading = await readerOf()
  await answerOf(reading)
  const waiting = reading.reader.read()
  reading.stop()
  expect(await waiting).toEqual({ status: 'stopped' })
  expect(await reading.reader.read()).toEqual({ status: 'stopped' })
})

test('what arrives after the stop is not handed out', async () => {
  const reading = await readerOf()
  await reading.table.put()
  const answer = reading.reader.read()
  reading.stop()
  expect(await answer).toEqual({ status: 'stopped' })
})
