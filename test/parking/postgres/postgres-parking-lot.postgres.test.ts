import { PGlite } from '@electric-sql/pglite'
import { drizzle } from 'drizzle-orm/node-postgres'
import { CamelCasePlugin, Kysely, PostgresDialect } from 'kysely'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postgresMigrations, postgresParkingLot, type PostgresParkingLotOptions } from '../../../src/postgres.ts'
import type { ParkingLot } from '../../../src/parking/parking-lot.ts'
import { createManualClock, type ManualClock } from '../../../src/testing/manual-clock.ts'
import { usePostgres, type TestDatabase } from '../../ledger/postgres/server.ts'
import { faultyPool } from '../../support/faulty-pool.ts'
import { at, lane, letter, parkingLotPromises } from '../parking-lot-promises.ts'

const { createDatabase } = usePostgres()

// At one statement of so many a connection is lost; with CRASH_EVERY=1 at all of them.
const every = Number(process.env['CRASH_EVERY'] ?? 3)

const ends: (() => Promise<unknown>)[] = []
afterAll(() => Promise.all(ends.map((end) => end())))

// The clock of a lot says what time it is; what is tried again need not wait for it.
const hasty = (clock: ManualClock) => ({ ...clock, sleep: () => Promise.resolve() })

const emptied = ['lanes', 'records', 'past', 'shards'].map((name) => `tidemark_parked_${name}`).join(', ')

/** The promises, on one database that is emptied before each of them. */
function promisesOn(connect: (database: TestDatabase) => PostgresParkingLotOptions): void {
  let database: TestDatabase
  let options: PostgresParkingLotOptions
  beforeAll(async () => {
    database = await createDatabase()
    options = connect(database)
  })
  parkingLotPromises(async (clock) => {
    await database.query(`TRUNCATE ${emptied}`)
    return postgresParkingLot({ ...options, clock: hasty(clock) })
  })
}

describe('a parking lot in PostgreSQL', () => {
  describe('through pg', () => promisesOn((database) => ({ pool: database.pool() })))

  describe('through postgres.js', () =>
    promisesOn(({ config: { host, port, user, database }, schema }) => {
      const sql = postgres({ host, port, user, database, max: 1, connection: { search_path: schema } })
      ends.push(() => sql.end())
      return { sql }
    }))

  describe('through Kysely, also with a plugin that renames columns', () =>
    promisesOn((database) => ({
      kysely: new Kysely({
        dialect: new PostgresDialect({ pool: database.pool() }),
        plugins: [new CamelCasePlugin()],
      }),
    })))

  describe('through Drizzle', () => promisesOn((database) => ({ drizzle: drizzle({ client: database.pool() }) })))

  describe('in a database that is serializable unless it is told otherwise', () =>
    promisesOn((database) => ({
      pool: database.pool({ options: `${database.config.options} -c default_transaction_isolation=serializable` }),
    })))

  describe('in PGlite', () => {
    let pglite: PGlite
    beforeAll(async () => {
      pglite = await PGlite.create()
      ends.push(() => pglite.close())
      for (const { sql } of postgresMigrations()) await pglite.exec(sql)
    })
    parkingLotPromises(async (clock) => {
      await pglite.exec(`TRUNCATE ${emptied}`)
      return postgresParkingLot({ pglite, clock: hasty(clock) })
    })
  })
})

