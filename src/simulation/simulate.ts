import { withoutAmbient } from './ambient-guard.ts'
import { sometimes } from './marks.ts'
import { runSeed, type RunResult } from './run.ts'
import { scenarioNamed } from './scenarios.ts'
import { immediateTurns } from './turns.ts'

export type { RunResult } from './run.ts'

/** The simulation as its tools use it, from a bundle of their own making. */
export interface Simulation {
  readonly sometimes: readonly string[]
  /** Runs the world of one seed in one scenario. */
  simulate(seed: string, scenario: string): Promise<RunResult>
}

export const simulation: Simulation = {
  sometimes,
  simulate: (seed, scenario) => withoutAmbient(() => runSeed(seed, immediateTurns, scenarioNamed(scenario).change)),
}
