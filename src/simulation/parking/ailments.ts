import { TerminalError } from '../../errors.ts'
import type { ChangeRecord } from '../../record/record.ts'
import type { Actor } from '../actor.ts'
import type { Change } from '../history.ts'
import type { LotOracle } from './lot-oracle.ts'
import { downstreamError } from './reason-judge.ts'
import type { ParkingHabits } from './parking-habits.ts'

/** What ailments need to know of their world. */
export interface AilmentsSetting {
  readonly parking: ParkingHabits
  readonly now: () => number
}

/** What is wrong with records and with what handlers call, whoever runs them. */
export class Ailments {
  readonly #setting: AilmentsSetting
  #isMended = false

  constructor(setting: AilmentsSetting) {
    this.#setting = setting
  }

  /** The handler's code is mended, in whatever process it runs. */
  mend(): void {
    this.#isMended = true
  }

  /** A run in a process of the host. `isDue`: see `LotOracle.killedBy`. */
  ofHost(
    record: ChangeRecord,
    change: Change,
    actor: Actor,
    lot: LotOracle,
    isDue: boolean,
  ): Promise<void> | undefined {
    if (!this.#strikes(record, change)) return undefined
    lot.killedBy(change, isDue)
    return die(actor)
  }

  /** A run in a redriver. */
  ofRedriver(record: ChangeRecord, change: Change, actor: Actor): Promise<void> | undefined {
    return this.#strikes(record, change) ? die(actor) : undefined
  }

  /** Throws what the handler throws. @returns whether its process dies of the record. */
  #strikes({ newImage }: ChangeRecord, { itemKey, sequenceNumber }: Change): boolean {
    const { parking, now } = this.#setting
    const [from, to] = parking.downstreamAway ?? [0, 0]
    if (from <= now() && now() < to) throw named('nobody answers', downstreamError)
    const ill = newImage?.['poison']
    const isIll = ill === 'stubborn' || (!this.#isMended && (ill === 'mendable' || ill === 'deadly'))
    if (!isIll) return false
    if (ill === 'deadly') return true
    // Named after the item: many that fail alike would be taken for an outage.
    if (sequenceNumber % 3n > 0n) throw named('poison', `Poison-${itemKey}`)
    throw new TerminalError('poison')
  }
}

function named(message: string, name: string): Error {
  return Object.assign(new Error(message), { name })
}

function die(actor: Actor): Promise<void> {
  actor.kill()
  return new Promise(() => {})
}
