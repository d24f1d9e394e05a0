import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Messages } from '../../telemetry/channels.ts'
import type { FleetHost } from './fleet-host.ts'
import type { FleetWatch } from './fleet-watch.ts'
import type { WorkerProfile } from './profile.ts'
import type { WorkerMark } from './marks.ts'
import type { World } from '../world.ts'

// Who has slept may be told by a ledger that its right is over, and finds it out itself with the next answer to a heartbeat.
const lapsesWithinMs = 3_000

/** What workers tell on their channels, and whether it is true. */
export class FleetNews {
  readonly #world: World<WorkerProfile, WorkerMark>
  readonly #watch: FleetWatch
  readonly #fleet: FleetHost
  readonly #lapsed = new Set<string>()
  readonly #falselyLost = new Set<string>()

  constructor(world: World<WorkerProfile, WorkerMark>, watch: FleetWatch, fleet: FleetHost) {
    this.#world = world
    this.#watch = watch
    this.#fleet = fleet
  }

  /** Whether an incarnation has lost its right to work. */
  hasLapsed(memberId: string): boolean {
    return this.#lapsed.has(memberId)
  }

  /** Listens while `run` runs. */
  async during(run: () => Promise<void>): Promise<void> {
    const heard = [
      ['tidemark:stream:gap', (message: unknown) => this.#gapTold(message as Messages['tidemark:stream:gap'])],
      ['tidemark:worker:lapsed', (message: unknown) => this.#lapse(message as Messages['tidemark:worker:lapsed'])],
      ['tidemark:lease:lost', (message: unknown) => this.#lossTold(message as Messages['tidemark:lease:lost'])],
    ] as const
    for (const [channel, hear] of heard) subscribe(channel, hear)
    try {
      await run()
    } finally {
      for (const [channel, hear] of heard) unsubscribe(channel, hear)
    }
  }

  #lapse({ reason, workerId }: Messages['tidemark:worker:lapsed']): void {
    this.#falselyLost.delete(workerId)
    this.#lapsed.add(workerId)
    this.#world.mark(reason === 'gone' ? 'worker given up for dead' : 'worker lapsed')
  }

  #gapTold({ streamLabel, shardId, gap }: Messages['tidemark:stream:gap']): void {
    const { kind, after } = gap
    this.#world.trace.note('world', `hears of a gap: ${kind} behind ${String(after)} in ${shardId}`)
    const place = after === undefined ? undefined : BigInt(after)
    this.#watch.workerOracle.gapTold({ streamLabel, shardId, kind, after: place })
  }

  /** A worker that gives up what is its own must have lapsed, or be on its way out. */
  #lossTold({ workerId, streamLabel, shardId, epoch }: Messages['tidemark:lease:lost']): void {
    if (this.#lapsed.has(workerId)) return
    const { leases } = this.#watch
    const lease = leases.lease(streamLabel, shardId)
    const process = this.#fleet.alive.find(({ actor }) => actor.name === leases.actorOf(workerId))
    if (lease?.owner !== workerId || lease.epoch !== epoch || process?.worker.status().state !== 'running') return
    this.#falselyLost.add(workerId)
    this.#world.scheduler.after(lapsesWithinMs, () => {
      if (!this.#falselyLost.delete(workerId)) return
      this.#world.violate({ invariant: 'I6', message: `${shardId} is called lost in epoch ${epoch}, which goes on` })
    })
  }
}
