// A view of the orders, for readers that are not to see all of one: a state, so the cheapest ledger there is will do. Each
// change is one write, under the condition that the view does not have this change or a later one already.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { createConsumer } from 'tidemark'
import { dynamodbProjection } from 'tidemark/dynamodb'
import { z } from 'zod'
import { ensureTable } from '../ensure-table.ts'

const client = new DynamoDBClient()
await ensureTable(client, 'order-view', 'orderId')

export default createConsumer({
  name: 'order-view',
  schema: {
    keys: z.object({ id: z.string() }),
    newImage: z.object({ total: z.number(), status: z.string() }),
  },
  ledger: dynamodbProjection({ client, tableName: 'order-view' }),
  handler: ({ keys, newImage: order }, { transaction }) => {
    const orderId = keys.id
    if (order === undefined) return transaction.delete({ orderId }) // leaves a tombstone: see the README
    transaction.put({ orderId, status: order.status, isLarge: order.total >= 100 })
  },
})
