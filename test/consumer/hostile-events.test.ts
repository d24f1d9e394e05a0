import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createConsumer, isTidemarkError, memoryLedger, silentLogger } from '../../src/index.ts'
import { createLambdaHandler, type LambdaStreamEvent } from '../../src/lambda.ts'
import { changes, lambdaEvent } from '../support/events.ts'

type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

const names = fc.constantFrom(
  ...['eventID', 'eventName', 'eventSourceARN', 'dynamodb', 'Keys', 'NewImage', 'SequenceNumber', 'StreamViewType'],
  ...['S', 'N', 'M', 'L', 'B', 'NULL', '__proto__', 'constructor', 'toString', 'pk', 'ApproximateCreationDateTime'],
)

const junk: fc.Arbitrary<Json> = fc.letrec<{ tree: Json }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<Json>(null, true, 0, -1, Infinity, '', '1', 'INSERT', 'aws:dynamodb', '__proto__'),
    fc.string(),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.array(fc.tuple(names, tie('tree')), { maxLength: 3 }).map((entries) => {
      const object: { [name: string]: Json } = {}
      for (const [name, value] of entries)
        Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true })
      return object
    }),
  ),
})).tree

/** A proper event with some of its values replaced by junk, some fields removed, and some records twice. */
const hostile = fc
  .tuple(
    fc.array(fc.tuple(fc.constantFrom('A', 'B', 'C'), fc.integer({ min: 1, max: 9 })), { minLength: 1, maxLength: 8 }),
    fc.array(fc.tuple(fc.array(fc.nat(7), { minLength: 1, maxLength: 6 }), fc.option(junk)), { maxLength: 3 }),
  )
  .map(([records, wounds]) => {
    const event = JSON.parse(
      JSON.stringify(lambdaEvent(...changes(...records.map(([key, n]) => `${key}:${n}`)))),
    ) as Json
    for (const [path, value] of wounds) wound((event as { Records: Json }).Records, path, value)
    return event as unknown as LambdaStreamEvent
  })

/** Walks down by the path, as far as there is anything, and replaces what is there (or removes it, where null). */
function wound(place: Json, [step = 0, ...path]: readonly number[], value: Json): void {
  if (typeof place !== 'object' || place === null) return
  const keys = Object.keys(place)
  const key = keys[step % Math.max(1, keys.length)]
  if (key === undefined) return
  const inside = place as { [name: string]: Json }
  if (path.length > 0 && typeof inside[key] === 'object' && inside[key] !== null) wound(inside[key], path, value)
  else if (value === null) delete inside[key]
  else inside[key] = value
}

describe('any event at all', () => {
  test('fails with an error that says why, or every record is handled or named or behind one that is named', async () => {
    let failed = 0
    let partial = 0
    await fc.assert(
      fc.asyncProperty(hostile, fc.boolean(), async (event, withLedger) => {
        const handled: string[] = []
        const handler = createLambdaHandler(
          createConsumer({
            name: 'c',
            logger: silentLogger,
            retry: { maxAttempts: 1 },
            ...(withLedger ? { ledger: memoryLedger() } : {}),
            handler: ({ eventId }) => void handled.push(eventId),
          }),
        )
        try {
          const { batchItemFailures } = await handler(event)
          const [failure, ...more] = batchItemFailures
          expect(more).toEqual([])
          if (failure !== undefined) partial += 1
          for (const record of event.Records as readonly { eventID?: string; dynamodb: { SequenceNumber: string } }[]) {
            const isBehind =
              failure !== undefined && BigInt(record.dynamodb.SequenceNumber) >= BigInt(failure.itemIdentifier)
            if (!isBehind) expect(handled).toContain(record.eventID)
          }
        } catch (error) {
          if (!isTidemarkError(error)) throw error
          expect(error.message.length).toBeGreaterThan(10)
          failed += 1
        }
      }),
      { numRuns: 3_000 },
    )
    expect(failed).toBeGreaterThan(100)
    expect(partial).toBeGreaterThan(100)
  })

  test('that is no event fails with an error that says why', async () => {
    const handler = createLambdaHandler(createConsumer({ name: 'c', logger: silentLogger, handler: () => {} }))
    await fc.assert(
      fc.asyncProperty(junk, async (event) => {
        const answer = handler(event as unknown as LambdaStreamEvent)
        const outcome = await answer.catch((error: unknown) => error)
        // An object with an empty list of records is an empty batch; nothing else in here is an event.
        if (isTidemarkError(outcome)) expect(outcome.code).toBe('ERR_DECODE')
        else expect(outcome).toMatchObject({ batchItemFailures: [] })
      }),
    )
  })

  test('nested ten thousand deep is poison, not a stack overflow', async () => {
    let deep: object = { S: 'x' }
    for (let level = 0; level < 10_000; level += 1) deep = { M: { down: deep } }
    const handler = createLambdaHandler(
      createConsumer({
        name: 'c',
        logger: silentLogger,
        select: { dynamodb: { NewImage: { x: { S: ['y'] } } } },
        handler: () => {},
      }),
    )
    const event = lambdaEvent({ key: 'A', sequence: 1, image: { deep, x: { S: 'y' } } }, { key: 'B', sequence: 2 })
    expect(await handler(event)).toEqual({ batchItemFailures: [{ itemIdentifier: '1' }] })
  })

  test('cannot reach the prototype of anything', async () => {
    const image = JSON.parse('{"__proto__":{"S":"own"},"constructor":{"M":{"prototype":{"S":"x"}}}}') as object
    const seen: unknown[] = []
    const handler = createLambdaHandler(
      createConsumer({ name: 'c', logger: silentLogger, handler: ({ newImage }) => void seen.push(newImage) }),
    )
    const [record] = lambdaEvent({ key: 'A', sequence: 1 }).Records
    const change = { ...record?.dynamodb, NewImage: image }
    expect(await handler({ Records: [{ ...record, dynamodb: change }] })).toEqual({ batchItemFailures: [] })
    expect(Object.keys(seen[0] as object)).toEqual(['__proto__', 'constructor'])
    expect(({} as { own?: unknown }).own).toBeUndefined()
  })
})
