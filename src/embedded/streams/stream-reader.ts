import { ServiceError } from '../service-error.ts'
import { describeStream, readDescribeStream } from './describe-stream.ts'
import { assertUsable, type GetRecordsInput, readGetRecords, readPage } from './get-records.ts'
import { readGetShardIterator, startingPosition } from './get-shard-iterator.ts'
import { listStreams } from './list-streams.ts'
import { RateLimit } from './rate-limit.ts'
import type { Shard } from './shard.ts'
import { writeIterator } from './shard-iterator.ts'
import { toRecord, type StreamRecord } from './stream-entry.ts'
import { notFound, streamNotFound } from './stream-errors.ts'
import type { StreamShelf } from './stream-shelf.ts'
import type { Stream } from './stream.ts'
import type { StreamWorld } from './stream-world.ts'

export type StreamOperation = 'ListStreams' | 'DescribeStream' | 'GetShardIterator' | 'GetRecords'

export interface GetRecordsOutput {
  readonly Records: readonly StreamRecord[]
  readonly NextShardIterator?: string
}

/** The operations of the service. */
export class StreamReader {
  readonly #world: StreamWorld
  readonly #shelf: StreamShelf
  readonly #readLimit = new RateLimit(5)
  readonly #describeLimit = new RateLimit(10)
  #iterators = 0

  constructor(world: StreamWorld, shelf: StreamShelf) {
    this.#world = world
    this.#shelf = shelf
  }

  execute(operation: StreamOperation, input: object): object {
    switch (operation) {
      case 'ListStreams':
        return listStreams(this.#shelf.all(), input)
      case 'DescribeStream':
        return this.#describeStream(input)
      case 'GetShardIterator':
        return this.#getShardIterator(input)
      case 'GetRecords':
        return this.#getRecords(readGetRecords(input))
    }
  }

  #describeStream(input: object): object {
    const request = readDescribeStream(input)
    this.#limit(this.#describeLimit, '', 'ThrottlingException', 'Rate of requests exceeds the allowed throughput.')
    return describeStream(this.#stream(request.streamArn), request, this.#world.clock.now())
  }

  #getShardIterator(input: object): object {
    const request = readGetShardIterator(input)
    const shard = this.#stream(request.streamArn).shard(request.shardId)
    return { ShardIterator: this.#iterator(request.streamArn, shard, startingPosition(shard, request)) }
  }

  #getRecords({ iterator, limit }: GetRecordsInput): GetRecordsOutput {
    const { streamArn, shardId, position } = iterator
    const stream = this.#stream(streamArn)
    const shard = stream.tree.get(shardId)
    if (shard === undefined) throw notFound('Shard does not exist')
    assertUsable(iterator, shard, this.#world.clock.now())
    this.#limit(this.#readLimit, shardId, 'LimitExceededException', `Rate exceeded for shard ${shardId}`)
    const entries = this.#isHeldBack() ? [] : readPage(shard, position, limit)
    const next = position + entries.length
    const isOver = !shard.isOpen && next >= shard.log.end && (entries.length === 0 || !this.#isHeldBack())
    return {
      Records: entries.map((entry) => toRecord(entry, stream.opening.viewType, this.#world.region)),
      ...(isOver ? {} : { NextShardIterator: this.#iterator(streamArn, shard, next) }),
    }
  }

  #iterator(streamArn: string, shard: Shard, position: number): string {
    this.#iterators += 1
    const issuedAt = this.#world.clock.now()
    return writeIterator({ streamArn, shardId: shard.id, position, issuedAt, serial: this.#iterators })
  }

  #stream(streamArn: string): Stream {
    const stream = this.#shelf.get(streamArn)
    if (stream === undefined) throw streamNotFound(streamArn)
    return stream
  }

  #isHeldBack(): boolean {
    const { emptyPageChance } = this.#world.options()
    return emptyPageChance > 0 && this.#world.random.next() < emptyPageChance
  }

  #limit(limit: RateLimit, key: string, error: string, message: string): void {
    if (!this.#world.options().enforceReadLimits) return
    if (!limit.allows(key, this.#world.clock.monotonic())) throw new ServiceError(error, message)
  }
}
