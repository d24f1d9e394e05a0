import { describe, expect, test } from 'vitest'
import { isTidemarkError } from '../../../src/index.ts'
import type { LedgerEntry, LedgerSession, LedgerShard, ShardLedger } from '../../../src/ledger/ledger.ts'
import { postgresLedger } from '../../../src/postgres.ts'
import { parseSequenceNumber } from '../../../src/record/sequence-number.ts'
import { faultyPool } from '../../support/faulty-pool.ts'
import { listen } from '../../support/listen.ts'
import { addToAccount, usePostgres, type TestDatabase } from './server.ts'
import type pg from 'pg'

const { createDatabase } = usePostgres()

type Session = LedgerSession<pg.PoolClient>

const shard = (epoch: number, changes: Partial<LedgerShard> = {}): LedgerShard => ({
  ...{
    consumer: 'bank',
    tableName: 'orders',
    streamLabel: '2026',
    shardId: 'shard-1',
    leaseCreatedAt: 1,
    recurs: false,
  },
  ...{ epoch, owner: `worker-${epoch}`, ...changes },
})

function entries(...sequences: readonly number[]): readonly LedgerEntry[] {
  return sequences.map((sequence) => ({
    idempotencyKey: `key-${sequence}`,
    laneKey: `lane-${sequence}`,
    eventId: `event-${sequence}`,
    streamArn: 'stream',
    sequenceNumber: parseSequenceNumber(String(sequence), 'entry'),
  }))
}

function at(page: readonly LedgerEntry[], index: number): LedgerEntry {
  const entry = page[index]
  if (entry === undefined) throw new Error(`the page has no record ${index}`)
  return entry
}

const openShard = (database: TestDatabase, epoch: number, options: Partial<LedgerShard> = {}) =>
  postgresLedger({ pool: database.pool() }).openShard?.(shard(epoch, options)) as ShardLedger<pg.PoolClient>

const isLost = (error: unknown) => isTidemarkError(error, 'ERR_LEASE_LOST')

/** Adds one to the record's account; resolves when that is part of the transaction, with how it came out. */
async function run(session: Session, entry: LedgerEntry) {
  const outcome = await session.claim(entry)
  if (outcome.status !== 'claimed') return { settled: Promise.resolve(outcome) }
  await session.attempt?.(outcome.claim, (client) => client.query(addToAccount, [entry.laneKey, 1]))
  const settled = Promise.resolve(session.complete(outcome.claim))
  settled.catch(() => {})
  return { settled }
}

