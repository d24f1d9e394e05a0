import { ScanCommand } from '@aws-sdk/client-dynamodb'
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams'
import { expect, test } from 'vitest'
import { dynamodbTransactionLedger } from '../../src/dynamodb.ts'
import { createConsumer, silentLogger } from '../../src/index.ts'
import { createLambdaHandler } from '../../src/lambda.ts'
import { createWorker } from '../../src/worker.ts'
import { createTable, deliverAll, expectedAccounts, putTransfers, settled, transfers } from '../support/bank.ts'
import { localTables } from '../support/local-table.ts'

const tables = localTables()
/** A table of transfers with its stream, one of balances, and a consumer that moves the money. */
async function bank(name: string) {
  const balances = `${name}-balances`
  const [streamArn] = await Promise.all([
    createTable(tables.client, `${name}-transfers`, true),
    createTable(tables.client, balances, false),
  ])
  await putTransfers(tables.client, `${name}-transfers`)
  const ledgerTable = await tables.create()
  let runs = 0
  const consumer = () =>
    createConsumer({
      name: 'bank',
      logger: silentLogger,
      retry: { maxAttempts: 5, baseDelayMs: 1 },
      ledger: dynamodbTransactionLedger({ client: tables.client, tableName: ledgerTable }),
      handler({ newImage }, { transaction }) {
        const { from, to, amount } = newImage as { from: string; to: string; amount: number }
        transaction.update(balances, { id: from }, { add: { balance: -amount, sent: 1 } })
        transaction.update(balances, { id: to }, { add: { balance: amount, received: 1 } })
        if ((runs += 1) % 17 === 0) throw new Error('the handler fails now and then')
      },
    })
  return { streamArn, table: `${name}-transfers`, consumer, balances: () => balancesIn(balances) }
}

async function balancesIn(TableName: string) {
  const { Items = [] } = await tables.client.send(new ScanCommand({ TableName, ConsistentRead: true }))
  const entries = Items.map(({ id, balance, sent, received }): [string, number[]] => [
    id?.S ?? '',
    [balance, sent, received].map((field) => Number(field?.N ?? 0)),
  ])
  return Object.fromEntries(entries)
}

test('every balance is exact, though ten batches of a shard run at once, answers are lost, batches split, and all comes again', async () => {
  const { streamArn, consumer, balances } = await bank('lambda')
  let invocations = 0
  for (let delivery = 1; delivery <= 2; delivery += 1) {
    const handle = createLambdaHandler(consumer())
    const streams = new DynamoDBStreamsClient(tables.server.clientConfig)
    await deliverAll({ streams, streamArn }, async (event) => {
      const answer = await handle(event)
      if ((invocations += 1) % 4 === 0) throw new Error('all of it took effect, and nobody hears of it')
      return answer
    })
    streams.destroy()
    expect(await balances()).toEqual(expectedAccounts())
  }
  expect(invocations).toBeGreaterThan(20)
})

test('every balance is exact after workers that were cut off in the middle, and after a replay of everything', async () => {
  const { table, consumer, balances } = await bank('worker')
  const streams = new DynamoDBStreamsClient(tables.server.clientConfig)
  // Three fleets with no memory of each other but the ledger: each begins at the oldest record, the first is cut off.
  for (const needed of [60, transfers.length, transfers.length]) {
    const coordinationTableName = await tables.create()
    const workers = [1, 2].map(() =>
      createWorker(consumer(), {
        ...{ tableName: table, dynamodb: tables.client, streams, coordinationTableName },
        ...{ logger: silentLogger, shutdownTimeoutMs: needed === transfers.length ? 5_000 : 1 },
      }),
    )
    await settled(needed, async () => void (await Promise.all(workers.map((worker) => worker.start()))))
    await Promise.all(workers.map((worker) => worker.stop()))
    if (needed === transfers.length) expect(await balances()).toEqual(expectedAccounts())
  }
  streams.destroy()
})
