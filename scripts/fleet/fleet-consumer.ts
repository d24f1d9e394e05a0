import pg from 'pg'
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { dynamodbTransactionLedger } from '../../src/dynamodb.ts'
import { createConsumer, type Consumer, type Logger } from '../../src/index.ts'
import { postgresLedger } from '../../src/postgres.ts'
import { createMover } from './bank-handler.ts'
import { moveInDynamoDB } from './dynamodb-bank.ts'
import { createHandler, type EffectOptions } from './effects.ts'
import { moveInPostgres, type PostgresAddress } from './postgres-bank.ts'
import { coordinationTableName, effectTableName } from './tables.ts'

/** The consumer's name. */
export const consumerName = 'fleet'

/** What a worker of the fleet runs, and what has to be closed when it has stopped. */
export interface FleetConsumer {
  readonly consumer: Consumer
  close(): Promise<void>
}

// But for what is made poison, whatever fails is of the network or of the lease.
const retry = { maxAttempts: 100, baseDelayMs: 20, maxDelayMs: 500 }

/** Makes the consumer for the kind of effect that the run is about. */
export function createFleetConsumer(
  options: EffectOptions & { readonly logger: Logger; readonly postgres?: PostgresAddress },
): FleetConsumer {
  const { mode, client, logger, poisonEvery, postgres } = options
  const common = { name: consumerName, logger, retry }
  if (mode === 'bank') return { consumer: bankInDynamoDB(client, options, common), close: async () => {} }
  if (mode === 'bank-postgres' && postgres !== undefined) return bankInPostgres(postgres, options, common)
  const onFailure = poisonEvery > 0 ? 'park' : 'stop'
  return { consumer: createConsumer({ ...common, onFailure, handler: createHandler(options) }), close: async () => {} }
}

interface Common {
  readonly name: string
  readonly logger: Logger
  readonly retry: typeof retry
}

function bankInDynamoDB(client: DynamoDBClient, options: EffectOptions, common: Common): Consumer {
  return createConsumer({
    ...common,
    ledger: dynamodbTransactionLedger({
      client,
      tableName: coordinationTableName,
      tables: { [effectTableName]: { partitionKey: 'pk', sortKey: 'sk' } },
    }),
    handler: createMover(moveInDynamoDB, options),
  })
}

function bankInPostgres(address: PostgresAddress, options: EffectOptions, common: Common): FleetConsumer {
  const pool = new pg.Pool({ ...address, max: 40 })
  pool.on('error', () => {}) // an idle connection, when the server is killed or the network cut
  const consumer = createConsumer({
    ...common,
    ledger: postgresLedger({ pool }),
    handler: createMover(moveInPostgres, options),
  })
  return { consumer, close: () => pool.end() }
}
