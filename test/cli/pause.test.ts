import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { assertPlain, CliWorld, jsonLines } from './support/cli-world.ts'

let world: CliWorld
beforeAll(async () => {
  world = await CliWorld.create()
  world.consumer(
    'consumer.mjs',
    `console.log("effect", record.keys.id)
     if (record.keys.id === "endless") await new Promise(() => {})
     if (record.keys.id === "slow") await new Promise((end) => setTimeout(end, 1500))
     console.log("done", record.keys.id)`,
  )
})
afterAll(() => world.close())

const fleet = ['receipts', '--table', 'orders']

describe('pause', () => {
  test('waits for what runs, then nobody reads, also not a worker that comes; resume goes on and repeats nothing', async () => {
    const worker = await world.worker('consumer.mjs')
    await world.put('slow')
    await worker.until(/effect slow/)
    const { code, stdout } = await world.run('pause', ...fleet)
    expect(worker.output()).toContain('done slow')
    expect(stdout).toBe('receipts on orders: paused, and nobody reads.\nThe stream keeps changes for 24 hours.\n')
    expect(code).toBe(0)
    await worker.until(/ paused +receipts on orders: nothing is read until tidemark resume/)

    await world.put('during')
    const second = await world.worker('consumer.mjs')
    await second.until(/ paused /)
    const status = await world.run('status', ...fleet, '--check')
    expect(status.stdout).toMatch(/^PAUSED since 20\S+Z by \S+\/\d+; "tidemark resume" ends it$/m)
    expect(status.stdout).toMatch(/^\d+-\w+ +free +\d+ s|^\d+-\w+ +free +under 1 s/m)
    expect(status.code).toBe(0)
    assertPlain(status.stdout)
    expect(worker.output() + second.output()).not.toContain('effect during')

    const again = await world.run('pause', ...fleet, '--json')
    expect(jsonLines(again.stdout)).toEqual([{ status: 'paused-before', heldShards: [] }])
    const resumed = await world.run('resume', ...fleet)
    expect(resumed.stdout).toContain('workers read again')
    await Promise.race([worker.until(/effect during/), second.until(/effect during/)])
    await Promise.all([worker.end('SIGTERM'), second.end('SIGTERM')])
    const effects = (worker.output() + second.output()).match(/effect \w+/g)
    expect(effects).toEqual(['effect slow', 'effect during'])
  })

  test('says which shards are still worked when its time is over, and fails', async () => {
    const worker = await world.worker('consumer.mjs')
    await world.put('slow', { again: { BOOL: true } })
    await worker.until(/effect slow/)
    const { code, stdout } = await world.run('pause', ...fleet, '--timeout', '0s')
    expect(stdout).toMatch(
      /paused, and handlers still run in\n {2}shardId-\S+ {2}\w+\nThe same command waits again, and "tidemark resume" ends the pause\.\n$/,
    )
    expect(code).toBe(1)
    expect((await world.run('resume', ...fleet)).code).toBe(0)
    expect((await world.run('resume', ...fleet)).stdout).toContain('it was not paused')
    await worker.end('SIGTERM')
  })

  test('is left as it is by Ctrl+C, and says so', async () => {
    const worker = await world.worker('consumer.mjs')
    await world.put('endless')
    await worker.until(/effect endless/)
    const pausing = world.start('pause', ...fleet)
    while (!(await world.run('status', ...fleet)).stdout.includes('PAUSED')) continue
    expect(await pausing.end('SIGINT')).toBe(1)
    expect(pausing.stdout()).toContain('paused, and handlers still run in')
    expect((await world.run('resume', ...fleet)).code).toBe(0)
    await worker.end('SIGKILL')
  })
})
