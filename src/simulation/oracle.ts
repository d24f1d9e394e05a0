import type { Change, Deeds, History } from './history.ts'
import type { CommonMark } from './marks.ts'
import { commitsOnce } from './profile.ts'
import type { Violation } from './violation.ts'

/** How a run of a handler begins. */
export interface Beginning {
  /** When its batch was delivered. */
  readonly deliveredAt: number
  /** Its signal has aborted already. */
  readonly isAborted: boolean
}

/** What an oracle tells. */
export interface OracleSetting {
  readonly violate: (violation: Violation) => void
  readonly mark: (mark: CommonMark) => void
  readonly now: () => number
  /** Whether a change is in the parking lot, or was and has left it. */
  readonly isInLot?: (change: Change) => boolean
  /** Whether what is left of an item's order is nobody's fault. */
  readonly isExcused?: (itemKey: string) => boolean
}

/**
 * Watches what one consumer does, from outside: what its handlers do to the world, what is durable in its table and what
 * it answers. It shares no code with what it judges.
 */
export class Oracle {
  readonly #history: History
  readonly #setting: OracleSetting
  // By item: its last change that had an effect
  readonly #reached = new Map<string, bigint>()
  readonly #changesByKey = new Map<string, Deeds>()
  // Effects of the handlers that look at their signal, by item and in order
  readonly #effects = new Map<string, Change[]>()
  #effectCount = 0

  constructor(history: History, setting: OracleSetting) {
    this.#history = history
    this.#setting = setting
  }

  /** A handler is called. */
  began(change: Change, idempotencyKey: string, { deliveredAt, isAborted }: Beginning): void {
    const deeds = this.#history.of(change)
    const { markedAt, idempotencyKeys } = deeds
    if (!this.#history.isSelected(change)) this.#violate('I2', `${change.eventId} was not selected`)
    if (isAborted) this.#violate('deadline', `${change.eventId} is begun after the time of its batch`)
    if (markedAt !== undefined && markedAt < deliveredAt)
      this.#violate('I2', `${change.eventId} runs although its mark was durable before it was delivered`)
    idempotencyKeys.add(idempotencyKey)
    if (idempotencyKeys.size > 1) this.#violate('I9', `${change.eventId} has two idempotency keys`)
    const owner = this.#changesByKey.get(idempotencyKey)
    if (owner !== undefined && owner !== deeds) this.#violate('I9', `${change.eventId} has the key of another change`)
    this.#changesByKey.set(idempotencyKey, deeds)
  }

  /** A handler does what can't be undone. */
  effect(change: Change): void {
    const { effects } = this.#history.of(change)
    if (effects.length > 0) this.#setting.mark('effect repeated')
    const { ledger } = this.#history.habits
    if (effects.length > 0 && (ledger === 'park' || commitsOnce(ledger)))
      this.#violate('I2', `${change.eventId} has a second effect`)
    const isFirst = effects.length === 0
    effects.push((this.#effectCount += 1))
    if (!this.#isOrdered() || this.#isExcused(change.itemKey)) return
    const reached = this.#reached.get(change.itemKey) ?? -1n
    if (isFirst && change.sequenceNumber < reached && !this.#isLateCommit(change))
      this.#violate(
        'I3',
        `${change.itemKey} ${change.sequenceNumber} has its first effect after a later change of its item`,
      )
    if (change.sequenceNumber > reached) this.#reached.set(change.itemKey, change.sequenceNumber)
    const list = this.#effects.get(change.itemKey)
    if (list === undefined) this.#effects.set(change.itemKey, [change])
    else list.push(change)
  }

  /** A handler returned. */
  returned(change: Change): void {
    this.#history.of(change).returnedCount += 1
  }

  /** A mark became durable. */
  marked(eventId: string): void {
    this.#history.ofEvent(eventId).markedAt ??= this.#setting.now()
  }

  /** The host is told to forget these changes. */
  passed(changes: readonly Change[], deliveredAt: number): void {
    for (const change of changes) {
      if (!this.#isSettled(change)) this.#violate('I4', `${change.eventId} is passed and not settled`)
      if ((this.#history.of(change).markedAt ?? Infinity) < deliveredAt) this.#setting.mark('duplicate skipped')
    }
  }

  #isSettled(change: Change): boolean {
    if (!this.#history.isSelected(change) || this.#setting.isInLot?.(change) === true) return true
    const { markedAt, returnedCount } = this.#history.of(change)
    const { ledger } = this.#history.habits
    return ledger === 'none' || ledger === 'memory' ? returnedCount > 0 : markedAt !== undefined
  }

  /** At the end, with all changes of the stream. */
  concluded(changes: readonly Change[]): void {
    const inserted = changes.filter(({ eventName }) => eventName === 'INSERT').map(({ itemKey }) => itemKey)
    if (new Set(inserted).size < inserted.length) this.#setting.mark('item inserted again')
    for (const change of changes) {
      if (this.#history.givenUp.has(change.eventId) || !this.#history.isSelected(change)) continue
      if (this.#history.of(change).effects.length === 0)
        this.#violate('I1', `${change.eventId} of ${change.itemKey} had no effect and nobody was told`)
    }
    // A memory that is lost with its process, or that another process does not have, keeps no state in order.
    if (this.#history.habits.ledger === 'memory') return
    // What was repeated may have been settled since by another item, where a business takes both changes for one.
    if (this.#history.habits.identity !== 'record') return
    for (const [itemKey, effects] of this.#effects) if (!this.#isExcused(itemKey)) this.#judgeLastEffects(effects)
  }

  /** The state that an item's effects leave behind is that of its last change. */
  #judgeLastEffects(effects: readonly Change[]): void {
    const last = new Map(effects.map((change, place) => [change.eventId, place]))
    const ordered = [...new Map(effects.map((change) => [change.eventId, change])).values()]
      // What was given up did not get its turn again: whoever gives up knows that.
      .filter(({ eventId }) => !this.#history.givenUp.has(eventId))
      .toSorted((a, b) => (a.sequenceNumber < b.sequenceNumber ? -1 : 1))
    for (const [index, change] of ordered.entries()) {
      const next = ordered[index + 1]
      if (next !== undefined && (last.get(next.eventId) ?? 0) < (last.get(change.eventId) ?? 0))
        this.#violate(
          'I3',
          `${change.sequenceNumber} was repeated after the last effect of ${next.sequenceNumber} of ${change.itemKey}: an old state stays`,
        )
    }
  }

  #isExcused(itemKey: string): boolean {
    return this.#setting.isExcused?.(itemKey) === true
  }

  // One effect an item has no order; and a handler that goes on after its time may overtake whoever took over, unless what it
  // does is not committed then.
  #isOrdered(): boolean {
    const { identity, handler, ledger } = this.#history.habits
    return identity !== 'message' && (handler.ignoresSignal === 0 || commitsOnce(ledger))
  }

  /** Of a change that was given up a commit may have been on its way, and nothing that came after it refuses it. */
  #isLateCommit({ eventId }: Change): boolean {
    return commitsOnce(this.#history.habits.ledger) && this.#history.givenUp.has(eventId)
  }

  #violate(invariant: Violation['invariant'], message: string): void {
    this.#setting.violate({ invariant, message: `${this.#history.consumer}: ${message}` })
  }
}
