import { describe, expect, test } from 'vitest'
import { createConsumer, memoryLedger, silentLogger } from '../../src/index.ts'

const fine = { name: 'receipts', handler: () => {}, logger: silentLogger }

describe('createConsumer', () => {
  test.each<[object, RegExp]>([
    [{ name: undefined }, /name must be 1 to 100 characters of A-Z a-z 0-9 \. _ -; got undefined/],
    [{ name: 'two words' }, /name must be .*; got "two words"/],
    [{ name: 'x'.repeat(101) }, /name must be/],
    [{ handler: undefined }, /handler must be a function; got undefined/],
    [{ handler: 'index.handler' }, /handler must be a function; got "index\.handler"/],
    [{ identity: 'key' }, /identity must be 'record', 'message' or a function of the record; got "key"/],
    [{ numbers: 'float' }, /numbers must be 'number' or 'bigint' or 'string'; got "float"/],
    [{ viewType: 'EVERYTHING' }, /viewType must be 'KEYS_ONLY' or 'NEW_IMAGE' or/],
    [{ concurrency: 0 }, /concurrency must be a whole number from 1 to 10000; got 0/],
    [{ concurrency: 2.5 }, /concurrency must be a whole number from 1 to 10000; got 2\.5/],
    [{ retry: { maxAttempts: 0 } }, /retry\.maxAttempts must be a whole number from 1 to 1000; got 0/],
    [{ retry: { baseDelayMs: 20_000 } }, /retry\.baseDelayMs \(20000\) must not be above retry\.maxDelayMs \(10000\)/],
    [{ retry: { attempts: 3 } }, /retry: there is no 'attempts'; the names are maxAttempts, baseDelayMs, maxDelayMs/],
    [{ retry: 3 }, /retry must be an object; got 3/],
    [{ parking: { maxPerLane: 0 } }, /parking.maxPerLane must be a whole number from 1 to 1000000; got 0/],
    [{ parking: { perLane: 1 } }, /parking: there is no 'perLane'/],
    [{ onFailure: 'skip' }, /onFailure must be 'stop' or 'park'; got "skip"/],
    [{ ledger: {} }, /ledger\.open must be a function/],
    [{ schema: { newImage: {} } }, /schema\.newImage must be a Standard Schema/],
    [{ schema: { image: {} } }, /schema: there is no 'image'/],
    [{ logger: {} }, /logger\.debug must be a function/],
    [{ select: [] }, /select/],
    [{ select: { eventName: 'INSERT' } }, /eventName/],
    [{ filter: {} }, /there is no 'filter'; the names are name, select, schema/],
  ])('refuses %o and says what it wants', (wrong, message) => {
    const create = () => createConsumer({ ...fine, ...wrong })
    expect(create).toThrow(expect.objectContaining({ code: 'ERR_CONFIGURATION' }))
    expect(create).toThrow(message)
  })

  test.each([undefined, null, 'name', []])('refuses %j for its options', (options) => {
    expect(() => createConsumer(options as never)).toThrow(/createConsumer options must be an object/)
  })

  test('takes every option there is', () => {
    const consumer = createConsumer({
      ...fine,
      select: [{ eventName: ['INSERT'] }, { eventName: ['MODIFY'] }],
      viewType: 'NEW_IMAGE',
      identity: (record) => record.eventId,
      numbers: 'bigint',
      ledger: memoryLedger({ windowDays: 30, uncertain: 'park' }),
      retry: { maxAttempts: 1 },
      onFailure: 'stop',
      concurrency: 100,
    })
    expect(consumer.name).toBe('receipts')
  })

  test('warns of a pattern that can never match as it is meant', () => {
    const warnings: string[] = []
    const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) }
    createConsumer({ ...fine, logger, select: { dynamodb: { NewImage: { age: { N: [{ numeric: ['>', 18] }] } } } } })
    expect(warnings).toEqual([expect.stringMatching(/age\.N\[0\]: never matches/)])
  })
})

test.each<[object, RegExp]>([
  [{ windowDays: 0 }, /windowDays must be a whole number from 1 to 3650; got 0/],
  [{ uncertain: 'drop' }, /uncertain must be 'retry' or 'park'/],
  [{ ttl: 1 }, /there is no 'ttl'/],
])('memoryLedger refuses %o', (options, message) => {
  expect(() => memoryLedger(options)).toThrow(message)
})
