import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import { afterAll, describe, expect, test } from 'vitest'
import { createConsumer, silentLogger, type Consumer, type Ledger } from '../../src/index.ts'
import { systemClock } from '../../src/internal/system.ts'
import { postgresLedger, postgresMigrations } from '../../src/postgres.ts'
import { usePostgres } from '../ledger/postgres/server.ts'
import { mortalPglite, mortalPool } from '../support/mortal-postgres.ts'
import { Mortal } from '../support/mortal.ts'
import { isPoison, judge, live, mend, type Effect, type Patient } from '../support/parking-life.ts'

const { createDatabase } = usePostgres()

// Some 630 steps, at each of which the process dies once: with CRASH_EVERY=1 at all of them, which takes minutes.
const every = Number(process.env['CRASH_EVERY'] ?? 29)

const effectTable = 'CREATE TABLE effects (place serial, life text, item text, sequence bigint)'
const insertEffect = 'INSERT INTO effects (life, item, sequence) VALUES ($1, $2, $3)'
const readEffects = 'SELECT item, sequence::text AS sequence FROM effects WHERE life = $1 ORDER BY place'

interface Queries {
  query(text: string, values?: unknown[]): Promise<unknown>
}

/** A consumer of a life's own, in a database that all lives share. */
function consumerOf(
  life: string,
  patient: Patient,
  process: Mortal,
  ledger: Ledger<Queries>,
  offsetMs: number,
): Consumer {
  return createConsumer({
    ...{ name: life, logger: silentLogger, concurrency: 2, onFailure: 'park', ledger },
    clock: { ...systemClock, now: () => systemClock.now() + offsetMs },
    retry: { maxAttempts: 2, baseDelayMs: 0 },
    async handler({ sequenceNumber, keys }, { transaction }) {
      await process.step()
      // Before it fails: what a failed attempt has done must not stay.
      await transaction.query(insertEffect, [life, keys['pk'], sequenceNumber])
      if (isPoison(Number(sequenceNumber), patient.isCured)) throw new Error('poison')
    },
  })
}

interface Subject {
  /** A ledger of a process, whose clock is that much ahead. */
  ledger(process: Mortal, offsetMs: number): Ledger<Queries>
  effects(life: string): Promise<Effect[]>
  /** What is left in the lot of a life. */
  leftCount(life: string): Promise<number>
}

/** One life after the other, each of which dies some steps later; the last one lives. @returns how many died. */
async function dieAtEach(every: number, { ledger, effects, leftCount }: Subject): Promise<number> {
  for (let diesAt = 1, deaths = 0; ; diesAt += every) {
    const life = `life-${diesAt}`
    const patient: Patient = { isCured: false }
    const process = new Mortal(diesAt)
    const died = process.death.then(() => 'died')
    const consumer = consumerOf(life, patient, process, ledger(process, 0), 0)
    const ended = await Promise.race([died, live(patient, consumer).then(() => 'lived')])
    const after = new Mortal(Infinity)
    await mend(patient, consumerOf(life, patient, after, ledger(after, 3_600_000), 3_600_000), async () => {})
    judge(await effects(life), 'once')
    expect(await leftCount(life), `left of ${life}`).toBe(0)
    if (ended === 'lived') return deaths
    deaths += 1
  }
}

const ahead = (offsetMs: number) => ({ ...systemClock, now: () => systemClock.now() + offsetMs })

const leftOver = 'SELECT count(*)::text AS count FROM tidemark_parked_records WHERE consumer = $1'

describe('a crash at any await of parking in the database of the effects', () => {
  test('loses nothing, doubles nothing, and breaks no order', { timeout: 600_000 }, async () => {
    const database = await createDatabase()
    await database.query(effectTable)
    const reader = database.pool()
    const survivor = database.pool({ max: 3 })
    const pools: pg.Pool[] = []
    const deaths = await dieAtEach(every, {
      ledger(process, offsetMs) {
        if (offsetMs > 0) return postgresLedger({ pool: survivor, clock: ahead(offsetMs) })
        const own = new pg.Pool({ ...database.config, max: 3 })
        own.on('error', () => {}) // its connections die with it
        pools.push(own)
        return postgresLedger({ pool: mortalPool(own, process) })
      },
      async effects(life) {
        const { rows } = await reader.query<{ item: string; sequence: string }>(readEffects, [life])
        return rows.map(({ item, sequence }) => ({ item, sequence: Number(sequence) }))
      },
      leftCount: async (life) => Number((await reader.query<{ count: string }>(leftOver, [life])).rows[0]?.count),
    })
    for (const pool of pools) void pool.end()
    // Reads, parks, holds, effects with marks, settlements, at each of their statements.
    expect(deaths).toBeGreaterThan(500 / every)
  })
})

describe('a crash in parking in PGlite', () => {
  const ends: (() => Promise<unknown>)[] = []
  afterAll(() => Promise.all(ends.map((end) => end())))

  test('loses nothing, doubles nothing, and breaks no order', { timeout: 600_000 }, async () => {
    const pglite = await PGlite.create()
    ends.push(() => pglite.close())
    for (const { sql } of postgresMigrations()) await pglite.exec(sql)
    await pglite.exec(effectTable)
    const deaths = await dieAtEach(4 * every, {
      ledger: (process, offsetMs) => postgresLedger({ pglite: mortalPglite(pglite, process), clock: ahead(offsetMs) }),
      async effects(life) {
        const { rows } = await pglite.query<{ item: string; sequence: string }>(readEffects, [life])
        return rows.map(({ item, sequence }) => ({ item, sequence: Number(sequence) }))
      },
      leftCount: async (life) => Number((await pglite.query<{ count: string }>(leftOver, [life])).rows[0]?.count),
    })
    expect(deaths).toBeGreaterThan(400 / 4 / every)
  })
})
