import type { RunResult, Simulation } from '../../src/simulation/simulate.ts'
import { loadSimulation } from './bundle.ts'
import { countCpuSeconds } from './cpu-seconds.ts'
import type { Mutant } from './mutants.ts'

/** How soon a planted bug was found. */
export interface DrillResult {
  /** Seeds until then; `undefined` when it was not. */
  readonly foundAt: number | undefined
  readonly violation: RunResult['violations'][number] | undefined
  readonly cpuSeconds: number
}

/** Plants a bug and runs worlds until one violates something that is kept without the bug. */
export async function drill(mutant: Mutant, sound: Simulation): Promise<DrillResult> {
  const { simulate } = await loadSimulation(mutant.patches)
  const cpuSeconds = countCpuSeconds()
  for (let number = 1; number <= mutant.within; number += 1) {
    const { violations } = await simulate(String(number), mutant.scenario)
    if (violations.length === 0) continue
    const unplanted = await sound.simulate(String(number), mutant.scenario)
    if (unplanted.violations.length === 0)
      return { foundAt: number, violation: violations[0], cpuSeconds: cpuSeconds() }
  }
  return { foundAt: undefined, violation: undefined, cpuSeconds: cpuSeconds() }
}
