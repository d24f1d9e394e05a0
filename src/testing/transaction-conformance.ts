import assert from 'node:assert/strict'
import { isTidemarkError } from '../errors.ts'
import type { Clock } from '../internal/clock.ts'
import type {
  Claim,
  Completion,
  Ledger,
  LedgerBatch,
  LedgerEntry,
  LedgerSession,
  LedgerShard,
} from '../ledger/ledger.ts'
import { parseSequenceNumber } from '../record/sequence-number.ts'
import { systemClock } from '../internal/system.ts'
import type { ConformanceCase } from './ledger-conformance.ts'
import { claim, claimed } from './session-claims.ts'

/** A ledger with transactions to be put to the test, and what its transactions can do. */
export interface TransactionSubject<Transaction> {
  /** Makes a ledger over an empty store, by this clock. Called once a case. */
  createLedger(options: { readonly clock: Clock }): Promise<Ledger<Transaction>> | Ledger<Transaction>
  /** Adds one to a counter, in the transaction. */
  count(transaction: Transaction, counter: string): unknown
  /** Puts into the transaction what the store refuses at the commit, because of a condition of the handler's own. */
  refuse(transaction: Transaction): unknown
  /** The counter as it is committed; 0 where it is not there. */
  counted(counter: string): Promise<number>
  /**
   * Whether a shard's effects commit in its order. Where not, a record of one lane may commit before an earlier one of
   * another, and the shard's mark says which are not. @default true
   */
  readonly inShardOrder?: boolean
}

/**
 * What every transactional ledger promises, as cases to run against yours, beside those of `ledgerConformance`: an effect
 * commits with its record's mark or not at all. With `openShard`, what it promises of a worker's shard as well.
 */
export function transactionConformance<Transaction>(
  subject: TransactionSubject<Transaction>,
): readonly ConformanceCase[] {
  const named = (how: string, promises: Promises) =>
    Object.entries(promises).map(([promise, prove]) => ({
      name: `${how}: ${promise}`,
      run: async () => prove(await Bench.of(subject, how === 'shard')),
    }))
  return [
    ...named('batch', everyTransaction),
    ...named('shard', everyTransaction),
    ...named('shard', everyShard),
    ...((subject.inShardOrder ?? true) ? named('shard', orderedShard) : []),
  ]
}

type Promises = Record<string, (bench: Bench) => Promise<void>>

type Open = (...entries: readonly LedgerEntry[]) => Promise<LedgerSession<unknown>>

/** A ledger at work, and what cases do with it. The transaction's type is the subject's own affair. */
class Bench {
  readonly ledger: Ledger<unknown>
  readonly #subject: TransactionSubject<unknown>
  readonly #isShard: boolean

  private constructor(ledger: Ledger<unknown>, subject: TransactionSubject<unknown>, isShard: boolean) {
    this.ledger = ledger
    this.#subject = subject
    this.#isShard = isShard
  }

  static async of<Transaction>(subject: TransactionSubject<Transaction>, isShard: boolean): Promise<Bench> {
    const ledger = await subject.createLedger({ clock: systemClock })
    return new Bench(ledger, subject, isShard)
  }

