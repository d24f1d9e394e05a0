import { DeadlineError } from '../errors.ts'

/** How a {@link MarkWriter} sends. */
export interface MarkWriterOptions<Mark> {
  /** Makes these marks durable; rejects when it can't, and then none of them counts as durable. */
  readonly write: (marks: readonly Mark[]) => Promise<void>
  /** The most marks one `write` takes. */
  readonly chunkSize: number
  /** The most writes under way at once. */
  readonly maxInFlight: number
  /**
   * When to send without being told to flush: `full` waits until a whole chunk is pending (fewest requests), `eager`
   * sends whatever is pending as soon as a write may go (shortest time in which a crash leaves an outcome unknown).
   */
  readonly pace: 'full' | 'eager'
}

interface Pending<Mark> {
  readonly mark: Mark
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Writes completion marks in chunks, behind the handlers, so that no mark overtakes an earlier mark of its lane.
 *
 * A lane's marks queue up; only the head of a lane may be sent, and the next head only after the write that carried the
 * one before it was acknowledged. A chunk is not atomic (BatchWriteItem may apply part of it and the process may die),
 * so two marks of one lane must never travel in one chunk. When a write fails, what waits behind it in its lanes fails
 * too, for the same reason.
 */
export class MarkWriter<Mark extends { readonly laneKey: string }> {
  readonly #options: MarkWriterOptions<Mark>
  readonly #lanes = new Map<string, Pending<Mark>[]>()
  // Lanes whose head is neither sent nor acknowledged, in the order in which their heads became ready.
  readonly #ready: string[] = []
  #pendingCount = 0
  #inFlightCount = 0
  readonly #flushes: (() => void)[] = []
  // Lanes that lost a mark: nothing later of theirs may become durable through this writer.
  readonly #failed = new Map<string, { readonly error: unknown }>()

  constructor(options: MarkWriterOptions<Mark>) {
    this.#options = options
  }

  /** Queues a mark; resolves when it is durable. */
  add(mark: Mark): Promise<void> {
    const failed = this.#failed.get(mark.laneKey)
    if (failed !== undefined) return Promise.reject(failed.error)
    return new Promise((resolve, reject) => {
      this.#pendingCount += 1
      const lane = this.#lanes.get(mark.laneKey)
      if (lane === undefined) {
        this.#lanes.set(mark.laneKey, [{ mark, resolve, reject }])
        this.#ready.push(mark.laneKey)
      } else lane.push({ mark, resolve, reject })
      this.#send()
    })
  }

  /** Sends all that is pending; resolves once every mark added so far is durable or has failed. */
  flush(): Promise<void> {
    if (this.#lanes.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#flushes.push(resolve)
      this.#send()
    })
  }

  /** Gives up what was not sent yet: it fails, and so will what comes behind it in its lanes. What is under way may land. */
  abandon(): void {
    const error = new DeadlineError('its mark was not durable when the host was answered; the record comes again')
    const unsent = new Set(this.#ready.splice(0))
    for (const [laneKey, lane] of this.#lanes) {
      this.#failed.set(laneKey, { error })
      const abandoned = lane.splice(unsent.has(laneKey) ? 0 : 1)
      this.#pendingCount -= abandoned.length
      if (lane.length === 0) this.#lanes.delete(laneKey)
      for (const { reject } of abandoned) reject(error)
    }
    this.#resolveFlushes()
  }

  #send(): void {
    while (this.#mayGo()) {
      const laneKeys = this.#ready.splice(0, this.#options.chunkSize)
      this.#inFlightCount += 1
      this.#pendingCount -= laneKeys.length
      void this.#sendChunk(laneKeys)
    }
  }

  #mayGo(): boolean {
    if (this.#ready.length === 0 || this.#inFlightCount >= this.#options.maxInFlight) return false
    return this.#options.pace === 'eager' || this.#flushes.length > 0 || this.#pendingCount >= this.#options.chunkSize
  }

  async #sendChunk(laneKeys: readonly string[]): Promise<void> {
    const heads = laneKeys.flatMap((laneKey) => this.#lanes.get(laneKey)?.[0] ?? [])
    try {
      await this.#options.write(heads.map(({ mark }) => mark))
      for (const head of heads) this.#acknowledge(head)
    } catch (error) {
      for (const head of heads) this.#fail(head, error)
    }
    this.#inFlightCount -= 1
    this.#send()
    this.#resolveFlushes()
  }

  #resolveFlushes(): void {
    if (this.#lanes.size === 0) for (const resolve of this.#flushes.splice(0)) resolve()
  }

  #acknowledge(head: Pending<Mark>): void {
    const { laneKey } = head.mark
    const lane = this.#lanes.get(laneKey) ?? []
    lane.shift()
    if (lane.length === 0) this.#lanes.delete(laneKey)
    else this.#ready.push(laneKey)
    head.resolve()
  }

  #fail(head: Pending<Mark>, error: unknown): void {
    const lane = this.#lanes.get(head.mark.laneKey) ?? []
    this.#lanes.delete(head.mark.laneKey)
    this.#failed.set(head.mark.laneKey, { error })
    this.#pendingCount -= lane.length - 1
    for (const pending of lane) pending.reject(error)
  }
}
