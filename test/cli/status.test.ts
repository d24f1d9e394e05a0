import { DeleteTableCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTidemarkTable } from '../../src/dynamodb.ts'
import { assertPlain, CliWorld, jsonLines } from './support/cli-world.ts'

let world: CliWorld
beforeAll(async () => {
  world = await CliWorld.create()
  world.consumer('consumer.mjs', 'if (record.keys.id === "poison") throw new TypeError("no such total")')
})
afterAll(() => world.close())

const status = (...more: readonly string[]) => world.run('status', 'receipts', '--table', 'orders', ...more)
const view = async () => jsonLines((await status('--json')).stdout)[0] ?? {}

/** Asks again until the status is as described; what a worker does is in its rows only after a checkpoint. */
async function statusOnce(isSo: (view: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
  for (;;) {
    const now = await view()
    if (isSo(now)) return now
  }
}

describe('status', () => {
  test('of a consumer that nobody started says so, and fails', async () => {
    const { code, stdout } = await status()
    expect(code).toBe(1)
    expect(stdout).toMatch(
      /^! consumer 'receipts' has no shard of orders: it was never started, or is called\n {2}otherwise$/m,
    )
    assertPlain(stdout)
  })

  test('shows shards, workers, the lag and what is held up; then who is gone', async () => {
    const worker = await world.worker('consumer.mjs')
    await world.put('a')
    await statusOnce(({ lagMs }) => lagMs === 0)
    const fine = await status('--check')
    expect(fine.code).toBe(0)
    expect(fine.stdout).toMatch(/^receipts on orders: caught up\nstream 20/)
    expect(fine.stdout).toMatch(/^\d+-\w+ +reading +none +- +1 +\S+\/\d+$/m)

    await world.put('poison')
    await world.put('poison', { again: { BOOL: true } })
    await world.put('b')
    await statusOnce(({ heldUp }) => (heldUp as unknown[]).length === 1)
    const stuck = await status('--check')
    expect(stuck.code).toBe(1)
    expect(stuck.stdout).toMatch(/^id=poison +\S.* +2 +[0-9a-f]{32}$/m)
    expect(stuck.stdout).toContain('! 1 item held up')
    expect(stuck.stdout).toMatch(/lag .* first change trimmed in 24\.0 h/)
    assertPlain(stuck.stdout)
    expect(await view()).toMatchObject({
      shards: [{ state: 'reading', settledBeyondCount: 1, epoch: 1 }],
      workers: [{ alive: true, shardCount: 1 }],
      heldUp: [{ key: 'id=poison', waitingCount: 2 }],
      problems: [expect.stringContaining('held up')],
    })

    await worker.end('SIGKILL')
    await statusOnce(({ problems }) => (problems as string[]).includes('no worker is alive: start one'))
    expect((await status()).stdout).toMatch(/^\d+-\w+ +orphaned /m)
  })

  test('shows shards as a tree, and which wait for their parents', async () => {
    world.engine.splitShard('orders')
    const { stdout } = await status()
    expect(stdout).toMatch(/^\d+-\w+ +orphaned .*\n├─\d+-\w+ +waiting .*\n└─\d+-\w+ +waiting /m)
    assertPlain(stdout)
  })

  test('shows it again and again until it is stopped', async () => {
    const watch = world.start('status', 'receipts', '--table', 'orders', '--watch', '--interval', '1s', '--json')
    await watch.until(/\n\{"consumer"/)
    expect(await watch.end('SIGINT')).toBe(0)
    expect(jsonLines(watch.stdout()).length).toBeGreaterThan(1)
  })

  test('goes on to watch when AWS has no answer for a while', async () => {
    const watching = world.start('status', 'receipts', '--table', 'orders', '--watch', '--interval', '1s')
    await watching.until(/receipts on orders/)
    await world.engine.send(new DeleteTableCommand({ TableName: 'tidemark' }))
    await watching.until(/DynamoDB has no such table or stream/)
    await createTidemarkTable({ client: world.engine, tableName: 'tidemark' })
    await watching.until(/no such table[^]*receipts on orders/)
    await watching.end('SIGINT')
  })
})
