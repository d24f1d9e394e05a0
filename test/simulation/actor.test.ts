import { describe, expect, it } from 'vitest'
import { Actor } from '../../src/simulation/actor.ts'
import { SeededRandom } from '../../src/simulation/random.ts'
import { Scheduler } from '../../src/simulation/scheduler.ts'
import { immediateTurns } from '../../src/simulation/turns.ts'

const limits = { untilMs: 1e6, maxEvents: 1_000 }

function world(seed = '1') {
  const random = new SeededRandom(seed)
  const scheduler = new Scheduler(random.fork('scheduler'), immediateTurns)
  const actor = (name: string, skew?: ConstructorParameters<typeof Actor>[3]) =>
    new Actor(name, random.fork(name), scheduler, skew)
  return { scheduler, actor, run: (isDone = () => false) => scheduler.run(isDone, limits) }
}

describe('Scheduler', () => {
  it('runs events in the order of their times, each with all that follows from it', async () => {
    const { scheduler, run } = world()
    const seen: string[] = []
    scheduler.after(2, () => seen.push('b'))
    scheduler.after(1, () => {
      seen.push('a')
      let chain = Promise.resolve()
      for (let turn = 0; turn < 300; turn += 1) chain = chain.then(() => {})
      void chain.then(() => seen.push('after a'))
    })
    const cancel = scheduler.after(3, () => seen.push('never'))
    cancel()
    expect(await run()).toBe('deadlock') // nothing can happen any more
    expect(seen).toEqual(['a', 'after a', 'b'])
    expect(scheduler.now).toBe(2)
  })

  it('says why a run ends', async () => {
    const { scheduler, run } = world()
    const again = () => void scheduler.after(1, again)
    again()
    expect(await run(() => scheduler.now >= 5)).toBe('done')
    expect(await scheduler.run(() => false, { untilMs: 10, maxEvents: 100 })).toBe('late')
    expect(await scheduler.run(() => false, { untilMs: 1e9, maxEvents: 100 })).toBe('endless')
  })

  it('orders events of one time as the seed says, and not always in the same order', async () => {
    const order = async (seed: string) => {
      const { scheduler, run } = world(seed)
      const seen: number[] = []
      for (let event = 0; event < 5; event += 1) scheduler.after(1, () => seen.push(event))
      await run()
      return seen.join('')
    }
    expect(await order('1')).toBe(await order('1'))
    expect(new Set(await Promise.all(['1', '2', '3', '4'].map(order))).size).toBeGreaterThan(1)
  })
})

describe('Actor', () => {
  it('never goes on after it was killed', async () => {
    const { scheduler, actor, run } = world()
    const mortal = actor('mortal')
    let woke = false
    void mortal.clock.sleep(10).then(() => (woke = true))
    scheduler.after(5, () => mortal.kill())
    await run()
    expect(woke).toBe(false)
  })

  it('goes on late after a pause, in order, while the world goes on', async () => {
    const { scheduler, actor, run } = world()
    const paused = actor('paused')
    const woke: string[] = []
    for (const ms of [10, 20]) void paused.clock.sleep(ms).then(() => woke.push(`${ms} at ${scheduler.now}`))
    scheduler.after(5, () => paused.pause(100))
    await run()
    expect(woke).toEqual(['10 at 105', '20 at 105'])
  })

  it('stays frozen although a pause ends', async () => {
    const { scheduler, actor, run } = world()
    const frozen = actor('frozen')
    let wokeAt = 0
    void frozen.clock.sleep(1).then(() => (wokeAt = scheduler.now))
    frozen.freeze()
    frozen.pause(10)
    scheduler.after(50, () => frozen.thaw())
    await run()
    expect(wokeAt).toBe(50)
  })

  it('is suspended once by two sleeps of its machine that overlap: no timer waits longer than it stood still', async () => {
    const { scheduler, actor, run } = world()
    const suspended = actor('suspended')
    let wokeAt = 0
    void suspended.clock.sleep(10).then(() => (wokeAt = scheduler.now))
    scheduler.after(5, () => suspended.suspend(100))
    scheduler.after(50, () => suspended.suspend(100))
    scheduler.after(60, () => suspended.suspend(20))
    await run()
    expect(wokeAt).toBe(155)
    expect(suspended.clock.monotonic()).toBe(10)
  })

  it('does not run a timer that was cancelled while it was held back', async () => {
    const { scheduler, actor, run } = world()
    const paused = actor('paused')
    let ran = false
    const cancel = paused.clock.schedule(5, () => (ran = true))
    paused.pause(20)
    scheduler.after(10, cancel)
    await run()
    expect(ran).toBe(false)
  })

  it('has a clock of its own', async () => {
    const { scheduler, actor, run } = world()
    const [slow, right] = [actor('slow', { offsetMs: -500, rate: 0.5 }), actor('right')]
    let wokeAt = 0
    void slow.clock.sleep(100).then(() => (wokeAt = scheduler.now))
    await run()
    expect(wokeAt).toBe(200)
    expect(slow.clock.monotonic()).toBe(100)
    expect(slow.clock.now() - right.clock.now()).toBe(-600)
  })

  it('wakes at once when its signal aborts', async () => {
    const { scheduler, actor, run } = world()
    const sleeper = actor('sleeper')
    const nap = new AbortController()
    let wokeAt = 0
    void sleeper.clock.sleep(1_000, nap.signal).then(() => (wokeAt = scheduler.now))
    scheduler.after(7, () => nap.abort())
    await run()
    expect(wokeAt).toBe(7)
  })
})
