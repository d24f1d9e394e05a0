import { isDate } from 'node:util/types'
import { misfit } from './decode-scalar.ts'
import type { EventName, StreamViewType } from './record.ts'

export function eventIdOf(value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  throw misfit('the id of the record', value, 'eventID')
}

export function eventNameOf(value: unknown): EventName {
  if (value === 'INSERT' || value === 'MODIFY' || value === 'REMOVE') return value
  throw misfit('INSERT, MODIFY or REMOVE', value, 'eventName')
}

/**
 * Epoch seconds, possibly with a fraction, in a Lambda event; a Date from the SDK. An invalid date when absent: the
 * service always tells, but sample events often don't, and no decision depends on it.
 */
export function createdAtOf(value: unknown): Date {
  if (value === undefined) return new Date(NaN)
  const createdAt = typeof value === 'number' ? new Date(Math.round(value * 1000)) : value
  if (isDate(createdAt) && !Number.isNaN(createdAt.getTime())) return createdAt
  throw misfit('a time in epoch seconds', value, 'dynamodb.ApproximateCreationDateTime')
}

/** 0 when absent: emulators leave it out, and no decision depends on it. */
export function sizeBytesOf(value: unknown): number {
  if (value === undefined) return 0
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw misfit('a number of bytes', value, 'dynamodb.SizeBytes')
}

export function viewTypeOf(value: unknown): StreamViewType {
  if (value === 'KEYS_ONLY' || value === 'NEW_IMAGE' || value === 'OLD_IMAGE' || value === 'NEW_AND_OLD_IMAGES')
    return value
  throw misfit('KEYS_ONLY, NEW_IMAGE, OLD_IMAGE or NEW_AND_OLD_IMAGES', value, 'dynamodb.StreamViewType')
}
