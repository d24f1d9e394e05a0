import { itemSize } from '../../record/item-size.ts'
import type { Item, ItemChange } from '../item.ts'

export type StreamViewType = 'KEYS_ONLY' | 'NEW_IMAGE' | 'OLD_IMAGE' | 'NEW_AND_OLD_IMAGES'

/** What a stream keeps of a change: nothing that its view type doesn't show. */
export interface StreamEntry {
  readonly sequenceNumber: string
  readonly eventId: string
  readonly eventName: 'INSERT' | 'MODIFY' | 'REMOVE'
  /** Epoch milliseconds. */
  readonly at: number
  readonly byTimeToLive: boolean
  readonly keys: Item
  readonly newImage: Item | undefined
  readonly oldImage: Item | undefined
  readonly size: number
}

/** A record as GetRecords answers it. */
export interface StreamRecord {
  readonly eventID: string
  readonly eventName: 'INSERT' | 'MODIFY' | 'REMOVE'
  readonly eventVersion: '1.1'
  readonly eventSource: 'aws:dynamodb'
  readonly awsRegion: string
  readonly dynamodb: {
    readonly ApproximateCreationDateTime: Date
    readonly Keys: Item
    readonly NewImage?: Item
    readonly OldImage?: Item
    readonly SequenceNumber: string
    readonly SizeBytes: number
    readonly StreamViewType: StreamViewType
  }
  readonly userIdentity?: { readonly PrincipalId: string; readonly Type: string }
}

export function createEntry(
  change: ItemChange,
  viewType: StreamViewType,
  sequenceNumber: string,
  eventId: string,
): StreamEntry {
  const newImage = showsNew(viewType) ? change.newItem : undefined
  const oldImage = showsOld(viewType) ? change.oldItem : undefined
  return {
    sequenceNumber,
    eventId,
    eventName: change.oldItem === undefined ? 'INSERT' : change.newItem === undefined ? 'REMOVE' : 'MODIFY',
    at: change.at,
    byTimeToLive: change.byTimeToLive,
    keys: change.keys,
    newImage,
    oldImage,
    size: itemSize(change.keys) + sizeOf(newImage) + sizeOf(oldImage),
  }
}

/** Made anew for every reader: what one does to its records is not seen by another. */
export function toRecord(entry: StreamEntry, viewType: StreamViewType, awsRegion: string): StreamRecord {
  return {
    eventID: entry.eventId,
    eventName: entry.eventName,
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion,
    dynamodb: {
      ApproximateCreationDateTime: new Date(entry.at - (entry.at % 1_000)),
      Keys: entry.keys,
      ...(entry.newImage === undefined ? {} : { NewImage: entry.newImage }),
      ...(entry.oldImage === undefined ? {} : { OldImage: entry.oldImage }),
      SequenceNumber: entry.sequenceNumber,
      SizeBytes: entry.size,
      StreamViewType: viewType,
    },
    ...(entry.byTimeToLive ? { userIdentity: { PrincipalId: 'dynamodb.amazonaws.com', Type: 'Service' } } : {}),
  }
}

function showsNew(viewType: StreamViewType): boolean {
  return viewType === 'NEW_IMAGE' || viewType === 'NEW_AND_OLD_IMAGES'
}

function showsOld(viewType: StreamViewType): boolean {
  return viewType === 'OLD_IMAGE' || viewType === 'NEW_AND_OLD_IMAGES'
}

function sizeOf(image: Item | undefined): number {
  return image === undefined ? 0 : itemSize(image)
}
