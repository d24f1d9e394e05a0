import type { Logger } from '../telemetry/log.ts'

/**
 * What outlived the batch or the flow that began it, by lane. While there is anything of a lane, nothing else of it may be run: two
 * handlers at once would break the item's order.
 *
 * Of one lane there may be several. A lane that only waits for a straggler is left behind as well when its own batch is over,
 * and ends at once, having run nothing. Were it kept in the place of the one that it waited for, the lane would seem to be
 * free while that handler still runs.
 */
export class Stragglers {
  readonly #consumer: string
  readonly #logger: Logger
  readonly #ends = new Map<string, Set<Promise<void>>>()

  constructor(consumer: string, logger: Logger) {
    this.#consumer = consumer
    this.#logger = logger
  }

  /** Whether there is none, of any lane. */
  get areNone(): boolean {
    return this.#ends.size === 0
  }

  /** The keys of lanes that have any. */
  get laneKeys(): readonly string[] {
    return [...this.#ends.keys()]
  }

  /** The end of one of this lane; `undefined` when there is none. */
  of(laneKey: string): Promise<void> | undefined {
    const [first] = this.#ends.get(laneKey) ?? []
    return first
  }

  /** Leaves lanes behind that are being worked, each with its end. */
  leave(working: ReadonlyMap<string, Promise<void>>, shardId?: string): void {
    for (const [laneKey, end] of working) {
      this.#logger.warn('a handler goes on although its signal was aborted; its item waits until it returns', {
        consumer: this.#consumer,
        ...(shardId === undefined ? {} : { shardId }),
        laneKey,
      })
      this.#add(laneKey, end)
    }
  }

  #add(laneKey: string, end: Promise<void>): void {
    const ends = this.#ends.get(laneKey) ?? new Set()
    this.#ends.set(laneKey, ends)
    const straggler = end.finally(() => {
      ends.delete(straggler)
      if (ends.size === 0) this.#ends.delete(laneKey)
    })
    ends.add(straggler)
  }
}
