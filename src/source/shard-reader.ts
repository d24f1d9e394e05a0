import { isTransientAwsError } from '../internal/aws-error.ts'
import type { Clock, Random } from '../internal/clock.ts'
import { parseSequenceNumber } from '../record/sequence-number.ts'
import { nextReadAt, noReads, type ReadHistory, type ReadPaceOptions } from './read-pace.ts'
import type { SdkRecord } from './sdk-record.ts'
import type { ReadPosition, ShardAnswer, StreamReading } from './stream-reading.ts'

/** What a reader needs. */
export interface ShardReaderOptions extends Partial<ReadPaceOptions> {
  readonly reading: StreamReading
  readonly streamArn: string
  readonly shardId: string
  /** Where the first record is. */
  readonly position: ReadPosition
  /**
   * Another reader may have asked for it just now: the first read keeps the distance that the rate demands. The service counts
   * all readers of a shard together, and a read that it refuses is sent again by the SDK's client only after up to a second.
   */
  readonly hasJustBeenRead?: boolean
  readonly clock: Clock
  readonly random: Random
  /** Ends the reading: every call after it answers `stopped`. */
  readonly signal: AbortSignal
  /** Told of what is waited out: throttling, network, the service itself. */
  readonly onTrouble: (error: unknown) => void
}

/** What a reader answers. */
export type ReaderAnswer = ShardAnswer | { readonly status: 'stopped' }

// AWS: at most 1,000 records and 1 MB a page.
const pageLimit = 1_000
const stopped: ReaderAnswer = { status: 'stopped' }
const end: ReaderAnswer = { status: 'end' }

/**
 * Reads one shard in order, a page a call, at the pace that the service allows. One `read` at a time.
 *
 *     closed ── openIterator ──▶ open ── a page with a next iterator ──▶ open
 *       ▲                         │ └─── a page without one ───────────▶ over: `end` from now on
 *       └── expired, or trimmed ──┘   (and opened anew; trimmed is believed only of an iterator that was opened just now)
 *
 * Its position moves only with records it returns, so an iterator that is lost costs nothing but a call. While nothing was
 * returned yet it begins again where it began. For `LATEST` that can't mean LATEST: what was written since the first
 * iterator was opened would be passed over. It goes back to TRIM_HORIZON then, and who has asked for LATEST drops what is
 * older than its lease (`Lease.createdAt`), as it has to with records that an earlier owner of the lease did not settle.
 */
export class ShardReader {
  readonly #options: ShardReaderOptions
  readonly #pace: ReadPaceOptions
  #position: ReadPosition
  #iterator: string | undefined
  #history: ReadHistory = noReads
  #jitter = 0
  #isOver = false
  #isFresh = false
  #isBehindLatest: boolean

  constructor(options: ShardReaderOptions) {
    const { position, clock, maxReadsPerSecond = 5, idlePollMs = 2_000, hasJustBeenRead = false } = options
    this.#options = options
    this.#pace = { maxReadsPerSecond, idlePollMs }
    this.#position = position
    this.#isBehindLatest = position.type === 'LATEST'
    if (hasJustBeenRead) this.#history = { ...noReads, sentAt: clock.monotonic() }
  }

  /** Whether what it returns was written since LATEST was asked for, whatever the records say of their age. */
  get isBehindLatest(): boolean {
    return this.#isBehindLatest
  }

  /**
   * Waits as long as the pace demands, then answers. What passes by itself is waited out here, for ever, and told to
   * `onTrouble`; what somebody has to mend (no permission, a request that is refused as wrong) is thrown. A call that is
   * under way when the signal aborts is given up, its answer dropped: the checkpoint knows nothing of it. Whoever reads the
   * shard next would otherwise wait for it, and it may be waiting itself, in the client, to be sent once more.
   */
  async read(): Promise<ReaderAnswer> {
    const { clock, signal } = this.#options
    while (!signal.aborted) {
      if (this.#isOver) return end
      const dueAt = nextReadAt(this.#history, this.#pace, this.#jitter)
      const waitMs = dueAt === -Infinity ? 0 : dueAt - clock.monotonic()
      if (waitMs > 0) {
        await clock.sleep(waitMs, signal)
        continue // aborted, or early: look again
      }
      const answer = await this.#attempt()
      if (answer !== undefined) return signal.aborted ? stopped : answer
    }
    return stopped
  }

  async #attempt(): Promise<ReaderAnswer | undefined> {
    try {
      return await this.#page()
    } catch (error) {
      if (this.#options.signal.aborted) return undefined
      if (!isTransientAwsError(error)) throw error
      this.#history = { ...this.#history, failureCount: this.#history.failureCount + 1 }
      this.#jitter = this.#options.random.next()
      this.#options.onTrouble(error)
      return undefined
    }
  }

  /** One page, or `undefined` when the iterator has expired. */
  async #page(): Promise<ReaderAnswer | undefined> {
    const { reading, streamArn, shardId, clock, signal } = this.#options
    this.#history = { ...this.#history, sentAt: clock.monotonic() }
    if (this.#iterator === undefined) {
      const opened = await reading.openIterator(streamArn, shardId, this.#position, signal)
      if (opened.status !== 'opened') return opened
      this.#iterator = opened.iterator
      this.#isFresh = true
    }
    const page = await reading.getRecords(this.#iterator, pageLimit, signal)
    if (page.status === 'records') return this.#take(page.records, page.next)
    this.#iterator = undefined
    if (page.status === 'missing' || (page.status === 'trimmed' && this.#isTrimmed())) return page
    this.#isFresh = false
    if (this.#position.type === 'LATEST') {
      this.#position = { type: 'TRIM_HORIZON' }
      this.#isBehindLatest = false
    }
    return undefined
  }

  /**
   * Whether it is to be believed that the position was trimmed: only of an iterator that was opened just now, and never of
   * one at TRIM_HORIZON, which is wherever the oldest record is. DynamoDB Local says so of the next iterator of an empty
   * shard once another table's stream has got records.
   */
  #isTrimmed(): boolean {
    return this.#isFresh && this.#position.type !== 'TRIM_HORIZON' && this.#position.type !== 'LATEST'
  }

  #take(records: readonly SdkRecord[], next: string | undefined): ReaderAnswer {
    const last = records.at(-1)
    // Before anything of it is believed: a page whose end can't be named is not taken, and not half of it either.
    if (last !== undefined) this.#position = { type: 'AFTER_SEQUENCE_NUMBER', after: sequenceNumberOf(last) }
    this.#iterator = next
    this.#isFresh = false
    this.#isOver = next === undefined
    const emptyCount = last === undefined ? this.#history.emptyCount + 1 : 0
    this.#history = { ...this.#history, failureCount: 0, emptyCount }
    return last === undefined && this.#isOver ? end : { status: 'records', records }
  }
}

function sequenceNumberOf({ dynamodb }: SdkRecord) {
  const { SequenceNumber } = (dynamodb ?? {}) as { readonly SequenceNumber?: unknown }
  return parseSequenceNumber(SequenceNumber, 'dynamodb.SequenceNumber')
}
