import fc from 'fast-check'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { Lanes, Suspended, type LaneStep } from '../../src/lanes/lanes.ts'
import { deferred, turns } from '../support/deferred.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

describe('lanes', () => {
  test('work of one lane runs in order and one at a time, work of others beside it, up to the concurrency', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 50 }),
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.nat(3), { minLength: 1, maxLength: 10 }),
        async (keys, concurrency, pauses) => {
          const running = new Set<number>()
          const lent = new Set<number>()
          const seen = new Map<number, number[]>()
          let most = 0
          const work = async ({ key, id }: { key: number; id: number }): Promise<LaneStep> => {
            running.add(key)
            most = Math.max(most, running.size)
            seen.set(key, [...(seen.get(key) ?? []), id])
            for (let pause = 0; pause < (pauses[id % pauses.length] ?? 0); pause += 1) await Promise.resolve()
            running.delete(key)
            return 'next'
          }
          const waiting = async <End>(key: number, wait: Promise<unknown>, end: End): Promise<End> => {
            lent.add(key)
            await wait
            lent.delete(key)
            return end
          }
          const lanes = new Lanes<{ key: number; id: number }>(concurrency, (one, lend) => {
            const { key, id } = one
            expect(running.has(key) || lent.has(key)).toBe(false)
            if (id % 4 === 0) return waiting(key, lend(turns()), undefined).then(() => work(one))
            if (id % 4 === 1) return new Suspended(waiting(key, turns(), () => work(one)))
            return id % 4 === 2 ? work(one).then(() => new Suspended(waiting(key, turns(), 'next'))) : work(one)
          })
          keys.forEach((key, id) => lanes.enqueue(`${key}`, { key, id }))
          lanes.start()
          await lanes.idle()
          expect(most).toBeLessThanOrEqual(concurrency)
          for (const [key, ids] of seen) expect(ids).toEqual(keys.flatMap((one, id) => (one === key ? [id] : [])))
          expect([...seen.values()].flat().length).toBe(keys.length)
        },
      ),
    )
  })

  test('what was worked is kept no longer, while other lanes and later work of its own wait', async () => {
    const stuck = deferred()
    const worked: WeakRef<object>[] = []
    const lanes = new Lanes<{ readonly key: string }>(1, async (work): Promise<LaneStep> => {
      if (work.key === 'last') await stuck.promise
      else worked.push(new WeakRef(work))
      return 'next'
    })
    for (const key of ['a', 'b', 'c', 'a', 'last', 'a', 'b']) lanes.enqueue(key, { key })
    lanes.start()
    await new Promise((resolve) => setTimeout(resolve, 0))
    collect()
    expect(worked.map((record) => record.deref())).toEqual([undefined, undefined, undefined])
    stuck.resolve()
    await lanes.idle()
    expect(worked.length).toBe(6)
  })

  test('a stopped lane runs nothing more, and takes nothing more; the others go on', async () => {
    const ran: string[] = []
    const lanes = new Lanes<string>(2, async (work): Promise<LaneStep> => {
      ran.push(work)
      return work === 'a2' ? 'stop' : 'next'
    })
    for (const work of ['a1', 'a2', 'a3', 'b1', 'b2']) lanes.enqueue(work[0] ?? '', work)
    lanes.start()
    await lanes.idle()
    lanes.enqueue('a', 'a4')
    lanes.enqueue('b', 'b3')
    lanes.start()
    await lanes.idle()
    expect(ran.filter((work) => work.startsWith('a'))).toEqual(['a1', 'a2'])
    expect(ran.filter((work) => work.startsWith('b'))).toEqual(['b1', 'b2', 'b3'])
  })

  test('a turn that is lent out lets another lane work meanwhile', async () => {
    const gate = deferred()
    const ran: string[] = []
    const lanes = new Lanes<string>(1, async (work, lend): Promise<LaneStep> => {
      if (work === 'waits') await lend(gate.promise)
      ran.push(work)
      return 'next'
    })
    lanes.enqueue('a', 'waits')
    lanes.enqueue('b', 'works')
    lanes.start()
    await turns()
    expect(ran).toEqual(['works'])
    gate.resolve()
    await lanes.idle()
    expect(ran).toEqual(['works', 'waits'])
  })

  test('a suspended lane leaves its turn to others, and stands still until it is told to go on', async () => {
    const gate = deferred()
    const ran: string[] = []
    const lanes = new Lanes<string>(1, (work) => {
      ran.push(work)
      if (work !== 'a1') return work === 'b1' ? new Suspended(Promise.reject(new Error('a broken invariant'))) : 'next'
      return new Suspended(
        gate.promise.then(() => () => {
          ran.push('a1 again')
          return 'next'
        }),
      )
    })
    for (const work of ['a1', 'a2', 'b1', 'b2', 'c1']) lanes.enqueue(work[0] ?? '', work)
    lanes.start()
    await turns()
    expect(ran).toEqual(['a1', 'b1', 'c1'])
    gate.resolve()
    await expect(lanes.idle()).rejects.toThrow('a broken invariant')
    expect(ran.slice(3)).toEqual(['a1 again', 'a2'])
  })

  test('a turn that is lent out goes first to whoever wants one back', async () => {
    const gates = { a1: deferred(), b1: deferred() }
    const last = deferred()
    // As with commits that go in order: what b waits for comes behind what a waits for.
    const lanes = new Lanes<string>(1, async (work, lend): Promise<LaneStep> => {
      if (work === 'a2') gates.b1.resolve()
      if (work === 'a1' || work === 'b1') await lend(gates[work].promise)
      if (work === 'c1') {
        gates.a1.resolve()
        await turns()
        await lend(last.promise)
      }
      if (work === 'b1') last.resolve()
      return 'next'
    })
    for (const work of ['a1', 'b1', 'c1', 'a2']) lanes.enqueue(work[0] ?? '', work)
    lanes.start()
    await lanes.idle()
  })

  test('an error that a worker should not have thrown stops its lane and is not swallowed', async () => {
    const ran: string[] = []
    const lanes = new Lanes<string>(1, async (work): Promise<LaneStep> => {
      ran.push(work)
      if (work === 'a1') throw new Error('a broken invariant')
      return 'next'
    })
    for (const work of ['a1', 'a2', 'b1']) lanes.enqueue(work[0] ?? '', work)
    lanes.start()
    await expect(lanes.idle()).rejects.toThrow('a broken invariant')
    expect(ran).toEqual(['a1', 'b1'])
  })
})
