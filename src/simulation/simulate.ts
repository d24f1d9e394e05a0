import { withoutAmbient } from './ambient-guard.ts'
import type { RunResult } from './run.ts'
import { scenarioNamed } from './scenarios.ts'
import { immediateTurns } from './turns.ts'

export type { RunResult } from './run.ts'

/** The simulation as its tools use it, from a bundle of their own making. */
export interface Simulation {
  /** What has to happen now and then in the worlds of a scenario. */
  sometimes(scenario: string): readonly string[]
  /** Runs the world of one seed in one scenario. */
  simulate(seed: string, scenario: string): Promise<RunResult>
}

export const simulation: Simulation = {
  sometimes: (scenario) => scenarioNamed(scenario).marks,
  simulate: (seed, scenario) => withoutAmbient(() => scenarioNamed(scenario).run(seed, immediateTurns)),
}
