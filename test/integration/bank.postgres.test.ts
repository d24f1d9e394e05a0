import { expect, test } from 'vitest'
import type { DynamoDBSender } from '../../src/dynamodb.ts'
import { createConsumer, silentLogger } from '../../src/index.ts'
import { createLambdaHandler } from '../../src/lambda.ts'
import { postgresLedger } from '../../src/postgres.ts'
import { createEmbeddedDynamoDB } from '../../src/testing.ts'
import { createTidemarkTable, createWorker, type Worker } from '../../src/worker.ts'
import { usePostgres } from '../ledger/postgres/server.ts'
import { createTable, deliverAll, expectedAccounts, putTransfers, settled, transfers } from '../support/bank.ts'
import { deferred, type Deferred } from '../support/deferred.ts'
import { faultyPool } from '../support/faulty-pool.ts'
import { intercept } from '../support/intercept.ts'

const { createDatabase, server } = usePostgres()

const send =
  'INSERT INTO bank AS b VALUES ($1, -$2::int, 1, 0) ON CONFLICT (id) DO UPDATE SET balance = b.balance - $2::int, sent = b.sent + 1'
const receive =
  'INSERT INTO bank AS b VALUES ($1, $2::int, 0, 1) ON CONFLICT (id) DO UPDATE SET balance = b.balance + $2::int, received = b.received + 1'

/** The network of one process: while it is cut, nothing arrives and no answer comes back; then all of it does. */
class Network {
  #cut: Deferred | undefined

  cut(): void {
    this.#cut ??= deferred()
  }

  heal(): void {
    this.#cut?.resolve()
    this.#cut = undefined
  }

  async through<Answer>(request: () => Promise<Answer>): Promise<Answer> {
    await this.#cut?.promise
    try {
      return await request()
    } finally {
      await this.#cut?.promise
    }
  }
}

/** Called in a handler with how many have begun so far, when one of its two statements has been sent. */
type InTheMiddle = (runs: number, network: Network) => unknown

/** A table of transfers with its stream, accounts in PostgreSQL, and processes that move the money. */
async function bank(initialShardCount = 2) {
  const database = await createDatabase()
  await database.query('CREATE TABLE bank (id text PRIMARY KEY, balance int, sent int, received int)')
  const engine = createEmbeddedDynamoDB({ streams: { initialShardCount } })
  const client = engine as unknown as DynamoDBSender
  const streamArn = await createTable(client, 'transfers', true)
  const state: { runs: number; inTheMiddle: InTheMiddle } = { runs: 0, inTheMiddle: () => {} }
  const consumerOn = (network: Network) =>
    createConsumer({
      ...{ name: 'bank', logger: silentLogger, retry: { maxAttempts: 5, baseDelayMs: 1 } },
      ledger: postgresLedger({
        pool: faultyPool(database.pool({ max: 10 }), (_text, _client, query) => network.through(query)),
      }),
      async handler({ newImage }, { transaction }) {
        const { from, to, amount } = newImage as { from: string; to: string; amount: number }
        const run = (state.runs += 1)
        await transaction.query(send, [from, amount])
        await state.inTheMiddle(run, network)
        if (run % 17 === 0) throw new Error('the handler fails now and then')
        await transaction.query(receive, [to, amount])
      },
    })
  const balances = async () => {
    const rows = await database.query('SELECT * FROM bank')
    return Object.fromEntries(rows.map(({ id, balance, sent, received }) => [id, [balance, sent, received]])) as object
  }
  return { database, engine, client, streamArn, state, consumerOn, balances }
}

type Bank = Awaited<ReturnType<typeof bank>>

/** Workers that share a coordination table, and know nothing of those of another fleet. */
class Fleet {
  readonly #bank: Bank
  readonly #coordinationTableName: string
  readonly #members: { readonly worker: Worker; readonly network: Network }[] = []

  private constructor(of: Bank, coordinationTableName: string) {
    this.#bank = of
    this.#coordinationTableName = coordinationTableName
  }

  static async create(of: Bank, coordinationTableName: string): Promise<Fleet> {
    await createTidemarkTable({ client: of.client, tableName: coordinationTableName })
    return new Fleet(of, coordinationTableName)
  }

