import { systemClock, systemRandom } from '../../internal/system.ts'
import { type DynamoDBSender, rowsPerRead, TableRequests } from '../../ledger/dynamodb-requests.ts'
import { isExpired, numberIn, rowKey, type Row } from '../../ledger/dynamodb-rows.ts'

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

  /** How many of these changes the ledger knows to have taken effect. Keys may repeat; each counts. */
  async countCompleted(keys: readonly string[]): Promise<number> {
    const known = new Set<string>()
    const asked = [...new Set(keys)]
    for (let at = 0; at < asked.length; at += rowsPerRead) {
      const slice = asked.slice(at, at + rowsPerRead)
      const rows = await this.#requests.read(
        slice.map((idempotencyKey) => rowKey(this.#consumer, { idempotencyKey }, 'mark')),
      )
      for (const row of rows) if (!isExpired(row, systemClock.now())) known.add(keyOf(row))
    }
    return keys.filter((key) => known.has(key)).length
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

function keyOf(row: Row): string {
  const pk = row['pk']?.S ?? ''
  return pk.slice(pk.lastIndexOf('#') + 1)
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
