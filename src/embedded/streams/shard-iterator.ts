import { validationError } from '../service-error.ts'
import { fnv } from './key-hash.ts'

/** A place in a shard, and when it was given out. */
export interface ShardIterator {
  readonly streamArn: string
  readonly shardId: string
  /** A position in the shard's log. */
  readonly position: number
  readonly issuedAt: number
  /** Tells two iterators to one place apart, as the service's always differ. */
  readonly serial: number
}

// Base64 as it is written: the bits that a last letter has to spare are zero, so that one place has one text.
const shape = /^(.+)\|1\|((?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}[AEIMQUYcgkosw048]=|[A-Za-z\d+/][AQgw]==)?)$/
const fields = /^(.+)\|(\d+)\|(\d+)\|(\d+)$/
const salt = 0x1d

/** All that a reader has to bring back, in the service's form: `<ARN>|1|<base64>`. Nothing is kept here. */
export function writeIterator(iterator: ShardIterator): string {
  const { streamArn, shardId, position, issuedAt, serial } = iterator
  const text = `${shardId}|${position}|${issuedAt}|${serial}`
  return `${streamArn}|1|${Buffer.from(`${checksum(`${streamArn}|${text}`)}${text}`).toString('base64')}`
}

/** Reads what `writeIterator` wrote, and nothing else. */
export function readIterator(text: string): ShardIterator {
  const [, streamArn = '', encoded = ''] = shape.exec(text) ?? []
  const content = Buffer.from(encoded, 'base64').toString()
  const place = content.slice(checksumLength)
  const [, shardId, position, issuedAt, serial] = fields.exec(place) ?? []
  if (shardId === undefined || !content.startsWith(checksum(`${streamArn}|${place}`))) throw invalidIterator()
  return {
    streamArn,
    shardId,
    position: Number(position),
    issuedAt: Number(issuedAt),
    serial: Number(serial),
  }
}

const checksumLength = 8

function checksum(text: string): string {
  return fnv(text, salt).toString(16).padStart(checksumLength, '0')
}

function invalidIterator(): Error {
  return validationError('Invalid ShardIterator')
}
