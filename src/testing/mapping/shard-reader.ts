import type { _Record } from '@aws-sdk/client-dynamodb-streams'
import { retryDelayMs } from './retry-policy.ts'
import type { StreamGap } from './statistics.ts'
import type { Obstacle, Page, ShardPosition, StreamApi } from './stream-api.ts'
import type { MappingParts, ReadingProgress } from './sub-queue.ts'

/** Where a reader's records go. */
export interface RecordSink {
  /** Whether there is room for another page. */
  readonly hasRoom: boolean
  accept(records: readonly _Record[]): void
}

/** What a reader is started with. */
export interface ReaderStart {
  readonly shardId: string
  readonly from: 'TRIM_HORIZON' | 'LATEST'
  /** The shard appeared while the stream was being followed: if its records are gone, they are lost to us. */
  readonly appearedLater: boolean
}

/** Reads one shard from its start to its end, in order, as far as the sink has room. */
export class ShardReader implements ReadingProgress {
  readonly #start: ReaderStart
  readonly #parts: MappingParts
  readonly #sink: RecordSink
  readonly #round: () => number
  readonly opened: Promise<void>
  #open = () => {}
  #position: ShardPosition
  #iterator: string | undefined
  #gap: StreamGap | undefined
  #failures = 0
  #completeRound = -1
  ended: boolean = false
  completeAt: number = -Infinity

  /** @param round Counts those who want to know when everything has been read that is there at their asking. */
  constructor(start: ReaderStart, parts: MappingParts, sink: RecordSink, round: () => number) {
    this.#start = start
    this.#parts = parts
    this.#sink = sink
    this.#round = round
    this.#position = { type: start.from }
    this.opened = new Promise((resolve) => (this.#open = resolve))
  }

  /** Whether everything has been read that was there when this round began. An empty page is taken for the end of what is there. */
  completeSince(round: number): boolean {
    return this.ended || this.#completeRound >= round
  }

  async run(api: StreamApi, stopped: AbortSignal): Promise<void> {
    const { changed, hurry, options } = this.#parts
    while (!stopped.aborted && !this.ended) {
      if (!this.#sink.hasRoom) {
        await changed.rung()
        continue
      }
      const [round, now] = [this.#round(), options.clock.now()]
      const answer = await this.#look(api)
      const found = answer.status === 'read' ? this.#take(answer) : this.#meet(answer)
      if (answer.status === 'read' && !found) [this.#completeRound, this.completeAt] = [round, now]
      changed.ring()
      if (!found && !this.ended && round === this.#round() && !stopped.aborted) await hurry.rungWithin(this.#napMs())
    }
    this.#open()
  }

  async #look(api: StreamApi): Promise<Page | Obstacle> {
    if (this.#iterator === undefined) {
      const opened = await api.openIterator(this.#start.shardId, this.#position)
      if (opened.status !== 'opened') return opened
      this.#iterator = opened.iterator
      this.#open()
    }
    return await api.readPage(this.#iterator, 1000)
  }

  #take({ records, next }: Page): boolean {
    this.#failures = 0
    this.#iterator = next
    this.ended = next === undefined
    const [first] = records
    const last = records.at(-1)?.dynamodb?.SequenceNumber
    if (first === undefined || last === undefined) return false
    this.#closeGap(first.dynamodb?.SequenceNumber)
    this.#position = { type: 'AFTER_SEQUENCE_NUMBER', after: last }
    this.#sink.accept(records)
    return true
  }

  #meet(obstacle: Obstacle): boolean {
    const { tally } = this.#parts
    switch (obstacle.status) {
      case 'expired':
        this.#iterator = undefined
        // Nothing read yet, so nothing to go on from: what came since the iterator was opened is passed over.
        if (this.#position.type === 'LATEST') this.#noteGap()
        break
      case 'trimmed':
        this.#iterator = undefined
        if (this.#isLoss()) this.#noteGap()
        this.#position = { type: 'TRIM_HORIZON' }
        break
      case 'gone':
        if (this.#isLoss()) this.#noteGap()
        this.ended = true
        break
      case 'failed':
        this.#failures++
        // An iterator that the service does not take would never get better; but the one of LATEST can't be had again.
        if (this.#position.type !== 'LATEST') this.#iterator = undefined
        tally.streamErrorCount++
        tally.lastError = obstacle.error
    }
    return false
  }

  // What is gone before a shard was begun was not ours to read, unless the stream was being followed already.
  #isLoss(): boolean {
    return this.#position.type === 'AFTER_SEQUENCE_NUMBER' || this.#start.appearedLater
  }

  #noteGap(): void {
    if (this.#gap !== undefined) return
    const after = this.#position.type === 'AFTER_SEQUENCE_NUMBER' ? { after: this.#position.after } : {}
    this.#gap = { shardId: this.#start.shardId, ...after }
    this.#parts.tally.gaps = [...this.#parts.tally.gaps, this.#gap]
  }

  #closeGap(before: string | undefined): void {
    const open = this.#gap
    if (open === undefined || before === undefined) return
    const { tally } = this.#parts
    tally.gaps = tally.gaps.map((gap) => (gap === open ? { ...open, before } : gap))
    this.#gap = undefined
  }

  #napMs(): number {
    const { pollIntervalMs, retryDelayMs: baseMs, random } = this.#parts.options
    return Math.max(pollIntervalMs, this.#failures === 0 ? 0 : retryDelayMs(this.#failures, baseMs, random.next()))
  }
}
