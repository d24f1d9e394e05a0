import type { Item } from '../../embedded/item.ts'
import { textOf } from '../workers/seen-lease.ts'
import { ledgerTable } from '../simulated-database.ts'

// The rows of a parking lot, read by somebody who knows their format and none of the code.

/** Which row of a lot a key is of. */
export type LotKey = { readonly consumer: string; readonly laneId: string } & (
  { readonly kind: 'lane' } | { readonly kind: 'record' | 'past'; readonly position: string }
)

export function lotKeyOf(key: Item | undefined): LotKey | undefined {
  const [space, consumer = '', lane] = (textOf(key?.['pk']) ?? '').split('#')
  if (space !== 'parked') return undefined
  const [kind, ...rest] = (textOf(key?.['sk']) ?? '').split('#')
  if (kind === 'lane' && lane === undefined) return { consumer, laneId: rest.at(-1) ?? '', kind }
  if (lane === undefined || (kind !== 'record' && kind !== 'past')) return undefined
  return { consumer, laneId: lane, kind, position: rest.join('#') }
}

/** The shard, as `label#shard`, that somebody opens with this key. */
export function openedShard(key: Item | undefined): string | undefined {
  const [kind, , label = '', shardId = ''] = (textOf(key?.['sk']) ?? '').split('#')
  const isLots = textOf(key?.['pk'])?.startsWith('parked#') === true
  return isLots && kind === 'shard' ? `${label}#${shardId}` : undefined
}

/** A lane's row. */
export interface SeenLane {
  readonly isParked: boolean
  readonly recordCount: number
  readonly holder: string | undefined
  readonly heldUntil: number
  readonly noted: string | undefined
  readonly notedCount: number
}

export function seenLane(row: Item | undefined): SeenLane {
  return {
    isParked: row?.['parkedAt'] !== undefined,
    recordCount: Number(textOf(row?.['recordCount']) ?? 0),
    holder: textOf(row?.['holder']),
    heldUntil: Number(textOf(row?.['heldUntil']) ?? 0),
    noted: textOf(row?.['notedPosition']),
    notedCount: Number(textOf(row?.['notedCount']) ?? 0),
  }
}

/** A record that is in the lot. */
export interface SeenParked {
  readonly position: string
  readonly eventId: string
  readonly idempotencyKey: string
  /** As `label#shard`, where that is known. */
  readonly shard: string | undefined
  readonly errorName: string | undefined
  readonly errorMessage: string
  /** What a redrive would hand out: its event, number, key and new image, as text. */
  readonly content: string
  /** What a person has written into it. */
  readonly edited: string | undefined
  readonly editedAt: number | undefined
}

interface Body {
  readonly eventId?: string
  readonly idempotencyKey?: string
  readonly shardId?: string
  readonly error?: { readonly name?: string; readonly message?: string }
  readonly record?: Edited
  readonly editedAt?: number
}

interface Edited {
  readonly dynamodb?: { readonly NewImage?: Item }
}

/** @param text What is stored of it, JSON. */
export function seenParked(position: string, text: string): SeenParked {
  const body = JSON.parse(text) as Body
  return {
    position,
    eventId: body.eventId ?? '',
    idempotencyKey: body.idempotencyKey ?? '',
    shard: body.shardId === undefined ? undefined : `${position.split('#')[0] ?? ''}#${body.shardId}`,
    errorName: body.error?.name,
    errorMessage: body.error?.message ?? '',
    content: contentOf(body.record ?? {}),
    edited: textOf(body.record?.dynamodb?.NewImage?.['edited']),
    editedAt: body.editedAt,
  }
}

/** What is told of a record that was in the lot. */
export interface SeenPast {
  readonly outcome: string
  readonly by: string
  readonly reason: string | undefined
}

export function seenPast(row: Item): SeenPast {
  return { outcome: textOf(row['outcome']) ?? '', by: textOf(row['by']) ?? '', reason: textOf(row['reason']) }
}

/** A record, as its source delivered it or as the lot keeps it, as one text. */
export function contentOf(record: object): string {
  const { eventID, eventName, dynamodb } = record as {
    readonly eventID?: string
    readonly eventName?: string
    readonly dynamodb?: { readonly SequenceNumber?: string; readonly Keys?: object; readonly NewImage?: object }
  }
  const { SequenceNumber, Keys, NewImage } = dynamodb ?? {}
  return JSON.stringify([eventID, eventName, SequenceNumber, Keys, NewImage])
}

interface Action {
  readonly Put?: { readonly TableName?: string; readonly Item: Item }
  readonly Update?: { readonly TableName?: string; readonly Key: Item }
  readonly Delete?: { readonly TableName?: string; readonly Key: Item }
}

function writtenKey({ Put, Update, Delete }: Action): Item | undefined {
  const { TableName } = Put ?? Update ?? Delete ?? {}
  if (TableName !== ledgerTable) return undefined
  const { pk, sk } = Put?.Item ?? Update?.Key ?? Delete?.Key ?? {}
  return pk === undefined || sk === undefined ? undefined : { pk, sk }
}

/** The rows of the table that a transaction writes. */
export function writtenKeys(input: object): Item[] {
  const { TransactItems = [] } = input as { readonly TransactItems?: readonly Action[] }
  return TransactItems.map(writtenKey).filter((key) => key !== undefined)
}
