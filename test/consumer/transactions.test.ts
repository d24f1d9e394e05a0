import { describe, expect, test } from 'vitest'
import { createConsumer, silentLogger, type Completion, type Ledger } from '../../src/index.ts'
import { batchOfEvent } from '../../src/source/lambda-event.ts'
import { changes, lambdaEvent } from '../support/events.ts'

/** A ledger whose transactions collect words, and whose commits come out as `commit` says. */
function wordLedger(commit: (eventId: string, words: readonly string[]) => Completion): Ledger<string[]> {
  return {
    open: () => {
      const open = new Map<string, string[]>()
      return Promise.resolve({
        laneWaits: true,
        claim: (entry) => ({ status: 'claimed', claim: { entry, token: '' } }),
        async attempt({ entry }, run) {
          const words: string[] = []
          await run(words)
          open.set(entry.eventId, words)
        },
        complete: ({ entry }) => Promise.resolve(commit(entry.sequenceNumber, open.get(entry.eventId) ?? [])),
        release() {},
        flush: () => Promise.resolve(),
        close() {},
      })
    },
  }
}

const base = { name: 'c', logger: silentLogger, retry: { maxAttempts: 3, baseDelayMs: 0 } }

describe('a handler in a transaction', () => {
  test('runs again, in a new transaction, when its commit was refused; nothing of its item overtakes it', async () => {
    const committed: string[][] = []
    let refusals = 2
    const consumer = createConsumer({
      ...base,
      ledger: wordLedger((_record, words) => {
        if (refusals-- > 0) return { status: 'refused', error: new Error('the balance is not what it was') }
        committed.push([...words])
        return { status: 'completed' }
      }),
      handler: ({ sequenceNumber }, { transaction, attempt }) => void transaction.push(`${sequenceNumber}#${attempt}`),
    })
    const { settlements } = await consumer.process(batchOfEvent(lambdaEvent(...changes('A:1', 'A:2'))))
    expect(settlements).toEqual(['handled', 'handled'])
    expect(committed).toEqual([['1#3'], ['2#1']])
  })

  test('is poison when its commits are refused as often as it may be tried', async () => {
    const error = new Error('never')
    const consumer = createConsumer({
      ...base,
      ledger: wordLedger(() => ({ status: 'refused', error })),
      handler: () => {},
    })
    const { stopped, settlements } = await consumer.process(batchOfEvent(lambdaEvent(...changes('A:1'))))
    expect(settlements).toEqual([undefined])
    expect(stopped).toEqual([{ position: 0, reason: 'poison', attempts: 3, error }])
  })

  test('settles its record as a duplicate when its mark was there, or something later was', async () => {
    const consumer = createConsumer({
      ...base,
      ledger: wordLedger((sequence) => ({ status: sequence === '1' ? 'duplicate' : 'superseded' })),
      handler: () => {},
    })
    const { settlements } = await consumer.process(batchOfEvent(lambdaEvent(...changes('A:1', 'B:2'))))
    expect(settlements).toEqual(['duplicate', 'duplicate'])
  })

  test('lets other lanes run while its commit is on its way, although all turns are taken', async () => {
    const ran: string[] = []
    let commitAll = (_completion: Completion) => {}
    const all = new Promise<Completion>((resolve) => (commitAll = resolve))
    const consumer = createConsumer({
      ...base,
      concurrency: 1,
      ledger: {
        open: async (batch) => {
          const session = await wordLedger(() => ({ status: 'completed' })).open(batch)
          return {
            ...session,
            complete: (claim) => (
              claim.entry.sequenceNumber === '3' ? commitAll({ status: 'completed' }) : undefined,
              all
            ),
          }
        },
      },
      handler: ({ sequenceNumber }) => void ran.push(sequenceNumber),
    })
    const { settlements } = await consumer.process(batchOfEvent(lambdaEvent(...changes('A:1', 'B:2', 'C:3'))))
    expect(ran).toEqual(['1', '2', '3'])
    expect(settlements).toEqual(['handled', 'handled', 'handled'])
  })
})
