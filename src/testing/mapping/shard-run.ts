import type { _Record } from '@aws-sdk/client-dynamodb-streams'
import { lambdaJson, lambdaRecord, mappedRecord } from './mapped-record.ts'
import { type ReaderStart, type RecordSink, ShardReader } from './shard-reader.ts'
import type { StreamApi } from './stream-api.ts'
import { type MappingParts, SubQueue } from './sub-queue.ts'

/** One shard: read in order, and dealt by item to queues that are delivered side by side. */
export class ShardRun implements RecordSink {
  readonly #parts: MappingParts
  readonly #reader: ShardReader
  readonly #queues: readonly SubQueue[]
  readonly #capacity: number

  constructor(start: ReaderStart, parts: MappingParts, round: () => number) {
    const { parallelizationFactor, tumblingWindowInSeconds, batchSize } = parts.options
    // A window's state is the shard's: two batches at once would each go on from the same state.
    const count = tumblingWindowInSeconds > 0 ? 1 : parallelizationFactor
    this.#parts = parts
    this.#reader = new ShardReader(start, parts, this, round)
    this.#queues = Array.from({ length: count }, () => new SubQueue(start.shardId, parts, this.#reader))
    this.#capacity = Math.max(1000, 2 * batchSize * count)
  }

  /** Resolves when the shard's first iterator has been opened. */
  get opened(): Promise<void> {
    return this.#reader.opened
  }

  get hasRoom(): boolean {
    return this.#pending < this.#capacity
  }

  /** Read to its end, and every record settled. */
  get finished(): boolean {
    return this.#reader.ended && this.#pending === 0
  }

  /** Whether every record is settled that was there when this round began. */
  isSettledSince(round: number): boolean {
    return this.#reader.completeSince(round) && this.#pending === 0
  }

  accept(records: readonly _Record[]): void {
    const { tally, options } = this.#parts
    tally.polledEventCount += records.length
    const selected = records.flatMap((raw) => {
      const json = lambdaJson(raw, options.streamArn)
      const record = lambdaRecord(json)
      return options.selection.matches(record) ? [mappedRecord(record, json)] : []
    })
    tally.filteredOutEventCount += records.length - selected.length
    for (const [index, queue] of this.#queues.entries()) {
      queue.push(selected.filter(({ itemKey }) => queueOf(itemKey, this.#queues.length) === index))
    }
  }

  /** Goes on until the shard is finished or `stopped` aborts; can be called again after that. */
  async run(api: StreamApi, stopped: AbortSignal): Promise<void> {
    await Promise.all([this.#reader.run(api, stopped), ...this.#queues.map((queue) => queue.run(stopped))])
  }

  get #pending(): number {
    return this.#queues.reduce((total, queue) => total + queue.pending, 0)
  }
}

// FNV-1a: the same item comes into the same queue in every run.
function queueOf(itemKey: string, count: number): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(itemKey)) hash = Math.imul(hash ^ byte, 0x01000193)
  return (hash >>> 0) % count
}
