import type { SimulatedDatabase } from './simulated-database.ts'
import type { StreamTruth } from './stream-truth.ts'
import type { WorkerProfile } from './workers/profile.ts'
import type { WorkerMark } from './workers/marks.ts'
import type { World } from './world.ts'

/** What happens to the stream by itself while the world has faults. */
export class StreamNature {
  readonly #world: World<WorkerProfile, WorkerMark>
  readonly #database: SimulatedDatabase
  readonly #truth: StreamTruth
  #isStreamOn = true

  constructor(world: World<WorkerProfile, WorkerMark>, database: SimulatedDatabase, truth: StreamTruth) {
    this.#world = world
    this.#database = database
    this.#truth = truth
  }

  /** Shards are closed, items expire, the stream is disabled for a while. */
  run(): void {
    const world = this.#world
    const { scheduler, profile } = world
    const times = world.random.fork('nature')
    const at = (ms: number, happen: () => void) =>
      scheduler.after(ms, () => {
        if (world.isHealthy) return
        happen()
        this.#truth.look()
      })
    const { chaosMs, streamOff, shardChanges, workload } = profile
    for (let count = 0; count < shardChanges; count += 1) {
      const how = times.pick(['roll', 'split', 'split'] as const)
      at(times.next() * chaosMs, () => {
        if (!this.#isStreamOn) return
        world.mark(how === 'roll' ? 'shard rolled' : 'shard split')
        world.trace.note('world', how)
        this.#database.changeShards(how)
      })
    }
    for (let ms = 1_000; ms < chaosMs && workload.expires > 0; ms += 1_000)
      at(ms, () => {
        if (this.#database.expireItems() > 0) world.mark('item removed by time to live')
      })
    if (streamOff === undefined) return
    at(streamOff[0], () => {
      this.#isStreamOn = false
      world.trace.note('world', 'disables the stream')
      this.#database.setStream(false)
    })
    at(streamOff[1], () => this.enable())
  }

  /** Enables the stream, if it is disabled. */
  enable(): void {
    if (this.#isStreamOn) return
    this.#isStreamOn = true
    this.#world.mark('stream enabled again')
    this.#world.trace.note('world', 'enables the stream')
    this.#database.setStream(true)
    this.#truth.look()
  }
}
