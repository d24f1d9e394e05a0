import { subscribe } from 'node:diagnostics_channel'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChangeRecord, HandlerContext } from '../../src/index.ts'
import type { RecordMessage } from '../../src/telemetry/channels.ts'
import type { Move } from './bank.ts'
import type { EffectOptions } from './effects.ts'
import type { EntryKind, JournalEntry } from './journal.ts'
import { monotonicMs } from './monotonic.ts'
import type { Transfer } from './transfers.ts'

// One attempt in so many fails after all it has done.
const failsEvery = 50

/**
 * A handler that carries out transfers, and never looks at its signal. It notes that it has done its part (`ran`); that this
 * took effect (`done`) is noted when the consumer says that it is durable.
 */
export function createMover<Transaction>(
  move: Move<Transaction>,
  { journal, worker, handlerMs, trap }: EffectOptions,
): (record: ChangeRecord, context: HandlerContext<Transaction>) => Promise<void> {
  const running = new Map<string, Omit<JournalEntry, 'worker' | 'at' | 'kind'>>()
  subscribe('tidemark:record:handled', (message) => {
    const name = nameOf(message as RecordMessage)
    const entry = running.get(name)
    if (entry === undefined) throw new Error(`${name} is handled, and no handler of this process ran for it`)
    journal.write({ kind: 'done', ...entry })
    running.delete(name)
  })
  subscribe('tidemark:record:duplicate', (message) => void running.delete(nameOf(message as RecordMessage)))
  return async (record, { lease, attempt, transaction }) => {
    if (lease === undefined) throw new Error('a worker hands its handlers the lease')
    const { keys, newImage, sequenceNumber } = record
    const { shardId, epoch } = lease
    const [key, n] = [String(keys['pk']), Number(newImage?.['n'])]
    const about = { key, n, sequenceNumber, shardId, epoch, attempt }
    const note = (kind: EntryKind) => journal.write({ kind, ...about })
    running.set(nameOf(record), about)
    note('started')
    await sleep(Math.random() * handlerMs)
    trap.pass()
    try {
      const { from, to, amount } = newImage as unknown as Transfer
      await move(transaction, { from, to, amount }, { key, n, shardId, epoch, worker, sentAt: monotonicMs() })
      if (Math.random() * failsEvery < 1) throw new Error('it fails now and then, when all is done but the commit')
      note('ran')
    } catch (error) {
      note('failed')
      throw error
    }
  }
}

function nameOf({ streamArn, eventId }: Pick<RecordMessage, 'streamArn' | 'eventId'>): string {
  return `${streamArn} ${eventId}`
}
