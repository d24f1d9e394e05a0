import type { Clock, Random } from '../../internal/clock.ts'
import { fromSdkRecord } from '../../source/sdk-record.ts'
import { ShardReader } from '../../source/shard-reader.ts'
import type { RawRecord } from '../../source/source.ts'
import type { ShardListing, StreamReading } from '../../source/stream-reading.ts'

/** What a {@link StreamTail} needs. */
export interface StreamTailOptions {
  readonly reading: StreamReading
  readonly streamArn: string
  /** `LATEST`: what is written from now on. `TRIM_HORIZON`: everything there is, and then that. */
  readonly startAt: 'LATEST' | 'TRIM_HORIZON'
  readonly clock: Clock
  readonly random: Random
  /** Ends it. */
  readonly signal: AbortSignal
  /** Records of one shard, in its order. */
  onRecords(shardId: string, records: readonly RawRecord[]): void
  /** Something to be told that does not end it. */
  onTrouble(shardId: string, what: string): void
}

// A listing is eventually consistent: children may come late, and are looked for again.
const lookAgainMs = 5_000
const idlePollMs = 1_000

/**
 * Reads all shards of a stream side by side, and children behind their parents: without leases, checkpoints or promises,
 * for a person who watches. A shard is read once its parent was read to its end, is not listed any more, or, with
 * `LATEST`, was over before we began.
 *
 *     listed ── parent is over ──▶ reading ── its end, or it is gone ──▶ over
 */
export class StreamTail {
  readonly #options: StreamTailOptions
  readonly #begun = new Map<string, Promise<void>>()
  readonly #over = new Set<string>()
  readonly #failed: Promise<never>
  #fail: (error: unknown) => void = () => {}

  constructor(options: StreamTailOptions) {
    this.#options = options
    this.#failed = new Promise((_resolve, reject) => (this.#fail = reject))
    this.#failed.catch(() => {}) // told by `start` when it comes before `run`
  }

  /** How many shards have been opened so far. */
  get shardCount(): number {
    return this.#begun.size
  }

  /** Begins; resolves when every shard that is open now has been looked at, so that nothing from then on is missed. */
  async start(): Promise<void> {
    const shards = await this.#list()
    const { startAt } = this.#options
    if (startAt === 'LATEST') for (const shard of shards) if (shard.closed) this.#over.add(shard.shardId)
    await Promise.all(this.#ready(shards).map(({ shardId }) => this.#begin(shardId, startAt)))
  }

  /** Follows the stream until the signal aborts. Rejects when a shard can't be read at all. */
  async run(): Promise<void> {
    const { clock, signal } = this.#options
    while (!signal.aborted) {
      await Promise.race([clock.sleep(lookAgainMs, signal), this.#failed])
      if (!signal.aborted) this.#beginAll(await this.#list())
    }
    await Promise.race([Promise.all(this.#begun.values()), this.#failed])
  }

  async #list(): Promise<readonly ShardListing[]> {
    const { reading, streamArn } = this.#options
    return (await reading.describe(streamArn))?.shards ?? []
  }

  #ready(shards: readonly ShardListing[]): readonly ShardListing[] {
    const listed = new Set(shards.map(({ shardId }) => shardId))
    // A listing may lack what it had before: a shard that is being read is not over because it is not listed.
    const isGone = (id: string) => !listed.has(id) && !this.#begun.has(id)
    const isDone = (id: string | undefined) => id === undefined || this.#over.has(id) || isGone(id)
    return shards.filter(
      ({ shardId, parentShardId }) => !this.#begun.has(shardId) && !this.#over.has(shardId) && isDone(parentShardId),
    )
  }

  #beginAll(shards: readonly ShardListing[]): void {
    // What is found from now on was born meanwhile: from its beginning.
    for (const { shardId } of this.#ready(shards)) void this.#begin(shardId, 'TRIM_HORIZON')
  }

  /** Begins to read a shard; resolves when it was read for the first time. */
  #begin(shardId: string, type: 'LATEST' | 'TRIM_HORIZON'): Promise<void> {
    return new Promise((opened, failed) => {
      const reading = this.#read(shardId, type, opened).catch((error: unknown) => {
        failed(error)
        this.#fail(error)
      })
      this.#begun.set(shardId, reading)
    })
  }

  async #read(shardId: string, type: 'LATEST' | 'TRIM_HORIZON', onOpened: () => void): Promise<void> {
    const { streamArn, onRecords, onTrouble } = this.#options
    const reader = new ShardReader({
      ...{ ...this.#options, shardId, position: { type }, idlePollMs },
      onTrouble: (error) => onTrouble(shardId, `could not be read just now: ${String(error)}`),
    })
    for (;;) {
      const answer = await reader.read()
      onOpened()
      if (answer.status === 'stopped') return
      if (answer.status === 'trimmed') {
        onTrouble(shardId, 'was trimmed where it was being read: changes are missing here')
        return this.#read(shardId, 'TRIM_HORIZON', onOpened)
      }
      if (answer.status !== 'records') return this.#ended(shardId, answer.status)
      onRecords(
        shardId,
        answer.records.map((record) => fromSdkRecord(record, streamArn)),
      )
    }
  }

  async #ended(shardId: string, how: 'end' | 'missing'): Promise<void> {
    const { reading, streamArn, onTrouble } = this.#options
    if (how === 'missing') onTrouble(shardId, 'is gone')
    this.#over.add(shardId)
    this.#beginAll(await reading.children(streamArn, shardId))
  }
}
