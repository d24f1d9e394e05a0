// What each customer has ordered in all. Adding up is right only if each change is added once: the addition and the note
// that it was done commit in one transaction.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { createConsumer } from 'tidemark'
import { dynamodbTransactionLedger } from 'tidemark/dynamodb'
import { z } from 'zod'
import { ensureTable } from '../ensure-table.ts'

const client = new DynamoDBClient()
await ensureTable(client, 'order-totals', 'email')

export default createConsumer({
  name: 'order-totals',
  select: { eventName: ['INSERT'] },
  schema: { newImage: z.object({ email: z.string(), total: z.number() }) },
  ledger: dynamodbTransactionLedger({ client, tableName: 'tidemark' }),
  handler: ({ newImage: { email, total } }, { transaction }) => {
    transaction.update('order-totals', { email }, { add: { total, orderCount: 1 } })
  },
})
