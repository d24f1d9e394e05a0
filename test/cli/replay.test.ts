import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { assertPlain, CliWorld, jsonLines } from './support/cli-world.ts'

let world: CliWorld
beforeEach(async () => {
  world = await CliWorld.create()
})
afterEach(() => world.close())

const fleet = ['receipts', '--table', 'orders']
const effect = 'console.log("effect", record.keys.id, record.newImage.n)'

/** Puts n items in rounds over as many keys, with a split between two rounds; what a worker is to handle. */
async function putRounds(rounds: number, keys: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    if (round > 0) world.engine.splitShard('orders')
    for (let key = 0; key < keys; key += 1) await world.put(`k${key}`, { n: { N: String(round) } })
  }
}

/** Runs a worker until it has had so many effects, or (with 0) until nothing is left, and stops it, which saves. */
async function work(file: string, effectCount: number): Promise<readonly string[]> {
  const worker = await world.worker(file)
  if (effectCount > 0) await worker.until(new RegExp(`(effect .*\\n[\\s\\S]*){${effectCount}}`))
  else await caughtUp()
  expect(await worker.end('SIGTERM')).toBe(0)
  return worker.stdout().match(/effect \w+ \d+/g) ?? []
}

async function caughtUp(): Promise<void> {
  for (;;) {
    const [status] = jsonLines((await world.run('status', ...fleet, '--json')).stdout)
    const shards = status?.['shards'] as { state: string; lagMs?: number }[]
    if (shards.every(({ state, lagMs }) => state === 'finished' || lagMs === 0)) return
  }
}

const effectsOf = (effects: readonly string[], key: string) => effects.filter((line) => line.includes(` ${key} `))

describe('replay', () => {
  test('from the horizon over splits: says how many, then all run again, each item in its order', async () => {
    world.consumer('consumer.mjs', effect)
    await putRounds(3, 5)
    expect((await work('consumer.mjs', 15)).length).toBe(15)

    const dry = await world.run('replay', ...fleet, '--from', 'trim-horizon', '--dry-run')
    expect(dry.code).toBe(0)
    expect(dry.stdout).toContain('15 settled changes would be handed out again, 0 absorbed by the ledger, 15 would\n')
    expect(dry.stdout).toMatch(/back to its horizon +\d+\n[\s\S]*anew, behind its parent/)
    assertPlain(dry.stdout)

    const unsure = await world.run('replay', ...fleet, '--from', 'trim-horizon')
    expect(unsure.code).toBe(2)
    expect(unsure.output).toContain('Say so with --yes')
    const done = await world.run('replay', ...fleet, '--from', 'trim-horizon', '--yes', '--json')
    expect(jsonLines(done.stdout)).toMatchObject([{ outcome: 'replayed', deliveredCount: 15, runCount: 15 }])

    const again = await work('consumer.mjs', 15)
    expect(again.length).toBe(15)
    for (let key = 0; key < 5; key += 1)
      expect(effectsOf(again, `k${key}`)).toEqual([0, 1, 2].map((round) => `effect k${key} ${round}`))
  })

  test('from a record: only what is settled from there on; the rest stays settled', async () => {
    world.consumer('consumer.mjs', effect)
    await putRounds(1, 6)
    await work('consumer.mjs', 6)
    const { stdout } = await world.run('tail', 'orders', '--from', 'trim-horizon', '--limit', '6', '--json')
    const sequence = String(jsonLines(stdout)[4]?.['sequenceNumber'])
    await world.run('replay', ...fleet, '--from', sequence, '--yes')
    expect(await work('consumer.mjs', 2)).toEqual(['effect k4 0', 'effect k5 0'])
    const later = await world.run('replay', ...fleet, '--from', '2100-01-01', '--yes')
    expect(later.stdout).toContain('There is nothing to run again')
    assertPlain(later.stdout)
    expect(later.code).toBe(0)
  })

  test('counts what the ledger absorbs and what the patterns leave out, and is right', async () => {
    world.consumer(
      'consumer.mjs',
      effect,
      `select: { eventName: ['INSERT'] }, ledger: dynamodbLedger({ client: new DynamoDBClient(), tableName: 'tidemark' }),`,
    )
    await putRounds(2, 4)
    expect((await work('consumer.mjs', 0)).length).toBe(4)
    const count = async (...more: readonly string[]) =>
      jsonLines((await world.run('replay', ...fleet, '--from', 'trim-horizon', '--json', ...more)).stdout)[0]
    expect(await count('--dry-run')).toMatchObject({ deliveredCount: 8, absorbedCount: 4, runCount: 4 })
    const known = ['--module', './consumer.mjs']
    const expected = { deliveredCount: 8, filteredCount: 4, absorbedCount: 4, runCount: 0 }
    expect(await count('--dry-run', ...known)).toMatchObject({ outcome: 'planned', ...expected })
    expect(await count('--yes', ...known)).toMatchObject({ outcome: 'replayed', ...expected })
    expect(await work('consumer.mjs', 0)).toEqual([])
  })

  test('counts what the mark of a shard absorbs, with the module and without', async () => {
    world.consumer(
      'consumer.mjs',
      effect,
      `ledger: dynamodbTransactionLedger({ client: new DynamoDBClient(), tableName: 'tidemark' }),`,
    )
    await putRounds(1, 3)
    expect((await work('consumer.mjs', 3)).length).toBe(3)
    const expected = { deliveredCount: 3, absorbedCount: 3, untoldCount: 0, runCount: 0 }
    for (const known of [[], ['--module', './consumer.mjs']]) {
      const planned = await world.run('replay', ...fleet, '--from', 'trim-horizon', '--dry-run', '--json', ...known)
      expect(jsonLines(planned.stdout)[0]).toMatchObject(expected)
    }
    await world.run('replay', ...fleet, '--from', 'trim-horizon', '--yes')
    expect(await work('consumer.mjs', 0)).toEqual([])
    // Without a ledger the same changes would run, whatever another left in the table.
    world.consumer('forgetful.mjs', effect)
    const known = ['--module', './forgetful.mjs']
    const planned = await world.run('replay', ...fleet, '--from', 'trim-horizon', '--dry-run', '--json', ...known)
    expect(jsonLines(planned.stdout)[0]).toMatchObject({ deliveredCount: 3, absorbedCount: 0, runCount: 3 })
  })

  test('refuses while a worker is alive, and not after it was killed', async () => {
    world.consumer('consumer.mjs', effect)
    const worker = await world.worker('consumer.mjs')
    await world.put('a', { n: { N: '1' } })
    await worker.until(/effect a/)
    await caughtUp()
    const refused = await world.run('replay', ...fleet, '--from', 'trim-horizon', '--yes')
    expect(refused.code).toBe(1)
    expect(refused.stdout).toMatch(/Nothing was changed: workers are alive \(\S+\/\d+\)\. Stop them first\./)
    await worker.end('SIGKILL')
    expect((await world.run('replay', ...fleet, '--from', 'trim-horizon', '--yes')).code).toBe(0)
    expect(await work('consumer.mjs', 1)).toEqual(['effect a 1'])
  })
})
