import type { _Record } from '@aws-sdk/client-dynamodb-streams'
import type { StreamsClient } from '../../src/testing/event-source-mapping.ts'

interface FakeShard {
  readonly shardId: string
  readonly parentShardId: string | undefined
  readonly records: _Record[]
  trimmed: number
  closed: boolean
}

/** What DynamoDB Local can't do: shards that split, are trimmed or vanish, iterators that expire, calls that fail. */
export class FakeStream implements StreamsClient {
  readonly streamArn = 'arn:aws:dynamodb:eu-central-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000'
  readonly streams: StreamsClient = this
  readonly calls: string[] = []
  readonly #shards = new Map<string, FakeShard>()
  readonly #now: () => number
  readonly #failures: { readonly command: string; readonly error: Error }[] = []
  readonly #delays: { readonly command: string; readonly until: Promise<void> }[] = []
  #sequence = 100
  #iterators = 0
  #expiredBefore = 0

  constructor(now: () => number = () => Date.now()) {
    this.#now = now
  }

  open(shardId: string, parentShardId?: string): void {
    this.#shards.set(shardId, { shardId, parentShardId, records: [], trimmed: 0, closed: false })
  }

  close(...shardIds: readonly string[]): void {
    for (const shardId of shardIds) this.#shard(shardId).closed = true
  }

  /** Appends a change of the item `id` and returns its sequence number. */
  put(shardId: string, id: string, more: Partial<_Record> = {}): string {
    const SequenceNumber = String(this.#sequence++)
    this.#shard(shardId).records.push({
      eventID: `event-${SequenceNumber}`,
      eventName: 'INSERT',
      eventVersion: '1.1',
      eventSource: 'aws:dynamodb',
      awsRegion: 'eu-central-1',
      dynamodb: {
        ApproximateCreationDateTime: new Date(this.#now()),
        Keys: { id: { S: id } },
        NewImage: { id: { S: id } },
        SequenceNumber,
        SizeBytes: 10,
        StreamViewType: 'NEW_AND_OLD_IMAGES',
      },
      ...more,
    })
    return SequenceNumber
  }

  /** Forgets the shard's oldest records. */
  trim(shardId: string, count: number): void {
    this.#shard(shardId).trimmed += count
  }

  vanish(shardId: string): void {
    this.#shards.delete(shardId)
  }

  /** Makes every iterator handed out so far useless. */
  expireIterators(): void {
    this.#expiredBefore = this.#iterators
  }

  /** The next call of this command fails. */
  failNext(command: string, name: string): void {
    this.#failures.push({ command, error: named(name) })
  }

  /** The next answer to this command is on its way until `until` resolves; it tells what was true when it was asked. */
  delayNext(command: string, until: Promise<void>): void {
    this.#delays.push({ command, until })
  }

  async send(command: object): Promise<unknown> {
    const name = command.constructor.name.replace('Command', '')
    this.calls.push(name)
    const [failure] = this.#failures
    if (failure?.command === name) {
      this.#failures.shift()
      throw failure.error
    }
    const answer = this.#answer(name, Reflect.get(command, 'input'))
    const [delay] = this.#delays
    if (delay?.command === name) await this.#delays.shift()?.until
    return answer
  }

  #answer(name: string, input: { [name: string]: string }): unknown {
    if (name === 'DescribeStream') return this.#describe()
    if (name === 'GetShardIterator') return this.#iterator(input)
    return this.#records(input)
  }

  #describe(): unknown {
    const Shards = [...this.#shards.values()].map(({ shardId, parentShardId, closed }) => ({
      ShardId: shardId,
      ParentShardId: parentShardId,
      SequenceNumberRange: { StartingSequenceNumber: '1', ...(closed ? { EndingSequenceNumber: '999999' } : {}) },
    }))
    return { StreamDescription: { Shards } }
  }

  #iterator({ ShardId = '', ShardIteratorType, SequenceNumber }: { [name: string]: string }): unknown {
    const shard = this.#shards.get(ShardId)
    if (shard === undefined) throw named('ResourceNotFoundException')
    const after = shard.records.findIndex(({ dynamodb }) => dynamodb?.SequenceNumber === SequenceNumber) + 1
    if (ShardIteratorType === 'AFTER_SEQUENCE_NUMBER' && after < shard.trimmed)
      throw named('TrimmedDataAccessException')
    const start = { TRIM_HORIZON: shard.trimmed, LATEST: shard.records.length }[ShardIteratorType ?? ''] ?? after
    return { ShardIterator: this.#issue(ShardId, start) }
  }

  #records({ ShardIterator = '', Limit }: { [name: string]: string }): unknown {
    const [number, ShardId = '', at] = ShardIterator.split('|')
    const shard = this.#shards.get(ShardId)
    if (Number(number) <= this.#expiredBefore) throw named('ExpiredIteratorException')
    if (shard === undefined) throw named('ResourceNotFoundException')
    if (Number(at) < shard.trimmed) throw named('TrimmedDataAccessException')
    const end = Math.min(shard.records.length, Number(at) + Number(Limit))
    const atEnd = shard.closed && end === shard.records.length
    return {
      Records: shard.records.slice(Number(at), end),
      ...(atEnd ? {} : { NextShardIterator: this.#issue(ShardId, end) }),
    }
  }

  #issue(shardId: string, at: number): string {
    return `${++this.#iterators}|${shardId}|${at}`
  }

  #shard(shardId: string): FakeShard {
    const shard = this.#shards.get(shardId)
    if (shard === undefined) throw new Error(`no shard ${shardId}`)
    return shard
  }
}

function named(name: string): Error {
  const error = new Error(name)
  error.name = name
  return error
}
