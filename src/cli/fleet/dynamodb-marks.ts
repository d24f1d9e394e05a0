import { systemClock, systemRandom } from '../../internal/system.ts'
import { completedByMarks, completedByShard } from '../../ledger/dynamodb/completed.ts'
import { type DynamoDBSender, TableRequests } from '../../ledger/dynamodb/requests.ts'
import { isExpired, numberIn, rowKey, type Row } from '../../ledger/dynamodb/rows.ts'
import type { LedgerEntry, ShardRecordsOf } from '../../ledger/ledger.ts'

/** What `dynamodbLedger` remembers of a change. */
export interface Remembered {
  readonly idempotencyKey: string
  /** It took effect then (epoch ms); with the change that did, which a duplicate is not. */
  readonly completed: { readonly at: number; readonly eventId: string; readonly sequenceNumber: string } | undefined
  /** An owner is on it, or was (`uncertain: 'park'`). */
  readonly claim:
    | { readonly owner: string; readonly at: number; readonly until: number; readonly releasedAt: number | undefined }
    | undefined
}

/** The ledger of a consumer in one table, looked at from outside. */
export class Marks {
  readonly #requests: TableRequests
  readonly #consumer: string

  constructor(client: DynamoDBSender, tableName: string, consumer: string) {
    this.#requests = new TableRequests(client, tableName, systemClock, systemRandom)
    this.#consumer = consumer
  }

  /**
   * Which of these records a worker would find completed: by the shard's mark of `dynamodbTransactionLedger` where there is
   * one, else by the marks of the records.
   */
  async completed(shard: ShardRecordsOf, entries: readonly LedgerEntry[]): Promise<ReadonlySet<LedgerEntry>> {
    const now = systemClock.now()
    return (
      (await completedByShard(this.#requests, shard, entries, now)) ??
      completedByMarks(this.#requests, shard, entries, now)
    )
  }

  /** What is remembered of one change. */
  async read(idempotencyKey: string): Promise<Remembered> {
    const key = { idempotencyKey }
    const keys = [rowKey(this.#consumer, key, 'mark'), rowKey(this.#consumer, key, 'claim')]
    const rows = (await this.#requests.read(keys)).filter((row) => !isExpired(row, systemClock.now()))
    const mark = rows.find(({ sk }) => sk?.S === 'mark')
    const claim = rows.find(({ sk }) => sk?.S === 'claim')
    return { idempotencyKey, completed: mark && completedOf(mark), claim: claim && claimOf(claim) }
  }
}

function completedOf(row: Row): Remembered['completed'] {
  return {
    at: numberIn(row, 'completedAt'),
    eventId: row['eventId']?.S ?? '',
    sequenceNumber: row['sequenceNumber']?.S ?? '',
  }
}

function claimOf(row: Row): Remembered['claim'] {
  return {
    owner: row['owner']?.S ?? '',
    at: numberIn(row, 'claimedAt'),
    until: numberIn(row, 'claimedUntil'),
    releasedAt: row['releasedAt'] === undefined ? undefined : numberIn(row, 'releasedAt'),
  }
}
