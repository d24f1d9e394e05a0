import { ShardProgress } from '../checkpoint/shard-progress.ts'
import type { Checkpoint } from '../checkpoint/checkpoint.ts'
import type { Flow } from '../consumer/flow.ts'
import { parseSequenceNumber, type SequenceNumber } from '../record/sequence-number.ts'
import { fromSdkRecord, type SdkRecord } from '../source/sdk-record.ts'
import type { RawChange, RawRecord } from '../source/source.ts'

// Records handed over at once: with a ledger, that it is asked for in one request.
const sliceSize = 100

/** How far records may be read ahead of the first one that is not settled. */
export interface RunAhead {
  readonly maxRecords: number
  readonly maxBytes: number
}

/** What an intake is made of. */
export interface IntakeOptions {
  readonly flow: Flow
  readonly checkpoint: Checkpoint
  readonly streamArn: string
  readonly shardId: string
  readonly runAhead: RunAhead
  /** Records older than this (epoch ms) are not wanted, up to the first one that is. */
  readonly notBefore: number | undefined
  /** Awaited once, when the first records are counted and none of them is handed over. */
  readonly begin?: () => Promise<void>
}

/**
 * Takes a shard's pages into a flow and counts what becomes of their records: the joint between reading, handling and the
 * checkpoint. What is settled is known by its place in the shard; what an earlier reader has settled is passed over.
 */
export class Intake {
  readonly progress: ShardProgress
  readonly #options: IntakeOptions
  #notBefore: number | undefined
  #admittedCount = 0
  #hasRead = false
  // Where each page with unsettled records begins, and when its first record was written.
  #pages: { readonly ordinal: number; readonly createdAt: number | undefined }[] = []
  #onMove: (() => void) | undefined

  constructor(options: IntakeOptions) {
    this.#options = options
    this.#notBefore = options.notBefore
    this.progress = new ShardProgress(options.checkpoint)
  }

  /** Whether the shard was read at all, be it that nothing was found. */
  get hasRead(): boolean {
    return this.#hasRead
  }

  /** When the first record that is not settled was written, epoch ms, as exactly as its page's first record tells. */
  get oldestUnsettledAt(): number | undefined {
    if (this.progress.unsettledCount === 0) return undefined
    this.#forgetPages()
    return this.#pages[0]?.createdAt
  }

  /** Whether no more may be read until the frontier moves: a lane that is stuck holds it, or handlers are slow. */
  get isFull(): boolean {
    const { maxRecords, maxBytes } = this.#options.runAhead
    return this.progress.spanCount >= maxRecords || this.progress.spanBytes >= maxBytes
  }

  /**
   * Counts a page and hands it to the flow, as the flow has room for it. Rejects as `Flow.admit` does.
   *
   * @param isBehindLatest It was read from LATEST on. Nothing in it is too old then, and to judge it by its age would lose
   * what is written for as long as the clock by which the lease was made is ahead.
   */
  async take(page: readonly SdkRecord[], isBehindLatest = false): Promise<void> {
    this.#hasRead = true
    if (isBehindLatest && page.length > 0) this.#notBefore = undefined
    const wanted = this.#wanted(page)
    for (let at = 0; at < wanted.length; at += sliceSize) {
      await this.#options.flow.room()
      await this.#admit(wanted.slice(at, at + sliceSize))
    }
  }

  async #admit(slice: readonly SdkRecord[]): Promise<void> {
    const { flow, streamArn, shardId } = this.#options
    const firstOrdinal = this.#admittedCount
    const settled = slice.map((record) => this.progress.admit(sequenceNumberOf(record), sizeOf(record)).settled)
    this.#forgetPages()
    this.#pages.push({ ordinal: firstOrdinal, createdAt: createdAtOf(slice[0]) })
    this.#admittedCount += slice.length
    if (firstOrdinal === 0) await this.#options.begin?.()
    await flow.admit(
      { records: slice.map((record): RawRecord => fromSdkRecord(record, streamArn)), shardId },
      (position) => settled[position] === true,
      (position) => this.#settle(firstOrdinal + position),
    )
  }

  /** Resolves when something more was settled, or at the next `wake`. */
  moved(): Promise<void> {
    return new Promise((resolve) => (this.#onMove = resolve))
  }

  /** Ends a wait for `moved`. */
  wake(): void {
    this.#onMove?.()
    this.#onMove = undefined
  }

  #forgetPages(): void {
    const frontier = this.#admittedCount - this.progress.spanCount
    const current = this.#pages.findLastIndex(({ ordinal }) => ordinal <= frontier)
    if (current > 0) this.#pages.splice(0, current)
  }

  #settle(ordinal: number): void {
    this.progress.settle(ordinal)
    this.wake()
  }

  #wanted(page: readonly SdkRecord[]): readonly SdkRecord[] {
    const notBefore = this.#notBefore
    if (notBefore === undefined || page.length === 0) return page
    const from = page.findIndex((record) => (createdAtOf(record) ?? Infinity) >= notBefore)
    if (from >= 0) this.#notBefore = undefined // the stream is in order: nothing old comes behind a wanted record
    return from < 0 ? [] : page.slice(from)
  }
}

function changeOf(record: SdkRecord | undefined): RawChange {
  return record?.dynamodb ?? {}
}

function sequenceNumberOf(record: SdkRecord | undefined): SequenceNumber {
  return parseSequenceNumber(changeOf(record).SequenceNumber, 'dynamodb.SequenceNumber')
}

function sizeOf(record: SdkRecord | undefined): number {
  const { SizeBytes } = changeOf(record)
  return typeof SizeBytes === 'number' ? SizeBytes : 0
}

function createdAtOf(record: SdkRecord | undefined): number | undefined {
  const { ApproximateCreationDateTime: at } = changeOf(record)
  return at instanceof Date ? at.getTime() : typeof at === 'number' ? at * 1_000 : undefined
}
