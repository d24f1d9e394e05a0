import type { RunResult, Simulation } from '../../src/simulation/simulate.ts'
import { countCpuSeconds } from './cpu-seconds.ts'

/** Which worlds to run. */
export interface EnsembleOptions {
  readonly scenario: string
  /** The first seed. */
  readonly from: number
  readonly count: number
}

/** What came of them: plain data, which one process can tell another. */
export interface Ensemble {
  readonly failures: readonly Pick<RunResult, 'seed' | 'violations'>[]
  /** Seeds of which two runs differed. */
  readonly differing: readonly string[]
  /** All that happened in some run, of what has to happen now and then. */
  readonly reached: readonly string[]
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
  const failures: Pick<RunResult, 'seed' | 'violations'>[] = []
  const differing: string[] = []
  const reached = new Set<string>()
  const cpuSeconds = countCpuSeconds()
  let [eventCount, seedCount] = [0, 0]
  while (seedCount < count && failures.length < enough) {
    const seed = String(from + seedCount)
    const { violations, marks, hash, ...result } = await simulation.simulate(seed, scenario)
    seedCount += 1
    eventCount += result.eventCount
    for (const mark of marks) reached.add(mark)
    if (violations.length > 0) failures.push({ seed, violations })
    if (Number(seed) % recheckEvery !== 0) continue
    const again = await simulation.simulate(seed, scenario)
    if (again.hash() !== hash()) differing.push(seed)
  }
  return { failures, differing, reached: [...reached], eventCount, seedCount, cpuSeconds: cpuSeconds() }
}
