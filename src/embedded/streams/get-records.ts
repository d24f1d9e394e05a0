import { validationError } from '../service-error.ts'
import { RequestFields } from './request-fields.ts'
import type { Shard } from './shard.ts'
import { readIterator, type ShardIterator } from './shard-iterator.ts'
import type { StreamEntry } from './stream-entry.ts'
import { expiredIterator, trimmedDataAccess } from './stream-errors.ts'

export interface GetRecordsInput {
  readonly iterator: ShardIterator
  readonly limit: number
}

const maxLimit = 1_000
const maxPageBytes = 1_048_576
const iteratorLifeMs = 15 * 60_000

export function readGetRecords(input: object): GetRecordsInput {
  const fields = new RequestFields(input)
  const text = fields.requiredText('ShardIterator', { min: 1, max: 2048 })
  const limit = fields.positive('Limit') ?? maxLimit
  fields.assertValid()
  if (limit > maxLimit)
    throw validationError(
      `One or more parameter values were invalid: Limit should be less than or equal to ${maxLimit}`,
    )
  return { iterator: readIterator(text), limit }
}

/** Throws when the iterator is too old, or its place is gone. */
export function assertUsable({ position, issuedAt }: ShardIterator, shard: Shard, now: number): void {
  if (now - issuedAt > iteratorLifeMs) throw expiredIterator()
  if (position < shard.log.start) throw trimmedDataAccess()
}

/** As many records from a position on as one page takes: the first always, whatever its size. */
export function readPage(shard: Shard, position: number, limit: number): StreamEntry[] {
  const page: StreamEntry[] = []
  let bytes = 0
  for (let at = position; page.length < limit; at += 1) {
    const entry = shard.log.at(at)
    if (entry === undefined) return page
    bytes += entry.size
    if (bytes > maxPageBytes && page.length > 0) return page
    page.push(entry)
  }
  return page
}
