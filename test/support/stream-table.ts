import { CreateTableCommand, PutItemCommand, UpdateTableCommand } from '@aws-sdk/client-dynamodb'
import type { Random } from '../../src/internal/clock.ts'
import { latestStreamArn } from '../../src/source/dynamodb-table-stream.ts'
import { streamReading } from '../../src/source/dynamodb-streams.ts'
import type { StreamReading } from '../../src/source/stream-reading.ts'
import { createEmbeddedDynamoDB, type EmbeddedDynamoDB, type StreamOptions } from '../../src/testing.ts'
import { createManualClock, type ManualClock } from '../../src/testing/manual-clock.ts'

/** A table with a stream on an embedded engine whose time stands still, and what one does with it in tests. */
export class StreamTable {
  readonly clock: ManualClock = createManualClock()
  readonly random: Random = seededRandom()
  readonly engine: EmbeddedDynamoDB
  readonly reading: StreamReading
  readonly tableName = 'orders'
  streamArn = ''
  #count = 0

  private constructor(streams: Partial<StreamOptions>) {
    const { clock, random } = this
    this.engine = createEmbeddedDynamoDB({ clock, random, streams })
    this.reading = streamReading(this.engine, { clock, random })
  }

  static async create(streams: Partial<StreamOptions> = {}): Promise<StreamTable> {
    const table = new StreamTable(streams)
    await table.engine.send(
      new CreateTableCommand({
        TableName: table.tableName,
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        BillingMode: 'PAY_PER_REQUEST',
        StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
      }),
    )
    await table.lookUpStream()
    return table
  }

  async lookUpStream(): Promise<void> {
    this.streamArn = (await latestStreamArn(this.engine, this.tableName))?.streamArn ?? ''
  }

  get streamLabel(): string {
    return this.streamArn.slice(this.streamArn.lastIndexOf('/') + 1)
  }

  /** Puts new items, whose ids it returns. */
  async put(count = 1): Promise<string[]> {
    const ids = Array.from({ length: count }, () => `order-${String((this.#count += 1)).padStart(5, '0')}`)
    for (const id of ids)
      await this.engine.send(new PutItemCommand({ TableName: this.tableName, Item: { id: { S: id } } }))
    return ids
  }

  async setStream(enabled: boolean): Promise<void> {
    const StreamSpecification = { StreamEnabled: enabled, ...(enabled && { StreamViewType: 'NEW_IMAGE' as const }) }
    await this.engine.send(new UpdateTableCommand({ TableName: this.tableName, StreamSpecification }))
    if (enabled) await this.lookUpStream()
  }

  /** Ids of the shards as they are, whatever DescribeStream says of them. */
  shardIds(): string[] {
    return this.engine.streamShards(this.streamArn).map(({ shardId }) => shardId)
  }

  shardId(index = 0): string {
    return this.shardIds().at(index) ?? 'no such shard'
  }
}

/** Lets time pass until the promise has its answer. */
export async function answerWithin<Answer>(ms: number, clock: ManualClock, answer: Promise<Answer>): Promise<Answer> {
  const progress = { isOver: false }
  answer.finally(() => (progress.isOver = true)).catch(() => {}) // the caller's to catch
  for (let waited = 0; !progress.isOver && waited <= ms; waited += 50) await clock.advance(50)
  if (!progress.isOver) throw new Error(`no answer within ${ms} ms`)
  return await answer
}

/** Randomness that is the same in every run. */
function seededRandom(seed = 1): Random {
  let state = seed
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  return { next, id: () => Array.from({ length: 32 }, () => Math.floor(next() * 16).toString(16)).join('') }
}
