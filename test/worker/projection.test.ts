import { CreateTableCommand, DeleteItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import { expect, test } from 'vitest'
import { dynamodbProjection, isTombstone, type ItemProjection } from '../../src/dynamodb.ts'
import type { ConsumerOptions, RecordSchemas, Select, StreamViewType } from '../../src/index.ts'
import { Fleet } from './fleet.ts'

const keys = Array.from({ length: 30 }, (_, index) => `k${index}`)

async function itemsOf(world: Fleet, TableName: string) {
  const { Items = [] } = await world.table.engine.send(new ScanCommand({ TableName }))
  return Items.map((item) => unmarshall(item)).toSorted((a, b) => (String(a['id']) < String(b['id']) ? -1 : 1))
}

/** Every key gets another value, and each third one is deleted. */
async function change(world: Fleet, round: number): Promise<void> {
  for (const [index, key] of keys.entries())
    if ((index + round) % 3 > 0) await world.put(key, `round ${round}`)
    else await world.table.engine.send(new DeleteItemCommand({ TableName: 'orders', Key: { id: { S: key } } }))
}

test('a view follows its table over splits, a worker that dies and a stream that is enabled anew', async () => {
  const world = await Fleet.create({ initialShardCount: 2 })
  const { engine: client, clock, random } = world.table
  await client.send(
    new CreateTableCommand({
      TableName: 'view',
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    }),
  )
  const consumer: Pick<ConsumerOptions<Select, StreamViewType, RecordSchemas, ItemProjection>, 'ledger' | 'handler'> = {
    ledger: dynamodbProjection({ client, tableName: 'view', clock, random }),
    handler: ({ keys: { id = '' }, newImage }, { transaction }) => {
      if (newImage === undefined) transaction.delete({ id })
      else transaction.put({ id, value: newImage['value'] ?? null })
    },
  }
  await world.start(world.worker('a', { consumer: consumer as never }))
  await world.start(world.worker('b', { consumer: consumer as never }))
  for (let round = 0; round < 3; round += 1) {
    await change(world, round)
    client.splitShard('orders')
    await world.pass(300)
  }
  world.kill('a')
  await change(world, 3)
  await world.pass(30_000)
  await world.table.setStream(false)
  await world.table.setStream(true)
  await change(world, 4)
  await world.pass(120_000)
  const view = (await itemsOf(world, 'view')).filter((item) => !isTombstone(item))
  expect(view.map(({ id, value }) => ({ id: String(id), value: String(value) }))).toEqual(
    await itemsOf(world, 'orders'),
  )
  await world.end()
})
