import type { Random } from '../../../src/internal/clock.ts'
import type { ItemChange } from '../../../src/embedded/item.ts'
import { StreamCatalog, type StreamCatalogSetting } from '../../../src/embedded/streams/stream-catalog.ts'
import type { DescribeStreamOutput } from '../../../src/embedded/streams/describe-stream.ts'
import type { GetRecordsOutput } from '../../../src/embedded/streams/stream-reader.ts'
import type { StreamViewType } from '../../../src/embedded/streams/stream-entry.ts'
import { createManualClock, type ManualClock } from '../../../src/testing/manual-clock.ts'

export const hour = 3_600_000

/** A stream of the table `orders` with short names for what tests do with it. */
export class World {
  readonly clock: ManualClock = createManualClock()
  readonly changed: string[] = []
  readonly catalog: StreamCatalog
  readonly streamArn: string

  constructor(options: Partial<StreamCatalogSetting> = {}, viewType: StreamViewType = 'NEW_AND_OLD_IMAGES') {
    this.catalog = new StreamCatalog({
      clock: this.clock,
      random: seededRandom(),
      region: 'eu-central-1',
      accountId: '123456789012',
      onChange: (streamArn) => this.changed.push(streamArn),
      ...options,
    })
    this.streamArn = this.catalog.enable('orders', { hash: 'id' }, viewType).streamArn
  }

  put(id: string, more: Partial<ItemChange> = {}): void {
    const item = { id: { S: id } }
    const change = { keys: item, oldItem: undefined, newItem: item, at: this.clock.now(), byTimeToLive: false, ...more }
    this.catalog.record('orders', change)
  }

  describe(more: object = {}, streamArn = this.streamArn): DescribeStreamOutput['StreamDescription'] {
    const output = this.catalog.execute('DescribeStream', { StreamArn: streamArn, ...more })
    return (output as DescribeStreamOutput).StreamDescription
  }

  shardIds(more: object = {}): string[] {
    return this.describe(more).Shards.map((shard) => shard.ShardId)
  }

  /** The only shard, or the one at the index. */
  shardId(index = 0): string {
    return this.catalog.describe(this.streamArn).shards[index]?.shardId ?? 'no such shard'
  }

  iterator(type = 'TRIM_HORIZON', more: object = {}): string {
    const input = { StreamArn: this.streamArn, ShardId: this.shardId(), ShardIteratorType: type, ...more }
    return (this.catalog.execute('GetShardIterator', input) as { ShardIterator: string }).ShardIterator
  }

  read(iterator: string | undefined = this.iterator(), more: object = {}): GetRecordsOutput {
    return this.catalog.execute('GetRecords', { ShardIterator: iterator, ...more }) as GetRecordsOutput
  }

  /** Reads a shard from its start until it ends, or has nothing more for now. */
  readAll(shardId: string): GetRecordsOutput['Records'] {
    const records: GetRecordsOutput['Records'][number][] = []
    for (let next: string | undefined = this.iterator('TRIM_HORIZON', { ShardId: shardId }); next !== undefined;) {
      const page = this.read(next)
      records.push(...page.Records)
      next = page.Records.length === 0 ? undefined : page.NextShardIterator
    }
    return records
  }

  ids(iterator?: string): (string | undefined)[] {
    return this.read(iterator).Records.map(idOf)
  }
}

export function idOf(record: GetRecordsOutput['Records'][number]): string | undefined {
  const { id } = record.dynamodb.Keys
  return id !== undefined && 'S' in id ? id.S : undefined
}

export function numberOf(record: GetRecordsOutput['Records'][number] | undefined): string {
  return record?.dynamodb.SequenceNumber ?? 'no such record'
}

export function seededRandom(seed = 1): Random {
  let state = seed
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  const word = () => Math.floor(next() * 2 ** 32).toString(16).padStart(8, '0') // prettier-ignore
  return { next, id: () => word() + word() + word() + word() }
}
