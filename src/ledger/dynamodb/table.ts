import {
  CreateTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  UpdateTimeToLiveCommand,
  type TableDescription,
} from '@aws-sdk/client-dynamodb'
import { ConfigurationError } from '../../errors.ts'
import { classifyAwsError } from '../../internal/aws-error.ts'
import type { Clock } from '../../internal/clock.ts'
import { systemClock } from '../../internal/system.ts'
import { knownNames, pattern, shape } from '../../internal/validate.ts'
import type { DynamoDBSender } from './requests.ts'

/** Which table to create. */
export interface TidemarkTableOptions {
  readonly client: DynamoDBSender
  readonly tableName: string
  readonly clock?: Clock
}

/**
 * Creates the table that ledgers write to, and returns once it can be used: keys `pk` and `sk` (strings), on-demand
 * capacity, time to live on `expiresAt`. A table that is there already is checked and given time to live, nothing else;
 * one with another key is a `ConfigurationError`. Many consumers share one table.
 */
export async function createTidemarkTable(options: TidemarkTableOptions): Promise<void> {
  shape('createTidemarkTable options', options)
  knownNames('createTidemarkTable options', options, ['client', 'tableName', 'clock'])
  const { client, clock = systemClock } = options
  const tableName = pattern('tableName', options.tableName, /^[A-Za-z0-9_.-]{3,255}$/, '3 to 255 of A-Z a-z 0-9 _ . -')
  await createIfMissing(client, tableName)
  checkKeys(await untilActive(client, tableName, clock))
  await expireRows(client, tableName)
}

async function createIfMissing(client: DynamoDBSender, tableName: string): Promise<void> {
  const create = new CreateTableCommand({
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    AttributeDefinitions: [
      { AttributeName: 'pk', AttributeType: 'S' },
      { AttributeName: 'sk', AttributeType: 'S' },
    ],
  })
  try {
    await client.send(create)
  } catch (error) {
    // There already, or being made by another process that deploys at the same time.
    if ((error as { readonly name?: unknown } | null)?.name !== 'ResourceInUseException') throw error
  }
}

async function untilActive(client: DynamoDBSender, tableName: string, clock: Clock): Promise<TableDescription> {
  // AWS needs some ten seconds for a table; after five minutes something is wrong that waiting does not mend.
  const giveUpAt = clock.monotonic() + 300_000
  for (;;) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: tableName }))
    if (Table?.TableStatus === 'ACTIVE') return Table
    if (clock.monotonic() > giveUpAt)
      throw new ConfigurationError(`table '${tableName}' is still ${Table?.TableStatus} after five minutes`)
    await clock.sleep(1_000)
  }
}

function checkKeys({ TableName, KeySchema = [], AttributeDefinitions = [] }: TableDescription): void {
  const types = new Map(AttributeDefinitions.map(({ AttributeName, AttributeType }) => [AttributeName, AttributeType]))
  const keys = KeySchema.map((key) => `${key.AttributeName} ${key.KeyType} ${types.get(key.AttributeName)}`).join(', ')
  if (keys !== 'pk HASH S, sk RANGE S')
    throw new ConfigurationError(
      `table '${TableName}' has the key schema (${keys}), and a tidemark table needs (pk HASH S, sk RANGE S): use another name`,
    )
}

async function expireRows(client: DynamoDBSender, tableName: string): Promise<void> {
  const { TimeToLiveDescription: present } = await client.send(new DescribeTimeToLiveCommand({ TableName: tableName }))
  if (present?.TimeToLiveStatus === 'ENABLED' || present?.TimeToLiveStatus === 'ENABLING') return
  const enable = new UpdateTimeToLiveCommand({
    TableName: tableName,
    TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
  })
  try {
    await client.send(enable)
  } catch (error) {
    // Another process switched it on between our look and our write.
    if (classifyAwsError(error) !== 'validation') throw error
  }
}
