import { setTimeout as sleep } from 'node:timers/promises'
import { describeEvent, type ChaosEvent, type DatabaseEvent } from './chaos-events.ts'
import { scheduleChaos } from './chaos-schedule.ts'
import { chaosKindsOf, patienceMs, type FleetOptions } from './fleet-options.ts'
import type { FleetReport } from './fleet-report.ts'
import { monotonicMs } from './monotonic.ts'
import { Observer } from './observer.ts'
import { parkedLanes } from './parking-facts.ts'
import { workerName } from './roster.ts'
import type { RunParts } from './run-parts.ts'
import { reportOf } from './run-report.ts'
import { readTally } from './tallies.ts'
import { totalOf } from './transfers.ts'

/**
 *     produce, disturb, reshard, read along ──▶ drain ──▶ stop all ──▶ new workers find nothing to do ──▶ judge
 */
export class FleetRun {
  readonly #parts: RunParts
  #absorbedAtEnd = 0

  constructor(parts: RunParts) {
    this.#parts = parts
  }

  async run(): Promise<FleetReport> {
    const { options, crew, reader, redrivers } = this.#parts
    const chaos = Number.isFinite(options.chaosEveryMs) ? schedule(options) : []
    const observer = this.#observer()
    observer.start()
    for (let n = 1; n <= options.workerCount; n += 1) await crew.add(workerName(n))
    await crew.started()
    await this.#produce(chaos)
    const producedAt = monotonicMs()
    const isDrained = await this.#drain()
    await redrivers?.stop()
    await crew.stopAll()
    reader.look()
    const runsBefore = reader.entries.length
    if (isDrained) await this.#startOver()
    await observer.stop()
    const runsAfterStop = reader.entries.length - runsBefore
    const absorbedAtEnd = this.#absorbedAtEnd
    return reportOf(this.#parts, { chaos, observer, isDrained, runsAfterStop, producedAt, absorbedAtEnd })
  }

  #observer(): Observer {
    const { options, reader, client, bank, producer, crew } = this.#parts
    return new Observer({
      ...{ reader, accountCount: options.keyCount, say: options.say },
      ...(options.mode === 'fenced' && { client }),
      ...(bank && { bank }),
      progress: () => `${producer.putCount} produced, ${reader.doneCount} took effect, ${crew.size} workers`,
    })
  }

  /** Resolves when all is produced, and what was to happen meanwhile has. */
  async #produce(chaos: readonly ChaosEvent[]): Promise<void> {
    const { options, engine, tableNames, producer, redrivers } = this.#parts
    engine.reshard(tableNames, options.reshardEveryMs)
    const producing = new AbortController()
    const redriving = redrivers?.run(2 * options.chaosEveryMs, producing.signal)
    await Promise.all([producer.run(), this.#disturb(chaos)])
    engine.rest()
    producing.abort()
    await redriving
  }

  async #disturb(chaos: readonly ChaosEvent[]): Promise<void> {
    const startedAt = monotonicMs()
    await Promise.all(
      chaos.map(async (event) => {
        await sleep(Math.max(0, startedAt + event.atMs - monotonicMs()))
        await this.#apply(event)
      }),
    )
  }

  #apply(event: ChaosEvent): Promise<void> {
    if (event.kind === 'replay') return this.#parts.replays.run(event)
    if (event.kind === 'database') return this.#killDatabase(event)
    return this.#parts.crew.apply(event)
  }

  async #killDatabase(event: DatabaseEvent): Promise<void> {
    this.#parts.options.say(describeEvent(event))
    await this.#parts.database?.kill(event.forMs)
  }

  /** Resolves when everything produced took effect; `false` when nothing more happens and something is missing. */
  async #drain(): Promise<boolean> {
    const { producer, redrivers, client } = this.#parts
    const isDrained = await countReaches(producer.putCount, () => this.#doneCount())
    // What a redriver was killed over after its effect stays parked until its hold on the lane has ended, and is redriven then.
    if (isDrained && redrivers !== undefined)
      for (const since = monotonicMs(); monotonicMs() - since < patienceMs; await sleep(500))
        if ((await parkedLanes(client)).length === 0) break
    return isDrained
  }

  /** Of transfers the accounts tell: who is killed between a commit and its note has noted nothing. */
  async #doneCount(): Promise<number> {
    const { bank, reader } = this.#parts
    return bank === undefined ? reader.doneCount : totalOf((await bank.accounts()).values()).sent
  }

  /** Everybody stopped in peace: whoever comes next must find everything settled, also when all of it comes again. */
  async #startOver(): Promise<void> {
    const { crew, options, bank, replays, talliesPath, producer } = this.#parts
    options.say('all stopped; new workers look for something to do')
    const absorbedBefore = readTally(talliesPath).absorbed
    if (bank !== undefined) await replays.rewindAll()
    for (let n = 1; n <= 2; n += 1) await crew.add(`z${n}`)
    await crew.started()
    if (bank === undefined) await sleep(2 * options.leaseDurationMs)
    else await countReaches(producer.putCount, () => Promise.resolve(readTally(talliesPath).absorbed - absorbedBefore))
    await crew.stopAll()
    this.#absorbedAtEnd = readTally(talliesPath).absorbed - absorbedBefore
  }
}

/** Counts again and again until there are as many; `false` when the count has not changed for too long. */
async function countReaches(wanted: number, count: () => Promise<number>): Promise<boolean> {
  let known = -1
  for (let since = monotonicMs(); ; await sleep(200)) {
    const now = await count()
    if (now >= wanted) return true
    if (now !== known) since = monotonicMs()
    known = now
    if (monotonicMs() - since > patienceMs) return false
  }
}

function schedule(options: FleetOptions): readonly ChaosEvent[] {
  const { seed, durationMs, workerCount, leaseDurationMs, chaosEveryMs: everyMs, mode } = options
  const kinds = options.chaosKinds ?? chaosKindsOf(mode)
  return scheduleChaos({ seed, durationMs, workerCount, leaseDurationMs, everyMs, kinds })
}
