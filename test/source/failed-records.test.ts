import { GetRecordsCommand, GetShardIteratorCommand } from '@aws-sdk/client-dynamodb-streams'
import { beforeAll, expect, test } from 'vitest'
import { readFailureDocument, type FailureDocumentOptions } from '../../src/source/failed-records.ts'
import { answerWithin, StreamTable } from '../support/stream-table.ts'

// It is loaded when it is first needed, and a clock that stands still does not wait for that.
beforeAll(() => import('../../src/source/dynamodb-failed-range.ts'))

/** A stream of six inserts, and a document that names the second to the fourth. */
async function failedRange() {
  const table = await StreamTable.create()
  await table.put(6)
  const shardId = table.shardId()
  const { ShardIterator } = await table.engine.send(
    new GetShardIteratorCommand({ StreamArn: table.streamArn, ShardId: shardId, ShardIteratorType: 'TRIM_HORIZON' }),
  )
  const { Records = [] } = await table.engine.send(new GetRecordsCommand({ ShardIterator }))
  const numbers = Records.map(({ dynamodb }) => dynamodb?.SequenceNumber ?? '')
  const document = (start: string | undefined, end: string | undefined) => ({
    DDBStreamBatchInfo: {
      ...{ shardId, streamArn: table.streamArn, batchSize: 3 },
      ...{ startSequenceNumber: start, endSequenceNumber: end },
    },
  })
  const { clock, random } = table
  const read = async (text: unknown, options: FailureDocumentOptions = {}) => {
    const reading = collect(text, { streams: table.engine, clock, random, ...options })
    return await answerWithin(60_000, clock, reading)
  }
  return { table, numbers, document, read }
}

async function collect(document: unknown, options: FailureDocumentOptions): Promise<string[]> {
  const ids: string[] = []
  for await (const { records } of readFailureDocument(document, options))
    ids.push(...records.map(({ dynamodb }) => dynamodb?.Keys?.['id']?.S ?? ''))
  return ids
}

test('the records of a range are read from the stream, its ends included and no other', async () => {
  const { numbers, document, read } = await failedRange()
  expect(await read(document(numbers[1], numbers[3]))).toEqual(['order-00002', 'order-00003', 'order-00004'])
  expect(await read(document(numbers[5], numbers[5]))).toEqual(['order-00006'])
})

test('when the stream has lost some of them, that is told before any is handed on', async () => {
  const { table, numbers, document, read } = await failedRange()
  table.engine.trimStream('orders', { before: numbers[2] ?? '' })
  await expect(read(document(numbers[1], numbers[3]))).rejects.toMatchObject({
    code: 'ERR_RECORDS_GONE',
    shardId: table.shardId(),
    start: numbers[1],
    end: numbers[3],
    message: expect.stringContaining('none of them was read') as string,
  })
  expect(await read(document(numbers[1], numbers[3]), { onGap: 'continue' })).toEqual(['order-00003', 'order-00004'])
})

test('a shard that is gone, or a range that the stream never had, is told too', async () => {
  const { numbers, document, read } = await failedRange()
  const elsewhere = document(numbers[1], numbers[3])
  Object.assign(elsewhere.DDBStreamBatchInfo, { shardId: 'shardId-00000001767225600000-deadbeef' })
  await expect(read(elsewhere)).rejects.toMatchObject({ code: 'ERR_RECORDS_GONE' })
  expect(await read(elsewhere, { onGap: 'continue' })).toEqual([])
  await expect(read(document(numbers[1], '9'.repeat(40)))).rejects.toThrow(/they were read up to/)
})

test('says what it needs, and refuses what it does not know', async () => {
  const { numbers, document } = await failedRange()
  await expect(collect(document(numbers[1], numbers[1]), {})).rejects.toThrow(/give readFailureDocument streams/)
  // @ts-expect-error there is no such option
  await expect(collect({}, { stream: 1 })).rejects.toThrow(/there is no 'stream'/)
})