/** Everything that is done with a consumer's parked records, and what each of it says. */
async function live(lot: ParkingLot, clock: ManualClock, consumer: string): Promise<string> {
  const condition = { onlyBehind: false, maxPerLane: 2, fence: undefined }
  const of = { ...lane, consumer }
  const shard = { ...of, streamLabel: 'label', shardId: 's', leaseCreatedAt: 1, epoch: 1 }
  const until = clock.now() + 60_000
  const [held, later] = [
    { lane: of, token: 't' },
    { lane: of, token: 'u' },
  ]
  const fate = { outcome: 'handled', at: clock.now(), by: 'me' } as const
  const said: unknown[] = []
  const tell = async (answer: Promise<unknown>) => void said.push(await answer)
  await tell(lot.openShard(shard))
  await tell(lot.note(of, { position: at(5), count: 2 }))
  await tell(lot.park(letter(5, { consumer }), { ...condition, fence: shard }))
  await tell(lot.park(letter(6, { consumer }), { ...condition, onlyBehind: true }))
  await tell(lot.park(letter(7, { consumer }), { ...condition, onlyBehind: true }))
  await tell(lot.hold(of, 't', until))
  await tell(lot.extend(held, until + 1))
  await tell(lot.rewrite(held, { ...letter(5, { consumer, attempts: 4 }), position: at(5) }))
  await tell(lot.records(of, { limit: 1 }))
  await tell(lot.settle(held, at(5), fate))
  await tell(lot.read([of]))
  await tell(lot.letGo(held))
  await tell(lot.hold(of, 'u', until))
  await tell(lot.settle(later, at(6), { ...fate, outcome: 'dropped', reason: 'a test' }))
  await tell(lot.letGo(later))
  await tell(lot.past(of, 9))
  await tell(lot.wasSettled(of, at(6)))
  await tell(lot.note(of, { position: at(8), count: 1 }))
  await tell(lot.forgetNote(of, at(8)))
  await tell(lot.list(consumer))
  return JSON.stringify(said).replaceAll(`"${consumer}"`, '"c"')
}

describe('a connection that is lost', () => {
  test(
    'at whichever statement, before or after the server did it, changes nothing of what any method says',
    { timeout: 60_000 },
    async () => {
      const database = await createDatabase()
      const [pool, administrator] = [database.pool({ max: 2 }), database.pool()]
      const clock = createManualClock()
      const undisturbed = await live(postgresParkingLot({ pool, clock: hasty(clock) }), clock, 'c')
      expect(undisturbed).toContain('"parked","parked","full"')
      for (const when of ['before', 'after'] as const) {
        for (let lost = when === 'before' ? 1 : 2, isOver = false; !isOver; lost += every) {
          let sent = 0
          const faulty = faultyPool(pool, async (text, client, send) => {
            sent += text === 'ROLLBACK' ? 0 : 1
            if (sent !== lost || text === 'ROLLBACK') return send()
            const { processID } = client as unknown as { processID: number }
            if (when === 'after') await send()
            await administrator.query('SELECT pg_terminate_backend($1)', [processID])
            if (when === 'after') throw new Error('Connection terminated unexpectedly')
            return send()
          })
          const said = await live(postgresParkingLot({ pool: faulty, clock: hasty(clock) }), clock, `${when}-${lost}`)
          expect(said, `${when} statement ${lost}`).toBe(undisturbed)
          isOver = sent < lost
        }
      }
    },
  )
})

