import { describe, expect, test } from 'vitest'
import { failureDocument, failureObjectKey } from '../../../src/testing/mapping/failure-document.ts'
import { readableShards } from '../../../src/testing/mapping/lineage.ts'
import { takeBatch } from '../../../src/testing/mapping/take-batch.ts'
import { isOversize, windowAt, windowFrame } from '../../../src/testing/mapping/tumbling-window.ts'

describe('a batch', () => {
  const records = (...sizes: readonly number[]) => sizes.map((bytes) => ({ bytes }))
  const limits = { batchSize: 3, payloadBytes: 100 }

  test('takes what waits and can still grow', () => {
    expect(takeBatch(records(10, 10), limits)).toEqual({ count: 2, full: false })
    expect(takeBatch([], limits)).toEqual({ count: 0, full: false })
  })

  test('is full at its size', () => {
    expect(takeBatch(records(10, 10, 10), limits)).toEqual({ count: 3, full: true })
    expect(takeBatch(records(10, 10, 10, 10), limits)).toEqual({ count: 3, full: true })
  })

  test('is full before its payload is too large', () => {
    expect(takeBatch(records(60, 39, 1), limits)).toEqual({ count: 1, full: true })
    expect(takeBatch(records(60, 38), limits)).toEqual({ count: 2, full: false })
  })

  test('takes a record that is too large alone', () => {
    expect(takeBatch(records(200, 1), limits)).toEqual({ count: 1, full: true })
    expect(takeBatch(records(200), limits)).toEqual({ count: 1, full: true })
  })
})

describe('the shards that can be read', () => {
  const shard = (shardId: string, parentShardId?: string) => ({ shardId, parentShardId, closed: false })
  const ids = (...args: Parameters<typeof readableShards>) => readableShards(...args).map(({ shardId }) => shardId)
  const family = [shard('a'), shard('b', 'a'), shard('c', 'a'), shard('d', 'b')]

  test('are those without a parent at first', () => {
    expect(ids(family, new Set(), new Set())).toEqual(['a'])
  })

  test('are the children of the finished, and not theirs', () => {
    expect(ids(family, new Set(['a']), new Set())).toEqual(['b', 'c'])
    expect(ids(family, new Set(['a']), new Set(['b', 'c']))).toEqual([])
    expect(ids(family, new Set(['a', 'b']), new Set(['c']))).toEqual(['d'])
  })

  test('are those whose parent has been trimmed', () => {
    expect(ids(family.slice(1), new Set(), new Set())).toEqual(['b', 'c'])
  })

  test('are not those whose parent is still being read, even when it is not listed any more', () => {
    expect(ids(family.slice(1), new Set(), new Set(['a']))).toEqual([])
  })
})

describe('the document of given-up records', () => {
  const discarded = {
    condition: 'RetryAttemptsExhausted',
    invokeCount: 4,
    requestId: 'c9b8fa9f-5a7f-4d2e-af9c-0c604cde93a5',
    functionArn: 'arn:aws:lambda:us-east-2:123456789012:function:receipts',
    functionError: 'Unhandled',
    at: Date.UTC(2026, 10, 14, 0, 38, 6, 21),
    shardId: 'shardId-1',
    streamArn: 'arn:aws:dynamodb:us-east-2:123456789012:table/orders/stream/2026-11-14T00:00:00.000',
    first: { sequenceNumber: '100', createdAt: Date.UTC(2026, 10, 14, 0, 38, 4) },
    last: { sequenceNumber: '102', createdAt: Date.UTC(2026, 10, 14, 0, 38, 5) },
    count: 3,
    payload: undefined,
  } as const

  test('has the shape that Lambda was recorded to send', () => {
    expect(failureDocument(discarded)).toEqual({
      requestContext: {
        requestId: 'c9b8fa9f-5a7f-4d2e-af9c-0c604cde93a5',
        functionArn: 'arn:aws:lambda:us-east-2:123456789012:function:receipts',
        condition: 'RetryAttemptsExhausted',
        approximateInvokeCount: 4,
      },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      version: '1.0',
      timestamp: '2026-11-14T00:38:06.021Z',
      DDBStreamBatchInfo: {
        shardId: 'shardId-1',
        startSequenceNumber: '100',
        endSequenceNumber: '102',
        approximateArrivalOfFirstRecord: '2026-11-14T00:38:04Z',
        approximateArrivalOfLastRecord: '2026-11-14T00:38:05Z',
        batchSize: 3,
        streamArn: 'arn:aws:dynamodb:us-east-2:123456789012:table/orders/stream/2026-11-14T00:00:00.000',
      },
    })
  })

  test('tells nothing of a response when the age ended it, and counts at least one invocation', () => {
    const document = failureDocument({ ...discarded, condition: 'RecordAgeExceeded', invokeCount: 0 })
    expect(document).not.toHaveProperty('responseContext')
    expect(document.requestContext).toMatchObject({ condition: 'RecordAgeExceeded', approximateInvokeCount: 1 })
  })

  test('carries the event when it is given one', () => {
    expect(failureDocument({ ...discarded, payload: { Records: [] } }).payload).toEqual({ Records: [] })
    expect(failureDocument(discarded)).not.toHaveProperty('payload')
  })

  test('is stored in S3 under the name that Lambda gives it', () => {
    expect(failureObjectKey('mapping', 'shardId-1', discarded.at, 'uuid')).toBe(
      'aws/lambda/mapping/shardId-1/2026/11/14/2026-11-14T00.38.06-uuid',
    )
  })
})

describe('a tumbling window', () => {
  test('is aligned to the epoch and holds its start but not its end', () => {
    const at = Date.UTC(2026, 0, 1, 12, 0, 29)
    expect(windowAt(at, 30)).toMatchObject({ start: Date.UTC(2026, 0, 1, 12), end: Date.UTC(2026, 0, 1, 12, 0, 30) })
    expect(windowAt(at + 1000, 30).start).toBe(Date.UTC(2026, 0, 1, 12, 0, 30))
  })

  test('is told to the function with its state', () => {
    const open = { ...windowAt(Date.UTC(2026, 6, 30, 17, 2), 300), state: { n: 1 } }
    const frame = {
      window: { start: '2026-07-30T17:00:00Z', end: '2026-07-30T17:05:00Z' },
      state: { n: 1 },
      shardId: 'shardId-1',
      eventSourceARN: 'arn',
      isFinalInvokeForWindow: false,
      isWindowTerminatedEarly: false,
    }
    expect(windowFrame(open, 'open', 'shardId-1', 'arn')).toEqual(frame)
    expect(windowFrame(open, 'final', 'shardId-1', 'arn')).toEqual({ ...frame, isFinalInvokeForWindow: true })
    expect(windowFrame(open, 'terminated', 'shardId-1', 'arn')).toEqual({
      ...frame,
      isFinalInvokeForWindow: true,
      isWindowTerminatedEarly: true,
    })
  })

  test('ends early when its state is larger than 1 MB', () => {
    const open = windowAt(0, 60)
    expect(isOversize({ ...open, state: 'x'.repeat(1024 * 1024 - 2) })).toBe(false)
    expect(isOversize({ ...open, state: 'x'.repeat(1024 * 1024) })).toBe(true)
  })
})
