import type { Identity } from '../consumer/options.ts'
import type { ChangeRecord } from '../record/record.ts'
import type { Change } from './history.ts'
import type { IdentityKind } from './profile.ts'

/** A stream record, of an event or of the streams API, as far as the world looks at it. */
export interface SeenRecord {
  readonly eventID?: string
  readonly eventName?: string
  readonly dynamodb?: {
    readonly SequenceNumber?: string
    readonly Keys?: { readonly id?: { S?: string; N?: string } }
    readonly NewImage?: { readonly version?: { N?: string } }
    readonly OldImage?: { readonly version?: { N?: string } }
  }
}

/** The change that a raw record tells of. */
export function changeOf({ eventID = '', eventName = '', dynamodb }: SeenRecord): Change {
  const { Keys, NewImage, OldImage, SequenceNumber = 0 } = dynamodb ?? {}
  const itemKey = Keys?.id?.S ?? Keys?.id?.N ?? ''
  const version = NewImage === undefined ? `${OldImage?.version?.N ?? ''} removed` : (NewImage.version?.N ?? '')
  return {
    eventId: eventID,
    eventName,
    itemKey,
    businessId: version,
    sequenceNumber: BigInt(SequenceNumber),
  }
}

/** The change that a handler was given. */
export function changeOfDecoded(record: ChangeRecord): Change {
  const { eventId, eventName, keys, sequenceNumber } = record
  return {
    eventId,
    eventName,
    itemKey: String(keys['id']),
    businessId: businessIdOf(record),
    sequenceNumber: BigInt(sequenceNumber),
  }
}

/** The identity that a consumer is told, as its options have it. */
export function identityOf(kind: IdentityKind): Identity {
  return kind === 'business' ? businessIdOf : kind
}

// A version that is put twice is one matter of business, also where two items have it.
function businessIdOf({ newImage, oldImage }: ChangeRecord): string {
  return newImage === undefined ? `${String(oldImage?.['version'])} removed` : String(newImage['version'])
}
