import { expect, test } from 'vitest'
import { dynamodbTransactionLedger } from '../../../../src/dynamodb.ts'
import { isTidemarkError } from '../../../../src/index.ts'
import type { LedgerEntry, LedgerShard } from '../../../../src/ledger/ledger.ts'
import { parseSequenceNumber } from '../../../../src/record/sequence-number.ts'
import { listen } from '../../../support/listen.ts'
import { localTables } from '../../../support/local-table.ts'

const tables = localTables()

const shard = (epoch: number): LedgerShard => ({
  ...{ consumer: 'bank', tableName: 'orders', streamLabel: '2026', shardId: 'shard-1' },
  ...{ epoch, leaseCreatedAt: 1, owner: `worker-${epoch}`, recurs: false },
})

const entry: LedgerEntry = {
  ...{ idempotencyKey: 'key', laneKey: 'lane', eventId: 'event', streamArn: 'stream' },
  sequenceNumber: parseSequenceNumber('1', 'entry'),
}

test('a commit of who lost the shard is refused and told; one that fails for another reason is not told so', async () => {
  const refused = listen('tidemark:commit:refused')
  const tableName = await tables.create()
  const open = async (epoch: number) => {
    const ledger = dynamodbTransactionLedger({ client: tables.client, tableName })
    const session = await ledger.openShard?.(shard(epoch)).open({ consumer: 'bank', entries: [entry] })
    const outcome = await session?.claim(entry)
    if (session === undefined || outcome?.status !== 'claimed') throw new Error('not granted')
    return { session, claim: outcome.claim }
  }
  const put = async ({ session, claim }: Awaited<ReturnType<typeof open>>, exists?: boolean) => {
    const condition = exists === undefined ? {} : { condition: { exists } }
    await session.attempt?.(claim, (transaction) =>
      transaction.put(tableName, { pk: 'effect', sk: 'effect' }, condition),
    )
    return session.complete(claim)
  }
  const zombie = await open(1)
  expect(await put(zombie, true)).toMatchObject({ status: 'refused' })
  expect(refused).toEqual([])
  const successor = await open(2)
  await expect(put(zombie)).rejects.toSatisfy((error) => isTidemarkError(error, 'ERR_LEASE_LOST'))
  const { leaseCreatedAt: _, recurs: __, owner: workerId, ...lease } = shard(1)
  expect(refused).toEqual([{ ...lease, workerId }])
  expect(await put(successor, false)).toMatchObject({ status: 'completed' })
})
