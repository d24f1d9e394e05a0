import type { SequenceNumber } from './sequence-number.ts'

/** What happened to the item. */
export type EventName = 'INSERT' | 'MODIFY' | 'REMOVE'

/** What the stream was told to carry of each change; fixed for the life of a stream. */
export type StreamViewType = 'KEYS_ONLY' | 'NEW_IMAGE' | 'OLD_IMAGE' | 'NEW_AND_OLD_IMAGES'

/** A decoded DynamoDB value. Sets are `Set`s, binary is `Uint8Array`, numbers as the consumer's `numbers` option says. */
export type Value =
  | string
  | number
  | bigint
  | boolean
  | null
  | Uint8Array
  | readonly Value[]
  | ReadonlySet<string>
  | ReadonlySet<number | bigint>
  | ReadonlySet<Uint8Array>
  | { readonly [name: string]: Value }

/** A decoded item, or a part of one. */
export type Item = { readonly [name: string]: Value }

/** What every change has, whatever happened. */
export interface ChangeBase<Keys> {
  /** The stream's own id of this record: globally unique, the same at every delivery. */
  readonly eventId: string
  /** The item's primary key. */
  readonly keys: Keys
  /** Where the record stands in its shard; compare with `compareSequenceNumbers`, within one stream only. */
  readonly sequenceNumber: SequenceNumber
  readonly streamArn: string
  readonly tableName: string
  readonly region: string
  /** When the change was made, as DynamoDB tells it: to the second. Invalid where an event, made by hand, does not tell. */
  readonly createdAt: Date
  /** Size of the record in the stream, in bytes: keys and images together. */
  readonly sizeBytes: number
  readonly viewType: StreamViewType
  /** Removed by time to live, not by a client. Known only in the region where the item was deleted. */
  readonly expired: boolean
  /** The shard it was read from; in a worker only, since Lambda does not tell. */
  readonly shardId?: string
}

/** An item was put that was not there. */
export type InsertRecord<Keys = Item, New = OptionalNew, Old = OptionalOld> = ChangeBase<Keys> & {
  readonly eventName: 'INSERT'
} & New &
  Without<Old>

/** An item was changed. */
export type ModifyRecord<Keys = Item, New = OptionalNew, Old = OptionalOld> = ChangeBase<Keys> & {
  readonly eventName: 'MODIFY'
} & New &
  Old

/** An item was deleted, by a client or by time to live (`expired`). */
export type RemoveRecord<Keys = Item, New = OptionalNew, Old = OptionalOld> = ChangeBase<Keys> & {
  readonly eventName: 'REMOVE'
} & Old &
  Without<New>

/** A change of one item. Narrow it by `eventName`. */
export type ChangeRecord<
  Event extends EventName = EventName,
  Keys = Item,
  New = OptionalNew,
  Old = OptionalOld,
> = Extract<
  InsertRecord<Keys, New, Old> | ModifyRecord<Keys, New, Old> | RemoveRecord<Keys, New, Old>,
  { eventName: Event }
>

type OptionalNew = { readonly newImage?: Item }
type OptionalOld = { readonly oldImage?: Item }

// An INSERT has no old image: reading it gives `undefined`, so that code over all three events can ask for it. Where the
// stream carries no such image at all (`unknown`), the name does not exist and reading it does not compile.
type Without<Image> = { readonly [Name in keyof Image]?: undefined }
