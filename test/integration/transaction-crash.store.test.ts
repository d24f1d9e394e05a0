import { describe, expect, test } from 'vitest'
import type { DynamoDBSender } from '../../src/dynamodb.ts'
import { deferred } from '../support/deferred.ts'
import { intercept } from '../support/intercept.ts'
import { localTables } from '../support/local-table.ts'
import { Mortal } from '../support/mortal.ts'
import { expectedLogs, lambdaBatch, TransactionWorld, workerPage, type Handle } from '../support/transaction-world.ts'

const tables = localTables()

const all = ['A:1', 'B:2', 'A:3', 'C:4', 'A:5', 'B:6', 'D:7', 'A:8']

/** Works all of the stream in a process; resolves with whether it got to the end. */
const hosts = {
  lambda: async (world: TransactionWorld, handle: Handle, client: DynamoDBSender, _epoch: number) =>
    !(await lambdaBatch(world.consumer(handle, client), all)).includes(undefined),
  worker: async (world: TransactionWorld, handle: Handle, client: DynamoDBSender, epoch: number) =>
    !(await workerPage(world.consumer(handle, client), all, epoch)).settled.includes(undefined),
}

describe.each(['lambda', 'worker'] as const)('a crash at any await (%s)', (host) => {
  const work = hosts[host]

  test('loses no effect, repeats none and keeps the order of each item', async () => {
    let deaths = 0
    for (let step = 1; ; step += 1) {
      const world = await TransactionWorld.create(tables)
      const process = new Mortal(step)
      const handle: Handle = async (change, context) => {
        await process.step()
        world.log(change, context)
        await process.step()
      }
      const ended = await Promise.race([process.death, work(world, handle, process.client(tables.client), 1)])
      if (ended === undefined) {
        deaths += 1
        expect(await work(world, world.log, tables.client, 2)).toBe(true)
      }
      expect(await world.logs(), `died at step ${step}`).toEqual(expectedLogs(all))
      if (ended !== undefined) break
    }
    // fewer steps than this would mean that the loop did not look everywhere
    expect(deaths).toBeGreaterThan(20)
  })

  test('a commit that arrives when all has been done again is refused', async () => {
    const world = await TransactionWorld.create(tables)
    const late: (() => Promise<unknown>)[] = []
    const lost = deferred()
    const client = intercept(tables.client, async ({ name }, send) => {
      if (name !== 'TransactWriteItemsCommand') return send()
      late.push(send)
      lost.resolve()
      return new Promise<never>(() => {}) // on its way for longer than its sender lives
    })
    void work(world, world.log, client, 1)
    await lost.promise
    expect(await work(world, world.log, tables.client, 2)).toBe(true)
    const refused = await Promise.allSettled(late.map((send) => send()))
    expect(refused.map(({ status }) => status)).toEqual(late.map(() => 'rejected'))
    for (const one of refused) expect(one).toMatchObject({ reason: { name: 'TransactionCanceledException' } })
    expect(await world.logs()).toEqual(expectedLogs(all))
  })

  test('replies lost at any commit, applied or not, change nothing', async () => {
    for (let bits = 0; bits < 16; bits += 1) {
      const world = await TransactionWorld.create(tables)
      let count = 0
      const client = intercept(tables.client, async ({ name }, send) => {
        if (name !== 'TransactWriteItemsCommand' || count >= 4) return send()
        const isApplied = ((bits >> count++) & 1) === 1
        const late = isApplied ? await send() : undefined
        void late
        throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
      })
      expect(await work(world, world.log, client, 1)).toBe(true)
      expect(await world.logs()).toEqual(expectedLogs(all))
    }
  })

  test('a commit that was given up, and lands behind its own repetition, is dropped', async () => {
    const world = await TransactionWorld.create(tables)
    const late: (() => Promise<unknown>)[] = []
    const client = intercept(tables.client, async ({ name }, send) => {
      if (name !== 'TransactWriteItemsCommand' || late.length >= 3) return send()
      late.push(send)
      throw Object.assign(new Error('no answer'), { name: 'TimeoutError' })
    })
    expect(await work(world, world.log, client, 1)).toBe(true)
    for (const one of await Promise.allSettled(late.map((send) => send()))) expect(one.status).toBe('rejected')
    expect(await world.logs()).toEqual(expectedLogs(all))
  })

  test('a commit that was given up, and lands before its repetition with other company, counts', async () => {
    const world = await TransactionWorld.create(tables)
    let late: (() => Promise<unknown>) | undefined
    let commits = 0
    const client = intercept(tables.client, async ({ name }, send) => {
      if (name !== 'TransactWriteItemsCommand') return send()
      commits += 1
      if (commits === 1) {
        late = send
        throw Object.assign(new Error('no answer'), { name: 'TimeoutError' })
      }
      if (commits === 2) await late?.() // the row was read in between, and said that nothing was applied
      return send()
    })
    expect(await work(world, world.log, client, 1)).toBe(true)
    expect(await world.logs()).toEqual(expectedLogs(all))
  })
})

test('a commit that was given up does not land behind a repetition of the opening that it named', async () => {
  const world = await TransactionWorld.create(tables)
  const repeat: { opening?: () => Promise<unknown>; commit?: () => Promise<unknown> } = {}
  const client = intercept(tables.client, async ({ name }, send) => {
    if (name === 'UpdateItemCommand') repeat.opening ??= send
    if (name !== 'TransactWriteItemsCommand' || repeat.commit !== undefined) return send()
    repeat.commit = send
    throw Object.assign(new Error('no answer'), { name: 'TimeoutError' })
  })
  expect((await workerPage(world.consumer(world.log, client), all, 1)).settled).toEqual(all.map(() => 'handled'))
  await repeat.opening?.() // is taken: it is this owner's, whose epoch it still is
  await expect(repeat.commit?.()).rejects.toThrow(expect.objectContaining({ name: 'TransactionCanceledException' }))
  expect(await world.logs()).toEqual(expectedLogs(all))
})

test("a zombie's commits are refused, and it hears that the shard is another's", async () => {
  const world = await TransactionWorld.create(tables)
  const taken = deferred()
  const going = deferred()
  const zombie = workerPage(
    world.consumer(async (change, context) => {
      going.resolve()
      await taken.promise
      return world.log(change, context)
    }),
    all,
    1,
  )
  await going.promise
  expect((await workerPage(world.consumer(world.log), all, 2)).settled).toEqual(all.map(() => 'handled'))
  taken.resolve()
  const { settled, failure } = await zombie
  expect(settled).toEqual(all.map(() => undefined))
  expect(failure).toMatchObject({ code: 'ERR_LEASE_LOST' })
  expect(await world.logs()).toEqual(expectedLogs(all))
})
