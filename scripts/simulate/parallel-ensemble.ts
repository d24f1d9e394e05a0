import { fork } from 'node:child_process'
import { join } from 'node:path'
import { killAtExit } from '../../src/testing/kill-at-exit.ts'
import type { Ensemble, EnsembleOptions } from './ensemble.ts'

const program = join(import.meta.dirname, 'ensemble-program.ts')

/** Runs worlds in so many processes, each its own stretch of the seeds; what comes of a seed is the same in any of them. */
export async function runInProcesses(
  { scenario, from, count }: EnsembleOptions,
  processCount: number,
): Promise<Ensemble> {
  const bounds = Array.from({ length: processCount + 1 }, (_, part) => from + Math.floor((count * part) / processCount))
  const parts = bounds
    .slice(0, -1)
    .map((first, part) => ({ scenario, from: first, count: (bounds[part + 1] ?? first) - first }))
  return (await Promise.all(parts.map(runApart))).reduce(joined)
}

async function runApart(options: EnsembleOptions): Promise<Ensemble> {
  const child = fork(program, [JSON.stringify(options)])
  killAtExit(child)
  const told = new Promise<Ensemble | undefined>((resolve) => {
    child.once('message', (ensemble: Ensemble) => resolve(ensemble))
    child.once('exit', () => resolve(undefined))
  })
  const ensemble = await told
  if (ensemble !== undefined) {
    child.disconnect()
    return ensemble
  }
  const { from, count, scenario } = options
  throw new Error(`the process that ran ${count} seeds of ${scenario} from ${from} ended without a result`)
}

function joined(one: Ensemble, other: Ensemble): Ensemble {
  return {
    failures: [...one.failures, ...other.failures],
    differing: [...one.differing, ...other.differing],
    reached: [...new Set([...one.reached, ...other.reached])],
    eventCount: one.eventCount + other.eventCount,
    seedCount: one.seedCount + other.seedCount,
    cpuSeconds: one.cpuSeconds + other.cpuSeconds,
  }
}
