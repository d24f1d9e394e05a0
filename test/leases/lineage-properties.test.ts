import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Happening, ShardWorld } from './shard-world.ts'

const kinds = [
  ...(['split', 'roll', 'list', 'list', 'list', 'finish', 'finish', 'pass', 'pass'] as const),
  ...(['half a pass', 'trim', 'disable'] as const),
]
const happening: fc.Arbitrary<Happening> = fc.record({ kind: fc.constantFrom(...kinds), which: fc.nat(1_000) })
const life = fc.record({
  startAt: fc.constantFrom('TRIM_HORIZON', 'LATEST'),
  rootCount: fc.integer({ min: 1, max: 3 }),
  beforeStart: fc.array(happening, { maxLength: 12 }).map((list) => list.filter(({ kind }) => !/pass/.test(kind))),
  happenings: fc.array(happening, { maxLength: 60 }),
  meanwhile: fc.array(
    fc.array(
      happening.filter(({ kind }) => !/pass/.test(kind)),
      { maxLength: 5 },
    ),
    { maxLength: 4 },
  ),
  order: fc.array(fc.nat(1_000), { minLength: 1, maxLength: 20 }),
})

// A shard that gets its lease and is trimmed while a discoverer looks: chance finds it once in ten thousand lives.
const leasedAndTrimmed: typeof life extends fc.Arbitrary<infer Life> ? Life : never = {
  ...{ startAt: 'TRIM_HORIZON', rootCount: 1, beforeStart: [], order: [0] },
  happenings: [
    { kind: 'split', which: 0 },
    { kind: 'pass', which: 0 },
    { kind: 'pass', which: 1 },
  ],
  meanwhile: [
    [
      { kind: 'split', which: 171 },
      { kind: 'list', which: 235 },
    ],
    [
      { kind: 'list', which: 4 },
      { kind: 'trim', which: 0 },
      { kind: 'finish', which: 0 },
      { kind: 'trim', which: 0 },
    ],
  ],
}

test('no shard gets a lease before its parent is done, and every shard is reached in the end', async () => {
  await fc.assert(
    fc.asyncProperty(life, async ({ startAt, rootCount, beforeStart, happenings, meanwhile, order }) => {
      const world = new ShardWorld(rootCount, startAt)
      for (const event of beforeStart) await world.happen(event)
      for (const event of happenings) {
        const during = event.kind === 'pass' ? meanwhile[event.which % 5] : undefined
        if (during === undefined) await world.happen(event)
        else
          await world.pass(async () => {
            for (const other of during) await world.happen(other)
          })
      }
      await world.comeToRest(order)
      expect(world.violations).toEqual([])
      expect(world.unreached()).toEqual([])
    }),
    { numRuns: Number(process.env['LINEAGE_RUNS'] ?? 1_500), examples: [[leasedAndTrimmed]] },
  )
})
