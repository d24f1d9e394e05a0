import { afterEach, describe, expect, test } from 'vitest'
import { dynamodbLedger, dynamodbParkingLot } from '../../src/dynamodb.ts'
import {
  createConsumer,
  silentLogger,
  type Consumer,
  type ConsumerOptions,
  type HandlerContext,
} from '../../src/index.ts'
import { aborted } from '../../src/internal/aborted.ts'
import { answerWithin } from '../support/stream-table.ts'
import { Fleet } from './fleet.ts'

let fleets: Fleet[] = []
afterEach(async () => {
  for (const one of fleets) await one.end()
  fleets = []
})

const keys = Array.from({ length: 12 }, (_, index) => `k${index}`)

/** A fleet whose consumer is sick of values that begin with `bad` until it is cured, and a person who redrives for it. */
async function sickFleet(withLedger: boolean) {
  const fleet = await Fleet.create({ initialShardCount: 2 })
  fleets.push(fleet)
  const { clock, random, engine } = fleet.table
  const client = engine as never
  const state = { isCured: false, runs: 0 }
  const definition = (worker: string): Partial<ConsumerOptions> => ({
    ...{ name: 'receipts', logger: silentLogger, clock, random, retry: { maxAttempts: 1 }, onFailure: 'park' },
    ...(withLedger ? { ledger: dynamodbLedger({ client, tableName: 'tidemark', clock, random }) } : {}),
    handler: ({ keys, eventId, newImage }, _context: HandlerContext) => {
      state.runs += 1
      const value = String(newImage?.['value'] ?? '')
      if (value.startsWith('bad') && !state.isCured) throw new Error('sick')
      fleet.handled.push({ worker, key: String(keys['id']), value, eventId })
    },
  })
  const person: Consumer = createConsumer({
    ...(definition('person') as ConsumerOptions),
    parking: { lot: dynamodbParkingLot({ client, tableName: 'tidemark', clock, random }) },
  })
  const worker = (name: string) => fleet.worker(name, { consumer: definition(name) })
  return { fleet, state, person, worker }
}

describe.each([
  ['without a ledger', false],
  ['with a claim ledger', true],
])('a worker that parks, %s', (_name, withLedger) => {
  test('goes on beside what is parked, through a death and over splits, until it is redriven in order', async () => {
    const { fleet, state, person, worker } = await sickFleet(withLedger)
    const a = worker('a')
    await fleet.start(a)
    await fleet.start(worker('b'))
    const write = async (round: number) => {
      for (const [index, key] of keys.entries()) {
        const isBad = round === 1 && index % 4 === 0
        await fleet.put(key, `${isBad ? 'bad' : 'good'}-${round}`)
      }
      await fleet.pass(2_000)
    }
    await write(0)
    await write(1)
    fleet.table.engine.splitShard('orders')
    await write(2)
    await fleet.pass(20_000)
    expect((await person.parked.lanes()).map(({ recordCount }) => recordCount)).toEqual([2, 2, 2])
    expect(a.status().fleets[0]?.parkedLaneCount).toBeGreaterThan(0)
    fleet.kill('a')
    await write(3)
    await fleet.pass(60_000)
    expect((await person.parked.lanes()).map(({ recordCount }) => recordCount)).toEqual([3, 3, 3])
    state.isCured = true
    const redriven = answerWithin(60_000, fleet.table.clock, person.redrive())
    await write(4)
    await redriven
    await answerWithin(60_000, fleet.table.clock, person.redrive())
    expect(await person.parked.lanes()).toEqual([])
    await write(5)
    await fleet.pass(30_000)
    for (const [index, key] of keys.entries()) {
      const bad = index % 4 === 0 ? 'bad' : 'good'
      const expected = ['good-0', `${bad}-1`, 'good-2', 'good-3', 'good-4', 'good-5']
      // What the dead worker had not saved runs again where there is no ledger, in order.
      const values = fleet.valuesOf(key)
      expect([...new Set(values)], key).toEqual(expected)
      expect([...new Set(values.toReversed())].toReversed(), key).toEqual(expected)
      if (withLedger) expect(values, key).toEqual(expected)
    }
  })
})

test('asks nothing more of the tables for a record when nothing is parked', async () => {
  const requestsOf = async (onFailure: 'stop' | 'park') => {
    const fleet = await Fleet.create()
    fleets.push(fleet)
    const asked: string[] = []
    const { send } = fleet.table.engine
    fleet.table.engine.send = (command: {
      readonly constructor: { readonly name: string }
      readonly input: unknown
    }) => {
      if (JSON.stringify(command.input).includes('parked#')) asked.push(command.constructor.name)
      return send.call(fleet.table.engine, command as never) as never
    }
    await fleet.start(fleet.worker('a', { consumer: { onFailure } }))
    for (let round = 0; round < 5; round += 1) {
      for (const key of keys) await fleet.put(key, String(round))
      await fleet.pass(2_000)
    }
    expect(fleet.handled).toHaveLength(60)
    return asked
  }
  expect(await requestsOf('stop')).toEqual([])
  // When the shard is opened, once.
  expect(await requestsOf('park')).toEqual(['UpdateItemCommand', 'QueryCommand'])
})

test('a record that kills is noted also by who gets the shard handed over from one that took it from the dead', async () => {
  const fleet = await Fleet.create()
  fleets.push(fleet)
  const { clock, random, engine } = fleet.table
  const killed: string[] = []
  const worker = (name: string, isBusy = false) =>
    fleet.worker(name, {
      consumer: {
        ...{ onFailure: 'park', concurrency: isBusy ? 1 : 2 },
        async handler({ keys }, { signal }) {
          if (keys['id'] === 'deadly') {
            killed.push(name)
            fleet.kill(name)
          } else if (!isBusy) return
          await aborted(signal)
          signal.throwIfAborted()
        },
      },
    })
  await fleet.start(worker('a'))
  await Promise.all([fleet.put('another', '1'), fleet.put('deadly', '1')])
  await fleet.pass(200)
  const heir = worker('b', true)
  await fleet.start(heir)
  await fleet.pass(40_000)
  await fleet.stop(heir)
  expect(killed, 'the first heir was busy with another record').toEqual(['a'])
  for (const name of ['c', 'd', 'e']) {
    await fleet.start(worker(name))
    await fleet.pass(40_000)
  }
  expect(killed, 'two attempts were noted, and the second was alone').toEqual(['a', 'c', 'd'])
  const lot = dynamodbParkingLot({ client: engine, tableName: 'tidemark', clock, random })
  expect(await lot.list('receipts')).toMatchObject([{ lane: { laneKey: 'S2:id6:deadly' }, parked: { recordCount: 1 } }])
})
