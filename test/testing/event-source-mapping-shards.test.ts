import { beforeEach, describe, expect, test } from 'vitest'
import { DecodeError } from '../../src/errors.ts'
import { systemClock } from '../../src/internal/system.ts'
import { createEventSourceMapping, type StreamEvent } from '../../src/testing/event-source-mapping.ts'
import { createManualClock } from '../../src/testing/manual-clock.ts'
import { FakeStream } from './fake-stream.ts'
import { failing, gate, ids, keep, useMappings } from './mapping-harness.ts'

const reporting = { functionResponseTypes: ['ReportBatchItemFailures'] } as const

describe('an event source mapping', () => {
  const createMapping = useMappings()
  let stream: FakeStream
  let deliveries: string[][]
  const note = (event: StreamEvent) => void deliveries.push([...ids(event)])

  beforeEach(() => {
    stream = new FakeStream()
    deliveries = []
  })

  const drained = async (options: Parameters<typeof createMapping>[1] = {}) => {
    const mapping = createMapping(stream, { handler: note, ...options })
    await mapping.start()
    await mapping.drain()
    return mapping
  }

  describe('follows shards', () => {
    test('and delivers a parent to its end before its children', async () => {
      stream.open('parent')
      stream.open('left', 'parent')
      stream.open('right', 'parent')
      for (const id of ['l1', 'l2']) stream.put('left', id)
      for (const id of ['r1', 'r2']) stream.put('right', id)
      for (const id of ['p1', 'p2', 'p3']) stream.put('parent', id)
      stream.close('parent')
      await drained({ batchSize: 1, handler: (event) => systemClock.sleep(2).then(() => note(event)) })
      const order = deliveries.flat()
      expect(order.slice(0, 3)).toEqual(['p1', 'p2', 'p3'])
      expect(order.filter((id) => id.startsWith('l'))).toEqual(['l1', 'l2'])
      expect(order.filter((id) => id.startsWith('r'))).toEqual(['r1', 'r2'])
    })

    test('and holds the children back while a record of the parent is being retried', async () => {
      stream.open('parent')
      stream.put('parent', 'p1')
      stream.close('parent')
      stream.open('child', 'parent')
      stream.put('child', 'c1')
      await drained({
        handler(event) {
          note(event)
          if (deliveries.length < 5) throw new Error('not yet')
        },
      })
      expect(deliveries).toEqual([['p1'], ['p1'], ['p1'], ['p1'], ['p1'], ['c1']])
    })

    test('and delivers unrelated shards side by side', async () => {
      const both = gate()
      stream.open('one')
      stream.open('two')
      stream.put('one', 'a')
      stream.put('two', 'b')
      await drained({
        async handler(event) {
          note(event)
          if (deliveries.length === 2) both.open()
          await both.passed
        },
      })
      expect(deliveries.flat().toSorted()).toEqual(['a', 'b'])
    })

    test('and finds the children of a shard that splits while it is read', async () => {
      stream.open('parent')
      stream.put('parent', 'p1')
      const mapping = await drained()
      stream.open('left', 'parent')
      stream.open('right', 'parent')
      stream.put('parent', 'p2')
      stream.close('parent')
      stream.put('left', 'l1')
      stream.put('right', 'r1')
      await mapping.drain()
      expect(deliveries.flat().slice(0, 2)).toEqual(['p1', 'p2'])
      expect(deliveries.flat().slice(2).toSorted()).toEqual(['l1', 'r1'])
    })

    test('and finds them too when the shard ends while an older listing is on its way', async () => {
      stream.open('parent')
      const mapping = await drained()
      const late = gate()
      stream.delayNext('DescribeStream', late.passed)
      const settled = mapping.drain()
      await expect.poll(() => stream.calls.filter((call) => call === 'DescribeStream').length).toBe(2)
      stream.open('child', 'parent')
      stream.put('parent', 'p1')
      stream.close('parent')
      stream.put('child', 'c1')
      await systemClock.sleep(50)
      expect(deliveries).toEqual([['p1']])
      late.open()
      await settled
      expect(deliveries).toEqual([['p1'], ['c1']])
    })

    test('and begins with a child whose parent has been trimmed', async () => {
      stream.open('child', 'long-gone')
      stream.put('child', 'c1')
      const mapping = await drained()
      expect(deliveries).toEqual([['c1']])
      expect(mapping.statistics().gaps).toEqual([])
    })

    test('from LATEST only in what was open at the start', async () => {
      stream.open('closed')
      stream.put('closed', 'x1')
      stream.close('closed')
      stream.open('open', 'closed')
      stream.put('open', 'x2')
      const mapping = await drained({ startingPosition: 'LATEST' })
      stream.put('open', 'o1')
      stream.close('open')
      stream.open('child', 'open')
      stream.put('child', 'c1')
      await mapping.drain()
      expect(deliveries).toEqual([['o1'], ['c1']])
    })

    test('and goes on where it stopped', async () => {
      stream.open('parent')
      stream.put('parent', 'p1')
      const mapping = await drained()
      await mapping.stop()
      stream.put('parent', 'p2')
      stream.close('parent')
      stream.open('child', 'parent')
      stream.put('child', 'c1')
      stream.expireIterators()
      await mapping.start()
      await mapping.drain()
      expect(deliveries).toEqual([['p1'], ['p2'], ['c1']])
    })
  })

  test('stopped with a record of a closed shard unsettled, delivers it after the start and before the children', async () => {
    stream.open('parent')
    stream.put('parent', 'p1')
    stream.close('parent')
    stream.open('child', 'parent')
    stream.put('child', 'c1')
    const mapping = createMapping(stream, {
      retryDelayMs: 60_000,
      handler(event) {
        note(event)
        if (deliveries.length === 1) throw new Error('once')
      },
    })
    await mapping.start()
    await expect.poll(() => deliveries.length).toBe(1)
    await mapping.stop()
    await mapping.start()
    await mapping.drain()
    expect(deliveries).toEqual([['p1'], ['p1'], ['c1']])
  })

  test('stopped while the destination refuses a record, does not lose it', async () => {
    stream.open('shard')
    stream.put('shard', 'a')
    const onFailure = keep('s3')
    let isAway = true
    const mapping = createMapping(stream, {
      maximumRetryAttempts: 0,
      onFailure: {
        kind: 's3',
        send(document, objectKey) {
          if (isAway) throw new Error('the bucket is away')
          onFailure.send(document, objectKey)
        },
      },
      handler() {
        throw new Error('poison')
      },
    })
    await mapping.start()
    await expect.poll(() => mapping.statistics().destinationErrorCount).toBeGreaterThan(1)
    await mapping.stop()
    isAway = false
    await mapping.start()
    await mapping.drain()
    expect(onFailure.documents.map(({ payload }) => ids(payload))).toEqual([['a']])
    expect(mapping.statistics()).toMatchObject({ onFailureDestinationDeliveredEventCount: 1, droppedEventCount: 0 })
  })

  describe('reads on', () => {
    test('after the last record read when its iterator has expired', async () => {
      stream.open('shard')
      stream.put('shard', 'a')
      const mapping = await drained()
      stream.expireIterators()
      stream.put('shard', 'b')
      await mapping.drain()
      expect(deliveries).toEqual([['a'], ['b']])
      expect(mapping.statistics()).toMatchObject({ polledEventCount: 2, gaps: [], streamErrorCount: 0 })
    })

    test.each(['DescribeStream', 'GetShardIterator', 'GetRecords'])('after %s was throttled', async (command) => {
      stream.open('shard')
      const mapping = await drained()
      stream.expireIterators()
      stream.failNext(command, 'LimitExceededException')
      stream.put('shard', 'a')
      await mapping.drain()
      expect(deliveries).toEqual([['a']])
      expect(mapping.statistics()).toMatchObject({
        streamErrorCount: 1,
        lastError: expect.objectContaining({ name: 'LimitExceededException' }),
      })
    })

    test('behind trimmed records, and tells of the gap', async () => {
      stream.open('shard')
      const first = stream.put('shard', 'a')
      const mapping = await drained()
      await mapping.stop()
      for (const id of ['b', 'c']) stream.put('shard', id)
      const next = stream.put('shard', 'd')
      stream.trim('shard', 3)
      stream.expireIterators()
      await mapping.start()
      await mapping.drain()
      expect(deliveries).toEqual([['a'], ['d']])
      expect(mapping.statistics().gaps).toEqual([{ shardId: 'shard', after: first, before: next }])
    })

    test('in the child of a shard that has vanished, and tells of the gap', async () => {
      stream.open('parent')
      const last = stream.put('parent', 'p1')
      const mapping = await drained()
      stream.open('child', 'parent')
      stream.put('child', 'c1')
      stream.vanish('parent')
      await mapping.drain()
      expect(deliveries).toEqual([['p1'], ['c1']])
      expect(mapping.statistics().gaps).toEqual([{ shardId: 'parent', after: last }])
    })

    test('no further than it has room while nothing settles', async () => {
      stream.open('shard')
      for (let index = 0; index < 5_000; index++) stream.put('shard', `item-${index}`)
      const mapping = createMapping(stream, {
        handler() {
          throw new Error('always')
        },
      })
      await mapping.start()
      await expect.poll(() => mapping.statistics().invocationCount).toBeGreaterThan(5)
      expect(mapping.statistics().polledEventCount).toBeLessThan(3_000)
    })
  })

  describe('by the clock', () => {
    const clock = createManualClock()
    const shardOf = (...items: readonly string[]) => {
      stream = new FakeStream(() => clock.now())
      stream.open('shard')
      for (const id of items) stream.put('shard', id)
    }

    test('gives up only the records at the front that are too old, and delivers the others', async () => {
      shardOf('old-1', 'old-2')
      await clock.advance(61_000)
      stream.put('shard', 'new')
      const onFailure = keep('s3')
      await drained({ clock, maximumRecordAgeInSeconds: 60, onFailure })
      expect(deliveries).toEqual([['new']])
      expect(onFailure.documents.map(({ payload }) => ids(payload))).toEqual([['old-1', 'old-2']])
    })

    test('gives up a record that grew too old while it was retried', async () => {
      shardOf('a')
      const onFailure = keep('sqs')
      const mapping = createMapping(stream, {
        clock,
        retryDelayMs: 10_000,
        pollIntervalMs: 60_000,
        maximumRecordAgeInSeconds: 60,
        onFailure,
        handler(event) {
          note(event)
          throw new Error('always')
        },
      })
      await mapping.start()
      const settled = mapping.drain()
      await clock.advance(300_000)
      await settled
      expect(onFailure.documents[0]?.requestContext).toMatchObject({
        condition: 'RecordAgeExceeded',
        approximateInvokeCount: deliveries.length,
      })
      expect(deliveries.length).toBeGreaterThan(1)
    })

    test('ends unlimited retries when the stream would have forgotten the record', async () => {
      shardOf('a')
      const mapping = createMapping(stream, {
        clock,
        retryDelayMs: 600_000,
        pollIntervalMs: 60_000,
        handler() {
          throw new Error('always')
        },
      })
      await mapping.start()
      const settled = mapping.drain()
      await clock.advance(48 * 60 * 60 * 1000)
      await settled
      expect(mapping.statistics()).toMatchObject({ droppedEventCount: 1 })
    })

    test('waits for a batch to fill as long as its window, anew after each invocation', async () => {
      shardOf('a')
      const mapping = createMapping(stream, {
        clock,
        pollIntervalMs: 500,
        maximumBatchingWindowInSeconds: 10,
        handler: note,
      })
      await mapping.start()
      await clock.advance(9_000)
      stream.put('shard', 'b')
      expect(deliveries).toEqual([])
      await clock.advance(2_000)
      expect(deliveries).toEqual([['a', 'b']])
      stream.put('shard', 'c')
      await clock.advance(9_000)
      expect(deliveries).toHaveLength(1)
      await clock.advance(2_000)
      expect(deliveries).toEqual([['a', 'b'], ['c']])
    })

    test('polls four times a second while there is nothing new', async () => {
      shardOf()
      const mapping = createMapping(stream, { clock, pollIntervalMs: 250 })
      await mapping.start()
      await clock.advance(0)
      const before = stream.calls.length
      await clock.advance(10_000)
      expect(stream.calls.length - before).toBeLessThanOrEqual(42)
      expect(stream.calls.length - before).toBeGreaterThanOrEqual(39)
    })
  })

  test('ends loudly at a record that is none, and drops nothing', async () => {
    stream.open('shard')
    stream.put('shard', 'a', { dynamodb: { SequenceNumber: '100' } })
    const mapping = createEventSourceMapping({
      streams: stream,
      streamArn: stream.streamArn,
      startingPosition: 'TRIM_HORIZON',
      handler: note,
    })
    await mapping.start()
    await expect(mapping.drain()).rejects.toThrow(DecodeError)
    await expect(mapping.stop()).rejects.toThrow(DecodeError)
    expect(deliveries).toEqual([])
  })

  test('delivers what time to live removed with the identity in lower case', async () => {
    const events: StreamEvent[] = []
    stream.open('shard')
    stream.put('shard', 'a', {
      eventName: 'REMOVE',
      userIdentity: { PrincipalId: 'dynamodb.amazonaws.com', Type: 'Service' },
    })
    await drained({ handler: (event) => void events.push(event) })
    expect(events[0]?.Records[0]?.userIdentity).toEqual({ type: 'Service', principalId: 'dynamodb.amazonaws.com' })
  })

  test('settles each record once whatever the function answers, in the order of each item', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      stream = new FakeStream()
      stream.open('shard')
      for (let index = 0; index < 60; index++) stream.put('shard', `item-${(index * seed) % 7}`)
      const handled = new Map<string, string[]>()
      let draw = seed
      const chance = () => (draw = (draw * 48271) % 2147483647) / 2147483647
      await drained({
        ...reporting,
        retryDelayMs: 0,
        batchSize: 1 + (seed % 9),
        parallelizationFactor: 1 + (seed % 4),
        bisectBatchOnFunctionError: seed % 2 === 0,
        handler(event) {
          if (chance() < 0.2) throw new Error('by chance')
          const stopAt = chance() < 0.4 ? Math.floor(chance() * event.Records.length) : event.Records.length
          for (const { dynamodb } of event.Records.slice(0, stopAt)) {
            const id = dynamodb.Keys['id']?.S ?? ''
            handled.set(id, [...(handled.get(id) ?? []), dynamodb.SequenceNumber])
          }
          const rest = event.Records.slice(stopAt)
          return { batchItemFailures: rest.map(({ dynamodb }) => ({ itemIdentifier: dynamodb.SequenceNumber })) }
        },
      })
      expect([...handled.values()].flat()).toHaveLength(60)
      for (const numbers of handled.values()) expect(numbers).toEqual(numbers.toSorted())
    }
  })

  test('takes the failures that a function reports in whatever order', async () => {
    stream.open('shard')
    for (const id of ['a', 'b', 'c']) stream.put('shard', id)
    await drained({
      ...reporting,
      handler(event) {
        note(event)
        const answer = failing(event, 'b', 'c')
        return deliveries.length === 1 ? answer : {}
      },
    })
    expect(deliveries).toEqual([
      ['a', 'b', 'c'],
      ['b', 'c'],
    ])
  })
})
