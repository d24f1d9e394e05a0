import { DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { describe, expect, test } from 'vitest'
import { dynamodbLedger } from '../../src/dynamodb.ts'
import { createConsumer, silentLogger, type TidemarkError } from '../../src/index.ts'
import { systemClock } from '../../src/internal/system.ts'
import { batchOfEvent } from '../../src/source/lambda-event.ts'
import { changes, lambdaEvent, type Change } from '../support/events.ts'
import { localTables } from '../support/local-table.ts'
import { Mortal } from '../support/mortal.ts'

const tables = localTables()

const all = changes('A:1', 'B:2', 'A:3', 'C:4', 'A:5', 'B:6', 'D:7', 'A:8')

interface Effect {
  readonly sequence: string
  readonly item: string
  readonly idempotencyKey: string
}

interface World {
  readonly tableName: string
  readonly uncertain: 'retry' | 'park'
  /** What the handlers did, in the order in which they did it; it outlives every process. */
  readonly effects: Effect[]
}

/** Works a batch in a process that may die; returns the frontier, or `undefined` when it died. */
async function invoke(world: World, records: readonly Change[], process: Mortal, clockOffsetMs = 0) {
  const clock = { ...systemClock, now: () => systemClock.now() + clockOffsetMs }
  const consumer = createConsumer({
    name: 'c',
    logger: silentLogger,
    concurrency: 2,
    retry: { maxAttempts: 1 },
    clock,
    ledger: dynamodbLedger({
      client: process.client(tables.client),
      tableName: world.tableName,
      uncertain: world.uncertain,
      clock,
    }),
    async handler({ sequenceNumber, keys }, { idempotencyKey }) {
      await process.step()
      world.effects.push({ sequence: sequenceNumber, item: String(keys['pk']), idempotencyKey })
      await process.step()
    },
  })
  return Promise.race([process.death, consumer.process(batchOfEvent(lambdaEvent(...records)))])
}

/** Delivers until all is settled, as a mapping would: everything from the frontier on again, in chunks of `chunk`. */
async function redeliver(world: World, chunk: number): Promise<void> {
  for (let next = 0; next < all.length;) {
    const records = all.slice(next, next + chunk)
    const outcome = await invoke(world, records, new Mortal(Infinity), 3_600_000)
    if (outcome === undefined) throw new Error('an immortal process died')
    next += outcome.frontier
    for (const { error } of outcome.stopped) await decide(world, error as TidemarkError & { idempotencyKey: string })
  }
}

/** The person who is asked about an uncertain record, and who finds out whether its effect happened. */
async function decide(world: World, error: TidemarkError & { readonly idempotencyKey: string }): Promise<void> {
  expect(error.code).toBe('ERR_UNCERTAIN_OUTCOME')
  const pk = { S: `ledger#c#${error.idempotencyKey}` }
  const TableName = world.tableName
  const happened = world.effects.some(({ idempotencyKey }) => idempotencyKey === error.idempotencyKey)
  const expiresAt = { N: String(Math.floor(systemClock.now() / 1_000) + 86_400) }
  if (happened) await tables.client.send(new PutItemCommand({ TableName, Item: { pk, sk: { S: 'mark' }, expiresAt } }))
  else await tables.client.send(new DeleteItemCommand({ TableName, Key: { pk, sk: { S: 'claim' } } }))
}

function judge({ effects, uncertain }: World): void {
  const times = (sequence: number) => effects.filter((effect) => effect.sequence === String(sequence)).length
  for (const { sequence } of all) expect(times(sequence), `effects of ${sequence}`).toBeGreaterThanOrEqual(1)
  if (uncertain === 'park') expect(effects.length).toBe(all.length)
  const keyOf = new Map<string, string>()
  for (const { sequence, idempotencyKey } of effects) {
    expect(keyOf.get(sequence) ?? idempotencyKey, `the key of ${sequence}`).toBe(idempotencyKey)
    keyOf.set(sequence, idempotencyKey)
  }
  for (const item of ['A', 'B', 'C', 'D']) {
    const log = effects.filter((effect) => effect.item === item).map(({ sequence }) => Number(sequence))
    const firsts = [...new Set(log)]
    expect(firsts, `first effects of ${item}`).toEqual(firsts.toSorted((a, b) => a - b))
    // A repetition that nothing repeats after would leave an old state for good.
    const lasts = [...new Set(log.toReversed())].toReversed()
    expect(lasts, `last effects of ${item}`).toEqual(firsts)
  }
}

describe.each(['retry', 'park'] as const)("a crash at any await (uncertain: '%s')", (uncertain) => {
  test.each([
    ['the whole batch', all.length],
    ['halves', all.length / 2],
    ['single records', 1],
  ])('loses nothing and breaks no order when %s come again', async (_name, chunk) => {
    let deaths = 0
    for (let step = 1; ; step += 1) {
      const world: World = { tableName: await tables.create(), uncertain, effects: [] }
      const process = new Mortal(step)
      const outcome = await invoke(world, all, process)
      if (outcome !== undefined) break
      deaths += 1
      await redeliver(world, chunk)
      judge(world)
    }
    // claims, handlers, marks: fewer steps than this would mean that the loop did not look everywhere
    expect(deaths).toBeGreaterThan(uncertain === 'park' ? 40 : 25)
  })
})
