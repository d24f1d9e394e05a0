import { validationError } from '../service-error.ts'
import type { KeySchema } from '../item.ts'
import { RequestFields } from './request-fields.ts'
import type { Shard } from './shard.ts'
import type { StreamViewType } from './stream-entry.ts'
import type { Stream } from './stream.ts'

export interface DescribeStreamInput {
  readonly streamArn: string
  readonly limit: number
  readonly after: string
  readonly childrenOf: string | undefined
}

interface ShardDescription {
  readonly ShardId: string
  readonly ParentShardId?: string
  readonly SequenceNumberRange: { readonly StartingSequenceNumber: string; readonly EndingSequenceNumber?: string }
}

export interface DescribeStreamOutput {
  readonly StreamDescription: {
    readonly StreamArn: string
    readonly StreamLabel: string
    readonly StreamStatus: 'ENABLING' | 'ENABLED' | 'DISABLING' | 'DISABLED'
    readonly StreamViewType: StreamViewType
    readonly CreationRequestDateTime: Date
    readonly TableName: string
    readonly KeySchema: readonly { readonly AttributeName: string; readonly KeyType: 'HASH' | 'RANGE' }[]
    readonly Shards: readonly ShardDescription[]
    readonly LastEvaluatedShardId?: string
  }
}

const maxLimit = 100

export function readDescribeStream(input: object): DescribeStreamInput {
  const fields = new RequestFields(input)
  const streamArn = fields.requiredText('StreamArn', { min: 37, max: 1024 })
  const limit = fields.positive('Limit') ?? maxLimit
  const after = fields.text('ExclusiveStartShardId', { min: 28, max: 65 }) ?? ''
  const filter = fields.structure('ShardFilter')
  const filterType = filter?.choice('Type', ['CHILD_SHARDS'])
  const childrenOf = filter?.text('ShardId', { min: 28, max: 65 })
  fields.assertValid()
  if (filter !== undefined && (filterType === undefined || childrenOf === undefined))
    throw validationError('One or more parameter values were invalid: ShardFilter needs a Type and a ShardId')
  if (limit > maxLimit)
    throw validationError(
      `One or more parameter values were invalid: Limit cannot be greater than the maximum: ${maxLimit}`,
    )
  return { streamArn, limit, after, childrenOf }
}

export function describeStream(stream: Stream, input: DescribeStreamInput, now: number): DescribeStreamOutput {
  const { streamArn, streamLabel, viewType, createdAt, tableName, key } = stream.opening
  const listed = [...stream.tree.shards].filter((shard) => isListed(shard, input, now))
  const page = listed.slice(0, input.limit)
  const last = page.at(-1)
  return {
    StreamDescription: {
      StreamArn: streamArn,
      StreamLabel: streamLabel,
      StreamStatus: stream.status(now),
      StreamViewType: viewType,
      CreationRequestDateTime: new Date(createdAt),
      TableName: tableName,
      KeySchema: describeKey(key),
      Shards: page.map((shard) => describeShard(shard, now)),
      ...(last === undefined || page.length === listed.length ? {} : { LastEvaluatedShardId: last.id }),
    },
  }
}

function isListed({ id, opening }: Shard, { after, childrenOf }: DescribeStreamInput, now: number): boolean {
  return opening.listedAt <= now && id > after && (childrenOf === undefined || opening.parentShardId === childrenOf)
}

function describeKey({ hash, range }: KeySchema): { AttributeName: string; KeyType: 'HASH' | 'RANGE' }[] {
  const hashKey = { AttributeName: hash, KeyType: 'HASH' as const }
  return range === undefined ? [hashKey] : [hashKey, { AttributeName: range, KeyType: 'RANGE' }]
}

function describeShard(shard: Shard, now: number): ShardDescription {
  const { parentShardId, startingSequenceNumber } = shard.opening
  return {
    ShardId: shard.id,
    ...(parentShardId === undefined ? {} : { ParentShardId: parentShardId }),
    SequenceNumberRange: {
      StartingSequenceNumber: startingSequenceNumber,
      ...(shard.closingListedAt <= now ? { EndingSequenceNumber: shard.lastSequenceNumber } : {}),
    },
  }
}
