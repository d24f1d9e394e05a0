import type { RunResult, Simulation } from '../../src/simulation/simulate.ts'
import { countCpuSeconds } from './cpu-seconds.ts'

/** Which worlds to run. */
export interface EnsembleOptions {
  readonly scenario: string
  /** The first seed. */
  readonly from: number
  readonly count: number
}

/** What came of them. */
export interface Ensemble {
  readonly failures: readonly RunResult[]
  /** Seeds of which two runs differed. */
  readonly differing: readonly string[]
  /** What should happen in some run and happened in none. */
  readonly unreached: readonly string[]
  readonly eventCount: number
  readonly seedCount: number
  /** What all of it took, the runs that were repeated included. */
  readonly cpuSeconds: number
}

// More of them would only be the same over again.
const enough = 10

// Every twentieth seed runs twice: what differs then is not determined by the seed.
const recheckEvery = 20

export async function runEnsemble(
  simulation: Simulation,
  { scenario, from, count }: EnsembleOptions,
): Promise<Ensemble> {
  const failures: RunResult[] = []
  const differing: string[] = []
  const reached = new Set<string>()
  const cpuSeconds = countCpuSeconds()
  let eventCount = 0
  for (let number = from; number < from + count; number += 1) {
    const seed = String(number)
    const result = await simulation.simulate(seed, scenario)
    eventCount += result.eventCount
    for (const mark of result.marks) reached.add(mark)
    if (result.violations.length > 0) failures.push(result)
    if (failures.length === enough)
      return {
        failures,
        differing,
        unreached: [],
        eventCount,
        seedCount: number - from + 1,
        cpuSeconds: cpuSeconds(),
      }
    if (number % recheckEvery !== 0) continue
    const again = await simulation.simulate(seed, scenario)
    if (again.hash() !== result.hash()) differing.push(seed)
  }
  const unreached = simulation.sometimes(scenario).filter((mark) => !reached.has(mark))
  return { failures, differing, unreached, eventCount, seedCount: count, cpuSeconds: cpuSeconds() }
}
