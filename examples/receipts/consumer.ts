// A receipt for each order, by mail. A mail can't be taken back and can't be in a transaction: each order is claimed before
// its mail is sent, and one of which a crash left unknown whether it was sent waits for a person (`uncertain: 'park'`).
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { createConsumer, TerminalError } from 'tidemark'
import { dynamodbLedger } from 'tidemark/dynamodb'
import { z } from 'zod'

/** Stands in for your mail service. One that takes an idempotency key should get `context.idempotencyKey`. */
const mail = {
  async send(to: string, text: string): Promise<void> {
    console.log(`mail to ${to}: ${text}`)
  },
}

export default createConsumer({
  name: 'receipts',
  select: { eventName: ['INSERT'] },
  schema: { newImage: z.object({ id: z.string(), email: z.string(), total: z.number() }) },
  identity: 'message', // an order that is deleted and put again is the same order, and gets no second mail
  ledger: dynamodbLedger({ client: new DynamoDBClient(), tableName: 'tidemark', uncertain: 'park' }),
  handler: async ({ newImage: order }) => {
    if (!order.email.includes('@')) throw new TerminalError(`order ${order.id} has no usable address`)
    await mail.send(order.email, `thank you for order ${order.id}, of ${order.total} €`)
  },
})
