import type { ConsumerHabits } from './profile.ts'

/** A change as the world knows it, from the stream. */
export interface Change {
  readonly eventId: string
  readonly eventName: string
  /** Same for all changes of one item. */
  readonly itemKey: string
  /** Same for all that a business takes for one matter. */
  readonly businessId: string
  readonly sequenceNumber: bigint
}

/** What a consumer did with a change, or with all changes that it takes for the same. */
export interface Deeds {
  readonly idempotencyKeys: Set<string>
  /** Ordinals of its effects, among all of the world's. */
  readonly effects: number[]
  /** Runs of the handler that returned. */
  returnedCount: number
  /** When its mark became durable. */
  markedAt: number | undefined
}

/** What one consumer did. */
export class History {
  readonly consumer: string
  readonly habits: ConsumerHabits
  /** Event ids of what the mapping handed to the on-failure destination. */
  readonly givenUp: Set<string> = new Set()
  readonly #deeds = new Map<string, Deeds>()
  readonly #identities = new Map<string, string>()

  constructor(consumer: string, habits: ConsumerHabits) {
    this.consumer = consumer
    this.habits = habits
  }

  /** What was done with a change; with all changes of its identity where that is not the change alone. */
  of(change: Change): Deeds {
    const identity = this.#identityOf(change)
    this.#identities.set(change.eventId, identity)
    return this.#at(identity)
  }

  /** By an event id that a row of the ledger names. */
  ofEvent(eventId: string): Deeds {
    return this.#at(this.#identities.get(eventId) ?? eventId)
  }

  /** By the key that a handler was given. */
  ofKey(idempotencyKey: string): Deeds | undefined {
    for (const deeds of this.#deeds.values()) if (deeds.idempotencyKeys.has(idempotencyKey)) return deeds
    return undefined
  }

  all(): Iterable<Deeds> {
    return this.#deeds.values()
  }

  /** Whether the consumer wants the change at all. */
  isSelected({ eventName }: Change): boolean {
    return !this.habits.insertsOnly || eventName === 'INSERT'
  }

  #identityOf({ itemKey, businessId, eventId }: Change): string {
    const { identity } = this.habits
    if (identity === 'record') return eventId
    return identity === 'message' ? itemKey : businessId
  }

  #at(identity: string): Deeds {
    const known = this.#deeds.get(identity)
    if (known !== undefined) return known
    const deeds = { idempotencyKeys: new Set<string>(), effects: [], returnedCount: 0, markedAt: undefined }
    this.#deeds.set(identity, deeds)
    return deeds
  }
}
