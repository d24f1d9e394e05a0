import { Database } from '../../src/embedded/database.ts'
import type { ItemChange } from '../../src/embedded/item.ts'
import type { DatabaseFaults } from '../../src/embedded/table/faults.ts'
import { createManualClock, type ManualClock } from '../../src/testing/manual-clock.ts'

/** A database of its own for one test, its clock, and the changes that its streams were given. */
export interface NewDatabase {
  readonly database: Database
  readonly clock: ManualClock
  readonly changes: (ItemChange & { readonly tableName: string })[]
}

export function newDatabase(faults: DatabaseFaults = {}, seed = 1): NewDatabase {
  const clock = createManualClock()
  const changes: (ItemChange & { readonly tableName: string })[] = []
  let labels = 0
  const database = new Database({
    clock,
    random: seededRandom(seed),
    region: 'eu-central-1',
    accountId: '123456789012',
    faults,
    streams: {
      enable: (tableName) => {
        const streamLabel = `label-${(labels += 1)}`
        return {
          streamArn: `arn:aws:dynamodb:eu-central-1:123456789012:table/${tableName}/stream/${streamLabel}`,
          streamLabel,
        }
      },
      disable: () => {},
      remove: () => {},
      record: (tableName, change) => void changes.push({ tableName, ...change }),
    },
  })
  return { database, clock, changes }
}

function seededRandom(seed: number): { next(): number; id(): string } {
  let state = seed
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  return { next, id: () => Array.from({ length: 32 }, () => Math.floor(next() * 16).toString(16)).join('') }
}

/** The two tables that most tests need: `things` by hash key, `events` by hash and range key with indexes. */
export function withTables(faults: DatabaseFaults = {}): NewDatabase {
  const made = newDatabase(faults)
  made.database.execute('CreateTable', thingsTable)
  made.database.execute('CreateTable', eventsTable)
  return made
}

export const thingsTable = {
  TableName: 'things',
  AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
  KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
  BillingMode: 'PAY_PER_REQUEST',
  StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
} as const

export const eventsTable = {
  TableName: 'events',
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'N' },
    { AttributeName: 'kind', AttributeType: 'S' },
    { AttributeName: 'title', AttributeType: 'S' },
  ],
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  BillingMode: 'PAY_PER_REQUEST',
  GlobalSecondaryIndexes: [
    {
      IndexName: 'by-kind',
      KeySchema: [
        { AttributeName: 'kind', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'KEYS_ONLY' },
    },
  ],
  LocalSecondaryIndexes: [
    {
      IndexName: 'by-title',
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'title', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'ALL' },
    },
  ],
} as const
