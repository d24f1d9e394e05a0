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

const shape = /^(.+)\|1\|([\w+/]+=*)$/
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
  const [, shardId, position, issuedAt, serial] = fields.exec(content.slice(checksumLength)) ?? []
  if (shardId === undefined) throw invalidIterator()
  const iterator = {
    streamArn,
    shardId,
    position: Number(position),
    issuedAt: Number(issuedAt),
    serial: Number(serial),
  }
  if (writeIterator(iterator) !== text) throw invalidIterator()
  return iterator
}

const checksumLength = 8

function checksum(text: string): string {
  return fnv(text, salt).toString(16).padStart(checksumLength, '0')
}

function invalidIterator(): Error {
  return validationError('Invalid ShardIterator')
}