describe('in a worker', () => {
  test('all records of a shard have one mark, and its next owner finds them completed', async () => {
    const database = await createDatabase()
    const page = entries(1, 2, 3)
    const mine = openShard(database, 1)
    const session = await mine.open({ consumer: 'bank', entries: page })
    for (const entry of page) await run(session, entry)
    await session.flush()
    const next = await openShard(database, 2).open({ consumer: 'bank', entries: entries(1, 2, 3, 4) })
    const claims = await Promise.all(entries(1, 2, 3, 4).map(async (entry) => next.claim(entry)))
    expect(claims.map(({ status }) => status)).toEqual(['completed', 'completed', 'completed', 'claimed'])
    expect(await database.query('SELECT count(*)::int FROM tidemark_shards')).toEqual([{ count: 1 }])
    expect(await database.query('SELECT count(*)::int FROM tidemark_marks')).toEqual([{ count: 0 }])
  })

  test('a record that stands still is a hole in the mark, and others commit beyond it', async () => {
    const database = await createDatabase()
    const page = entries(1, 2, 3, 4)
    const session = await openShard(database, 1).open({ consumer: 'bank', entries: page })
    for (const entry of [at(page, 3), at(page, 1)]) await run(session, entry)
    await session.flush()
    const again = openShard(database, 1)
    const first = await again.open({ consumer: 'bank', entries: page.slice(0, 2) })
    expect((await first.claim(at(page, 0))).status).toBe('claimed')
    expect((await first.claim(at(page, 1))).status).toBe('completed')
    await run(first, at(page, 0))
    await first.flush()
    const last = await openShard(database, 2).open({ consumer: 'bank', entries: page })
    const claims = await Promise.all(page.map(async (entry) => last.claim(entry)))
    expect(claims.map(({ status }) => status)).toEqual(['completed', 'completed', 'claimed', 'completed'])
  })

  test('who lost the shard commits nothing more, and is told so', async () => {
    const database = await createDatabase()
    const refused = listen('tidemark:commit:refused')
    const page = entries(1, 2)
    const zombie = await openShard(database, 1).open({ consumer: 'bank', entries: page })
    const claimed = await zombie.claim(at(page, 0))
    if (claimed.status !== 'claimed') throw new Error('not granted')
    let [paused, goOn] = [() => {}, () => {}]
    const isPaused = new Promise<void>((resolve) => (paused = resolve))
    const resumed = new Promise<void>((resolve) => (goOn = resolve))
    const attempt = zombie.attempt?.(claimed.claim, async (client) => {
      await client.query(addToAccount, ['lane-1', 1])
      paused()
      await resumed
    })
    await isPaused
    // The zombie's transaction is open, with the row locked: its successor ends it.
    const successor = await openShard(database, 2).open({ consumer: 'bank', entries: page })
    goOn()
    await attempt
    const settled = expect(zombie.complete(claimed.claim)).rejects.toSatisfy(isLost)
    await zombie.flush()
    await settled
    const { leaseCreatedAt: _, recurs: __, owner: workerId, ...lease } = shard(1)
    expect(refused).toEqual([{ ...lease, workerId }])
    for (const entry of page) await run(successor, entry)
    await successor.flush()
    expect(await database.balances()).toBe('lane-1=1 lane-2=1')
    await expect(openShard(database, 1).open({ consumer: 'bank', entries: page })).rejects.toSatisfy(isLost)
  })

  test('an earlier pass of the same lease is fenced off as well, and not told that the lease is lost', async () => {
    const database = await createDatabase()
    const page = entries(1)
    const earlier = await openShard(database, 1).open({ consumer: 'bank', entries: page })
    await openShard(database, 1).open({ consumer: 'bank', entries: page })
    await expect(run(earlier, at(page, 0))).rejects.toMatchObject({ code: 'ERR_LEDGER', retryable: true })
  })

  test('a lease that was made anew counts its epochs from 1, and keeps what the shard has committed', async () => {
    const database = await createDatabase()
    const page = entries(1)
    const session = await openShard(database, 7).open({ consumer: 'bank', entries: page })
    await run(session, at(page, 0))
    await session.flush()
    const again = await openShard(database, 1, { leaseCreatedAt: 2 }).open({ consumer: 'bank', entries: page })
    expect(again.claim(at(page, 0))).toEqual({ status: 'completed' })
  })

  test('an attempt whose time is up before its turn comes is not begun, and undoes nothing of the others', async () => {
    const database = await createDatabase()
    const page = entries(1, 2)
    const session = await openShard(database, 1).open({ consumer: 'bank', entries: page })
    const first = await run(session, at(page, 0))
    const outcome = await session.claim(at(page, 1))
    if (outcome.status !== 'claimed') throw new Error('it was not claimed')
    const begun: string[] = []
    const stopping = AbortSignal.abort(new Error('the time is up'))
    const late = session.attempt?.(outcome.claim, () => begun.push('late'), stopping)
    await expect(late).rejects.toThrow('the time is up')
    await session.flush()
    expect(begun).toEqual([])
    expect(await first.settled).toEqual({ status: 'completed' })
    expect(await database.balances()).toBe('lane-1=1')
  })

  test('given up between the writes of its marks, a shard has none of them', async () => {
    const database = await createDatabase()
    const page = entries(1)
    const state: { mine?: ShardLedger<pg.PoolClient> } = {}
    const pool = faultyPool(database.pool(), async (text, _client, send) => {
      if (text.startsWith('INSERT INTO tidemark_marks')) void state.mine?.close()
      return send()
    })
    state.mine = postgresLedger({ pool }).openShard?.(shard(1, { recurs: true })) as ShardLedger<pg.PoolClient>
    const session = await state.mine.open({ consumer: 'bank', entries: page })
    const { settled } = await run(session, at(page, 0))
    await session.flush()
    await expect(settled).rejects.toThrow(/handed over/)
    const next = await openShard(database, 2, { recurs: true }).open({ consumer: 'bank', entries: page })
    expect((await next.claim(at(page, 0))).status).toBe('claimed')
    expect(await database.balances()).toBe('')
  })

  test('where a change can recur each has a mark of its own beside that of the shard', async () => {
    const database = await createDatabase()
    const page = entries(1)
    const session = await openShard(database, 1, { recurs: true }).open({ consumer: 'bank', entries: page })
    await run(session, at(page, 0))
    await session.flush()
    const elsewhere = openShard(database, 1, { recurs: true, shardId: 'shard-2' })
    const again = await elsewhere.open({ consumer: 'bank', entries: page })
    expect(again.claim(at(page, 0))).toEqual({ status: 'completed' })
  })

  test('a handler that hangs keeps no connection when the shard is given up, and can do nothing more', async () => {
    const database = await createDatabase()
    const page = entries(1, 2)
    const mine = openShard(database, 1)
    const session = await mine.open({ consumer: 'bank', entries: page })
    let late: Promise<unknown> | undefined
    let goOn = () => {}
    const hanging = new Promise<void>((resolve) => (goOn = resolve))
    let hangs = () => {}
    const hung = new Promise<void>((resolve) => (hangs = resolve))
    const outcome = await session.claim(at(page, 0))
    if (outcome.status !== 'claimed') throw new Error('not granted')
    const attempt = session.attempt?.(outcome.claim, async (client) => {
      await client.query(addToAccount, ['x', 1])
      hangs()
      await hanging
      late = client.query(addToAccount, ['x', 1])
      await late
    })
    const failed = expect(attempt).rejects.toMatchObject({ code: 'ERR_LEASE_LOST' })
    await hung
    mine.drain?.('waits-for-nothing')
    session.close()
    await mine.close()
    goOn()
    await failed
    await expect(late).rejects.toThrow()
    expect(await database.balances()).toBe('')
  })
  test('a handler that waits for a lock when the shard is given up waits no more, and keeps no lock', async () => {
    const database = await createDatabase()
    const holder = await database.pool().connect()
    await holder.query('BEGIN')
    await holder.query(addToAccount, ['held', 1])
    const page = entries(1, 2)
    const mine = openShard(database, 1)
    const session = await mine.open({ consumer: 'bank', entries: page })
    const outcome = await session.claim(at(page, 0))
    if (outcome.status !== 'claimed') throw new Error('not granted')
    const attempt = session.attempt?.(outcome.claim, (client) => client.query(addToAccount, ['held', 1]))
    const failed = expect(attempt).rejects.toMatchObject({ code: 'ERR_LEASE_LOST' })
    const whoWaits = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    await expect.poll(() => database.query(whoWaits)).toHaveLength(1)
    mine.drain?.('waits-for-nothing')
    await expect.poll(() => database.query(whoWaits)).toEqual([])
    await failed
    session.close()
    await mine.close()
    await holder.query('ROLLBACK')
    holder.release()
  })
})
