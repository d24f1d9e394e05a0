import type { Messages } from '../../telemetry/channels.ts'

const mostRemembered = 10_000

/** Remembers at which records lanes stopped, so that each is told of once, and not at each of its next attempts. */
export class StoppedLanes {
  readonly #laneKeys = new Map<string, string>()

  /** Whether that is news. */
  add({ consumer, laneKey, sequenceNumber }: Messages['tidemark:lane:stopped']): boolean {
    const id = `${consumer} ${sequenceNumber}`
    if (this.#laneKeys.has(id)) return false
    // Those of shards that went to other workers are never removed; to tell some of them twice does no harm.
    if (this.#laneKeys.size >= mostRemembered) this.#laneKeys.clear()
    this.#laneKeys.set(id, laneKey)
    return true
  }

  /** The lane's key when it was stopped at this record. */
  remove({ consumer, sequenceNumber }: Messages['tidemark:record:handled']): string | undefined {
    if (this.#laneKeys.size === 0) return undefined
    const id = `${consumer} ${sequenceNumber}`
    const laneKey = this.#laneKeys.get(id)
    this.#laneKeys.delete(id)
    return laneKey
  }
}
