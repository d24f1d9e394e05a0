import { resolveEmbeddedOptions } from '../embedded/embedded-options.ts'
import { Engine } from '../embedded/engine.ts'
import type { Item } from '../embedded/item.ts'
import type { Clock } from '../internal/clock.ts'
import type { Profile } from './profile.ts'
import type { SeededRandom } from './random.ts'

export const itemsTable = 'messages'
export const ledgerTable = 'tidemark'

/** Who watches the ledger's table. */
export interface TableWatcher {
  /** A row was put. */
  rowPut(row: Item): void
  /** A conditional update was refused because of this row. */
  refused(input: object, row: Item, sender: string): void
  /** A row was read alone. */
  rowRead(key: Item, sender: string): void
}

/** The embedded engine as the world's DynamoDB: its replicas lag behind, and somebody watches. */
export class SimulatedDatabase {
  readonly streamArn: string
  readonly #engine: Engine
  readonly #watcher: TableWatcher

  constructor(random: SeededRandom, clock: Clock, profile: Profile, watcher: TableWatcher) {
    this.#watcher = watcher
    const { emptyPageChance, listingLagMs } = profile.stream
    const options = {
      region: 'eu-central-1',
      accountId: '123456789012',
      streams: { emptyPageChance, listingLagMs },
      faults: { staleReadChance: 0.5 },
      clock,
      random,
    }
    this.#engine = new Engine(resolveEmbeddedOptions(options))
    this.streamArn = this.#createTables(profile.workload.hugeKeys ? 'N' : 'S')
  }

  /** Does an operation, as a client's request that has arrived. */
  execute(operation: string, input: object, sender: string): object {
    try {
      const output = this.#engine.execute(operation, input)
      this.#watch(operation, input, sender)
      return output
    } catch (error) {
      const { Item } = error as { readonly Item?: Item }
      if (Item !== undefined) this.#watcher.refused(input, Item, sender)
      throw error
    }
  }

  /** Readers meet no obstacles any more. */
  heal(): void {
    this.#engine.streams.configure({ emptyPageChance: 0, listingLagMs: 0 })
  }

  expireItems(): number {
    return this.#engine.database.sweepTimeToLive()
  }

  /** The stream's shards are closed and go on, each in one child, or one of them in two. */
  changeShards(how: 'roll' | 'split'): void {
    this.#engine.streams[how](itemsTable)
  }

  /** A row of the ledger's table as it is. */
  row(key: Item): Item | undefined {
    const input = { TableName: ledgerTable, Key: key, ConsistentRead: true }
    return (this.#engine.execute('GetItem', input) as { readonly Item?: Item }).Item
  }

  /** Everything that the stream holds, of all shards. */
  allRecords(): object[] {
    const { StreamDescription } = this.#engine.execute('DescribeStream', { StreamArn: this.streamArn }) as Described
    return StreamDescription.Shards.flatMap(({ ShardId }) => this.#recordsOf(ShardId))
  }

  #recordsOf(ShardId: string): object[] {
    const start = { StreamArn: this.streamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' }
    let iterator = (this.#engine.execute('GetShardIterator', start) as Opened).ShardIterator
    const records: object[] = []
    while (iterator !== undefined) {
      const page = this.#engine.execute('GetRecords', { ShardIterator: iterator }) as Page
      records.push(...page.Records)
      iterator = page.Records.length === 0 ? undefined : page.NextShardIterator
    }
    return records
  }

  #createTables(keyType: 'N' | 'S'): string {
    this.#createTable(ledgerTable, { pk: 'S', sk: 'S' }, {})
    const stream = { StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' } }
    const created = this.#createTable(itemsTable, { id: keyType }, stream) as Created
    return created.TableDescription.LatestStreamArn
  }

  #createTable(TableName: string, keys: { readonly [name: string]: 'N' | 'S' }, more: object): object {
    const created = this.#engine.execute('CreateTable', {
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: Object.keys(keys).map((AttributeName, index) => ({
        AttributeName,
        KeyType: index === 0 ? 'HASH' : 'RANGE',
      })),
      AttributeDefinitions: Object.entries(keys).map(([AttributeName, AttributeType]) => ({
        AttributeName,
        AttributeType,
      })),
      ...more,
    })
    const TimeToLiveSpecification = { AttributeName: 'expiresAt', Enabled: true }
    this.#engine.execute('UpdateTimeToLive', { TableName, TimeToLiveSpecification })
    return created
  }

  #watch(operation: string, { TableName, Item, Key, RequestItems }: Request, sender: string): void {
    if (operation === 'BatchWriteItem')
      for (const { PutRequest } of RequestItems?.[ledgerTable] ?? [])
        if (PutRequest !== undefined) this.#watcher.rowPut(PutRequest.Item)
    if (TableName !== ledgerTable) return
    if (operation === 'PutItem' && Item !== undefined) this.#watcher.rowPut(Item)
    if (operation === 'GetItem' && Key !== undefined) this.#watcher.rowRead(Key, sender)
  }
}

interface Request {
  readonly TableName?: string
  readonly Item?: Item
  readonly Key?: Item
  readonly RequestItems?: Record<string, readonly { readonly PutRequest?: { readonly Item: Item } }[]>
}

interface Created {
  readonly TableDescription: { readonly LatestStreamArn: string }
}

interface Described {
  readonly StreamDescription: { readonly Shards: readonly { readonly ShardId: string }[] }
}

interface Opened {
  readonly ShardIterator?: string
}

interface Page {
  readonly Records: readonly object[]
  readonly NextShardIterator?: string
}
