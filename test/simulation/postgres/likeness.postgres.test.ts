import pg from 'pg'
import { expect, test } from 'vitest'
import { usePostgres } from '../../ledger/postgres/server.ts'
import type { Backend } from '../../../src/simulation/postgres/backend.ts'
import { PostgresServer } from '../../../src/simulation/postgres/postgres-server.ts'
import { accounts, moveStatement, statements } from '../../../src/simulation/postgres/statements.ts'
import { SeededRandom } from '../../../src/simulation/random.ts'
import { Scheduler } from '../../../src/simulation/scheduler.ts'
import { immediateTurns } from '../../../src/simulation/turns.ts'

const { createDatabase } = usePostgres()

/** One statement of a script: who sends it, its name or its text, its values. */
type Step = readonly [session: string, statement: string, ...values: string[]]

/** How a step came out: its rows, its SQLSTATE, or that it waits; and what came of those that waited before. */
interface Told {
  readonly outcome: unknown
  readonly woken: readonly unknown[]
}

interface Server {
  step(step: Step): Promise<Told>
  end(): Promise<void>
}

const byName = new Map([...statements].map(([text, { name }]) => [name, text]))

function textOf(statement: string): string {
  return byName.get(statement) ?? statement
}

// What two servers count differently, and two runs of one server too.
const counted = ['xid', 'pid']

function plain(rows: readonly object[]): unknown {
  return rows.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => !counted.includes(name))))
}

/** By what names sessions have introduced their transactions: a value `the transaction of one` stands for both. */
class Names {
  readonly #names = new Map<string, readonly string[]>()

  note(session: string, rows: readonly object[]): void {
    const { pid, xid } = (rows[0] ?? {}) as { readonly pid?: string; readonly xid?: string }
    if (pid !== undefined && xid !== undefined) this.#names.set(`the transaction of ${session}`, [pid, xid])
  }

  in(values: readonly string[]): string[] {
    return values.flatMap((value) => this.#names.get(value) ?? value)
  }
}

/** Sessions on some server, and which of their statements are still unanswered. */
class Sessions {
  readonly #waiting = new Map<string, Promise<unknown>>()
  readonly #settle: (answer: Promise<unknown>, waitingCount: number) => Promise<unknown>

  /** @param settle Waits until nothing more happens by itself; so many others may be woken. */
  constructor(settle: (answer: Promise<unknown>, waitingCount: number) => Promise<unknown>) {
    this.#settle = settle
  }

