import { setTimeout as sleep } from 'node:timers/promises'
import { type Json, plain } from './outcome.ts'
import type { Service } from './service.ts'

const patience = 5

/** What a stream says of each item, in its order: by the item's key. */
export type Story = { readonly [key: string]: readonly Json[] }

/** Reads a stream to its end. Local's is a little behind its writes, so it is asked until it has `expected` records. */
export async function readStream(service: Service, arn: string, expected: number): Promise<Json[]> {
  const description = (await service.execute('DescribeStream', { StreamArn: arn })) as Described
  const [shard] = description.StreamDescription.Shards
  const start = { StreamArn: arn, ShardId: shard?.ShardId, ShardIteratorType: 'TRIM_HORIZON' }
  let { ShardIterator: iterator } = (await service.execute('GetShardIterator', start)) as { ShardIterator?: string }
  const records: Json[] = []
  for (let empty = 0; iterator !== undefined && empty < (records.length < expected ? patience : 1);) {
    const page = (await service.execute('GetRecords', { ShardIterator: iterator })) as RecordPage
    records.push(...page.Records.map(facts))
    iterator = page.NextShardIterator
    empty = page.Records.length === 0 ? empty + 1 : 0
    if (empty > 0 && records.length < expected) await sleep(5 * empty)
  }
  return records
}

interface Described {
  readonly StreamDescription: { readonly Shards: readonly { readonly ShardId?: string }[] }
}

interface RecordPage {
  readonly Records: readonly StreamRecord[]
  readonly NextShardIterator?: string
}

interface StreamRecord {
  readonly eventName?: string
  readonly eventVersion?: string
  readonly eventSource?: string
  readonly userIdentity?: object
  readonly dynamodb?: { readonly [name: string]: unknown }
}

// Times, sequence numbers and regions are each server's own.
function facts({ eventName, eventVersion, eventSource, userIdentity, dynamodb }: StreamRecord): Json {
  const { ApproximateCreationDateTime: _time, SequenceNumber: _number, ...rest } = dynamodb ?? {}
  return plain({ eventName, eventVersion, eventSource, userIdentity, ...rest })
}

/** The records by item: between items a stream has no order. */
export function storyOf(records: readonly Json[]): Story {
  const story: { [key: string]: Json[] } = {}
  for (const record of records) (story[JSON.stringify((record as { Keys: Json }).Keys)] ??= []).push(record)
  return story
}
