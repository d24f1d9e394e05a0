import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { disagreement, type Tally } from './likeness/run.ts'
import { type LocalService, startLocal } from './likeness/service.ts'
import { program } from './likeness/steps.ts'

// The same programs each time, so that a red run speaks of a change and not of luck. `LIKENESS_SEED=random` explores: it
// still finds requests that are wrong in two ways and of which the two engines name another one.
const runs = Number(process.env['LIKENESS_RUNS'] ?? 60)
const seed = process.env['LIKENESS_SEED'] ?? '1'

let local: LocalService

beforeAll(async () => {
  local = await startLocal()
})
afterAll(() => local.stop())

test('programs come out on the embedded engine as on DynamoDB Local', { timeout: 60_000 + runs * 2_000 }, async () => {
  const tally: Tally = { programs: 0, operations: 0, records: 0, byDifference: {} }
  const alike = fc.asyncProperty(program, async (steps) => {
    expect(await disagreement(local, steps, tally)).toBeUndefined()
  })
  await fc.assert(alike, { numRuns: runs, ...(seed === 'random' ? {} : { seed: Number(seed) }) })
  expect(tally.operations).toBeGreaterThan(runs)
  if (process.env['LIKENESS_RUNS'] !== undefined) process.stdout.write(`${JSON.stringify(tally, undefined, 2)}\n`)
})
