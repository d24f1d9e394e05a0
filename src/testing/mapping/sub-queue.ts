import type { Bell } from './bell.ts'
import { Delivery } from './delivery.ts'
import { envelopeBytes } from './envelope.ts'
import type { MappedRecord } from './mapped-record.ts'
import type { ResolvedMappingOptions } from './options.ts'
import type { Tally } from './statistics.ts'
import { takeBatch } from './take-batch.ts'
import {
  isOversize,
  type OpenWindow,
  windowAt,
  type WindowFrame,
  windowFrame,
  type WindowPhase,
} from './tumbling-window.ts'

/** What a queue is told of the reading of its shard. */
export interface ReadingProgress {
  /** The shard has been read to its end. */
  readonly ended: boolean
  /** Epoch milliseconds: everything that the shard held then has been handed on. */
  readonly completeAt: number
}

/** What the parts of a mapping share. */
export interface MappingParts {
  readonly options: ResolvedMappingOptions
  readonly tally: Tally
  /** Rung whenever something was read, settled or finished. */
  readonly changed: Bell
  /** Rung when those who sleep should look at the stream at once. */
  readonly hurry: Bell
}

/**
 * The records of some of a shard's items, in stream order; one batch of them is delivered at a time. A record leaves the
 * queue when it is settled and not before, so the front of the queue is its checkpoint.
 */
export class SubQueue {
  readonly #shardId: string
  readonly #parts: MappingParts
  readonly #progress: ReadingProgress
  readonly #delivery: Delivery
  #waiting: readonly MappedRecord[] = []
  #batchingSince = 0
  #window: OpenWindow | undefined
  #phase: WindowPhase = 'open'

  constructor(shardId: string, parts: MappingParts, progress: ReadingProgress) {
    this.#shardId = shardId
    this.#parts = parts
    this.#progress = progress
    this.#delivery = new Delivery(shardId, parts.options, parts.tally, {
      settle: (count) => this.#settle(count),
      frame: () => this.#frame(),
      keepState: (state) => this.#keepState(state),
    })
  }

  /** Records that are not settled. */
  get pending(): number {
    return this.#waiting.length
  }

  push(records: readonly MappedRecord[]): void {
    if (this.#waiting.length === 0) this.#batchingSince = this.#parts.options.clock.monotonic()
    this.#waiting = [...this.#waiting, ...records]
  }

  /** Delivers until stopped, or until the shard has ended and nothing of it is left here. */
  async run(stopped: AbortSignal): Promise<void> {
    while (!stopped.aborted) {
      const over = this.#windowOver()
      const count = over === undefined ? this.#readyCount() : 0
      if (over !== undefined) await this.#closeWindow(over, stopped)
      else if (count > 0) await this.#deliver(count, stopped)
      else if (this.#waiting.length === 0 && this.#progress.ended) return
      else await this.#wait()
    }
  }

  async #deliver(count: number, stopped: AbortSignal): Promise<void> {
    this.#window ??= this.#nextWindow()
    await this.#delivery.deliver(this.#waiting.slice(0, count), stopped)
    this.#batchingSince = this.#parts.options.clock.monotonic()
  }

  // Zero: not yet. A batch waits while it can still grow, until its time is up.
  #readyCount(): number {
    const open = this.#window ?? this.#nextWindow()
    const growing = this.#waiting.filter(({ createdAt }) => open === undefined || createdAt < open.end)
    const { batchSize, payloadLimitBytes } = this.#parts.options
    const { count, full } = takeBatch(growing, {
      batchSize,
      payloadBytes: payloadLimitBytes - envelopeBytes(this.#frame()),
    })
    const closed = growing.length < this.#waiting.length || this.#progress.ended
    return full || closed || this.#remainingBatchingMs() <= 0 ? count : 0
  }

  #remainingBatchingMs(): number {
    const { clock, maximumBatchingWindowInSeconds } = this.#parts.options
    return this.#batchingSince + maximumBatchingWindowInSeconds * 1000 - clock.monotonic()
  }

  async #wait(): Promise<void> {
    const { changed } = this.#parts
    await (this.#waiting.length > 0 ? changed.rungWithin(this.#remainingBatchingMs()) : changed.rung())
  }

  #settle(count: number): void {
    this.#waiting = this.#waiting.slice(count)
    this.#parts.changed.ring()
  }

  #nextWindow(): OpenWindow | undefined {
    const { tumblingWindowInSeconds } = this.#parts.options
    const [head] = this.#waiting
    return tumblingWindowInSeconds === 0 || head === undefined
      ? undefined
      : windowAt(head.createdAt, tumblingWindowInSeconds)
  }

  #windowOver(): WindowPhase | undefined {
    const open = this.#window
    if (open === undefined) return undefined
    if (isOversize(open)) return 'terminated'
    const [head] = this.#waiting
    if (head !== undefined) return head.createdAt >= open.end ? 'final' : undefined
    if (this.#progress.completeAt >= open.end) return 'final'
    return this.#progress.ended ? 'terminated' : undefined
  }

  async #closeWindow(phase: WindowPhase, stopped: AbortSignal): Promise<void> {
    this.#phase = phase
    if (await this.#delivery.closeWindow(stopped)) this.#window = undefined
    this.#phase = 'open'
  }

  #frame(): WindowFrame | undefined {
    const open = this.#window ?? this.#nextWindow()
    const { streamArn } = this.#parts.options
    return open === undefined ? undefined : windowFrame(open, this.#phase, this.#shardId, streamArn)
  }

  #keepState(state: unknown): void {
    if (this.#window !== undefined) this.#window = { ...this.#window, state }
  }
}
