import { validationError } from '../service-error.ts'
import { RequestFields } from './request-fields.ts'
import { compareNumerals } from './sequence-counter.ts'
import type { Shard } from './shard.ts'
import { trimmedDataAccess } from './stream-errors.ts'

type IteratorType = 'AFTER_SEQUENCE_NUMBER' | 'LATEST' | 'AT_SEQUENCE_NUMBER' | 'TRIM_HORIZON'

export interface GetShardIteratorInput {
  readonly streamArn: string
  readonly shardId: string
  readonly type: IteratorType
  readonly sequenceNumber: string | undefined
}

export function readGetShardIterator(input: object): GetShardIteratorInput {
  const fields = new RequestFields(input)
  const streamArn = fields.requiredText('StreamArn', { min: 37, max: 1024 })
  const shardId = fields.requiredText('ShardId', { min: 28, max: 65 })
  const type = fields.requiredChoice('ShardIteratorType', [
    'AFTER_SEQUENCE_NUMBER',
    'LATEST',
    'AT_SEQUENCE_NUMBER',
    'TRIM_HORIZON',
  ])
  const sequenceNumber = fields.text('SequenceNumber', { min: 21, max: 40 })
  fields.assertValid()
  const needsNumber = type === 'AT_SEQUENCE_NUMBER' || type === 'AFTER_SEQUENCE_NUMBER'
  if (!needsNumber && sequenceNumber !== undefined)
    throw invalidParameter('SequenceNumber should not be passed for this iterator type')
  if (needsNumber && !/^\d+$/.test(sequenceNumber ?? '')) throw invalidParameter('Invalid SequenceNumber')
  return { streamArn, shardId, type, sequenceNumber }
}

/** The position in the shard's log where such an iterator begins. */
export function startingPosition(shard: Shard, { type, sequenceNumber = '' }: GetShardIteratorInput): number {
  if (type === 'TRIM_HORIZON') return shard.log.start
  if (type === 'LATEST') return shard.log.end
  const { startingSequenceNumber } = shard.opening
  if (compareNumerals(sequenceNumber, startingSequenceNumber) < 0 || isBeyond(shard, sequenceNumber))
    throw validationError('Invalid SequenceNumber for the shard')
  if (shard.trimmedUpTo !== undefined && compareNumerals(sequenceNumber, shard.trimmedUpTo) <= 0)
    throw trimmedDataAccess()
  const least = type === 'AT_SEQUENCE_NUMBER' ? 0 : 1
  return shard.log.search((entry) => compareNumerals(entry.sequenceNumber, sequenceNumber) >= least)
}

function isBeyond(shard: Shard, sequenceNumber: string): boolean {
  return compareNumerals(sequenceNumber, shard.lastSequenceNumber) > 0
}

function invalidParameter(what: string): Error {
  return validationError(`One or more parameter values were invalid: ${what}`)
}
