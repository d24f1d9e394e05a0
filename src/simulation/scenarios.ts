import { bankScenarios } from './bank/bank-scenarios.ts'
import { lambdaScenarios } from './lambda/scenarios.ts'
import type { Scenario } from './run.ts'
import { workerScenarios } from './workers/scenarios.ts'

// Scenarios of another kind of world join here; their names begin with the kind's.
const scenarios: readonly Scenario[] = [...lambdaScenarios, ...workerScenarios, ...bankScenarios]

export function scenarioNamed(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name)
  if (found !== undefined) return found
  throw new Error(`there is no scenario ${name}; there are ${scenarios.map((scenario) => scenario.name).join(', ')}`)
}
