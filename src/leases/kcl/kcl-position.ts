import { compareSequenceNumbers, parseSequenceNumber, type SequenceNumber } from '../../record/sequence-number.ts'
import type { StartPosition } from '../lease.ts'
import type { KclLease } from './kcl-lease.ts'

/** How far KCL was in a shard; `unreadable` when its row can't be from a DynamoDB stream. */
export type KclPosition =
  | { readonly at: 'start'; readonly startAt: StartPosition }
  | { readonly at: 'record'; readonly after: SequenceNumber }
  | { readonly at: 'end' }
  | { readonly at: 'unreadable'; readonly why: string }

/** What the row's checkpoint says. A pending checkpoint says nothing: it was prepared and not made. */
export function positionOf({ checkpoint, checkpointSubSequenceNumber }: KclLease): KclPosition {
  if (checkpoint === 'SHARD_END') return { at: 'end' }
  if (checkpoint === 'TRIM_HORIZON' || checkpoint === 'LATEST') return { at: 'start', startAt: checkpoint }
  if (!/^\d{1,40}$/.test(checkpoint))
    return { at: 'unreadable', why: `its checkpoint is '${checkpoint}', which a DynamoDB stream has no place for` }
  if (checkpointSubSequenceNumber !== 0)
    return {
      at: 'unreadable',
      why: 'its checkpoint is within a record, as only Kinesis has them: it has a sub-sequence',
    }
  return { at: 'record', after: parseSequenceNumber(checkpoint, 'checkpoint') }
}

/** Negative when `a` is before `b` in the shard, positive when behind it, 0 when they are the same. */
export function comparePositions(a: KclPosition, b: KclPosition): number {
  if (a.at === 'record' && b.at === 'record') return compareSequenceNumbers(a.after, b.after)
  return rank(a) - rank(b)
}

function rank({ at }: KclPosition): number {
  return at === 'end' ? 2 : at === 'record' ? 1 : 0
}
