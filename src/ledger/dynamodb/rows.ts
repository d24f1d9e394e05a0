import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import type { LedgerEntry } from '../ledger.ts'

/**
 * The rows of a ledger in the table (`pk`, `sk`, both strings; time to live on `expiresAt`).
 *
 *     pk                                     sk     what it says
 *     ledger#<consumer>#<idempotency key>    mark   the change has taken effect. Written without a condition, never
 *                                                   changed, never taken back: it is true whoever writes it
 *     ledger#<consumer>#<idempotency key>    claim  an owner is on it, was on it, or gave it back (`uncertain: 'park'`).
 *                                                   No write without a condition on owner and release
 *
 * Two rows, not one that changes its state: a mark may then be written in batches, which take no conditions, and an owner
 * whose claim has run out can say that its effect happened without touching the claim of whoever came after it.
 */
export type Row = Record<string, AttributeValue>

type RowKind = 'mark' | 'claim'

/** The key of a row. */
export function rowKey(consumer: string, { idempotencyKey }: Pick<LedgerEntry, 'idempotencyKey'>, kind: RowKind): Row {
  return { pk: { S: `ledger#${consumer}#${idempotencyKey}` }, sk: { S: kind } }
}

/** A mark: what took effect, when, and in which position of the stream, so that a person can follow it up. */
export function markRow(consumer: string, entry: LedgerEntry, now: number, keepMs: number): Row {
  return {
    ...rowKey(consumer, entry, 'mark'),
    completedAt: { N: String(now) },
    eventId: { S: entry.eventId },
    sequenceNumber: { S: entry.sequenceNumber },
    expiresAt: { N: String(epochSeconds(now + keepMs)) },
  }
}

/** Time to live is in seconds. Rounded up: a row must not be forgotten before its time. */
export function epochSeconds(ms: number): number {
  return Math.ceil(ms / 1_000)
}

/** Whether the row's time is over although DynamoDB, which may take days, has not deleted it yet. */
export function isExpired(row: Row, now: number): boolean {
  return numberIn(row, 'expiresAt') * 1_000 <= now
}

/** A number of a row; 0 where it has none. */
export function numberIn(row: Row, name: string): number {
  return Number(row[name]?.N ?? 0)
}
