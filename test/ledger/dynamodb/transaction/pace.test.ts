import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { TransactWriteItem } from '@aws-sdk/client-dynamodb'
import { expect, test } from 'vitest'
import { dynamodbTransactionLedger, type DynamoDBSender } from '../../../../src/dynamodb.ts'
import { createConsumer, silentLogger } from '../../../../src/index.ts'
import { createEmbeddedDynamoDB } from '../../../../src/testing.ts'
import { createTidemarkTable, createWorker } from '../../../../src/worker.ts'
import { createTable, putTransfers, settled, transfers } from '../../../support/bank.ts'
import { deferred } from '../../../support/deferred.ts'
import { intercept, type Command } from '../../../support/intercept.ts'

const rounds = [1, 2, 3, 4]
const many = rounds.flatMap((round) => transfers.map((transfer) => ({ ...transfer, id: `${transfer.id}-${round}` })))

/** A commit of effects, which is not the only thing that is done in transactions. */
function isCommit({ name, input }: Command): boolean {
  if (name !== 'TransactWriteItemsCommand') return false
  const [first] = input['TransactItems'] as readonly TransactWriteItem[]
  return first?.Update?.Key?.['pk']?.S?.startsWith('shard#') === true
}

test('while a commit is under way the next one is filled and no more; and it goes out before lanes hear of the first', async () => {
  const engine = createEmbeddedDynamoDB({ streams: { initialShardCount: 1 } })
  const client = engine as unknown as DynamoDBSender
  await createTable(client, 'transfers', true)
  await createTable(client, 'copies', false)
  await createTidemarkTable({ client, tableName: 'tidemark' })
  await putTransfers(client, 'transfers', many)

  let begunCount = 0
  let toldCount = 0
  const onTold = () => void (toldCount += 1)
  const toldAtCommit: number[] = []
  const answer = deferred()
  const slow = intercept(client, async (command, request) => {
    if (!isCommit(command)) return request()
    toldAtCommit.push(toldCount)
    if (toldAtCommit.length === 1) await answer.promise
    return request()
  })
  const consumer = createConsumer({
    ...{ name: 'copies', logger: silentLogger },
    ledger: dynamodbTransactionLedger({ client: slow, tableName: 'tidemark' }),
    handler({ keys }, { transaction }) {
      begunCount += 1
      transaction.update('copies', { id: String(keys['id']) }, { add: { count: 1 } })
    },
  })
  const worker = createWorker(consumer, {
    ...{ tableName: 'transfers', dynamodb: client, streams: engine, coordinationTableName: 'tidemark' },
    ...{ logger: silentLogger, maxReadsPerSecond: 1_000 },
  })
  subscribe('tidemark:record:handled', onTold)
  try {
    await settled(many.length, async () => {
      await worker.start()
      for (let before = -1; before < begunCount || toldAtCommit.length === 0;) {
        before = begunCount
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      expect(begunCount).toBeGreaterThanOrEqual(198)
      expect(begunCount).toBeLessThanOrEqual(400)
      answer.resolve()
    })
  } finally {
    unsubscribe('tidemark:record:handled', onTold)
    await worker.stop()
  }
  expect(toldAtCommit.slice(0, 2)).toEqual([0, 0])
  expect(toldAtCommit.length).toBeLessThanOrEqual(12) // full ones, but for the last two
})
