import assert from 'node:assert/strict'
import type { Uncertain } from '../ledger/claim-ledger.ts'
import type { Claim, Ledger, LedgerEntry, LedgerSession } from '../ledger/ledger.ts'
import type { Clock } from '../internal/clock.ts'
import { parseSequenceNumber } from '../record/sequence-number.ts'
import { createManualClock, type ManualClock } from './manual-clock.ts'
import { claim, claimed } from './session-claims.ts'

/** A ledger to be put to the test. */
export interface LedgerSubject {
  /** Makes a ledger over an empty store, by this clock, with a window of `windowDays`. Called once a case. */
  createLedger(options: {
    readonly uncertain: Uncertain
    readonly clock: Clock
    readonly windowDays: number
  }): Promise<Ledger<unknown>> | Ledger<unknown>
  /** The modes that it has. @default ['retry', 'park'] */
  readonly modes?: readonly Uncertain[]
}

/** One promise of a ledger, as a test for any runner: `for (const { name, run } of cases) test(name, run)`. */
export interface ConformanceCase {
  readonly name: string
  run(): Promise<void>
}

/** What every ledger promises, as cases to run against yours. A case throws an AssertionError where it is broken. */
export function ledgerConformance(subject: LedgerSubject): readonly ConformanceCase[] {
  const { modes = ['retry', 'park'] } = subject
  return modes.flatMap((uncertain) => {
    const promises = { ...everyLedger, ...(uncertain === 'park' ? parkingLedger : {}) }
    return Object.entries(promises).map(([promise, prove]) => ({
      name: `uncertain: '${uncertain}': ${promise}`,
      async run() {
        const clock = createManualClock()
        await prove({ ledger: await subject.createLedger({ uncertain, clock, windowDays: 7 }), clock })
      },
    }))
  })
}

interface Bench {
  readonly ledger: Ledger<unknown>
  readonly clock: ManualClock
}

type Promises = Record<string, (bench: Bench) => Promise<void>>

const everyLedger: Promises = {
  async 'a change it never saw is claimed'({ ledger }) {
    assert.equal((await claim(await open(ledger, [entry('a')]), entry('a'))).status, 'claimed')
  },

  async 'a completed change is a duplicate for everybody after'({ ledger }) {
    const session = await open(ledger, [entry('a')])
    await complete(session, [await claimed(session, entry('a'))])
    assert.equal((await claim(session, entry('a'))).status, 'completed')
    assert.equal((await claim(await open(ledger, [entry('a')]), entry('a'))).status, 'completed')
  },

  async 'completing twice is completing once'({ ledger }) {
    const session = await open(ledger, [entry('a')])
    const mine = await claimed(session, entry('a'))
    await complete(session, [mine])
    await complete(session, [mine])
    assert.equal((await claim(await open(ledger, [entry('a')]), entry('a'))).status, 'completed')
  },

  async 'what was claimed and given back is claimed again'({ ledger }) {
    const session = await open(ledger, [entry('a')])
    await session.release(await claimed(session, entry('a')))
    assert.equal((await claim(await open(ledger, [entry('a')]), entry('a'))).status, 'claimed')
  },

  async 'completing one change says nothing of another'({ ledger }) {
    const session = await open(ledger, [entry('a'), entry('b')])
    await complete(session, [await claimed(session, entry('a'))])
    assert.equal((await claim(await open(ledger, [entry('b')]), entry('b'))).status, 'claimed')
  },

  async 'what it says it would answer as completed is what it answers'({ ledger }) {
    if (ledger.completed === undefined) return
    const [a, b] = [entry('a'), entry('b')]
    const session = await open(ledger, [a, b])
    await complete(session, [await claimed(session, a)])
    await session.release(await claimed(session, b))
    const shard = {
      consumer: 'conformance',
      tableName: 'orders',
      streamLabel: 'label',
      shardId: 'never-opened',
      recurs: true,
    }
    assert.deepEqual([...(await ledger.completed(shard, [a, b]))], [a])
    assert.deepEqual([...(await ledger.completed({ ...shard, consumer: 'another' }, [a, b]))], [])
  },

  async 'two consumers never share a memory'({ ledger }) {
    const session = await open(ledger, [entry('a')], 'one')
    await complete(session, [await claimed(session, entry('a'))])
    assert.equal((await claim(await open(ledger, [entry('a')], 'two'), entry('a'))).status, 'claimed')
  },

  async 'a batch of any size is remembered whole, also where many records are of one item'({ ledger }) {
    const entries = Array.from({ length: 257 }, (_, index) => entry(`many-${index}`, `item-${index % 40}`))
    const session = await open(ledger, entries)
    const claims: Claim[] = []
    for (const one of entries) claims.push(await claimed(session, one))
    await complete(session, claims)
    const again = await open(ledger, entries)
    for (const one of entries) assert.equal((await claim(again, one)).status, 'completed', one.idempotencyKey)
  },

  async 'a key that stands in a batch twice does not upset it'({ ledger }) {
    const session = await open(ledger, [entry('a'), entry('a')])
    await complete(session, [await claimed(session, entry('a'))])
    assert.equal((await claim(session, entry('a'))).status, 'completed')
  },

  async 'an empty batch is no trouble'({ ledger }) {
    await (await open(ledger, [])).flush()
  },

  async 'after its window a change is forgotten, and not a day before'({ ledger, clock }) {
    const session = await open(ledger, [entry('a')])
    await complete(session, [await claimed(session, entry('a'))])
    await clock.advance(6 * day)
    assert.equal((await claim(await open(ledger, [entry('a')]), entry('a'))).status, 'completed')
    await clock.advance(2 * day)
    assert.equal((await claim(await open(ledger, [entry('a')]), entry('a'))).status, 'claimed')
  },
}

