import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { loadSimulation } from '../../scripts/simulate/bundle.ts'
import { drill } from '../../scripts/simulate/drill.ts'
import { runEnsemble } from '../../scripts/simulate/ensemble.ts'
import { mutants } from '../../scripts/simulate/mutants.ts'

const sound = await loadSimulation()

describe('the simulation', () => {
  it.each([
    ['swarm', 300],
    ['retry', 200],
    ['park', 200],
    ['messages', 200],
    ['business', 100],
    ['late-marks', 50],
    ['undecodable', 50],
    ['calm', 50],
    ['parking', 100],
    ['parking-outage', 5],
    ['workers', 100],
    ['workers-zombies', 20],
    ['workers-parking', 40],
    ['workers-away', 30],
    ['workers-streams', 20],
    ['workers-latest', 20],
    ['workers-messages', 20],
    ['workers-calm', 20],
    ['workers-unsure', 20],
    ['workers-listed-late', 20],
    ['transactions', 100],
    ['workers-transactions', 40],
    ['postgres', 100],
    ['postgres-refused', 30],
    ['postgres-hot', 30],
    ['workers-postgres', 40],
  ] as const)('finds nothing in %s', { timeout: 300_000 }, async (scenario, count) => {
    const { failures, differing } = await runEnsemble(sound, { scenario, from: 1, count })
    expect(failures.map(({ seed, violations }) => `${seed}: ${violations[0]?.message}`)).toEqual([])
    expect(differing).toEqual([])
  })

  it.each(['swarm', 'workers'])('is determined by the seed, to the last event, in %s', async (scenario) => {
    const [first, second, other] = [
      await sound.simulate('7', scenario),
      await sound.simulate('7', scenario),
      await sound.simulate('8', scenario),
    ]
    expect(second.timeline()).toEqual(first.timeline())
    expect(second.hash()).toBe(first.hash())
    expect(other.hash()).not.toBe(first.hash())
  })

  it.each(mutants)('can plant the bug: $name', ({ patches }) => {
    for (const { file, find } of patches) expect(readFileSync(file, 'utf8').split(find), file).toHaveLength(2)
  })

  // The rest, and more seeds of everything, are for `npm run simulate`.
  it.each(mutants.filter(({ within, restless = false }) => within <= 300 && !restless))(
    'finds a planted bug: $name',
    { timeout: 120_000 },
    async (mutant) => {
      expect((await drill(mutant, sound)).foundAt).toBeDefined()
    },
  )
})
