import { expect, test } from 'vitest'
import type { Settlement } from '../../../../src/checkpoint/settlement.ts'
import { dynamodbTransactionLedger, type DynamoDBSender } from '../../../../src/dynamodb.ts'
import { createConsumer, silentLogger } from '../../../../src/index.ts'
import { positionOf } from '../../../../src/parking/lane-name.ts'
import { MemoryParkingLot } from '../../../../src/parking/memory-parking-lot.ts'
import { parseSequenceNumber } from '../../../../src/record/sequence-number.ts'
import { batchOfEvent } from '../../../../src/source/lambda-event.ts'
import { createEmbeddedDynamoDB } from '../../../../src/testing.ts'
import { createTidemarkTable } from '../../../../src/worker.ts'
import { changes, lambdaEvent, streamArn } from '../../../support/events.ts'

const streamLabel = streamArn.split('/stream/')[1] ?? ''
const key = { pk: { S: 'p' }, sk: { S: 's' } }
const names = { ExpressionAttributeNames: {}, ExpressionAttributeValues: {} }
const condition = { TableName: 't', Key: key, ConditionExpression: '', ...names }
const lease = { shardId: 'shardId-0', epoch: 1, owner: 'w1', condition }

/** A lot that knows of an attempt at each of these records which was never heard of again. */
async function lotWithNotes(...records: readonly (readonly [item: string, sequence: string])[]) {
  const lot = new MemoryParkingLot()
  for (const [item, sequence] of records) {
    const lane = { consumer: 'c', tableName: 'orders', laneKey: `S2:pk1:${item}` }
    await lot.note(lane, { position: positionOf(streamLabel, parseSequenceNumber(sequence, 'sequence')), count: 1 })
  }
  return lot
}

test('a record that may have ended a process waits for its turn without keeping the commit waiting that the turn waits for', async () => {
  const client = createEmbeddedDynamoDB() as unknown as DynamoDBSender
  await createTidemarkTable({ client, tableName: 'tidemark' })
  const ran: string[] = []
  const consumer = createConsumer({
    ...{ name: 'c', logger: silentLogger, onFailure: 'park' },
    parking: { lot: await lotWithNotes(['B', '2'], ['A', '3']) },
    ledger: dynamodbTransactionLedger({ client, tableName: 'tidemark' }),
    handler: ({ sequenceNumber }) => void ran.push(sequenceNumber),
  })
  const shard = { lease, tableName: 'orders', streamLabel, leaseCreatedAt: 0 }
  const flow = consumer.flow({ ...shard, mayWork: () => true })
  const settled: string[] = []
  const allSettled = new Promise<void>((resolve) => {
    const page = ['B:1', 'B:2', 'A:3']
    const note = (position: number, settlement: Settlement) => {
      if (settled.push(`${page[position]} ${settlement}`) === page.length) resolve()
    }
    void flow.admit(batchOfEvent(lambdaEvent(...changes(...page))), () => false, note)
  })
  // Its item has another record before, so it comes to the turn behind one that is later in the shard.
  await allSettled
  expect(ran).toEqual(['1', '3', '2'])
  expect(settled).toEqual(['B:1 handled', 'A:3 handled', 'B:2 handled'])
  await flow.drain(1_000, 0)
})
