import { hasBit, highestBit } from '../../checkpoint/bitmap.ts'
import { encodeItemKey } from '../../record/item-key.ts'
import type { Lease } from '../../leases/lease.ts'
import { startOf } from '../../worker/read-start.ts'
import { fromSdkRecord } from '../../source/sdk-record.ts'
import type { RawRecord } from '../../source/source.ts'
import type { ReadPosition, StreamReading } from '../../source/stream-reading.ts'

/** What a look into the stream behind a lease's checkpoint finds. */
export type Peek =
  /** Nothing that is not settled, as far as some reads tell. */
  | { readonly status: 'caught-up' }
  | { readonly status: 'behind'; readonly first: RawRecord; readonly heldUp: readonly HeldUpItem[] }
  /** The place behind the checkpoint can't be read any more. */
  | { readonly status: 'trimmed' | 'missing' }

/** An item that stands still while others have gone on: its lane, seen from outside. */
export interface HeldUpItem {
  readonly laneKey: string
  /** Its first record that is not settled. */
  readonly first: RawRecord
  readonly waitingCount: number
}

// An empty page says neither that the shard is empty nor that it is not; five in a row say it well enough for a person.
const mostEmptyPages = 5
const mostPages = 12

/**
 * Looks at what comes behind a checkpoint, and changes nothing. One record is read where nothing is settled beyond the
 * frontier; else as many as the bitmap speaks of, to tell what is held up from what merely comes later.
 */
export async function peek(reading: StreamReading, streamArn: string, lease: Lease): Promise<Peek> {
  const { position, notBefore = -Infinity } = startOf(lease, lease.checkpoint, false)
  const wanted = Math.max(1, highestBit(lease.checkpoint.beyond) + 1)
  const isWanted = (record: RawRecord) => (createdAtOf(record) ?? Infinity) >= notBefore
  const limit = notBefore === -Infinity ? Math.min(wanted, 1_000) : 1_000
  const found = await readSome({ reading, streamArn, shardId: lease.shardId }, position, { wanted, limit, isWanted })
  if (found === 'trimmed' && position.type !== 'TRIM_HORIZON') {
    // The record of the checkpoint is gone. Nothing is lost where nothing has come behind it.
    const left = await readSome(
      { reading, streamArn, shardId: lease.shardId },
      { type: 'TRIM_HORIZON' },
      { wanted: 1, limit: 1, isWanted },
    )
    return typeof left !== 'string' && left.length === 0 ? { status: 'caught-up' } : { status: 'trimmed' }
  }
  if (typeof found === 'string') return { status: found }
  const [first] = found
  return first === undefined ? { status: 'caught-up' } : { status: 'behind', first, heldUp: heldUpOf(lease, found) }
}

interface Shard {
  readonly reading: StreamReading
  readonly streamArn: string
  readonly shardId: string
}

async function readSome(
  { reading, streamArn, shardId }: Shard,
  position: ReadPosition,
  { wanted, limit, isWanted }: { readonly wanted: number; readonly limit: number; isWanted(raw: RawRecord): boolean },
): Promise<readonly RawRecord[] | 'trimmed' | 'missing'> {
  const opened = await reading.openIterator(streamArn, shardId, position)
  if (opened.status !== 'opened') return opened.status
  const found: RawRecord[] = []
  let iterator: string | undefined = opened.iterator
  for (let pages = 0, empty = 0; pages < mostPages && iterator !== undefined && empty < mostEmptyPages; pages += 1) {
    const page = await reading.getRecords(iterator, limit)
    if (page.status !== 'records') return page.status === 'missing' ? 'missing' : 'trimmed'
    found.push(...page.records.map((record) => fromSdkRecord(record, streamArn)).filter(isWanted))
    if (found.length >= wanted) break
    empty = page.records.length === 0 ? empty + 1 : 0
    iterator = page.next
  }
  return found
}

/** When a record was written, epoch ms. */
export function createdAtOf({ dynamodb }: RawRecord): number | undefined {
  const at = dynamodb?.ApproximateCreationDateTime
  return at instanceof Date ? at.getTime() : undefined
}

/** An item's key as lanes are named; a record without a proper one has none. */
export function laneKeyOf({ dynamodb }: RawRecord): string {
  try {
    return encodeItemKey(dynamodb?.Keys, 'dynamodb.Keys')
  } catch {
    return 'an item without a proper key'
  }
}

function heldUpOf({ checkpoint: { beyond } }: Lease, records: readonly RawRecord[]): readonly HeldUpItem[] {
  const lanes = new Map<string, HeldUpItem>()
  for (const [ordinal, first] of records.slice(0, highestBit(beyond) + 1).entries()) {
    if (hasBit(beyond, ordinal)) continue
    const laneKey = laneKeyOf(first)
    const known = lanes.get(laneKey)
    lanes.set(laneKey, { laneKey, first: known?.first ?? first, waitingCount: (known?.waitingCount ?? 0) + 1 })
  }
  return [...lanes.values()]
}
