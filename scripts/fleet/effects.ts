import { TransactWriteItemsCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { setTimeout as sleep } from 'node:timers/promises'
import { TerminalError, type ChangeRecord, type HandlerContext } from '../../src/index.ts'
import type { EntryKind, JournalWriter } from './journal.ts'
import { monotonicMs } from './monotonic.ts'
import { isPoison } from './poison.ts'
import { effectTableName } from './tables.ts'
import type { Trap } from './trap.ts'

/**
 * `plain`: the effect is a line in the journal, which nobody can refuse. `fenced`: a row, put only while the lease holds.
 * `bank`, `bank-postgres`: money moves between accounts, in the transaction that holds the ledger's mark.
 */
export type EffectMode = (typeof effectModes)[number]

export const effectModes = ['plain', 'fenced', 'bank', 'bank-postgres'] as const

/** Whether a ledger lets effects commit once. */
export function isBank(mode: EffectMode): boolean {
  return mode === 'bank' || mode === 'bank-postgres'
}

export interface EffectOptions {
  readonly mode: EffectMode
  readonly journal: JournalWriter
  readonly client: DynamoDBClient
  readonly worker: string
  /** The longest that an effect takes. */
  readonly handlerMs: number
  readonly trap: Trap
  readonly poisonEvery: number
}

type Lease = NonNullable<HandlerContext['lease']>

/**
 * A handler that never looks at its signal: whoever made it zombie has to cope with a handler that goes on. What it does
 * it notes, around the effect.
 */
export function createHandler(
  options: EffectOptions,
): (record: ChangeRecord, context: HandlerContext) => Promise<void> {
  const { journal, mode, handlerMs, trap, poisonEvery } = options
  return async (record, { lease, attempt }) => {
    if (lease === undefined) throw new Error('a worker hands its handlers the lease')
    const { keys, newImage, sequenceNumber } = record
    const change = { key: String(keys['pk']), n: Number(newImage?.['n']), sequenceNumber }
    const note = (kind: EntryKind) => {
      journal.write({ kind, ...change, shardId: lease.shardId, epoch: lease.epoch, attempt })
    }
    if (isPoison(change.key, change.n, poisonEvery)) throw new TerminalError('poison')
    note('started')
    await sleep(Math.random() * handlerMs)
    trap.pass()
    try {
      if (mode === 'fenced') await putEffect(options, change, lease)
      note('done')
    } catch (error) {
      note(isRefusedByLease(error) ? 'refused' : 'failed')
      throw error
    }
  }
}

interface Put {
  readonly key: string
  readonly n: number
}

/** Nothing but the lease's condition keeps an effect from being put, and what another epoch put is not overwritten. */
async function putEffect({ client, worker }: EffectOptions, { key, n }: Put, lease: Lease): Promise<void> {
  const Item = {
    pk: { S: key },
    sk: { S: `${String(n).padStart(8, '0')}#${lease.epoch}` },
    shardId: { S: lease.shardId },
    worker: { S: worker },
    sentAt: { N: String(monotonicMs()) },
  }
  await client.send(
    new TransactWriteItemsCommand({
      TransactItems: [{ ConditionCheck: lease.condition }, { Put: { TableName: effectTableName, Item } }],
    }),
  )
}

function isRefusedByLease(error: unknown): boolean {
  const { CancellationReasons: reasons } = error as { readonly CancellationReasons?: readonly { Code?: string }[] }
  return reasons?.[0]?.Code === 'ConditionalCheckFailed'
}
