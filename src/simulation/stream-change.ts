import type { ChangeRecord } from '../record/record.ts'
import type { Change } from './history.ts'

/** A stream record, of an event or of the streams API, as far as the world looks at it. */
export interface SeenRecord {
  readonly eventID?: string
  readonly eventName?: string
  readonly dynamodb?: { readonly SequenceNumber?: string; readonly Keys?: { readonly id?: { S?: string; N?: string } } }
}

/** The change that a raw record tells of. */
export function changeOf({ eventID = '', eventName = '', dynamodb }: SeenRecord): Change {
  const { id } = dynamodb?.Keys ?? {}
  return {
    eventId: eventID,
    eventName,
    itemKey: id?.S ?? id?.N ?? '',
    sequenceNumber: BigInt(dynamodb?.SequenceNumber ?? 0),
  }
}

/** The change that a handler was given. */
export function changeOfDecoded({ eventId, eventName, keys, sequenceNumber }: ChangeRecord): Change {
  return { eventId, eventName, itemKey: String(keys['id']), sequenceNumber: BigInt(sequenceNumber) }
}
