import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { createConsumer, silentLogger } from '../../index.ts'
import { dynamodbLedger } from '../../dynamodb.ts'
import { createLambdaHandler, type LambdaHandler } from '../../lambda.ts'
import { endpoint, folder, ledgerTable } from './environment.ts'
import { MailService, type Message } from './mailbox.ts'
import { meteredToFile } from './usage.ts'

const dynamodb = new DynamoDBClient({
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
})

const mail = new MailService(folder, 'tidemark')

/** The same consumer with Tidemark: a message is its key, however often it is put or delivered. */
const receipts = createConsumer({
  name: 'receipts',
  select: { eventName: ['INSERT'] },
  identity: 'message',
  ledger: dynamodbLedger({ client: meteredToFile(dynamodb, folder), tableName: ledgerTable }),
  logger: silentLogger, // the demo shows what happens in its own way
  async handler({ newImage, sequenceNumber }, { idempotencyKey }) {
    const { id, total } = newImage as unknown as Message
    await mail.send({ message: { id, total }, sequenceNumber, idempotencyKey })
  },
})

export const handler: LambdaHandler = createLambdaHandler(receipts)
