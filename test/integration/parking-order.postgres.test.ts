import { PutItemCommand } from '@aws-sdk/client-dynamodb'
import { expect, test } from 'vitest'
import type { DynamoDBSender } from '../../src/dynamodb.ts'
import { createConsumer, silentLogger } from '../../src/index.ts'
import { postgresLedger } from '../../src/postgres.ts'
import { createEmbeddedDynamoDB } from '../../src/testing.ts'
import { createTidemarkTable, createWorker } from '../../src/worker.ts'
import { usePostgres } from '../ledger/postgres/server.ts'
import { createTable } from '../support/bank.ts'

const { createDatabase } = usePostgres()

const keys = Array.from({ length: 20 }, (_, n) => `k${n}`)
const rounds = 25

// One version in eleven is sick, the first two times that it runs.
const isSick = (key: number, round: number) => (key * 7 + round * 5) % 11 === 0

/** A table with its stream, and workers and people who each have a consumer and a pool of their own. */
async function world() {
  const database = await createDatabase()
  await database.query('CREATE TABLE effects (place serial, item text, round bigint)')
  const client = createEmbeddedDynamoDB({ streams: { initialShardCount: 2 } }) as unknown as DynamoDBSender
  await createTable(client, 'orders', true)
  await createTidemarkTable({ client, tableName: 'tidemark' })
  const runs = new Map<string, number>()
  const consumer = () =>
    createConsumer({
      ...{ name: 'c', logger: silentLogger, retry: { maxAttempts: 1 }, onFailure: 'park' },
      ledger: postgresLedger({ pool: database.pool({ max: 6 }) }),
      async handler({ newImage }, { transaction }) {
        const { id, key, round } = newImage as { id: string; key: number; round: number }
        await transaction.query('INSERT INTO effects (item, round) VALUES ($1, $2)', [id, round])
        if (!isSick(key, round)) return
        const name = `${id}:${round}`
        runs.set(name, (runs.get(name) ?? 0) + 1)
        if ((runs.get(name) ?? 0) <= 2) throw new Error(`sick of ${name}`)
      },
    })
  const worker = () =>
    createWorker(consumer(), {
      ...{ tableName: 'orders', dynamodb: client, streams: client as never, coordinationTableName: 'tidemark' },
      ...{ logger: silentLogger, idlePollMs: 20, maxReadsPerSecond: 100, leaseDurationMs: 1_000 },
    })
  const put = (key: number, round: number) =>
    client.send(
      new PutItemCommand({
        TableName: 'orders',
        Item: { id: { S: `k${key}` }, key: { N: String(key) }, round: { N: String(round) } },
      }),
    )
  return { database, consumer, worker, put }
}

test(
  'parked lanes are redriven by two at once while their items go on changing: each change once, each item in order',
  { timeout: 60_000 },
  async () => {
    const { database, consumer, worker, put } = await world()
    const workers = [worker(), worker()]
    for (const one of workers) await one.start()
    const over = new AbortController()
    const redriving = [consumer(), consumer()].map(async (person) => {
      let redrivenCount = 0
      while (!over.signal.aborted) {
        redrivenCount += (await person.redrive()).redrivenCount
        await new Promise((resolve) => setTimeout(resolve, 30))
      }
      return redrivenCount
    })
    for (let round = 1; round <= rounds; round += 1) {
      for (const key of keys.keys()) await put(key, round)
      // A worker leaves in the middle, and another takes its shard over.
      if (round === 12) await workers.pop()?.stop()
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    const count = async () => Number((await database.query('SELECT count(*) AS count FROM effects'))[0]?.['count'])
    while ((await count()) < keys.length * rounds) await new Promise((resolve) => setTimeout(resolve, 50))
    over.abort()
    const redrivenCounts = await Promise.all(redriving)
    for (const one of workers) await one.stop()
    expect(redrivenCounts.reduce((sum, redrivenCount) => sum + redrivenCount, 0)).toBeGreaterThan(20)
    const effects = await database.query('SELECT item, round::int AS round FROM effects ORDER BY place')
    const wanted = Array.from({ length: rounds }, (_, round) => round + 1)
    for (const key of keys)
      expect(
        effects.flatMap(({ item, round }) => (item === key ? [round] : [])),
        key,
      ).toEqual(wanted)
    const [left] = await database.query('SELECT count(*) AS count FROM tidemark_parked_records')
    expect(left?.['count']).toBe('0')
  },
)