  /** A delivery: of a batch, or to the next owner of the shard. */
  delivery(epoch: number, shard: Partial<LedgerShard> = {}): Open {
    if (!this.#isShard) return (...entries) => this.ledger.open(batchOf(entries))
    const { openShard } = this.ledger
    assert.ok(openShard, 'a ledger that has no openShard promises nothing of shards')
    const opened = openShard.call(this.ledger, { ...shardOf(epoch), ...shard })
    return (...entries) => opened.open(batchOf(entries))
  }

  shard(epoch: number, shard: Partial<LedgerShard> = {}) {
    const opened = this.ledger.openShard?.({ ...shardOf(epoch), ...shard })
    assert.ok(opened)
    return opened
  }

  /** Claims a record and runs an attempt that counts it. */
  async attempted(session: LedgerSession<unknown>, one: LedgerEntry): Promise<Claim> {
    const mine = await claimed(session, one)
    await attempt(session, mine, (transaction) => this.#subject.count(transaction, one.laneKey))
    return mine
  }

  refuse(transaction: unknown): unknown {
    return this.#subject.refuse(transaction)
  }

  count(transaction: unknown, counter: string): unknown {
    return this.#subject.count(transaction, counter)
  }

  async assertCounted(expected: Readonly<Record<string, number>>): Promise<void> {
    for (const [counter, count] of Object.entries(expected))
      assert.equal(await this.#subject.counted(counter), count, `the counter ${counter}`)
  }
}

const everyTransaction: Promises = {
  async 'an effect is there once its record is completed, and not before'(bench) {
    const session = await bench.delivery(1)(entry('a', 1))
    const mine = await bench.attempted(session, entry('a', 1))
    await bench.assertCounted({ a: 0 })
    assert.equal((await complete(session, mine)).status, 'completed')
    await bench.assertCounted({ a: 1 })
    assert.equal((await claim(await bench.delivery(2)(entry('a', 1)), entry('a', 1))).status, 'completed')
  },

  async 'an attempt that throws leaves nothing, and what it threw is thrown'(bench) {
    const session = await bench.delivery(1)(entry('a', 1))
    const mine = await claimed(session, entry('a', 1))
    const thrown = new Error('the handler failed')
    const attempting = attempt(session, mine, async (transaction) => {
      await bench.count(transaction, 'a')
      throw thrown
    })
    await assert.rejects(attempting, (error) => error === thrown)
    await session.release(mine)
    await bench.assertCounted({ a: 0 })
    const again = await bench.delivery(2)(entry('a', 1))
    await complete(again, await bench.attempted(again, entry('a', 1)))
    await bench.assertCounted({ a: 1 })
  },

  async 'of several attempts the last one counts'(bench) {
    const session = await bench.delivery(1)(entry('a', 1))
    await bench.attempted(session, entry('a', 1))
    const mine = await bench.attempted(session, entry('a', 1))
    await complete(session, mine)
    await bench.assertCounted({ a: 1 })
  },

  async 'a transaction that is refused is the failure of its record, and no other; it may be tried again'(bench) {
    const entries = [entry('a', 1), entry('b', 2), entry('c', 3)] as const
    const session = await bench.delivery(1)(...entries)
    const first = await bench.attempted(session, entries[0])
    const refused = await claimed(session, entries[1])
    await attempt(session, refused, async (transaction) => {
      await bench.count(transaction, 'b')
      await bench.refuse(transaction)
    })
    const third = await bench.attempted(session, entries[2])
    const completions = [first, refused, third].map(async (one) => session.complete(one))
    const outcome = (await completions[1]) ?? { status: 'completed' }
    assert.equal(outcome.status, 'refused')
    assert.ok('error' in outcome && outcome.error instanceof Error)
    await session.release(refused)
    await session.flush()
    await Promise.all(completions)
    await bench.assertCounted({ a: 1, b: 0, c: 1 })
    await complete(session, await bench.attempted(session, entries[1]))
    await bench.assertCounted({ a: 1, b: 1, c: 1 })
  },

  async 'a batch of any size commits, also where many records change one thing'(bench) {
    const entries = Array.from({ length: 230 }, (_, index) => entry(`lane-${index % 70}`, index + 1))
    const session = await bench.delivery(1)(...entries)
    for (let round = 0; round < entries.length; round += 70) {
      const claims: Claim[] = []
      for (const one of entries.slice(round, round + 70)) claims.push(await bench.attempted(session, one))
      const completions = claims.map(async (one) => session.complete(one))
      await session.flush()
      for (const completion of await Promise.all(completions)) assert.equal(statusOf(completion), 'completed')
    }
    await bench.assertCounted({ 'lane-0': 4, 'lane-19': 4, 'lane-20': 3, 'lane-69': 3 })
    const again = await bench.delivery(2)(...entries)
    for (const one of entries) assert.equal((await claim(again, one)).status, 'completed', one.eventId)
  },
}

const everyShard: Promises = {
  async 'a later owner is obeyed: the older one commits nothing more, and is told'(bench) {
    const older = await bench.delivery(1)(entry('a', 1))
    const mine = await bench.attempted(older, entry('a', 1))
    const later = await bench.delivery(2)(entry('a', 1))
    await assert.rejects(complete(older, mine), isLeaseLost)
    await bench.assertCounted({ a: 0 })
    await complete(later, await bench.attempted(later, entry('a', 1)))
    await bench.assertCounted({ a: 1 })
    await assert.rejects(bench.delivery(1)(entry('b', 2)), isLeaseLost)
  },

  async 'a lease that was deleted and made anew counts from 1, and is the later one'(bench) {
    const old = await bench.delivery(7)(entry('a', 1))
    await complete(old, await bench.attempted(old, entry('a', 1)))
    const anew = await bench.delivery(1, { leaseCreatedAt: 2_000 })(entry('a', 1), entry('b', 2))
    assert.equal((await claim(anew, entry('a', 1))).status, 'completed')
    await complete(anew, await bench.attempted(anew, entry('b', 2)))
    await bench.assertCounted({ a: 1, b: 1 })
  },

  async 'a later epoch has the shard, also under a lease that seems to have been made earlier'(bench) {
    const old = await bench.delivery(1, { leaseCreatedAt: 2_000 })(entry('a', 1))
    await complete(old, await bench.attempted(old, entry('a', 1)))
    const replayed = await bench.delivery(2, { leaseCreatedAt: 1_000 })(entry('a', 1), entry('b', 2))
    assert.equal((await claim(replayed, entry('a', 1))).status, 'completed')
    await complete(replayed, await bench.attempted(replayed, entry('b', 2)))
    await bench.assertCounted({ a: 1, b: 1 })
  },

  async 'a record that was given up keeps nobody waiting, and is not forgotten'(bench) {
    const entries = [entry('a', 1), entry('b', 2), entry('a', 3)] as const
    const session = await bench.delivery(1)(...entries)
    await session.release(await claimed(session, entries[0]))
    session.leave?.(entries[0], 'stopped')
    await complete(session, await bench.attempted(session, entries[1]))
    const next = await bench.delivery(2)(...entries)
    assert.equal((await claim(next, entries[1])).status, 'completed')
    await complete(next, await bench.attempted(next, entries[0]))
    const last = await bench.delivery(3)(...entries)
    assert.equal((await claim(last, entries[0])).status, 'completed')
    await complete(last, await bench.attempted(last, entries[2]))
    await bench.assertCounted({ a: 2, b: 1 })
  },

  async 'a record that can not be read, and so is never claimed, is not taken for done'(bench) {
    const entries = [entry('a', 1), entry('b', 2)] as const
    const session = await bench.delivery(1)(...entries)
    session.leave?.(entries[0], 'stopped')
    await complete(session, await bench.attempted(session, entries[1]))
    assert.equal((await claim(await bench.delivery(2)(...entries), entries[0])).status, 'claimed')
  },

  async 'at the end of an owner what has completed waits for nothing'(bench) {
    const shard = bench.shard(1)
    const session = await shard.open(batchOf([entry('a', 1), entry('b', 2), entry('c', 3)]))
    await claimed(session, entry('b', 2))
    const third = session.complete(await bench.attempted(session, entry('c', 3)))
    shard.drain?.('starts-nothing')
    shard.drain?.('waits-for-nothing')
    await session.flush()
    assert.equal(statusOf(await third), 'completed')
    await shard.close()
    await bench.assertCounted({ a: 0, b: 0, c: 1 })
    const next = await bench.delivery(2)(entry('a', 1), entry('b', 2), entry('c', 3))
    const outcomes = await Promise.all([entry('a', 1), entry('b', 2), entry('c', 3)].map((one) => claim(next, one)))
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['claimed', 'claimed', 'completed'],
    )
  },

  async 'a change that can come again is known in other shards'(bench) {
    const one = { ...entry('a', 1), idempotencyKey: 'message-a' }
    const session = await bench.delivery(1, { recurs: true })(one)
    await complete(session, await bench.attempted(session, one))
    const twin = { ...entry('a', 9), idempotencyKey: 'message-a' }
    const other = await bench.delivery(1, { recurs: true, shardId: 'shardId-1' })(twin)
    assert.equal((await claim(other, twin)).status, 'completed')
    await bench.assertCounted({ a: 1 })
  },

  async 'a change that stands twice in a batch takes effect once, and its handler is not called again'(bench) {
    const [one, twin] = [1, 2].map((sequence) => ({ ...entry('a', sequence), idempotencyKey: 'message-a' }))
    assert.ok(one && twin)
    const session = await bench.delivery(1, { recurs: true })(one, twin)
    await complete(session, await bench.attempted(session, one))
    assert.equal((await claim(session, twin)).status, 'completed')
    await bench.assertCounted({ a: 1 })
  },

  async 'two consumers, and two shards, never share a memory'(bench) {
    const session = await bench.delivery(1)(entry('a', 1))
    await complete(session, await bench.attempted(session, entry('a', 1)))
    for (const other of [{ consumer: 'other' }, { shardId: 'shardId-1' }, { streamLabel: 'label-2' }])
      assert.equal((await claim(await bench.delivery(1, other)(entry('a', 1)), entry('a', 1))).status, 'claimed')
  },
}

const orderedShard: Promises = {
  async 'effects take place in the order of the shard'(bench) {
    const session = await bench.delivery(1)(entry('a', 1), entry('b', 2))
    const first = await claimed(session, entry('a', 1))
    const second = session.complete(await bench.attempted(session, entry('b', 2)))
    const early = await Promise.race([second, systemClock.sleep(50).then(() => 'waits')])
    assert.equal(early, 'waits')
    await attempt(session, first, (transaction) => bench.count(transaction, 'a'))
    await complete(session, first)
    await second
    await bench.assertCounted({ a: 1, b: 1 })
  },
}

const streamArn = 'arn:aws:dynamodb:eu-central-1:123456789012:table/orders/stream/label'

function entry(laneKey: string, sequence: number): LedgerEntry {
  const sequenceNumber = parseSequenceNumber(String(sequence), 'entry')
  return { streamArn, idempotencyKey: `key-${sequence}`, laneKey, eventId: `event-${sequence}`, sequenceNumber }
}

function batchOf(entries: readonly LedgerEntry[]): LedgerBatch {
  return { consumer: 'conformance', entries }
}

function shardOf(epoch: number): LedgerShard {
  return {
    ...{ consumer: 'conformance', tableName: 'orders', streamLabel: 'label', shardId: 'shardId-0' },
    ...{ epoch, leaseCreatedAt: 1_000, owner: `owner-${epoch}`, recurs: false },
  }
}

async function attempt(
  session: LedgerSession<unknown>,
  mine: Claim,
  run: (transaction: unknown) => unknown,
): Promise<void> {
  assert.ok(session.attempt, 'a transactional ledger runs attempts')
  await session.attempt(mine, run)
}

async function complete(session: LedgerSession<unknown>, mine: Claim): Promise<Completion> {
  const completion = session.complete(mine)
  await session.flush()
  return (await completion) ?? { status: 'completed' }
}

function statusOf(completion: Completion | void): string {
  return completion === undefined ? 'completed' : completion.status
}

function isLeaseLost(error: unknown): boolean {
  return isTidemarkError(error, 'ERR_LEASE_LOST')
}
