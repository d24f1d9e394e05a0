import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { loadSimulation } from './simulate/bundle.ts'
import { drill } from './simulate/drill.ts'
import { mutants } from './simulate/mutants.ts'
import { runInProcesses } from './simulate/parallel-ensemble.ts'

const usage = `npm run simulate -- [--seeds N] [--from S] [--scenario NAME]   runs N worlds (200), beginning with seed S (1)
                                                              --world lambda | workers: of one kind; otherwise every fourth is
                                                              one of workers, unless a scenario says which
                                                              --ledger transactions | postgres: effects commit with their
                                                              marks, in DynamoDB or in a simulated PostgreSQL
                                                              --processes N: by itself as many as there are cores
npm run simulate -- --seed S [--scenario NAME]                one world, with its timeline
npm run simulate -- --mutants [--only TEXT]                   plants bugs and counts the seeds until each is found`

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    scenario: { type: 'string' },
    world: { type: 'string' },
    ledger: { type: 'string' },
    processes: { type: 'string', default: String(availableParallelism()) },
    mutants: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
})

// Errors are made by the thousand in there, and nobody looks where.
if (values.seed === undefined) Error.stackTraceLimit = 0

if (values.help) console.log(usage)
else if (values.mutants) await drillAll(values.only)
else if (values.seed !== undefined) await replay(values.seed, scenarioGiven() ?? scenarioOf('lambda'))
else await ensembles(numberOf('from'), numberOf('seeds'))

function numberOf(name: 'from' | 'seeds' | 'processes'): number {
  const number = Number(values[name])
  if (Number.isSafeInteger(number) && number > 0) return number
  throw new Error(`--${name} is '${values[name]}'; it has to be a whole number of at least 1`)
}

function scenarioGiven(): string | undefined {
  const { scenario, world } = values
  return scenario ?? (world === undefined ? undefined : scenarioOf(world))
}

function scenarioOf(world: string): string {
  const { ledger } = values
  if (world === 'lambda') return ledger ?? 'swarm'
  return ledger === undefined ? world : `${world}-${ledger}`
}

async function ensembles(from: number, count: number): Promise<void> {
  const scenario = scenarioGiven()
  if (scenario !== undefined) return ensemble(scenario, from, count)
  // A world of workers takes as long as several of Lambda.
  const workerCount = Math.floor(count / 4)
  await ensemble(scenarioOf('lambda'), from, count - workerCount)
  if (workerCount > 0) await ensemble(scenarioOf('workers'), from, workerCount)
}

async function replay(seed: string, scenario: string): Promise<void> {
  const { simulate } = await loadSimulation()
  const result = await simulate(seed, scenario)
  console.log(JSON.stringify(result.profile, undefined, 2))
  console.log(result.timeline().join('\n'))
  console.log(
    `trace ${result.hash()}, ${result.eventCount} events, ${(result.virtualMs / 1000).toFixed(1)} s of virtual time`,
  )
  if (result.violations.length > 0) process.exitCode = 1
}

async function ensemble(scenario: string, from: number, count: number): Promise<void> {
  const wanted = (await loadSimulation()).sometimes(scenario)
  const began = performance.now()
  const result = await runInProcesses({ scenario, from, count }, Math.min(numberOf('processes'), count))
  const { failures, differing, reached, eventCount, seedCount, cpuSeconds } = result
  const unreached = wanted.filter((mark) => !reached.includes(mark))
  const seconds = (performance.now() - began) / 1000
  for (const { seed, violations } of failures) {
    for (const { invariant, message } of violations.slice(0, 3)) console.log(`seed ${seed}: ${invariant}: ${message}`)
    console.log(`  npm run simulate -- --seed ${seed} --scenario ${scenario}`)
  }
  for (const seed of differing) console.log(`seed ${seed}: two runs differ: something is not determined by the seed`)
  if (failures.length === 0 && unreached.length > 0) console.log(`never happened: ${unreached.join('; ')}`)
  const rates = `${(seedCount / cpuSeconds).toFixed(0)} seeds per CPU second, ${(seedCount / seconds).toFixed(0)} by the wall's clock`
  const speed = `${rates}, ${(eventCount / seedCount).toFixed(0)} events a seed`
  console.log(
    `${scenario}: ${seedCount} seeds, ${failures.length} violated something, ${differing.length} differed; ${speed}`,
  )
  if (failures.length + differing.length > 0) process.exitCode = 1
}

async function drillAll(only: string): Promise<void> {
  const sound = await loadSimulation()
  let [seedCount, secondCount] = [0, 0]
  for (const mutant of mutants.filter(({ name }) => name.includes(only))) {
    const { foundAt, violation, cpuSeconds } = await drill(mutant, sound)
    seedCount += foundAt ?? mutant.within
    secondCount += cpuSeconds
    const found = foundAt === undefined ? `NOT FOUND in ${mutant.within}` : `${foundAt}`.padStart(5)
    console.log(
      `${found} ${cpuSeconds.toFixed(2).padStart(7)} s  ${mutant.name} (${mutant.scenario})${violation === undefined ? '' : `: ${violation.invariant}`}`,
    )
    if (foundAt === undefined) process.exitCode = 1
  }
  console.log(`${seedCount} seeds and ${secondCount.toFixed(1)} CPU seconds in all`)
}
