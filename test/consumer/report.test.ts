import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterEach, describe, expect, test } from 'vitest'
import { createConsumer, memoryLedger, TerminalError, type Logger } from '../../src/index.ts'
import { batchOfEvent } from '../../src/source/lambda-event.ts'
import { changes, lambdaEvent } from '../support/events.ts'

const subscriptions: [string, (message: unknown) => void][] = []

function listen(name: string): unknown[] {
  const messages: unknown[] = []
  const listener = (message: unknown) => void messages.push(message)
  subscribe(name, listener)
  subscriptions.push([name, listener])
  return messages
}

afterEach(() => {
  for (const [name, listener] of subscriptions.splice(0)) unsubscribe(name, listener)
})

function logged(): { readonly logger: Logger; readonly lines: unknown[] } {
  const lines: unknown[] = []
  const at = (level: string) => (message: string, fields?: object) => void lines.push({ level, message, ...fields })
  return { lines, logger: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } }
}

describe('what happens to records', () => {
  test('is published on the channels, one message each', async () => {
    const names = ['record:handled', 'record:duplicate', 'record:filtered', 'record:retry', 'lane:stopped']
    const heard = Object.fromEntries(names.map((name) => [name, listen(`tidemark:${name}`)]))
    const answered = listen('tidemark:batch:answered')
    const consumer = createConsumer({
      name: 'c',
      select: { eventName: ['INSERT'] },
      identity: 'message',
      ledger: memoryLedger(),
      logger: logged().logger,
      retry: { maxAttempts: 2, baseDelayMs: 0 },
      handler({ sequenceNumber }) {
        if (sequenceNumber === '4') throw new Error('no')
      },
    })
    const event = lambdaEvent(...changes('A:1', 'A:2'), { key: 'B', sequence: 3, event: 'REMOVE' }, ...changes('C:4'))
    await consumer.process(batchOfEvent(event))
    const about = { consumer: 'c', idempotencyKey: expect.stringMatching(/^[\w-]{22}$/) as string }
    expect(heard).toMatchObject({
      'record:handled': [{ ...about, eventId: 'event-1', sequenceNumber: '1', attempts: 1 }],
      'record:duplicate': [{ ...about, eventId: 'event-2' }],
      'record:filtered': [{ consumer: 'c', eventId: 'event-3' }],
      'record:retry': [{ ...about, eventId: 'event-4', attempt: 1, delayMs: 0 }],
      'lane:stopped': [{ consumer: 'c', sequenceNumber: '4', reason: 'poison', attempts: 2 }],
    })
    expect(answered).toMatchObject([{ consumer: 'c', recordCount: 4, settledCount: 3, frontier: 3 }])
  })

  test('is logged where somebody has to look: poison as an error, what passes as a warning', async () => {
    const { logger, lines } = logged()
    const throttled = Object.assign(new Error('slow'), { name: 'ThrottlingException' })
    const consumer = createConsumer({
      name: 'c',
      logger,
      retry: { maxAttempts: 1 },
      handler({ sequenceNumber }) {
        throw sequenceNumber === '1' ? new TerminalError('never') : throttled
      },
    })
    await consumer.process(batchOfEvent(lambdaEvent(...changes('A:1', 'B:2'))))
    expect(lines).toMatchObject([
      { level: 'error', sequenceNumber: '1', eventId: 'event-1', consumer: 'c', error: { message: 'never' } },
      { level: 'warn', sequenceNumber: '2', error: throttled },
    ])
  })

  test('can be logged by the handler, with the identity of the record on every line', async () => {
    const { logger, lines } = logged()
    const consumer = createConsumer({
      name: 'c',
      logger,
      handler(_record, { log, consumer: name }) {
        log.info('sending', { to: name })
        log.debug('sent')
        log.warn('slowly')
        log.error('twice')
      },
    })
    await consumer.process(batchOfEvent(lambdaEvent(...changes('A:1'))))
    const about = { consumer: 'c', eventId: 'event-1', sequenceNumber: '1' }
    expect(lines).toMatchObject([
      { level: 'info', message: 'sending', to: 'c', ...about },
      { level: 'debug', message: 'sent', ...about },
      { level: 'warn', message: 'slowly', ...about },
      { level: 'error', message: 'twice', ...about },
    ])
  })
})

describe('a ledger of your own', () => {
  test('whose claim can not be given back is reported, and the record is still named', async () => {
    const { logger, lines } = logged()
    const consumer = createConsumer({
      name: 'c',
      logger,
      retry: { maxAttempts: 1 },
      ledger: {
        open: async () => ({
          laneWaits: false,
          claim: async (entry) => ({ status: 'claimed', claim: { entry, token: 't', transaction: undefined } }),
          complete: async () => {},
          release: () => Promise.reject(new Error('gone')),
          flush: async () => {},
          close() {},
        }),
      },
      handler({ sequenceNumber }) {
        if (sequenceNumber === '1') throw new Error('no')
      },
    })
    const { settlements } = await consumer.process(batchOfEvent(lambdaEvent(...changes('A:1', 'B:2'))))
    expect(settlements).toEqual([undefined, 'handled'])
    expect(lines[0]).toMatchObject({
      level: 'warn',
      message: expect.stringContaining('could not be given back') as string,
    })
  })

  test('whose claim fails stops everything, and nothing is blamed on a record', async () => {
    const { logger } = logged()
    let runs = 0
    const consumer = createConsumer({
      name: 'c',
      logger,
      concurrency: 1,
      ledger: {
        open: async () => ({
          laneWaits: false,
          claim: () => Promise.reject(new Error('down')),
          complete() {},
          release() {},
          flush: async () => {},
          close() {},
        }),
      },
      handler: () => void (runs += 1),
    })
    const { stopped } = await consumer.process(batchOfEvent(lambdaEvent(...changes('A:1', 'B:2'))))
    expect(runs).toBe(0)
    expect(stopped).toMatchObject([{ reason: 'systemic' }, { reason: 'systemic' }])
  })

  test('that finds an outcome uncertain has its record named, with what to do', async () => {
    const { logger } = logged()
    const consumer = createConsumer({
      name: 'c',
      logger,
      ledger: {
        open: async () => ({
          laneWaits: false,
          claim: () => ({ status: 'uncertain', since: 0, remedy: 'Ask Ada.' }),
          complete() {},
          release() {},
          flush: async () => {},
          close() {},
        }),
      },
      handler: () => {},
    })
    const { stopped } = await consumer.process(batchOfEvent(lambdaEvent(...changes('A:1'))))
    expect(stopped).toMatchObject([
      {
        reason: 'poison',
        attempts: 0,
        error: { code: 'ERR_UNCERTAIN_OUTCOME', message: expect.stringContaining('Ask Ada.') },
      },
    ])
  })
})
