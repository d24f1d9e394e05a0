import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { assertPlain, CliWorld, jsonLines } from './support/cli-world.ts'

let world: CliWorld
beforeAll(async () => {
  world = await CliWorld.create()
  world.consumer(
    'consumer.mjs',
    'if (record.keys.id === "poison") throw new TypeError("no such total"); console.log("effect", record.keys.id)',
    `select: { eventName: ['INSERT'] }, identity: 'message',
     ledger: dynamodbLedger({ client: new DynamoDBClient(), tableName: 'tidemark' }),`,
  )
})
afterAll(() => world.close())

const fleet = ['--table', 'orders', '--module', './consumer.mjs']
const explain = async (what: string, ...more: readonly string[]) =>
  jsonLines((await world.run('explain', 'receipts', what, ...fleet, '--json', ...more)).stdout)

describe('explain', () => {
  test('before any worker nobody knows, and says so', async () => {
    await world.put('a')
    expect(await explain('a')).toMatchObject([{ outcome: 'unknown', eventName: 'INSERT' }])
  })

  test('tells what was handled, filtered and a duplicate of what; what is held up, and what is not reached', async () => {
    const worker = await world.worker('consumer.mjs')
    await worker.until(/effect a/)
    await world.put('a', { n: { N: '2' } }) // MODIFY: no pattern matches
    await world.remove('a')
    await world.put('a') // a second INSERT of the same message
    await world.put('poison')
    await world.put('b')
    await worker.until(/ poison /)
    await worker.until(/effect b/)
    await worker.end('SIGTERM')
    await world.put('late')

    const [handled, modified, removed, duplicate] = await explain('a')
    expect(handled).toMatchObject({ outcome: 'handled', why: expect.stringMatching(/^took effect 20\S+Z/) })
    for (const filtered of [modified, removed])
      expect(filtered).toMatchObject({ outcome: 'filtered', why: 'it does not match {"eventName":["INSERT"]}' })
    expect(duplicate).toMatchObject({
      ...{ outcome: 'duplicate', why: expect.stringContaining(`of event ${String(handled?.['eventId'])}`) },
    })
    expect(await explain(String(handled?.['eventId']))).toEqual([handled])
    expect(await explain('id=poison')).toMatchObject([{ outcome: 'held-up' }])
    expect(await explain('{"id":{"S":"late"}}')).toMatchObject([
      { outcome: 'not-reached', why: expect.stringContaining('nobody has its shard') },
    ])
  })

  test('is read by a person, too', async () => {
    const { code, stdout } = await world.run('explain', 'receipts', 'a', ...fleet)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^20\S+Z INSERT id=a\n {2}event \w{32}\n {2}HANDLED: took effect /)
    expect(stdout).toMatch(/ {2}DUPLICATE: of event \w{32}, which took effect\n {4}20/)
    assertPlain(stdout)
  })

  test('of a change that the stream no longer has, the ledger still knows', async () => {
    world.engine.trimStream('orders')
    expect(await explain('b', '--identity', 'message')).toMatchObject([{ outcome: 'handled' }])
    const nobody = await world.run('explain', 'receipts', 'nobody', ...fleet)
    expect(nobody.code).toBe(1)
    expect(nobody.stdout).toContain("has no change of 'nobody'")
  })

  test('a key that is not the table’s, or a consumer that is not the module’s, is refused', async () => {
    const key = await world.run('explain', 'receipts', '{"pk":"a"}', ...fleet)
    expect(key.code).toBe(2)
    expect(key.output).toContain('the key of an item is id=…; got')
    const consumer = await world.run('explain', 'other', 'a', ...fleet)
    expect(consumer.code).toBe(1)
    expect(consumer.output).toContain("./consumer.mjs exports no consumer called 'other'; it exports 'receipts'")
  })

  test('tells what is parked and for which error, what is parked behind it, and what was dropped and why', async () => {
    world.consumer('parking.mjs', 'throw new TypeError("no such total")', `onFailure: 'park',`)
    await world.put('p')
    const worker = await world.worker('parking.mjs', '--on-gap', 'continue')
    await world.put('p', { again: { BOOL: true } })
    for (;;) {
      const [first, second] = await explain('p')
      if (first?.['outcome'] !== 'parked' || second?.['outcome'] !== 'parked') continue
      expect(first['why']).toMatch(/^20\S+Z by \S+\/\d+, tried once: TypeError: no such total$/)
      expect(second['why']).toContain('behind an earlier change of its item')
      break
    }
    const [lane] = jsonLines((await world.run('parked', 'list', 'receipts', '--json')).stdout)
    const [record] = await explain('p')
    const drop = ['parked', 'drop', 'receipts', String(lane?.['laneId']), String(record?.['eventId'])]
    const dropped = await world.run(...drop, '--reason', 'a test', '--yes')
    expect(dropped.code, dropped.output).toBe(0)
    expect(await explain('p')).toMatchObject([
      { outcome: 'dropped', why: expect.stringMatching(/^out of the parking lot 20\S+Z by .*: a test$/) },
      { outcome: 'parked' },
    ])
    await worker.end('SIGTERM')
  })
})
