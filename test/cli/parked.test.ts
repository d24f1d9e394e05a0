import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { assertPlain, CliWorld, jsonLines } from './support/cli-world.ts'

let world: CliWorld
let consumer: string
beforeAll(async () => {
  world = await CliWorld.create()
  consumer = world.consumer(
    'consumer.mjs',
    `if (record.newImage.stock === 0) throw new Error("there is no stock of " + record.keys.id)
     console.log("effect", record.keys.id, record.newImage.stock)`,
    "onFailure: 'park',",
  )
})
afterAll(() => world.close())

/** Has a worker meet two changes of an item, of which the first fails, and one of another item. */
async function parkTwo(id: string): Promise<void> {
  const worker = await world.worker('consumer.mjs')
  await world.put(id, { stock: { N: '0' } })
  await world.put(id, { stock: { N: '7' } })
  await world.put(`${id}-other`, { stock: { N: '1' } })
  await worker.until(new RegExp(`effect ${id}-other 1`))
  await parked(2)
  await worker.end('SIGTERM')
}

/** Waits until so many records are parked in all, and returns the lanes. */
async function parked(recordCount: number): Promise<readonly Record<string, unknown>[]> {
  for (;;) {
    const lanes = jsonLines((await world.run('parked', 'list', 'receipts', '--json')).stdout)
    const sum = lanes.reduce((total, lane) => total + Number(lane['recordCount']), 0)
    if (sum === recordCount) return lanes
  }
}

async function firstParked(): Promise<{ lane: string; event: string }> {
  const [{ laneId } = {}] = jsonLines((await world.run('parked', 'list', 'receipts', '--json')).stdout)
  const lane = String(laneId).slice(0, 10)
  const [{ eventId } = {}] = jsonLines((await world.run('parked', 'show', 'receipts', lane, '--json')).stdout)
  return { lane, event: String(eventId) }
}

describe('parked records', () => {
  test('are listed and shown, fail again, are edited, and then redriven in their order', async () => {
    await parkTwo('a')
    const list = await world.run('parked', 'list', 'receipts', '--check')
    expect(list.stdout).toMatch(
      /^LANE +RECORDS +SINCE +ITEM +ERROR\n\w{8} +2 +.* id=a +Error: there is no stock of a\n$/,
    )
    expect(list.code).toBe(1)
    const status = await world.run('status', 'receipts', '--table', 'orders', '--check')
    expect(status.stdout).toMatch(
      /^PARKED +RECORDS +SINCE +ITEM +ERROR\n\w{8} +2 +.* id=a +Error: there is no stock of a$/m,
    )
    expect(status.stdout).toContain('! 1 item parked: see "tidemark parked list receipts"')
    const { lane, event } = await firstParked()
    const shown = await world.run('parked', 'show', 'receipts', lane)
    expect(shown.stdout).toMatch(
      /^\w+ +INSERT, parked .* ago, 1 attempts\n {2}Error: there is no stock of a\n\w+ +MODIFY/,
    )
    expect(shown.stdout).toContain('waits for those before it')
    const one = await world.run('parked', 'show', 'receipts', lane, event)
    expect(one.stdout).toMatch(/^record +\w+\nitem +id=a\n/)
    expect(one.stdout).toMatch(/\n {4}at .*handler/)
    assertPlain(list.stdout + shown.stdout + status.stdout)

    const again = await world.run('parked', 'redrive', 'receipts', '--module', consumer, '--yes')
    expect(again.stdout).toContain(`${event} failed again\n  Error: there is no stock of a\n`)
    expect(again.stdout).toContain('0 records redriven; 0 of 1 lanes are worked off')
    expect(again.code).toBe(1)

    const elsewhere = await world.run(
      ...['parked', 'edit', 'receipts', lane, event, '--new-image', '{"id":"z","stock":5}', '--yes'],
    )
    expect(elsewhere.output).toContain('an edited record keeps its dynamodb.NewImage.id')
    expect(elsewhere.code).toBe(1)
    const edit = await world.run(
      ...['parked', 'edit', 'receipts', lane, event, '--new-image', '{"id":"a","stock":5}', '--yes'],
    )
    expect(edit.output).toBe(`${event} is changed; the record as it came is kept\n`)
    const redriven = await world.run('parked', 'redrive', 'receipts', lane, '--module', consumer, '--yes')
    expect(redriven.stdout).toMatch(
      /^effect a 5\neffect a 7\n\w{8} {2}id=a: 2 redriven, open\n2 records redriven; 1 of 1 /,
    )
    expect(redriven.code).toBe(0)
    expect((await world.run('parked', 'list', 'receipts', '--check')).stdout).toBe('receipts: nothing is parked\n')
  })

  test('are dropped with a reason, and what waits behind them is redriven', async () => {
    await parkTwo('b')
    const { lane, event } = await firstParked()
    const refused = await world.run('parked', 'drop', 'receipts', lane, event, '--reason', 'sold out')
    expect(refused.code).toBe(2)
    expect(refused.output).toContain('--yes')
    const dropped = await world.run('parked', 'drop', 'receipts', lane, event, '--reason', 'sold out', '--yes')
    expect(dropped.output.replaceAll(/\s+/g, ' ')).toContain(
      `${event} is dropped; 1 more waits in its lane for a redrive`,
    )
    expect(dropped.code).toBe(0)
    await parked(1)
    const gone = await world.run('parked', 'drop', 'receipts', lane, event, '--reason', 'sold out', '--yes')
    expect(gone.output).toContain(`${event} is not parked`)
    expect(gone.code).toBe(1)
    const typo = await world.run('parked', 'redrive', 'receipts', 'ffffff', '--module', consumer, '--yes')
    expect(typo.output).toContain('the lane ffffff is not parked')
    expect(typo.code).toBe(1)
    const redriven = await world.run('parked', 'redrive', 'receipts', '--module', consumer, '--yes', '--json')
    expect(redriven.stdout).toMatch(/^effect b 7\n/)
    expect(jsonLines(redriven.stdout.replace(/^effect.*\n/, ''))).toMatchObject([{ outcome: 'open', redrivenCount: 1 }])
  })

  test('stay parked when a redrive is stopped, which then has failed', async () => {
    await parkTwo('c')
    const slow = world.consumer(
      'slow.mjs',
      'console.log("begun", record.newImage.stock); await new Promise((end) => setTimeout(end, 1000))',
    )
    const redriving = world.start('parked', 'redrive', 'receipts', '--module', slow, '--yes')
    await redriving.until(/begun 0/)
    expect(await redriving.end('SIGTERM')).toBe(1)
    expect(redriving.output()).toContain('stopped: what was not redriven stays parked')
    expect(redriving.output()).not.toContain('begun 7')
    await parked(1)
    expect((await world.run('parked', 'redrive', 'receipts', '--module', consumer, '--yes')).code).toBe(0)
  })

  test('are not looked for in a table that is not there, nor redriven by a module without the consumer', async () => {
    const table = await world.run('parked', 'list', 'receipts', '--parking-table', 'nowhere')
    expect(table.output).toContain("there is no table 'nowhere'")
    expect(table.code).toBe(1)
    const module = await world.run('parked', 'redrive', 'mails', '--module', consumer, '--yes')
    expect(module.output).toContain("exports no consumer called 'mails'; it exports 'receipts'")
    expect(module.code).toBe(1)
  })
})