  async join(shutdownTimeoutMs = 5_000): Promise<void> {
    const network = new Network()
    const client = intercept(this.#bank.client, (_command, request) => network.through(request))
    const worker = createWorker(this.#bank.consumerOn(network), {
      ...{ tableName: 'transfers', dynamodb: client, streams: client as never },
      ...{ coordinationTableName: this.#coordinationTableName, logger: silentLogger, shutdownTimeoutMs },
      ...{ leaseDurationMs: 1_000, idlePollMs: 20, maxReadsPerSecond: 100 },
    })
    this.#members.push({ worker, network })
    await worker.start()
  }

  async stop(): Promise<void> {
    for (const { network } of this.#members) network.heal()
    await Promise.all(this.#members.map(({ worker }) => worker.stop()))
  }
}

test(
  'every balance is exact, though ten batches of a shard run at once, functions die and lose answers, and all comes again',
  { timeout: 60_000 },
  async () => {
    const { database, client, streamArn, consumerOn, balances } = await bank(1)
    await putTransfers(client, 'transfers')
    let invocations = 0
    const givenUp: Promise<unknown>[] = []
    for (let delivery = 1; delivery <= 2; delivery += 1) {
      const handle = createLambdaHandler(consumerOn(new Network()))
      await deliverAll({ streams: client, streamArn }, async (event) => {
        const invocation = (invocations += 1)
        if (invocation % 5 === 0)
          await database.query(
            `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state LIKE 'idle in%' AND pid <> pg_backend_pid() LIMIT 1`,
          )
        const answer = handle(event)
        if (invocation % 6 === 0) {
          givenUp.push(answer.catch(() => {})) // as for its failure, Lambda does not hear of it any more
          throw new Error('it was given up, and goes on beside its own retry')
        }
        await answer
        if (invocation % 4 === 0) throw new Error('all of it took effect, and nobody hears of it')
        return answer
      })
      await Promise.all(givenUp)
      expect(await balances()).toEqual(expectedAccounts())
    }
    expect(invocations).toBeGreaterThan(20)
  },
)

test(
  'every balance is exact after workers were cut off in the middle and came back, shards split, others joined, and a replay',
  { timeout: 60_000 },
  async () => {
    const world = await bank()
    const { client, engine, state, balances } = world
    await putTransfers(client, 'transfers', transfers.slice(0, 150))
    const first = await Fleet.create(world, 'first')
    const isCut = deferred()
    state.inTheMiddle = (run, network) => {
      if (run !== 40) return
      network.cut() // between its two statements, with the rows of its shard and of an account locked
      isCut.resolve()
    }
    await settled(transfers.length, async () => {
      await first.join()
      await first.join()
      await isCut.promise
      for (let split = 0; split < 3; split += 1) engine.splitShard('transfers')
      await putTransfers(client, 'transfers', transfers.slice(150))
      await first.join()
    })
    expect(await balances()).toEqual(expectedAccounts())
    await first.stop() // the one that was cut off says what it had still to say
    expect(await balances()).toEqual(expectedAccounts())
    const replay = await Fleet.create(world, 'replay')
    const before = state.runs
    await settled(transfers.length, () => replay.join())
    await replay.stop()
    expect(state.runs).toBe(before)
    expect(await balances()).toEqual(expectedAccounts())
  },
)

test(
  'every balance is exact after workers that are stopped without waiting for what they are at',
  { timeout: 60_000 },
  async () => {
    const world = await bank()
    const { client, state, balances } = world
    await putTransfers(client, 'transfers')
    for (const stopAt of [30, 120, 200, Infinity]) {
      const fleet = await Fleet.create(world, `fleet-${stopAt}`)
      const stopped = deferred()
      state.inTheMiddle = async (run) => {
        if (run !== stopAt) return
        void fleet.stop().then(stopped.resolve)
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
      const isLast = stopAt === Infinity
      await settled(isLast ? transfers.length : 0, async () => {
        await Promise.all([fleet.join(isLast ? 5_000 : 1), fleet.join(isLast ? 5_000 : 1)])
        await (isLast ? undefined : stopped.promise)
      })
      await fleet.stop()
    }
    expect(await balances()).toEqual(expectedAccounts())
  },
)

test(
  'every balance is exact after the server was killed under a fleet and started again',
  { timeout: 60_000 },
  async () => {
    const world = await bank()
    const { client, state, balances } = world
    await putTransfers(client, 'transfers')
    const fleet = await Fleet.create(world, 'fleet')
    let restarted: Promise<void> | undefined
    const restart = async () => {
      await server().kill()
      await new Promise((resolve) => setTimeout(resolve, 300))
      await server().start()
    }
    state.inTheMiddle = (run) => {
      if (run === 60) restarted = restart()
    }
    await settled(transfers.length, async () => {
      await Promise.all([fleet.join(), fleet.join()])
    })
    await restarted
    expect(restarted).toBeDefined()
    await fleet.stop()
    expect(await balances()).toEqual(expectedAccounts())
  },
)
