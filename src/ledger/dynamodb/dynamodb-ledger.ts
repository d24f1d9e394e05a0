import type { Clock, Random } from '../../internal/clock.ts'
import { systemClock, systemRandom } from '../../internal/system.ts'
import { choice, functionNamed, knownNames, pattern, shape } from '../../internal/validate.ts'
import { DynamoDBParkingLot } from '../../parking/dynamodb/parking-lot.ts'
import { claimUntil, defaultWindowDays, windowMs, type Uncertain } from '../claim-ledger.ts'
import { claimRow, releaseRow } from './claims.ts'
import { completedByMarks } from './completed.ts'
import { readMarks } from './marks.ts'
import { rowsPerWrite, TableRequests, type DynamoDBSender } from './requests.ts'
import { markRow } from './rows.ts'
import type { Claim, ClaimOutcome, Ledger, LedgerBatch, LedgerEntry, LedgerSession } from '../ledger.ts'
import { MarkWriter } from '../mark-writer.ts'

/** What a DynamoDB ledger is made of. */
export interface DynamoDBLedgerOptions {
  /** A DynamoDBClient of the AWS SDK v3, or anything that takes its commands. */
  readonly client: DynamoDBSender
  /** The table; many consumers, and a worker's coordination, share one. See `createTidemarkTable`. */
  readonly tableName: string
  /**
   * Days for which a change is remembered; 1 to 3,650. It must outlast the longest time after which a change can come
   * again: the stream's 24 hours, dead letters that are redriven, and with `identity: 'message'` the producers' retries.
   * @default 7
   */
  readonly windowDays?: number
  /** What becomes of a record whose handler was started and never heard of again. @default 'retry' */
  readonly uncertain?: Uncertain
  readonly clock?: Clock
  readonly random?: Random
}

/**
 * Remembers in a DynamoDB table which changes have taken effect.
 *
 * With `uncertain: 'retry'` a batch of n records costs ⌈n / 100⌉ BatchGetItem and, where no two records are of one item,
 * ⌈n / 25⌉ BatchWriteItem: one read unit and one write unit a record; a batch seen before costs the reads alone. Records
 * of one item within a batch are marked one after the other, so many of them cost more requests, though no more units.
 * With `'park'` each record is claimed before its handler as well: one request and one write unit more a record.
 *
 * Its promises, and what breaks them: docs/guarantees.md.
 */
export function dynamodbLedger(options: DynamoDBLedgerOptions): Ledger {
  shape('dynamodbLedger options', options)
  knownNames('dynamodbLedger options', options, ['client', 'tableName', 'windowDays', 'uncertain', 'clock', 'random'])
  shape('client', options.client)
  functionNamed('client.send', options.client.send)
  const { clock = systemClock, random = systemRandom } = options
  const tableName = pattern('tableName', options.tableName, /^[A-Za-z0-9_.:/-]{3,1024}$/, 'the name or ARN of a table')
  const requests = new TableRequests(options.client, tableName, clock, random)
  const settings = {
    uncertain: choice('uncertain', options.uncertain ?? 'retry', ['retry', 'park'] as const),
    keepMs: windowMs(options.windowDays ?? defaultWindowDays),
    clock,
  }
  return {
    async open(batch) {
      const completed = await readMarks(requests, batch, clock.now())
      return new DynamoDBSession(batch, completed, requests, { ...settings, token: random.id() })
    },
    completed: (shard, entries) => completedByMarks(requests, shard, entries, clock.now()),
    parking: new DynamoDBParkingLot(options.client, tableName, clock, random),
    windowMs: settings.keepMs,
  }
}

interface SessionSettings {
  readonly uncertain: Uncertain
  readonly keepMs: number
  readonly clock: Clock
  readonly token: string
}

class DynamoDBSession implements LedgerSession {
  readonly laneWaits = false
  readonly #batch: LedgerBatch
  readonly #completed: Set<string>
  readonly #requests: TableRequests
  readonly #settings: SessionSettings
  readonly #marks: MarkWriter<LedgerEntry>
  // Marks under way, by idempotency key. One that has failed stays: the change must not run again in this batch.
  readonly #completing = new Map<string, Promise<void>>()

  constructor(batch: LedgerBatch, completed: Set<string>, requests: TableRequests, settings: SessionSettings) {
    this.#batch = batch
    this.#completed = completed
    this.#requests = requests
    this.#settings = settings
    this.#marks = new MarkWriter({
      write: (entries) => this.#writeMarks(entries),
      chunkSize: rowsPerWrite,
      maxInFlight: 8,
      // A claimed record without a mark is one that a crash leaves to a person: keep that time short.
      pace: settings.uncertain === 'park' ? 'eager' : 'full',
    })
  }

  claim(entry: LedgerEntry): Promise<ClaimOutcome> | ClaimOutcome {
    if (this.#completed.has(entry.idempotencyKey)) return { status: 'completed' }
    const completing = this.#completing.get(entry.idempotencyKey)
    if (completing !== undefined) return this.#onceDurable(completing)
    const { uncertain, token, clock, keepMs } = this.#settings
    if (uncertain === 'retry') return { status: 'claimed', claim: { entry, token } }
    const now = clock.now()
    const { consumer } = this.#batch
    return claimRow(this.#requests, entry, { consumer, token, now, until: claimUntil(now, this.#batch), keepMs })
  }

  complete({ entry }: Claim): Promise<void> {
    const key = entry.idempotencyKey
    const durable = this.#marks.add(entry)
    this.#completing.set(key, durable)
    durable.then(
      () => {
        this.#completed.add(key)
        this.#completing.delete(key)
      },
      () => {}, // whoever completes or claims is told
    )
    return durable
  }

  release({ entry, token }: Claim): Promise<void> | void {
    if (this.#settings.uncertain === 'retry') return undefined
    return releaseRow(this.#requests, this.#batch.consumer, entry, token, this.#settings.clock.now())
  }

  flush(): Promise<void> {
    return this.#marks.flush()
  }

  /** A duplicate is settled at once: were it before the mark is durable, a crash would leave neither it nor the mark. */
  async #onceDurable(completing: Promise<void>): Promise<ClaimOutcome> {
    void this.#marks.flush() // nobody else may ask for it while this lane waits
    await completing
    return { status: 'completed' }
  }

  close(): void {
    if (this.#settings.uncertain === 'retry') this.#marks.abandon()
  }

  #writeMarks(entries: readonly LedgerEntry[]): Promise<void> {
    const { clock, keepMs } = this.#settings
    const now = clock.now()
    // Two records of one identity can complete only one after the other, and the second is a duplicate: no row twice.
    return this.#requests.write(entries.map((entry) => markRow(this.#batch.consumer, entry, now, keepMs)))
  }
}