  async tell(session: string, answer: Promise<unknown>): Promise<Told> {
    const before = [...this.#waiting]
    this.#waiting.set(session, answer)
    await this.#settle(answer, before.length)
    const outcome = await this.#outcome(session, answer)
    const woken: unknown[] = []
    for (const [name, waiting] of before) {
      const told = await this.#outcome(name, waiting)
      if (told !== 'waits') woken.push([name, told])
    }
    return { outcome, woken }
  }

  async #outcome(session: string, answer: Promise<unknown>): Promise<unknown> {
    const told = await Promise.race([answer, Promise.resolve().then(() => Promise.resolve('waits'))])
    if (told !== 'waits') this.#waiting.delete(session)
    return told
  }
}

/** The simulated server, with a process for each session. */
function simulated(hasTransactionTimeout: boolean): Server {
  const scheduler = new Scheduler(new SeededRandom('likeness'), immediateTurns)
  const unknown: string[] = []
  const server = new PostgresServer({
    after: (ms, run) => scheduler.after(ms, run),
    draw: () => 0.5,
    hasTransactionTimeout,
    committed: () => {},
    unknown: (text) => unknown.push(text),
  })
  for (const id of ['a', 'b']) server.put(accounts, { id, balance: 0, entry: '' })
  const backends = new Map<string, Backend>()
  const backendOf = (session: string) => {
    const known = backends.get(session) ?? server.open(session, () => {})
    backends.set(session, known)
    return known
  }
  const pass = (ms: number, isOver = () => false) =>
    scheduler.run(isOver, { untilMs: scheduler.now + ms, maxEvents: 1e6 })
  // What waits is given the time in which a deadlock is found (1 s) and patience ends; who is woken, that of a COMMIT.
  let isAnswered = false
  const settle = async () => {
    await pass(2_000, () => isAnswered)
    await pass(30)
  }
  const sessions = new Sessions(settle)
  const names = new Names()
  return {
    step: ([session, statement, ...values]) => {
      isAnswered = false
      const answer = new Promise((resolve) => {
        backendOf(session).receive({
          ...{ text: textOf(statement), values: names.in(values) },
          answer: (outcome) => {
            isAnswered = true
            if ('rows' in outcome) names.note(session, outcome.rows)
            resolve('rows' in outcome ? plain(outcome.rows) : outcome.error.code)
          },
        })
      })
      return sessions.tell(session, answer)
    },
    end: () => {
      expect(unknown).toEqual([])
      return Promise.resolve()
    },
  }
}

/** A real server, with a connection for each session. Where somebody else limits transactions, the ledger limits statements. */
async function real(hasTransactionTimeout: boolean): Promise<Server> {
  const database = await createDatabase()
  const limit = hasTransactionTimeout ? '' : ' -c transaction_timeout=1h'
  const config = { ...database.config, options: database.config.options + limit }
  await database.query('ALTER TABLE accounts ADD COLUMN entry text')
  await database.query("INSERT INTO accounts VALUES ('a', 0, ''), ('b', 0, '')")
  const clients = new Map<string, pg.Client>()
  const clientOf = async (session: string) => {
    const known = clients.get(session)
    if (known !== undefined) return known
    const client = new pg.Client(config)
    client.on('error', () => {})
    await client.connect()
    clients.set(session, client)
    return client
  }
  const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
  // What waits is given the time in which a deadlock is found (0.1 s) and patience ends; who is woken, that of an answer.
  const sessions = new Sessions((answer, waitingCount) =>
    Promise.race([answer.then(() => pass(waitingCount === 0 ? 0 : 100)), pass(600)]),
  )
  const names = new Names()
  return {
    step: async ([session, statement, ...values]) => {
      const client = await clientOf(session)
      const answer = client.query(textOf(statement), names.in(values)).then(
        ({ rows }: { rows: object[] }) => {
          names.note(session, rows)
          return plain(rows)
        },
        (error: unknown) => (error as { readonly code?: string }).code ?? 'no answer',
      )
      return sessions.tell(session, answer)
    },
    end: async () => {
      await Promise.all([...clients.values()].map((client) => client.end()))
    },
  }
}

const shard = ['bank', 'orders', 'label', 'shard-1']
const take = (session: string, who: string, born: number, epoch: number): readonly Step[] => [
  [session, 'BEGIN'],
  [session, 'be patient', '300'],
  [session, 'take shard over', ...shard, String(born), String(epoch), who, `owner of ${who}`, '1000'],
  [session, 'forget shards', 'bank', '500'],
  [session, 'COMMIT'],
]
const begin = (session: string): readonly Step[] => [
  [session, 'BEGIN'],
  [session, 'lock shard', ...shard, '60000', '0'],
]
const marks = (...keys: string[]) => JSON.stringify(keys.map((key) => [key, `event ${key}`]))
const write = (session: string, writer: string, ...keys: string[]): Step => [
  session,
  'write marks',
  'bank',
  writer,
  '1000',
  marks(...keys),
  '500',
]

const lane = ['bank', 'lane-1']
const lockLane = (session: string): Step => [session, 'lock lane', ...lane, 'orders', '"key"', '5000']
const park = (session: string, position: string, error: string): readonly Step[] => [
  ...quick(session),
  lockLane(session),
  [session, 'look for record', ...lane, position],
  [session, 'park record', ...lane, position, `event ${position}`, '1', '1', '1000', '{"a": 1.0}'],
  [session, 'park lane', ...lane, '1000', error],
  [session, 'COMMIT'],
]
const quick = (session: string): readonly Step[] => [
  [session, 'BEGIN'],
  [session, 'SET TRANSACTION ISOLATION LEVEL READ COMMITTED'],
  [session, 'be quick', '300', '60000'],
]
const takeOut = (session: string, position: string, outcome: string, reason = ''): readonly Step[] => [
  [session, 'BEGIN'],
  [session, 'lock lane that is', ...lane],
  [session, 'read fate', ...lane, position],
  [session, 'take record out', ...lane, position, outcome, '1100', 'me', reason],
  [session, 'count record out', ...lane],
]
const look = (session: string): readonly Step[] => [
  [session, 'list lanes', '4000', 'bank'],
  [session, 'read lanes', '4000', JSON.stringify([lane, ['bank', 'lane-2']])],
  [session, 'read parked records', ...lane, '', '10'],
]

const scripts: { readonly [name: string]: readonly Step[] } = {
  'a shard is taken over, by who may': [
    ...take('one', 'first', 1_000, 1),
    ['two', 'read shard', ...shard],
    ...begin('one'),
    ['one', moveStatement, 'a', '-5', 'entry'],
    ['one', 'write shard', ...shard, 'first', '0007', '["0003"]', '1', '1100'],
    ['one', 'COMMIT'],
    ...take('two', 'second', 1_000, 2),
    ...begin('one'),
    ['one', 'write shard', ...shard, 'first', '0009', '[]', '2', '1100'],
    ['one', 'ROLLBACK'],
    ...take('one', 'first again', 1_000, 1),
    ...take('one', 'made anew', 2_000, 1),
    ...take('one', 'replayed', 1_500, 3),
    ['one', 'read shard', ...shard],
  ],
  'an owner that holds its lock is waited for, and dislodged': [
    ...take('one', 'first', 1_000, 1),
    ...begin('one'),
    ['one', moveStatement, 'a', '-5', 'entry'],
    ...take('two', 'second', 1_000, 2),
    ['two', 'ROLLBACK'],
    ['two', 'dislodge', ...shard, '1000', '0'],
    ['two', 'dislodge', ...shard, '1000', '2'],
    ...take('two', 'second', 1_000, 2),
    ['two', 'read shard', ...shard],
    ['two', moveStatement, 'a', '1', 'entry'],
  ],
  'marks are written once, by who is first to commit': [
    ['one', 'BEGIN'],
    ['one', 'introduce', '60000', '0'],
    write('one', 'writer 1', 'b', 'a'),
    ['two', 'BEGIN'],
    write('two', 'writer 2', 'c', 'b'),
    ['three', 'read marks', 'bank', '500', JSON.stringify(['a', 'b', 'c'])],
    ['one', 'COMMIT'],
    ['two', 'COMMIT'],
    ['three', 'read marks', 'bank', '500', JSON.stringify(['a', 'b', 'c', 'd'])],
    ['three', 'read writer', 'bank', 'b'],
    ['three', 'read writer', 'bank', 'c'],
    ['three', 'read writer', 'bank', 'd'],
    ['one', 'BEGIN'],
    write('one', 'writer 3', 'd'),
    ['two', 'BEGIN'],
    write('two', 'writer 4', 'd'),
    ['one', 'ROLLBACK'],
    ['two', 'COMMIT'],
    ['three', 'read writer', 'bank', 'd'],
    ['one', 'BEGIN'],
    write('one', 'writer 5', 'e', 'e'),
    ['one', 'COMMIT'],
  ],
  'what is old is forgotten, and written over': [
    ['one', 'write marks', 'bank', 'writer 1', '400', marks('a', 'b', 'c'), '100'],
    ['one', 'write marks', 'bank', 'writer 2', '1000', marks('a'), '500'],
    ['two', 'BEGIN'],
    ['two', 'write marks', 'bank', 'writer 3', '1000', marks('b'), '500'],
    ['one', 'forget marks', 'bank', '500', '10'],
    ['two', 'COMMIT'],
    ['one', 'read marks', 'bank', '0', JSON.stringify(['a', 'b', 'c'])],
  ],
  'a savepoint keeps what was before it, and a failure all that is behind': [
    ['one', 'BEGIN'],
    ['one', 'ROLLBACK TO SAVEPOINT tidemark'],
    ['one', 'COMMIT'],
    ['one', 'BEGIN'],
    ['one', moveStatement, 'a', '-1', 'one'],
    ['one', 'SAVEPOINT tidemark'],
    ['one', moveStatement, 'b', '1', 'one'],
    ['two', moveStatement, 'b', '10', 'two'],
    ['one', 'ROLLBACK TO SAVEPOINT tidemark'],
    ['one', 'RELEASE SAVEPOINT tidemark'],
    ['one', 'RELEASE SAVEPOINT tidemark'],
    ['one', moveStatement, 'a', '-1', 'one'],
    ['one', 'COMMIT'],
    ['one', 'RELEASE SAVEPOINT tidemark'],
    ['one', 'BEGIN'],
    ['one', moveStatement, 'a', '-1', 'one'],
    ['one', 'SAVEPOINT tidemark'],
    ['one', moveStatement, 'b', '1', 'one'],
    ['one', 'take shard over', 'this is no number', ...['', '', '', '', '', '', '', '']],
    ['two', moveStatement, 'b', '10', 'two'],
    ['two', moveStatement, 'a', '10', 'two'],
    ['one', 'RELEASE SAVEPOINT tidemark'],
    ['one', 'ROLLBACK TO SAVEPOINT tidemark'],
    ['one', moveStatement, 'a', '-1', 'one'],
    ['one', 'COMMIT'],
  ],
  'two that want what the other has': [
    ['one', 'BEGIN'],
    ['one', moveStatement, 'a', '1', 'one'],
    ['two', 'BEGIN'],
    ['two', moveStatement, 'b', '1', 'two'],
    ['one', moveStatement, 'b', '1', 'one'],
    ['two', moveStatement, 'a', '1', 'two'],
    ['one', 'COMMIT'],
    ['two', 'COMMIT'],
  ],
  'records are parked one behind the other, and leave the lot': [
    ...quick('one'),
    lockLane('one'),
    ['one', 'note attempt', ...lane, 'p3', '2', '5000', '4000'],
    ['one', 'note attempt', ...lane, 'p3', '1', '5100', '4000'],
    ['one', 'note attempt', ...lane, 'p2', '3', '5100', '4000'],
    ['one', 'COMMIT'],
    ...look('two'),
    ...quick('one'),
    ['one', 'note attempt', ...lane, 'p1', '2', '5000', '5000'],
    ['one', 'note attempt', ...lane, 'p1', '3', '5000', '4000'],
    ['one', 'COMMIT'],
    ...look('two'),
    ['two', 'list lanes', '6000', 'bank'],
    ['one', 'forget attempt', ...lane, 'p2'],
    ['one', 'forget attempt', ...lane, 'p1'],
    ...look('two'),
    ...park('one', 'p1', '{"name":"Error"}'),
    ...park('one', 'p2', ''),
    ['one', 'note attempt', ...lane, 'p1', '2', '5000', '4000'],
    ...look('two'),
    ['two', 'read parked records', ...lane, 'p1', '1'],
    ['two', 'hold lane', ...lane, 'token', '9000'],
    ['two', 'hold lane longer', ...lane, 'token', '9500'],
    ['two', 'hold lane longer', ...lane, 'other', '9900'],
    ['two', 'rewrite record', ...lane, 'p1', '3', '{"a": 2.0}'],
    ['two', 'rewrite record', ...lane, 'p3', '3', '{}'],
    ['two', 'say why lane is parked', ...lane, '{"name":"Later"}'],
    ...look('one'),
    ...takeOut('two', 'p1', 'handled'),
    ['one', 'look for record', ...lane, 'p1'],
    lockLane('one'),
    ['two', 'COMMIT'],
    ['one', 'look for record', ...lane, 'p1'],
    ...takeOut('two', 'p1', 'handled'),
    ['two', 'ROLLBACK'],
    ...takeOut('two', 'p2', 'dropped', 'not wanted'),
    ['two', 'COMMIT'],
    ['two', 'let lane go', ...lane],
    ...look('one'),
    ['two', 'open lane', ...lane, '4500'],
    ['two', 'forget lanes', 'bank', '4000'],
    ['two', 'forget fates', 'bank', '1000'],
    ...look('one'),
    ['one', 'read fate', ...lane, 'p2'],
    ['two', 'forget lanes', 'bank', '9000'],
    ['two', 'forget fates', 'bank', '9000'],
    ['one', 'read fate', ...lane, 'p2'],
    ['one', 'lock lane that is', ...lane],
  ],
  'a record is parked once, and no lane is taken that another has locked': [
    ...park('one', 'p1', ''),
    ['one', 'BEGIN'],
    ['one', 'park record', ...lane, 'p1', 'event', '1', '1', '1000', '{}'],
    ['one', 'ROLLBACK'],
    ...quick('one'),
    lockLane('one'),
    ...quick('two'),
    lockLane('two'),
    ['three', 'forget lanes', 'bank', '9000'],
    ['one', 'COMMIT'],
    ['two', 'ROLLBACK'],
    ['two', 'BEGIN'],
    ['two', 'SET TRANSACTION ISOLATION LEVEL repeatable read'],
    ['two', 'read fate', ...lane, 'p1'],
    ...takeOut('one', 'p1', 'handled'),
    ['one', 'COMMIT'],
    ['two', 'lock lane that is', ...lane],
    ['two', 'ROLLBACK'],
  ],
  'who parks shares the shard, and who opens it waits for all of them': [
    ['one', 'open shard of the lot', ...shard, '1000', '3', '100'],
    ['one', 'open shard of the lot', ...shard, '1000', '2', '100'],
    ['one', 'open shard of the lot', ...shard, '900', '3', '100'],
    ['one', 'keep shard of the lot', ...shard, '1000', '3'],
    ...quick('one'),
    ['one', 'keep shard of the lot', ...shard, '900', '3'],
    ...quick('two'),
    ['two', 'keep shard of the lot', ...shard, '900', '3'],
    ['three', 'open shard of the lot', ...shard, '2000', '1', '100'],
    ['one', 'COMMIT'],
    ['two', 'COMMIT'],
    ['one', 'keep shard of the lot', ...shard, '900', '3'],
    ['one', 'open shard of the lot', ...shard, '1500', '1', '100'],
    ['one', 'BEGIN'],
    ['one', 'open shard of the lot', ...shard, '2000', '4', '100'],
    ['two', 'keep shard of the lot', ...shard, '2000', '1'],
    ['one', 'COMMIT'],
    ['one', 'BEGIN'],
    ['one', 'keep shard of the lot', ...shard, '2000', '4'],
    ['two', 'forget shards of the lot', 'bank', '200'],
    ['one', 'ROLLBACK'],
    ['two', 'keep shard of the lot', ...shard, '2000', '4'],
  ],
  'repeatable reads': [
    ['one', 'BEGIN'],
    ['one', 'SET TRANSACTION ISOLATION LEVEL repeatable read'],
    ['one', 'read writer', 'bank', 'a'],
    ['two', moveStatement, 'a', '1', 'two'],
    write('two', 'writer', 'a'),
    ['one', 'read writer', 'bank', 'a'],
    ['one', 'read marks', 'bank', '0', JSON.stringify(['a'])],
    write('one', 'writer 2', 'a'),
    ['one', 'ROLLBACK'],
    ['one', 'BEGIN'],
    ['one', 'SET TRANSACTION ISOLATION LEVEL repeatable read'],
    ['one', 'read writer', 'bank', 'a'],
    ['two', moveStatement, 'b', '1', 'two'],
    ['one', moveStatement, 'b', '1', 'one'],
    ['one', 'COMMIT'],
  ],
}

const hold: readonly Step[] = [
  ['one', 'BEGIN'],
  ['one', 'introduce', '60000', '90000'],
  ['one', moveStatement, 'a', '1', 'one'],
]
const beInTheWay = (timeMs: number): readonly Step[] => [
  ['two', 'BEGIN'],
  ['two', 'introduce', '60000', String(timeMs)],
  ['two', moveStatement, 'b', '1', 'two'],
]
const timeLimits: { readonly [name: string]: readonly Step[] } = {
  'a transaction that waits when its time is over': [
    ...hold,
    ...beInTheWay(400),
    ['two', moveStatement, 'a', '1', 'two'],
    ['three', moveStatement, 'b', '1', 'three'],
    ['one', 'COMMIT'],
  ],
  'a transaction that is idle when its time is over': [...beInTheWay(400), ['three', moveStatement, 'b', '1', 'three']],
}

const signals: { readonly [name: string]: readonly Step[] } = {
  'who waits is interrupted, and nobody else': [
    ...hold,
    ...beInTheWay(60_000),
    ['three', 'interrupt transaction', 'the transaction of one'],
    ['three', 'interrupt transaction', '1', '3'],
    ['two', moveStatement, 'a', '1', 'two'],
    ['three', 'interrupt transaction', 'the transaction of two'],
    ['three', moveStatement, 'b', '1', 'three'],
    ['two', 'ROLLBACK'],
    ['one', moveStatement, 'a', '1', 'one'],
    ['one', 'COMMIT'],
  ],
}

const cases = [
  ...Object.entries({ ...scripts, ...signals }).map(([name, script]) => ({
    name,
    script,
    hasTransactionTimeout: true,
  })),
  ...Object.entries(timeLimits).flatMap(([name, script]) => [
    { name, script, hasTransactionTimeout: true },
    { name: `${name}, before PostgreSQL 17`, script, hasTransactionTimeout: false },
  ]),
]

test.concurrent.for(cases)('the simulated server does as the real one: $name', async (given) => {
  const { script, hasTransactionTimeout } = given
  const [model, server] = [simulated(hasTransactionTimeout), await real(hasTransactionTimeout)]
  for (const [number, step] of script.entries())
    expect({ number, step, ...(await model.step(step)) }).toEqual({ number, step, ...(await server.step(step)) })
  await Promise.all([model.end(), server.end()])
})
