import { resolveEmbeddedOptions } from '../embedded/embedded-options.ts'
import { Engine } from '../embedded/engine.ts'
import type { Item } from '../embedded/item.ts'
import type { DatabaseFaults } from '../embedded/table/faults.ts'
import type { ShardFacts } from '../embedded/streams/stream-facts.ts'
import type { Clock } from '../internal/clock.ts'
import type { BankHabits } from './bank/bank-habits.ts'
import type { WorldProfile } from './profile.ts'
import type { SeededRandom } from './random.ts'

/** The person who moves leases, and who decides about claims. */
export const operatorName = 'operator'

export const itemsTable = 'messages'
export const ledgerTable = 'tidemark'

// The engine draws a stream's first sequence number up to 5,000 below the first of 22 digits, and a world has a few dozen.
const digitShare = 0.005

/** A shard with all its records, as the streams API gives them. */
export interface HeldShard {
  readonly shardId: string
  readonly parentShardId: string | undefined
  readonly records: readonly object[]
}

/** Who watches what reaches the database. */
export interface DatabaseWatcher {
  /** An operation was applied. */
  applied(operation: string, input: object, sender: string): void
  /** A condition refused an operation because of this row. */
  refused(operation: string, input: object, row: Item, sender: string): void
}

/** The embedded engine as the world's DynamoDB: its replicas lag behind, and somebody watches. */
export class SimulatedDatabase {
  #streamArn: string
  readonly #engine: Engine
  readonly #watcher: DatabaseWatcher
  #isHealthy = false
  #sender = ''

  constructor(
    random: SeededRandom,
    clock: Clock,
    profile: WorldProfile & { readonly bank?: BankHabits },
    watcher: DatabaseWatcher,
  ) {
    this.#watcher = watcher
    const { emptyPageChance, listingLagMs, initialShardCount = 1, gainsDigit = false } = profile.stream
    let share = gainsDigit ? digitShare : 1
    const options = {
      region: 'eu-central-1',
      accountId: '123456789012',
      streams: { emptyPageChance, listingLagMs, initialShardCount },
      faults: { staleReadChance: 0.5, ...this.#transactionFaults(random.fork('conflicts'), profile.bank) },
      clock,
      random: { next: () => random.next() * share, id: () => random.id() },
    }
    this.#engine = new Engine(resolveEmbeddedOptions(options))
    this.#streamArn = this.#createTables(profile.workload.hugeKeys ? 'N' : 'S')
    share = 1
  }

  /** The stream that the items' table has, or had last. */
  get streamArn(): string {
    return this.#streamArn
  }

  /** Does an operation, as a client's request that has arrived. */
  execute(operation: string, input: object, sender: string): object {
    this.#sender = sender
    try {
      const output = this.#engine.execute(operation, input)
      this.#watcher.applied(operation, input, sender)
      return output
    } catch (error) {
      const { Item } = error as { readonly Item?: Item }
      if (Item !== undefined) this.#watcher.refused(operation, input, Item, sender)
      throw error
    }
  }

  /** Readers meet no obstacles any more. */
  heal(): void {
    this.#isHealthy = true
    // Not the lag of listings: a stream would be told to be over of which a shard is still to be listed.
    this.#engine.streams.configure({ emptyPageChance: 0 })
  }

  #transactionFaults(random: SeededRandom, bank: BankHabits | undefined): DatabaseFaults {
    if (bank === undefined || bank.conflicts === 0) return {}
    const happens = (operation: string, chance: number) =>
      operation === 'TransactWriteItems' && this.#sender !== operatorName && !this.#isHealthy && random.chance(chance)
    return {
      conflict: (operation) => happens(operation, bank.conflicts),
      throttle: (operation) => happens(operation, bank.conflicts / 4),
    }
  }

  expireItems(): number {
    return this.#engine.database.sweepTimeToLive()
  }

  /** The stream's shards are closed and go on, each in one child, or one of them in two. */
  changeShards(how: 'roll' | 'split'): void {
    this.#engine.streams[how](itemsTable)
  }

  /** Disables the items' stream, or enables it again, as another one. */
  setStream(enabled: boolean): void {
    const StreamSpecification = enabled
      ? { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' }
      : { StreamEnabled: false }
    this.#engine.execute('UpdateTable', { TableName: itemsTable, StreamSpecification })
    const { Table } = this.#engine.execute('DescribeTable', { TableName: itemsTable }) as {
      readonly Table: Created['TableDescription']
    }
    this.#streamArn = Table.LatestStreamArn
  }

  /** The shards of a stream as they are, which is more than its readers are told; none once it is gone. */
  shards(streamArn: string): readonly ShardFacts[] {
    try {
      return this.#engine.streams.describe(streamArn).shards
    } catch {
      return []
    }
  }

  /** So many records of a shard: those behind a sequence number, or from the trim horizon on. */
  records(StreamArn: string, ShardId: string, after: string | undefined, count: number): object[] {
    const place =
      after === undefined
        ? { ShardIteratorType: 'TRIM_HORIZON' }
        : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: after }
    let iterator = (this.#engine.execute('GetShardIterator', { StreamArn, ShardId, ...place }) as Opened).ShardIterator
    const records: object[] = []
    // An empty page says nothing.
    while (records.length < count) {
      const page = this.#engine.execute('GetRecords', { ShardIterator: iterator }) as Page
      records.push(...page.Records)
      iterator = page.NextShardIterator
    }
    return records.slice(0, count)
  }

  /** A row of the ledger's table as it is. */
  row(key: Item): Item | undefined {
    const input = { TableName: ledgerTable, Key: key, ConsistentRead: true }
    return (this.#engine.execute('GetItem', input) as { readonly Item?: Item }).Item
  }

  /** How many records the stream holds. */
  get recordCount(): number {
    return this.#engine.streams.describe(itemsTable).shards.reduce((sum, { records }) => sum + records, 0)
  }

  /** Everything that the stream holds. Only of a database that has healed: an empty page would end a shard. */
  allShards(): HeldShard[] {
    return this.#engine.streams
      .describe(itemsTable)
      .shards.map(({ shardId, parentShardId }) => ({ shardId, parentShardId, records: this.#recordsOf(shardId) }))
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
}

interface Created {
  readonly TableDescription: { readonly LatestStreamArn: string }
}

interface Opened {
  readonly ShardIterator?: string
}

interface Page {
  readonly Records: readonly object[]
  readonly NextShardIterator?: string
}
