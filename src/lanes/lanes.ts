import { Slots } from './slots.ts'

/** What a lane does after a record: go on with its next one, or leave the rest unsettled for a later delivery. */
export type LaneStep = 'next' | 'stop'

/** Works one record. It owns a slot while it runs, and may lend it out while it only waits. */
export type LaneWorker<Work> = (work: Work, slots: Slots) => Promise<LaneStep>

/**
 * Runs work side by side across lanes and strictly one after the other within a lane.
 *
 * A lane is `running` from its first work until it is empty, or `stopped` once its worker says so; a stopped lane drops
 * what it holds and takes nothing more, because whatever comes later of that item must not overtake the record it
 * stopped at. Only `#run` moves a lane on. The worker must not reject: an error it did not expect stops the lane and is
 * given to whoever waits in `idle`.
 */
export class Lanes<Work> {
  readonly #worker: LaneWorker<Work>
  readonly #slots: Slots
  readonly #queues = new Map<string, Work[]>()
  readonly #running = new Map<string, Promise<void>>()
  readonly #stopped = new Set<string>()
  #broken: { readonly error: unknown } | undefined

  constructor(concurrency: number, worker: LaneWorker<Work>) {
    this.#slots = new Slots(concurrency)
    this.#worker = worker
  }

  /** Adds work behind whatever its lane already holds. Nothing runs before the next `start`. */
  enqueue(laneKey: string, work: Work): void {
    if (this.#stopped.has(laneKey)) return
    const queue = this.#queues.get(laneKey)
    if (queue === undefined) this.#queues.set(laneKey, [work])
    else queue.push(work)
  }

  /** Sets every lane going that holds work and is not running yet. */
  start(): void {
    for (const [laneKey, queue] of this.#queues) {
      if (this.#running.has(laneKey)) continue
      this.#running.set(laneKey, this.#run(laneKey, queue))
    }
  }

  /** Resolves once no lane runs; rejects with what a worker should not have thrown. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values())
    if (this.#broken !== undefined) throw this.#broken.error
  }

  /** The lanes still running, each with a promise of its end. */
  get running(): ReadonlyMap<string, Promise<void>> {
    return this.#running
  }

  async #run(laneKey: string, queue: readonly Work[]): Promise<void> {
    try {
      for (const work of queue) if ((await this.#step(work)) === 'stop') return this.#stop(laneKey)
    } catch (error) {
      this.#broken ??= { error }
      this.#stop(laneKey)
    } finally {
      this.#queues.delete(laneKey)
      this.#running.delete(laneKey)
    }
  }

  async #step(work: Work): Promise<LaneStep> {
    const turn = this.#slots.acquire()
    if (turn !== undefined) await turn
    try {
      return await this.#worker(work, this.#slots)
    } finally {
      this.#slots.release()
    }
  }

  #stop(laneKey: string): void {
    this.#stopped.add(laneKey)
  }
}
