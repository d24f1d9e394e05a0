import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { createConsumer, silentLogger } from '../../src/index.ts'
import { dynamodbParkingLot } from '../../src/dynamodb.ts'
import { JournalWriter } from './journal.ts'
import { redrivenFrom } from './poison.ts'
import { coordinationTableName } from './tables.ts'
import type { WorkerSettings } from './worker-program.ts'

// Redrives what workers park, again and again, while they run: started, killed and stopped like one of them. What is poison for
// them is none here, as when somebody has mended the code.

const settings = JSON.parse(process.argv[2] ?? '{}') as WorkerSettings
const client = new DynamoDBClient({ ...settings.clientConfig, endpoint: settings.endpoint })
const journal = new JournalWriter(settings.journalPath, settings.name)
const ending = new AbortController()

const consumer = createConsumer({
  name: 'fleet',
  logger: silentLogger,
  retry: { maxAttempts: 100, baseDelayMs: 20, maxDelayMs: 500 },
  parking: { lot: dynamodbParkingLot({ client, tableName: coordinationTableName }) },
  async handler({ keys, newImage, sequenceNumber, shardId = '' }, { attempt }) {
    const about = { key: String(keys['pk']), n: Number(newImage?.['n']), sequenceNumber }
    const place = { shardId: redrivenFrom(settings.name, shardId), epoch: 1, attempt }
    journal.write({ kind: 'started', ...about, ...place })
    await new Promise((resolve) => setTimeout(resolve, Math.random() * settings.handlerMs))
    journal.write({ kind: 'done', ...about, ...place })
  },
})

process.once('message', () => ending.abort())
process.on('disconnect', () => setTimeout(() => process.exit(3), 10_000).unref())
process.send?.('started')
while (!ending.signal.aborted) {
  // What fails is of the network: tried again, as by a person.
  await consumer.redrive({ signal: ending.signal }).catch(() => undefined)
  await new Promise((resolve) => setTimeout(resolve, 200))
}
journal.close()
client.destroy()
process.disconnect()
