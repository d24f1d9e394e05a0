import type { Clock } from '../../internal/clock.ts'
import type { Printer } from './printer.ts'
import type { Tally } from './tally.ts'

/** How far behind the worker is. */
export interface Backlog {
  /** How old the oldest change is that is not settled, ms; 0 when all is, `undefined` when it is not known. */
  readonly lagMs: number | undefined
  readonly stuckLaneCount: number
  /** Shards that this worker has. */
  readonly shardCount: number
  /** Those of them that stand still before lost data. */
  readonly haltedShardCount: number
}

const tickMs = 1_000
const everyTicks = 10

/**
 * Prints, when it changes, what was handled and how far behind the worker is: within a second after a silence, then every
 * ten. Ends with the returned function.
 */
export function summarize(printer: Printer, clock: Clock, tally: Tally, backlog: () => Backlog): () => void {
  const summary = new Summary(printer, tally, backlog)
  let cancel = clock.schedule(tickMs, tick)
  function tick(): void {
    summary.tick()
    cancel = clock.schedule(tickMs, tick)
  }
  return () => cancel()
}

class Summary {
  readonly #printer: Printer
  readonly #tally: Tally
  readonly #backlog: () => Backlog
  // Handled in all at each of the last ticks: the rate is that of these seconds, and no silence before them thins it.
  readonly #history: number[] = [0]
  #silentTicks = everyTicks
  #told: string

  constructor(printer: Printer, tally: Tally, backlog: () => Backlog) {
    this.#printer = printer
    this.#tally = tally
    this.#backlog = backlog
    this.#told = this.#state({ lagMs: 0, stuckLaneCount: 0, shardCount: 0, haltedShardCount: 0 })
  }

  tick(): void {
    this.#history.push(this.#tally.handledCount)
    if (this.#history.length > everyTicks + 1) this.#history.shift()
    this.#silentTicks += 1
    if (this.#silentTicks < everyTicks) return
    const backlog = this.#backlog()
    const state = this.#state(backlog)
    if (state === this.#told) return
    this.#told = state
    this.#silentTicks = 0
    this.#print(backlog)
  }

  #state({ lagMs, stuckLaneCount, haltedShardCount }: Backlog): string {
    const { handledCount, duplicateCount, filteredCount } = this.#tally
    return [handledCount, duplicateCount, filteredCount, stuckLaneCount, haltedShardCount, lagText(lagMs ?? 0)].join()
  }

  #print(backlog: Backlog): void {
    const { lagMs, stuckLaneCount, haltedShardCount } = backlog
    const { handledCount, duplicateCount, filteredCount } = this.#tally
    const perSecond = this.#rate()
    const parts = [
      `${count(handledCount)} in all, ${count(perSecond)}/s`,
      duplicateCount > 0 ? `${count(duplicateCount)} duplicates` : undefined,
      filteredCount > 0 ? `${count(filteredCount)} filtered` : undefined,
      lagMs === undefined ? undefined : `lag ${lagText(lagMs)}`,
      stuckLaneCount === 0 ? undefined : `${stuckLaneCount} stuck ${stuckLaneCount === 1 ? 'lane' : 'lanes'}`,
      haltedShardCount === 0 ? undefined : `${haltedShardCount} halted ${haltedShardCount === 1 ? 'shard' : 'shards'}`,
    ]
    const fields = { handledCount, perSecond, duplicateCount, filteredCount, ...backlog }
    this.#printer.print('handled', parts.filter((part) => part !== undefined).join(', '), fields)
  }

  #rate(): number {
    const [first = 0] = this.#history
    const active = this.#history.findIndex((handledCount) => handledCount > first)
    const seconds = active < 0 ? 1 : this.#history.length - active
    return Math.round((this.#tally.handledCount - first) / seconds)
  }
}

/** A lag in words; below a second it is none, for a change's time is a whole second. */
function lagText(ms: number): string {
  if (ms < 1_000) return 'under 1 s'
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}
