import { DeleteItemCommand, PutItemCommand, UpdateTableCommand } from '@aws-sdk/client-dynamodb'
import { beforeEach, describe, expect, test } from 'vitest'
import { ConfigurationError } from '../../src/errors.ts'
import { systemClock } from '../../src/internal/system.ts'
import type { FunctionContext, StreamEvent } from '../../src/testing/event-source-mapping.ts'
import { failing, gate, ids, keep, sequenceNumbers, useMappings } from './mapping-harness.ts'
import { missing, type StreamTable, useServer } from './server.ts'

const reporting = { functionResponseTypes: ['ReportBatchItemFailures'] } as const

describe.skipIf(missing !== undefined)(`an event source mapping ${missing ?? ''}`, () => {
  const { createTable } = useServer()
  const createMapping = useMappings()
  let table: StreamTable
  let deliveries: string[][]
  const note = (event: StreamEvent) => void deliveries.push([...ids(event)])

  beforeEach(async () => {
    table = await createTable()
    deliveries = []
  })

  describe('delivers', () => {
    test("records in exactly Lambda's shape", async () => {
      const events: StreamEvent[] = []
      const mapping = createMapping(table, { handler: (event) => void events.push(event) })
      const binary = new Uint8Array([1, 2, 255])
      const Item = { id: { S: 'a' }, b: { B: binary }, m: { M: { l: { L: [{ BS: [binary] }, { N: '1.5' }] } } } }
      await table.dynamodb.send(new PutItemCommand({ TableName: table.tableName, Item }))
      await table.dynamodb.send(new DeleteItemCommand({ TableName: table.tableName, Key: { id: { S: 'a' } } }))
      await mapping.start()
      await mapping.drain()
      const image = { id: { S: 'a' }, b: { B: 'AQL/' }, m: { M: { l: { L: [{ BS: ['AQL/'] }, { N: '1.5' }] } } } }
      const same = {
        eventID: expect.stringMatching(/^[\da-f-]{36}$/),
        eventVersion: '1.1',
        eventSource: 'aws:dynamodb',
        awsRegion: 'ddblocal',
        eventSourceARN: table.streamArn,
      }
      const change = {
        ApproximateCreationDateTime: expect.toSatisfy((seconds) => Math.abs(Date.now() / 1000 - Number(seconds)) < 120),
        Keys: { id: { S: 'a' } },
        SequenceNumber: expect.stringMatching(/^\d{21}$/),
        SizeBytes: expect.any(Number),
        StreamViewType: 'NEW_AND_OLD_IMAGES',
      }
      expect(events.flatMap(({ Records }) => Records)).toStrictEqual([
        { ...same, eventName: 'INSERT', dynamodb: { ...change, NewImage: image } },
        { ...same, eventName: 'REMOVE', dynamodb: { ...change, OldImage: image } },
      ])
    })

    test('with a context like that of Lambda', async () => {
      let context: FunctionContext | undefined
      const functionName = 'receipts'
      const mapping = createMapping(table, {
        functionName,
        functionTimeoutMs: 5_000,
        handler: (_, given) => void (context = given),
      })
      await table.put('a')
      await mapping.start()
      await mapping.drain()
      expect(context).toMatchObject({
        awsRequestId: expect.stringMatching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/),
        functionName,
        functionVersion: '$LATEST',
        invokedFunctionArn: 'arn:aws:lambda:ddblocal:000000000000:function:receipts',
        logGroupName: '/aws/lambda/receipts',
        memoryLimitInMB: '128',
      })
      expect(context?.getRemainingTimeInMillis()).toSatisfy((ms: number) => ms > 0 && ms <= 5_000)
    })

    test('fresh objects each time: what a handler does to its event is not seen by the next', async () => {
      let attempts = 0
      const mapping = createMapping(table, {
        handler(event) {
          note(event)
          const [record] = event.Records
          if (record !== undefined) record.dynamodb.Keys['id'] = { S: 'changed' }
          event.Records.length = 0
          if (attempts++ === 0) throw new Error('once')
        },
      })
      await table.put('a', 'b')
      await mapping.start()
      await mapping.drain()
      expect(deliveries).toEqual([
        ['a', 'b'],
        ['a', 'b'],
      ])
    })

    test('in order, in batches of at most batchSize, one at a time', async () => {
      let running = 0
      const mapping = createMapping(table, {
        batchSize: 2,
        async handler(event) {
          expect(++running).toBe(1)
          note(event)
          await systemClock.sleep(1)
          running--
        },
      })
      await table.put('a', 'b', 'c', 'd', 'e')
      await mapping.start()
      await mapping.drain()
      expect(deliveries).toEqual([['a', 'b'], ['c', 'd'], ['e']])
    })

    test('no event larger than the payload limit', async () => {
      const sizes: number[] = []
      const payloadLimitBytes = 2_000
      const mapping = createMapping(table, {
        payloadLimitBytes,
        handler(event) {
          note(event)
          sizes.push(Buffer.byteLength(JSON.stringify(event)))
        },
      })
      await table.put(...Array.from({ length: 20 }, (_, index) => `item-${index}`))
      await mapping.start()
      await mapping.drain()
      expect(Math.max(...sizes)).toBeLessThanOrEqual(payloadLimitBytes)
      expect(deliveries.length).toBeLessThan(20)
      expect(deliveries.flat()).toHaveLength(20)
    })

    test('more than a thousand records, in order', async () => {
      const numbers: string[] = []
      const mapping = createMapping(table, {
        batchSize: 10_000,
        handler(event) {
          note(event)
          numbers.push(...sequenceNumbers(event))
        },
      })
      await table.fill(1100)
      await mapping.start()
      await mapping.drain()
      expect(numbers).toHaveLength(1100)
      expect(numbers).toEqual(numbers.toSorted())
      expect(new Set(deliveries.flat()).size).toBe(1100)
    })

    test('what comes within the batching window together', async () => {
      const mapping = createMapping(table, { maximumBatchingWindowInSeconds: 1, handler: note })
      await mapping.start()
      await table.put('a')
      await systemClock.sleep(200)
      await table.put('b')
      await mapping.drain()
      expect(deliveries).toEqual([['a', 'b']])
    })

    test('a full batch before its window is over', async () => {
      const mapping = createMapping(table, { maximumBatchingWindowInSeconds: 300, batchSize: 2, handler: note })
      await table.put('a', 'b')
      await mapping.start()
      await mapping.drain()
      expect(deliveries).toEqual([['a', 'b']])
    })

    test('only what is written after the start, from LATEST', async () => {
      const mapping = createMapping(table, { startingPosition: 'LATEST', handler: note })
      await table.put('a')
      await mapping.start()
      await table.put('b')
      await mapping.drain()
      expect(deliveries).toEqual([['b']])
    })

    test('what is written after the start also where DynamoDB Local loses the place of LATEST', async () => {
      const mapping = createMapping(table, { startingPosition: 'LATEST', handler: note })
      const other = await createTable()
      await mapping.start()
      await other.put('x', 'y', 'z')
      await table.put('a')
      await mapping.drain()
      expect(deliveries).toEqual([['a']])
    })

    test('what a disabled stream still holds', async () => {
      const mapping = createMapping(table, { handler: note })
      await table.put('a')
      const StreamSpecification = { StreamEnabled: false }
      await table.dynamodb.send(new UpdateTableCommand({ TableName: table.tableName, StreamSpecification }))
      await mapping.start()
      await mapping.drain()
      expect(deliveries).toEqual([['a']])
    })
  })

  describe('with filters', () => {
    const Filters = [{ Pattern: JSON.stringify({ eventName: ['INSERT'] }) }]

    test('passes over what matches none of them, and goes on', async () => {
      const mapping = createMapping(table, { filterCriteria: { Filters }, batchSize: 2, handler: note })
      await table.put('a', 'a', 'a', 'b', 'c')
      await mapping.start()
      await mapping.drain()
      expect(deliveries).toEqual([['a', 'b'], ['c']])
      expect(mapping.statistics()).toMatchObject({
        polledEventCount: 5,
        filteredOutEventCount: 2,
        invokedEventCount: 3,
      })
    })

    test('does not invoke for nothing', async () => {
      const Pattern = JSON.stringify({ dynamodb: { Keys: { id: { S: ['z'] } } } })
      const mapping = createMapping(table, { filterCriteria: { Filters: [{ Pattern }] }, handler: note })
      await table.put('a', 'b')
      await mapping.start()
      await mapping.drain()
      expect(deliveries).toEqual([])
      expect(mapping.statistics()).toMatchObject({ filteredOutEventCount: 2, invocationCount: 0 })
    })
  })

  describe('when the function fails', () => {
    test('delivers the whole batch again, however often it takes', async () => {
      const mapping = createMapping(table, {
        handler(event) {
          note(event)
          if (deliveries.length < 4) throw new Error('not yet')
        },
      })
      await table.put('a', 'b')
      await mapping.start()
      await mapping.drain()
      expect(deliveries).toEqual(Array(4).fill(['a', 'b']))
      expect(mapping.statistics()).toMatchObject({
        invocationCount: 4,
        functionErrorCount: 3,
        invokedEventCount: 8,
        failedInvokeEventCount: 6,
        lastError: expect.objectContaining({ message: 'not yet' }),
      })
    })

    test('gives the batch up after the last retry and goes on', async () => {
      const onFailure = keep('sqs')
      const mapping = createMapping(table, {
        batchSize: 2,
        maximumRetryAttempts: 1,
        onFailure,
        handler(event) {
          note(event)
          if (ids(event).includes('b')) throw new Error('poison')
        },
      })
      await table.put('a', 'b', 'c')
      await mapping.start()
      await mapping.drain()
      expect(deliveries).toEqual([['a', 'b'], ['a', 'b'], ['c']])
      expect(onFailure.documents).toHaveLength(1)
      expect(onFailure.documents[0]).toMatchObject({
        requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 2 },
        responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
        DDBStreamBatchInfo: { batchSize: 2, streamArn: table.streamArn },
      })
      expect(onFailure.documents[0]).not.toHaveProperty('payload')
      expect(mapping.statistics()).toMatchObject({ onFailureDestinationDeliveredEventCount: 2, droppedEventCount: 0 })
    })

    test('drops the batch when there is no destination, and counts it', async () => {
      const mapping = createMapping(table, {
        maximumRetryAttempts: 0,
        handler() {
          throw new Error('poison')
        },
      })
      await table.put('a', 'b')
      await mapping.start()
      await mapping.drain()
      expect(mapping.statistics()).toMatchObject({ droppedEventCount: 2, invocationCount: 1 })
    })

    test('sends the whole event to S3, under the name that Lambda would give it', async () => {
      const onFailure = keep('s3')
      const events: StreamEvent[] = []
      const mapping = createMapping(table, {
        maximumRetryAttempts: 0,
        onFailure,
        handler(event) {
          events.push(event)
          throw new Error('poison')
        },
      })
      await table.put('a', 'b')
      await mapping.start()
      await mapping.drain()
      const { shardId, startSequenceNumber, endSequenceNumber } = onFailure.documents[0]?.DDBStreamBatchInfo ?? {}
      expect(onFailure.documents[0]?.payload).toEqual(events[0])
      expect([startSequenceNumber, endSequenceNumber]).toEqual(events.flatMap(sequenceNumbers))
      expect(onFailure.objectKeys[0]).toMatch(
        new RegExp(`^aws/lambda/[\\da-f-]{36}/${shardId}/\\d{4}/\\d\\d/\\d\\d/[\\d-]+T[\\d.]{8}-[\\da-f-]{36}$`),
      )
    })

    test('waits with what it gives up until the destination takes it', async () => {
      let refusals = 0
      const onFailure = keep('sqs')
      const mapping = createMapping(table, {
        batchSize: 1,
        maximumRetryAttempts: 0,
        onFailure: {
          kind: 'sqs',
          async send(document, objectKey) {
            expect(deliveries).toEqual([['a']])
            if (refusals++ < 3) throw new Error('the queue is away')
            onFailure.send(document, objectKey)
          },
        },
        handler(event) {
          note(event)
          if (ids(event).includes('a')) throw new Error('poison')
        },
      })
      await table.put('a', 'b')
      await mapping.start()
      await mapping.drain()
      expect(onFailure.documents).toHaveLength(1)
      expect(deliveries).toEqual([['a'], ['b']])
      expect(mapping.statistics()).toMatchObject({
        destinationErrorCount: 3,
        onFailureDestinationDeliveredEventCount: 1,
      })
    })

    test('isolates a poison record by halving, which costs no retry', async () => {
      const onFailure = keep('s3')
      const mapping = createMapping(table, {
        bisectBatchOnFunctionError: true,
        maximumRetryAttempts: 0,
        onFailure,
        handler(event) {
          note(event)
          if (ids(event).includes('c')) throw new Error('poison')
        },
      })
      await table.put('a', 'b', 'c', 'd', 'e')
      await mapping.start()
      await mapping.drain()
      expect(deliveries).toEqual([['a', 'b', 'c', 'd', 'e'], ['a', 'b', 'c'], ['a', 'b'], ['c'], ['d', 'e']])
      expect(onFailure.documents.map(({ payload }) => ids(payload))).toEqual([['c']])
    })

    test('takes an invocation without an answer in time for failed, and its late answer for nothing', async () => {
      const remaining: number[] = []
      const late = gate()
      const mapping = createMapping(table, {
        ...reporting,
        functionTimeoutMs: 50,
        async handler(event, context) {
          note(event)
          if (deliveries.length > 1) return {}
          await systemClock.sleep(80)
          remaining.push(context.getRemainingTimeInMillis())
          late.open()
          return failing(event, 'b')
        },
      })
      await table.put('a', 'b')
      await mapping.start()
      await mapping.drain()
      await late.passed
      expect(deliveries).toEqual([
        ['a', 'b'],
        ['a', 'b'],
      ])
      expect(remaining).toEqual([0])
      expect(mapping.statistics().lastError).toMatchObject({ message: 'Task timed out after 0.05 seconds' })
    })

    test('takes an answer that is no JSON for an error', async () => {
      const mapping = createMapping(table, { maximumRetryAttempts: 0, handler: () => ({ count: 1n }) })
      await table.put('a')
      await mapping.start()
      await mapping.drain()
      expect(mapping.statistics()).toMatchObject({ functionErrorCount: 1, droppedEventCount: 1 })
    })

    test('gives up records beyond their age without delivering them', async () => {
      const onFailure = keep('sqs')
      const inTenMinutes = { ...systemClock, now: () => systemClock.now() + 600_000 }
      const mapping = createMapping(table, {
        maximumRecordAgeInSeconds: 60,
        clock: inTenMinutes,
        onFailure,
        handler: note,
      })
      await table.put('a', 'b')
      await mapping.start()
      await mapping.drain()
      expect(deliveries).toEqual([])
      expect(onFailure.documents[0]?.requestContext).toMatchObject({
        condition: 'RecordAgeExceeded',
        approximateInvokeCount: 1,
      })
      expect(onFailure.documents[0]?.DDBStreamBatchInfo.batchSize).toBe(2)
      expect(onFailure.documents[0]).not.toHaveProperty('responseContext')
    })
  })

  describe('with ReportBatchItemFailures', () => {
    test('delivers again from the lowest reported record on, also what had succeeded', async () => {
      const mapping = createMapping(table, {
        ...reporting,
        handler(event) {
          note(event)
          return deliveries.length === 1 ? failing(event, 'd', 'b') : { batchItemFailures: [] }
        },
      })
      await table.put('a', 'b', 'c', 'd')
      await mapping.start()
      await mapping.drain()
      expect(deliveries).toEqual([
        ['a', 'b', 'c', 'd'],
        ['b', 'c', 'd'],
      ])
    })

    test('does what AWS was recorded to do: one of six fails always, batches of three, three retries', async () => {
      const onFailure = keep('sqs')
      const mapping = createMapping(table, {
        ...reporting,
        batchSize: 3,
        maximumRetryAttempts: 3,
        onFailure,
        handler(event) {
          note(event)
          return failing(event, '5')
        },
      })
      await table.put('0', '1', '2', '3', '4', '5')
      await mapping.start()
      await mapping.drain()
      expect(deliveries).toEqual([['0', '1', '2'], ['3', '4', '5'], ['5'], ['5'], ['5'], ['5']])
      expect(onFailure.documents).toHaveLength(1)
      expect(onFailure.documents[0]).toMatchObject({
        requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 4 },
        responseContext: { functionError: null },
        DDBStreamBatchInfo: { batchSize: 1 },
      })
    })

    test('gives up good records behind a poison one without halving, and only the poison one with it', async () => {
      const givenUp = async (bisectBatchOnFunctionError: boolean) => {
        const onFailure = keep('s3')
        const options = { ...reporting, bisectBatchOnFunctionError, maximumRetryAttempts: 1, onFailure }
        const mapping = createMapping(table, { ...options, handler: (event) => failing(event, 'b') })
        await mapping.start()
        await mapping.drain()
        return onFailure.documents.map(({ payload }) => ids(payload))
      }
      await table.put('a', 'b', 'c', 'd')
      expect(await givenUp(false)).toEqual([['b', 'c', 'd']])
      expect(await givenUp(true)).toEqual([['b']])
    })

    test.each([
      ['an empty identifier', ''],
      ['a sequence number of another batch', '1'],
      ['null', null],
    ])('delivers the whole batch again for %s', async (_, itemIdentifier) => {
      const mapping = createMapping(table, {
        ...reporting,
        handler(event) {
          note(event)
          return deliveries.length === 1 ? { batchItemFailures: [{ itemIdentifier }] } : null
        },
      })
      await table.put('a', 'b')
      await mapping.start()
      await mapping.drain()
      expect(deliveries).toEqual([
        ['a', 'b'],
        ['a', 'b'],
      ])
    })
  })

  test('ignores a partial batch response that it was not told to expect', async () => {
    const mapping = createMapping(table, {
      handler(event) {
        note(event)
        return failing(event, 'a', 'b')
      },
    })
    await table.put('a', 'b')
    await mapping.start()
    await mapping.drain()
    expect(deliveries).toEqual([['a', 'b']])
  })

  describe('with a parallelization factor', () => {
    const many = Array.from({ length: 40 }, (_, index) => `item-${index % 8}`)

    test('delivers batches side by side, and the records of one item in order', async () => {
      const running = new Set<string>()
      let most = 0
      let invocations = 0
      const seen = new Map<string, string[]>()
      const mapping = createMapping(table, {
        ...reporting,
        parallelizationFactor: 4,
        batchSize: 3,
        async handler(event) {
          const invocation = String(invocations++)
          running.add(invocation)
          most = Math.max(most, running.size)
          await systemClock.sleep(5)
          running.delete(invocation)
          if (invocations % 3 === 0) throw new Error('now and then')
          for (const { dynamodb } of event.Records) {
            const id = dynamodb.Keys['id']?.S ?? ''
            seen.set(id, [...(seen.get(id) ?? []), dynamodb.SequenceNumber])
          }
        },
      })
      await table.put(...many)
      await mapping.start()
      await mapping.drain()
      expect(most).toBeGreaterThan(1)
      expect(most).toBeLessThanOrEqual(4)
      expect([...seen.values()].flat()).toHaveLength(many.length)
      for (const sequence of seen.values()) expect(sequence).toEqual([...sequence].toSorted())
    })

    test('does not let one item that fails hold up the queues of others', async () => {
      const mapping = createMapping(table, {
        parallelizationFactor: 10,
        handler(event) {
          if (ids(event).includes('item-0')) throw new Error('poison')
          note(event)
        },
      })
      await table.put(...many)
      await mapping.start()
      await expect.poll(() => new Set(deliveries.flat()).size, { timeout: 5_000 }).toBeGreaterThan(3)
      expect(deliveries.flat()).not.toContain('item-0')
    })
  })

  describe('stopped', () => {
    test('waits for the invocation that runs, keeps what it did, and goes on from there', async () => {
      const begun = gate()
      const release = gate()
      const mapping = createMapping(table, {
        ...reporting,
        batchSize: 2,
        async handler(event) {
          note(event)
          begun.open()
          await release.passed
          return deliveries.length === 1 ? failing(event, 'b') : {}
        },
      })
      await table.put('a', 'b', 'c')
      await mapping.start()
      await begun.passed
      let stopped = false
      const stopping = mapping.stop().then(() => (stopped = true))
      await systemClock.sleep(20)
      expect(stopped).toBe(false)
      release.open()
      await stopping
      await table.put('d')
      await systemClock.sleep(30)
      expect(deliveries).toEqual([['a', 'b']])
      await mapping.start()
      await mapping.drain()
      expect(deliveries).toEqual([['a', 'b'], ['b', 'c'], ['d']])
    })

    test('does not wait for a retry, and does not lose what is to be retried', async () => {
      const mapping = createMapping(table, {
        retryDelayMs: 60_000,
        handler(event) {
          note(event)
          if (deliveries.length === 1) throw new Error('once')
        },
      })
      await table.put('a')
      await mapping.start()
      await expect.poll(() => deliveries.length).toBe(1)
      await mapping.stop()
      await mapping.start()
      await mapping.drain()
      expect(deliveries).toEqual([['a'], ['a']])
    })

    test('ends a drain that has not come to its end', async () => {
      const mapping = createMapping(table, {
        handler() {
          throw new Error('always')
        },
      })
      await table.put('a')
      await mapping.start()
      const drained = mapping.drain()
      const refused = expect(drained).rejects.toThrow('stopped')
      await systemClock.sleep(20)
      await mapping.stop()
      await refused
    })

    test('can be stopped again, or before it was started', async () => {
      const mapping = createMapping(table, {})
      await mapping.stop()
      await mapping.start()
      await mapping.stop()
      await mapping.stop()
      await expect(mapping.drain()).rejects.toThrow('start the mapping')
    })
  })

  test('drains an empty stream at once, and again after more has come', async () => {
    const mapping = createMapping(table, { pollIntervalMs: 60_000, handler: note })
    await mapping.start()
    await mapping.drain()
    expect(deliveries).toEqual([])
    await table.put('a')
    await mapping.drain()
    await table.put('b')
    await mapping.drain()
    expect(deliveries).toEqual([['a'], ['b']])
  })

  test('refuses a stream that is not there', async () => {
    const mapping = createMapping({ ...table, streamArn: `${table.streamArn}0` }, {})
    await expect(mapping.start()).rejects.toThrow(ConfigurationError)
  })
})