const parkingLedger: Promises = {
  async 'of two owners at once one gets the claim, and the other is told until when'({ ledger, clock }) {
    const sessions = await Promise.all(Array.from({ length: 5 }, () => open(ledger, [entry('a')])))
    const outcomes = await Promise.all(sessions.map((session) => claim(session, entry('a'))))
    assert.equal(outcomes.filter(({ status }) => status === 'claimed').length, 1)
    for (const outcome of outcomes) {
      if (outcome.status === 'claimed') continue
      assert.equal(outcome.status, 'in-progress')
      assert.ok(outcome.until > clock.now())
    }
  },

  async 'a claim whose owner went silent is uncertain after its time, and never granted again'({ ledger, clock }) {
    await claimed(await open(ledger, [entry('a')]), entry('a'))
    await clock.advance(minute / 2)
    assert.equal((await claim(await open(ledger, [entry('a')]), entry('a'))).status, 'in-progress')
    await clock.advance(minute)
    assert.equal((await claim(await open(ledger, [entry('a')]), entry('a'))).status, 'uncertain')
    assert.equal((await claim(await open(ledger, [entry('a')]), entry('a'))).status, 'uncertain')
  },

  async 'a late owner that did finish is believed'({ ledger, clock }) {
    const late = await open(ledger, [entry('a')])
    const mine = await claimed(late, entry('a'))
    await clock.advance(2 * minute)
    await complete(late, [mine])
    assert.equal((await claim(await open(ledger, [entry('a')]), entry('a'))).status, 'completed')
  },

  async "a late owner can't give back the claim of its successor"({ ledger }) {
    const late = await open(ledger, [entry('a')])
    const stale = await claimed(late, entry('a'))
    await late.release(stale)
    await claimed(await open(ledger, [entry('a')]), entry('a'))
    await late.release(stale)
    assert.equal((await claim(await open(ledger, [entry('a')]), entry('a'))).status, 'in-progress')
  },

  async "a late owner's completion leaves the claim of its successor to the successor"({ ledger }) {
    const late = await open(ledger, [entry('a')])
    const stale = await claimed(late, entry('a'))
    await late.release(stale)
    const successor = await open(ledger, [entry('a')])
    const held = await claimed(successor, entry('a'))
    await complete(late, [stale])
    await successor.release(held)
    await complete(successor, [held])
    assert.equal((await claim(await open(ledger, [entry('a')]), entry('a'))).status, 'completed')
  },

  async 'a change completed while its duplicate waited is a duplicate'({ ledger }) {
    const first = await open(ledger, [entry('a')])
    const second = await open(ledger, [entry('a')])
    const mine = await claimed(first, entry('a'))
    assert.equal((await claim(second, entry('a'))).status, 'in-progress')
    await complete(first, [mine])
    assert.equal((await claim(second, entry('a'))).status, 'completed')
  },

  async 'a forgotten change is claimed anew, whatever was left of its claim'({ ledger, clock }) {
    await claimed(await open(ledger, [entry('a')]), entry('a'))
    await clock.advance(8 * day)
    assert.equal((await claim(await open(ledger, [entry('a')]), entry('a'))).status, 'claimed')
  },
}

const minute = 60_000
const day = 86_400_000

function entry(idempotencyKey: string, laneKey = idempotencyKey): LedgerEntry {
  return {
    idempotencyKey,
    laneKey,
    eventId: `event-${idempotencyKey}`,
    streamArn: 'arn:aws:dynamodb:eu-central-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000',
    sequenceNumber: parseSequenceNumber('1', 'entry'),
  }
}

function open(
  ledger: Ledger<unknown>,
  entries: readonly LedgerEntry[],
  consumer = 'conformance',
): Promise<LedgerSession<unknown>> {
  return ledger.open({ consumer, entries, remainingMs: minute })
}

async function complete(session: LedgerSession<unknown>, claims: readonly Claim[]): Promise<void> {
  const durable = claims.map(async (one) => session.complete(one))
  await session.flush()
  await Promise.all(durable)
}