describe('two at once', () => {
  test('an arrival and a redrive that lets the lane go: it stays parked, or the arrival is told that it is open', async () => {
    const database = await createDatabase()
    const pool = database.pool({ max: 2 })
    const clock = createManualClock()
    const lot = postgresParkingLot({ pool, clock: hasty(clock) })
    const condition = { onlyBehind: false, maxPerLane: 9, fence: undefined }
    for (let round = 1; round <= 20; round += 1) {
      const of = { ...lane, laneKey: `L${round}` }
      const held = { lane: of, token: 't' }
      await lot.park(letter(5, { laneKey: of.laneKey }), condition)
      await lot.hold(of, 't', clock.now() + 60_000)
      await lot.settle(held, at(5), { outcome: 'handled', at: 1, by: 'me' })
      const arrival = lot.park(letter(6, { laneKey: of.laneKey }), { ...condition, onlyBehind: true })
      const ends = await Promise.all([arrival, lot.letGo(held)])
      expect([
        ['parked', 'parked'],
        ['open', 'open'],
      ]).toContainEqual(ends)
      expect(await lot.records(of, { limit: 9 })).toHaveLength(ends[0] === 'parked' ? 1 : 0)
    }
  })

  test('who opens a shard waits for who is parking by it, and then finds what was parked', async () => {
    const database = await createDatabase()
    const clock = createManualClock()
    const shard = { ...lane, streamLabel: 'label', shardId: 's', leaseCreatedAt: 1, epoch: 1 }
    let commit = () => {}
    const stuck = new Promise<void>((resolve) => (commit = resolve))
    let isStuck = false
    const slow = faultyPool(database.pool(), async (text, _client, send) => {
      if (text === 'COMMIT' && isStuck) await stuck
      return send()
    })
    const [earlier, later] = [slow, database.pool()].map((pool) => postgresParkingLot({ pool, clock: hasty(clock) }))
    await earlier?.openShard(shard)
    isStuck = true
    const parking = earlier?.park(letter(5), { onlyBehind: false, maxPerLane: 9, fence: shard })
    await new Promise((resolve) => setTimeout(resolve, 100))
    let isOpen = false
    const opening = later?.openShard({ ...shard, epoch: 2 }).then(() => (isOpen = true))
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(isOpen).toBe(false)
    commit()
    expect(await parking).toBe('parked')
    await opening
    expect(await later?.list('c')).toMatchObject([{ parked: { recordCount: 1 } }])
  })
})

test('what is forgotten is deleted by whoever lets a lane go, and nothing else', async () => {
  const database = await createDatabase()
  const clock = createManualClock()
  const lot = postgresParkingLot({ pool: database.pool(), clock: hasty(clock) })
  const condition = { onlyBehind: false, maxPerLane: 9, fence: undefined }
  const clear = async (laneKey: string, sequence: number) => {
    const held = { lane: { ...lane, laneKey }, token: 't' }
    await lot.park(letter(sequence, { laneKey }), condition)
    await lot.hold(held.lane, 't', clock.now() + 60_000)
    await lot.settle(held, at(sequence), { outcome: 'handled', at: clock.now(), by: 'me' })
    await lot.letGo(held)
  }
  await clear('old', 1)
  await lot.park(letter(2, { laneKey: 'waits' }), condition)
  await clock.advance(31 * 86_400_000)
  await clear('new', 3)
  const left = async (table: string) => (await database.query(`SELECT lane_id FROM tidemark_parked_${table}`)).length
  expect([await left('lanes'), await left('past'), await left('records')]).toEqual([2, 1, 1])
})

test('a key, an id or a reason with a NUL in it is no harm', async () => {
  const database = await createDatabase()
  const clock = createManualClock()
  const lot = postgresParkingLot({ pool: database.pool(), clock: hasty(clock) })
  const odd = { ...lane, laneKey: 'S2:pk3:a\0\uD800' }
  const error = { name: 'Error', message: 'nul \0', causes: [] }
  const parked = letter(5, { laneKey: odd.laneKey, eventId: 'e\0', error })
  expect(await lot.park(parked, { onlyBehind: false, maxPerLane: 9, fence: undefined })).toBe('parked')
  expect(await lot.list('c')).toMatchObject([{ lane: odd, parked: { error: { message: 'nul \0' } } }])
  expect(await lot.records(odd, { limit: 1 })).toEqual([{ ...parked, position: at(5) }])
  const held = { lane: odd, token: 't' }
  await lot.hold(odd, 't', clock.now() + 60_000)
  const fate = { outcome: 'dropped', at: 1, by: 'me\0', reason: 'because \0' } as const
  expect(await lot.settle(held, at(5), fate)).toBe('settled')
  expect(await lot.past(odd, 1)).toMatchObject([{ reason: 'because \uFFFD', eventId: 'e\uFFFD' }])
})
